# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud's copy of one node's contexts and its version hash (aclk/sync/README.md, "Contexts"). Pure."""

MASK = (1 << 64) - 1
MAX_PER_UPDATE = 5000
CHART_TYPES = ("line", "area", "stacked", "heatmap")


def version_hash(contexts) -> int:
    """Σ version + last_entry − first_entry, modulo 2^64, over messages ContextUpdated that are not deleted."""
    return sum(c["version"] + c["last_entry"] - c["first_entry"] for c in contexts if not c["deleted"]) & MASK


class Contexts:
    """Each message is held against what came before it; the methods return what is wrong, as sentences."""

    def __init__(self):
        self.by_id: dict[str, dict] = {}
        self.streaming = False              # a checkpoint was sent and no stop after it
        self.synced = False                 # both sides have agreed once; before that a difference is no fault
        self.snapshots = self.updates = self.mismatches = 0
        self.last_created_at = 0
        self._asked = False                 # a checkpoint that no snapshot has answered yet
        self._settled = False               # our copy is the agent's: agreed in this session, nothing lost since
        self._equal_asked = False           # the last checkpoint had the agent's own hash

    def hash(self) -> int:
        return version_hash(self.by_id.values())

    def session_began(self):
        """What was on its way when the last one ended may be lost."""
        self._settled = self._equal_asked = False

    def checkpoint_sent(self, told: int):
        self.streaming = self._asked = True
        self._equal_asked = self._settled and told == self.hash()

    def stop_sent(self):
        self.streaming = False

    def snapshot(self, m: dict) -> list[str]:
        """Replaces everything."""
        self.snapshots += 1
        wrong = [] if self._asked else ["snapshot without a checkpoint before it"]
        if self._equal_asked:
            wrong.append("snapshot although the checkpoint had the right hash")
        self._asked = self._equal_asked = False
        wrong += self._rising(m["contexts"]) + _malformed(m["contexts"])
        if any(c["deleted"] for c in m["contexts"]):
            wrong.append("deleted context in a snapshot")
        self.by_id = {c["id"]: c for c in m["contexts"]}
        self.synced = self._settled = True
        if self.hash() != m["version"]:
            self.mismatches += 1
            wrong.append(f"hash of the snapshot is {self.hash()}, it says {m['version']}")
        return wrong

    def update(self, m: dict) -> tuple[list[str], bool]:
        """(what is wrong with the message, whether the hashes agree after it)."""
        self.updates += 1
        self._equal_asked = False
        changes = m["contextUpdates"]
        wrong = [] if self.streaming else ["update while not streaming"]
        wrong += self._rising(changes) + _malformed(changes)
        if len(changes) > MAX_PER_UPDATE:
            wrong.append(f"{len(changes)} contexts in one update")
        if not changes:
            wrong.append("empty update")
        if m["created_at"] <= self.last_created_at:
            wrong.append(f"created_at {m['created_at']} after {self.last_created_at}")
        self.last_created_at = m["created_at"]
        wrong += [f"{c['id']} changes in nothing" for c in changes if self.synced and self._idle(c)]
        for c in changes:
            if c["deleted"]:
                self.by_id.pop(c["id"], None)
            else:
                self.by_id[c["id"]] = c
        same = self.hash() == m["version_hash"]
        if same:
            self.synced = self._settled = True
        else:
            self.mismatches += 1
            if self.synced:
                wrong.append(f"hash is {self.hash()}, the message says {m['version_hash']}")
        return wrong, same

    def _idle(self, change) -> bool:
        """Nothing but the version differs from our copy; or it is deleted and we never had it."""
        ours = self.by_id.get(change["id"])
        if ours is None:
            return change["deleted"]
        return {**ours, "version": 0} == {**change, "version": 0}

    def _rising(self, changes) -> list[str]:
        return [f"version of {c['id']} is {c['version']} after {self.by_id[c['id']]['version']}"
                for c in changes if c["id"] in self.by_id and c["version"] <= self.by_id[c["id"]]["version"]]


def _malformed(changes) -> list[str]:
    """What no context may look like, whatever came before it."""
    wrong = []
    if len({c["id"] for c in changes}) != len(changes):
        wrong.append("a context is listed twice")
    for c in changes:
        if not c["id"] or not c["version"]:
            wrong.append(f"context {c['id']!r} with version {c['version']}")
        if not c["deleted"] and c["chart_type"] not in CHART_TYPES:
            wrong.append(f"{c['id']} has chart type {c['chart_type']!r}")
        if c["last_entry"] and c["last_entry"] < c["first_entry"]:
            wrong.append(f"{c['id']} ends at {c['last_entry']}, before it begins at {c['first_entry']}")
    return wrong
