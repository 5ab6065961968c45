# SPDX-License-Identifier: GPL-3.0-or-later
"""The three legs of the way of a claimed machine to the cloud, each through a proxy that can break it; and a link that uses them.

LinkRigs share a local cloud: what is switched there is switched for the rig's claim id only. Attempts follow each other
after a second at most, as /env says.
"""
import os
import signal
import threading

from lc import certs
from testenv import Rule, Synthetic, SyntheticHome, process, time_scale, wait_until
from testenv.claiming import claim
from testenv.published import STATUS
from testenv.synthetic import guid_of

BACKOFF = 1.0       # seconds at most between two attempts
# Every rig believes this one, too: its certificates can be bad in one way each.
AUTHORITY = certs.Authority("Fault CA")
HASTE = 10          # of hasty rigs: deadlines and pauses are divided by this


class Legs:
    """Of a home that is claimed here. What uses them makes its next attempt when cut() or reread() is called."""

    def __init__(self, build, name, cloud, loop, home):
        self.cloud, self.name, self.home = cloud, name, home
        self.claim = claim(build, home, cloud)
        with open(home.cloud_dir / "trusted.pem", "ab") as f:
            f.write(AUTHORITY.pem())
        self.env, self.auth, self.broker = (loop.proxy(("127.0.0.1", cloud.port)) for _ in range(3))
        self.url(f"https://localhost:{self.env.port}", cloud.url)

    def configure(self, **changes):
        """Switches of the local cloud for this rig, all others at rest. env_patch goes on top of the rig's own."""
        own = {
            "authEndpoint": f"https://localhost:{self.auth.port}/api/v1/auth",
            "transports": [{"type": "MQTTv5", "endpoint": f"wss://localhost:{self.broker.port}/mqtt/{self.claim}"}],
            "backoff": {"base": 1, "maxSeconds": 1, "minSeconds": 0},
        }
        own.update(changes.pop("env_patch", {}))
        self.cloud.configure(claim=self.claim, reset=True, env_patch=own, **changes)

    def calm(self):
        """Nothing is wrong any more, but for connections that are silenced."""
        for p in (self.env, self.auth, self.broker):
            p.calm()
        self.configure()

    def url(self, url, old=None):
        """The cloud's URL as it will be read next."""
        conf = self.home.cloud_dir / "cloud.conf"
        text = conf.read_text()
        assert (old or self._url) in text
        conf.write_text(text.replace(old or self._url, url))
        self._url = url


class LinkRig(Legs):
    """A synthetic host. options: its own. hasty: 3 s instead of 30 for a request, 6 instead of 60 for a PUBACK …"""

    def __init__(self, build, base, name, cloud, loop, seed, hasty=False, busy=False, **options):
        super().__init__(build, name, cloud, loop, SyntheticHome(base / name, guid=guid_of(build.synthetic, seed)))
        self.hasty, self.busy = hasty, busy
        if hasty:
            options.update(time_scale.options(HASTE, HASTE))
        if busy:
            options.update(alerts=20, alert_rate=20)
        self.host = Synthetic(build.synthetic, self.home, seed=seed, contexts=3, **options)
        self._told = None
        self._stop = threading.Event()
        self._asking = None

    def start(self):
        self.calm()
        self.host.start()
        self.wait_online()
        self.works()
        self.descriptors = self.count_descriptors()
        if self.busy:
            self._asking = threading.Thread(target=self._ask, name=f"queries of {self.name}", daemon=True)
            self._asking.start()
        return self

    def stop(self):
        self._stop.set()
        if self._asking:
            self._asking.join(10)
        self.host.stop()

    # -- what is switched ---------------------------------------------------------------------------------------

    def cut(self):
        """The connection is reset: the next attempt begins."""
        self.broker.cut()

    def reread(self):
        """The settings are read anew."""
        os.kill(self.host.pid, signal.SIGHUP)

    def recent(self):
        return self.host.log[-2500:]

    # -- what the host says -------------------------------------------------------------------------------------

    def state(self):
        return self.host.state_json()

    def attempts(self, since=0):
        return [a for a in self.state()["attempts"] if a["number"] > since]

    def last_attempt(self):
        """The number of the newest one."""
        return self.state()["attempts"][-1]["number"]

    def wait_online(self, after=0, timeout=30):
        """Online by an attempt with a number above `after`; the state."""
        def online():
            s = self.state()
            return s["online"] and s["attempts"][-1]["number"] > after and s
        return wait_until(online, timeout, lambda: f"{self.name} online by an attempt after {after}:\n{self.story()}", 0.05)

    def story(self):
        return "\n".join(f"{a['number']} {a['stage']} {a['status-symbol']} online {a['online-s']}: {a['reason']}"
                         for a in self.attempts()[-6:])

    def works(self, timeout=10):
        """It answers, and the connection counts as stable: the next attempt will be immediate."""
        def answers():
            return self.cloud.query(self.claim, "/api/v1/info", wait=3).http_status == 200
        wait_until(answers, timeout, lambda: f"{self.name} answers:\n{self.story()}")
        wait_until(lambda: answers() and self.state()["received-mqtt-pubacks"] >= 3, timeout, "three PUBACKs")

    def count_descriptors(self):
        return len(os.listdir(f"/proc/{self.host.pid}/fd"))

    def cpu(self):
        return process.cpu_seconds(self.host.pid)

    # -- traffic of a busy rig ---------------------------------------------------------------------------------

    def _ask(self):
        while not self._stop.wait(0.05):
            try:
                self.cloud.query_async(self.claim, "/api/v1/data?bytes=3000")
            except Exception:                       # it is not connected just now
                continue

    def alerts_agree(self, timeout=40):
        """The transitions pause until the cloud has every alert as the host has it."""
        self.host.pause_alerts()
        try:
            wait_until(lambda: not self.alerts_differ(), timeout, lambda: f"equal alerts: {self.alerts_differ()}", 0.2)
        finally:
            self.host.pause_alerts()

    def alerts_differ(self):
        out = []
        own = {o["node-id"]: o["alert-sync-status"] for o in self.state()["node-instances"]}
        for n in self.cloud.nodes(self.claim):
            node = n["node_id"]
            if node not in own or own[node]["pending"] or own[node]["queued"] \
                    or own[node]["alert-version"] != n["alert_version"]:
                return [f"version of {node}: cloud {n['alert_version']}, host {own.get(node)}"]
            reply = self.cloud.query(self.claim, "/api/v1/alarms?all", node=node, wait=5)
            has = {a["name"]: STATUS[a["status"]] for a in reply.json()["alarms"].values()}
            told = {a["name"]: a["status"] for a in self.cloud.alerts(node)["active"]}
            out += [f"{k}: host {has.get(k)}, cloud {told.get(k)}" for k in {*has, *told} if has.get(k) != told.get(k)]
        return out


__all__ = ["BACKOFF", "HASTE", "LinkRig", "Rule", "Legs"]
