# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases of the matrix as netdata-aclk doctor meets them: a walk of its own takes the place of the link's attempt."""
import itertools
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from testenv import Netdata, SyntheticHome, time_scale, wait_until
from testenv.doctor import Visit
from testenv.synthetic import guid_of
from testenv.waiting import Timeout

from . import table_link, table_login, table_reach, table_traffic
from .link_rig import HASTE, Legs

# Stages whose faults are met by whoever comes after the link, too.
WALKED = ("DNS", "TCP", "TLS", "env", "challenge", "password", "upgrade", "CONNECT", "SUBSCRIBE")
# Those that doctor cannot see. While a link is online it asks that link what it knows, and leaves its session alone:
# what ended the connection of before stands there as the reason of the last attempt.
UNSEEN = {
    "online idle": "breaks a session that is up; doctor's own is over when the subscriptions are granted",
    "online busy": "breaks a session with queries and alerts under way; doctor answers and publishes nothing",
    "draining": "breaks a link that leaves by order of the cloud; nobody orders doctor to leave",
}
# The rung for the state in which the link's attempt ends.
RUNGS = {"env": "env", "challenge": "challenge", "password": "password", "WebSocket": "websocket", "CONNECT": "mqtt",
         "online": "subscribe"}
# A fault is met within 10 s (TCP), 30 s (an answer) or 60 s (the link, its subscriptions), divided on hasty rigs; what
# else happens takes moments, on a machine that is not busy.
LONGEST = 60 / HASTE + 20
# On a busy machine the reset of a connection that was just accepted may come before its connect() returns, and the
# divided second for TCP and TLS may be too short for anybody. A link tries again, and so do we.
BUSY = re.compile("cannot connect: Connection reset by peer|within 1 s|timed out")


def all_cases():
    return [c for table in (table_reach, table_login, table_link, table_traffic) for c in table.cases()]


def walked_cases():
    return [c for c in all_cases() if c.stage in WALKED]


def unseen_cases():
    return [c for c in all_cases() if c.stage in UNSEEN]


def cases_before_the_password():
    """Of each kind of fault that is met beside a link that is online, one."""
    seen = [c for c in walked_cases() if not c.hasty and not c.anew and (
        c.at in ("env", "challenge") or c.status is None and c.stage in ("env", "challenge"))]
    key = lambda c: (rung(c) or "", c.status or "")  # noqa: E731
    return [next(group) for _, group in itertools.groupby(sorted(seen, key=key), key)]


def rung(case):
    return case.rung or RUNGS.get(case.at)


class Agent:
    """As much of an agent as doctor asks for: /api/v1/info."""

    def __init__(self, guid):
        body = f'{{"uid":"{guid}","version":"v1.37.1"}}'.encode()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class _Visited(Legs):
    """A rig where cut() and reread() begin a run of doctor."""

    def __init__(self, build, name, cloud, loop, home):
        super().__init__(build, name, cloud, loop, home)
        self._cli, self._env, self._visit = build.cli, {}, None

    def cut(self):
        assert self._visit is None, "one visit at a time"
        self._visit = Visit(self._cli, self.home, **self._env)

    reread = cut

    def visit(self):
        """The run that was begun, ended."""
        ended, self._visit = self._visit, None
        return ended.end()

    def give_up(self):
        return self._visit and self.visit()

    def story(self):
        return self.recent()

    def well(self):
        """Nothing is wrong."""
        for _ in range(5):
            self.cut()
            v = self.visit()
            if not BUSY.search(v.story()):
                break
        assert v.exit == 0 and not v.bad(), v.story()


class Alone(_Visited):
    """No link runs: doctor walks the whole way."""

    def __init__(self, build, base, name, cloud, loop, seed, hasty=False, _busy=False):
        guid = guid_of(build.synthetic, seed)
        super().__init__(build, name, cloud, loop, SyntheticHome(base / name, guid=guid))
        self._agent = Agent(guid)
        if hasty:
            self._cli, self._env = build.cli_scaled, time_scale.environment(HASTE, HASTE)
        (self.home.etc / "netdata.conf").write_text(
            f"[plugin:aclk]\n  agent url = http://127.0.0.1:{self._agent.port}\n")

    def start(self):
        self.calm()
        self.well()

    def stop(self):
        self._agent.stop()

    def recent(self):
        return ""

    def undisturbed(self):
        """A visitor says nothing in the node's name; the will that it leaves out is what the cloud complains of."""
        assert not self.cloud.messages(self.claim, direction="up")


class Beside(_Visited):
    """A stock agent's link is online: doctor goes as far as it can without taking its place."""

    def __init__(self, build, base, name, cloud, loop, seed, _hasty=False, _busy=False):
        self._netdata = Netdata(base / name, name=name, plugin=build.plugin, guid=guid_of(build.synthetic, seed))
        self._netdata.write_files()
        super().__init__(build, name, cloud, loop, self._netdata)

    def start(self):
        self.calm()
        self._netdata.start()
        self.cloud.wait_online(self.claim, 60)
        wait_until((self._netdata.dir / "lib/aclk.sock").exists, 20, "the plugin's socket")
        self._session = self._seen()
        self.well()

    def stop(self):
        self._netdata.stop()

    def recent(self):
        return "\n".join(self._netdata.aclk_log[-20:])

    def _seen(self):
        newest = self.cloud.newest(self.claim)
        return newest["id"], newest["open"], len([r for r in self.cloud.https_requests("password")
                                                  if self.claim in r["target"]])

    def undisturbed(self):
        """It is the same connection, and it answers."""
        assert self._seen() == self._session
        assert self.cloud.query(self.claim, "/api/v1/info", wait=10).http_status == 200


def examine(case, rig):
    """Runs doctor under the case's fault; AssertionError when it does not name it."""
    for _ in range(5):
        seen = _meet(case, rig)
        if rung(case) in seen.bad() or not BUSY.search(seen.story()):
            break
    if case.lift:
        case.lift(rig)
        assert not rig.visit().bad()
    names_it(case, seen)
    rig.undisturbed()
    return {"status": rung(case), "seconds": seen.seconds}


def _meet(case, rig):
    """The visit under the fault, which may have ended before the fault could act."""
    try:
        case.trigger(rig)
    except Timeout:
        pass
    finally:
        seen = rig.give_up()
        rig.calm()
        if restore := rig.__dict__.pop("restore", None):
            restore()
    assert seen, "no visit was begun"
    return seen


def names_it(case, seen):
    story = seen.story()
    assert seen.seconds < LONGEST, f"{seen.seconds:.1f} s\n{story}"
    if case.status is None:
        assert seen.exit == 0 and not seen.bad(), story
        return
    assert seen.exit == 2 and seen.bad() == [rung(case)], f"{rung(case)} should be bad:\n{story}"
    broken = seen.found[rung(case)]
    assert re.search(case.sentence, f"{broken['text']}; {broken['remedy']}"), f"{case.sentence}\n{story}"
    assert broken["text"] and broken["remedy"], story
    at = seen.findings.index(broken)
    # The rungs: from the first about a network on. The clock is no rung; half of a host's addresses may be dead.
    first = next(n for n, f in enumerate(seen.findings) if f["check"] in ("dns", "proxy-dns"))
    for f in seen.findings[first:at]:
        assert f["verdict"] == "good" or f["verdict"] == "warning" and f["check"].endswith("tcp"), story
    for f in seen.findings[at + 1:]:
        assert f["check"] == "clock" or (f["verdict"], f["text"]) == ("skipped", "not reached"), story
