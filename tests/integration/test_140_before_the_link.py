# SPDX-License-Identifier: GPL-3.0-or-later
"""What `state` and `doctor` say while there is no link: the plugin's own last word, and a next step that fits."""
import json
import os
import re
import shutil
import signal
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from testenv import Plugin, SyntheticHome, stays, wait_until
from testenv.claiming import claim
from testenv.doctor import visit
from testenv.local import ALONE, LocalSocket, run_cli
from written_claims import write_claim_conf

GUID = "5f8a6f0e-0000-4000-8000-000000000001"  # what testenv.Plugin says when there is no agent


@pytest.fixture
def home(fresh):
    """Directories of an agent that is not there."""
    return SyntheticHome(fresh.base / "p", guid=GUID)


def start(build, fresh, **more):
    """The plugin in them."""
    p = fresh.add("plugin", q := Plugin(build.plugin, fresh.base / "p", **more).start(), lambda: q.stderr)
    wait_until((fresh.base / "p/lib/aclk.sock").exists, 10, "its socket")
    return p


def state(build, home):
    p = run_cli(build, home, "state")
    assert p.returncode == 0 and not p.stderr, p
    return p.stdout


def wait_state(build, home, words):
    return wait_until(lambda: words in (s := state(build, home)) and s, 20, f"the state says {words!r}")


def test_140_01_not_claimed(build, fresh, home):
    start(build, fresh)
    said = state(build, home)
    assert "Claimed: No\nOnline: No\n" in said
    assert "Status: not claimed\nReason: Agent is not claimed yet; claim it with netdata-aclk claim\n" in said
    v = visit(build, home)
    assert v.verdict("plugin") == "warning" and "not claimed yet" in v.words("plugin"), v.all
    assert v.verdict("identity") == "bad" and "netdata-aclk claim --token" in v.words("identity")
    p = run_cli(build, home, "reload", timeout=8)
    assert p.stdout == "Netdata Agent is not claimed to Netdata Cloud: claim it with netdata-aclk claim\n", p


def test_140_02_wrong_token(build, cloud, fresh, home):
    """Which source, what came of it, and what to change there; corrected, it is told too."""
    home.cloud_dir.mkdir(exist_ok=True)
    shutil.copy(cloud.ca, home.cloud_dir / "trusted.pem")
    write_claim_conf(home.etc, cloud, token="refused-1")
    start(build, fresh)
    conf = home.etc / "claim.conf"
    said = wait_state(build, home, "Failed: token is expired")
    reason = re.search("^Reason: (.*)$", said, re.M)[1]
    assert f"(asked for by {conf}); put a fresh claiming token of your Space into `token` in {conf}" in reason
    assert "Claimed: No\n" in said and re.search(r"^Written Claim Attempts: 1 since .*, the next when what asks", said, re.M)
    assert "refused-1" not in said
    v = visit(build, home)
    assert f"`token` in {conf}" in v.found["identity"]["remedy"], v.all
    assert "--token TOKEN" not in v.words("identity")
    j = LocalSocket(home).json()
    assert j["plugin"]["written-claim"]["failed"] and j["plugin"]["written-claim"]["next-utc"] is None
    write_claim_conf(home.etc, cloud)
    said = wait_state(build, home, "Claimed: Yes")
    assert f"Written Claim: changed: {conf} asks for a claim" in said


def test_140_03_cloud_is_away(build, fresh, home):
    """Tried again by itself: since when, how often, when next."""
    home.cloud_dir.mkdir(exist_ok=True)
    (home.etc / "claim.conf").write_text("[global]\n  token = t\n  url = https://127.0.0.1:1\n")
    start(build, fresh)
    said = wait_state(build, home, "the claim that is written down does not work")
    assert re.search(r"^Written Claim Attempts: \d+ since [-0-9]+ [:0-9]+, (the next at [-0-9]+ [:0-9]+|one runs)$", said, re.M)
    v = visit(build, home)
    assert "Nothing was changed" not in v.words("identity") and "`url` in" in v.found["identity"]["remedy"], v.all


def test_140_04_switched_off(build, cloud, fresh, home):
    claim_id = claim(build, home, cloud)
    conf = home.cloud_dir / "cloud.conf"
    conf.write_text(conf.read_text().replace("[global]\n", "[global]\n  enabled = no\n", 1))
    start(build, fresh)
    said = state(build, home)
    assert "Online: No\n" in said and "enabled = no" in re.search("^Reason: (.*)$", said, re.M)[1], said
    assert "ACLK_STATUS_DISABLED" == LocalSocket(home).json()["status-symbol"]
    v = visit(build, home)
    assert v.verdict("identity") == "bad" and str(conf) in v.words("identity"), v.all
    assert claim_id not in v.words("identity")


def test_140_05_agent_is_not_there(build, cloud, fresh, home):
    """The plugin looks for its agent, and doctor repeats what came of that instead of looking elsewhere."""
    claim_id = claim(build, home, cloud)
    port = 9
    (home.etc / "netdata.conf").write_text(f"[plugin:aclk]\n  agent url = http://127.0.0.1:{port}\n")
    start(build, fresh)
    said = wait_state(build, home, "Agent: looked for since ")
    said = wait_state(build, home, "Reason: the agent is not found: ")
    assert f"127.0.0.1:{port}" in said and f"Claimed: Yes\nClaimed Id: {claim_id}\n" in said
    v = visit(build, home)
    assert v.verdict("agent") == "bad" and "aclk.plugin does not find the agent" in v.words("agent"), v.all
    assert v.found["agent"]["remedy"]


def test_140_06_nobody_is_ever_told_that_it_does_not_run(build, cloud, fresh):
    """Through a claim, the death of a worker, `enabled = no` and the way back: each question has an answer."""
    agent = fresh.agent("steady", plugin=False)
    p = fresh.add("plugin", q := Plugin(build.plugin, fresh.base / "p", agent=agent).start(), lambda: q.stderr)
    local = LocalSocket(agent)
    wait_until(local.path.exists, 10, "its socket")

    def until(condition, what):
        def look():
            return condition(local.json())  # fails when nobody answers
        return wait_until(look, 40, what, 0.02)
    until(lambda s: not s["agent-claimed"], "not claimed")
    inode = os.stat(local.path).st_ino
    claim(build, agent, cloud)
    online = until(lambda s: s["online"] and s, "online")
    assert online["plugin"]["agent"]["place"].startswith(("http://127.0.0.1:", "unix:")), online["plugin"]
    os.kill(p.worker_pid(), signal.SIGKILL)
    until(lambda s: "killed by signal 9" in (s["reason"] or ""), "the plugin's word about it")
    until(lambda s: s["online"], "online again")
    conf = agent.cloud_dir / "cloud.conf"
    text = conf.read_text()
    conf.write_text(text.replace("[global]\n", "[global]\n  enabled = no\n", 1))
    until(lambda s: s["status-symbol"] == "ACLK_STATUS_DISABLED", "disabled")
    conf.write_text(text)
    until(lambda s: s["online"], "online for the third time")
    assert os.stat(local.path).st_ino == inode
    said = run_cli(build, agent, "state").stdout
    assert re.search(r"^Agent: netdata v?1\.\S+ at ", said, re.M), said
    v = visit(build, agent)
    assert v.verdict("agent") == "good" and online["plugin"]["agent"]["place"] in v.words("agent"), v.all
    p.signal()
    p.wait_gone(5)
    assert run_cli(build, agent, "state").returncode == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can read what another user cannot")
def test_140_07_files_are_judged_as_the_agents_user(build, cloud):
    """Root runs doctor; what the agent's user cannot read is named, and nothing is given to anybody."""
    with tempfile.TemporaryDirectory(prefix="aclk-") as d:
        os.chmod(d, 0o755)
        home = SyntheticHome(Path(d) / "h")
        claim(build, home, cloud)
        for f in [home.dir, *home.dir.rglob("*")]:
            os.chown(f, 65534, 65534)
        trusted = home.cloud_dir / "trusted.pem"
        os.chown(trusted, 0, 0)
        os.chmod(trusted, 0o600)
        v = visit(build, home)
        assert any(f["check"] == "files" and str(trusted) in f["text"] and "Permission denied" in f["text"] and
                   f["remedy"].startswith("give it to that user: chown ") for f in v.findings), v.story()
        private = home.cloud_dir / "private.pem"
        os.chown(private, 0, 0)
        p = run_cli(build, SimpleNamespace(lib=home.lib, etc=home.etc), "state",
                    env={"NETDATA_USER_PLUGINS_DIRS": Path(build.plugin).parent}, by=ALONE)
        assert p.returncode == 3 and "Online: No\n" in p.stdout, p
        os.chown(home.cloud_dir, 0, 0)
        visit(build, home)
        assert os.stat(home.cloud_dir).st_uid == 0, "doctor changes nothing"
