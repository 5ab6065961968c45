# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that answer queries and end readings in the hook, or later from a thread of their own, or not as they should."""
from pathlib import Path

import pytest

from testenv import Synthetic, SyntheticHome, wait_until
from testenv.claiming import claim

FORMS = {"in the hook": {}, "later": {"answer_later": True}}


@pytest.fixture(scope="module", params=FORMS, ids=str)
def host(request, build, cloud, tmp_path_factory):
    home = SyntheticHome(tmp_path_factory.mktemp("host"))
    home.claim_id = claim(build, home, cloud)
    with Synthetic(build.synthetic, home, cloud_option=["query threads=4"], **FORMS[request.param]) as s:
        cloud.wait_online(home.claim_id, 30)
        yield s


def test_33_01_answers_are_replies(cloud, host):
    claim_id = host.home.claim_id
    replies = cloud.load(claim_id, ["/api/v1/info", "/api/v1/data?bytes=5000", "/api/v1/data?delay_ms=20"], 300, 16)
    assert replies["codes"] == {"200": 300}
    body = cloud.query(claim_id, "/api/v1/data?bytes=300000").body
    assert len(body) == 300000 and cloud.query(claim_id, "/api/v1/data?bytes=300000", accept_gzip=True).http_status == 200


def test_33_02_slow_ones_do_not_hold_up_quick_ones(cloud, host):
    slow = [cloud.query_async(host.home.claim_id, "/api/v1/data?delay_ms=2500") for _ in range(3)]
    assert cloud.query(host.home.claim_id, "/api/v1/info", wait=2).http_status == 200
    assert [cloud.collect(q, 10).http_status for q in slow] == [200] * 3


def test_33_03_cancelled_while_it_runs(cloud, host):
    q = cloud.query_async(host.home.claim_id, "/api/v1/data?delay_ms=30000", msg_id="stop-me")
    wait_until(lambda: host.state_json()["queues"]["queries-running"] == 1, 10, "it runs", 0.02)
    cloud.cancel(host.home.claim_id, "stop-me")
    assert cloud.collect(q, 5).http_status == 499


def test_33_04_deadline(cloud, host):
    assert cloud.query(host.home.claim_id, "/api/v1/data?delay_ms=30000", timeout_ms=200).http_status == 504


def test_33_05_answered_twice_is_one_reply_and_one_line(cloud, host):
    for _ in range(3):
        q = cloud.query_async(host.home.claim_id, "/api/v1/data?answers=2")
        assert cloud.collect(q, 5).http_status == 200
        assert len(cloud.replies(q)) == 1
    wait_until(lambda: host.log.count("has answered a question that was answered before") == 1, 5, "it is said once")


def test_33_06_never_answered_is_504_and_its_place_is_free(cloud, host):
    lost = [cloud.query_async(host.home.claim_id, "/api/v1/data?answers=0", timeout_ms=100) for _ in range(4)]
    assert [cloud.collect(q, 10).http_status for q in lost] == [504] * 4
    assert "has not answered the query " in host.log
    assert cloud.query(host.home.claim_id, "/api/v1/info", wait=3).http_status == 200


def test_33_07_stops_in_time_with_questions_unanswered(cloud, host):
    for _ in range(2):
        cloud.query_async(host.home.claim_id, "/api/v1/data?answers=0")
        cloud.query_async(host.home.claim_id, "/api/v1/data?delay_ms=60000")
    wait_until(lambda: host.state_json()["queues"]["queries-running"] == 4, 10, "they run", 0.02)
    assert host.stop(5) == 0


READ = {"nodes": 12, "contexts": 20, "alerts": 5, "alert_rate": 10, "alert_total": 60}


@pytest.fixture
def reading(build, cloud, tmp_path):
    """Starts a host that ends its readings later, as often as `ends` says."""
    home = SyntheticHome(tmp_path)
    home.claim_id = claim(build, home, cloud)
    started = []

    def start(ends):
        host = Synthetic(build.synthetic, home, read_later=True, reading_ends=ends, answer_later=True, **READ).start()
        started.append(host)
        cloud.wait_online(home.claim_id, 30)
        return host

    yield start
    for host in started:
        host.stop()


@pytest.mark.parametrize("ends", [1, 2])
def test_33_08_read_later_the_cloud_has_every_node_context_and_alert(cloud, reading, ends):
    host = reading(ends)

    def all_there():
        nodes = cloud.nodes(host.home.claim_id)
        return len(nodes) == READ["nodes"] and all(
            n["live"] and n["contexts"] > READ["contexts"] / 2 and n["alerts"] == READ["alerts"] for n in nodes)

    wait_until(all_there, 30, "nodes, contexts (those that are not collected come after a minute) and alerts")
    nodes = {n["node_id"]: n for n in cloud.nodes(host.home.claim_id)}

    def in_step():
        own = {o["node-id"]: o["alert-sync-status"] for o in host.state_json()["node-instances"]}
        return own.keys() == nodes.keys() and all(
            own[n["node_id"]]["alert-version"] == n["alert_version"] for n in cloud.nodes(host.home.claim_id))

    wait_until(in_step, 30, "equal alert versions")
    threads = [t.read_text().strip() for t in Path(f"/proc/{host.pid}/task").glob("*/comm")]
    assert threads.count("ACLK_HOST") <= 1, threads   # for the hook store_node_id
    twice = "has answered a question that was answered before"
    assert host.log.count(twice) == (1 if ends == 2 else 0)


def test_33_09_never_read_the_link_is_up_queries_are_answered_and_it_stops_in_time(cloud, reading):
    host = reading(0)
    assert cloud.query(host.home.claim_id, "/api/v1/info").http_status == 200
    wait_until(lambda: "did not give the list of nodes" in host.log, 40, "it is said")
    assert host.stop(5) == 0


def test_33_99_nothing_against_the_protocol(cloud):
    assert cloud.violations() == []
