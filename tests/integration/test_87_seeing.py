# SPDX-License-Identifier: GPL-3.0-or-later
"""netdata-aclk state, reload, what-is-sent; the conversation log; the access log as record of who asked what."""
import collections
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from testenv import Process, wait_until
from testenv.local import LocalSocket, run_cli

# aclk/report/README.md, "State as JSON", in the reference's order.
KEYS = ["aclk-available", "aclk-version", "protocols-supported", "agent-claimed", "claimed-id", "cloud-url",
        "aclk_proxy", "publish_latency_us", "online", "used-cloud-protocol", "mqtt-version", "received-app-layer-msgs",
        "received-mqtt-pubacks", "pending-mqtt-pubacks", "reconnect-count", "last-connect-time-utc",
        "last-connect-time-puback-utc", "last-disconnect-time-utc", "next-connection-attempt-utc",
        "last-backoff-value", "banned-by-cloud", "node-instances"]
# aclk/report/README.md, "State as text", of a link that is online.
LINES = ["ACLK Available: Yes", "ACLK Version: 2", "Protocols Supported: Protobuf", "Protocol Used: Protobuf",
         "MQTT Version: 5", "Claimed: Yes", "Claimed Id: ", "Cloud URL: ", "ACLK Proxy: none", "Publish Latency: ",
         "Online: Yes", "Reconnect count: ", "Banned By Cloud: No", "Last Connection Time: ",
         "Last Connection Time + 3 PUBACKs received: ", "Received Cloud MQTT Messages: ",
         "MQTT Messages Confirmed by Remote Broker (PUBACKs): ", "Pending PUBACKS: "]


@pytest.fixture(scope="module")
def netdata(servers):
    return servers.agent(config={"cloud": {"conversation log": "yes"}})


@pytest.fixture(scope="module")
def settled(online):
    """Three PUBACKs have come, and nothing waits for one."""
    def quiet():
        s = LocalSocket(online.agent).json()
        return s["last-connect-time-puback-utc"] and not s["pending-mqtt-pubacks"]
    wait_until(quiet, 40, "a stable connection")
    return online


def test_87_01_state_text(build, settled):
    p = run_cli(build, settled.agent, "state")
    assert p.returncode == 0 and not p.stderr, p
    at = 0
    for line in LINES:
        found = p.stdout.find(line, at)
        assert found >= 0, f"{line!r} is missing, or out of order:\n{p.stdout}"
        at = found
    for more in ("Messages Waiting To Be Sent: 0 (0 bytes)", "Alert Transitions Waiting: ", "Cloud Queries Waiting: 0",
                 "Bytes Sent: ", "Messages by type:", "UpdateAgentConnection", "Last attempts:",
                 f'> Node Instance for mGUID: "{settled.agent.guid}" hostname "node1"', "Alert Streaming Status:"):
        assert more in p.stdout, more


def test_87_02_state_json(build, settled):
    p = run_cli(build, settled.agent, "state", "--json")
    assert p.returncode == 0, p
    state = json.loads(p.stdout)
    assert list(state)[:len(KEYS)] == KEYS
    assert state["queues"]["messages"] == 0 and state["bytes"]["sent"] > 500 and state["blocked-by"] is None
    assert state["sent-messages"]["UpdateAgentConnection"]["count"] == 1
    assert state["attempts"][-1]["status"] == "connected"


def counted(messages):
    n = collections.defaultdict(lambda: [0, 0])
    for m in messages:
        n[m["type"]][0] += 1
        n[m["type"]][1] += len(m["payload"])
    return dict(n)


def test_87_03_what_is_sent_is_what_the_cloud_got(build, settled):
    """Counts and bytes of each type, both ways, equal the cloud's own."""
    def counts_are_equal():
        said = json.loads(run_cli(build, settled.agent, "what-is-sent", "--json").stdout)
        ours = {d: {t["type"]: [t["count"], t["bytes"]] for t in said[k] if t["type"] not in ("query-reply", "cmd")}
                for d, k in (("up", "sent"), ("down", "received"))}
        theirs = {d: {t: n for t, n in counted(settled.cloud.messages(settled.claim, direction=d)).items()
                      if t in ours[d] or t[0].isupper()} for d in ours}
        assert ours == theirs
        assert all(t["confirmed"] == t["count"] and t["failed"] == 0 for t in said["sent"])
        return said
    said = wait_until(counts_are_equal, 20, "equal counts")
    last = {t["type"]: t["last"] for t in said["sent"]}
    sent = settled.cloud.messages(settled.claim, "UpdateNodeInstanceConnection", "up")[-1]["fields"]
    assert last["UpdateNodeInstanceConnection"]["node_id"] == sent["node_id"] == settled.node
    assert last["UpdateAgentConnection"]["claim_id"] == settled.claim


def test_87_04_what_is_sent_for_people(build, settled):
    p = run_cli(build, settled.agent, "what-is-sent")
    assert p.returncode == 0 and re.search(r"^sent +UpdateAgentConnection +1 ", p.stdout, re.M), p
    p = run_cli(build, settled.agent, "what-is-sent", "--type", "UpdateAgentConnection")
    assert json.loads(p.stdout[p.stdout.index("{"):p.stdout.rindex("}") + 1])["reachable"] is True, p.stdout


def test_87_05_who_asked_what(settled):
    """A query of the cloud: one line in the access log, with who, what, when and the result."""
    assert settled.query("/api/v1/info?seeing=1").http_status == 200
    assert settled.query("/api/v1/nothing?seeing=2").http_status == 403
    def lines():
        found = [x for x in settled.agent.access_log.splitlines() if "seeing=" in x]
        assert len(found) >= 2
        return found
    text = "\n".join(wait_until(lines, 10, "lines in the access log"))
    for part in ("src_transport=aclk", "role=", "permissions=0x", "req_method=GET", "code=200", "code=403",
                 "transaction=", "sent_bytes=", "size_bytes=", "prep_ut=", "sent_ut=", "total_ut=", "request="):
        assert part in text, (part, text)
    said = LocalSocket(settled.agent).json("/api/v1/aclk/what-is-sent")
    reply = next(t for t in said["sent"] if t["type"] == "query-reply")
    assert reply["count"] >= 2 and '"http-code":403' in reply["last"]


def test_87_06_conversation_log(settled):
    log = settled.agent.log_dir / "aclk.log"
    assert log.stat().st_mode & 0o777 == 0o640
    lines = [json.loads(x) for x in log.read_text().splitlines()]
    types = {(x["direction"], x["type"]) for x in lines}
    assert {("sent", "UpdateAgentConnection"), ("sent", "query-reply"), ("received", "cmd")} <= types
    assert any("seeing=1" in x["message"] for x in lines if x["type"] == "cmd")
    assert all(x["message"] is not None for x in lines if x["bytes"])


def test_87_07_reload(build, settled):
    before = settled.hellos()
    p = run_cli(build, settled.agent, "reload")
    assert (p.returncode, p.stdout) == (0, "Netdata Agent is claimed to Netdata Cloud and is currently online.\n"), p
    assert settled.hellos() > before


def test_87_08_what_blocks(build, settled):
    """Offline with a planned attempt: why, and until when."""
    settled.cloud.configure(env_status=500)
    settled.cloud.disconnect(settled.claim)
    def blocked():
        s = json.loads(run_cli(build, settled.agent, "state", "--json").stdout)
        return not s["online"] and s["blocked-until-utc"] and s
    s = wait_until(blocked, 20, "it waits")
    assert s["blocked-by"] and s["next-connection-attempt-utc"]
    settled.cloud.configure(reset=True)


def test_87_09_not_claimed_is_the_plugins_own_word(build, fresh):
    """The plugin runs and has no link: it says so itself, in every command."""
    agent = fresh.agent("unclaimed")
    wait_until(agent.plugin_pid, 20, "the plugin runs")
    wait_until(lambda: (agent.lib / "aclk.sock").exists(), 10, "its socket")
    p = run_cli(build, agent, "state")
    assert p.returncode == 0 and "ACLK Available: Yes\n" in p.stdout, p
    assert "Claimed: No\nOnline: No\n" in p.stdout and "Status: not claimed\n" in p.stdout
    assert "Reason: Agent is not claimed yet; claim it with netdata-aclk claim\n" in p.stdout
    j = json.loads(run_cli(build, agent, "state", "--json").stdout)
    assert list(j)[:len(KEYS)] == KEYS
    assert j["agent-claimed"] is False and j["online"] is False and "claim it with" in j["reason"]
    p = run_cli(build, agent, "what-is-sent")
    assert p.returncode == 0 and not p.stderr, p
    p = run_cli(build, agent, "reload")
    assert p.returncode == 0 and p.stdout.startswith("Netdata Agent is not claimed to Netdata Cloud: claim it"), p


def test_87_10_nobody_answers_because_of_the_installation(build, fresh):
    agent = fresh.agent("plain", start=False, plugin=False)
    agent.write_files()
    p = run_cli(build, agent, "state", env={"NETDATA_USER_PLUGINS_DIRS": fresh.base})
    assert p.returncode == 3 and "Reason: aclk.plugin is not installed" in p.stdout, p
    (fresh.base / "aclk.plugin").touch()
    p = run_cli(build, agent, "state", env={"NETDATA_USER_PLUGINS_DIRS": fresh.base})
    assert p.returncode == 3 and "aclk.plugin is switched off" in p.stdout, p
    assert run_cli(build, agent, "state", "--what").returncode == 1
    p = run_cli(build, agent, "state", "--socket", fresh.base / "none")
    assert p.returncode == 3, p


def named(name):
    """The processes of this name."""
    found = set()
    for comm in Path("/proc").glob("[0-9]*/comm"):
        try:
            if comm.read_text().strip() == name:
                found.add(comm.parent.name)
        except OSError:
            pass
    return found


def test_87_11_only_this_agents_process_is_the_agent(build, fresh):
    """Others of its name: another agent of the same user, a container's, a script, another user's."""
    mine = fresh.agent("mine", start=False, plugin=False, config={"plugins": {"aclk": "yes"}})
    mine.write_files()
    (mine.dir / "plugins/aclk.plugin").touch()
    env = {"NETDATA_USER_PLUGINS_DIRS": mine.dir / "plugins", "NETDATA_CACHE_DIR": mine.dir / "cache"}

    def says(sentence, of, or_else=None):
        def state():
            return run_cli(build, mine, "state", env=env).stdout

        def is_there():
            now = state()
            return sentence in now or (or_else is not None and or_else in now)
        wait_until(is_there, 10, lambda: f"{sentence}: {of}; but it is: {state()!r}")
    says("the agent is not running", "nothing runs")

    program, script = fresh.base / "bin/netdata", fresh.base / "script/netdata"
    for f in (program, script):
        f.parent.mkdir()
    shutil.copy("/bin/sleep", program)
    script.write_text("#!/bin/sh\nread x\n")
    script.chmod(0o755)
    fresh.base.chmod(0o755)

    def run(*args):
        p = Process(args, fresh.base / "impostor.log", stdin=subprocess.PIPE)
        return fresh.add("impostor", p, p.text)
    impostors = {"another agent": lambda: fresh.agent("other", plugin=False), "a script": lambda: run(script)}
    if os.getuid() == 0:
        impostors["another user's"] = lambda: run("setpriv", "--reuid", "65534", "--clear-groups", program, "60")
        impostors["a container's"] = lambda: run("unshare", "--pid", "--fork", "--kill-child", program, "60")
    for what, start in impostors.items():
        before = named("netdata")
        p = start()
        wait_until(lambda: named("netdata") - before, 10, what)
        says("the agent is not running", what)
        if isinstance(p, Process):
            p.kill()
    mine.start()
    # Its plugin is an empty file, which the agent has tried by now, or not yet.
    says("the agent has given aclk.plugin up", "mine", or_else="the agent runs, but aclk.plugin does not")
    p = run_cli(build, mine, "prepare-template", env=env)
    assert p.returncode == 2 and "The agent is running (process" in p.stderr, p


def test_87_12_plugin_without_a_socket_is_not_told_as_offline(build, fresh):
    """Nobody can ask it: what it would say is not known."""
    agent = fresh.agent("mute", config={"plugin:aclk": {"socket": "/nonexistent/aclk.sock"}})
    wait_until(agent.plugin_pid, 20, "the plugin runs")
    env = {"NETDATA_USER_PLUGINS_DIRS": agent.dir / "plugins"}
    p = wait_until(lambda: (r := run_cli(build, agent, "state", env=env)).returncode == 3 and r, 10, "no answer")
    assert "Online: Unknown\nReason: aclk.plugin runs, but does not listen at its socket" in p.stdout, p
    assert json.loads(run_cli(build, agent, "state", "--json", env=env).stdout)["online"] is None
    found = json.loads(run_cli(build, agent, "doctor", "--json", env=env).stdout)["findings"]
    [f] = [f for f in found if f["check"] == "plugin"]
    assert f["text"].startswith("aclk.plugin runs (process ") and "local socket" in f["remedy"], f
