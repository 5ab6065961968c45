# SPDX-License-Identifier: GPL-3.0-or-later
"""A parent with two streamed children: contexts and alerts of each, told as its own, while one comes and goes."""
import pytest

from conftest import bring_online
from testenv import TestCharts, process, testcharts, wait_until
from testenv.published import STATUS, alerts_differ, contexts_differ

ALERT = "testcharts_high"
KIDS = ("kid1", "kid2")


class Family:
    def __init__(self, build, servers, cloud):
        self.cloud, self.slack = cloud, 3 if build.sanitizer else 1
        self.parent = servers.agent("parent", parent=True, start=False,
                                    config={"plugin:aclk": {"poll contexts every": "1"}},
                                    health={"testcharts.conf": testcharts.definitions(ALERT)})
        self.parent.start()
        self.link = bring_online(build, cloud, self.parent)
        self.claim = self.link.claim
        self.kids, self.charts = {}, {}
        for name in KIDS:
            kid = self.kids[name] = servers.agent(name, start=False, plugin=False, collectors="one", web=False,
                                                  stream_to=self.parent, config=testcharts.CONFIG)
            self.charts[name] = TestCharts(kid, self.parent, value=1)
            kid.start()
        wait_until(lambda: len([n for n in self.parent.nodes() if n["reachable"]]) == 3, 20, "both children stream")

    def node(self, name):
        return self.cloud.node(name)

    def guid(self, name):
        return None if name == "parent" else self.kids[name].guid

    def known(self, name, alert=ALERT):
        """The alert of a node as the cloud has it."""
        node = self.node(name)
        found = self.cloud.alerts(node["node_id"])["active"] if node else []
        return next((a for a in found if a["name"] == alert), None)

    def wait_known(self, name, status, timeout):
        return self.cloud.wait(lambda: (a := self.known(name)) and a["status"] == STATUS[status] and a, timeout,
                               f"{ALERT} of {name} is {status} for the cloud")

    def entries(self, name, since):
        return [m for m in self.cloud.messages(self.claim, "AlarmLogEntry", "up", since)
                if m["fields"]["node_id"] == self.node(name)["node_id"] and m["fields"]["name"] == ALERT]

    def wait_equal(self, name, timeout=120):
        node_id, guid = self.node(name)["node_id"], self.guid(name)
        for what, differ in (("contexts", contexts_differ), ("alerts", alerts_differ)):
            wait_until(lambda d=differ: d(self.parent, self.cloud, node_id, guid) is None, timeout,
                       lambda w=what, d=differ: f"equal {w} of {name}: {d(self.parent, self.cloud, node_id, guid)}", 0.5)


@pytest.fixture(scope="module")
def family(build, servers, cloud):
    return Family(build, servers, cloud)


@pytest.mark.parametrize("name", ["parent", *KIDS])
def test_82_01_contexts_and_alerts_of_each(family, name):
    family.cloud.wait_node(name, 30, live=True)
    if name != "parent":
        family.charts[name].wait_status(ALERT, "CLEAR", 120)    # a parent links a child's alerts 30 to 90 s late
        family.wait_known(name, "CLEAR", 30)
        contexts = family.cloud.contexts(family.node(name)["node_id"])
        assert "testcharts.value" in contexts
    family.wait_equal(name)
    assert family.node(name)["contexts_streaming"] and family.node(name)["alerts_streaming"]


def test_82_02_an_alert_is_its_own_childs(family):
    since = family.cloud.last_message_number()
    entry, seen = family.charts["kid1"].drive(ALERT, "WARNING")
    family.wait_known("kid1", "WARNING", 20)
    m, = family.entries("kid1", since)
    assert m["fields"]["event_id"] == entry["alarm_event_id"] and m["fields"]["when"] == entry["when"]
    assert m["time"] - seen < 2 * family.slack
    assert family.known("kid2")["status"] == STATUS["CLEAR"] and family.known("parent") is None
    assert family.entries("kid2", since) == []


def test_82_03_killed(family):
    """Its contexts are collected no more; its alerts stay as they were."""
    family.charts["kid2"].drive(ALERT, "CRITICAL", 60)
    family.wait_known("kid2", "CRITICAL", 20)
    family.kids["kid2"].kill()
    wait_until(lambda: not process.leftovers() or all("kid2" not in c for _, c in process.leftovers()), 20,
               "its plugins are gone too")
    family.cloud.wait_node("kid2", 45, live=False, queryable=True)
    node_id = family.node("kid2")["node_id"]
    family.cloud.wait(lambda: all(c["last_entry"] for c in family.cloud.contexts(node_id).values()), 120,
                      "none of its contexts is collected for the cloud")
    family.wait_equal("kid2")
    assert family.known("kid2")["status"] == STATUS["CRITICAL"]
    assert all(not c["last_entry"] for c in family.cloud.contexts(family.node("kid1")["node_id"]).values())


def test_82_04_back_again(family):
    before = family.node("kid2")
    since = family.cloud.last_message_number()
    family.kids["kid2"].start()
    node = family.cloud.wait_node("kid2", 60, live=True)
    assert node["node_id"] == before["node_id"]
    family.cloud.wait(lambda: not family.cloud.contexts(node["node_id"])["testcharts.value"]["last_entry"], 60,
                      "it is collected again")
    family.charts["kid2"].wait_status(ALERT, "CRITICAL", 120)
    family.charts["kid2"].drive(ALERT, "WARNING", 120)
    family.wait_known("kid2", "WARNING", 30)
    assert [m["fields"]["status"] for m in family.entries("kid2", since)] == [STATUS["WARNING"]]
    family.wait_equal("kid2")


def test_82_05_link_cut_while_things_happen(family):
    """Both children's alerts change, and one child goes, while nobody can be told."""
    cloud, hellos = family.cloud, family.link.hellos()
    cloud.configure(env_status=503)
    cloud.disconnect(family.claim, abrupt=True)
    cloud.wait_offline(family.claim)
    since = cloud.last_message_number()
    family.charts["kid1"].drive(ALERT, "CRITICAL", 60)
    family.charts["kid2"].drive(ALERT, "CRITICAL", 60)
    family.kids["kid2"].stop()
    cloud.configure(reset=True)
    cloud.wait_online(family.claim, 60, hellos + 1)
    for name in KIDS:
        family.wait_known(name, "CRITICAL", 40)
        assert [m["fields"]["status"] for m in family.entries(name, since)] == [STATUS["CRITICAL"]]
    cloud.wait_node("kid2", 60, live=False)
    family.kids["kid2"].start()
    cloud.wait_node("kid2", 60, live=True)
    for name in ("parent", *KIDS):
        family.wait_equal(name)


def test_82_99_nothing_against_the_protocol(family):
    assert family.cloud.violations() == []
