# SPDX-License-Identifier: GPL-3.0-or-later
"""What an agent may put on one MQTT connection (proto/README.md, "CONNECT"; aclk/session/README.md, "Goodbye"), checked
packet by packet.

Pure: fed with the packets of both directions in the order the agent sent and got them. complain(kind, text) is
called for each violation; breach() tells the MQTT reason code a strict server would end the connection with.
"""
from . import mqtt_wire as mqtt
from . import schema

REPLY_PREFIX = "/svc/agent-data-ctrl/"
CONNECT_FLAGS = 0xD6              # user, password, will QoS 2, will retain 0, will, clean start
SUBSCRIBE_OPTIONS = 0x09          # QoS 1, retain as published


class Rules:
    """topics_for(client id): the topics issued to that agent, by name; None if no such agent."""

    def __init__(self, complain, topics_for):
        self._complain, self._topics_for = complain, topics_for
        self._topics: dict[str, str] = {}
        self._aliases: dict[int, str] = {}
        self._in_flight: set[int] = set()
        self._from_cloud: set[int] = set()
        self._limits = {"receive_maximum": 65535, "topic_alias_maximum": 0, "maximum_packet_size": None,
                        "maximum_qos": 2}
        self._breach = None
        self.connected = False          # CONNACK with reason 0 has gone to the agent
        self.ended = False
        self._seen_connect = False
        self._last_hello = None

    @property
    def in_flight(self) -> int:
        return len(self._in_flight)

    @property
    def owed(self) -> int:
        return len(self._from_cloud)

    def breach(self) -> int | None:
        """Reason code for the limit that the last packet broke, once."""
        reason, self._breach = self._breach, None
        return reason

    def up(self, p: mqtt.Packet):
        """A packet of the agent. Adds "resolved_topic" to the fields of a PUBLISH."""
        if self.ended:
            self._complain("after_disconnect", f"{p.name} after DISCONNECT")
        if not self._seen_connect and p.kind != mqtt.CONNECT:
            self._complain("mqtt", f"{p.name} before CONNECT")
        if self._seen_connect and not self.connected and p.kind not in (mqtt.CONNECT, mqtt.DISCONNECT):
            self._complain("mqtt", f"{p.name} before CONNACK")
        limit = self._limits["maximum_packet_size"]
        if limit is not None and len(p.raw) > limit:
            self._fail(0x95, "packet_size", f"{p.name} of {len(p.raw)} bytes, the limit is {limit}")
        handler = getattr(self, "_up_" + p.name.lower(), None)
        if handler:
            handler(p)
        elif p.kind not in (mqtt.PINGREQ, mqtt.UNSUBSCRIBE):
            self._complain("mqtt", f"an agent does not send {p.name}")

    def down(self, p: mqtt.Packet):
        """A packet on its way to the agent, as the agent will get it."""
        if p.kind == mqtt.CONNACK:
            self.connected = p.get("reason") == 0
            for name in self._limits:
                if p.prop(name) is not None:
                    self._limits[name] = p.prop(name)
        elif p.kind == mqtt.PUBACK:
            self._in_flight.discard(p.get("packet_id"))
        elif p.kind == mqtt.PUBLISH and p.get("qos"):
            self._from_cloud.add(p.get("packet_id"))

    def _fail(self, reason: int, kind: str, text: str):
        self._breach = self._breach or reason
        self._complain(kind, text)

    def _up_connect(self, p):
        if self._seen_connect:
            self._complain("mqtt", "second CONNECT")
        self._seen_connect = True
        claim = p.get("client_id")
        topics = self._topics_for(claim)
        if topics is None:
            self._complain("connect", f"client id {claim!r} is nobody's")
        self._topics = topics or {}
        if p.get("protocol") != "MQTT" or p.get("version") != 5:
            self._complain("connect", f"protocol {p.get('protocol')} version {p.get('version')}")
        if p.get("connect_flags") != CONNECT_FLAGS:
            self._complain("connect", f"flags {p.get('connect_flags'):#04x}, not {CONNECT_FLAGS:#04x}")
        self._check_will(claim, p.get("will"))

    def _check_will(self, claim, will):
        if will is None:
            return self._complain("will", "CONNECT without a will")
        if will["topic"] != self._topics.get("agent-connection"):
            self._complain("will", f"topic {will['topic']}")
        try:
            m = schema.decode("UpdateAgentConnection", will["payload"])
        except schema.SchemaError as e:
            return self._complain("will", str(e))
        if m.claim_id != claim or m.reachable or m.update_source != 2 or not m.session_id or m.capabilities:
            self._complain("will", f"content: {schema.wire_dict(m)}")

    def _up_subscribe(self, p):
        allowed = {self._topics.get("inbox-cmd"), self._topics.get("inbox-cmd-v1")}
        for f in p.get("filters"):
            if f["topic"] not in allowed:
                self._complain("subscribe", f"filter {f['topic']} was not issued")
            if f["options"] != SUBSCRIBE_OPTIONS:
                self._complain("subscribe", f"options {f['options']:#04x}, not {SUBSCRIBE_OPTIONS:#04x}")

    def _up_publish(self, p):
        topic = p.fields["resolved_topic"] = self._resolve(p)
        wanted = min(1, self._limits["maximum_qos"])
        if p.get("qos") != wanted:
            self._complain("publish", f"QoS {p.get('qos')} on {topic}")
        if p.get("retain") or p.get("dup"):
            self._complain("publish", f"retain {p.get('retain')}, dup {p.get('dup')} on {topic}")
        if extra := sorted(set(p.get("properties")) - {"topic_alias"}):
            self._complain("publish", f"properties {', '.join(extra)} on {topic}")
        self._check_topic(topic, p)
        self._check_flight(p)
        if topic == self._topics.get("agent-connection"):
            self._last_hello = p.get("payload")

    def _resolve(self, p):
        topic, alias = p.get("topic"), p.prop("topic_alias")
        if alias is None:
            if not topic:
                self._fail(0x82, "alias", "PUBLISH with neither topic nor alias")
            return topic
        limit = self._limits["topic_alias_maximum"]
        if not 1 <= alias <= limit:
            self._fail(0x94, "alias", f"alias {alias}, the maximum is {limit}")
        if topic:
            self._aliases[alias] = topic
        elif alias not in self._aliases:
            self._fail(0x82, "alias", f"alias {alias} without a topic before")
        return self._aliases.get(alias, "")

    def _check_topic(self, topic, p):
        if topic.startswith(REPLY_PREFIX):
            if p.prop("topic_alias") is not None:
                self._complain("alias", f"reply with an alias on {topic}")
            return
        names = [name for name, t in self._topics.items() if t == topic and not name.startswith("inbox-")]
        if not names:
            self._complain("topic", f"PUBLISH to {topic!r}, which was not issued")
        elif names[0] not in schema.OUTBOUND or names[0] == "alarm-checkpoint":
            self._complain("topic", f"PUBLISH to {names[0]}, which nobody uses")

    def _check_flight(self, p):
        if not p.get("qos"):
            return
        number = p.get("packet_id")
        if number == 0 or number in self._in_flight:
            self._complain("publish", f"packet id {number} is {'0' if number == 0 else 'in use'}")
        self._in_flight.add(number)
        if len(self._in_flight) > self._limits["receive_maximum"]:
            self._fail(0x93, "receive_maximum",
                       f"{len(self._in_flight)} in flight, the maximum is {self._limits['receive_maximum']}")

    def _up_puback(self, p):
        if p.get("packet_id") not in self._from_cloud:
            self._complain("mqtt", f"PUBACK for {p.get('packet_id')}, which was not sent")
        self._from_cloud.discard(p.get("packet_id"))

    def _up_disconnect(self, _p):
        self.ended = True
        try:
            if self._last_hello and schema.decode("UpdateAgentConnection", self._last_hello).reachable:
                self._complain("goodbye", "DISCONNECT without UpdateAgentConnection{reachable=false}")
        except schema.SchemaError:
            pass                                            # complained about when it arrived
