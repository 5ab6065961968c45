# SPDX-License-Identifier: GPL-3.0-or-later
"""A TCP proxy that breaks what goes through it, as networks, middle boxes and dying servers do.

    with ProxyLoop() as loop:
        p = loop.proxy(("127.0.0.1", cloud.port))
        p.rule = Rule(down_limit=700, then="close")     # for connections from now on
        p.break_links("reset")                               # to those that are open
        p.refuse(); p.calm()

It knows nothing of what it carries. One thread with one asyncio loop carries all proxies of a ProxyLoop; the methods
may be called from any thread and return when they have taken effect.
"""
import asyncio
import contextlib
import dataclasses
import socket
import struct
import threading

CHUNK = 65536
GARBAGE = bytes(range(255, 0, -1)) * 2
ENDS = ("reset", "close", "silence", "garbage")


@dataclasses.dataclass(frozen=True)
class Rule:
    """What happens to a connection.

    at_accept   reset, close or silence: at once, and nobody is dialed behind the proxy
    answer      these bytes as soon as the client has said something, then the end; nobody is dialed
    delay       seconds that each piece is late, both directions
    chunk       pieces of at most this many bytes, each sent alone (TCP_NODELAY)
    rate        bytes a second, each direction
    up_limit, down_limit   after so many bytes of that direction: `then`, one of
        reset    RST to the client
        close    FIN to the client, in the middle of whatever it is
        silence  nothing moves any more, nothing is closed
        garbage  bytes that are nothing at all, then FIN
    idle        the same `then` after so many seconds in which nothing went either way
    """
    at_accept: str | None = None
    answer: bytes | None = None
    delay: float = 0
    chunk: int = CHUNK
    rate: float | None = None
    up_limit: int | None = None
    down_limit: int | None = None
    idle: float | None = None
    then: str = "close"


class ProxyLoop:
    """The thread. close() ends it and every connection."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="faultproxy", daemon=True)
        self._proxies = []
        self._thread.start()

    def _run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def proxy(self, target) -> "FaultProxy":
        p = FaultProxy(self, target)
        self._proxies.append(p)
        return p

    def close(self):
        for p in self._proxies:
            self.call(p._close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    stop = close

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class FaultProxy:
    """Listens on one port of 127.0.0.1 and ::1; each connection becomes one to `target` (host, port)."""

    def __init__(self, loop, target):
        self._loop, self.target = loop, target
        self.rule = Rule()
        self.accepted = 0
        self._links: set[_Link] = set()
        self._listeners: list[socket.socket] = []
        self._fillers: list[socket.socket] = []
        self._tasks: list[asyncio.Task] = []
        self.port = 0
        loop.call(self._open())

    # -- faults -------------------------------------------------------------------------------------------------

    def break_links(self, how: str, after: int = 0):
        """To every open connection, when so many more bytes have gone to the client: see Rule."""
        async def do():
            for link in list(self._links):
                link.break_off(how, after)
        self._loop.call(do())

    def refuse(self):
        """ECONNREFUSED for new connections; the port stays ours."""
        self._loop.call(self._unlisten(listen=False))

    def blackhole(self):
        """New connections get no answer at all, not even to their SYN."""
        self._loop.call(self._unlisten(listen=True))

    def calm(self):
        """All is well again. Connections that are silenced stay so, unless they are cut."""
        self.rule = Rule()
        self._loop.call(self._open())

    def cut(self):
        """RST to every open connection."""
        self.break_links("reset")

    @property
    def open_links(self):
        return len(self._links)

    # -- in the loop --------------------------------------------------------------------------------------------

    async def _open(self):
        if self._tasks:
            return
        self._drop_listeners()
        self._listeners = _pair(self.port)
        self.port = self._listeners[0].getsockname()[1]
        for s in self._listeners:
            s.listen(128)
            self._tasks.append(asyncio.get_running_loop().create_task(self._accept(s)))

    async def _unlisten(self, listen: bool):
        await self._stop_accepting()
        self._drop_listeners()
        self._listeners = _pair(self.port)      # bound: nobody else gets the port
        if not listen:
            return
        for s in self._listeners:
            s.listen(0)
            for _ in range(4):                  # the queue is full; the kernel drops further SYNs
                f = socket.socket(s.family, socket.SOCK_STREAM)
                f.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    f.connect(s.getsockname()[:2])
                self._fillers.append(f)
        await asyncio.sleep(0.02)

    def _drop_listeners(self):
        for s in self._fillers + self._listeners:
            s.close()
        self._fillers, self._listeners = [], []

    async def _stop_accepting(self):
        tasks, self._tasks = self._tasks, []
        for t in tasks:
            t.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, listener):
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(listener)
            client.setblocking(False)
            self.accepted += 1
            link = _Link(self, client, self.rule)
            self._links.add(link)
            link.task = loop.create_task(link.run())

    async def _close(self):
        await self._stop_accepting()
        self._drop_listeners()
        tasks = [link.task for link in self._links]
        for t in tasks:
            t.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Link:
    def __init__(self, proxy, client, rule):
        self.proxy, self.client, self.rule = proxy, client, rule
        self.server = None
        self.task = None
        self.down_left, self.up_left = rule.down_limit, rule.up_limit
        self.then = rule.then
        self._over = asyncio.Event()
        self._silent = False

    def break_off(self, how, after):
        self.then = how
        if after:
            self.down_left = after
        else:
            self._end()

    async def run(self):
        pumps = []
        try:
            for s in (self.client,):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            loop = asyncio.get_running_loop()
            if self.rule.at_accept:
                self.then = self.rule.at_accept
                self._end()
            elif self.rule.answer is not None:
                await loop.sock_recv(self.client, CHUNK)
                await loop.sock_sendall(self.client, self.rule.answer)
                self.then = "close"
                self._end()
            else:
                self.server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
                self.server.setblocking(False)
                await loop.sock_connect(self.server, self.proxy.target)
                self.server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                pumps = [loop.create_task(self._pump(self.client, self.server, "up_left")),
                         loop.create_task(self._pump(self.server, self.client, "down_left"))]
                if self.rule.idle:
                    pumps.append(loop.create_task(self._watch_idle(loop)))
            await self._over.wait()
            if self.then in ("close", "garbage"):
                for p in pumps:
                    p.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
                await self._goodbye(loop)
            if self._silent:
                for p in pumps:
                    p.cancel()
                await self._until_gone(loop)
        except OSError:
            pass
        finally:
            for p in pumps:
                p.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for s in (self.client, self.server):
                if s:
                    s.close()
            self.proxy._links.discard(self)

    async def _goodbye(self, loop):
        """FIN, not the RST of a socket that is closed with bytes unread."""
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            self.client.shutdown(socket.SHUT_WR)
            while await asyncio.wait_for(loop.sock_recv(self.client, CHUNK), 1):
                pass

    async def _until_gone(self, loop):
        """Silent: until the client has given up, or somebody cuts it. What it sends is not even read."""
        self._over.clear()
        while not self._over.is_set():
            info = self.client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
            if info[0] != 1:                    # no longer TCP_ESTABLISHED
                return
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._over.wait(), 0.1)

    def _end(self):
        if self.then == "reset":
            with contextlib.suppress(OSError):
                self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif self.then == "garbage":
            with contextlib.suppress(OSError):
                self.client.send(GARBAGE)
        self._silent = self.then == "silence"
        self._over.set()

    async def _watch_idle(self, loop):
        self._moved = loop.time()
        while (left := self._moved + self.rule.idle - loop.time()) > 0:
            await asyncio.sleep(left)
        self._end()

    async def _pump(self, source, sink, left):
        """Until one side is at its end. Half-closed connections are not kept: nothing here needs them."""
        loop, rule = asyncio.get_running_loop(), self.rule
        try:
            while data := await loop.sock_recv(source, CHUNK):
                self._moved = loop.time()
                if rule.delay:
                    await asyncio.sleep(rule.delay)
                while data and not self._over.is_set():
                    limit = getattr(self, left)
                    n = min(len(data), rule.chunk, CHUNK if limit is None else limit)
                    if limit == 0:
                        return self._end()
                    piece, data = data[:n], data[n:]
                    await loop.sock_sendall(sink, piece)
                    if limit is not None:
                        setattr(self, left, limit - n)
                        if limit == n:
                            return self._end()
                    if rule.rate:
                        await asyncio.sleep(n / rule.rate)
                    elif rule.chunk < CHUNK:
                        await asyncio.sleep(0)
        except OSError:
            pass
        if not self._silent and not self._over.is_set():
            self.then = "close"
            self._end()


def _pair(port):
    """Bound sockets of 127.0.0.1 and, where there is IPv6, ::1 with the same port."""
    for _ in range(50):
        four = _bound(socket.AF_INET, ("127.0.0.1", port))
        try:
            return [four, _bound(socket.AF_INET6, ("::1", four.getsockname()[1]))]
        except OSError as e:
            if e.errno in (97, 99):             # no IPv6 here
                return [four]
            four.close()
            if port:
                raise
    raise OSError("no port is free on both 127.0.0.1 and ::1")


def _bound(family, address):
    s = socket.socket(family, socket.SOCK_STREAM)
    try:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(address)
    except OSError:
        s.close()
        raise
    s.setblocking(False)
    return s
