# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud's copy of one node's alerts and their version (aclk/sync/README.md, "Alerts"). Pure.

Held against what came before, transition by transition: none twice but for a resend over another connection, none
overtaken by an earlier one of its alert, none that tells a status the cloud has already, one identity for one
transition, and snapshots whole. The methods return what is wrong, as sentences.
"""
import collections
import uuid

UNKNOWN, REMOVED, CRITICAL = 1, 2, 6
RECENT = 200
REMEMBERED = 200_000                # transitions whose identity is kept
CHUNK = 1000
LARGE_CHUNK = 256 << 10             # bytes of a chunk that may be cut before it has 1000 alerts


class Alerts:
    def __init__(self):
        self.active: dict[tuple, dict] = {}             # (chart, name) -> last AlarmLogEntry, removed ones left out
        self.recent = collections.deque(maxlen=RECENT)  # transitions as they came, newest last
        self.streaming = False
        self.entries = self.snapshots = self.resends = 0
        self._last: dict[tuple, dict] = {}              # (chart, name) -> newest, removed ones included
        self._known: dict[str, dict] = {}               # transition id -> what it stands for
        self._ids: dict[tuple, str] = {}                # (chart, name, event, when) -> transition id
        self._chunks: list[dict] = []                   # of the snapshot that is coming in
        self._used: set[str] = set()                    # uuids of complete snapshots
        self._session = None                            # in which the last message came

    def version(self) -> int:
        return sum(a["alert_version"] for a in self.active.values())

    def entry(self, e: dict, session=None) -> list[str]:
        """One live transition."""
        self.entries += 1
        self._enter(session)
        wrong = [] if self.streaming else ["transition while not streaming"]
        key = e["chart"], e["name"]
        if self._chunks:
            wrong.append(f"{_name(e)} between the chunks of a snapshot")
        wrong += _malformed(e) + self._identity(e)
        told = self._known.get(e["transition_id"])
        if told is not None:
            self.resends += 1
            if told["session"] == session:
                wrong.append(f"{_name(e)}: transition {e['transition_id']} came twice over one connection")
        wrong += self._order(key, e)
        self._remember(e, session)
        self._put(key, e)
        self.recent.append(e)
        return wrong

    def snapshot(self, s: dict, session=None, size: int | None = None, limit: int | None = None) -> list[str]:
        """One chunk; the table is replaced when all of them are here. size: bytes of this message; limit: the maximum
        packet size that the agent was told, if it was."""
        self._enter(session)
        wrong = []
        if s["chunk_size"] != len(s["alarms"]):
            wrong.append(f"chunk_size {s['chunk_size']} with {len(s['alarms'])} alerts")
        if not 1 <= s["chunk"] <= s["chunks"] or not s["snapshot_uuid"]:
            return wrong + [f"chunk {s['chunk']} of {s['chunks']}, uuid {s['snapshot_uuid']!r}"]
        wrong += self._chunk_fault(s, size, limit)
        self._chunks.append(s)
        if s["chunk"] == s["chunks"] == len(self._chunks):
            wrong += self._replace([a for c in self._chunks for a in c["alarms"]], session)
            self._used.add(s["snapshot_uuid"])
            self.snapshots += 1
            self._chunks = []
        return wrong

    # -- snapshots ----------------------------------------------------------------------------------------------

    def _chunk_fault(self, s, size, limit) -> list[str]:
        wrong = []
        begun = self._chunks[-1] if self._chunks else None
        if s["snapshot_uuid"] in self._used:
            wrong.append(f"snapshot {s['snapshot_uuid']} was complete already")
        if begun and begun["snapshot_uuid"] != s["snapshot_uuid"]:
            wrong.append(f"snapshot {s['snapshot_uuid']} begins before {begun['snapshot_uuid']} is complete")
            self._chunks = []
            begun = None
        if begun and begun["chunks"] != s["chunks"]:
            wrong.append(f"{s['chunks']} chunks, before there were {begun['chunks']}")
        if s["chunk"] != len(self._chunks) + 1:
            wrong.append(f"chunk {s['chunk']} after {[c['chunk'] for c in self._chunks]}")
            self._chunks = []
        count = len(s["alarms"])
        if count > CHUNK:
            wrong.append(f"{count} alerts in one chunk")
        if count == 0 and s["chunks"] != 1:
            wrong.append(f"chunk {s['chunk']} of {s['chunks']} is empty")
        if size is not None and s["chunk"] < s["chunks"] and count < CHUNK:
            if size < min(LARGE_CHUNK, (limit or LARGE_CHUNK * 2) // 2):
                wrong.append(f"chunk {s['chunk']} of {s['chunks']} ends after {count} alerts and {size} bytes")
        return wrong

    def _replace(self, alarms, session) -> list[str]:
        wrong = []
        self.active, self._last = {}, {}
        for a in alarms:
            key = a["chart"], a["name"]
            wrong += _malformed(a) + self._identity(a)
            if a["status"] == REMOVED:
                wrong.append(f"removed alert {_name(a)} in a snapshot")
            if key in self._last:
                wrong.append(f"{_name(a)} twice in a snapshot")
            self._remember(a, session)
            self._put(key, a)
        return wrong

    # -- transitions --------------------------------------------------------------------------------------------

    def _enter(self, session):
        if session != self._session:
            self._session = session
            self._chunks = []               # what was lost with the connection is not completed

    def _order(self, key, e) -> list[str]:
        last = self._last.get(key)
        if last is None or last["transition_id"] == e["transition_id"]:
            return []                       # a resend of the newest is right
        wrong = []
        if e["when"] < last["when"]:
            wrong.append(f"{_name(e)} went back from {last['when']} to {e['when']}")
        if e["event_id"] and last["event_id"] and e["event_id"] <= last["event_id"]:
            wrong.append(f"{_name(e)}: event {e['event_id']} after {last['event_id']}")
        if e["status"] == last["status"]:
            wrong.append(f"{_name(e)} has status {e['status']} already")
        return wrong

    def _identity(self, e) -> list[str]:
        """One transition id always means the same, and one transition always has the same id."""
        wrong = []
        known = self._known.get(e["transition_id"])
        if known is not None and known["means"] != _means(e):
            wrong.append(f"transition {e['transition_id']} is {_means(e)}, was {known['means']}")
        event = _means(e)[:4]
        if e["event_id"] and self._ids.get(event, e["transition_id"]) != e["transition_id"]:
            wrong.append(f"{_name(e)}: event {e['event_id']} is transition {e['transition_id']}, was {self._ids[event]}")
        return wrong

    def _remember(self, e, session):
        self._known.pop(e["transition_id"], None)
        self._known[e["transition_id"]] = {"means": _means(e), "session": session}
        if e["event_id"]:
            self._ids[_means(e)[:4]] = e["transition_id"]
        while len(self._known) > REMEMBERED:
            gone = self._known.pop(next(iter(self._known)))
            self._ids.pop(gone["means"][:4], None)

    def _put(self, key, entry):
        self._last[key] = entry
        if entry["status"] == REMOVED:
            self.active.pop(key, None)
        else:
            self.active[key] = entry


def _means(e) -> tuple:
    return e["chart"], e["name"], e["event_id"], e["when"], e["status"]


def _name(e) -> str:
    return f"{e['chart']}.{e['name']}"


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text and uuid.UUID(text).int != 0
    except ValueError:
        return False


def _malformed(e) -> list[str]:
    """What no entry may look like, whatever came before it."""
    wrong = []
    if not e["chart"] or not e["name"] or not e["when"]:
        wrong.append(f"chart {e['chart']!r}, alert {e['name']!r}, when {e['when']}")
    if e["alert_version"] != e["when"]:
        wrong.append(f"{_name(e)}: alert_version {e['alert_version']}, when {e['when']}")
    if not UNKNOWN <= e["status"] <= CRITICAL:
        wrong.append(f"{_name(e)}: status {e['status']}")
    for field in ("transition_id", "config_hash"):
        if not _is_uuid(e[field]):
            wrong.append(f"{_name(e)}: {field} is {e[field]!r}")
    return wrong
