# SPDX-License-Identifier: GPL-3.0-or-later
"""Switched off, or not claimed: no thread, no DNS query, no socket to the cloud."""
import re
import shutil

import pytest

from conftest import bring_online
from testenv import Plugin, Synthetic, SyntheticHome, netns, process, stays, wait_until
from testenv.claiming import claim

LOOKED = 4.0  # seconds that are watched


def set_enabled(agent, value):
    """Writes `enabled` into cloud.conf, whatever it said before."""
    conf = agent.cloud_dir / "cloud.conf"
    text = re.sub(r"(?m)^\s*#?\s*enabled\s*=.*\n", "", conf.read_text())
    conf.write_text(text.replace("[global]\n", f"[global]\n  enabled = {value}\n", 1))


@pytest.fixture
def plain(fresh):
    """A stock agent without our plugin, which is run by hand."""
    return fresh.agent("plain", plugin=False)


def by_hand(fresh, build, agent, **more):
    return fresh.add("plugin", p := Plugin(build.plugin, fresh.base / "p", agent=agent, **more).start(), lambda: p.stderr)


def quiet(supervisor, sanitizer=False):
    """No worker; one thread and no connection in the supervisor. (A sanitizer has threads of its own.)"""
    assert process.children(supervisor) == [], "a worker runs"
    assert process.sockets(supervisor) == []
    assert sanitizer or len(process.threads(supervisor)) == 1
    return True


def stays_quiet(p, build, cloud):
    seen = len(cloud.https_requests())
    wait_until(lambda: quiet(p.pid, build.sanitizer), 5, "one thread, no sockets")
    stays(lambda: quiet(p.pid, build.sanitizer) and p.process.alive(), LOOKED, "quiet")
    assert len(cloud.https_requests()) == seen


@pytest.mark.core
def test_50_01_not_claimed(build, cloud, fresh, plain):
    p = by_hand(fresh, build, plain)
    wait_until(lambda: "claimed" in p.stderr, 5, "it says that the node is not claimed")
    stays_quiet(p, build, cloud)
    p.stop()


@pytest.mark.core
def test_50_02_switched_off(build, cloud, fresh, plain):
    """Claimed, but `enabled = no`."""
    claim(build, plain, cloud)
    set_enabled(plain, "no")
    p = by_hand(fresh, build, plain)
    wait_until(lambda: "enabled" in p.stderr, 5, "it says that the link is switched off")
    stays_quiet(p, build, cloud)
    p.stop()


@pytest.mark.parametrize("why", ["not-claimed", "switched-off"])
def test_50_03_no_system_call_goes_out(build, cloud, fresh, plain, why):
    """The same, seen by strace: nothing is connected, resolved or started."""
    if build.sanitizer:
        pytest.skip("a sanitizer has threads of its own")
    strace = shutil.which("strace")
    if not strace:
        pytest.skip("strace is not installed")
    if why == "switched-off":
        claim(build, plain, cloud)
        set_enabled(plain, "no")
    trace = fresh.base / "trace"
    wrapper = fresh.base / "aclk.plugin"
    wrapper.write_text(f"#!/bin/sh\nexec {strace} -f -qq -e trace=socket,connect,sendto,sendmsg,clone,clone3 "
                       f"-o {trace} {build.plugin} \"$@\"\n")
    wrapper.chmod(0o755)
    p = fresh.add("plugin", q := Plugin(wrapper, fresh.base / "p", agent=plain).start(), lambda: q.stderr)
    stays(lambda: p.process.alive(), LOOKED, "the plugin runs")
    p.close_stdin()
    p.process.wait(10)
    lines = trace.read_text().splitlines()
    assert [x for x in lines if re.search(r"socket\(AF_INET|connect\(|send(to|msg)\(|clone", x)] == []


@pytest.mark.skipif(not netns.possible(), reason="no network namespaces here")
@pytest.mark.parametrize("why", ["not-claimed", "switched-off"])
def test_50_07_no_packet_goes_out(build, cloud, fresh, why):
    """The same, seen by a network that has nobody else in it: its counters do not move. Those of a link that is on do."""
    home = SyntheticHome(fresh.base / "host")
    net = fresh.add("network", netns.Network(fresh.base / "net").start(), lambda: "")
    if why == "switched-off":
        claim(build, home, cloud)
        set_enabled(home, "no")
    host = fresh.add("synthetic", s := Synthetic(build.synthetic, home, prefix=net.prefix).start(), lambda: s.log)
    before = net.counters()
    stays(lambda: net.counters() == before, LOOKED, "the counters do not move", 0.5)
    assert len(process.threads(host.pid)) <= (1 if not build.sanitizer else 2)
    if why == "switched-off":
        host.stop()
        set_enabled(home, "yes")
        host.start()
        wait_until(lambda: net.counters() != before, 10, "the counters move")


def test_50_04_switched_on_while_it_runs(build, cloud, fresh, plain):
    """Claiming, and `enabled`, take effect without a restart of anything."""
    p = by_hand(fresh, build, plain)
    wait_until(lambda: "claimed" in p.stderr, 5, "it says that the node is not claimed")
    claim_id = claim(build, plain, cloud)
    cloud.wait_online(claim_id, 30)
    set_enabled(plain, "no")
    cloud.wait_offline(claim_id, 30)
    assert cloud.agent(claim_id)["source"] == 1, "it says goodbye"
    wait_until(lambda: quiet(p.pid, build.sanitizer), 10, "everything of the link is gone")
    set_enabled(plain, "yes")
    cloud.wait_online(claim_id, 30)
    p.stop()


def test_50_05_broken_identity_is_explained(build, cloud, fresh, plain):
    """Claimed, but the private key is gone: one sentence with the next step, and no attempt."""
    claim(build, plain, cloud)
    (plain.cloud_dir / "private.pem").unlink()
    seen = len(cloud.https_requests())
    p = by_hand(fresh, build, plain)
    wait_until(lambda: "private" in p.stderr and "ACLK" in p.stderr, 10, "a line about the private key")
    stays(lambda: len(cloud.https_requests()) == seen, 2, "no attempt")
    assert p.stderr.count("private.pem") <= 3, "said once, not again and again"
    p.stop()


def test_50_06_unclaimed_by_removing_cloud_d(build, cloud, fresh):
    link = bring_online(build, cloud, fresh.agent("leaver"))
    for f in link.agent.cloud_dir.iterdir():
        if f.name != "trusted.pem":
            shutil.rmtree(f) if f.is_dir() else f.unlink()
    cloud.wait_offline(link.claim, 30)
    wait_until(lambda: quiet(link.agent.plugin_pid(), build.sanitizer), 10, "everything of the link is gone")

