# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud's copy of one node's contexts and its version hash (protocol.md 4.5). Pure."""

MASK = (1 << 64) - 1


def version_hash(contexts) -> int:
    """Σ version + last_entry − first_entry, modulo 2^64, over messages ContextUpdated that are not deleted."""
    return sum(c["version"] + c["last_entry"] - c["first_entry"] for c in contexts if not c["deleted"]) & MASK


class Contexts:
    def __init__(self):
        self.by_id: dict[str, dict] = {}
        self.streaming = False              # a checkpoint was sent and no stop after it
        self.synced = False                 # both sides have agreed once; before that a difference is no fault
        self.snapshots = self.updates = self.mismatches = 0
        self.last_created_at = 0

    def hash(self) -> int:
        return version_hash(self.by_id.values())

    def checkpoint_sent(self):
        self.streaming = True

    def stop_sent(self):
        self.streaming = False

    def snapshot(self, m: dict) -> list[str]:
        """Replaces everything. Returns what is wrong with the message."""
        self.snapshots += 1
        wrong = [] if self.streaming else ["snapshot without a checkpoint before it"]
        wrong += self._rising(m["contexts"])
        ids = [c["id"] for c in m["contexts"]]
        if len(set(ids)) != len(ids):
            wrong.append("a context is listed twice")
        if any(c["deleted"] for c in m["contexts"]):
            wrong.append("deleted context in a snapshot")
        self.by_id = {c["id"]: c for c in m["contexts"]}
        self.synced = True
        if self.hash() != m["version"]:
            self.mismatches += 1
            wrong.append(f"hash of the snapshot is {self.hash()}, it says {m['version']}")
        return wrong

    def update(self, m: dict) -> tuple[list[str], bool]:
        """(what is wrong with the message, whether the hashes agree after it)."""
        self.updates += 1
        changes = m["contextUpdates"]
        wrong = [] if self.streaming else ["update while not streaming"]
        wrong += self._rising(changes)
        if len(changes) > 5000:
            wrong.append(f"{len(changes)} contexts in one update")
        if not changes:
            wrong.append("empty update")
        if m["created_at"] <= self.last_created_at:
            wrong.append(f"created_at {m['created_at']} after {self.last_created_at}")
        self.last_created_at = m["created_at"]
        for c in changes:
            if c["deleted"]:
                self.by_id.pop(c["id"], None)
            else:
                self.by_id[c["id"]] = c
        same = self.hash() == m["version_hash"]
        if same:
            self.synced = True
        else:
            self.mismatches += 1
            if self.synced:
                wrong.append(f"hash is {self.hash()}, the message says {m['version_hash']}")
        return wrong, same

    def _rising(self, changes) -> list[str]:
        return [f"version of {c['id']} is {c['version']} after {self.by_id[c['id']]['version']}"
                for c in changes if c["id"] in self.by_id and c["version"] <= self.by_id[c["id"]]["version"]]
