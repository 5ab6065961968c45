# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing leaves unasked but metadata: while no query is asked, every message is of a listed type and no collected value
is in any byte of it, but for the value of an alert (proto/README.md, "From agent to cloud")."""
import base64
import json
import struct

import pytest

from conftest import bring_online
from lc import schema
from testenv import TestCharts, testcharts, wait_until

SECRET = 918273645          # a value that nothing else has
METADATA = set(schema.OUTBOUND.values()) - {"AlarmCheckpoint"}
OF_ALERTS = {"AlarmLogEntry", "AlarmSnapshot"}


def varint(n):
    out = b""
    while n > 0x7f:
        out += bytes([n & 0x7f | 0x80])
        n >>= 7
    return out + bytes([n])


def forms(n):
    """The ways in which a number may stand in bytes: text, varint, integers and floats of both orders."""
    out = {str(n).encode(), f"{n:x}".encode(), f"{n:,}".encode(), varint(n), varint(n << 1)}
    for order in "<>":
        out |= {struct.pack(order + kind, n) for kind in "iqdf"}
    return out


def test_83_00_the_search_finds():
    for n in (1, 300, SECRET):
        for form in forms(n):
            assert shows(b"xy" + form + b"z", n)
    assert varint(300) == b"\xac\x02" and not shows(b"nothing here", SECRET)


def shows(data, n=SECRET):
    return any(form in data for form in forms(n))


@pytest.fixture(scope="module")
def watched(build, servers, cloud):
    """An agent that collects the secret from its first second, online; and everything its link has sent until all that
    it sends by itself has come."""
    agent = servers.agent("node1", start=False, config={**testcharts.CONFIG,
                                                        "plugin:aclk": {"poll contexts every": "1"}},
                          health={"testcharts.conf": testcharts.definitions("testcharts_high", chart="raised")})
    charts = TestCharts(agent, secret=SECRET, raised=1)
    agent.start()
    link = bring_online(build, cloud, agent)
    link.charts = charts
    charts.wait_status("testcharts_high", "CLEAR", chart="raised")
    charts.drive("testcharts_high", "CRITICAL", chart="raised")
    charts.set("late", SECRET)
    cloud.wait(lambda: (n := cloud.node(mguid=agent.guid)) and n["collectors"] and n["alert_entries"]
               and "testcharts.late" in cloud.contexts(n["node_id"]), 90,
               "node info, collectors, contexts and alerts")
    cloud.send(link.claim, "ContextsCheckpoint", {"claim_id": link.claim, "node_id": link.node, "version_hash": 1})
    cloud.send(link.claim, "SendAlarmCheckpoint", {"claim_id": link.claim, "node_id": link.node, "version": 0})
    alert = next(a for a in cloud.alerts(link.node)["active"] if a["name"] == "testcharts_high")
    cloud.send(link.claim, "SendAlarmConfiguration", {"config_hash": alert["config_hash"]})
    cloud.wait(lambda: (n := cloud.node(mguid=agent.guid)) and n["alert_configs"] and n["alert_snapshots"]
               and n["context_snapshots"], 30, "all that can be asked for but queries")
    return link


def publishes(link):
    """(topic, payload) of each PUBLISH the agent's link has sent, on every connection."""
    for conn in link.cloud.connections(link.claim):
        for p in link.cloud.packets(conn["id"], "PUBLISH", direction="up"):
            fields = p["fields"]
            yield fields.get("resolved_topic") or fields["topic"], base64.b64decode(fields["payload"]["b64"])


def test_83_01_the_agent_does_collect_it(watched):
    data = watched.agent.api("/api/v1/data?chart=testcharts.secret&after=-5&points=1&options=jsonwrap").body
    assert str(SECRET).encode() in data
    assert shows(data)


def test_83_02_only_metadata_messages(watched):
    topics = {t: n for n, t in watched.cloud.agent(watched.claim)["topics"].items()}
    sent = list(publishes(watched))
    kinds = {schema.OUTBOUND.get(topics.get(t)) for t, _ in sent}
    assert kinds <= METADATA, kinds - METADATA
    assert {"ContextsSnapshot", "ContextsUpdated", "AlarmLogEntry", "AlarmSnapshot", "ProvideAlarmConfiguration",
            "UpdateNodeInfo", "UpdateNodeCollectors"} <= kinds
    messages = watched.cloud.messages(watched.claim, direction="up")
    assert len(sent) == len(messages), "the record is complete"
    for t, payload in sent:
        assert schema.oddities(schema.OUTBOUND[topics[t]], payload) == []


def test_83_03_no_collected_value(watched):
    for topic, payload in publishes(watched):
        assert not shows(payload), f"{topic} holds the collected value"
    for conn in watched.cloud.connections(watched.claim):
        assert not shows(json.dumps(conn["connect"]).encode())
    for request in watched.cloud.https_requests():
        assert not shows(json.dumps([request["target"], request["headers"], request["body"]]).encode())


def test_83_04_but_the_value_of_an_alert(watched):
    """An alert tells what it was raised by, and nothing but its own messages does."""
    since = watched.cloud.last_message_number()
    watched.charts.set("raised", SECRET)
    watched.charts.drive("testcharts_high", "WARNING", chart="raised")
    watched.charts.set("raised", SECRET)
    watched.charts.wait_status("testcharts_high", "CRITICAL", chart="raised")
    m = watched.cloud.wait_message("AlarmLogEntry", watched.claim, 10, since,
                                   lambda f: f["name"] == "testcharts_high" and f["value"] > 1000)
    assert m["fields"]["value"] == SECRET and shows(m["payload"])
    wait_until(lambda: watched.cloud.last_message_number() >= m["n"], 5, "the record")
    shown = {x["type"] for x in watched.cloud.messages(watched.claim, direction="up", since=since)
             if shows(x["payload"])}
    assert shown <= OF_ALERTS


def test_83_99_nothing_against_the_protocol(watched):
    assert watched.cloud.violations() == []
