# SPDX-License-Identifier: GPL-3.0-or-later
"""The web page and the data it shows, under /ui/."""
import pathlib

from aiohttp import web

FILES = pathlib.Path(__file__).resolve().parent.parent / "web"


def add_pages(app: web.Application, cloud):
    async def index(_request):
        return web.FileResponse(FILES / "index.html", headers={"Cache-Control": "no-cache"})

    app.router.add_get("/", index)
    app.router.add_static("/ui/static", FILES)
