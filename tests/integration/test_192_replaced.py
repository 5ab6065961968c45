# SPDX-License-Identifier: GPL-3.0-or-later
"""What an upgrade, a downgrade and a removal do to a link that is online: the plugin's file is replaced or removed under
a stock agent that is not restarted, as a package manager does it."""
import json
import os
import shutil
import sqlite3

import pytest

from conftest import bring_online
from testenv import Netdata, TestCharts, process, stays, testcharts, wait_until
from testenv.claiming import run_cli
from testenv.doctor import visit
from testenv.published import STATUS

ALERT = "testcharts_high"
IN_TIME = 10                    # seconds from the new file to the processes that run it
AGENT = 1                       # update_source: the agent says it itself; the broker's will is another


class Installed:
    """An agent whose plugin is a file of its own; install() and remove() as dpkg does: beside it, renamed over it."""

    def __init__(self, build, servers, cloud):
        self.build, self.cloud = build, cloud
        self.file = servers.base / "installed/plugins.d/aclk.plugin"
        self.file.parent.mkdir(parents=True)
        self.install()
        self.agent = servers.add("agent", Netdata(servers.base / "node1", plugin=self.file, config=testcharts.CONFIG,
                                                  health={"testcharts.conf": testcharts.definitions(ALERT)}),
                                 lambda: "\n".join(self.agent.aclk_log))
        self.charts = TestCharts(self.agent, value=1)
        self.agent.start()
        self.link = bring_online(build, cloud, self.agent)
        self.claim = self.link.claim
        self.charts.wait_status(ALERT, "CLEAR")
        self.wait_known("CLEAR")

    def install(self):
        beside = self.file.with_suffix(".plugin.dpkg-new")
        shutil.copy(self.build.plugin, beside)
        os.replace(beside, self.file)

    def runs_what_is_installed(self, pid):
        try:
            return os.path.samestat(os.stat(f"/proc/{pid}/exe"), self.file.stat())
        except OSError:
            return False

    def wait_replaced(self, timeout):
        """Supervisor and worker run the file that is there now; the worker's pid."""
        def both():
            worker = self.agent.worker_pid()
            return (worker and self.runs_what_is_installed(worker) and self.runs_what_is_installed(self.agent.plugin_pid())
                    and worker)
        return wait_until(both, timeout, lambda: "the new file runs:\n" + "\n".join(self.agent.aclk_log[-10:]))

    def connections_said(self, since):
        return [(m["fields"]["reachable"], m["fields"]["update_source"])
                for m in self.cloud.messages(self.claim, "UpdateAgentConnection", "up", since)]

    def transitions(self, since):
        return [m for m in self.cloud.messages(self.claim, "AlarmLogEntry", "up", since) if m["fields"]["name"] == ALERT]

    def known(self):
        node = self.cloud.node(mguid=self.agent.guid)
        return next((a for a in self.cloud.alerts(node["node_id"])["active"] if a["name"] == ALERT), None)

    def wait_known(self, status, timeout=60):
        return self.cloud.wait(lambda: (a := self.known()) and a["status"] == STATUS[status] and a, timeout,
                               f"{ALERT} is {status} for the cloud")

    def waiting(self):
        """Alert transitions that the cloud has not acknowledged."""
        return self.state()["queues"]["alerts"]

    def state(self):
        return json.loads(run_cli(self.build, self.agent, "state", "--json").stdout)


@pytest.fixture(scope="module")
def installed(build, servers, cloud):
    return Installed(build, servers, cloud)


@pytest.fixture
def quiet(installed):
    """Online, the cloud as ever; the number of the last message."""
    installed.cloud.configure(reset=True)
    installed.cloud.wait_online(installed.claim, 40)
    return installed.cloud.last_message_number()


@pytest.fixture
def calm(installed):
    """Online, clear, the cloud as ever; the number of the last message."""
    installed.cloud.configure(reset=True)
    installed.cloud.wait_online(installed.claim, 40)
    installed.charts.set("value", 1)
    installed.charts.wait_status(ALERT, "CLEAR")
    installed.wait_known("CLEAR")
    return installed.cloud.last_message_number()


def test_192_01_replaced_while_online_the_new_one_runs_within_10_s(installed, calm):
    """The agent goes on with the same process id; the cloud hears a goodbye and a return, and what was raised
    meanwhile, once."""
    agent, cloud = installed.agent, installed.cloud
    supervisor, worker, claimed = agent.plugin_pid(), agent.worker_pid(), installed.claim
    hellos = cloud.agent(claimed)["hellos"]
    installed.install()
    installed.charts.set("value", testcharts.VALUES["WARNING"])
    assert installed.wait_replaced(IN_TIME) != worker
    assert agent.plugin_pid() == supervisor and not process.running(worker)
    cloud.wait_online(claimed, IN_TIME, hellos + 1)
    assert installed.connections_said(calm) == [(False, AGENT), (True, AGENT)]
    installed.wait_known("WARNING", 20)
    installed.link.assert_online()
    assert [m["fields"]["status"] for m in installed.transitions(calm)] == [STATUS["WARNING"]]
    assert (agent.cloud_dir / "claimed_id").read_text().strip() == claimed
    assert len(cloud.nodes(claimed)) == 1


def test_192_02_what_waits_for_its_puback_waits_on(installed, calm):
    """The queue of alerts is on disk: what nobody has acknowledged is known to the new one, as the same transition. (It
    sends it again, but for a cloud that says by its version that it has it.)"""
    cloud, hellos = installed.cloud, installed.cloud.agent(installed.claim)["hellos"]
    cloud.configure(drop_down=["PUBACK"])
    installed.charts.drive(ALERT, "CRITICAL")
    cloud.wait(lambda: installed.transitions(calm), 20, "it is sent")
    assert installed.waiting() == 1
    cloud.configure(reset=True)
    installed.install()
    installed.wait_replaced(IN_TIME)
    cloud.wait_online(installed.claim, IN_TIME, hellos + 1)
    wait_until(lambda: installed.waiting() == 0, 20, "nothing waits any more")
    installed.wait_known("CRITICAL", 20)
    assert len({m["payload"] for m in installed.transitions(calm)}) == 1


def test_192_03_a_new_file_that_cannot_run_changes_nothing(installed, quiet):
    worker = installed.agent.worker_pid()
    beside = installed.file.with_suffix(".plugin.dpkg-new")
    beside.write_bytes(installed.build.plugin.read_bytes()[:100_000])
    beside.chmod(0o750)
    os.replace(beside, installed.file)
    stays(lambda: process.running(worker), 3, "the old one runs on")
    assert installed.connections_said(quiet) == []
    installed.install()
    assert installed.wait_replaced(IN_TIME) != worker


def test_192_10_removed_says_goodbye_and_ends_installed_again_comes_back(installed, quiet):
    """cloud.d stays, and the same node returns."""
    agent, cloud = installed.agent, installed.cloud
    supervisor, worker = agent.plugin_pid(), agent.worker_pid()
    files = {f.name for f in agent.cloud_dir.iterdir() if not f.name.endswith(("-wal", "-shm", ".sock"))}
    installed.file.unlink()
    wait_until(lambda: not process.running(supervisor) and not process.running(worker), IN_TIME, "both end")
    assert installed.connections_said(quiet) == [(False, AGENT)]
    assert {f.name for f in agent.cloud_dir.iterdir()} == files
    since, hellos = cloud.last_message_number(), cloud.agent(installed.claim)["hellos"]
    installed.install()
    cloud.wait_online(installed.claim, 30, hellos + 1)  # the agent looks each 10 s
    assert installed.connections_said(since) == [(True, AGENT)]
    assert [n["node_id"] for n in cloud.nodes(installed.claim)] == [installed.link.node]


def test_192_20_database_of_a_newer_version_is_left_alone_and_told(installed, calm):
    """A downgrade: the link goes on in memory, and what the newer version had kept is there when it is back."""
    agent, cloud = installed.agent, installed.cloud
    file = agent.cloud_dir / "aclk.db"

    def version(number, more=""):
        with sqlite3.connect(file) as db:
            db.executescript(f"PRAGMA user_version = {number}; {more}")

    def again():
        hellos = cloud.agent(installed.claim)["hellos"]
        installed.install()
        installed.wait_replaced(IN_TIME)
        cloud.wait_online(installed.claim, IN_TIME, hellos + 1)

    with sqlite3.connect(file) as db:
        ours, = db.execute("PRAGMA user_version").fetchone()
    version(99, "CREATE TABLE of_the_future (x); INSERT INTO of_the_future VALUES (1);")
    again()
    durable = wait_until(lambda: (d := installed.state()["durable-state"]) != "ok" and d, 20, "it is in the state")
    assert durable.startswith(f"{file} was written by a newer version of netdata-aclk (it has version 99, this one knows "
                              f"{ours})")
    found = visit(installed.build, agent)
    assert found.verdict("disk") == "bad" and "install the newer version again" in found.found["disk"]["remedy"]
    assert any("was written by a newer version" in x for x in agent.aclk_log)
    installed.charts.drive(ALERT, "WARNING")            # the link works
    installed.wait_known("WARNING", 20)
    assert not (agent.cloud_dir / "aclk.db.damaged").exists()

    with sqlite3.connect(file) as db:                   # nothing is lost
        assert db.execute("SELECT x FROM of_the_future").fetchall() == [(1,)]
        assert db.execute("SELECT count(*) FROM node").fetchone() == (1,)
    version(ours, "DROP TABLE of_the_future;")
    again()
    assert installed.state()["durable-state"] == "ok"
    installed.wait_known("WARNING", 20)
    installed.charts.drive(ALERT, "CRITICAL")
    installed.wait_known("CRITICAL", 20)
    assert [n["node_id"] for n in cloud.nodes(installed.claim)] == [installed.link.node]


def test_192_99_nothing_against_the_protocol(cloud):
    assert cloud.violations() == []
