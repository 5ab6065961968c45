# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults while queries and alerts are under way: no alert may be lost. And while the link leaves by order of the cloud."""
from testenv import Rule, wait_until

from .cell import Cell
from .table_link import BROKEN, GARBAGE
from .strikes import disconnect, hold, inject, keepalive, now, rule_now, switch, wait_struck

QUEUED = "mqtt", "ws", "session"


def busy():
    def cell(fault, strike, status, sentence="", **more):
        return Cell("online busy", fault, strike, status, sentence, "online", busy=True, cpu=4.0,
                    **{"violates": ("mqtt", "ws"), **more})
    return [
        cell("reset", now("reset"), "SOCKET_ERROR", "was reset"),
        cell("closed", now("close"), "CLOSED_BY_REMOTE", "without giving reason"),
        cell("hung up", disconnect(hang_up=True), "CLOSED_BY_REMOTE", "without giving reason"),
        cell("silent", now("silence"), "PING_TIMEOUT", "acknowledge", hasty=True),
        cell("held by the cloud", hold(), "PING_TIMEOUT", "acknowledge", hasty=True),
        cell("nothing comes", hold("down"), "PING_TIMEOUT", "acknowledge", hasty=True),
        cell("no PUBACK", switch(drop_down=["PUBACK"]), "PING_TIMEOUT", "acknowledge", hasty=True),
        cell("silent, short keep-alive", keepalive(now("silence")), "PING_TIMEOUT", "no answer to a ping", hasty=True),
        cell("garbage under TLS", now("garbage"), GARBAGE, BROKEN),
        cell("cut in a frame", now("close", 500), "CLOSED_BY_REMOTE", "without giving reason"),
        cell("reset after 5 KB", now("reset", 5000), "SOCKET_ERROR", "was reset"),
        cell("server shutting down", disconnect(mqtt_reason=0x8B), "CLOSED_BY_REMOTE", "0x8B"),
        cell("quota exceeded", disconnect(mqtt_reason=0x97), "CLOSED_BY_REMOTE", "0x97"),
        cell("going away", disconnect(ws_code=1001), "CLOSED_BY_REMOTE", "EC=1001"),
        cell("noise", inject(b"\xff" * 64), "MQTT_PROTOCOL_ERROR", "malformed"),
        cell("opcode 3", inject(b"x", "frame", opcode=3), "WS_PROTOCOL_ERROR", "no WebSocket frame"),
        cell("compressed frame", inject(b"x", "frame", rsv=4), "WS_PROTOCOL_ERROR", "no WebSocket frame"),
        cell("200 ms late", rule_now(Rule(delay=0.2)), None), cell("at 200 KB a second", rule_now(Rule(rate=200_000)), None),
        cell("in pieces of 7 bytes", rule_now(Rule(chunk=7)), None),
        cell("a storm of pings", inject(b"are you there", "frame", 300, opcode=9), None),
        cell("frames of 5 bytes in pieces", switch(frame_size=5, fragments=True), None),
        # The cloud has it all the same: what is told again after the refusal, it knows already.
        cell("PUBACKs refuse", _refused, None, lift=_meet_again, violates=("mqtt", "ws", "alerts")),
    ]


def _refused(lane):
    """The broker refuses everything, alerts among it."""
    since = lane.cloud.last_message_number()
    lane.configure(puback_reason=0x97)
    wait_until(lambda: lane.cloud.messages(since=since, claim=lane.claim, type="AlarmLogEntry"), 20, "an alert", 0.1)


def _meet_again(lane):
    """What was refused is kept for a minute; a connection before that compares all there is."""
    before = lane.last_attempt()
    lane.cut()
    lane.wait_online(before)


def leave(**order):
    """The cloud orders the link to leave; its goodbye is on the way. A busy link's PUBLISH may be held before the order
    has come: whatever strikes next must not overtake that."""
    def strike(lane):
        said = lane.host.process.log.stat().st_size
        lane.configure(on_up={"PUBLISH": {"hold": ["up"]}})
        lane.cloud.send(lane.claim, "DisconnectReq", {"reconnect_after_seconds": 0, "permaban": False, "error_code": 1,
                                                      "error_description": "make room", **order})
        wait_struck(lane, "PUBLISH")
        wait_until(lambda: 'to "cloud request"' in lane.host.log_since(said), 15,
                   lambda: f"the order at {lane.name}:\n{lane.story()}", 0.03)
    return strike


def draining():
    def cell(fault, *strikes, **more):
        def strike(lane):
            leave()(lane)
            for s in strikes:
                s(lane)
        return Cell("draining", fault, strike, "CLOUD_REQUESTED_DISCONNECT", "left in order: make room", "online",
                    violates=("mqtt", "ws", "goodbye"), **more)
    return [
        cell("goodbye not acknowledged"), cell("reset", now("reset")), cell("closed", now("close")),
        cell("silent", now("silence")), cell("garbage under TLS", now("garbage")), cell("noise", inject(b"\xff" * 64)),
        cell("DISCONNECT crosses", disconnect(mqtt_reason=0x8B)), cell("close frame crosses", disconnect(ws_code=1001)),
        cell("hung up", disconnect(hang_up=True)), cell("held by the cloud", hold()),
        cell("opcode 3", inject(b"x", "frame", opcode=3)),
        cell("single bytes from now on", lambda lane: setattr(lane.broker, "rule", Rule(chunk=1))),
    ]


def cells():
    return busy() + draining()
