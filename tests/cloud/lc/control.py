# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API: what tests see and do, as JSON over HTTP on 127.0.0.1. README.md lists the calls."""
import asyncio
import base64
import time
import traceback

from aiohttp import web

from . import load, queries, schema
from .front import listen
from .record import jsonable
from .web import add_pages

MAX_BODY = 256 << 20


class Control:
    def __init__(self, cloud):
        self.cloud = cloud
        self.port = 0
        self._runner = None

    async def start(self, port: int):
        app = web.Application(client_max_size=MAX_BODY, middlewares=[_errors])
        for name in dir(self):
            method, _, path = name.partition("_")
            if method in ("get", "post"):
                app.router.add_route(method.upper(), "/control/" + path, getattr(self, name))
        add_pages(app, self.cloud)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        s = listen(port)[0]
        self.port = s.getsockname()[1]
        await web.SockSite(self._runner, s, shutdown_timeout=0.2).start()

    async def stop(self):
        if self._runner:
            await self._runner.cleanup()

    # -- what has happened --------------------------------------------------------------------------------------

    async def get_state(self, _request):
        c = self.cloud
        space = c.registry.first_space()
        return _json({
            "revision": c.record.revision, "started": c.started, "behaviour": c.behaviour.as_dict(),
            "spaces": [{"id": s.id, "name": s.name, "token": s.token, "rooms": s.rooms}
                       for s in c.registry.spaces.values()],
            "token": space.token, "rooms": list(space.rooms),
            "agents": {a.claim_id: {**a.summary(), **c.logic.session(a.claim_id).summary(),
                                    "topics": c.topics_for(a.claim_id)} for a in c.registry.agents.values()},
            "nodes": {n.id: n.summary() for n in c.logic.nodes.values()},
            "connections": [x.summary() for x in c.record.connections],
            "counts": {"messages": c.record.messages.last, "https": c.record.https.last,
                       "violations": c.record.violations.last},
        })

    async def get_totals(self, request):
        return _json(self.cloud.logic.totals(request.query["claim"]))

    async def get_changes(self, request):
        """The revision once it is above ?since=, or after ?timeout= seconds."""
        revision = await self.cloud.record.changed(int(request.query["since"]), float(request.query["timeout"]))
        return _json({"revision": revision})

    async def get_newest(self, request):
        """The newest connection of an agent in short, or null."""
        claim = request.query["claim"]
        c = next((c for c in reversed(self.cloud.record.connections) if c.claim == claim), None)
        return _json(c and {"id": c.id, "open": c.closed is None, "triggered": c.triggered, "packets": c.packets.last})

    async def get_messages(self, request):
        return _json([_message(m) for m in self.cloud.record.messages.since(_since(request))])

    async def get_https(self, request):
        return _json(self.cloud.record.https.since(_since(request)))

    async def get_violations(self, request):
        return _json(self.cloud.record.violations.since(_since(request)))

    async def get_connections(self, _request):
        return _json([c.summary() for c in self.cloud.record.connections])

    async def get_packets(self, request):
        c = self.cloud.record.connection(int(request.query["conn"]))
        return _json(jsonable(c.packets.since(_since(request))))

    async def get_frames(self, request):
        c = self.cloud.record.connection(int(request.query["conn"]))
        return _json(c.frames.since(_since(request)))

    async def get_contexts(self, request):
        return _json(self.cloud.logic.nodes[request.query["node"]].contexts.by_id)

    async def get_alerts(self, request):
        alerts = self.cloud.logic.nodes[request.query["node"]].alerts
        return _json({"active": list(alerts.active.values()), "recent": list(alerts.recent)})

    # -- what can be done ---------------------------------------------------------------------------------------

    async def post_configure(self, request):
        self.cloud.behaviour.change(await request.json())
        return _json(self.cloud.behaviour.as_dict())

    async def post_reset(self, _request):
        await self.cloud.reset()
        return _json({})

    async def post_send(self, request):
        a = await request.json()
        self.cloud.send(a["claim"], a["type"], a.get("fields", {}))
        return _json({})

    async def post_publish(self, request):
        """Any bytes on any topic; topic_suffix is put behind /agent/<claim>/inbound/."""
        a = await request.json()
        topic = a.get("topic") or f"/agent/{a['claim']}/inbound/{a['topic_suffix']}"
        payload = base64.b64decode(a["payload"])
        self.cloud.record.message("down", a.get("claim") or "", "(raw)", topic, payload, a.get("qos", 1))
        if topic.endswith("/cmd"):
            self.cloud.queries.raw_sent(a.get("claim"), payload)
        self.cloud.publish(topic, payload, a.get("qos", 1), a.get("retain", False))
        return _json({})

    async def post_query(self, request):
        """Sends a query; with wait seconds > 0 also waits for its reply (null in "reply" if none came)."""
        a = await request.json()
        claim = a["claim"]
        target = f"/node/{a['node']}{a['target']}" if a.get("node") else a["target"]
        q = self.cloud.queries.start(
            claim, self.cloud.inbox(claim), target, a.get("method", "GET"), a.get("headers"),
            base64.b64decode(a.get("body", "")), a.get("timeout_ms"), a.get("msg_id"), a.get("callback_topic"),
            a.get("header_extra"))
        self.cloud.record.message("down", claim, "cmd", q.topic, target.encode(), 1, msg_id=q.msg_id)
        return _json(queries.to_json(q, await _reply(q, a.get("wait", 0))))

    async def get_reply(self, request):
        """Waits up to ?wait= seconds for the reply of query ?query=."""
        q = self.cloud.queries.get(int(request.query["query"]))
        return _json(queries.to_json(q, await _reply(q, float(request.query.get("wait", 0)))))

    async def get_replies(self, request):
        """Every reply a query got, in order."""
        q = self.cloud.queries.get(int(request.query["query"]))
        return _json([queries.to_json(q, r) for r in q.replies])

    async def post_load(self, request):
        a = await request.json()
        return _json(await load.run(self.cloud, **a))

    async def post_cancel(self, request):
        a = await request.json()
        now = time.time()
        self.cloud.send(a["claim"], "CancelPendingRequest", {
            "request_id": a["msg_id"], "timestamp": {"seconds": int(now), "nanos": int(now % 1 * 1e9)},
            "trace_id": a.get("trace_id", "localcloud")})
        return _json({})

    async def post_disconnect(self, request):
        """One of ws_code [ws_reason], mqtt_reason [properties, close], abrupt, hang_up."""
        a = await request.json()
        relay = self.cloud.relay_of(a.get("claim"), a.get("conn"))
        if a.get("abrupt"):
            relay.abort()
        elif a.get("hang_up"):
            relay.hang_up()
        elif a.get("mqtt_reason") is not None:
            await relay.disconnect(a["mqtt_reason"], a.get("properties"), a.get("close", True))
        else:
            await relay.close(a.get("ws_code", 1000), a.get("ws_reason", ""))
        return _json({"conn": relay.connection.id})

    async def post_hold(self, request):
        a = await request.json()
        relay = self.cloud.relay_of(a.get("claim"), a.get("conn"))
        relay.hold(a.get("directions", ["up", "down"]), a.get("on", True))
        return _json({"conn": relay.connection.id})

    async def post_inject(self, request):
        """Bytes to the agent: as "mqtt" stream, as payload of a "frame" (opcode, fin, masked, rsv), or "raw" in TLS."""
        a = await request.json()
        relay = self.cloud.relay_of(a.get("claim"), a.get("conn"))
        data = base64.b64decode(a["data"])
        if a["level"] == "mqtt":
            relay.inject_mqtt(data)
        elif a["level"] == "frame":
            relay.inject_frame(data, a.get("opcode", 2), a.get("fin", True), a.get("masked", False), a.get("rsv", 0))
        else:
            relay.inject_raw(data)
        return _json({"conn": relay.connection.id})

    async def post_restart_broker(self, request):
        a = await request.json()
        await self.cloud.restart_broker(a.get("options"), a.get("down_seconds", 0), a.get("kill", False))
        return _json({"broker_port": self.cloud.broker.port, "broker_pid": self.cloud.broker.pid})

    async def post_forget(self, request):
        """The cloud loses an agent (claim), a node (node), or a node's contexts or alerts (what)."""
        a = await request.json()
        if a.get("claim"):
            self.cloud.registry.forget(a["claim"])
            await self.cloud.link.kick(a["claim"])
        elif a.get("what"):
            self.cloud.logic.nodes[a["node"]].forget(a["what"])
        else:
            self.cloud.logic.forget_node(a["node"])
        self.cloud.record.touch()
        return _json({})

    async def post_space(self, request):
        """One more space, with a token and rooms of its own."""
        s = self.cloud.registry.add_space((await request.json()).get("name", "Another space"))
        return _json({"id": s.id, "token": s.token, "rooms": list(s.rooms)})


def _json(value) -> web.Response:
    return web.json_response(value)


def _since(request) -> int:
    return int(request.query.get("since", 0))


async def _reply(q, wait: float) -> dict | None:
    if wait > 0 and not q.future.done():
        await asyncio.wait([q.future], timeout=wait)
    return q.future.result() if q.future.done() else None


def _message(m: dict) -> dict:
    """A recorded message with its fields; decoding is done here so that it costs nothing while traffic runs."""
    out = {k: v for k, v in m.items() if k != "payload"}
    out["payload"] = base64.b64encode(m["payload"]).decode()
    out["size"] = len(m["payload"])
    try:
        out["fields"] = schema.to_dict(schema.decode(m["type"], m["payload"]))
    except schema.SchemaError:
        out["fields"] = None
    return out


@web.middleware
async def _errors(request, handler):
    """A wrong call is 400 with one sentence; a bug is 500 with its traceback."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except (KeyError, ValueError, TypeError, schema.SchemaError) as e:
        text = e.args[0] if isinstance(e, KeyError) and e.args else str(e)
        return web.json_response({"error": f"{request.path}: {text!s}", "kind": type(e).__name__,
                                  "trace": traceback.format_exc()}, status=400)
    except Exception as e:
        return web.json_response({"error": f"{request.path}: {e!r}", "kind": type(e).__name__,
                                  "trace": traceback.format_exc()}, status=500)
