# SPDX-License-Identifier: GPL-3.0-or-later
"""The local cloud for tests: start it, look at what it saw, make it do things. Standard library only.

    with LocalCloud.start(tmp_path) as cloud:
        ... claim and start an agent with cloud.url, cloud.ca, cloud.token ...
        claim = cloud.wait_claimed()
        cloud.wait_online(claim)
        reply = cloud.query(claim, "/api/v1/info")
        assert reply.http_status == 200 and not cloud.violations()
"""
import base64
import http.client
import json
import pathlib
import subprocess
import threading
import time
import urllib.parse

from lc import launch
from lc.launch import CloudError
from lc.reply import Reply, from_control

__all__ = ["CloudError", "LocalCloud", "Reply"]


class LocalCloud:
    def __init__(self, info: dict, process: subprocess.Popen | None = None):
        """Attaches to a running cloud (info: the JSON it printed). Tests use start()."""
        self.info = info
        self.url, self.ca, self.token = info["url"], info["ca"], info["token"]
        self.rooms, self.web, self.control = info["rooms"], info["web"], info["control"]
        self.dir = pathlib.Path(info["dir"])
        self._process = process
        self._local = threading.local()
        self._messages: list[dict] = []
        self._lock = threading.Lock()

    # -- life ---------------------------------------------------------------------------------------------------

    @classmethod
    def start(cls, directory, *, broker_options=(), https_port=0, web_port=0, name="localhost", certificate="good",
              tls_min=None, tls_max=None, verbose=False) -> "LocalCloud":
        """Starts one in a directory of its own; it ends with stop(), with the "with" block, or with this process."""
        options = ["--https-port", str(https_port), "--web-port", str(web_port), "--name", name,
                   "--certificate", certificate]
        for option in broker_options:
            options += ["--broker-option", option]
        options += ["--tls-min", tls_min] if tls_min else []
        options += ["--tls-max", tls_max] if tls_max else []
        options += ["--verbose"] if verbose else []
        return cls(*launch.start(pathlib.Path(directory), options))

    @classmethod
    def attach(cls, directory) -> "LocalCloud":
        """The cloud that somebody else runs in this directory."""
        return cls(json.loads((pathlib.Path(directory) / "cloud.json").read_text()))

    def stop(self) -> int | None:
        """Ends the cloud and returns its exit code (0 is right). Does nothing to one we only attached to."""
        process, self._process = self._process, None
        if process is None:
            return None
        return launch.stop(process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def host(self) -> str:
        return urllib.parse.urlsplit(self.url).hostname

    @property
    def port(self) -> int:
        return urllib.parse.urlsplit(self.url).port

    # -- what the cloud has seen --------------------------------------------------------------------------------

    def state(self) -> dict:
        """Everything at a glance: agents, nodes, connections, behaviour, counts, revision."""
        return self._get("state")

    def agents(self) -> dict:
        """claim id -> claim data and the state of its session (reachable, session_id, capabilities, hellos …)."""
        return self.state()["agents"]

    def agent(self, claim: str) -> dict:
        return self.agents()[claim]

    def nodes(self, claim: str | None = None) -> list[dict]:
        """Nodes in order of creation; see lc/nodes.py for the keys."""
        return [n for n in self.state()["nodes"].values() if claim in (None, n["claim"])]

    def node(self, hostname: str | None = None, mguid: str | None = None) -> dict | None:
        """The node with this host name or machine guid, if the cloud knows it."""
        found = [n for n in self.nodes() if hostname in (None, n["hostname"]) and mguid in (None, n["mguid"])]
        return found[-1] if found else None

    def totals(self, claim: str) -> dict:
        """Sums over an agent's nodes (see lc/cloud_logic.py): for many nodes, where nodes() is long."""
        return self._get("totals", claim=claim)

    def contexts(self, node: str) -> dict:
        """Context id -> the cloud's copy of it."""
        return self._get("contexts", node=node)

    def alerts(self, node: str) -> dict:
        """{"active": [...], "recent": [...]} AlarmLogEntry fields."""
        return self._get("alerts", node=node)

    def connections(self, claim: str | None = None) -> list[dict]:
        """WSS connections in order, open and closed: upgrade, tls, connect, connack, ws_close, bytes …"""
        return [c for c in self._get("connections") if claim in (None, c["claim"])]

    def newest(self, claim: str) -> dict | None:
        """The agent's newest connection in short: id, open, triggered (the packet that on_up waited for), packets."""
        return self._get("newest", claim=claim)

    def packets(self, conn: int, *types: str, direction: str | None = None, since: int = 0) -> list[dict]:
        """MQTT packets of a connection: {n, time, dir, type, flags, size, fields}; bytes are {"b64", "size"}."""
        return [p for p in self._get("packets", conn=conn, since=since)
                if (not types or p["type"] in types) and direction in (None, p["dir"])]

    def frames(self, conn: int) -> list[dict]:
        """WebSocket frames: {time, dir, opcode, size, fin, masked}."""
        return self._get("frames", conn=conn)

    def messages(self, claim: str | None = None, type: str | None = None, direction: str | None = None,
                 since: int = 0) -> list[dict]:
        """Messages in order: {n, time, direction "up"|"down", claim, type, topic, qos, size, payload, fields}.

        fields has every field (defaults included); payload is the bytes. since: only entries with n above it.
        """
        with self._lock:
            last = self._messages[-1]["n"] if self._messages else 0
            for m in self._get("messages", since=last):
                m["payload"] = base64.b64decode(m["payload"])
                self._messages.append(m)
            known = list(self._messages)
        return [m for m in known if m["n"] > since and claim in (None, m["claim"]) and type in (None, m["type"])
                and direction in (None, m["direction"])]

    def last_message_number(self) -> int:
        """For messages(since=...)."""
        return self.state()["counts"]["messages"]

    def https_requests(self, stage: str | None = None, since: int = 0) -> list[dict]:
        """Requests in order: {n, time, stage, method, target, headers, body, status, http, tls {connection, …}}.

        stage is claim, env, challenge, password, upgrade or other. Secrets in the body are masked.
        """
        return [r for r in self._get("https", since=since) if stage in (None, r["stage"])]

    def violations(self, kind: str | None = None, claim: str | None = None) -> list[dict]:
        """What agents did against the protocol: {n, time, kind, text, claim, conn}."""
        return [v for v in self._get("violations") if kind in (None, v["kind"]) and claim in (None, v["claim"])]

    # -- waiting ------------------------------------------------------------------------------------------------

    def wait(self, predicate, timeout: float, what: str):
        """The first true result of predicate(); after timeout seconds AssertionError with the recent record.

        It is evaluated again whenever the cloud records something, and a few times a second.
        """
        deadline = time.monotonic() + timeout
        revision = -1
        while True:
            result = predicate()
            if result:
                return result
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"not within {timeout} s: {what}\n{self.recent()}")
            revision = self._get("changes", since=revision, timeout=min(left, 0.25))["revision"]
            time.sleep(0.01)                        # a busy agent records thousands of things per second

    def wait_claimed(self, hostname: str | None = None, timeout: float = 15) -> str:
        """Claim id of the newest agent (with that host name)."""
        def newest():
            return [c for c, a in self.agents().items() if hostname in (None, a["hostname"])]
        return self.wait(newest, timeout, f"claim of {hostname or 'any agent'}")[-1]

    def wait_online(self, claim: str, timeout: float = 20, hellos: int = 1) -> dict:
        """The agent's state once it is reachable (after at least that many hellos)."""
        def online():
            a = self.agents().get(claim)
            return a if a and a["reachable"] and a["hellos"] >= hellos else None
        return self.wait(online, timeout, f"agent {claim} online")

    def wait_offline(self, claim: str, timeout: float = 20) -> dict:
        def offline():
            a = self.agents().get(claim)
            return a if a and not a["reachable"] else None
        return self.wait(offline, timeout, f"agent {claim} offline")

    def wait_node(self, hostname: str | None = None, timeout: float = 30, **wanted) -> dict:
        """A node whose summary has these values, e.g. wait_node("child1", live=True, hops=1)."""
        def there():
            for n in self.nodes():
                if hostname in (None, n["hostname"]) and all(n.get(k) == v for k, v in wanted.items()):
                    return n
            return None
        return self.wait(there, timeout, f"node {hostname or ''} {wanted or ''}")

    def wait_message(self, type: str, claim: str | None = None, timeout: float = 20, since: int = 0,
                     where=None) -> dict:
        """The first message from an agent of this type (after number since, for which where(fields) is true)."""
        def found():
            candidates = self.messages(claim, type, "up", since)
            return next((m for m in candidates if where is None or where(m["fields"])), None)
        return self.wait(found, timeout, f"message {type}")

    def recent(self, lines: int = 25) -> str:
        """The end of the record, for people."""
        state = self.state()
        out = ["--- agents"]
        out += [f"{c} {a['hostname']} reachable={a['reachable']} session={a['session_id']}"
                for c, a in state["agents"].items()]
        out += ["--- https"] + [f"{r['time']:.3f} {r['method']} {r['target']} {r['status']}"
                                for r in self.https_requests()[-lines:]]
        out += ["--- connections"] + [f"{c['id']} {c['claim']} open={c['open']} packets={c['packets']} {c['ws_close']}"
                                      for c in state["connections"][-8:]]
        out += ["--- messages"] + [f"{m['time']:.3f} {m['direction']:4} {m['type']} {json.dumps(m['fields'])[:300]}"
                                   for m in self.messages()[-lines:]]
        out += ["--- violations"] + [f"{v['kind']}: {v['text']}" for v in self.violations()[-lines:]]
        return "\n".join(out)

    # -- doing --------------------------------------------------------------------------------------------------

    def configure(self, **behaviour) -> dict:
        """Switches of lc/behaviour.py; reset=True first puts all of them back. Returns the behaviour now in force.

        claim=…: for this agent only, where the switch is about its requests, packets or frames. Its upgrade is known
        only if the path of the endpoint that /env names ends with its claim id."""
        for key, value in behaviour.items():
            if key.endswith("_raw") and isinstance(value, bytes):
                behaviour[key] = base64.b64encode(value).decode()
        return self._post("configure", behaviour)

    def reset(self):
        """As if newly started (no agents, nodes, connections, record; default behaviour), but for the ports, the token
        and the broker's options: lets tests share one cloud."""
        self._post("reset", {})
        with self._lock:
            self._messages.clear()

    def send(self, claim: str, type: str, fields: dict | None = None):
        """A command message to the agent."""
        self._post("send", {"claim": claim, "type": type, "fields": fields or {}})

    def publish_raw(self, claim: str, topic_suffix: str, payload: bytes, qos: int = 1, topic: str | None = None):
        """Any bytes to /agent/<claim>/inbound/<topic_suffix>, or to topic."""
        self._post("publish", {"claim": claim, "topic_suffix": topic_suffix, "topic": topic, "qos": qos,
                               "payload": base64.b64encode(payload).decode()})

    def raw_cmd(self, claim: str, payload: bytes, qos: int = 1):
        """A hand-made query message."""
        self.publish_raw(claim, "cmd", payload, qos)

    def query(self, claim: str, target: str, method: str = "GET", *, wait: float = 20, **options) -> Reply:
        """Sends a query and waits for its reply; AssertionError if none comes within wait seconds.

        Options: node (id put before the target), headers, body, timeout_ms, accept_gzip, msg_id, callback_topic,
        header_extra (more keys of the JSON header, or other values for the usual ones).
        """
        answer = self._query(claim, target, method, wait, **options)
        if answer["reply"] is None:
            raise AssertionError(f"no reply within {wait} s to {method} {target}\n{self.recent()}")
        return from_control(answer)

    def query_async(self, claim: str, target: str, method: str = "GET", **options) -> int:
        """Sends a query; collect(number) waits for its reply."""
        return self._query(claim, target, method, 0, **options)["query"]

    def collect(self, query: int, wait: float = 20) -> Reply | None:
        """The reply, or None if there was none within wait seconds."""
        answer = self._get("reply", query=query, wait=wait)
        return from_control(answer) if answer["reply"] else None

    def replies(self, query: int) -> list[Reply]:
        """All replies to one query (one is right)."""
        return [from_control(a) for a in self._get("replies", query=query)]

    def load(self, claim: str, targets, count: int, concurrency: int = 1, **options) -> dict:
        """count queries timed inside the cloud: {latencies, codes, bytes, seconds}. See lc/load.py."""
        targets = [targets] if isinstance(targets, str) else list(targets)
        return self._post("load", {"claim": claim, "targets": targets, "count": count, "concurrency": concurrency,
                                   **options})

    def cancel(self, claim: str, msg_id: str):
        self._post("cancel", {"claim": claim, "msg_id": msg_id})

    def disconnect(self, claim: str | None = None, *, conn: int | None = None, ws_code: int | None = None,
                   ws_reason: str = "", abrupt: bool = False, hang_up: bool = False, mqtt_reason: int | None = None,
                   properties: dict | None = None, close: bool = True) -> int:
        """Ends the agent's newest (or that) connection: WebSocket close with a code, TCP reset (abrupt), TLS and TCP
        closed without a close frame (hang_up), or MQTT DISCONNECT (close=False: and then nothing)."""
        return self._post("disconnect", {
            "claim": claim, "conn": conn, "ws_code": 1000 if ws_code is None else ws_code, "ws_reason": ws_reason,
            "abrupt": abrupt, "hang_up": hang_up, "mqtt_reason": mqtt_reason, "properties": properties,
            "close": close})["conn"]

    def hold(self, claim: str | None = None, *, conn: int | None = None, directions=("up", "down")) -> int:
        """Freezes the cloud's end of a connection: nothing is read ("up") or written ("down") until release()."""
        return self._post("hold", {"claim": claim, "conn": conn, "directions": list(directions), "on": True})["conn"]

    freeze = hold

    def release(self, claim: str | None = None, *, conn: int | None = None, directions=("up", "down")) -> int:
        return self._post("hold", {"claim": claim, "conn": conn, "directions": list(directions), "on": False})["conn"]

    def inject(self, data: bytes, claim: str | None = None, *, conn: int | None = None, level: str = "mqtt",
               **frame) -> int:
        """Bytes to the agent that no broker sent: level mqtt (stream), frame (opcode, fin, masked, rsv), raw (TLS)."""
        return self._post("inject", {"claim": claim, "conn": conn, "level": level,
                                     "data": base64.b64encode(data).decode(), **frame})["conn"]

    def restart_broker(self, options=None, down_seconds: float = 0, kill: bool = False) -> dict:
        """Stops (kill: by SIGKILL) and starts mosquitto, with other mosquitto.conf lines if options is a list."""
        return self._post("restart_broker", {"options": options, "down_seconds": down_seconds, "kill": kill})

    def forget(self, *, claim: str | None = None, node: str | None = None, what: str | None = None):
        """The cloud loses an agent, a node, or of a node what = "contexts" or "alerts"."""
        self._post("forget", {"claim": claim, "node": node, "what": what})

    def add_space(self, name: str = "Another space") -> dict:
        """{"id", "token", "rooms"} of one more space."""
        return self._post("space", {"name": name})

    # -- plumbing -----------------------------------------------------------------------------------------------

    def _query(self, claim, target, method, wait, *, node=None, headers=None, body=b"", timeout_ms=None,
               accept_gzip=False, msg_id=None, callback_topic=None, header_extra=None) -> dict:
        headers = dict(headers or {})
        if accept_gzip:
            headers.setdefault("Accept-Encoding", "gzip")
        return self._post("query", {
            "claim": claim, "target": target, "method": method, "node": node, "headers": headers, "wait": wait,
            "body": base64.b64encode(body).decode(), "timeout_ms": timeout_ms, "msg_id": msg_id,
            "callback_topic": callback_topic, "header_extra": header_extra})

    def _get(self, path: str, **query):
        return self._call("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""))

    def _post(self, path: str, body: dict):
        return self._call("POST", path, json.dumps(body).encode())

    def _call(self, method: str, path: str, body: bytes | None = None):
        for again in (True, False):
            connection = getattr(self._local, "connection", None)
            fresh = connection is None
            if fresh:
                at = urllib.parse.urlsplit(self.control)
                connection = self._local.connection = http.client.HTTPConnection(at.hostname, at.port, timeout=600)
            try:
                connection.request(method, "/control/" + path, body)
                response = connection.getresponse()
                data = json.loads(response.read())
                break
            except (OSError, http.client.HTTPException) as e:
                connection.close()
                self._local.connection = None
                if fresh or not again:
                    raise CloudError(f"local cloud at {self.control} does not answer {path}: {e!r}") from e
        if response.status != 200:
            raise CloudError(data.get("error", data) if isinstance(data, dict) else data)
        return data
