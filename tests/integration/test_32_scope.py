# SPDX-License-Identifier: GPL-3.0-or-later
"""netdata.conf [cloud] scope = license manager (aclk/query/README.md, "What may be asked"): only questions about nodes
are answered, and nothing is published."""
from conftest import bring_online
from testenv import wait_until
from testenv.local import run_cli

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


def test_32_02_settings_in_netdata_conf_count_when_they_change(build, cloud, fresh):
    """Nothing is restarted, no command is run."""
    agent = fresh.agent("edited")
    link = bring_online(build, cloud, agent)
    conf = agent.dir / "etc/netdata.conf"
    before = conf.read_text()

    def edit(lines, says):
        conf.write_text(before + f"[cloud]\n{lines}\n[plugin:aclk]\n")
        wait_until(lambda: says(run_cli(build, agent, "state").stdout), 20, lines)
    hellos = link.hellos()
    edit("scope = license manager", lambda s: "Online: Yes" in s and "Limited By: [cloud] scope = license manager" in s)
    since = cloud.last_message_number()
    cloud.send(link.claim, "SendNodeInstances", {"claim_id": link.claim})
    assert link.query("/api/v1/info").json()["uid"] == agent.guid
    assert published(cloud, link.claim, since) == set()
    edit("proxy = ftp://nowhere", lambda s: "Online: No" in s and "cannot be used" in s)
    edit(f"proxy = none\nurl = {cloud.url}/", lambda s: "Online: Yes" in s and "Limited By" not in s)
    assert link.hellos() >= hellos + 2
    hellos = link.hellos()
    edit("# nothing", lambda s: "Online: Yes" in s and link.hellos() > hellos)
    # What says nothing about the link leaves it alone.
    hellos = link.hellos()
    conf.write_text(conf.read_text() + "[web]\n  x = y\n")
    edit("# nothing else", lambda s: "Online: Yes" in s)
    assert link.hellos() == hellos and agent.plugin_pid()
