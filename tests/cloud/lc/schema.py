# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages: schema/agent_cloud.proto compiled at start, and bytes <-> dictionaries.

protoc takes about 10 ms for this file, so nothing is cached and nothing generated is kept on disk.
"""
import functools
import pathlib
import subprocess

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

SCHEMA_DIR = pathlib.Path(__file__).resolve().parent.parent / "schema"
PACKAGE = "localcloud."

# Topic name of the password answer (proto/README.md, "Topics") -> message published there.
OUTBOUND = {
    "agent-connection": "UpdateAgentConnection",
    "create-node-instance": "CreateNodeInstance",
    "node-instance-connection": "UpdateNodeInstanceConnection",
    "node-instance-info": "UpdateNodeInfo",
    "node-instance-collectors": "UpdateNodeCollectors",
    "contexts-snapshot": "ContextsSnapshot",
    "contexts-updated": "ContextsUpdated",
    "alarm-log-v2": "AlarmLogEntry",
    "alarm-snapshot-v2": "AlarmSnapshot",
    "alarm-config": "ProvideAlarmConfiguration",
    "alarm-checkpoint": "AlarmCheckpoint",
}

INBOUND = (
    "SendNodeInstances", "CreateNodeInstanceResult", "ContextsCheckpoint", "StopStreamingContexts",
    "StartAlarmStreaming", "SendAlarmCheckpoint", "SendAlarmSnapshot", "SendAlarmConfiguration", "DisconnectReq",
    "CancelPendingRequest", "AgentCommand",
)


class SchemaError(Exception):
    """A payload that is not the message it should be, or a dictionary that does not fit the message."""


@functools.cache
def _pool():
    files = sorted(SCHEMA_DIR.glob("*.proto"))
    out = subprocess.run(
        ["protoc", f"-I{SCHEMA_DIR}", "--descriptor_set_out=/dev/stdout", *map(str, files)],
        check=True, stdout=subprocess.PIPE, timeout=30).stdout
    pool = descriptor_pool.DescriptorPool()
    for one in descriptor_pb2.FileDescriptorSet.FromString(out).file:
        pool.Add(one)
    return pool


@functools.cache
def message_class(name: str):
    try:
        descriptor = _pool().FindMessageTypeByName(PACKAGE + name)
    except KeyError:
        raise SchemaError(f"there is no message called {name}") from None
    return message_factory.MessageFactory(_pool()).GetPrototype(descriptor)


def encode(name: str, fields: dict) -> bytes:
    """The wire form of a message; nested messages are dictionaries, enums are numbers."""
    try:
        return json_format.ParseDict(fields, message_class(name)()).SerializeToString()
    except json_format.ParseError as e:
        raise SchemaError(f"{name}: {e}") from None


def decode(name: str, payload: bytes):
    try:
        return message_class(name).FromString(payload)
    except DecodeError as e:
        raise SchemaError(f"{name}: {len(payload)} bytes do not decode: {e}") from None


def to_dict(message) -> dict:
    """Every field by name. Integers stay integers, bytes become hex, an absent sub-message is None."""
    out = {}
    for f in message.DESCRIPTOR.fields:
        value = getattr(message, f.name)
        if f.label == FieldDescriptor.LABEL_REPEATED:
            if f.message_type is not None and f.message_type.GetOptions().map_entry:
                out[f.name] = dict(value)
            else:
                out[f.name] = [to_dict(v) if f.message_type is not None else v for v in value]
        elif f.message_type is not None:
            out[f.name] = to_dict(value) if message.HasField(f.name) else None
        else:
            out[f.name] = value.hex() if isinstance(value, bytes) else value
    return out


def wire_dict(message) -> dict:
    """What is really on the wire, in the form of tests/golden: defaults left out, 64-bit integers as strings."""
    return json_format.MessageToDict(message, preserving_proto_field_name=True, use_integers_for_enums=True)


def oddities(name: str, payload: bytes) -> list[str]:
    """What a correct sender would not have put on the wire: unknown fields, defaults written out (proto/README.md,
    "Messages")."""
    message = decode(name, payload)
    found = [f"{path}: unknown field {number}" for path, number in _unknown(message, name)]
    spare = message.ByteSize() - len(payload)
    if not found and not 0 <= spare <= 2 * _empty_map_values(message):
        found.append(f"{name}: {len(payload)} bytes on the wire, {message.ByteSize()} needed: default values sent?")
    return found


def _empty_map_values(message) -> int:
    """google's encoder writes the empty value of a map entry (2 bytes), others leave it out; both are right."""
    count = 0
    for f, value in message.ListFields():
        if f.message_type is None:
            continue
        if f.message_type.GetOptions().map_entry:
            count += sum(1 for v in value.values() if v == "")
        else:
            many = f.label == FieldDescriptor.LABEL_REPEATED
            count += sum(_empty_map_values(sub) for sub in (value if many else [value]))
    return count


def _unknown(message, path):
    for field in UnknownFieldSet(message):
        yield path, field.field_number
    for descriptor, value in message.ListFields():
        if descriptor.message_type is None:
            continue
        if descriptor.message_type.GetOptions().map_entry:
            continue
        many = descriptor.label == FieldDescriptor.LABEL_REPEATED
        for sub in value if many else [value]:
            yield from _unknown(sub, f"{path}.{descriptor.name}")
