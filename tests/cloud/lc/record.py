# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened, in order and bounded: messages, HTTPS requests, connections with their packets, violations."""
import asyncio
import base64
import collections
import itertools
import time


class Log:
    """Entries numbered from 1; the oldest go when there are too many or they hold too many bytes."""

    def __init__(self, max_entries: int, max_bytes: int = 64 << 20):
        self._entries = collections.deque()
        self._max_entries, self._max_bytes = max_entries, max_bytes
        self._bytes = 0
        self.last = 0

    def append(self, entry: dict, size: int = 0) -> dict:
        self.last += 1
        entry["n"] = self.last
        self._entries.append((entry, size))
        self._bytes += size
        while len(self._entries) > self._max_entries or (self._bytes > self._max_bytes and len(self._entries) > 1):
            self._bytes -= self._entries.popleft()[1]
        return entry

    def since(self, n: int = 0) -> list[dict]:
        """Entries with a number above n."""
        newer = itertools.takewhile(lambda e: e[0]["n"] > n, reversed(self._entries))
        return [e for e, _ in newer][::-1]

    def __len__(self):
        return len(self._entries)


class Connection:
    """One WSS connection as the front saw it. Directions: "up" agent to cloud, "down" cloud to agent."""

    def __init__(self, number: int, upgrade: dict, tls: dict):
        self.id, self.upgrade, self.tls = number, upgrade, tls
        self.opened, self.closed = time.time(), None
        self.claim = None
        self.connect = None                 # fields of CONNECT
        self.connect_raw = b""
        self.connack = None                 # as the agent got it
        self.packets = Log(20000, 32 << 20)
        self.frames = Log(20000)
        self.bytes = {"up": 0, "down": 0}
        self.unacked = {"up": 0, "down": 0}
        self.max_unacked = 0                # most QoS 1 publishes of the agent in flight at once
        self.triggered = None                  # name of the packet that behaviour.on_up waited for
        self.mqtt_disconnect = None         # reason the agent gave
        self.ws_close = None                # {"by", "code", "reason"}: the first close frame, or how TCP ended
        self.ws_close_seen = {"up": None, "down": None}

    def summary(self) -> dict:
        return {
            "id": self.id, "claim": self.claim, "opened": self.opened, "closed": self.closed,
            "open": self.closed is None, "upgrade": self.upgrade, "tls": self.tls,
            "connect": jsonable(self.connect), "connect_raw": self.connect_raw.hex(),
            "connack": jsonable(self.connack), "packets": self.packets.last, "frames": self.frames.last,
            "bytes": self.bytes, "unacked": self.unacked, "max_unacked": self.max_unacked,
            "triggered": self.triggered, "mqtt_disconnect": jsonable(self.mqtt_disconnect), "ws_close": self.ws_close,
            "ws_close_seen": self.ws_close_seen,
        }


class Record:
    def __init__(self, verbose=None):
        self.revision = 0
        self._verbose = verbose or (lambda text: None)
        self._waiters: set[asyncio.Future] = set()
        self.clear()

    def clear(self):
        self.messages = Log(100000, 256 << 20)
        self.https = Log(20000)
        self.violations = Log(5000)
        self.connections: list[Connection] = []
        self.touch()

    def touch(self):
        """Something a test may wait for has changed."""
        self.revision += 1
        waiters, self._waiters = self._waiters, set()
        for w in waiters:
            if not w.done():
                w.set_result(None)

    async def changed(self, since: int, timeout: float) -> int:
        """The revision, as soon as it is above since, or after timeout seconds."""
        end = time.monotonic() + timeout
        while self.revision <= since and (left := end - time.monotonic()) > 0:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            await asyncio.wait([waiter], timeout=left)
            self._waiters.discard(waiter)
        return self.revision

    def new_connection(self, upgrade: dict, tls: dict) -> Connection:
        connection = Connection(len(self.connections) + 1, upgrade, tls)
        self.connections.append(connection)
        self.touch()
        return connection

    def connection(self, number: int) -> Connection:
        if not 1 <= number <= len(self.connections):
            raise KeyError(f"connection {number} does not exist")
        return self.connections[number - 1]

    def violation(self, kind: str, text: str, claim: str | None = None, conn: int | None = None):
        self._verbose(f"VIOLATION {kind}: {text} (claim {claim}, connection {conn})")
        self.violations.append({"time": time.time(), "kind": kind, "text": text, "claim": claim, "conn": conn})
        self.touch()

    def message(self, direction: str, claim: str, kind: str, topic: str, payload: bytes, qos: int, **more):
        self._verbose(f"{'<-' if direction == 'up' else '->'} {claim[:8]} {kind} {len(payload)} bytes")
        self.messages.append({"time": time.time(), "direction": direction, "claim": claim, "type": kind,
                              "topic": topic, "qos": qos, "payload": payload, **more}, len(payload))
        self.touch()

    def request(self, entry: dict):
        """An HTTPS request has arrived; its "status" is None until answered()."""
        self.https.append(entry)
        self.touch()

    def answered(self, entry: dict):
        self._verbose(f"HTTPS {entry['method']} {entry['target']} {entry['status']}")
        self.touch()


def jsonable(value):
    """A copy that json can write: bytes become {"b64": …, "size": …}."""
    if isinstance(value, (bytes, bytearray)):
        return {"b64": base64.b64encode(value).decode(), "size": len(value)}
    if isinstance(value, dict):
        return {k: jsonable(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(v) for v in value]
    return value
