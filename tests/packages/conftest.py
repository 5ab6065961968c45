# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian packages on the system's own netdata: see packaging/test-deb, which runs these tests."""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPO / "tests/integration"), str(REPO / "tests/cloud")]
sys.dont_write_bytecode = True

from client import LocalCloud  # noqa: E402
from testenv import Netdata, TestCharts, process, testcharts, wait_until  # noqa: E402
from testenv.process import Process, clean_env  # noqa: E402
from testenv.published import STATUS  # noqa: E402

PLUGIN = Path("/usr/lib/netdata/plugins.d/aclk.plugin")
PACKAGE = "netdata-plugin-aclk"
ALERT = "testcharts_high"
FINDS_IN = 75                   # seconds: an agent looks for new plugins once a minute


def run(*command, ok=True, network=False, **more):
    """A finished command, output as text. network: where the machine's own network is (apt)."""
    if network:
        # nsenter would leave the descriptor's number to us; the path is one of this process.
        command = ["nsenter", f"--net={os.environ['ACLK_NETWORK'].replace('self', str(os.getpid()))}", *command]
    p = subprocess.run([str(c) for c in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       stdin=subprocess.DEVNULL, env=clean_env(DEBIAN_FRONTEND="noninteractive", **more))
    assert not ok or p.returncode == 0, f"{command}: {p.returncode}\n{p.stdout}"
    return p


class SystemAgent(Netdata):
    """Debian's netdata in its own directories, with the configuration of its package and our test charts."""

    CONF = Path("/etc/netdata/netdata.conf")

    def __init__(self, base):
        super().__init__(base, name="system")
        self.port = 19999
        (self.dir / "plugins").mkdir(parents=True)
        self.log_file = self.dir / "stdout.log"

    etc = property(lambda self: Path("/etc/netdata"))
    lib = property(lambda self: Path("/var/lib/netdata"))
    log_dir = property(lambda self: Path("/var/log/netdata"))

    def write_files(self):
        mark = "# for tests/packages\n"
        text = self.CONF.read_text().partition(mark)[0]
        self.CONF.write_text(text + mark + f'[directories]\n  plugins = "/usr/lib/netdata/plugins.d" "{self.dir}/plugins"\n'
                             "[logs]\n  errors to trigger flood protection = 1000000\n")
        (self.etc / "health.d").mkdir(exist_ok=True)
        (self.etc / "health.d/testcharts.conf").write_text(testcharts.definitions(ALERT))
        (self.etc / ".opt-out-from-anonymous-statistics").touch()

    def private_tmp(self):
        return []

    def start(self, wait=True):
        self.write_files()
        self.process = Process(["/usr/sbin/netdata", "-D"], self.log_file, env=clean_env(DO_NOT_TRACK=1))
        self.wait_live()
        return self


class Machine:
    """The agent, the cloud, and the packages: version 0 is what was built, others are the same with a higher number."""

    def __init__(self, base):
        self.base = base
        self.debs = Path(os.environ["ACLK_DEBS"])
        self.agent = SystemAgent(base / "agent")
        self.charts = TestCharts(self.agent, value=1)
        self.cloud = LocalCloud.start(base / "cloud")
        self.claim_id = None
        self.figures = []

    def stop(self):
        self.agent.stop()
        self.cloud.stop()
        for line in self.figures:
            print("figure: " + line)

    def figure(self, text):
        self.figures.append(text)

    # ------------------------------------------------------------------------------------------------ packages

    @property
    def deb(self):
        deb, = self.debs.glob(f"{PACKAGE}_*.deb")
        return deb

    def higher(self, version):
        """The package once more under this version. (What the number means to dpkg is what is tried out here; the
        program in it is the same.)"""
        out = self.base / f"{PACKAGE}_{version}.deb"
        if not out.exists():
            tree = self.base / "repacked"
            shutil.rmtree(tree, ignore_errors=True)
            run("dpkg-deb", "-R", self.deb, tree)
            control = tree / "DEBIAN/control"
            control.write_text(re.sub("^Version: .*", f"Version: {version}", control.read_text(), flags=re.M))
            run("dpkg-deb", "--root-owner-group", "-b", tree, out)
        return out

    def apt(self, *words):
        return run("apt-get", "-y", "-o", "Dpkg::Use-Pty=0", "--no-install-recommends", *words, network=True)

    # ------------------------------------------------------------------------------------------------- the link

    def cli(self, *words, ok=True):
        return run("netdata-aclk", *words, ok=ok)

    def claim(self):
        token = self.base / "token"
        token.write_text(self.cloud.token)
        run("install", "-o", "netdata", "-g", "netdata", "-m", "640", self.cloud.ca, self.agent.cloud_dir / "trusted.pem")
        self.cli("claim", "--token-file", token, "--rooms", self.cloud.rooms[0], "--url", self.cloud.url)
        self.claim_id = (self.agent.cloud_dir / "claimed_id").read_text().strip()

    def hellos(self):
        return self.cloud.agent(self.claim_id)["hellos"]

    def said(self, since):
        """What the link said of itself: (reachable, by whom: 1 = the link, 2 = the broker in its place)."""
        return [(m["fields"]["reachable"], m["fields"]["update_source"])
                for m in self.cloud.messages(self.claim_id, "UpdateAgentConnection", "up", since)]

    def transitions(self, since):
        return [m["fields"]["status"] for m in self.cloud.messages(self.claim_id, "AlarmLogEntry", "up", since)
                if m["fields"]["name"] == ALERT]

    def wait_alert(self, status, timeout=60):
        def known():
            node = self.cloud.node(mguid=self.agent.guid)
            return node and any(a["name"] == ALERT and a["status"] == STATUS[status]
                                for a in self.cloud.alerts(node["node_id"])["active"])
        self.cloud.wait(known, timeout, f"{ALERT} is {status} for the cloud")

    def runs_what_is_installed(self, pid):
        try:
            return bool(pid) and os.path.samestat(os.stat(f"/proc/{pid}/exe"), PLUGIN.stat())
        except OSError:
            return False

    def wait_replaced(self, timeout=10):
        """Supervisor and worker run the file that is there now. Returns the worker's pid."""
        wait_until(lambda: self.runs_what_is_installed(self.agent.plugin_pid())
                   and self.runs_what_is_installed(self.agent.worker_pid()), timeout,
                   lambda: "the new file runs:\n" + "\n".join(self.agent.aclk_log[-10:]))
        return self.agent.worker_pid()

    def files(self):
        return {f.name for f in self.agent.cloud_dir.iterdir()}

    def rss(self, *pids):
        return sum(process.rss_kb(p) for p in pids)


def plugin_processes():
    return [int(p) for p in os.listdir("/proc") if p.isdigit() and "aclk.plugin" in process.cmdline(int(p))]


@pytest.fixture(scope="session")
def machine():
    base = Path("/srv/aclk-test-deb")  # not below a directory that the agent's user cannot enter
    shutil.rmtree(base, ignore_errors=True)
    base.mkdir(parents=True)
    m = Machine(base)
    try:
        yield m
    finally:
        m.stop()
        shutil.rmtree(base)
