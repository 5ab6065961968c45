# SPDX-License-Identifier: GPL-3.0-or-later
"""cloud.d of one machine on another one (an image, a backup, a copied volume): it never connects; after the one command
that the log names, the machine is a node of its own."""
import shlex
import shutil
import subprocess

import pytest

from conftest import bring_online
from test_50_off import by_hand, quiet
from testenv import Synthetic, SyntheticHome, stays, wait_until
from testenv.claiming import claim
from testenv.process import clean_env

COPY = "is a copy of another machine's"
OTHER = "5f8a6f0e-0000-4000-8000-00000000be9c"


def copy_cloud_d(source, target):
    """What an image does, down to modes; the durable state goes with it."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)


def nothing_comes(cloud, since, seconds=4):
    """No connection, whatever for, is made to the cloud."""
    stays(lambda: len(cloud.https_requests()) == since, seconds, "no request at the cloud")


def run_the_command(build, agent, line):
    """What the line tells people to type, typed."""
    words = shlex.split(line[line.index("netdata-aclk claim --reclaim"):])
    assert words[0] == "netdata-aclk"
    return subprocess.run([build.cli, *words[1:]], text=True, capture_output=True, timeout=60,
                          env=clean_env(NETDATA_LIB_DIR=agent.lib, NETDATA_USER_CONFIG_DIR=agent.etc))


@pytest.mark.core
def test_90_01_clone_never_connects_and_is_a_new_node_after_the_command(build, cloud, fresh):
    original = bring_online(build, cloud, fresh.agent("original"))
    clone = fresh.agent("clone", plugin=False)
    assert clone.guid != original.agent.guid
    copy_cloud_d(original.agent.cloud_dir, clone.cloud_dir)
    hellos, seen = original.hellos(), len(cloud.https_requests())
    p = by_hand(fresh, build, clone)
    line = wait_until(lambda: next((x for x in p.stderr.splitlines() if COPY in x), None), 10, "it says what it is")
    assert "ACLK" in line and clone.guid in line and original.agent.guid in line and original.claim in line
    wait_until(lambda: quiet(p.pid, build.sanitizer), 5, "no worker, no socket")
    nothing_comes(cloud, seen)
    assert p.stderr.count(COPY) == 1, "said once"

    done = run_the_command(build, clone, line)
    assert done.returncode == 0, done.stdout + done.stderr
    new = (clone.cloud_dir / "claimed_id").read_text()
    assert new != original.claim
    cloud.wait_online(new, 30)
    node = cloud.wait_node(mguid=clone.guid, timeout=30, live=True)
    assert node["node_id"] != original.node
    assert original.hellos() == hellos, "the original noticed nothing"
    original.assert_online()
    p.stop()


@pytest.mark.core
def test_90_02_clone_of_a_host_that_links_us_says_so_in_its_state(build, cloud, fresh):
    """The same through the C ABI: log, state and no connection; a reload after the command."""
    first, second = SyntheticHome(fresh.base / "a", OTHER), SyntheticHome(fresh.base / "b")
    old = claim(build, first, cloud)
    copy_cloud_d(first.cloud_dir, second.cloud_dir)
    seen = len(cloud.https_requests())
    host = fresh.add("host", s := Synthetic(build.synthetic, second).start(), lambda: s.log[-3000:])
    text = host.state()
    assert "Claimed: No" in text and "Online: No" in text
    line = next(x for x in text.splitlines() if x.startswith("Reason:"))
    assert all(x in line for x in (COPY, old, OTHER, second.guid, "netdata-aclk claim --reclaim"))
    assert any(COPY in x and " error " in x for x in host.log.splitlines())
    nothing_comes(cloud, seen)
    assert host.stop() == 0
    assert run_the_command(build, second, line).returncode == 0
    host.start()
    cloud.wait_online((second.cloud_dir / "claimed_id").read_text(), 30)
    assert host.stop() == 0


def test_90_03_claim_without_reclaim_does_not_touch_a_copy(build, cloud, fresh):
    first, second = SyntheticHome(fresh.base / "a", OTHER), SyntheticHome(fresh.base / "b")
    claim(build, first, cloud)
    copy_cloud_d(first.cloud_dir, second.cloud_dir)
    before = {f.name: f.read_bytes() for f in second.cloud_dir.iterdir()}
    p = subprocess.run([build.cli, "claim"], text=True, capture_output=True, timeout=60,
                       env=clean_env(NETDATA_LIB_DIR=second.lib, NETDATA_USER_CONFIG_DIR=second.etc,
                                     NETDATA_CLAIM_TOKEN=cloud.token))
    assert p.returncode == 2 and COPY in p.stderr and "Nothing was changed." in p.stderr
    assert {f.name: f.read_bytes() for f in second.cloud_dir.iterdir()} == before


def test_90_04_keys_that_are_no_pair_are_reported_and_not_used(build, cloud, fresh):
    agent = fresh.agent("plain", plugin=False)
    claim(build, agent, cloud)
    other = SyntheticHome(fresh.base / "other")
    claim(build, other, cloud)
    shutil.copy(other.cloud_dir / "public.pem", agent.cloud_dir / "public.pem")
    seen = len(cloud.https_requests())
    p = by_hand(fresh, build, agent)
    wait_until(lambda: "are not halves of one key pair" in p.stderr, 10, "it says what is wrong")
    nothing_comes(cloud, seen, 2)
    # The right one is back: at work without a restart of anything.
    (agent.cloud_dir / "public.pem").unlink()
    cloud.wait_online((agent.cloud_dir / "claimed_id").read_text(), 30)
    p.stop()


def test_90_05_modes_are_repaired_and_a_lost_public_key_is_derived(build, cloud, fresh):
    agent = fresh.agent("plain", plugin=False)
    claim_id = claim(build, agent, cloud)
    d = agent.cloud_dir
    public = (d / "public.pem").read_text()
    (d / "public.pem").unlink()
    d.chmod(0o777)
    (d / "private.pem").chmod(0o644)
    (d / "cloud.conf").chmod(0o666)
    p = by_hand(fresh, build, agent)
    cloud.wait_online(claim_id, 30)
    assert [(d / f).stat().st_mode & 0o777 for f in ("", "private.pem", "cloud.conf")] == [0o770, 0o600, 0o660]
    assert (d / "public.pem").read_text() == public
    for name in ("cloud.d was open", "private.pem was open to other users (mode 0644)", "cloud.conf was open",
                 "public.pem was missing"):
        assert p.stderr.count(name) == 1, p.stderr
    p.stop()


def test_90_99_nothing_against_the_protocol(cloud):
    assert cloud.violations() == []
