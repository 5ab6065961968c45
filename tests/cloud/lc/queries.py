# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries to agents (aclk/query/README.md, "Questions of the cloud"): framing, replies, who is still waiting."""
import asyncio
import base64
import collections
import dataclasses
import json
import re
import secrets
import time
import zlib

CRLF2 = b"\r\n\r\n"
REPLY_KEYS = ["type", "msg-id", "timestamp", "timestamp-offset-usec", "connect", "connect-offset-usec", "version",
              "t-exec", "t-rx", "http-code"]
ERROR_KEYS = ["type", "msg-id", "timestamp", "timestamp-offset-usec", "connect", "connect-offset-usec", "version",
              "http-code", "error-code", "error-description"]
KEPT = 20000


class ReplyError(Exception):
    """A reply that does not follow 5.4."""


@dataclasses.dataclass
class Query:
    number: int
    claim: str
    msg_id: str
    topic: str
    target: str
    sent: float                                  # wall clock
    sent_mono: float
    replies: list[dict] = dataclasses.field(default_factory=list)
    future: asyncio.Future | None = None


def request_bytes(method: str, target: str, headers: dict, body: bytes) -> bytes:
    """HTTP/1.1 request; Content-Length is added to POST and PUT unless a header says otherwise."""
    lines = [f"{method} {target} HTTP/1.1"] + [f"{k}: {v}" for k, v in headers.items() if v is not None]
    if method in ("POST", "PUT") and "content-length" not in {k.lower() for k in headers}:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + CRLF2 + body


def frame(header: dict, request: bytes) -> bytes:
    return json.dumps(header, separators=(",", ":")).encode() + CRLF2 + request


def parse_reply(payload: bytes) -> tuple[dict, list[str]]:
    """(reply, what is wrong with its form). ReplyError when it cannot be read at all."""
    head, separator, http = payload.partition(CRLF2)
    try:
        pairs = json.loads(head, object_pairs_hook=lambda p: p)
        header = dict(pairs)
    except (ValueError, TypeError) as e:
        raise ReplyError(f"header is not a JSON object: {e}: {head[:200]!r}") from None
    wrong = []
    order = [k for k, _ in pairs]
    wanted = ERROR_KEYS if "error-code" in header else REPLY_KEYS
    if order != wanted:
        wrong.append(f"keys {order}")
    if re.search(rb"\s", re.sub(rb'"(?:[^"\\]|\\.)*"', b"", head)):
        wrong.append("header is not compact JSON")
    reply = {"header": header, "status": header.get("http-code"), "headers": [], "body": b"", "size": len(payload),
             "has_http": bool(separator)}
    if separator:
        wrong += _parse_http(http, reply)
    elif "error-code" not in header and header.get("http-code") != 400:
        wrong.append("no HTTP part")
    return reply, wrong


def _parse_http(http: bytes, reply: dict) -> list[str]:
    head, separator, body = http.partition(CRLF2)
    if not separator:
        raise ReplyError(f"HTTP head does not end: {http[:200]!r}")
    lines = head.decode("latin1").split("\r\n")
    status = lines[0].split(" ", 2)
    if len(status) < 2 or status[0] != "HTTP/1.1" or not status[1].isdigit():
        raise ReplyError(f"status line {lines[0]!r}")
    wrong = []
    reply["headers"] = [line.split(": ", 1) for line in lines[1:]]
    if any(len(h) != 2 for h in reply["headers"]):
        raise ReplyError(f"header lines {lines[1:]}")
    headers = {k.lower(): v for k, v in reply["headers"]}
    if int(status[1]) != reply["status"]:
        wrong.append(f"http-code {reply['status']}, status line {lines[0]}")
    if headers.get("content-length") != str(len(body)):
        wrong.append(f"Content-Length {headers.get('content-length')}, {len(body)} bytes of body")
    reply["wire_body_size"] = len(body)
    if headers.get("content-encoding") == "gzip":
        try:
            body = zlib.decompress(body, wbits=31)
        except zlib.error as e:
            raise ReplyError(f"gzip body: {e}") from None
    reply["body"] = body
    return wrong


class Queries:
    """send(topic, payload) publishes to the broker; complain(kind, text, claim) is for replies that are wrong."""

    def __init__(self, send, complain, session_of):
        self._send, self._complain, self._session_of = send, complain, session_of
        self._serial = 0
        self._by_topic = {}
        self.clear()

    def clear(self):
        """Nobody waits for anything any more; replies that are still on their way are dropped without a word."""
        self._retired = set(self._by_topic)
        self._by_topic: dict[str, list[Query]] = collections.defaultdict(list)
        self._all: dict[int, Query] = {}

    def get(self, number: int) -> Query:
        return self._all[number]

    def start(self, claim: str, inbox: str, target: str, method="GET", headers=None, body=b"", timeout_ms=None,
              msg_id=None, callback_topic=None, header_extra=None) -> Query:
        msg_id = msg_id or secrets.token_hex(16)
        topic = callback_topic or f"/svc/agent-data-ctrl/{secrets.token_hex(8)}/resp"
        header = {"version": 2, "type": "http", "msg-id": msg_id, "callback-topic": topic}
        if timeout_ms:
            header["timeout"] = timeout_ms
        header.update(header_extra or {})
        q = self.expect(claim, msg_id, topic, target)
        self._send(inbox, frame(header, request_bytes(method, target, headers or {}, body)))
        return q

    def expect(self, claim: str, msg_id: str, topic: str, target: str = "") -> Query:
        """A reply with this id on this topic is asked for."""
        self._serial += 1
        q = Query(self._serial, claim, msg_id, topic, target, time.time(), time.monotonic())
        q.future = asyncio.get_running_loop().create_future()
        self._by_topic[topic].append(q)
        self._all[q.number] = q
        if len(self._all) > KEPT:
            old = self._all.pop(next(iter(self._all)))
            self._by_topic[old.topic].remove(old)
        return q

    def raw_sent(self, claim: str, payload: bytes):
        """A hand-made request: if it is readable, its reply is expected."""
        try:
            header = json.loads(payload.partition(CRLF2)[0])
            self.expect(claim, str(header["msg-id"]), header["callback-topic"])
        except (ValueError, KeyError, TypeError):
            pass

    def on_reply(self, topic: str, payload: bytes):
        if topic in self._retired:
            return None
        arrived, mono = time.time(), time.monotonic()
        waiting = self._by_topic.get(topic, [])
        claim = waiting[0].claim if waiting else None
        try:
            reply, wrong = parse_reply(payload)
        except ReplyError as e:
            return self._complain("reply", f"{topic}: {e}", claim)
        msg_id = reply["header"].get("msg-id")
        matching = [q for q in waiting if q.msg_id == msg_id]
        if not matching:
            return self._complain("reply", f"nobody asked for {msg_id!r} on {topic}", claim)
        q = next((m for m in matching if not m.replies), matching[-1])
        wrong += self._session_fault(q.claim, reply["header"])
        for text in wrong:
            self._complain("reply", f"{q.target}: {text}", q.claim)
        if q.replies:
            self._complain("reply", f"{q.target}: more replies than requests with id {msg_id!r}", q.claim)
        reply.update(arrived=arrived, seconds=mono - q.sent_mono, raw=payload)
        q.replies.append(reply)
        if not q.future.done():
            q.future.set_result(reply)

    def _session_fault(self, claim: str, header: dict) -> list[str]:
        session = self._session_of(claim)
        try:
            connect = header["connect"] * 1000000 + header["connect-offset-usec"]
        except (KeyError, TypeError):
            return ["connect or connect-offset-usec is missing"]
        return [] if session in (None, connect) else [f"connect is {connect}, the session is {session}"]


def to_json(q: Query, reply: dict | None) -> dict:
    out = {"query": q.number, "msg_id": q.msg_id, "topic": q.topic, "replies": len(q.replies), "reply": None}
    if reply is not None:
        out["reply"] = {**{k: v for k, v in reply.items() if k not in ("raw", "body")},
                        "raw": base64.b64encode(reply["raw"]).decode(),
                        "body": base64.b64encode(reply["body"]).decode()}
    return out
