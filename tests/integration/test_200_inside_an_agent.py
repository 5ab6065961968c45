# SPDX-License-Identifier: GPL-3.0-or-later
"""The link compiled into an agent (plugin-api/agent/README.md): what no external plugin can do, and what the agent says
of a link that is its own. Only with ACLK_AGENT (testenv/compiled_in.py)."""
import json
import subprocess

import pytest
from conftest import bring_online

from faults import table_link, table_login, table_reach
from faults.agent_rig import AgentRig
from faults.run import matrix_fixture
from testenv import compiled_in, process, stays, wait_until

pytestmark = pytest.mark.skipif(not compiled_in.program(),
                                reason="no agent with the link compiled in (ACLK_AGENT=/path/to/netdata)")

# A user of the cloud who may see everything that is asked for here.
RIGHTS = {"X-Netdata-Account-Id": "b7a5e9f2-4f0e-4b63-8a55-1d5f0d6a3c01", "X-Netdata-Role": "admin",
          "X-Netdata-User-Name": "tester", "X-Netdata-Permissions": "0x7ff"}


def cloud_of_info(agent):
    return agent.api("/api/v3/info").json()["agents"][0]["cloud"]


def test_200_01_not_claimed_it_asks_nobody(cloud, fresh):
    """Off means off: no request, no connection; what the agent says is the module's word."""
    agent, port = fresh.agent("off"), int(cloud.url.rpartition(":")[2])
    code, text = agent.cli("aclk-state")
    assert code == 0 and "Claimed: No" in text and "Online: No" in text
    state = json.loads(agent.cli("aclk-state json")[1])
    assert state["agent-claimed"] is False and state["online"] is False
    assert agent.api("/api/v1/aclk").json()["agent-claimed"] is False
    assert cloud_of_info(agent)["status"] != "online"
    seen = len(cloud.https_requests())
    stays(lambda: agent.alive() and not [p for _, p, _ in process.sockets(agent.pid) if p == port], 3, "no connection")
    assert len(cloud.https_requests()) == seen


def test_200_02_the_agent_tells_the_modules_word(online):
    code, text = online.agent.cli("aclk-state")
    assert code == 0 and "ACLK Available: Yes" in text and "Online: Yes" in text and online.claim in text
    state = json.loads(online.agent.cli("aclk-state json")[1])
    assert state["claimed-id"] == online.claim and state["online"] is True
    assert online.agent.api("/api/v1/aclk").json()["claimed-id"] == online.claim
    cloud = cloud_of_info(online.agent)
    assert cloud["status"] == "online" and cloud["claim_id"] == online.claim
    info = online.agent.api("/api/v1/info").json()
    assert info["agent-claimed"] is True and info["aclk-available"] is True
    assert [h["claim_id"] for h in info["mirrored_hosts_status"]] == [online.claim]
    code, text = online.agent.cli("reload-claiming-state")
    assert code == 0 and text
    online.cloud.wait(lambda: online.connection()["closed"] is None and online.cloud.agent(online.claim)["reachable"], 20,
                      "the link that was begun anew")


def test_200_03_buildinfo_names_the_module():
    built = subprocess.run([compiled_in.program(), "-W", "buildinfo"], capture_output=True, text=True, timeout=30).stdout
    assert "netdata-aclk" in built
    built = subprocess.run([compiled_in.program(), "-W", "buildinfojson"], capture_output=True, text=True, timeout=30).stdout
    assert "netdata-aclk" in json.loads(built)


def test_200_04_a_function_answers_a_user_who_may_call_it(online):
    """An external plugin may not ask for functions."""
    functions = online.query("/api/v1/functions", headers=RIGHTS)
    assert functions.http_status == 200
    name = "netdata-streaming"
    assert name in functions.json()["functions"]
    answer = online.query(f"/api/v1/function?function={name}", headers=RIGHTS)
    assert answer.http_status == 200 and answer.json()["status"] == 200 and answer.json()["data"]
    refused = online.query(f"/api/v1/function?function={name}", headers={**RIGHTS, "X-Netdata-Permissions": "0x0"})
    assert refused.http_status in (403, 412)


def test_200_05_node_ids_are_the_agents_too(online):
    nodes = online.agent.api("/api/v3/nodes").json()["nodes"]
    assert [n["nd"] for n in nodes if n["mg"] == online.agent.guid] == [online.node]


def test_200_06_kill_9_and_return(online):
    cloud, hellos, since = online.cloud, online.hellos(), online.cloud.last_message_number()
    node = online.node
    online.agent.kill()
    cloud.wait_message("UpdateAgentConnection", online.claim, 10, since, lambda f: not f["reachable"])
    online.agent.start()
    cloud.wait_online(online.claim, 30, hellos + 1)
    cloud.wait_node(mguid=online.agent.guid, timeout=30, live=True)
    assert online.node == node and cloud.messages(online.claim, "CreateNodeInstance", "up", since) == []
    online.assert_online()


def test_200_07_a_stop_says_goodbye_and_a_start_returns(online):
    since = online.cloud.last_message_number()
    online.agent.stop()
    goodbye = online.cloud.wait_message("UpdateAgentConnection", online.claim, 5, since, lambda f: not f["reachable"])
    assert goodbye["fields"]["update_source"] == 1
    online.agent.start()
    online.cloud.wait(lambda: online.cloud.agent(online.claim)["reachable"], 30, "online again")


@pytest.mark.parametrize("target", ["/api/v1/manage/health?cmd=SILENCE%20ALL", "/api/v1/registry?action=hello", "/api/v3/claim",
                                    "/api/v3/settings?file=default", "/api/v1/config", "/api/v2/bearer_get_token"])
def test_200_08_what_writes_or_shows_secrets_is_refused_whatever_the_rights(online, target):
    assert online.query(target, headers=RIGHTS).http_status == 403


def test_200_11_switched_off_it_does_not_even_claim(cloud, fresh):
    """Off means off: with [cloud] enabled = no a claim.conf that would do is not used. The same one does when it is on."""
    def agent(name, enabled):
        a = fresh.agent(name, start=False, config={"cloud": {"enabled": enabled}}, env={"SSL_CERT_FILE": cloud.ca})
        a.etc.mkdir(parents=True, exist_ok=True)
        (a.etc / "claim.conf").write_text(f"[global]\n  url = {cloud.url}\n  token = {cloud.token}\n"
                                          f"  rooms = {','.join(cloud.rooms)}\n  insecure = yes\n")
        return a.start()
    seen, port = len(cloud.https_requests()), int(cloud.url.rpartition(":")[2])
    off = agent("switched-off", "no")
    stays(lambda: off.alive() and not [p for _, p, _ in process.sockets(off.pid) if p == port], 5, "no connection")
    assert len(cloud.https_requests()) == seen
    state = json.loads(off.cli("aclk-state json")[1])
    assert state["agent-claimed"] is False and state["online"] is False
    off.stop()
    on = agent("switched-on", "yes")
    cloud.wait_online(cloud.wait_claimed("switched-on", 30), 30)
    assert json.loads(on.cli("aclk-state json")[1])["agent-claimed"] is True


# A function that answers when a file called "go" is there, and notes what it was asked: calls and cancellations.
SLOW = r"""#!/usr/bin/python3
import os, select, sys, time

here = os.path.dirname(os.path.abspath(sys.argv[0]))
print('FUNCTION GLOBAL "slow" 60 "waits" "top" "member" 100 3', flush=True)
calls = {}
while os.getppid() != 1:
    while select.select([0], [], [], 0.05)[0]:
        words = os.read(0, 65536).decode()
        if not words:
            sys.exit(0)
        for line in words.splitlines():
            part = line.split()
            if part and part[0] in ("FUNCTION", "FUNCTION_CANCEL"):
                with open(os.path.join(here, "seen"), "a") as f:
                    f.write(part[0] + " " + part[1] + "\n")
                if part[0] == "FUNCTION":
                    calls[part[1]] = True
    if calls and os.path.exists(os.path.join(here, "go")):
        for call in calls:
            print('FUNCTION_RESULT_BEGIN %s 200 application/json %d\n{"status":200,"type":"table","data":[]}\nFUNCTION_RESULT_END'
                  % (call, time.time() + 1), flush=True)
        calls = {}
"""


@pytest.fixture
def slow(build, cloud, fresh):
    """An agent that is online, with a function that answers late: seen() is what it was asked, go() lets it answer."""
    agent = fresh.agent("slow", start=False, config={"plugins": {"slow": "yes"}, "cloud": {"query threads": "2"}})
    plugins = agent.dir / "plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    (plugins / "slow.plugin").write_text(SLOW)
    (plugins / "slow.plugin").chmod(0o755)
    agent.start()
    link = bring_online(build, cloud, agent)
    link.seen = lambda word: (plugins / "seen").read_text().split().count(word) if (plugins / "seen").exists() else 0
    link.go = (plugins / "go").touch
    wait_until(lambda: "slow" in link.query("/api/v1/functions", headers=RIGHTS).json().get("functions", {}), 30,
               "the function is known")
    return link


def test_200_09_running_and_waiting_questions_are_cancelled(slow):
    """The agent stops waiting for its plugin and tells it so; a question that waits for a thread never runs; a deadline that
    passes while it waits is told; what is not cancelled is answered."""
    def call(number, **options):
        return slow.cloud.query_async(slow.claim, "/api/v1/function?function=slow", headers=RIGHTS, msg_id=f"slow-{number}",
                                      **options)
    running = [call(0), call(1)]
    wait_until(lambda: slow.seen("FUNCTION") == 2, 20, "both threads are in the function")
    waiting, late, patient = call(2), call(3, timeout_ms=300), call(4)
    assert slow.cloud.collect(late, 10).error_code == 6
    slow.cloud.cancel(slow.claim, "slow-2")
    assert slow.cloud.collect(waiting, 10).http_status == 499
    assert slow.seen("FUNCTION") == 2
    slow.cloud.cancel(slow.claim, "slow-0")
    assert slow.cloud.collect(running[0], 10).http_status == 499
    wait_until(lambda: slow.seen("FUNCTION_CANCEL") == 1, 10, "the plugin is told")
    wait_until(lambda: slow.seen("FUNCTION") == 3, 10, "the next one runs in its place")
    slow.go()
    assert [slow.cloud.collect(q, 10).http_status for q in (running[1], patient)] == [200, 200]
    slow.assert_online()


# One of each kind, of those that need no hurry: what fails at each stage, and what is borne.
FAULTS = [c for table in (table_reach, table_login, table_link) for c in table.cases() if c.id in (
    "DNS-broker_unknown", "TCP-the_cloud_refuses", "TCP-the_broker_resets_at_once", "TCP-the_broker_in_single_bytes",
    "TLS-the_cloud:_certificate_expired", "TLS-the_cloud:_garbage_in_the_handshake", "env-HTTP_503", "env-not_JSON",
    "challenge-reset", "CONNECT-closed", "CONNECT-noise", "CONNECT-frames_of_one_byte", "CONNECT-one_message_at_a_time")]
assert len(FAULTS) == 13
matrix = matrix_fixture(FAULTS, plain=2, hasty=0, seed=7, rig=AgentRig)


@pytest.mark.parametrize("case", FAULTS, ids=lambda c: c.id)
def test_200_10_fault(matrix, case, record_property):
    matrix.check(case, record_property)
