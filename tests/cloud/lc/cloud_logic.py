# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cloud makes of an agent's messages, and its automatic answers (aclk/sync/README.md, "What is sent to the
cloud, and in which order")."""
import time
import uuid

from . import schema
from .nodes import Node, Session

AGENT, LWT, HEURISTIC = 1, 2, 3


class CloudLogic:
    """send(claim, type, fields) publishes a command to an agent."""

    def __init__(self, record, behaviour, topics_for, send):
        self.record, self.behaviour = record, behaviour
        self._topics_for, self._send = topics_for, send
        self.clear()

    def clear(self):
        self.sessions: dict[str, Session] = {}
        self.nodes: dict[str, Node] = {}
        self._ids: dict[tuple, str] = {}            # (claim, machine guid) -> node id
        self._configs_asked: dict[tuple, int] = {}  # (claim, config hash) -> questions not answered yet
        self._size = 0                              # bytes of the message that is being looked at
        self._last_heard: dict[str, float] = {}     # claim -> when something came

    def session(self, claim: str) -> Session:
        return self.sessions.setdefault(claim, Session(claim))

    def session_id(self, claim: str) -> int | None:
        return self.session(claim).session_id

    def totals(self, claim: str) -> dict:
        """Sums over an agent's nodes: cheap to ask for, however many there are. last: when its last message came."""
        nodes = self._nodes_of(claim)
        return {
            "nodes": len(nodes), "live": sum(1 for n in nodes if n.live),
            "described": sum(1 for n in nodes if n.info),
            "collectors": sum(1 for n in nodes if n.collectors is not None),
            "contexts": sum(len(n.contexts.by_id) for n in nodes), "alerts": sum(len(n.alerts.active) for n in nodes),
            "context_snapshots": sum(n.contexts.snapshots for n in nodes),
            "context_updates": sum(n.contexts.updates for n in nodes),
            "alert_snapshots": sum(n.alerts.snapshots for n in nodes),
            "alert_entries": sum(n.alerts.entries for n in nodes),
            "alert_resends": sum(n.alerts.resends for n in nodes),
            "alert_version": sum(n.alerts.version() for n in nodes), "last": self._last_heard.get(claim, 0.0),
        }

    def forget_node(self, node_id: str):
        """The cloud loses all memory of a node; its id is issued again when the agent asks."""
        node = self.nodes.pop(node_id)
        self._ids.pop((node.claim, node.mguid), None)

    def all_unreachable(self):
        """No agent can be connected any more."""
        for s in self.sessions.values():
            if s.reachable:
                self._set_reachable(s, False, HEURISTIC, time.time())

    def on_message(self, topic: str, payload: bytes, qos: int):
        """A message an agent published under /agent/<claim>/outbound/."""
        claim = topic.split("/")[2]
        topics = self._topics_for(claim) or {}
        name = next((n for n, t in topics.items() if t == topic), None)
        kind = schema.OUTBOUND.get(name)
        self.record.message("up", claim, kind or f"({name or topic})", topic, payload, qos)
        if kind is None:
            return self._complain("topic", claim, f"message on {topic}, which is not a topic for messages")
        try:
            fields = schema.to_dict(schema.decode(kind, payload))
            for text in schema.oddities(kind, payload) if self.behaviour.record else ():
                self._complain("encoding", claim, text)
        except schema.SchemaError as e:
            return self._complain("undecodable", claim, str(e))
        if fields.get("claim_id", claim) != claim and kind != "ProvideAlarmConfiguration":
            self._complain("claim", claim, f"{kind} with claim id {fields['claim_id']!r}")
        self._size, self._last_heard[claim] = len(payload), time.time()
        getattr(self, "_on_" + kind)(claim, fields)
        self.record.touch()

    def on_command(self, claim: str, kind: str, fields: dict):
        """A command on its way to an agent, automatic or a test's: what it means for our own state."""
        if kind == "SendAlarmConfiguration":
            key = claim, fields.get("config_hash", "")
            self._configs_asked[key] = self._configs_asked.get(key, 0) + 1
        node = self.nodes.get(fields.get("node_id", ""))
        if node is None or fields.get("claim_id", claim).replace("-", "") != claim.replace("-", ""):
            return                          # not meant for this agent, which has to see that
        if kind == "ContextsCheckpoint":
            node.contexts.checkpoint_sent(int(fields.get("version_hash", 0)))
        elif kind == "StopStreamingContexts":
            node.contexts.stop_sent()
        elif kind == "StartAlarmStreaming":
            node.alerts.streaming = True

    def node_id_for(self, claim: str, mguid: str) -> str:
        return self._ids.setdefault((claim, mguid), str(uuid.uuid4()))

    # -- one handler per message --------------------------------------------------------------------------------

    def _on_UpdateAgentConnection(self, claim, f):
        s = self.session(claim)
        if f["reachable"]:
            if s.reachable and s.session_id == f["session_id"]:
                self._complain("session", claim, "second hello in one session")
            if f["update_source"] != AGENT:
                self._complain("session", claim, f"hello with update_source {f['update_source']}")
            if s.session_id and f["session_id"] <= s.session_id:
                self._complain("session", claim, f"session {f['session_id']} after {s.session_id}")
            s.session_id, s.capabilities, s.hellos = f["session_id"], f["capabilities"], s.hellos + 1
            for node in self._nodes_of(claim):
                node.contexts.session_began()
        elif f["session_id"] != s.session_id:
            # The will of a connection that a newer one has replaced says nothing about the newer one.
            if f["update_source"] != LWT:
                self._complain("session", claim, f"goodbye of session {f['session_id']}, now is {s.session_id}")
            return
        self._set_reachable(s, f["reachable"], f["update_source"], (f["updated_at"] or {}).get("seconds", 0))
        if s.reachable and self.behaviour.auto_send_node_instances:
            self._send(claim, "SendNodeInstances", {"claim_id": claim})

    def _on_CreateNodeInstance(self, claim, f):
        node_id = self.node_id_for(claim, f["machine_guid"])
        if node_id not in self.nodes:
            self.nodes[node_id] = Node(node_id, claim, f["machine_guid"], f["hostname"], f["hops"])
        node = self.nodes[node_id]
        node.hostname, node.hops = f["hostname"], f["hops"]
        if self.behaviour.auto_create_node_result:
            self._send(claim, "CreateNodeInstanceResult", {"node_id": node_id, "machine_guid": f["machine_guid"]})

    def _on_UpdateNodeInstanceConnection(self, claim, f):
        if f["session_id"] != self.session_id(claim):
            self._complain("session", claim, f"UpdateNodeInstanceConnection of session {f['session_id']}, "
                                             f"now is {self.session_id(claim)}")
        node = self._node(claim, f, "UpdateNodeInstanceConnection")
        if node is None:
            return
        node.live, node.queryable, node.hops = f["liveness"], f["queryable"], f["hops"]
        node.capabilities, node.connection_updates = f["capabilities"], node.connection_updates + 1
        self._greet(node)

    def _on_UpdateNodeInfo(self, claim, f):
        node = self._node(claim, f, "UpdateNodeInfo")
        if node is None:
            return
        if f["machine_guid"] != node.mguid:
            self._complain("node", claim, f"info of {node.id} with machine guid {f['machine_guid']}")
        node.info = f
        node.hostname = (f["data"] or {}).get("name") or node.hostname
        self._greet(node)

    def _on_UpdateNodeCollectors(self, claim, f):
        node = self._node(claim, f, "UpdateNodeCollectors")
        if node:
            pairs = [(c["plugin"], c["module"]) for c in f["collectors"]]
            if len(set(pairs)) != len(pairs):
                self._complain("node", claim, "a collector is listed twice")
            node.collectors = f["collectors"]

    def _on_ContextsSnapshot(self, claim, f):
        node = self._node(claim, f, "ContextsSnapshot")
        if node:
            for text in node.contexts.snapshot(f):
                self._complain("contexts", claim, f"{node.hostname}: {text}")

    def _on_ContextsUpdated(self, claim, f):
        node = self._node(claim, f, "ContextsUpdated")
        if node is None:
            return
        wrong, same = node.contexts.update(f)
        for text in wrong:
            self._complain("contexts", claim, f"{node.hostname}: {text}")
        if not same and self.behaviour.auto_resync:
            self._checkpoint(node)

    def _on_AlarmLogEntry(self, claim, f):
        node = self._node(claim, f, "AlarmLogEntry")
        if node:
            for text in node.alerts.entry(f, self.session_id(claim)):
                self._complain("alerts", claim, f"{node.hostname}: {text}")

    def _on_AlarmSnapshot(self, claim, f):
        node = self._node(claim, f, "AlarmSnapshot")
        if node is None:
            return
        for a in f["alarms"]:
            if (a["claim_id"], a["node_id"]) != (claim, node.id):
                self._complain("alerts", claim, f"{node.hostname}: alert {a['name']} in its snapshot is of claim "
                                                f"{a['claim_id']!r}, node {a['node_id']!r}")
        for text in node.alerts.snapshot(f, self.session_id(claim), self._size, self._max_packet(claim)):
            self._complain("alerts", claim, f"{node.hostname}: {text}")

    def _on_ProvideAlarmConfiguration(self, claim, f):
        config, key = f["config"] or {}, (claim, f["config_hash"])
        if not self._configs_asked.get(key):
            self._complain("alerts", claim, f"configuration {f['config_hash']}, which nobody asked for")
        self._configs_asked[key] = max(0, self._configs_asked.get(key, 0) - 1)
        if bool(config.get("alarm")) == bool(config.get("template")):
            self._complain("alerts", claim, f"configuration {f['config_hash']} must have one of alarm and template")
        for node in self._nodes_of(claim):
            if node.alert_configs.get(f["config_hash"], config) != config:
                self._complain("alerts", claim, f"configuration {f['config_hash']} says something else than before")
            node.alert_configs[f["config_hash"]] = config

    def _on_AlarmCheckpoint(self, claim, _f):
        self._complain("topic", claim, "AlarmCheckpoint is never published")

    # -- helpers ------------------------------------------------------------------------------------------------

    def _nodes_of(self, claim: str) -> list[Node]:
        return [n for n in self.nodes.values() if n.claim == claim]

    def _max_packet(self, claim: str) -> int | None:
        """What the agent's newest connection was told in CONNACK."""
        for c in reversed(self.record.connections):
            if c.claim == claim and c.connack:
                return (c.connack.get("properties") or {}).get("maximum_packet_size")
        return None

    def _set_reachable(self, s: Session, reachable: bool, source: int, when: float):
        s.reachable, s.source, s.since = reachable, source, when
        for node in self.nodes.values():
            if node.claim == s.claim and not reachable:
                node.live = node.queryable = False

    def _greet(self, node: Node):
        """Checkpoints, once per session, as soon as the node has told who it is."""
        session = self.session_id(node.claim)
        if node.info is None or node.greeted_in == session:
            return
        node.greeted_in = session
        if self.behaviour.auto_contexts_checkpoint:
            self._checkpoint(node)
        if self.behaviour.auto_start_alarm_streaming:
            self._send(node.claim, "StartAlarmStreaming", {"node_id": node.id, "version": node.alerts.version()})

    def _checkpoint(self, node: Node):
        self._send(node.claim, "ContextsCheckpoint",
                   {"claim_id": node.claim, "node_id": node.id, "version_hash": node.contexts.hash()})

    def _node(self, claim, f, kind) -> Node | None:
        node = self.nodes.get(f["node_id"])
        if node is None or node.claim != claim:
            self._complain("node", claim, f"{kind} for node id {f['node_id']!r}, which was not issued to this agent")
            return None
        return node

    def _complain(self, kind, claim, text):
        self.record.violation(kind, text, claim)
