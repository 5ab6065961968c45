# SPDX-License-Identifier: GPL-3.0-or-later
"""MQTT 5 packets: bytes -> Packet with every field, and the few that a server has to build or rewrite.

Strict: what OASIS calls malformed is a MqttError. It knows nothing about connections; see rules.py for those.
"""
import dataclasses
import struct

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 2, 3, 4, 5, 6, 7
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT, AUTH = 8, 9, 10, 11, 12, 13, 14, 15
NAMES = {v: k for k, v in list(globals().items()) if k.isupper() and isinstance(v, int)}

# Property id -> (name, type); OASIS MQTT 5.0, table 2-4.
PROPERTIES = {
    0x01: ("payload_format_indicator", "byte"), 0x02: ("message_expiry_interval", "u32"),
    0x03: ("content_type", "str"), 0x08: ("response_topic", "str"), 0x09: ("correlation_data", "bin"),
    0x0B: ("subscription_identifier", "varint"), 0x11: ("session_expiry_interval", "u32"),
    0x12: ("assigned_client_identifier", "str"), 0x13: ("server_keep_alive", "u16"),
    0x15: ("authentication_method", "str"), 0x16: ("authentication_data", "bin"),
    0x17: ("request_problem_information", "byte"), 0x18: ("will_delay_interval", "u32"),
    0x19: ("request_response_information", "byte"), 0x1A: ("response_information", "str"),
    0x1C: ("server_reference", "str"), 0x1F: ("reason_string", "str"), 0x21: ("receive_maximum", "u16"),
    0x22: ("topic_alias_maximum", "u16"), 0x23: ("topic_alias", "u16"), 0x24: ("maximum_qos", "byte"),
    0x25: ("retain_available", "byte"), 0x26: ("user_property", "pair"), 0x27: ("maximum_packet_size", "u32"),
    0x28: ("wildcard_subscription_available", "byte"), 0x29: ("subscription_identifier_available", "byte"),
    0x2A: ("shared_subscription_available", "byte"),
}
PROPERTY_IDS = {name: (number, kind) for number, (name, kind) in PROPERTIES.items()}
MAX_REMAINING = 268435455


class MqttError(Exception):
    """Malformed packet."""


@dataclasses.dataclass
class Packet:
    kind: int
    flags: int
    raw: bytes
    fields: dict = dataclasses.field(default_factory=dict)

    @property
    def name(self) -> str:
        return NAMES.get(self.kind, f"TYPE{self.kind}")

    def get(self, key, default=None):
        return self.fields.get(key, default)

    def prop(self, key, default=None):
        return self.fields.get("properties", {}).get(key, default)


class Cursor:
    """Reads forward through one packet body."""

    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def take(self, n: int) -> bytes:
        if self.at + n > len(self.data):
            raise MqttError(f"{n} bytes wanted at {self.at} of {len(self.data)}")
        self.at += n
        return self.data[self.at - n:self.at]

    def byte(self) -> int:
        return self.take(1)[0]

    def u16(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def bin(self) -> bytes:
        return self.take(self.u16())

    def str(self) -> str:
        try:
            text = self.bin().decode()
        except UnicodeDecodeError as e:
            raise MqttError(f"text is not UTF-8: {e}") from None
        if "\0" in text:
            raise MqttError("NUL in text")
        return text

    def pair(self) -> tuple[str, str]:
        return self.str(), self.str()

    def varint(self) -> int:
        value = shift = 0
        while True:
            b = self.byte()
            value |= (b & 0x7F) << shift
            if not b & 0x80:
                return value
            shift += 7
            if shift > 21:
                raise MqttError("variable byte integer over four bytes")

    def rest(self) -> bytes:
        return self.take(len(self.data) - self.at)

    def left(self) -> int:
        return len(self.data) - self.at

    def properties(self) -> dict:
        inner = Cursor(self.take(self.varint()))
        out = {}
        while inner.left():
            number = inner.varint()
            if number not in PROPERTIES:
                raise MqttError(f"property {number:#04x} does not exist")
            name, kind = PROPERTIES[number]
            value = getattr(inner, kind)()
            if kind == "pair" or name == "subscription_identifier":
                out.setdefault(name, []).append(value)
            elif name in out:
                raise MqttError(f"property {name} twice")
            else:
                out[name] = value
        return out


def parse(packet_type: int, flags: int, body: bytes, raw: bytes) -> Packet:
    """One whole packet. Its fields are in Packet.fields, named as in the standard."""
    packet, c = Packet(packet_type, flags, raw), Cursor(body)
    wanted = {PUBREL: 2, SUBSCRIBE: 2, UNSUBSCRIBE: 2}.get(packet_type, 0)
    if packet_type != PUBLISH and flags != wanted:
        raise MqttError(f"{packet.name} with flags {flags:#x}")
    reader = _READERS.get(packet_type)
    if reader is None:
        raise MqttError(f"packet type {packet_type} does not exist")
    reader(c, packet.fields, flags)
    if c.left():
        raise MqttError(f"{c.left()} bytes left over in {packet.name}")
    return packet


def _connect(c, f, _):
    f["protocol"], f["version"] = c.str(), c.byte()
    bits = f["connect_flags"] = c.byte()
    if bits & 1:
        raise MqttError("reserved CONNECT flag set")
    f["clean_start"] = bool(bits & 2)
    f["keep_alive"] = c.u16()
    f["properties"] = c.properties() if f["version"] >= 5 else {}
    f["client_id"] = c.str()
    f["will"] = None
    if bits & 4:
        will = f["will"] = {"qos": bits >> 3 & 3, "retain": bool(bits & 0x20)}
        will["properties"] = c.properties() if f["version"] >= 5 else {}
        will["topic"], will["payload"] = c.str(), c.bin()
    f["username"] = c.str() if bits & 0x80 else None
    f["password"] = c.bin() if bits & 0x40 else None


def _connack(c, f, _):
    f["session_present"] = bool(c.byte() & 1)
    f["reason"] = c.byte()
    f["properties"] = c.properties() if c.left() else {}


def _publish(c, f, flags):
    f["dup"], f["qos"], f["retain"] = bool(flags & 8), flags >> 1 & 3, bool(flags & 1)
    if f["qos"] == 3:
        raise MqttError("PUBLISH with QoS 3")
    f["topic"] = c.str()
    if "#" in f["topic"] or "+" in f["topic"]:
        raise MqttError("PUBLISH to a wildcard")
    f["packet_id"] = c.u16() if f["qos"] else None
    f["properties"] = c.properties()
    f["payload"] = c.rest()


def _ack(c, f, _):
    f["packet_id"] = c.u16()
    f["reason"] = c.byte() if c.left() else 0
    f["properties"] = c.properties() if c.left() else {}


def _subscribe(c, f, _):
    f["packet_id"], f["properties"], f["filters"] = c.u16(), c.properties(), []
    while c.left():
        f["filters"].append({"topic": c.str(), "options": c.byte()})
    if not f["filters"]:
        raise MqttError("SUBSCRIBE without a filter")


def _unsubscribe(c, f, _):
    f["packet_id"], f["properties"], f["filters"] = c.u16(), c.properties(), []
    while c.left():
        f["filters"].append({"topic": c.str()})


def _suback(c, f, _):
    f["packet_id"], f["properties"] = c.u16(), c.properties()
    f["reasons"] = list(c.rest())


def _nothing(_c, _f, _flags):
    pass


def _disconnect(c, f, _):
    f["reason"] = c.byte() if c.left() else 0
    f["properties"] = c.properties() if c.left() else {}


_READERS = {
    CONNECT: _connect, CONNACK: _connack, PUBLISH: _publish, PUBACK: _ack, PUBREC: _ack, PUBREL: _ack, PUBCOMP: _ack,
    SUBSCRIBE: _subscribe, SUBACK: _suback, UNSUBSCRIBE: _unsubscribe, UNSUBACK: _suback, PINGREQ: _nothing,
    PINGRESP: _nothing, DISCONNECT: _disconnect, AUTH: _disconnect,
}


class Stream:
    """Cuts a byte stream into packets, however the bytes arrive."""

    def __init__(self):
        self._buffer = bytearray()

    def pending(self) -> int:
        return len(self._buffer)

    def take_pending(self) -> bytes:
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest

    def feed(self, data: bytes):
        """Yields Packets. After a MqttError the rest of the stream has no meaning: see take_pending."""
        self._buffer += data
        while True:
            size, head = self._size()
            if size is None or len(self._buffer) < head + size:
                return
            raw = bytes(self._buffer[:head + size])
            packet = parse(raw[0] >> 4, raw[0] & 15, raw[head:], raw)
            del self._buffer[:head + size]
            yield packet

    def _size(self):
        size = 0
        for i in range(1, 5):
            if i >= len(self._buffer):
                return None, 0
            size |= (self._buffer[i] & 0x7F) << 7 * (i - 1)
            if not self._buffer[i] & 0x80:
                return size, i + 1
        raise MqttError("remaining length over four bytes")


def varint(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack(">H", len(data)) + data


def properties(values: dict) -> bytes:
    """Property block with its length. An unknown name is a KeyError."""
    out = b""
    for name, value in values.items():
        number, kind = PROPERTY_IDS[name]
        for one in value if isinstance(value, list) else [value]:
            out += bytes([number]) + _property(kind, one)
    return varint(len(out)) + out


def _property(kind: str, value) -> bytes:
    if kind in ("byte", "u16", "u32"):
        return int(value).to_bytes({"byte": 1, "u16": 2, "u32": 4}[kind], "big")
    if kind == "varint":
        return varint(value)
    if kind == "str":
        return text(value)
    if kind == "bin":
        return struct.pack(">H", len(value)) + value
    return text(value[0]) + text(value[1])


def packet(kind: int, body: bytes = b"", flags: int = 0) -> bytes:
    return bytes([kind << 4 | flags]) + varint(len(body)) + body


def connack(reason: int, session_present: bool, props: dict) -> bytes:
    return packet(CONNACK, bytes([session_present, reason]) + properties(props))


def disconnect(reason: int, props: dict | None = None) -> bytes:
    if reason == 0 and not props:
        return packet(DISCONNECT)
    return packet(DISCONNECT, bytes([reason]) + (properties(props) if props else b""))


def puback(packet_id: int, reason: int = 0) -> bytes:
    return packet(PUBACK, struct.pack(">H", packet_id) + (bytes([reason]) if reason else b""))


def suback(packet_id: int, reasons: list[int]) -> bytes:
    return packet(SUBACK, struct.pack(">H", packet_id) + b"\0" + bytes(reasons))


def publish(topic: str, payload: bytes, qos: int = 0, packet_id: int = 0, props: dict | None = None,
            flags: int = 0) -> bytes:
    body = text(topic) + (struct.pack(">H", packet_id) if qos else b"") + properties(props or {}) + payload
    return packet(PUBLISH, body, flags | qos << 1)
