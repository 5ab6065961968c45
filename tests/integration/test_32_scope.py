# SPDX-License-Identifier: GPL-3.0-or-later
"""netdata.conf [cloud] scope = license manager (aclk/query/README.md, "What may be asked"): only questions about nodes
are answered, and nothing is published."""
from conftest import bring_online

PUBLISHED = {"CreateNodeInstance", "UpdateNodeInstanceConnection", "UpdateNodeInfo", "UpdateNodeCollectors",
             "ContextsSnapshot", "ContextsUpdated", "AlarmLogEntry", "AlarmSnapshot", "ProvideAlarmConfiguration"}


def published(cloud, claim, since=0):
    return {m["type"] for m in cloud.messages(claim, direction="up", since=since)} & PUBLISHED


def test_32_01_license_manager(build, cloud, fresh):
    agent = fresh.agent("counted")
    link = bring_online(build, cloud, agent)
    node = {"node_id": link.node, "claim_id": link.claim}
    cloud.wait(lambda: {"UpdateNodeInfo", "ContextsUpdated"} <= published(cloud, link.claim), 30, "all is published")

    hellos = link.hellos()
    agent.stop()
    cloud.wait_offline(link.claim)
    since = cloud.last_message_number()
    agent.config = {"cloud": {"scope": "license manager"}}
    agent.start()
    cloud.wait_online(link.claim, 30, hellos + 1)
    cloud.send(link.claim, "SendNodeInstances", {"claim_id": link.claim})
    cloud.send(link.claim, "ContextsCheckpoint", {**node, "version_hash": 1})
    cloud.send(link.claim, "StartAlarmStreaming", {"node_id": node["node_id"]})
    cloud.send(link.claim, "SendAlarmCheckpoint", {**node, "version": 0})
    # Queries are read after what was sent before them, and the answer of the agent takes longer than any of that.
    assert link.query("/api/v1/data?chart=system.cpu").http_status == 403
    for _ in range(5):
        assert link.query("/api/v1/info").json()["uid"] == agent.guid
    assert published(cloud, link.claim, since) == set()
    assert "[cloud] scope = license manager: the cloud may ask about nodes" in agent.error_log

    hellos = link.hellos()
    agent.stop()
    agent.config = {}
    agent.start()
    cloud.wait_online(link.claim, 30, hellos + 1)
    cloud.wait_node(mguid=agent.guid, timeout=30, live=True)
    assert cloud.violations() == []
