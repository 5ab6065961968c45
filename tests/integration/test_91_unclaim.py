# SPDX-License-Identifier: GPL-3.0-or-later
"""netdata-aclk unclaim and prepare-template."""
import shutil

import pytest

from conftest import bring_online
from test_50_off import quiet
from testenv import wait_until
from testenv.claiming import claim, run_cli, trust


def left(cloud_dir):
    return sorted(f.name for f in cloud_dir.iterdir())


@pytest.mark.core
def test_91_01_unclaim_says_goodbye_and_wipes_keys_and_state(build, cloud, fresh):
    link = bring_online(build, cloud, fresh.agent("leaver"))
    agent = link.agent
    assert (agent.cloud_dir / "aclk.db").exists()
    p = run_cli(build, agent, "unclaim")
    assert p.returncode == 0, p.stdout + p.stderr
    assert p.stdout.startswith("This node is unclaimed.\n") and link.claim in p.stdout and cloud.token not in p.stdout
    assert "has not let go" not in p.stdout
    cloud.wait_offline(link.claim, 30)
    assert cloud.agent(link.claim)["source"] == 1, "it said goodbye"
    wait_until(lambda: quiet(agent.plugin_pid(), build.sanitizer), 10, "everything of the link is gone")
    assert left(agent.cloud_dir) == ["cloud.conf", "trusted.pem", "unclaimed"], "also later: nothing wrote it again"
    conf = (agent.cloud_dir / "cloud.conf").read_text()
    assert cloud.token not in conf and link.claim not in conf and agent.guid not in conf and cloud.url in conf
    wait_until(lambda: any("Agent is not claimed (" in x and f"unclaimed {link.claim} at {cloud.url}" in x
                           for x in agent.aclk_log), 10, "the log says what happened")

    again = run_cli(build, agent, "unclaim")
    assert again.returncode == 0 and again.stdout.startswith("This node is not claimed.\n")
    new = claim(build, agent, cloud)
    assert new != link.claim and "unclaimed" not in left(agent.cloud_dir)
    cloud.wait_online(new, 30)


@pytest.mark.core
def test_91_02_each_copy_of_a_template_is_a_new_node(build, cloud, fresh):
    agent = fresh.agent("template")
    link = bring_online(build, cloud, agent)
    p = run_cli(build, agent, "prepare-template", env={"NETDATA_CACHE_DIR": agent.dir / "cache"})
    assert p.returncode == 2 and "The agent is running" in p.stderr and "Nothing was changed" in p.stderr
    link.assert_online()

    old = agent.guid
    agent.stop()
    p = run_cli(build, agent, "prepare-template", env={"NETDATA_CACHE_DIR": agent.dir / "cache"})
    assert p.returncode == 0, p.stdout + p.stderr
    assert p.stdout.startswith("This machine is ready to be copied.\n") and str(agent.dir / "cache") in p.stdout
    assert left(agent.cloud_dir) == ["cloud.conf", "trusted.pem"]
    assert not (agent.lib / "registry/netdata.public.unique.id").exists()

    guids = set()
    for name in ("copy1", "copy2"):
        copy = fresh.agent(name, start=False)
        shutil.copytree(agent.lib, copy.dir / "lib")
        copy.start()
        trust(copy.cloud_dir, cloud.ca)
        guids.add(copy.guid)
        claim_id = claim(build, copy, cloud)
        cloud.wait_online(claim_id, 30)
        cloud.wait_node(mguid=copy.guid, timeout=30, live=True)
    assert len(guids | {old}) == 3


def test_91_03_unclaim_of_a_machine_that_never_was(build, cloud, fresh):
    agent = fresh.agent("plain", plugin=False)
    p = run_cli(build, agent, "unclaim")
    assert p.returncode == 0 and p.stdout.startswith("This node is not claimed")


def test_91_99_nothing_against_the_protocol(cloud):
    assert cloud.violations() == []
