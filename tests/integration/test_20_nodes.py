# SPDX-License-Identifier: GPL-3.0-or-later
"""Being a node, and being a parent of two: aclk/sync/README.md, "First connection" to "Node info and collectors";
proto/README.md, "Capabilities of the agent"."""
import pytest

from conftest import bring_online
from testenv import wait_until

# NodeInfo field -> key of the agent's own /api/v1/info (plugin-api/external/API.md, "Identity and node info")
FACTS = {"os_name": "os_name", "os_version": "os_version", "kernel_name": "kernel_name",
         "kernel_version": "kernel_version", "architecture": "architecture", "memory": "ram_total",
         "disk_space": "total_disk_space", "version": "version", "release_channel": "release-channel",
         "virtualization_type": "virtualization", "container_type": "container"}


class Family:
    def __init__(self, link, kids):
        self.link, self.kids, self.cloud = link, kids, link.cloud

    def by_name(self, name):
        return self.cloud.node(name)


@pytest.fixture(scope="module")
def family(build, servers, cloud):
    """A parent that is online, then two children that start to stream to it."""
    parent = servers.agent("parent", parent=True)
    link = bring_online(build, cloud, parent)
    kids = {name: servers.agent(name, plugin=False, collectors="one", web=False, stream_to=parent)
            for name in ("kid1", "kid2")}
    wait_until(lambda: len([n for n in parent.nodes() if n["reachable"]]) == 3, 20, "both children stream")
    return Family(link, kids)


def own_info(family, name):
    guid = family.by_name(name)["mguid"]
    return family.link.agent.api(f"/host/{guid}/api/v1/info").json()


@pytest.mark.core
def test_20_01_children_become_nodes(family):
    for name, kid in family.kids.items():
        node = family.cloud.wait_node(name, 30, live=True, queryable=True, hops=1)
        assert node["mguid"] == kid.guid
    parent = family.cloud.wait_node("parent", 10, live=True, queryable=True, hops=0)
    assert parent["mguid"] == family.link.agent.guid
    created = family.cloud.messages(family.link.claim, "CreateNodeInstance", "up")
    assert [m["fields"]["hostname"] for m in created][0] == "parent"
    assert sorted(m["fields"]["hostname"] for m in created) == ["kid1", "kid2", "parent"]
    for m in created:
        assert m["fields"]["claim_id"] == family.link.claim


def labels_differ(data, own):
    """Labels of ours that are not the agent's. The local one says of itself that it has no link; with us it has one."""
    want = dict(own["host_labels"])
    if own["mirrored_hosts_status"][0]["guid"] == own["uid"]:
        want["_aclk_available"] = "true"
    return {k: (data["host_labels"].get(k), v) for k, v in want.items() if data["host_labels"].get(k) != v}


@pytest.mark.parametrize("name", ["parent", "kid1", "kid2"])
def test_20_02_info_is_the_agents_own(family, name):
    # The parent's label _is_parent changes when its first child connects, and its info is sent again.
    node = family.cloud.wait(lambda: (n := family.by_name(name)) and n["info"]
                             and not labels_differ(n["info"]["data"], own_info(family, name)) and n, 60,
                             f"UpdateNodeInfo of {name} with the agent's labels")
    info, own = node["info"], own_info(family, name)
    data = info["data"]
    assert info["machine_guid"] == data["machine_guid"] == own["uid"] == node["mguid"]
    assert info["child"] is (name != "parent") and info["claim_id"] == family.link.claim
    assert data["name"] == name and data["os"] == "linux"
    # 1.37 tells the zone of a child only in its alarm log, which is empty for the first minute.
    assert data["timezone"] == "UTC" or data["timezone"] == "" and info["child"]
    got = {f: data[f] for f in FACTS}
    want = {f: own[k] or ("unknown" if f.endswith("_type") else own[k]) for f, k in FACTS.items()}
    assert got == want
    assert data["cpus"] == int(own["cores_total"])
    assert float(data["cpu_frequency"]) == float((own["cpu_freq"] or "0").replace(" ", "+"))
    assert info["ml_info"] == {"ml_capable": False, "ml_enabled": False}
    names = [c["name"] for c in info["node_instance_info"]["capabilities"]]
    assert names[0] == "proto" and {"ml", "mc", "ctx", "funcs"} <= set(names)


def test_20_03_collectors(family):
    """About half a minute after the info (aclk/sync/README.md, "Node info and collectors")."""
    for name in ("parent", "kid1", "kid2"):
        node = family.cloud.wait(lambda: (n := family.by_name(name)) and n["collectors"] and n, 75, f"collectors of {name}")
        got = {(c["plugin"], c["module"]) for c in node["collectors"]}
        assert got == {(c["plugin"], c["module"]) for c in own_info(family, name)["collectors"]}


@pytest.mark.core
def test_20_04_children_answer_through_their_parent(family):
    node = family.cloud.wait_node("kid1", 30, live=True)
    r = family.link.query("/api/v1/info", node=node["node_id"])
    assert r.http_status == 200 and r.json()["uid"] == family.kids["kid1"].guid
    r = family.link.query(f"/host/{family.kids['kid2'].guid}/api/v1/chart?chart=system.cpu")
    assert r.http_status == 200 and r.json()["id"] == "system.cpu"


def test_20_05_a_child_leaves_and_returns(family):
    before = family.cloud.wait_node("kid2", 30, live=True)
    family.kids["kid2"].stop()
    gone = family.cloud.wait_node("kid2", 45, live=False)
    assert gone["queryable"] and gone["node_id"] == before["node_id"]
    assert family.by_name("kid1")["live"]
    family.kids["kid2"].start()
    back = family.cloud.wait_node("kid2", 60, live=True)
    assert back["node_id"] == before["node_id"]


def test_20_06_node_ids_survive_a_restart(family):
    """Kept by machine guid: nothing is created again, the cloud hears of every node in the new session."""
    cloud, link = family.cloud, family.link
    ids = {n["hostname"]: n["node_id"] for n in cloud.nodes(link.claim)}
    since, hellos = cloud.last_message_number(), link.hellos()
    link.agent.restart()
    cloud.wait_online(link.claim, 30, hellos + 1)
    session = cloud.agent(link.claim)["session_id"]
    for name, node_id in ids.items():
        cloud.wait_message("UpdateNodeInstanceConnection", link.claim, 60, since,
                           lambda f, n=node_id: f["node_id"] == n and f["session_id"] == session and f["liveness"])
    assert cloud.messages(link.claim, "CreateNodeInstance", "up", since) == []
    assert {n["hostname"]: n["node_id"] for n in cloud.nodes(link.claim)} == ids


def test_20_07_two_children_of_one_name(build, family, servers):
    """A host name does not tell nodes apart; a machine guid does (plugin-api/external/API.md, "Children")."""
    twin = servers.agent("twin", plugin=False, collectors="one", web=False, stream_to=family.link.agent,
                         config={"global": {"hostname": "kid1"}})
    node = family.cloud.wait(lambda: family.cloud.node(mguid=twin.guid), 45, "the second kid1 is a node")
    assert node["node_id"] != family.cloud.node(mguid=family.kids["kid1"].guid)["node_id"]
    for guid in (twin.guid, family.kids["kid1"].guid):
        r = family.link.query("/api/v1/info", node=family.cloud.node(mguid=guid)["node_id"])
        assert r.json()["uid"] == guid


def test_20_09_nothing_against_the_protocol(family):
    assert family.cloud.violations() == []
