# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTPS front: claim, env, challenge, password and the WebSocket upgrade, on one port of 127.0.0.1 and ::1."""
import asyncio
import base64
import contextlib
import http
import itertools
import json
import re
import socket
import ssl
import time
import urllib.parse

from aiohttp import web

from . import login, registry
from . import ws_wire as ws
from .behaviour import merge_patch
from .relay import Relay

CLAIM = re.compile(r"/api/v1/spaces/nodes/([^/]+)")
AUTH = re.compile(r"(?:/.*)?/node/([^/]+)/(challenge|password)")
AUTH_PATH = "/api/v1/auth"
MAX_BODY = 4 << 20
SECRETS = ("token", "response")                 # keys of request bodies that the record masks


class Front:
    def __init__(self, cloud, host_name: str):
        self.cloud, self.host_name = cloud, host_name
        self.port = 0
        self._servers: list[asyncio.base_events.Server] = []
        self._tls_connections = itertools.count(1)
        # access_log_class etc. are not used: the record is the log.
        self._http = web.Server(self._handle, access_log=None, keepalive_timeout=60)

    @property
    def url(self) -> str:
        return f"https://{self.host_name}:{self.port}"

    async def start(self, port: int, cert, key, tls_min: str | None = None, tls_max: str | None = None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        context.set_alpn_protocols(["http/1.1"])
        context.sni_callback = _remember_sni
        if tls_min or tls_max:
            # Old versions need the lowest security level of OpenSSL 3.
            context.set_ciphers("DEFAULT@SECLEVEL=0")
        if tls_min:
            context.minimum_version = ssl.TLSVersion["TLSv" + tls_min.replace(".", "_")]
        if tls_max:
            context.maximum_version = ssl.TLSVersion["TLSv" + tls_max.replace(".", "_")]
        sockets = listen(port)
        self.port = sockets[0].getsockname()[1]
        for s in sockets:
            self._servers.append(await asyncio.get_running_loop().create_server(
                self._http, sock=s, ssl=context, ssl_handshake_timeout=15, ssl_shutdown_timeout=1))

    async def stop(self):
        for server in self._servers:
            server.close()
        await self._http.shutdown(1)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        tls = self._tls(request)
        stage, claim_id = route(request)
        body = b"" if stage == "upgrade" else await request.content.read(-1)
        entry = {"time": time.time(), "method": request.method, "target": request.raw_path, "stage": stage,
                 "headers": [[k.decode("latin1"), v.decode("latin1")] for k, v in request.raw_headers],
                 "http": f"{request.version.major}.{request.version.minor}", "body": masked(body), "tls": tls,
                 "status": None}
        self.cloud.record.request(entry)
        behaviour = self.cloud.behaviour.of(self._whose(stage, claim_id, request))
        change = behaviour.answer(stage) if stage != "other" else {}
        if change.get("pause"):
            await _switched_off(behaviour, stage + "_pause", request)
        if change.get("delay"):
            await asyncio.sleep(change["delay"])
        response = self._cut(request, change, entry)
        if response is None:
            if stage == "upgrade":
                return await self._upgrade(request, change, entry, tls)
            response = await self._answer(stage, claim_id, request, body, change, entry)
        self.cloud.record.answered(entry)
        return response

    # -- the four calls -----------------------------------------------------------------------------------------

    async def _answer(self, stage, claim_id, request, body, change, entry) -> web.StreamResponse:
        if change.get("status") is not None:
            # Whatever a test orders, the request itself must be right; but nothing happens to our state.
            status, usual = change["status"], {}
        else:
            status, usual = await getattr(self, "_" + stage)(claim_id, request, body)
        entry["status"] = status
        if change.get("body") is not None:
            usual = change["body"]
        elif change.get("patch") is not None and change.get("status") is None:
            usual = merge_patch(usual, change["patch"])
        if change.get("trickle"):
            return await trickle(request, status, usual, change)
        return reply(request, status, usual, change)

    async def _claim(self, claim_id, request, body):
        try:
            data = json.loads(body)
        except ValueError:
            data = None
        complain = self.cloud.record.violation
        if request.headers.get("Content-Type") != "application/json":
            complain("claim", f"Content-Type {request.headers.get('Content-Type')}", claim_id)
        for text in registry.body_oddities(data):
            complain("claim", text, claim_id)
        status, key = self.cloud.registry.claim(claim_id, data, self.cloud.behaviour.any_token)
        self.cloud.record.touch()
        return status, {"errorMsgKey": key, "errorMessage": key} if key else None

    async def _env(self, _, request, _body):
        query = urllib.parse.parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True)
        values = dict(query)
        claim_id = values.get("claim_id")
        right = [k for k, _ in query] == ["v", "cap", "claim_id"] and values["cap"] == "proto,ctx"
        if not right or not values["v"] or values["v"].startswith("v"):
            self.cloud.record.violation("env", f"query {request.rel_url.raw_query_string}", claim_id)
        if claim_id not in self.cloud.registry.agents:
            return 404, login.error_body("not-found", "ErrAgentNotFound", "this claim id is nobody's")
        return 200, {
            "authEndpoint": self.url + AUTH_PATH, "encoding": "proto",
            "transports": [{"type": "MQTTv5", "endpoint": f"wss://{self.host_name}:{self.port}/mqtt"}],
            "backoff": {"base": 2, "maxSeconds": 500, "minSeconds": 0}, "capabilities": ["proto", "ctx"],
        }

    async def _challenge(self, claim_id, _request, _body):
        agent = self.cloud.registry.agents.get(claim_id)
        if agent is None:
            return 404, login.error_body("not-found", "ErrAgentNotFound", "this claim id is nobody's")
        return 200, {"challenge": self.cloud.challenges.new(claim_id, agent.public_key)}

    async def _password(self, claim_id, _request, body):
        if claim_id not in self.cloud.registry.agents:
            return 404, login.error_body("not-found", "ErrAgentNotFound", "this claim id is nobody's")
        try:
            data = json.loads(body)
            version, response = data["agent_version"], data["response"]
        except (ValueError, KeyError, TypeError):
            return 400, login.error_body("bad-request", "ErrBadRequest", "agent_version or response is missing")
        if set(data) != {"agent_version", "response"} or not str(version).startswith("v"):
            self.cloud.record.violation("password", f"keys {sorted(data)}, agent_version {version}", claim_id)
        if not isinstance(response, str) or not self.cloud.challenges.answer(claim_id, response):
            self.cloud.record.violation("password", "the response is not the challenge's plain text", claim_id)
            return 403, login.error_body("forbidden", "ErrForbidden", "wrong answer to the challenge")
        username, password = await self.cloud.link.new_user(claim_id)
        templates = login.topic_templates(self.cloud.behaviour.of(claim_id).topics)
        return 201, {"clientID": claim_id, "username": username, "password": password,
                     "topics": [{"name": n, "topic": t} for n, t in templates.items()]}

    async def _other(self, *_):
        return 404, {"errorMessage": "not found"}

    def _whose(self, stage, claim_id, request):
        """The claim id of a request. That of an upgrade is in its path, if a test had the endpoint made so."""
        if stage == "env":
            return request.rel_url.query.get("claim_id")
        return request.rel_url.raw_path.rpartition("/")[2] if stage == "upgrade" else claim_id

    # -- upgrade ------------------------------------------------------------------------------------------------

    async def _upgrade(self, request, change, entry, tls):
        h = request.headers
        fault = upgrade_fault(request)
        if fault:
            self.cloud.record.violation("upgrade", fault)
        status = change.get("status") or (400 if fault else 101)
        entry["status"] = status
        self.cloud.record.answered(entry)
        if status != 101:
            return reply(request, status, change.get("body"), change)
        connection = self.cloud.record.new_connection(
            {"target": request.raw_path, "headers": entry["headers"]}, tls)
        lines = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Protocol": "mqtt",
                 "Sec-WebSocket-Accept": ws.accept_key(h.get("Sec-WebSocket-Key", "")), **(change.get("headers") or {})}
        head = "HTTP/1.1 101 Switching Protocols\r\n"
        head += "".join(f"{k}: {v}\r\n" for k, v in lines.items() if v is not None) + "\r\n"
        transport = request.transport
        if transport is None:                                       # gone already
            connection.closed = time.time()
            return _Done()
        reader = asyncio.StreamReader(limit=1 << 20)
        reader.set_transport(transport)
        request.protocol.set_parser(_Feed(reader))
        transport.write(head.encode())
        relay = Relay(connection, reader, transport, request.protocol._drain_helper, self.cloud)
        self.cloud.relays[connection.id] = relay
        try:
            await relay.run()
        finally:
            self.cloud.relays.pop(connection.id, None)
        return _Done()

    # -- helpers ------------------------------------------------------------------------------------------------

    def _cut(self, request, change, entry):
        """Answers that are not HTTP."""
        if change.get("close"):
            entry["status"] = "reset"
            request.transport.abort()
            return _Done()
        if change.get("raw") is not None:
            entry["status"] = "raw"
            request.transport.write(base64.b64decode(change["raw"]))
            request.transport.close()
            return _Done()
        return None

    def _tls(self, request) -> dict:
        o = request.transport.get_extra_info("ssl_object") if request.transport else None
        if o is None:
            return {}
        if not hasattr(o, "lc_connection"):
            o.lc_connection = next(self._tls_connections)
        peer = request.transport.get_extra_info("peername")
        return {"connection": o.lc_connection, "version": o.version(), "cipher": o.cipher()[0],
                "sni": getattr(o, "lc_sni", None), "resumed": o.session_reused, "alpn": o.selected_alpn_protocol(), "peer": f"{peer[0]}:{peer[1]}"}


class _Done(web.StreamResponse):
    """Tells aiohttp that everything has been said."""

    async def prepare(self, request):
        return None

    async def write_eof(self, data=b""):
        return None


class _Feed:
    """aiohttp's idea of a payload parser: all bytes after the upgrade go to the reader."""

    def __init__(self, reader):
        self._reader = reader

    def feed_data(self, data):
        self._reader.feed_data(bytes(data))
        return False, b""

    def feed_eof(self):
        self._reader.feed_eof()


def route(request) -> tuple[str, str | None]:
    path = request.rel_url.raw_path
    if request.headers.get("Upgrade", "").lower() == "websocket":
        return "upgrade", None
    if request.method == "PUT" and (m := CLAIM.fullmatch(path)):
        return "claim", m[1]
    if request.method == "GET" and path == "/api/v1/env":
        return "env", None
    m = AUTH.fullmatch(path)
    if m and request.method == {"challenge": "GET", "password": "POST"}[m[2]]:
        return m[2], m[1]
    return "other", None


def upgrade_fault(request) -> str | None:
    """proto/README.md, "WebSocket upgrade". The path is the endpoint's; any is taken."""
    h = request.headers
    if request.method != "GET" or "upgrade" not in h.get("Connection", "").lower():
        return f"{request.method} with Connection {h.get('Connection')}"
    if h.get("Sec-WebSocket-Version") != "13":
        return f"Sec-WebSocket-Version {h.get('Sec-WebSocket-Version')}"
    if h.get("Sec-WebSocket-Protocol") != "mqtt":
        return f"Sec-WebSocket-Protocol {h.get('Sec-WebSocket-Protocol')}"
    with contextlib.suppress(ValueError):
        if len(base64.b64decode(h.get("Sec-WebSocket-Key", ""), validate=True)) == 16:
            return None
    return f"Sec-WebSocket-Key {h.get('Sec-WebSocket-Key')}"


def reply(request, status: int, content, change: dict) -> web.StreamResponse:
    if status < 200:                                # aiohttp would wait for the final answer to follow
        phrase = http.HTTPStatus(status).phrase
        request.transport.write(f"HTTP/1.1 {status} {phrase}\r\nContent-Length: 0\r\n\r\n".encode())
        request.transport.close()
        return _Done()
    if content is None:
        body, kind = b"", None
    elif isinstance(content, str):
        body, kind = content.encode(), "text/plain"
    else:
        body, kind = json.dumps(content).encode(), "application/json"
    response = web.Response(status=status, body=body, headers=change.get("headers"))
    if kind and "Content-Type" not in response.headers:
        response.content_type = kind
    if change.get("chunked"):
        response.enable_chunked_encoding()
    return response


async def trickle(request, status: int, content, change: dict) -> web.StreamResponse:
    """The answer of reply(), a byte at a time."""
    body = content if isinstance(content, str) else json.dumps(content)
    raw = f"HTTP/1.1 {status} OK\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}".encode()
    for byte in raw:
        if request.transport is None or request.transport.is_closing():
            break
        request.transport.write(bytes([byte]))
        await asyncio.sleep(change["trickle"])
    if request.transport:
        request.transport.close()
    return _Done()


async def _switched_off(behaviour, switch: str, request):
    while getattr(behaviour, switch) and request.transport and not request.transport.is_closing():
        await asyncio.sleep(0.01)


def masked(body: bytes):
    """The request body for the record: JSON if it is that, with its secrets replaced; else text."""
    if not body:
        return None
    try:
        data = json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
    if isinstance(data, dict):
        data.update({k: "***" for k in SECRETS if k in data})
    return data


def listen(port: int) -> list[socket.socket]:
    """127.0.0.1 and, if this machine has it, ::1, on the same port."""
    for _ in range(20):
        four = socket.create_server(("127.0.0.1", port), backlog=512)
        try:
            six = socket.create_server(("::1", four.getsockname()[1]), family=socket.AF_INET6, backlog=512)
            return [four, six]
        except OSError as e:
            if e.errno != 98 or port:               # no IPv6 here, or the port was asked for
                return [four]
            four.close()
    raise OSError("no port is free on both 127.0.0.1 and ::1")


def _remember_sni(ssl_object, name, _context):
    ssl_object.lc_sni = name
