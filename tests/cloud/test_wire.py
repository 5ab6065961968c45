# SPDX-License-Identifier: GPL-3.0-or-later
"""The pure parts: schema against captured messages, MQTT and WebSocket codecs, hashes, reply parsing. No network."""
import asyncio
import gzip
import json
import pathlib

import pytest

from lc import mqtt_wire as mqtt
from lc import frame_rules, queries, rules, schema
from lc import ws_wire as ws
from lc.behaviour import Behaviour, merge_patch
from lc.record import Log

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
CAPTURED = sorted(GOLDEN.glob("*.bin"))


def test_11_golden__there_are_messages():
    assert len(CAPTURED) > 15


@pytest.mark.parametrize("path", CAPTURED, ids=lambda p: p.stem)
def test_11_golden__decodes_and_encodes_equal(path):
    kind, payload = path.stem.rsplit("-", 1)[0], path.read_bytes()
    wanted = json.loads(path.with_suffix(".json").read_text())
    assert schema.wire_dict(schema.decode(kind, payload)) == wanted
    assert schema.oddities(kind, payload) == []
    again = schema.encode(kind, wanted)
    assert len(again) == len(payload) and schema.wire_dict(schema.decode(kind, again)) == wanted


def test_11_oddities__unknown_field_and_written_default():
    assert schema.oddities("CreateNodeInstance", b"\xf8\x01\x01") == ["CreateNodeInstance: unknown field 31"]
    assert "default" in schema.oddities("CreateNodeInstance", b"\x30\x00")[0]
    assert schema.oddities("UpdateNodeInfo", b"\x12\x06\xaa\x01\x03\x0a\x01a") == []
    with pytest.raises(schema.SchemaError):
        schema.decode("CreateNodeInstance", b"\xff")
    with pytest.raises(schema.SchemaError):
        schema.encode("CreateNodeInstance", {"nonsense": 1})


def frames_of(*wire: bytes, pings=()) -> list[str]:
    """What FrameRules say about these frames of an agent."""
    async def run():
        reader = asyncio.StreamReader()
        reader.feed_data(b"".join(wire))
        reader.feed_eof()
        complaints = []
        r = frame_rules.FrameRules(complaints.append)
        for p in pings:
            r.ping_sent(p)
        for _ in wire:
            r.up(await ws.read_frame(reader))
        return complaints
    return asyncio.run(run())


def client_frame(payload=b"", opcode=ws.BINARY, fin=True, key=b"abcd", rsv=0, length=None) -> bytes:
    length = ws.length_bytes(len(payload)) if length is None else length
    size = {0: len(payload), 2: 126, 8: 127}[length]
    head = bytes([fin << 7 | rsv << 4 | opcode, (0x80 if key else 0) | size])
    return head + (len(payload).to_bytes(length, "big") if length else b"") + key + (ws.mask(payload, key) if key else payload)


def test_13_frames__of_each_size_and_in_fragments_with_a_pong_between__are_right():
    assert frames_of(*(client_frame(b"x" * n, key=n.to_bytes(4, "little") if n else b"k\0\0\0")
                       for n in (0, 1, 125, 126, 65535, 65536, 1 << 20))) == []
    assert frames_of(client_frame(b"a", fin=False, key=b"1111"), client_frame(b"ping", ws.PONG, key=b"2222"),
                     client_frame(b"b", ws.CONTINUATION, key=b"3333"), client_frame(b"c", key=b"4444"),
                     client_frame(b"\x03\xe8", ws.CLOSE, key=b"5555"), pings=[b"older", b"ping"]) == []


@pytest.mark.parametrize("wire, complaint", [
    ([client_frame(b"x", key=b"")], "without a mask"),
    ([client_frame(b"x", key=bytes(4))], "mask of zeros"),
    ([client_frame(b"x"), client_frame(b"y")], "the mask of the frame before it"),
    ([client_frame(b"x", length=2)], "in 2 bytes, not in 0"),
    ([client_frame(b"x", length=8)], "in 8 bytes, not in 0"),
    ([client_frame(b"x" * 300, length=8)], "in 8 bytes, not in 2"),
    ([client_frame(b"x", rsv=4)], "reserved bits 4"),
    ([client_frame(b"x", ws.TEXT)], "MQTT has binary ones only"),
    ([client_frame(b"x", 3)], "opcode 3 frame"),
    ([client_frame(b"x", ws.CONTINUATION)], "while no message is unfinished"),
    ([client_frame(b"x", fin=False), client_frame(b"y", key=b"efgh")], "while a message is unfinished"),
    ([client_frame(b"p", ws.PONG)], "to no ping"),
    ([client_frame(b"p", ws.PING, fin=False)], "in fragments"),
    ([client_frame(b"p" * 126, ws.PING)], "of 126 bytes"),
    ([client_frame(b"p", ws.CLOSE)], "half a code"),
    ([client_frame(b"", ws.CLOSE), client_frame(b"y", key=b"efgh")], "after the close frame"),
])
def test_13_frames__wrong_one__is_named(wire, complaint):
    complaints = frames_of(*wire)
    assert len(complaints) == 1 and complaint in complaints[0]


def test_12_mqtt__captured_connect__every_field():
    raw = bytes.fromhex((GOLDEN / "mqtt-connect-1.hex").read_text())
    packet, = mqtt.Stream().feed(raw)
    assert (packet.name, packet.get("connect_flags"), packet.get("keep_alive")) == ("CONNECT", 0xD6, 60)
    assert packet.get("properties") == {"topic_alias_maximum": 65535}
    assert packet.get("will")["topic"].endswith("/outbound/v1/agent-connection")
    assert packet.get("username") == packet.get("client_id") and packet.get("password").startswith(b"p-")


def test_12_mqtt__stream_cut_anywhere__same_packets():
    raw = (mqtt.connack(0, False, {"receive_maximum": 7}) + mqtt.publish("/a/b", b"x" * 300, 1, 9, {"topic_alias": 4})
           + mqtt.puback(9, 16) + mqtt.packet(mqtt.PINGREQ) + mqtt.disconnect(0x94, {"reason_string": "why"}))
    whole = [(p.name, p.fields) for p in mqtt.Stream().feed(raw)]
    assert [n for n, _ in whole] == ["CONNACK", "PUBLISH", "PUBACK", "PINGREQ", "DISCONNECT"]
    for size in (1, 2, 3, 7):
        stream = mqtt.Stream()
        pieces = [raw[i:i + size] for i in range(0, len(raw), size)]
        assert [(p.name, p.fields) for piece in pieces for p in stream.feed(piece)] == whole


@pytest.mark.parametrize("raw", ["00 00", "30 ff ff ff ff 01", "36 05 00 01 61 00 00", "10 02 00 00", "c1 00",
                                 "30 06 00 01 23 00 78 78", "32 07 00 01 61 00 01 01 7f"])
def test_12_mqtt__malformed__is_an_error(raw):
    with pytest.raises(mqtt.MqttError):
        list(mqtt.Stream().feed(bytes.fromhex(raw)))


def test_13_websocket__frames_of_every_size():
    async def read(data):
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        return await ws.read_frame(reader)
    for size in (0, 1, 125, 126, 65535, 65536, 200001):
        for masked in (False, True):
            f = asyncio.run(read(ws.frame(b"z" * size, masked=masked)))
            assert (f.opcode, f.fin, f.masked, f.payload) == (ws.BINARY, True, masked, b"z" * size)
    assert ws.accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="     # RFC 6455, 1.3


def test_14_rules__limits_of_connack__are_kept():
    found = []
    topics = {"agent-connection": "/a", "contexts-updated": "/c"}
    r = rules.Rules(lambda kind, text: found.append(kind), lambda _: topics)
    r.up(one(connect()))
    r.down(one(mqtt.connack(0, False, {"receive_maximum": 1, "topic_alias_maximum": 2, "maximum_packet_size": 60})))
    assert found == []
    r.up(one(mqtt.publish("/c", b"", 1, 1, {"topic_alias": 2})))
    r.down(one(mqtt.puback(1)))
    p = one(mqtt.publish("", b"", 1, 2, {"topic_alias": 2}))
    r.up(p)
    assert found == [] and p.get("resolved_topic") == "/c"
    r.up(one(mqtt.publish("/c", b"x" * 60, 1, 3, {"topic_alias": 3})))
    assert found == ["packet_size", "alias", "receive_maximum"] and r.breach() == 0x95
    r.up(one(mqtt.publish("/elsewhere", b"", 0)))
    assert found[3:] == ["publish", "topic"]


def test_14_rules__connect_without_will__is_noticed():
    found = []
    r = rules.Rules(lambda kind, text: found.append(kind), lambda _: None)
    r.up(one(mqtt.packet(mqtt.PINGREQ)))
    r.up(one(mqtt.packet(mqtt.CONNECT, mqtt.text("MQTT") + b"\x04\x02\x00\x3c" + mqtt.text("x"))))
    assert found == ["mqtt", "connect", "connect", "connect", "will"]


def test_15_reply__gzip_and_form():
    header = dict(zip(queries.REPLY_KEYS, ["http", "m", 1, 2, 3, 4, 2, 5, 6, 200]))
    body = gzip.compress(b"hello")
    http = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    reply, wrong = queries.parse_reply(queries.frame(header, http))
    assert (reply["body"], reply["status"], wrong) == (b"hello", 200, [])
    _, wrong = queries.parse_reply(json.dumps(header).encode() + b"\r\n\r\n" + http + b"left over")
    assert len(wrong) == 2
    for broken in (b"", b"{}x", b"[1]", queries.frame(header, b"HTTP/1.1"), queries.frame(header, b"X 1\r\n\r\n")):
        with pytest.raises(queries.ReplyError):
            queries.parse_reply(broken)


def test_16_behaviour__times_run_out():
    b = Behaviour()
    b.change({"env_status": 500, "env_times": 2})
    assert [b.answer("env")["status"] for _ in range(3)] == [500, 500, None]
    with pytest.raises(KeyError):
        b.change({"env_statuss": 1})
    assert merge_patch({"a": 1, "b": {"c": 2}}, {"a": None, "b": {"d": 3}}) == {"b": {"c": 2, "d": 3}}


def test_16_behaviour__of_one_agent():
    b = Behaviour()
    b.change({"env_status": 500, "frame_size": 3})
    b.change({"claim": "a", "env_delay": 1, "challenge_status": 404, "challenge_times": 1})
    assert b.of("b").answer("env")["status"] == 500 and b.of(None) is b
    assert b.of("a").answer("env")["status"] is None and b.of("a").answer("env")["delay"] == 1
    assert [b.of("a").answer("challenge")["status"] for _ in range(2)] == [404, None]
    assert b.of("a").frame_size == 3 and b.of("a").answer("password")["status"] is None
    b.change({"claim": "a", "reset": True})
    assert b.of("a").answer("env")["status"] == 500
    b.change({"reset": True})
    assert b.of("a") is b


def test_16_log__is_bounded():
    log = Log(3, 100)
    for size in (10, 10, 10, 10, 90):
        log.append({}, size)
    assert [e["n"] for e in log.since(0)] == [4, 5] and log.since(4)[0]["n"] == 5


def one(raw: bytes) -> mqtt.Packet:
    packet, = mqtt.Stream().feed(raw)
    return packet


def connect() -> bytes:
    will = schema.encode("UpdateAgentConnection", {"claim_id": "x", "session_id": 1, "update_source": 2})
    body = (mqtt.text("MQTT") + bytes([5, 0xD6, 0, 60]) + mqtt.properties({}) + mqtt.text("x") + mqtt.properties({})
            + mqtt.text("/a") + len(will).to_bytes(2, "big") + will + mqtt.text("u") + mqtt.text("p"))
    return mqtt.packet(mqtt.CONNECT, body)
