# SPDX-License-Identifier: GPL-3.0-or-later
"""The web page and the data it shows, under /ui/. Chart data is fetched from the agent, through the link."""
import asyncio
import json
import pathlib
import time
import urllib.parse

from aiohttp import web

from . import agent_view

FILES = pathlib.Path(__file__).resolve().parent.parent / "web"
QUERY_SECONDS = 10.0
# Several open pages must not multiply the agent's work: an answer serves everybody for this long.
FRESH_SECONDS = 0.8
# Lists that stand in for what the agent does not publish change slowly.
LIST_SECONDS = 30.0
KEPT_ANSWERS = 200
MAX_SECONDS, MAX_POINTS = 86400, 1000
ALERT_KEYS = ("name", "chart", "status", "old_status", "when", "value_string", "summary", "rendered_info",
              "chart_context", "transition_id")
CONTEXT_KEYS = ("id", "title", "units", "family", "chart_type", "priority")
INFO_KEYS = ("os", "os_name", "os_version", "kernel_name", "kernel_version", "architecture", "cpus", "cpu_frequency",
             "memory", "disk_space", "version", "virtualization_type", "container_type", "timezone", "host_labels")


class Fetcher:
    """One query per node and target at a time; equal questions share its answer."""

    def __init__(self, cloud):
        self._cloud = cloud
        self._answers: dict[tuple, tuple[float, asyncio.Future]] = {}
        self.count = self.bytes = 0

    async def get(self, node, target: str, fresh: float = FRESH_SECONDS) -> bytes:
        """Body of a 200. asyncio.TimeoutError without an answer, ValueError with another one."""
        reply = await self.reply(node, target, fresh)
        if reply["status"] != 200:
            text = reply["body"][:200].decode(errors="replace")
            raise ValueError(f"the agent answered {reply['status']} {text}")
        return reply["body"]

    async def reply(self, node, target: str, fresh: float = FRESH_SECONDS) -> dict:
        now, key = time.monotonic(), (node.id, target)
        kept = self._answers.get(key)
        if kept and (not kept[1].done() or now - kept[0] < fresh):
            return await asyncio.shield(kept[1])
        future = asyncio.ensure_future(self._ask(node, target))
        future.add_done_callback(lambda f: f.cancelled() or f.exception())      # somebody may have stopped waiting
        self._answers[key] = now, future
        while len(self._answers) > KEPT_ANSWERS:
            self._answers.pop(next(iter(self._answers)))
        return await asyncio.shield(future)

    async def _ask(self, node, target):
        q = self._cloud.queries.start(node.claim, self._cloud.inbox(node.claim), f"/node/{node.id}{target}",
                                      headers={"Accept-Encoding": "gzip"}, timeout_ms=int(QUERY_SECONDS * 1000))
        reply = await asyncio.wait_for(asyncio.shield(q.future), QUERY_SECONDS)
        self.count += 1
        self.bytes += reply["size"]
        return reply


class Pages:
    def __init__(self, cloud):
        self._cloud = cloud
        self._fetch = Fetcher(cloud)
        self._counted: dict[str, int] = {}          # contexts of nodes that do not publish them

    async def index(self, _request):
        return web.FileResponse(FILES / "index.html", headers={"Cache-Control": "no-cache"})

    async def overview(self, _request):
        """All nodes, and what has gone over the link."""
        c = self._cloud
        space = c.registry.first_space()
        nodes = sorted((self._node(n) for n in c.logic.nodes.values()), key=lambda n: (n["hops"], n["hostname"]))
        connections = c.record.connections
        return web.json_response({
            "url": c.front.url, "ca": str(c.directory / "ca.pem"), "token": space.token, "rooms": space.rooms,
            "now": time.time(), "started": c.started, "nodes": nodes,
            "agents": [{"claim": a.claim_id, "hostname": a.hostname, "online": c.logic.session(a.claim_id).reachable,
                        "since": c.logic.session(a.claim_id).since} for a in c.registry.agents.values()],
            "link": {"connections": sum(1 for x in connections if x.closed is None),
                     "up": sum(x.bytes["up"] for x in connections), "down": sum(x.bytes["down"] for x in connections),
                     "messages": c.record.messages.last, "queries": self._fetch.count,
                     "violations": c.record.violations.last},
            "recent": [{"time": m["time"], "direction": m["direction"], "type": m["type"], "size": len(m["payload"]),
                        "host": self._hostname(m["claim"])}
                       for m in reversed(c.record.messages.since(max(0, c.record.messages.last - 12)))],
        })

    async def contexts(self, request):
        node = self._find(request)
        if node.contexts.by_id:
            found = [{k: c[k] for k in CONTEXT_KEYS} | {"collected": not c["last_entry"]}
                     for c in node.contexts.by_id.values()]
        else:
            found = await self._listed(node, agent_view.CONTEXTS, agent_view.contexts)
            self._counted[node.id] = len(found)
        return web.json_response(sorted(found, key=lambda c: (c["priority"], c["id"])))

    async def alerts(self, request):
        """Those raised, worst first, and the newest transitions."""
        node = self._find(request)
        known, recent = list(node.alerts.active.values()), list(node.alerts.recent)[-15:][::-1]
        if not known:
            known = await self._listed(node, agent_view.ALARMS, agent_view.alerts)
        raised = sorted((a for a in known if a["status"] in (5, 6)), key=lambda a: (-a["status"], -a["when"]))
        recent = recent or sorted(known, key=lambda a: -a["when"])[:15]
        return web.json_response({"total": len(known), "clear": sum(1 for a in known if a["status"] == 4),
                                  "active": [{k: a[k] for k in ALERT_KEYS} for a in raised],
                                  "recent": [{k: a[k] for k in ALERT_KEYS} for a in recent]})

    async def chart(self, request):
        """?context=&seconds=&points=: labels and rows [time, value …], oldest first, fetched from the agent now."""
        node = self._find(request)
        context = request.query["context"]
        seconds = min(max(int(request.query.get("seconds", 120)), 5), MAX_SECONDS)
        points = min(max(int(request.query.get("points", seconds)), 2), MAX_POINTS)
        target = "/api/v1/data?" + urllib.parse.urlencode({
            "context": context, "after": -seconds, "before": 0, "points": points, "format": "json",
            "options": "seconds|flip|nonzero"})
        try:
            data = json.loads(await self._fetch.get(node, target))
            reply = await self._fetch.reply(node, target, fresh=60)             # the same one
            labels, rows = data["labels"][1:], sorted(data["data"], key=lambda row: row[0])
        except asyncio.TimeoutError:
            return web.json_response({"error": f"no answer within {QUERY_SECONDS:.0f} s"}, status=504)
        except (ValueError, KeyError, TypeError, IndexError) as e:
            return web.json_response({"error": str(e) or repr(e)}, status=502)
        meta = node.contexts.by_id.get(context) or await self._meta(node, context)
        return web.json_response({
            "context": context, "labels": labels, "rows": rows, "title": meta.get("title", context),
            "units": meta.get("units", ""), "type": meta.get("chart_type", "line"),
            "link": {"ms": reply["seconds"] * 1000, "bytes": reply["size"], "target": f"/node/{node.id}{target}"}})

    async def _meta(self, node, context: str) -> dict:
        listed = await self._listed(node, agent_view.CONTEXTS, agent_view.contexts)
        return next((c for c in listed if c["id"] == context), {})

    async def _listed(self, node, target: str, parse) -> list[dict]:
        """A list of the agent's own; empty if it cannot be had."""
        try:
            return parse(await self._fetch.get(node, target, LIST_SECONDS))
        except (asyncio.TimeoutError, ValueError):
            return []

    def _find(self, request):
        node = self._cloud.logic.nodes.get(request.match_info["node"])
        if node is None:
            raise web.HTTPNotFound(text="no such node")
        return node

    def _node(self, n) -> dict:
        data = (n.info or {}).get("data") or {}
        session = self._cloud.logic.session(n.claim)
        statuses = [a["status"] for a in n.alerts.active.values()]
        state = "live" if n.live and session.reachable else "stale" if n.queryable and session.reachable else "offline"
        return {"id": n.id, "hostname": n.hostname, "mguid": n.mguid, "claim": n.claim, "hops": n.hops, "state": state,
                "via": self._hostname(n.claim) if n.hops else None,
                "contexts": len(n.contexts.by_id) or self._counted.get(n.id, 0),
                "alerts": {"critical": statuses.count(6), "warning": statuses.count(5)},
                "collectors": len(n.collectors or []),
                "capabilities": [c["name"] for c in n.capabilities if c["enabled"]],
                "info": {k: data.get(k) for k in INFO_KEYS}}

    def _hostname(self, claim: str) -> str:
        agent = self._cloud.registry.agents.get(claim)
        return agent.hostname if agent else claim[:8]


def add_pages(app: web.Application, cloud):
    pages = Pages(cloud)
    app.router.add_get("/", pages.index)
    app.router.add_get("/ui/overview", pages.overview)
    for name in ("contexts", "alerts", "chart"):
        app.router.add_get("/ui/node/{node}/" + name, getattr(pages, name))
    app.router.add_static("/ui/static", FILES)
