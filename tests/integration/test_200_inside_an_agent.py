# SPDX-License-Identifier: GPL-3.0-or-later
"""The link compiled into an agent (plugin-api/agent/README.md): what no external plugin can do, and what the agent says
of a link that is its own. Only with ACLK_AGENT (testenv/compiled_in.py)."""
import json
import subprocess

import pytest

from testenv import compiled_in, process, stays

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
