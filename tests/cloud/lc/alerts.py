# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud's copy of one node's alerts and their version (protocol.md 4.6). Pure."""
import collections

REMOVED = 2
RECENT = 200


class Alerts:
    def __init__(self):
        self.active: dict[tuple, dict] = {}             # (chart, name) -> last AlarmLogEntry, removed ones left out
        self.recent = collections.deque(maxlen=RECENT)  # transitions as they came, newest last
        self.streaming = False
        self.entries = self.snapshots = 0
        self._chunks: dict[str, dict[int, list]] = {}

    def version(self) -> int:
        return sum(a["alert_version"] for a in self.active.values())

    def entry(self, e: dict) -> list[str]:
        """One live transition. Returns what is wrong with it."""
        self.entries += 1
        wrong = [] if self.streaming else ["transition while not streaming"]
        if e["alert_version"] != e["when"]:
            wrong.append(f"alert_version {e['alert_version']} of a live entry, when {e['when']}")
        key = e["chart"], e["name"]
        last = self.active.get(key)
        if last and e["when"] < last["when"]:
            wrong.append(f"{e['chart']}.{e['name']} went back from {last['when']} to {e['when']}")
        self._put(key, e)
        self.recent.append(e)
        return wrong

    def snapshot(self, s: dict) -> list[str]:
        """One chunk; the table is replaced when all of them are here."""
        wrong = []
        if s["chunk_size"] != len(s["alarms"]):
            wrong.append(f"chunk_size {s['chunk_size']} with {len(s['alarms'])} alerts")
        if not 1 <= s["chunk"] <= s["chunks"] or not s["snapshot_uuid"]:
            return wrong + [f"chunk {s['chunk']} of {s['chunks']}, uuid {s['snapshot_uuid']!r}"]
        if s["chunk_size"] > 1000:
            wrong.append(f"{s['chunk_size']} alerts in one chunk")
        chunks = self._chunks.setdefault(s["snapshot_uuid"], {})
        if s["chunk"] in chunks or s["chunk"] != len(chunks) + 1:
            wrong.append(f"chunk {s['chunk']} after {sorted(chunks)}")
        chunks[s["chunk"]] = s["alarms"]
        if len(chunks) == s["chunks"]:
            self.active = {}
            for alarms in chunks.values():
                for a in alarms:
                    if a["status"] == REMOVED:
                        wrong.append(f"removed alert {a['chart']}.{a['name']} in a snapshot")
                    self._put((a["chart"], a["name"]), a)
            self.snapshots += 1
            self._chunks.clear()
        return wrong

    def _put(self, key, entry):
        if entry["status"] == REMOVED:
            self.active.pop(key, None)
        else:
            self.active[key] = entry
