# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cloud knows about one node, and about the session of one agent."""
import dataclasses
import time

from .alerts import Alerts
from .contexts import Contexts


@dataclasses.dataclass
class Session:
    """The agent's connection as its own messages describe it."""
    claim: str
    session_id: int | None = None
    reachable: bool = False
    since: float = dataclasses.field(default_factory=time.time)
    source: int = 0                     # update_source of the last message: 1 agent, 2 will
    capabilities: list = dataclasses.field(default_factory=list)
    hellos: int = 0

    def summary(self) -> dict:
        return dataclasses.asdict(self)


class Node:
    """Node ids belong to (claim id, machine guid); claim/README.md, "Order of settings, and reload"."""

    def __init__(self, node_id: str, claim: str, mguid: str, hostname: str, hops: int):
        self.id, self.claim, self.mguid, self.hostname, self.hops = node_id, claim, mguid, hostname, hops
        self.created = time.time()
        self.live = self.queryable = None           # None: nothing heard yet
        self.capabilities = []
        self.info = None                            # fields of the last UpdateNodeInfo
        self.collectors = None
        self.contexts, self.alerts = Contexts(), Alerts()
        self.alert_configs: dict[str, dict] = {}
        self.connection_updates = 0
        self.greeted_in = None                      # session in which checkpoints were sent

    def summary(self) -> dict:
        data = (self.info or {}).get("data") or {}
        return {
            "node_id": self.id, "claim": self.claim, "mguid": self.mguid, "hostname": self.hostname,
            "hops": self.hops, "live": self.live, "queryable": self.queryable, "created": self.created,
            "capabilities": self.capabilities, "info": self.info, "version": data.get("version"),
            "collectors": self.collectors, "contexts": len(self.contexts.by_id),
            "contexts_hash": self.contexts.hash(), "contexts_streaming": self.contexts.streaming,
            "context_snapshots": self.contexts.snapshots, "context_updates": self.contexts.updates,
            "hash_mismatches": self.contexts.mismatches, "alerts": len(self.alerts.active),
            "alert_version": self.alerts.version(), "alerts_streaming": self.alerts.streaming,
            "alert_entries": self.alerts.entries, "alert_snapshots": self.alerts.snapshots, "alert_resends": self.alerts.resends,
            "alert_configs": self.alert_configs, "connection_updates": self.connection_updates,
        }

    def forget(self, what: str):
        """The cloud loses this node's "contexts" or "alerts"; streaming goes on."""
        if what not in ("contexts", "alerts"):
            raise ValueError(f"cannot forget {what!r}")
        old = getattr(self, what)
        new = type(old)()
        new.streaming = old.streaming
        setattr(self, what, new)
