# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that links the module and asks for it (NACLK_OPTION_CLAIM): claims that are written down are made by the module."""
import os
import re
import signal

import pytest

from testenv import Synthetic, SyntheticHome, netns, process, stays, wait_until
from testenv.claiming import trust
from written_claims import claim_lines, claimed, last_request, requests, wait_claimed, write_claim_conf


@pytest.fixture
def home(cloud, fresh, keep_switches):
    """A host that is not claimed and trusts the cloud. No agent ever ran here: its machine guid is in no file."""
    home = SyntheticHome(fresh.base / "host")
    (home.lib / "registry/netdata.public.unique.id").unlink()
    trust(home.cloud_dir, cloud.ca)
    home.seen = last_request(cloud)
    return home


class ClaimingHost(Synthetic):
    """--claim is an option without a value."""

    @property
    def args(self):
        return [*super().args, "--claim"]


def host_of(build, fresh, home, **options):
    return fresh.add("synthetic", s := ClaimingHost(build.synthetic, home, **options).start(), lambda: s.log)


def claim_conf(home, cloud, **keys):
    write_claim_conf(home.lib, cloud, **keys)


def lines(host, word):
    return claim_lines(host.log, word)


@pytest.mark.core
def test_97_01_claim_conf_at_start_claimed_and_online_and_again_without_effect(build, cloud, fresh, home):
    claim_conf(home, cloud, rooms=cloud.rooms[0])
    host = host_of(build, fresh, home)
    claim_id = wait_claimed(home, cloud)
    [r] = requests(cloud, home.seen)
    assert r["body"]["rooms"] == [cloud.rooms[0]]
    assert r["body"]["mGUID"] == home.guid and r["body"]["node"]["hostname"] == "synthetic", "as the host says it is"
    line, = wait_until(lambda: lines(host, "changed: "), 5, "one line that says it")
    assert str(home.lib / "claim.conf") in line and claim_id in line
    host.stop()
    before = {f.name: f.read_bytes() for f in home.cloud_dir.glob("c*")}
    host.start()
    cloud.wait_online(claim_id, 30, 2)
    line, = wait_until(lambda: lines(host, "kept: "), 10, "one line that says it")
    assert claim_id in line and "claim.conf" in line
    assert {f.name: f.read_bytes() for f in home.cloud_dir.glob("c*")} == before
    assert len(requests(cloud, home.seen)) == 1 and cloud.token not in host.log
    assert host.stop() == 0


def test_97_02_claim_conf_that_appears_and_changes_is_seen_at_once(build, cloud, fresh, home):
    host = host_of(build, fresh, home)
    assert lines(host, "") and not requests(cloud, home.seen)
    claim_conf(home, cloud)
    first = wait_claimed(home, cloud)
    claim_conf(home, cloud, token="another-token")
    wait_until(lambda: lines(host, "ignored: "), 10, "it says that it does not follow")
    claim_conf(home, cloud, proxy="none")
    wait_until(lambda: "proxy = none" in "".join(lines(host, "changed: ")), 10, "the proxy is taken over")
    cloud.wait_online(first, 30, 2)
    assert claimed(home) == first and len(requests(cloud, home.seen)) == 1
    host.stop()


@pytest.mark.core
def test_97_03_refused_token_is_one_line_and_not_tried_again_before_something_changes(build, cloud, fresh, home):
    claim_conf(home, cloud, token="refused-1")
    host = host_of(build, fresh, home)
    wait_until(lambda: "Failed: token is expired" in host.log, 20, "it is refused")
    stays(lambda: len(requests(cloud, home.seen)) == 1, 3, "asked once")
    assert len(lines(host, "Failed: ")) == 1 and "refused-1" not in host.log
    os.kill(host.pid, signal.SIGALRM)  # reload-claiming-state: a person asks
    wait_until(lambda: len(requests(cloud, home.seen)) == 2 and len(lines(host, "Failed: ")) == 2, 20, "asked again")
    claim_conf(home, cloud)
    wait_claimed(home, cloud)
    host.stop()


def test_97_04_environment_and_split_files(build, cloud, fresh, home):
    (home.cloud_dir / "cloud.conf").write_text(f"[global]\n  url = {cloud.url}\n")
    (home.cloud_dir / "token").write_text(cloud.token)
    (home.cloud_dir / "rooms").write_text(cloud.rooms[1])
    host = host_of(build, fresh, home, env={"NETDATA_CLAIM_TOKEN": "refused-2", "NETDATA_CLAIM_URL": cloud.url})
    wait_claimed(home, cloud)
    asked = requests(cloud, home.seen)
    assert [r["status"] for r in asked] == [403, 204] and asked[1]["body"]["rooms"] == [cloud.rooms[1]]
    assert not (home.cloud_dir / "token").exists()
    host.stop()


@pytest.mark.core
def test_97_05_unclaim_as_a_command_holds_until_the_file_changes(build, cloud, fresh, home):
    claim_conf(home, cloud)
    host = host_of(build, fresh, home)
    first = wait_claimed(home, cloud)
    os.kill(host.pid, signal.SIGQUIT)
    wait_until(lambda: "This node is unclaimed." in host.log, 20, "the command has its answer")
    cloud.wait_offline(first, 20)
    assert cloud.agent(first)["source"] == 1, "it says goodbye"
    assert {f.name for f in home.cloud_dir.iterdir()} <= {"trusted.pem", "cloud.conf", "unclaimed", ".lock"}
    assert first in (home.cloud_dir / "unclaimed").read_text()
    line = wait_until(lambda: next(iter(lines(host, "ignored: ")), None), 10, "what is written down is not followed")
    assert "unclaimed by hand" in line
    stays(lambda: len(requests(cloud, home.seen)) == 1, 2, "not claimed again")
    assert not host.state_json()["agent-claimed"]
    os.kill(host.pid, signal.SIGQUIT)
    wait_until(lambda: "This node is not claimed." in host.log, 20, "once more changes nothing")
    claim_conf(home, cloud)
    assert wait_claimed(home, cloud, but=first) != first
    host.stop()


def test_97_06_stops_at_once_while_it_claims(build, cloud, fresh, home):
    cloud.configure(claim_delay=20)
    claim_conf(home, cloud)
    host = host_of(build, fresh, home)
    wait_until(lambda: "claiming synthetic" in host.log, 10, "the cloud is asked")
    assert host.stop(5) == 0
    assert not (home.cloud_dir / "claimed_id").exists()
    assert "Failed" not in host.log


def test_97_10_every_line_is_one_line_and_a_corrected_file_is_tried_at_once(build, cloud, fresh, home):
    """The host's log hook takes lines: what a person reads on several comes as one."""
    cloud.configure(claim_delay=2)
    claim_conf(home, cloud, token="refused-3")
    host = host_of(build, fresh, home)
    wait_until(lambda: "claiming synthetic" in host.log, 10, "the cloud is asked")
    claim_conf(home, cloud)             # while it is asked with the wrong one
    assert not lines(host, "Failed")
    wait_claimed(home, cloud)
    assert [r["status"] for r in requests(cloud, home.seen)] == [403, 204]
    claim_conf(home, cloud, url="https://127.0.0.1:1")
    (home.cloud_dir / "claimed_id").unlink()
    (home.cloud_dir / "cloud.conf").unlink()
    wait_until(lambda: [x for x in lines(host, "") if "127.0.0.1:1: cannot connect" in x and "asked for by" in x], 40, "it says why not")
    for line in host.log.splitlines():
        assert re.match(r"\d+\.\d+ (daemon|access|trace) |SYNTHETIC ", line), line
    host.stop()


def test_97_07_reload_while_online_reconnects_with_a_goodbye(build, cloud, fresh, home):
    claim_conf(home, cloud)
    host = host_of(build, fresh, home)
    claim_id = wait_claimed(home, cloud)
    os.kill(host.pid, signal.SIGALRM)
    cloud.wait_online(claim_id, 30, 2)
    assert lines(host, "agent was already connected to NC - forcing reconnection under new credentials")
    assert 'Going to restart connection due to "reclaim"' in host.log
    assert "ACLK connection status: disconnected, to reload config" in host.log
    wait_until(lambda: lines(host, "kept: "), 10, "what asks for the claim is looked at too")
    assert len(requests(cloud, home.seen)) == 1
    host.stop()


@pytest.mark.skipif(not netns.possible(), reason="no network namespaces here")
@pytest.mark.parametrize("why", ["no-wish", "switched-off"])
def test_97_08_off_means_off(build, cloud, fresh, home, why):
    """Not claimed and nothing written down, or switched off: no packet, no socket; one thread that sleeps."""
    if why == "switched-off":
        (home.cloud_dir / "cloud.conf").write_text("[global]\n  enabled = no\n")
        claim_conf(home, cloud)
    net = fresh.add("network", netns.Network(fresh.base / "net").start(), lambda: "")
    host = fresh.add("synthetic", s := ClaimingHost(build.synthetic, home, prefix=net.prefix).start(), lambda: s.log)
    before = net.counters()
    stays(lambda: net.counters() == before, 4, "the counters do not move", 0.5)
    assert process.sockets(host.pid) == [] and not requests(cloud, home.seen)
    assert len(process.threads(host.pid)) <= (2 if not build.sanitizer else 3)
    [keeper] = [t for t in process.threads(host.pid) if process.thread_name(host.pid, t) == "ACLK_CLAIM"]
    switches = process.switches(host.pid, keeper)
    stays(lambda: process.switches(host.pid, keeper) == switches, 2, "it sleeps", 0.5)


def test_97_09_without_the_option_nothing_is_claimed(build, cloud, fresh, home):
    claim_conf(home, cloud)
    host = fresh.add("synthetic", s := Synthetic(build.synthetic, home).start(), lambda: s.log)
    stays(lambda: not requests(cloud, home.seen) and len(process.threads(host.pid)) <= (2 if build.sanitizer else 1), 3,
          "no request, no thread")


def test_97_99_nothing_against_the_protocol(cloud):
    assert cloud.violations() == []
