# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults while queries and alerts are under way: no alert may be lost. And while the link leaves by order of the cloud."""
from testenv import Rule, wait_until

from .fault_case import FaultCase
from .table_link import BROKEN, GARBAGE
from .injections import disconnect, hold, inject, keepalive, now, rule_now, switch, wait_triggered

QUEUED = "mqtt", "ws", "session"


def busy():
    def case(fault, trigger, status, sentence="", **more):
        return FaultCase("online busy", fault, trigger, status, sentence, "online", busy=True, cpu=4.0,
                    **{"violates": ("mqtt", "ws"), **more})
    return [
        case("reset", now("reset"), "SOCKET_ERROR", "was reset"),
        case("closed", now("close"), "CLOSED_BY_REMOTE", "without giving reason"),
        case("hung up", disconnect(hang_up=True), "CLOSED_BY_REMOTE", "without giving reason"),
        case("silent", now("silence"), "PING_TIMEOUT", "acknowledge", hasty=True),
        case("held by the cloud", hold(), "PING_TIMEOUT", "acknowledge", hasty=True),
        case("nothing comes", hold("down"), "PING_TIMEOUT", "acknowledge", hasty=True),
        case("no PUBACK", switch(drop_down=["PUBACK"]), "PING_TIMEOUT", "acknowledge", hasty=True),
        case("silent, short keep-alive", keepalive(now("silence")), "PING_TIMEOUT", "no answer to a ping", hasty=True),
        case("garbage under TLS", now("garbage"), GARBAGE, BROKEN),
        case("cut in a frame", now("close", 500), "CLOSED_BY_REMOTE", "without giving reason"),
        case("reset after 5 KB", now("reset", 5000), "SOCKET_ERROR", "was reset"),
        case("server shutting down", disconnect(mqtt_reason=0x8B), "CLOSED_BY_REMOTE", "0x8B"),
        case("quota exceeded", disconnect(mqtt_reason=0x97), "CLOSED_BY_REMOTE", "0x97"),
        case("going away", disconnect(ws_code=1001), "CLOSED_BY_REMOTE", "EC=1001"),
        case("noise", inject(b"\xff" * 64), "MQTT_PROTOCOL_ERROR", "malformed"),
        case("opcode 3", inject(b"x", "frame", opcode=3), "WS_PROTOCOL_ERROR", "no WebSocket frame"),
        case("compressed frame", inject(b"x", "frame", rsv=4), "WS_PROTOCOL_ERROR", "no WebSocket frame"),
        case("200 ms late", rule_now(Rule(delay=0.2)), None), case("at 200 KB a second", rule_now(Rule(rate=200_000)), None),
        case("in pieces of 7 bytes", rule_now(Rule(chunk=7)), None),
        case("a storm of pings", inject(b"are you there", "frame", 300, opcode=9), None),
        case("frames of 5 bytes in pieces", switch(frame_size=5, fragments=True), None),
        # The cloud has it all the same: what is told again after the refusal, it knows already.
        case("PUBACKs refuse", _refused, None, lift=_meet_again, violates=("mqtt", "ws", "alerts")),
    ]


def _refused(rig):
    """The broker refuses everything, alerts among it."""
    since = rig.cloud.last_message_number()
    rig.configure(puback_reason=0x97)
    wait_until(lambda: rig.cloud.messages(since=since, claim=rig.claim, type="AlarmLogEntry"), 20, "an alert", 0.1)


def _meet_again(rig):
    """What was refused is kept for a minute; a connection before that compares all there is."""
    before = rig.last_attempt()
    rig.cut()
    rig.wait_online(before)


def leave(**order):
    """The cloud orders the link to leave; its goodbye is on the way. A busy link's PUBLISH may be held before the order
    has come: whatever comes next must not overtake that."""
    def trigger(rig):
        said = rig.host.process.log.stat().st_size
        rig.configure(on_up={"PUBLISH": {"hold": ["up"]}})
        rig.cloud.send(rig.claim, "DisconnectReq", {"reconnect_after_seconds": 0, "permaban": False, "error_code": 1,
                                                      "error_description": "make room", **order})
        wait_triggered(rig, "PUBLISH")
        rig.configure(on_up={})  # the next connection may be there in some milliseconds
        wait_until(lambda: 'to "cloud request"' in rig.host.log_since(said), 15,
                   lambda: f"the order at {rig.name}:\n{rig.story()}", 0.03)
    return trigger


def draining():
    def case(fault, *triggers, **more):
        def trigger(rig):
            leave()(rig)
            for s in triggers:
                s(rig)
        return FaultCase("draining", fault, trigger, "CLOUD_REQUESTED_DISCONNECT", "left in order: make room", "online",
                    violates=("mqtt", "ws", "goodbye"), **more)
    return [
        case("goodbye not acknowledged"), case("reset", now("reset")), case("closed", now("close")),
        case("silent", now("silence")), case("garbage under TLS", now("garbage")), case("noise", inject(b"\xff" * 64)),
        case("DISCONNECT crosses", disconnect(mqtt_reason=0x8B)), case("close frame crosses", disconnect(ws_code=1001)),
        case("hung up", disconnect(hang_up=True)), case("held by the cloud", hold()),
        case("opcode 3", inject(b"x", "frame", opcode=3)),
        case("single bytes from now on", lambda rig: setattr(rig.broker, "rule", Rule(chunk=1))),
    ]


def cases():
    return busy() + draining()
