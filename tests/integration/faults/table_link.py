# SPDX-License-Identifier: GPL-3.0-or-later
"""CONNECT, SUBSCRIBE, and the link that is online with nothing to do."""
import struct

from testenv import Rule
from testenv.libraries import libwebsockets

from .fault_case import FaultCase
from .injections import (ask, at, b64, disconnect, hold, inject, keepalive, leg, now, rule_now, standing, switch, then)

# OASIS MQTT 5.0, 3.2.2.2: what a CONNACK may refuse with; 3.9.3 of SUBACK; 3.14.2.1 of a server's DISCONNECT.
CONNACK = (0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B,
           0x9C, 0x9D, 0x9F)
SUBACK = (0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2)
DISCONNECT = (0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8F, 0x90, 0x93, 0x94, 0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B,
              0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2)
WS_CODES = (1000, 1001, 1002, 1003, 1007, 1008, 1010, 1011, 4000)
# libwebsockets 4.1 does not know them and puts 1002 in their place, before anybody sees them; 4.3 hands them on.
NEWER_WS_CODES = {1012: "service restart", 1013: "try again later", 1014: "bad gateway"}
# RFC 6455, 5.1: a client closes when a frame from the server is masked. libwebsockets 4.3 does. 4.1 has no way to tell,
# and unmasks each frame as if it went on where the one before ended: the first, CONNACK, is right, what comes then is no
# MQTT or a packet that never ends.
REFUSES_MASKED = libwebsockets() >= (4, 3)
PROVOKED = ("mqtt", "ws")
# What OpenSSL cannot decrypt ends the connection, and who sees that first, it or the end of file behind it, is a race.
GARBAGE, BROKEN = "CLOSED_BY_REMOTE|SOCKET_ERROR|WS_PROTOCOL_ERROR", "ended the connection|was reset|no WebSocket frame"


def connect():
    def case(fault, trigger, status="MQTT_PROTOCOL_ERROR", sentence="", **more):
        return FaultCase("CONNECT", fault, trigger, status, sentence, "CONNECT", violates=PROVOKED, **more)

    def instead(fault, data, sentence, **more):
        return case(fault, standing(replace_down={"CONNACK": b64(data)}), sentence=sentence, **more)

    return [
        case("reset", at("CONNECT", "reset"), "SOCKET_ERROR", "was reset"),
        case("closed", at("CONNECT", "close"), "CLOSED_BY_REMOTE", "without giving reason"),
        case("silent", at("CONNECT", "silence"), "TIMEOUT", "silent at the stage CONNECT until 6 s", hasty=True),
        case("garbage under TLS", at("CONNECT", "garbage"), GARBAGE, BROKEN),
        case("cut in CONNACK", at("CONNECT", "close", 10), "CLOSED_BY_REMOTE", "without giving reason"),
        case("no CONNACK", standing(drop_down=["CONNACK"]), "TIMEOUT", "silent at the stage CONNECT", hasty=True),
        case("closed by WebSocket", standing(on_up={"CONNECT": {"ws_code": 1011}}), "CLOSED_BY_REMOTE", "EC=1011"),
        case("hung up", standing(on_up={"CONNECT": {"hang_up": True}}), "CLOSED_BY_REMOTE", "without giving reason"),
        case("DISCONNECT instead", standing(on_up={"CONNECT": {"mqtt_reason": 0x8B}}), "CLOSED_BY_REMOTE", "0x8B"),
        instead("MQTT 3.1.1 refuses version 5", b"\x20\x02\x00\x01", "MQTT 5|refused"),
        instead("MQTT 3.1.1 accepts", b"\x20\x02\x00\x00", "a CONNACK: .*is it an MQTT 5 broker"),
        instead("CONNACK cut short", b"\x20\x01\x00", "a CONNACK: .*is it an MQTT 5 broker"),
        instead("PUBLISH before CONNACK", b"\x30\x05\x00\x01a\x00x", "a PUBLISH: .*is it an MQTT 5 broker"),
        instead("noise", b"\xff" * 64, "malformed|protocol"),
        instead("a property nobody knows", b"\x20\x05\x00\x00\x02\x7f\x00", "a CONNACK: a property that does not exist"),
        case("all frames are text", standing(text_frames=True), "TIMEOUT", "silent at the stage CONNECT", hasty=True),
        case("all frames compressed", standing(frame_rsv=4), "WS_PROTOCOL_ERROR", "no WebSocket frame"),
        case("all frames masked", standing(masked_frames=True), "WS_PROTOCOL_ERROR", "no WebSocket frame") if REFUSES_MASKED else
        FaultCase("CONNECT", "all frames masked", standing(masked_frames=True), "MQTT_PROTOCOL_ERROR|TIMEOUT|CLOSED_BY_REMOTE",
             "no valid MQTT 5|silent at the stage|ended the connection", rung="subscribe", hasty=True),
        FaultCase("CONNECT", "frames of one byte", standing(frame_size=1), None),
        FaultCase("CONNECT", "messages over frames of one byte", standing(frame_size=1, fragments=True), None, cpu=2.0),
        FaultCase("CONNECT", "no topic aliases", standing(connack={"topic_alias_maximum": None}), None),
        FaultCase("CONNECT", "one message at a time", standing(connack={"receive_maximum": 1}), None),
        FaultCase("CONNECT", "late by 1 s", standing(delay_down=1), None),
    ] + [case(f"CONNACK {code:#04x}", standing(connack_reason=code),
              sentence=rf"refused the connection: .*\(reason {code}, 0x{code:02X}\); \w") for code in CONNACK]


def subscribe():
    def case(fault, trigger, status="MQTT_PROTOCOL_ERROR", sentence="", **more):
        return FaultCase("SUBSCRIBE", fault, trigger, status, sentence, "online", violates=PROVOKED, **more)

    return [
        case("reset", at("SUBSCRIBE", "reset"), "SOCKET_ERROR", "was reset"),
        case("closed", at("SUBSCRIBE", "close"), "CLOSED_BY_REMOTE", "without giving reason"),
        case("silent", at("SUBSCRIBE", "silence"), "PING_TIMEOUT", "acknowledge|subscri", hasty=True),
        case("garbage under TLS", at("SUBSCRIBE", "garbage"), GARBAGE, BROKEN),
        case("no SUBACK", standing(drop_down=["SUBACK"]), "PING_TIMEOUT", "did not acknowledge a subscription", hasty=True),
        case("SUBACK of another", standing(replace_down={"SUBACK": b64(b"\x90\x04\x7f\xff\x00\x01")}), "PING_TIMEOUT",
             "did not acknowledge a subscription", hasty=True),
        case("SUBACK cut short", standing(replace_down={"SUBACK": b64(b"\x90\x01\x00")}), sentence="a SUBACK: "),
        case("DISCONNECT instead", standing(on_up={"SUBSCRIBE": {"mqtt_reason": 0x97}}), "CLOSED_BY_REMOTE", "0x97"),
        case("closed by WebSocket", standing(on_up={"SUBSCRIBE": {"ws_code": 1008}}), "CLOSED_BY_REMOTE", "EC=1008"),
        FaultCase("SUBSCRIBE", "granted QoS 0", standing(suback_reasons=[0, 0]), None),
    ] + [case(f"SUBACK {code:#04x}", standing(suback_reasons=[code, code]),
              sentence=rf"refused a subscription: .*\(reason {code}, 0x{code:02X}\); \w") for code in SUBACK]


def idle():
    def case(fault, trigger, status, sentence="", **more):
        return FaultCase("online idle", fault, trigger, status, sentence, "online", violates=PROVOKED, **more)

    def frame(fault, data, sentence="no WebSocket frame", status="WS_PROTOCOL_ERROR", **how):
        return case(fault, inject(data, "frame", **how), status, sentence)

    def mqtt(fault, data, status="MQTT_PROTOCOL_ERROR", sentence=""):
        return case(fault, inject(data), status, sentence)

    def borne(fault, trigger, **more):
        return case(fault, then(trigger, ask), None, **more)

    head = struct.Struct(">BBQ").pack
    topic = b"\x00\x01a"
    return [
        case("reset", now("reset"), "SOCKET_ERROR", r"(127\.0\.0\.1|\[::1\]):\d+\): the connection was reset"),
        case("closed", now("close"), "CLOSED_BY_REMOTE", "without giving reason"),
        case("hung up", disconnect(hang_up=True), "CLOSED_BY_REMOTE", "without giving reason"),
        case("silent", keepalive(now("silence")), "PING_TIMEOUT", "no answer to a ping within 0.5 s", hasty=True),
        case("held by the cloud", keepalive(hold()), "PING_TIMEOUT", "no answer to a ping", hasty=True),
        case("no PINGRESP", keepalive(lambda rig: None, drop_down=["PINGRESP"]), "PING_TIMEOUT", "no answer to a ping",
             hasty=True),
        case("no PUBACK", then(switch(drop_down=["PUBACK"]), ask), "PING_TIMEOUT", "did not acknowledge a message within 6 s",
             hasty=True),
        case("garbage under TLS", now("garbage"), GARBAGE, BROKEN),
        case("cut in a frame", then(now("close", 12), ask), "CLOSED_BY_REMOTE", "without giving reason"),
        borne("200 ms late", rule_now(Rule(delay=0.2))), borne("in single bytes", rule_now(Rule(chunk=1)), cpu=2.0),
        borne("at 20 KB a second", rule_now(Rule(rate=20_000))),
        borne("a storm of pings", inject(b"are you there", "frame", 500, opcode=9), cpu=2.0),
        borne("a storm of pongs", inject(b"here I am", "frame", 500, opcode=10), cpu=2.0),
        borne("a text frame", inject(b"hello", "frame", opcode=1)),
        case("masked frames", then(switch(masked_frames=True), ask), "WS_PROTOCOL_ERROR", "no WebSocket frame") if REFUSES_MASKED else
        case("masked frames", keepalive(switch(masked_frames=True)), "MQTT_PROTOCOL_ERROR|PING_TIMEOUT",
             "no valid MQTT 5|malformed packet|no answer to a ping", hasty=True),
        borne("an empty frame", inject(b"", "frame")),
        borne("a PUBACK nobody waits for", inject(b"\x40\x02\x12\x34")), borne("a PINGRESP nobody waits for", inject(b"\xd0\x00")),
        frame("compressed frame", b"\xd0\x00", rsv=4), frame("opcode 3", b"x", opcode=3), frame("opcode 15", b"x", opcode=15),
        frame("continuation of nothing", b"x", opcode=0), frame("control frame of 126 bytes", b"x" * 126, opcode=9),
        frame("control frame in pieces", b"x", opcode=9, fin=False),
        frame("close frame of one byte", b"x", opcode=8, sentence="no WebSocket frame|without a code", status="WS_PROTOCOL_ERROR|CLOSED_BY_REMOTE"),
        case("frame of 2^62 bytes", inject(head(0x82, 127, 1 << 62) + b"x" * 80_000, "raw"),
             "WS_PROTOCOL_ERROR", "bytes are still to come"),
        mqtt("noise", b"\xff" * 64, sentence="malformed packet"), mqtt("packet of 256 MB", b"\x30\xff\xff\xff\x7f", sentence="larger"),
        mqtt("packet type 0", b"\x00\x00", sentence="one of type 0, which"), mqtt("second CONNACK", b"\x20\x03\x00\x00\x00", sentence="second CONNACK"), mqtt("AUTH", b"\xf0\x00", sentence="an AUTH: nobody agreed"),
        mqtt("QoS 3", b"\x36\x08" + topic + b"\x00\x01\x00xx", sentence="of QoS 2, although"),
        mqtt("QoS 2", b"\x34\x08" + topic + b"\x00\x01\x00xx", sentence="of QoS 2, although"),
        mqtt("cut PUBLISH", b"\x32\x02\x00\x05", sentence="a PUBLISH: "),
        mqtt("alias beyond ours", b"\x30\x09" + topic + b"\x03\x23\x00\x09xx", None),
        mqtt("alias without a topic", b"\x30\x07\x00\x00\x03\x23\x00\x09x", sentence="a PUBLISH: "),
        mqtt("PUBREL of nothing", b"\x62\x02\x00\x01", None),
        mqtt("topic is no UTF-8", b"\x30\x06\x00\x02\xff\xfe\x00x", sentence="a PUBLISH: Malformed UTF-8"),
        mqtt("second SUBACK", b"\x90\x04\x00\x01\x00\x01", None),
        case("broker at another place", leg("broker", refuse=True), "SOCKET_ERROR", "reset"),
        case("taken over by a clone", disconnect(mqtt_reason=0x8E), "CLOSED_BY_REMOTE", "0x8E.*clone", hasty=True,
             backs_off=True),
        case("a message too big", disconnect(mqtt_reason=0x95), "MESSAGE_TOO_BIG", r"\(reason 149, 0x95\)"),
        case("WebSocket 1009", disconnect(ws_code=1009), "MESSAGE_TOO_BIG", "EC=1009"),
        case("WebSocket without a code", inject(b"", "frame", opcode=8), "CLOSED_BY_REMOTE", "without a code"),
    ] + [case(f"DISCONNECT {code:#04x}", disconnect(mqtt_reason=code), "CLOSED_BY_REMOTE",
              rf"the broker disconnected us: .*\(reason {code}, 0x{code:02X}\); \w") for code in DISCONNECT] \
      + [case(f"WebSocket {code}", disconnect(ws_code=code, ws_reason="because"), "CLOSED_BY_REMOTE",
              rf'EC={code} and reason "because"') for code in WS_CODES] \
      + [case(f"WebSocket {code}", disconnect(ws_code=code, ws_reason="because"), "CLOSED_BY_REMOTE",
              rf'EC={code} and reason "because" \({name}\)' if libwebsockets() >= (4, 3)
              else rf'EC=1002 and reason "because" .*{code}') for code, name in NEWER_WS_CODES.items()]


def cases():
    return connect() + subscribe() + idle()
