# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotes in what admins write: the agent prints such texts unescaped, so that nothing of its JSON is JSON any more. Its
link tells everything all the same, of itself and of its children."""
import json

import pytest

from conftest import bring_online
from testenv import TestCharts, testcharts, wait_until
from testenv.published import STATUS

ALERT = "testcharts_high"
EXEC = '/usr/local/bin/notify "ops team", "status": "CRITICAL"'
OWN, KID = '"web01"', 'ki"d", "reachable": false'
# What one would write for another kind of file.
DEFINITION = testcharts.definitions(ALERT).replace("to: silent", f'to: "sysadmin"\n    exec: {EXEC}') \
    .replace("test value is high", r'the "value" is \high, {so} it [is]')


class Quoted:
    def __init__(self, build, servers, cloud):
        self.cloud = cloud
        self.agent = servers.agent("quoted", parent=True, start=False, health={"mine.conf": DEFINITION},
                                   config={**testcharts.CONFIG, "global": {"hostname": OWN},
                                           "health": {"script to execute on alarm": '/bin/true "y"'},
                                           "plugin:aclk": {"poll contexts every": "1"}})
        self.charts = TestCharts(self.agent, value=1)
        self.agent.start()
        self.kid = servers.agent("kid", start=False, plugin=False, collectors="one", web=False, stream_to=self.agent,
                                 config={"global": {"hostname": KID}})
        self.kid.start()
        wait_until(lambda: self.kid.guid.encode() in self.agent.api("/api/v1/info").body, 20, "the child streams")
        self.link = bring_online(build, cloud, self.agent)

    def alert(self):
        node = self.cloud.node(mguid=self.agent.guid)
        return next((a for a in self.cloud.alerts(node["node_id"])["active"] if a["name"] == ALERT), None)

    def wait_alert(self, status):
        return self.cloud.wait(lambda: (a := self.alert()) and a["status"] == STATUS[status] and a, 60,
                               f"{ALERT} is {status} for the cloud")


@pytest.fixture(scope="module")
def quoted(build, servers, cloud):
    return Quoted(build, servers, cloud)


def test_120_01_the_agents_documents_are_no_json(quoted):
    """Else this file shows nothing."""
    for target in ("info", "alarms?all", "charts", "contexts", "registry?action=hello"):
        with pytest.raises(json.JSONDecodeError):
            quoted.agent.api(f"/api/v1/{target}").json()


def test_120_02_nodes_are_told_with_their_names(quoted):
    names = {n["mguid"]: n["hostname"] for n in quoted.cloud.nodes(quoted.link.claim)}
    kid = quoted.cloud.wait_node(mguid=quoted.kid.guid, timeout=30, live=True)
    assert names[quoted.agent.guid] == OWN and kid["hostname"] == KID
    for guid in (quoted.agent.guid, quoted.kid.guid):
        m = quoted.cloud.wait_message("UpdateNodeInfo", quoted.link.claim, 30,
                                      where=lambda f, g=guid: f["machine_guid"] == g)
        assert m["fields"]["data"]["os"] == "linux"     # which is in the list of charts
        assert m["fields"]["data"]["name"] == (OWN if guid == quoted.agent.guid else KID)


def test_120_03_contexts_are_told(quoted):
    for guid, context in ((quoted.agent.guid, "testcharts.value"), (quoted.kid.guid, "system.cpu")):
        node = quoted.cloud.node(mguid=guid)["node_id"]
        quoted.cloud.wait(lambda n=node, c=context: c in quoted.cloud.contexts(n), 30, f"{context} is told")


def test_120_04_alerts_are_told_with_their_own_words(quoted):
    quoted.wait_alert("CLEAR")
    since = quoted.cloud.last_message_number()
    quoted.charts.set("value", testcharts.VALUES["WARNING"])
    quoted.wait_alert("WARNING")
    entry = quoted.cloud.wait_message("AlarmLogEntry", quoted.link.claim, 10, since,
                                      lambda f: f["name"] == ALERT)["fields"]
    assert entry["exec_path"] == EXEC
    assert entry["rendered_info"] == r"the  value  is \high, {so} it [is]"     # the agent's own parser takes the quotes
    quoted.charts.set("value", testcharts.VALUES["CLEAR"])
    quoted.wait_alert("CLEAR")


def test_120_05_queries_are_answered_untouched(quoted):
    assert quoted.link.query("/api/v1/charts").http_status == 200
    reply = quoted.link.query("/api/v1/alarm_log")
    assert reply.http_status == 200 and EXEC.encode() in reply.body


def test_120_06_nothing_against_the_protocol(quoted):
    assert quoted.cloud.violations() == []
