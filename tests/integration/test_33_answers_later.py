# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that answer a query in the hook, or later from a thread of their own, or not as they should."""
import pytest

from testenv import Synthetic, SyntheticHome, wait_until
from testenv.claiming import claim

FORMS = {"in the hook": {}, "later": {"answer_later": []}}


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


def test_33_99_nothing_against_the_protocol(cloud):
    assert cloud.violations() == []
