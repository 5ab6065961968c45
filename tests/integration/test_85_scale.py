# SPDX-License-Identifier: GPL-3.0-or-later
"""Many nodes with many contexts and alerts at once (the synthetic host): everything in sync, nothing twice, and a burst
of transitions that ends in the right view."""
import pytest

from testenv import Synthetic, SyntheticHome, stays, wait_until
from testenv.claiming import claim
from testenv.published import STATUS

NODES, CONTEXTS, ALERTS = 50, 50, 20
EPOCH = 1_790_000_000


class Many:
    """A synthetic host that is online with all its nodes."""

    def __init__(self, build, servers, cloud, folder, **options):
        self.build, self.cloud = build, cloud
        self.home = SyntheticHome(servers.base / folder)
        self.claim = claim(build, self.home, cloud)
        self.options = {"nodes": NODES, "contexts": CONTEXTS, "alerts": ALERTS, "epoch": EPOCH, **options}
        self.host = self.start(servers)

    def start(self, servers):
        host = Synthetic(self.build.synthetic, self.home, **self.options).start()
        return servers.add("synthetic host", host, lambda: host.log[-3000:])

    def nodes(self):
        return self.cloud.nodes(self.claim)

    def alerts_there(self):
        """All nodes are there, with all of their alerts."""
        nodes = self.nodes()
        return len(nodes) == self.options["nodes"] and all(
            n["live"] and n["alerts_streaming"] and n["alerts"] == self.options["alerts"] for n in nodes)

    def in_sync(self):
        return self.alerts_there() and all(n["contexts"] == self.options["contexts"] for n in self.nodes())

    def versions_differ(self):
        """Alert versions as the agent shows them against those the cloud computes; nothing may wait."""
        own = {o["node-id"]: o["alert-sync-status"] for o in self.host.state_json()["node-instances"]}
        return [f"{n['hostname']}: cloud {n['alert_version']}, agent {own.get(n['node_id'])}" for n in self.nodes()
                if n["node_id"] not in own or own[n["node_id"]]["alert-version"] != n["alert_version"]
                or own[n["node_id"]]["pending"] or own[n["node_id"]]["queued"]]

    def wait_versions(self, timeout):
        wait_until(lambda: not self.versions_differ(), timeout,
                   lambda: f"equal alert versions: {self.versions_differ()[:3]}", 0.5)

    def own_alarms(self, node):
        """The alerts of a node as its host answers a query."""
        reply = self.cloud.query(self.claim, "/api/v1/alarms?all", node=node["node_id"])
        return list(reply.json()["alarms"].values())

    def alerts_differ(self, node):
        own = {a["name"]: STATUS[a["status"]] for a in self.own_alarms(node)}
        told = {a["name"]: a["status"] for a in self.cloud.alerts(node["node_id"])["active"]}
        return [f"{node['hostname']} {k}: host {own.get(k)}, cloud {told.get(k)}" for k in {*own, *told}
                if own.get(k) != told.get(k)]

    def count(self, kind, since=0):
        return len(self.cloud.messages(self.claim, kind, "up", since))


@pytest.fixture(scope="module")
def many(build, servers, cloud):
    """Contexts that are not collected are told 65 s after the beginning: the first tests use that time."""
    return Many(build, servers, cloud, "host")


@pytest.mark.core
def test_85_01_burst_of_transitions(build, servers, cloud, many):
    """2000 transitions in 2 s, the link cut in the middle: more than may be sent (50 a second and node) of 3 nodes.
    Many replace each other before they are sent; what is sent is in order, and the end is right."""
    total = 2000
    burst = Many(build, servers, cloud, "burst", nodes=3, alerts=100, alert_rate=1000, alert_total=total)
    cloud.wait_online(burst.claim, 30)
    cloud.disconnect(burst.claim, abrupt=True)
    cloud.wait_online(burst.claim, 40, 2)
    cloud.wait(burst.alerts_there, 60, "all alerts")
    final(burst)
    sent = burst.count("AlarmLogEntry")
    assert sent < total
    for node in burst.nodes():
        times = sorted(m["time"] for m in cloud.messages(burst.claim, "AlarmLogEntry", "up")
                       if m["fields"]["node_id"] == node["node_id"])
        most = max((sum(1 for t in times if a <= t < a + 3) for a in times), default=0)
        assert most <= 4 * 50, f"{most} transitions of one node within 3 s"
    burst.host.stop()


def final(host):
    """Until all transitions have happened, nothing waits any more and every alert is in the host's status."""
    def happened():
        return sum(a["event_id"] - 1 for n in host.nodes() for a in host.own_alarms(n))
    wait_until(lambda: happened() == host.options["alert_total"], 60, lambda: f"all transitions: {happened()}", 0.5)
    host.wait_versions(60)
    assert [d for n in host.nodes() for d in host.alerts_differ(n)] == []


@pytest.mark.core
def test_85_02_transitions_that_go_on(build, servers, cloud, many):
    """A few transitions a second while links are cut, frozen and brokers restarted."""
    host = Many(build, servers, cloud, "steady", nodes=5, contexts=5, alerts=20, alert_rate=20, alert_total=400)
    cloud.wait_online(host.claim, 30)
    for n in range(4):
        cloud.wait(lambda n=n: host.count("AlarmLogEntry") > 20 * n, 60, "transitions")
        if n % 2:
            cloud.hold(host.claim, directions=["down"])
        cloud.disconnect(host.claim, abrupt=True)
        cloud.wait_online(host.claim, 60, n + 2)
    cloud.restart_broker(down_seconds=0.5)
    cloud.wait_online(host.claim, 60, 6)
    wait_until(lambda: host.host.state_json()["online"], 20, "online")
    cloud.wait(host.alerts_there, 60, "all alerts")
    final(host)
    host.host.stop()


@pytest.mark.core
def test_85_03_the_host_knows_what_the_cloud_listens_to(build, servers, cloud, many):
    """So that one that has to look for changes looks less often for what nobody wants to know."""
    def heard():
        return [x.partition("the cloud listens to:")[2].split() for x in host.host.log.splitlines()
                if "the cloud listens to:" in x]
    host = Many(build, servers, cloud, "heard", nodes=2, contexts=2, alerts=2)
    wait_until(lambda: heard() and heard()[-1] == ["nodes", "contexts", "alerts"], 30, lambda: f"all: {heard()}")
    assert heard()[0] == ["nodes"], "before the cloud's checkpoints"
    for node in cloud.nodes(host.claim):
        cloud.send(host.claim, "StopStreamingContexts", {"claim_id": host.claim, "node_id": node["node_id"]})
    wait_until(lambda: heard()[-1] == ["nodes", "alerts"], 10, lambda: f"no contexts: {heard()}")
    seen = len(heard())
    cloud.disconnect(host.claim, abrupt=True)
    wait_until(lambda: heard()[seen:seen + 1] == [[]], 10, lambda: f"nothing while offline: {heard()}")
    wait_until(lambda: heard()[-1] == ["nodes", "contexts", "alerts"], 30, lambda: f"all again: {heard()}")
    host.host.stop()


@pytest.mark.core
def test_85_10_everything_is_in_sync(many):
    many.cloud.wait(many.in_sync, 150, "everything in sync")
    many.wait_versions(30)
    for node in many.nodes()[::10]:
        assert many.alerts_differ(node) == []
    # Each once: what is collected after 5 s, the rest after 65 s; all alerts of a node in one message.
    assert many.count("ContextsSnapshot") == 0 and NODES <= many.count("ContextsUpdated") <= 2 * NODES
    assert many.count("AlarmSnapshot") == NODES and many.count("AlarmLogEntry") == 0


@pytest.mark.core
def test_85_11_reconnection_with_nothing_changed(many):
    cloud, hellos = many.cloud, many.cloud.agent(many.claim)["hellos"]
    since = cloud.last_message_number()
    cloud.disconnect(many.claim, abrupt=True)
    cloud.wait_online(many.claim, 40, hellos + 1)
    stays_quiet(many, since)


def stays_quiet(many, since):
    """Every node has got its checkpoints, and has nothing to say to them."""
    many.cloud.wait(lambda: len(many.cloud.messages(many.claim, "StartAlarmStreaming", "down", since)) == NODES, 60,
                    "checkpoints of all nodes")
    stays(lambda: [many.count(k, since) for k in ("ContextsSnapshot", "ContextsUpdated", "AlarmSnapshot",
                                                  "AlarmLogEntry")] == [0, 0, 0, 0], 3, "nothing is told again", 0.3)
    many.wait_versions(30)


@pytest.mark.core
def test_85_12_restart_with_nothing_changed(many, servers):
    """The same database again: what the cloud has was remembered."""
    cloud, hellos = many.cloud, many.cloud.agent(many.claim)["hellos"]
    since = cloud.last_message_number()
    assert many.host.stop() == 0
    many.host.start()
    cloud.wait_online(many.claim, 40, hellos + 1)
    stays_quiet(many, since)
    assert many.count("CreateNodeInstance", since) == 0


def test_85_13_the_cloud_has_lost_everything(many):
    for node in many.nodes():
        for what in ("contexts", "alerts"):
            many.cloud.forget(node=node["node_id"], what=what)
    hellos = many.cloud.agent(many.claim)["hellos"]
    many.cloud.disconnect(many.claim, abrupt=True)
    many.cloud.wait_online(many.claim, 40, hellos + 1)
    many.cloud.wait(many.in_sync, 60, "everything in sync")
    many.wait_versions(30)


@pytest.mark.core
def test_85_99_nothing_against_the_protocol(cloud, many):
    assert cloud.violations() == []
