# SPDX-License-Identifier: GPL-3.0-or-later
"""`[cloud] query thread count`, and its newer name: so many of the cloud's queries run at once, the others wait in order."""
import pytest

from testenv import Synthetic, SyntheticHome, wait_until
from testenv.claiming import claim

SLOW = "/api/v1/data?delay_ms=1500&bytes=100"


@pytest.mark.parametrize("setting, threads", [("query thread count=1", 1), ("query thread count=4", 4), ("query threads=3", 3)])
def test_31_01_so_many_queries_run_at_once(build, cloud, fresh, setting, threads):
    home = SyntheticHome(fresh.base / "host")
    claim_id = claim(build, home, cloud)
    host = fresh.add("synthetic", s := Synthetic(build.synthetic, home, cloud_option=[setting]).start(), lambda: s.log)
    cloud.wait_online(claim_id, 30)
    asked = threads + 2
    queries = [cloud.query_async(claim_id, SLOW) for _ in range(asked)]
    seen = []

    def all_there():
        state = host.state_json()["queues"]
        seen.append(state["queries-running"])
        assert state["queries-running"] <= threads
        return state["queries-running"] == threads and state["queries-waiting"] == asked - threads
    wait_until(all_there, 20, lambda: f"{threads} run and the others wait: {seen}", 0.02)
    replies = [cloud.collect(q, 30) for q in queries]
    assert [r.http_status for r in replies] == [200] * asked
    assert f"Starting ACLK synchronization thread with {threads} parallel query threads" in host.log


def test_31_02_less_than_one_is_one(build, cloud, fresh):
    home = SyntheticHome(fresh.base / "host")
    claim_id = claim(build, home, cloud)
    host = fresh.add("synthetic", s := Synthetic(build.synthetic, home, cloud_option=["query threads=0"]).start(), lambda: s.log)
    cloud.wait_online(claim_id, 30)
    assert 'You need at least one query thread. Overriding configured setting of "0"' in host.log
    assert "with 1 parallel query threads" in host.log


def test_31_99_nothing_against_the_protocol(cloud):
    assert cloud.violations() == []
