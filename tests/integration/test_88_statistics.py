# SPDX-License-Identifier: GPL-3.0-or-later
"""The statistics charts in a stock agent's own dashboard, and the alarms on them."""
import collections
import re

import pytest

from conftest import bring_online
from testenv import REPO, Plugin, TestCharts, stays, testcharts, wait_until
from testenv.claiming import claim

EVERY = 10                     # seconds between values
QUERIES = 7
# aclk/report/README.md, "Statistics charts": the reference's charts, with units and dimensions.
REFERENCE = {
    "aclk_status": ("connected", ["online"]),
    "aclk_query_per_second": ("queries/s", ["added", "dispatched"]),
    "aclk_latency_mqtt": ("ms", ["avg", "max"]),
    "aclk_cloud_req": ("req/s", ["received", "malformed"]),
    "aclk_processed_query_type": ("cmd/s", [
        "unknown", "http_api_request_v2", "register_node", "node_state_update", "chart_and_dim_update",
        "chart_config_updated", "reset_chart_messages", "update_retention_info", "update_node_info",
        "alarm_log_health", "provide_alarm_config", "alarm_snapshot", "update_node_collectors",
        "generic_binary_proto_message"]),
    "aclk_cloud_req_http_type": ("req/s", ["other", "info", "data", "alarms", "alarm_log", "chart", "charts"]),
    "aclk_query_time": ("us", ["avg", "max", "total"]),
    "aclk_query_threads": ("req/s", ["Query 0"]),
    "aclk_protobuf_rx_types": ("msg/s", [
        "cmd", "CreateNodeInstanceResult", "SendNodeInstances", "StreamChartsAndDimensions", "ChartsAndDimensionsAck",
        "UpdateChartConfigs", "StartAlarmStreaming", "SendAlarmLogHealth", "SendAlarmConfiguration",
        "SendAlarmSnapshot", "DisconnectReq", "ContextsCheckpoint", "StopStreamingContexts"]),
    "aclk_openssl_bytes": ("B/s", ["sent", "received"]),
}
OURS = {"aclk_sent_types": "msg/s", "aclk_sent_bytes": "B/s", "aclk_send_queue": "messages",
        "aclk_send_queue_bytes": "bytes", "aclk_alerts_queue": "transitions", "aclk_connections": "connections",
        "aclk_offline_time": "seconds"}
ALARMS = (REPO / "plugin-api/external/health.d/aclk.conf").read_text()


def ask(link, n):
    for _ in range(n):
        assert link.query("/api/v1/info").http_status == 200


def by_type(cloud, claim_id, direction):
    return collections.Counter(m["type"] for m in cloud.messages(claim_id, direction=direction))


def test_88_01_values_are_the_clouds_own_counts(build, cloud, fresh):
    """What goes to the agent, added up, is what the cloud counted."""
    agent = fresh.agent("plain", plugin=False)
    claim_id = claim(build, agent, cloud)
    with Plugin(build.plugin, fresh.base / "p", agent=agent) as p:
        cloud.wait_online(claim_id, 30)
        cloud.wait_node(mguid=agent.guid, timeout=30, live=True)
        for _ in range(QUERIES):
            assert cloud.query(claim_id, "/api/v1/info").http_status == 200

        def equal():
            sums, chart = collections.Counter(), None
            for line in p.output.splitlines():
                if m := re.fullmatch(r"BEGIN netdata\.(\S+)", line):
                    chart = m[1]
                elif m := re.fullmatch(r'SET "?([^"]+?)"? = (\d+)', line):
                    sums[chart, m[1]] += int(m[2])
            up, down = by_type(cloud, claim_id, "up"), by_type(cloud, claim_id, "down")
            for t in ("UpdateAgentConnection", "CreateNodeInstance", "UpdateNodeInstanceConnection", "UpdateNodeInfo"):
                assert up[t] > 0 and sums["aclk_sent_types", t] == up[t], (t, sums, up)
            for t in ("cmd", "SendNodeInstances", "ContextsCheckpoint", "StartAlarmStreaming"):
                assert down[t] > 0 and sums["aclk_protobuf_rx_types", t] == down[t], (t, sums, down)
            assert sums["aclk_cloud_req", "received"] == sums["aclk_query_per_second", "dispatched"] == down["cmd"]
            assert sums["aclk_sent_types", "query-reply"] == down["cmd"] >= QUERIES
            assert sums["aclk_cloud_req_http_type", "info"] >= QUERIES
            assert sums["aclk_connections", "made"] == 1
            return True
        wait_until(equal, 60, "equal counts", 0.5)
        # A chart is defined before its first value, and once.
        for chart in [*REFERENCE, *OURS]:
            assert p.output.count(f"CHART netdata.{chart} ") == 1, chart
            assert p.output.index(f"CHART netdata.{chart} ") < p.output.index(f"BEGIN netdata.{chart}\n")


# The shipped alarms, with what takes minutes there in seconds.
QUICKER = {"warn: $this >= 300": "warn: $this >= 3", "average -5m at -5m": "average -20s at -20s",
           "warn: $this > 20": "warn: $this > 0"}


@pytest.fixture(scope="module")
def netdata(servers):
    alarms = ALARMS
    for shipped, quick in QUICKER.items():
        assert alarms.count(shipped) == 1, shipped
        alarms = alarms.replace(shipped, quick)
    agent = servers.agent(start=False, config=testcharts.CONFIG,
                          health={"aclk.conf": alarms, "testcharts.conf": testcharts.definitions("testcharts_high")})
    agent.test_charts = TestCharts(agent, value=1)
    agent.start()
    return agent


def test_88_02_charts_of_the_reference_in_a_stock_agent(online):
    ask(online, QUERIES)

    def there():
        charts = online.agent.api("/api/v1/charts").json()["charts"]
        for name, (units, dimensions) in REFERENCE.items():
            c = charts["netdata." + name]
            assert c["units"] == units and c["family"] == "aclk", c
            have = [d["name"] for d in c["dimensions"].values()]
            assert set(dimensions) <= set(have), (name, have)
        for name, units in OURS.items():
            assert charts["netdata." + name]["units"] == units
        return charts
    wait_until(there, 60, "the charts are there", 0.5)


def points(online, chart, dimension):
    """All that the agent has stored."""
    r = online.agent.api(f"/api/v1/data?chart=netdata.{chart}&dimensions={dimension}&after=-600&format=json")
    assert r.body.startswith(b"{"), r.body       # "No metrics where matched" until there are some
    return [row[1] for row in r.json()["data"] if row[1] is not None]


def test_88_03_its_values_match_the_cloud(online):
    def counted():
        """Queries by the agent's chart. It spreads each value over two points, which does not change their sum."""
        return sum(points(online, "aclk_cloud_req", "received")) * EVERY

    def resting():
        quiet = points(online, "aclk_cloud_req", "received")[:2]        # newest first
        return len(quiet) == 2 and not any(quiet)

    def asked():
        return by_type(online.cloud, online.claim, "down")["cmd"]

    wait_until(resting, 60, "what was asked before is stored", 0.5)
    before, cmds = counted(), asked()
    ask(online, 3 * QUERIES)

    def match():
        stored = counted() - before
        # The agent's clock and ours give intervals of 10 s that differ by milliseconds.
        assert resting() and abs(stored - (asked() - cmds)) < 0.5, (stored, asked() - cmds)
        return True
    wait_until(match, 60, "the values match", 0.5)
    assert asked() - cmds == 3 * QUERIES
    assert max(points(online, "aclk_status", "online")) == 1
    assert max(points(online, "aclk_openssl_bytes", "received")) > 0 > min(points(online, "aclk_openssl_bytes", "sent"))
    assert max(points(online, "aclk_offline_time", "offline")) == 0


def test_88_04_alarms_are_raised_and_clear_again(online):
    def status(name):
        return online.agent.api("/api/v1/alarms?all").json()["alarms"].get(name, {}).get("status")

    def wait_status(name, wanted):
        wait_until(lambda: status(name) == wanted, 90, lambda: f"{name}: {wanted}, is {status(name)}", 0.5)

    offline, queue = "netdata.aclk_offline_time.aclk_offline", "netdata.aclk_alerts_queue.aclk_alerts_queue_growing"
    wait_status(offline, "CLEAR")
    wait_status(queue, "CLEAR")
    online.cloud.configure(env_status=500)
    online.cloud.disconnect(online.claim)
    try:
        online.agent.test_charts.drive("testcharts_high", "WARNING")    # waits for a cloud to tell it to
        wait_status(offline, "WARNING")
        wait_status(queue, "WARNING")
    finally:
        online.cloud.configure(reset=True)
    wait_status(offline, "CLEAR")
    wait_status(queue, "CLEAR")


def test_88_05_statistics_no_removes_them(build, cloud, fresh):
    agent = fresh.agent("quiet", config={"cloud": {"statistics": "no"}})
    bring_online(build, cloud, agent)
    stays(lambda: not [c for c in agent.api("/api/v1/charts").json()["charts"] if c.startswith("netdata.aclk")],
          EVERY + 4, "no chart of ours", 1)
    assert agent.plugin_pid()
