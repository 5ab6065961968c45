# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugins.d contract of both generations of agents (plugin-api/external/README.md, "The contract of plugins"), with
us, or a stock agent, in charge."""
import json
import os
import re
import shlex
import signal
import time

import pytest

from testenv import Plugin, process, stays, wait_until
from testenv.claiming import claim

WORDS_V1 = {"CHART", "DIMENSION", "BEGIN", "SET", "END", "FLUSH", "CLABEL", "CLABEL_COMMIT", "VARIABLE"}
WORDS_V2 = WORDS_V1 | {"PLUGIN_KEEPALIVE", "EXIT"}
LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d: \S+ (INFO|ERROR|FATAL) +: \S+ : ACLK")

generations = pytest.mark.parametrize("generation", [1, 2], ids=["1.37", "2.x"])


@pytest.fixture(scope="module")
def agent(build, servers, cloud):
    """A stock agent for the plugin to find; claimed, because only then is there a worker."""
    a = servers.agent("host", plugin=False)
    claim(build, a, cloud)
    return a


@pytest.fixture
def start(build, fresh, agent):
    def make(generation=1, **more):
        n = len(list(fresh.base.iterdir()))
        p = Plugin(build.plugin, fresh.base / f"p{n}", generation=generation, agent=agent, **more).start()
        return fresh.add(f"plugin {n}", p, lambda: p.stderr)
    return make


def gone(*pids):
    return not any(process.running(p) for p in pids)


@generations
def test_60_01_only_words_the_agent_knows(start, generation):
    """One unknown word ends the plugin on 1.37; a line has at most 20 words there, 30 on 2.x."""
    p = start(generation)
    wait_until(lambda: "END" in p.output.split(), 15, "a chart update")
    for line in p.output.splitlines():
        words = shlex.split(line)
        if not words:
            continue
        assert words[0] in (WORDS_V1 if generation == 1 else WORDS_V2), line
        assert len(words) <= (20 if generation == 1 else 30) and len(line) < 15000
    charts = [shlex.split(x) for x in p.output.splitlines() if x.startswith("CHART ")]
    assert all("." in c[1] for c in charts)
    p.stop()


@pytest.mark.core
@generations
def test_60_02_sigterm(start, generation):
    p = start(generation)
    worker = p.wait_worker()
    p.signal(signal.SIGTERM)
    status, seconds = p.wait_gone(3)
    assert status == 0 and gone(worker)
    assert seconds < 3


@pytest.mark.core
@generations
def test_60_03_end_of_stdin(start, generation):
    """The agent is gone; on 1.37 that is all a plugin hears of a kill -9."""
    p = start(generation)
    worker = p.wait_worker()
    p.close_stdin()
    status, _ = p.wait_gone(3)
    assert status == 0
    wait_until(lambda: gone(worker), 1, "no orphan")


@pytest.mark.core
def test_60_04_quit(start):
    p = start(2)
    worker = p.wait_worker()
    p.say("QUIT")
    status, _ = p.wait_gone(3)
    assert status == 0 and gone(worker)


@generations
def test_60_05_nobody_reads_stdout(start, generation):
    """EPIPE (SIGPIPE is ignored by the agent and inherited): noticed at once or with the next sign of life."""
    p = start(generation)
    worker = p.wait_worker()
    p.close_stdout()
    status, _ = p.wait_gone(31)
    assert status == 0 and gone(worker)


def test_60_06_commands_nobody_understands(start):
    """Functions, noise and half lines on stdin change nothing."""
    p = start(2)
    worker = p.wait_worker()
    for line in ('FUNCTION tx 5 "nosuch"', "FUNCTION_CANCEL tx", "", "x" * 70000, "\x00\xff", "quit", "FUNCTION"):
        p.process.popen.stdin.write(line.encode("latin1") + b"\n")
        p.process.popen.stdin.flush()
    stays(lambda: p.process.alive() and process.running(worker), 2, "it still runs")
    p.say("QUIT")
    assert p.wait_gone(3)[0] == 0


def test_60_07_a_sign_of_life_each_30_seconds(start):
    p = start(2)
    wait_until(lambda: p.output, 15, "the first output")
    assert p.signs_of_life(35) <= 30


@pytest.mark.core
def test_60_08_worker_crash_is_repaired(start):
    """A plugin that a signal kills is never started again by the agent: so only the worker may die."""
    p = start()
    first = p.wait_worker()
    os.kill(first, signal.SIGKILL)
    second = p.wait_worker(10, not_this=first)
    os.kill(second, signal.SIGABRT)  # not SIGSEGV, which a sanitizer would report as its own finding
    third = p.wait_worker(20, not_this=second)
    assert p.process.alive() and process.running(third)
    p.stop()
    assert gone(first, second, third)


def test_60_09_a_worker_that_always_dies_is_not_restarted_in_a_hurry(start):
    p = start()
    began, deaths, last = time.monotonic(), 0, None
    while time.monotonic() - began < 8:
        worker = p.worker_pid()
        if worker and worker != last:
            os.kill(worker, signal.SIGKILL)
            last, deaths = worker, deaths + 1
        time.sleep(0.02)
    assert 2 <= deaths <= 8, f"{deaths} workers in 8 s"
    p.stop()


def test_60_10_supervisor_killed_worker_follows(start):
    p = start()
    worker = p.wait_worker()
    os.kill(p.pid, signal.SIGKILL)
    wait_until(lambda: gone(worker), 3, "no orphan")


@generations
def test_60_11_log_lines(start, generation):
    """The agent's format, a time stamp included: the agent adds none (plugin-api/external/README.md, "State of the
    process")."""
    p = start(generation)
    p.wait_worker()
    wait_until(lambda: "ACLK" in p.stderr, 10, "a first line")
    lines = p.stderr.splitlines()
    if generation == 1:
        assert all(LOG_LINE.match(x) for x in lines), lines
    assert all("ACLK" in x for x in lines), lines
    assert not re.search("[^\\x20-\\x7e]", "".join(lines))
    p.stop()


def test_60_12_runs_without_its_agent(build, fresh, cloud):
    """No agent answers: it waits, says so once, and ends when told."""
    away = fresh.agent("away", plugin=False)
    claim(build, away, cloud)
    away.stop()
    p = fresh.add("plugin", q := Plugin(build.plugin, fresh.base / "p", agent=away).start(), lambda: q.stderr)
    worker = p.wait_worker()
    stays(lambda: p.process.alive() and process.running(worker), 3, "it waits")
    assert len(p.stderr.splitlines()) < 20
    p.signal(signal.SIGTERM)
    assert p.wait_gone(3)[0] == 0


def test_60_13_somebody_elses_agent_is_not_believed(build, fresh, agent):
    """The web API on the port belongs to another machine guid: not a word of it is used."""
    other = "99999999-8888-7777-6666-555555555555"
    conf = agent.cloud_dir / "cloud.conf"
    text = conf.read_text()
    conf.write_text(text.replace(agent.guid, other))  # else it is a copy of that agent's identity, and refused as such
    p = Plugin(build.plugin, fresh.base / "p", agent=agent, env={"NETDATA_REGISTRY_UNIQUE_ID": other})
    fresh.add("plugin", p.start(), lambda: p.stderr)
    p.wait_worker()
    wait_until(lambda: agent.guid in p.stderr or other in p.stderr, 15, "a line about the wrong agent")
    p.stop()
    conf.write_text(text)


def test_60_14_version_and_help(build):
    import subprocess
    out = {a: subprocess.run([build.plugin, *a.split()], capture_output=True, text=True, timeout=10)
           for a in ("--version", "--help", "-W buildinfo", "-W buildinfojson")}
    assert all(r.returncode == 0 and r.stdout for r in out.values())
    lines = out["-W buildinfo"].stdout.splitlines()
    for grep in ("Netdata Cloud ____ : YES", "ACLK (Agent-Cloud Link: MQTT over WebSockets over TLS) _____ : YES",
                 "    Netdata Cloud:              YES ", "    ACLK:                       YES",
                 "    Cloud Implementation:       Next Generation", "    ACLK Next Generation:       YES",
                 "    ACLK-NG New Cloud Protocol: YES", "    ACLK Legacy:                NO"):
        assert grep in lines, grep
    told = json.loads(out["-W buildinfojson"].stdout)
    assert told["features"]["cloud"] and told["features"]["aclk"] and told["connectivity"]["aclk"]
    assert told["features"]["aclk-ng"] and told["features"]["aclk-legacy"] is False


class TestUnderTheAgent:
    @pytest.fixture(scope="class")
    def host(self, build, cloud, servers):
        a = servers.agent("owner")
        claim(build, a, cloud)
        a.wait_plugin()
        return a

    def test_60_20_charts_arrive(self, host):
        chart = wait_until(lambda: next((c for n, c in host.api("/api/v1/charts").json()["charts"].items()
                                         if n.startswith("netdata.aclk")), None), 30, "a chart of ours")
        assert chart["plugin"]

    def test_60_21_worker_killed_agent_does_not_notice(self, host):
        sup, worker = host.plugin_pid(), host.wait_plugin()
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: (w := host.worker_pid()) and w != worker, 15, "a new worker")
        assert host.plugin_pid() == sup

    @pytest.mark.core
    def test_60_22_restart(self, host):
        sup, worker = host.plugin_pid(), host.wait_plugin()
        assert host.stop() < 6
        # An agent now and then ends without a word to its plugins: they see the end of stdin.
        wait_until(lambda: gone(sup, worker), 4, "the plugin ends with its agent")
        host.start()
        host.wait_plugin()

    def test_60_23_agent_killed(self, host):
        sup, worker = host.plugin_pid(), host.wait_plugin()
        host.kill()
        wait_until(lambda: gone(sup, worker), 4, "the plugin follows its agent")
        host.start()
        host.wait_plugin()
        mine = [p for p in process.children(host.pid) if "aclk.plugin" in process.cmdline(p)]
        assert len(mine) == 1

    def test_60_24_dropped_in_while_the_agent_runs(self, build, fresh):
        a = fresh.agent("later", plugin=False, config={"plugins": {"aclk": "yes"}})
        (a.dir / "plugins/aclk.plugin").symlink_to(build.plugin)
        wait_until(a.plugin_pid, 15, "the agent finds it")

    def test_60_25_switched_off_in_netdata_conf(self, fresh):
        a = fresh.agent("without", config={"plugins": {"aclk": "no"}})
        stays(lambda: a.plugin_pid() is None, 2, "it is not started")
