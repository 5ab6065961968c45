# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims that are written down: claim.conf, the environment, split files; noticed at start and at once when they change."""
import os
import shutil

import pytest

from conftest import bring_online
from test_50_off import by_hand, quiet
from testenv import stays, wait_until
from testenv.claiming import run_cli, trust
from written_claims import claim_lines, claimed, last_request, requests, wait_claimed, write_claim_conf

CLAIM = "CLAIM: "


@pytest.fixture
def plain(cloud, fresh, keep_switches):
    """An agent without our plugin, that trusts the cloud."""
    agent = fresh.agent("plain", plugin=False)
    trust(agent.cloud_dir, cloud.ca)
    agent.seen = last_request(cloud)
    return agent


def claim_conf(agent, cloud, **keys):
    write_claim_conf(agent.etc, cloud, **keys)


def lines(p, word):
    return claim_lines(p.stderr, word)


@pytest.mark.core
def test_92_01_claim_conf_at_start_and_again_without_effect(build, cloud, fresh, plain):
    claim_conf(plain, cloud, rooms=cloud.rooms[0])
    p = by_hand(fresh, build, plain)
    claim_id = wait_claimed(plain, cloud)
    [r] = requests(cloud, plain.seen)
    assert r["body"]["rooms"] == [cloud.rooms[0]] and r["body"]["mGUID"] == plain.guid
    line, = wait_until(lambda: lines(p, "changed: "), 5, "one line that says it")
    assert str(plain.etc / "claim.conf") in line and claim_id in line
    p.stop()
    before = {f.name: f.read_bytes() for f in plain.cloud_dir.glob("c*")}
    p = fresh.add("plugin again", p.start(), lambda: p.stderr)
    cloud.wait_online(claim_id, 30, 2)
    line, = wait_until(lambda: lines(p, "kept: "), 10, "one line that says it")
    assert claim_id in line and "claim.conf" in line
    assert {f.name: f.read_bytes() for f in plain.cloud_dir.glob("c*")} == before
    assert len(requests(cloud, plain.seen)) == 1
    assert cloud.token not in p.stderr
    p.stop()


def test_92_02_claim_conf_that_appears_is_seen_at_once(build, cloud, fresh, plain):
    p = by_hand(fresh, build, plain)
    wait_until(lambda: "not claimed" in p.stderr, 10, "it runs")
    claim_conf(plain, cloud)
    first = wait_claimed(plain, cloud)
    # Another token, another cloud: not followed, and said once.
    claim_conf(plain, cloud, token="another-token")
    wait_until(lambda: lines(p, "ignored: "), 10, "it says that it does not follow")
    assert "another token" in lines(p, "ignored: ")[0] and "--reclaim" in lines(p, "ignored: ")[0]
    assert claimed(plain) == first and len(requests(cloud, plain.seen)) == 1
    # Another way there: followed, by a new connection of the same node.
    claim_conf(plain, cloud, proxy="none")
    wait_until(lambda: "proxy = none" in "".join(lines(p, "changed: ")), 10, "the proxy is taken over")
    cloud.wait_online(first, 30, 2)
    assert claimed(plain) == first and len(requests(cloud, plain.seen)) == 1
    p.stop()


@pytest.mark.core
def test_92_03_environment(build, cloud, fresh, plain):
    p = by_hand(fresh, build, plain, env={
        "NETDATA_CLAIM_TOKEN": cloud.token, "NETDATA_CLAIM_URL": cloud.url,
        "NETDATA_CLAIM_ROOMS": ",".join(cloud.rooms[:2]), "NETDATA_CLAIM_PROXY": "none"})
    wait_claimed(plain, cloud)
    [r] = requests(cloud, plain.seen)
    assert r["body"]["rooms"] == cloud.rooms[:2]
    assert "proxy = none" in (plain.cloud_dir / "cloud.conf").read_text()
    assert "the environment (NETDATA_CLAIM_TOKEN)" in lines(p, "changed: ")[0]
    assert cloud.token not in p.stderr
    p.stop()


def test_92_04_extra_claim_opts_insecure(build, cloud, fresh, plain):
    """-insecure, and nothing else, means that the certificate is not verified."""
    (plain.cloud_dir / "trusted.pem").unlink()
    env = {"NETDATA_CLAIM_TOKEN": cloud.token, "NETDATA_CLAIM_URL": cloud.url}
    p = by_hand(fresh, build, plain, env={**env, "NETDATA_EXTRA_CLAIM_OPTS": "-verbose"})
    wait_until(lambda: "CLAIM: trying again in" in p.stderr, 30, "the certificate is refused")
    assert not (plain.cloud_dir / "claimed_id").exists()
    p.stop()
    q = fresh.add("q", type(p)(build.plugin, fresh.base / "q", agent=plain, env={
        **env, "NETDATA_EXTRA_CLAIM_OPTS": "-verbose -insecure"}).start(), lambda: q.stderr)
    wait_claimed(plain, cloud)
    assert "NOT verified" in q.stderr and "insecure = yes" in (plain.cloud_dir / "cloud.conf").read_text()
    q.stop()


def test_92_05_split_files(build, cloud, fresh, plain):
    (plain.cloud_dir / "cloud.conf").write_text(f"[global]\n  cloud base url = {cloud.url}\n")
    (plain.cloud_dir / "rooms").write_text(cloud.rooms[1] + "\n")
    p = by_hand(fresh, build, plain)
    wait_until(lambda: "not claimed" in p.stderr, 10, "it runs")
    (plain.cloud_dir / "token").write_text(cloud.token + "\n")
    wait_claimed(plain, cloud)
    [r] = requests(cloud, plain.seen)
    assert r["body"]["rooms"] == [cloud.rooms[1]]
    wait_until(lambda: not any((plain.cloud_dir / f).exists() for f in ("token", "rooms")), 5, "both are used up")
    text = (plain.cloud_dir / "cloud.conf").read_text()
    assert f"\n    url = {cloud.url}\n" in text and "cloud base url" not in text, "the old key is migrated"
    p.stop()


@pytest.mark.core
def test_92_06_precedence_first_success_wins(build, cloud, fresh, plain):
    """claim.conf, then the environment, then the split files; what is refused leaves its place to the next."""
    claim_conf(plain, cloud, token="refused-1", rooms="")
    (plain.cloud_dir / "token").write_text(cloud.token)
    (plain.cloud_dir / "rooms").write_text(cloud.rooms[1])
    (plain.cloud_dir / "cloud.conf").write_text(f"[global]\n  url = {cloud.url}\n")
    p = by_hand(fresh, build, plain, env={"NETDATA_CLAIM_TOKEN": "refused-2", "NETDATA_CLAIM_URL": cloud.url})
    wait_claimed(plain, cloud)
    asked = requests(cloud, plain.seen)
    assert [r["status"] for r in asked] == [403, 403, 204] and asked[2]["body"]["rooms"] == [cloud.rooms[1]]
    said = [x for x in p.stderr.splitlines() if CLAIM in x and "asked for by" in x]
    assert len(said) == 2 and "claim.conf" in said[0] and "NETDATA_CLAIM_TOKEN" in said[1]
    assert all("Failed: token is expired, not found, or invalid" in x for x in said)
    assert not any(t in p.stderr for t in ("refused-1", "refused-2", cloud.token))
    p.stop()


def test_92_07_refused_is_not_tried_again_until_the_file_changes(build, cloud, fresh, plain):
    claim_conf(plain, cloud, token="refused-3")
    p = by_hand(fresh, build, plain)
    wait_until(lambda: "Failed: token is expired" in p.stderr, 20, "it is refused")
    stays(lambda: len(requests(cloud, plain.seen)) == 1, 3, "asked once")
    claim_conf(plain, cloud)
    wait_claimed(plain, cloud)
    p.stop()


@pytest.mark.core
def test_92_08_unclaim_holds_until_the_file_changes(build, cloud, fresh, plain):
    claim_conf(plain, cloud)
    p = by_hand(fresh, build, plain)
    first = wait_claimed(plain, cloud)
    assert run_cli(build, plain, "unclaim").returncode == 0
    cloud.wait_offline(first, 30)
    line = wait_until(lambda: next(iter(lines(p, "ignored: ")), None), 10, "what is written down is not followed")
    assert "unclaimed by hand" in line and first in line
    wait_until(lambda: quiet(p.pid, build.sanitizer), 10, "nothing runs")
    stays(lambda: len(requests(cloud, plain.seen)) == 1, 2, "not claimed again")
    claim_conf(plain, cloud)
    assert wait_claimed(plain, cloud, but=first) != first
    p.stop()


def test_92_09_unreadable_claim_conf_and_cloud_that_is_away(build, cloud, fresh, plain):
    (plain.etc / "claim.conf").mkdir()
    p = by_hand(fresh, build, plain)
    wait_until(lambda: "claim.conf" in p.stderr, 10, "it says what it cannot read")
    (plain.etc / "claim.conf").rmdir()
    cloud.configure(claim_status=503)
    claim_conf(plain, cloud)
    wait_until(lambda: "CLAIM: trying again in 30 s" in p.stderr, 30, "it will try again")
    assert "Failed: Netdata Cloud is unavailable" in p.stderr
    cloud.configure(reset=True)
    os.utime(plain.etc / "claim.conf")
    wait_claimed(plain, cloud)
    p.stop()


def test_92_10_plugin_ends_at_once_while_it_claims(build, cloud, fresh, plain):
    cloud.configure(claim_delay=20)
    claim_conf(plain, cloud)
    p = by_hand(fresh, build, plain)
    wait_until(lambda: requests(cloud, plain.seen) or "claiming" in p.stderr, 10, "the cloud is asked")
    p.close_stdin()
    assert p.wait_gone(3)[0] == 0
    assert not (plain.cloud_dir / "claimed_id").exists()


@pytest.mark.core
def test_92_11_reclaim_while_online_says_goodbye_first(build, cloud, fresh):
    """The last message of the old identity comes before the first of the new one."""
    link = bring_online(build, cloud, fresh.agent("changer"))
    agent = link.agent
    p = run_cli(build, agent, "claim", "--reclaim")  # token, cloud and rooms as they were
    assert p.returncode == 0, p.stdout + p.stderr
    new = claimed(agent)
    assert new != link.claim
    cloud.wait_online(new, 30)
    assert not cloud.agent(link.claim)["reachable"] and cloud.agent(link.claim)["source"] == 1
    goodbye = cloud.messages(link.claim, "UpdateAgentConnection", "up")[-1]
    hello = cloud.messages(new, "UpdateAgentConnection", "up")[0]
    assert goodbye["n"] < hello["n"]
    assert any("CLAIM: agent was already connected to NC - forcing reconnection under new credentials" in x
               for x in agent.aclk_log)


def test_92_12_cloud_d_deleted_unclaims(build, cloud, fresh):
    link = bring_online(build, cloud, fresh.agent("leaver"))
    shutil.rmtree(link.agent.cloud_dir)
    cloud.wait_offline(link.claim, 30)
    wait_until(lambda: quiet(link.agent.plugin_pid(), build.sanitizer), 10, "everything of the link is gone")
    assert not link.agent.cloud_dir.exists()


def test_92_13_netdata_disable_cloud(build, cloud, fresh, plain):
    claim_conf(plain, cloud)
    p = by_hand(fresh, build, plain, env={"NETDATA_DISABLE_CLOUD": "1"})
    wait_until(lambda: "NETDATA_DISABLE_CLOUD" in p.stderr, 10, "it says that the link is switched off")
    stays(lambda: len(requests(cloud, plain.seen)) == 0, 2, "not claimed")
    p.stop()


def test_92_14_settings_of_older_agents_are_named_with_the_reason(build, cloud, fresh):
    """mqtt5 = no, aclk implementation = legacy: the link works, and says that it does not follow them."""
    link = bring_online(build, cloud, fresh.agent("older", config={"cloud": {
        "mqtt5": "no", "aclk implementation": "legacy", "query thread count": "2"}}))
    for key in ("mqtt5", "aclk implementation"):
        assert sum(f"netdata.conf [cloud] {key} is ignored: " in x for x in link.agent.aclk_log) == 1
    assert not any("query thread count" in x for x in link.agent.aclk_log)
    link.assert_online()


def test_92_15_url_and_cloud_base_url_of_netdata_conf(build, cloud, fresh):
    """Either counts before cloud.conf, for the claim and for the link."""
    for n, key in enumerate(("url", "cloud base url")):
        agent = fresh.agent(f"by{n}", config={"cloud": {key: cloud.url}})
        trust(agent.cloud_dir, cloud.ca)
        (agent.cloud_dir / "cloud.conf").write_text("[global]\n  url = https://localhost:1\n")
        p = run_cli(build, agent, "claim", env={"NETDATA_CLAIM_TOKEN": cloud.token})
        assert p.returncode == 0, p.stdout + p.stderr
        cloud.wait_online(claimed(agent), 30)


def test_92_99_nothing_against_the_protocol(cloud):
    assert cloud.violations() == []
