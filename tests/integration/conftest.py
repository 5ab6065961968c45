# SPDX-License-Identifier: GPL-3.0-or-later
"""Integration tests: the built product with stock netdata, a real mosquitto and the local cloud.

    /usr/bin/python3 -m pytest tests/integration             -n 2 runs two files at a time
    ACLK_BUILD=build/asan … -m core                           another build, the tests meant for it
    ACLK_KEEP=1 …                                             keeps the working directory of servers and logs

Each session (each worker of xdist) has its own directory, ports and servers, and proves at its end that no process of
its own is left.
"""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "cloud")]

from client import LocalCloud  # noqa: E402  (tests/cloud)
from faults import summary  # noqa: E402
from testenv import Build, Netdata, compiled_in, process, secrets, failure_logs  # noqa: E402
from testenv.claiming import claim, trust  # noqa: E402
from testenv.paths import program  # noqa: E402


def pytest_report_header():
    def first(*cmd):
        try:
            p = subprocess.run([program(cmd[0], cmd[0]), *cmd[1:]], capture_output=True, text=True, timeout=10)
            return (p.stdout or p.stderr).splitlines()[0].strip()
        except (OSError, IndexError, subprocess.TimeoutExpired, pytest.skip.Exception):
            return f"{cmd[0]}: not installed"

    b = Build()
    built = b.dir if b.has("plugin") else f"{b.dir} (aclk.plugin is not built)"
    lines = [f"build: {built}" + (f", sanitizers {b.sanitizer}" if b.sanitizer else ""),
             f"servers: {first('netdata', '-V')}; {first('mosquitto', '-h')}; {first('tinyproxy', '-v')}"]
    try:
        import google.protobuf
        import paho.mqtt
        lines.append(f"cloud: paho-mqtt {paho.mqtt.__version__}, protobuf {google.protobuf.__version__}, "
                     f"python {sys.version.split()[0]}")
    except ImportError as e:
        lines.append(f"cloud: {e}")
    return lines


def pytest_terminal_summary(terminalreporter):
    lines = summary.table(summary.cases_of([r for key in ("passed", "failed") for r in terminalreporter.stats.get(key, [])]))
    if lines:
        terminalreporter.section("fault matrix")
        for line in lines:
            terminalreporter.write_line(line)


# ----------------------------------------------------------------------------------------------------- session

@pytest.fixture(scope="session")
def build():
    return Build()


@pytest.fixture(scope="session")
def work(build):
    """A short directory (unix sockets live below it), removed at the end."""
    d = Path(tempfile.mkdtemp(prefix="aclk-"))
    if build.sanitizer:
        os.environ["ASAN_OPTIONS"] = f"log_path={d}/sanitizer:detect_leaks=1:abort_on_error=0"
        os.environ["UBSAN_OPTIONS"] = f"log_path={d}/sanitizer:print_stacktrace=1"
        os.environ["TSAN_OPTIONS"] = (f"log_path={d}/sanitizer:halt_on_error=0:second_deadlock_stack=1"
                                      f":suppressions={HERE.parent}/tsan.supp")
    yield d
    if not os.environ.get("ACLK_KEEP"):
        shutil.rmtree(d, ignore_errors=True)
    else:
        print(f"kept: {d}", file=sys.stderr)


@pytest.fixture(scope="session", autouse=True)
def nothing_left(work):
    """The outermost fixture: when everything else is torn down, no process of ours may run."""
    yield
    left = process.none_left(8)
    for pid, _ in left:
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            pass
    assert not left, f"processes left behind by the tests: {left}"


@pytest.fixture(scope="session", autouse=True)
def no_secret_in_a_log(work, nothing_left):
    """Whatever the tests of this session did: no token, private key or proxy password is in any log of the product."""
    yield
    found = secrets.in_logs(work)
    assert not found, "secrets in logs:\n" + "\n".join(found)


@pytest.fixture(autouse=True)
def no_sanitizer_report(build, work):
    """A finding of a sanitizer in any process fails the test during which it was written."""
    yield
    if build.sanitizer:
        found = sorted(work.glob("sanitizer.*"))
        texts = [f.read_text(errors="replace")[:6000] for f in found]
        for f in found:
            f.rename(f.with_name("seen-" + f.name))
        assert not texts, "\n".join(texts)


@pytest.fixture(scope="session")
def bad_frames(work):
    """Where every local cloud of this session writes down the WebSocket frames that no agent may send."""
    path = work / "bad-frames"
    os.environ["LOCALCLOUD_BAD_FRAMES"] = str(path)
    yield path
    del os.environ["LOCALCLOUD_BAD_FRAMES"]


@pytest.fixture(autouse=True)
def no_bad_frame(bad_frames):
    """It fails the test during which it came, even one that only looks at something else."""
    yield
    if bad_frames.exists():
        text = bad_frames.read_text()
        bad_frames.unlink()
        assert not text, text


def pytest_collection_modifyitems(items):
    for item in items:
        if why := compiled_in.why_not(item.name):
            item.add_marker(pytest.mark.skip(reason=f"the link is inside the agent: {why}"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed and call.when in ("setup", "call"):
        report.sections.extend(failure_logs.statements())


# ----------------------------------------------------------------------------------------------------- servers

class Maker:
    """Makes servers of a module (or test) in directories of their own, and ends all of them."""

    def __init__(self, base, build):
        self.base, self.build = base, build
        self._ends = []

    def _told(self, title, tell, end):
        name = f"{title} ({self.base.name})"
        failure_logs.add(name, tell)
        self._ends.append((name, end))

    def cloud(self, folder="cloud", **options):
        c = LocalCloud.start(self.base / folder, **options)
        self._told(f"local cloud {folder}", c.recent, c.stop)
        return c

    def agent(self, name="node1", start=True, plugin=True, **options):
        if plugin and compiled_in.program():
            a = compiled_in.CompiledIn(self.base / name, name=name, **options)
        else:
            a = Netdata(self.base / name, name=name, plugin=self.build.plugin if plugin else None, **options)
        self._told(f"error.log of {name}", lambda: "\n".join(a.aclk_log or a.error_log.splitlines()[-20:]), a.stop)
        return a.start() if start else a

    def add(self, title, server, tell):
        """Any other started server with stop()."""
        self._told(title, tell, server.stop)
        return server

    def end(self):
        errors = []
        while self._ends:
            name, end = self._ends.pop()
            try:
                end()
            except Exception as e:
                errors.append(f"{name}: {e!r}")
            failure_logs.remove(name)
        assert not errors, "\n".join(errors)


def _maker(work, build, name):
    d = Path(tempfile.mkdtemp(prefix=name[:12] + "-", dir=work))
    m = Maker(d, build)
    try:
        yield m
    finally:
        m.end()


@pytest.fixture(scope="module")
def servers(work, build, request):
    """Maker of servers that live as long as the module's tests."""
    yield from _maker(work, build, request.module.__name__.split(".")[-1])


@pytest.fixture
def fresh(work, build):
    """Maker of servers that live as long as the test."""
    yield from _maker(work, build, "t")


@pytest.fixture(scope="module")
def cloud(servers):
    """A local cloud that behaves."""
    return servers.cloud()


@pytest.fixture(scope="module")
def netdata(servers):
    """A stock agent with aclk.plugin, not claimed."""
    return servers.agent()


class Link:
    """An agent that is online: agent, cloud, claim (its id) and node (the cloud's id of the agent's own node)."""

    def __init__(self, cloud, agent, claim_id):
        self.cloud, self.agent, self.claim = cloud, agent, claim_id

    @property
    def node(self):
        return self.cloud.node(mguid=self.agent.guid)["node_id"]

    def query(self, target, method="GET", **options):
        return self.cloud.query(self.claim, target, method, **options)

    def connection(self):
        """The newest WSS connection of this agent, as the cloud recorded it."""
        return self.cloud.connections(self.claim)[-1]

    def hellos(self):
        return self.cloud.agent(self.claim)["hellos"]

    def assert_online(self):
        """Up, and answering."""
        state = self.cloud.agent(self.claim)
        assert state["reachable"], f"not reachable: {state}"
        assert self.query("/api/v1/info").http_status == 200


def bring_online(build, cloud, agent, timeout=30):
    """Claims a running agent and waits until the cloud knows it and its node."""
    claim_id = claim(build, agent, cloud)
    cloud.wait_online(claim_id, timeout)
    cloud.wait_node(mguid=agent.guid, timeout=timeout, live=True)
    return Link(cloud, agent, claim_id)


@pytest.fixture(scope="module")
def online(build, cloud, netdata):
    """The usual case: one agent, claimed while it runs, online."""
    return bring_online(build, cloud, netdata)


@pytest.fixture
def keep_switches(cloud):
    """The cloud's switches are back in place after the test."""
    yield cloud
    cloud.configure(reset=True)


__all__ = ["LocalCloud", "trust"]
