# SPDX-License-Identifier: GPL-3.0-or-later
"""A hundred connections and their ends, and nothing lost: descriptors, memory, threads; once more under valgrind."""
import os

import pytest

from testenv import Synthetic, SyntheticHome, process, wait_until
from testenv.claiming import claim
from testenv.paths import program

ENDS = [{"ws_code": 1001}, {"abrupt": True}, {"hang_up": True}, {"mqtt_reason": 0x8B}]
CYCLES = 100


@pytest.fixture
def claimed(build, cloud, fresh):
    home = SyntheticHome(fresh.base / "host")
    return home, claim(build, home, cloud)


def settled(cloud, claim_id, n):
    """The n-th connection, used, and stable (three PUBACKs, so that the next attempt after it is immediate)."""
    cloud.wait(lambda: cloud.agent(claim_id)["hellos"] >= n + 1 and cloud.agent(claim_id)["reachable"], 60, f"hello {n}")
    conn = cloud.connections(claim_id)[-1]["id"]
    assert cloud.load(claim_id, ["/api/v1/info"], 3, 3)["codes"] == {"200": 3}
    cloud.wait(lambda: len(cloud.packets(conn, "PUBACK", direction="down")) >= 3, 30, "three PUBACKs")


def end(cloud, claim_id, n):
    cloud.disconnect(claim_id, **ENDS[n % len(ENDS)])


def test_70_01_a_hundred_connections_cost_nothing(build, cloud, fresh, claimed):
    home, claim_id = claimed
    host = fresh.add("synthetic", s := Synthetic(build.synthetic, home).start(), lambda: s.log)
    fds = lambda: len(os.listdir(f"/proc/{host.pid}/fd"))
    for n in range(CYCLES):
        settled(cloud, claim_id, n)
        if n == 19:
            start = (fds(), process.rss_kb(host.pid), len(process.threads(host.pid)))
        end(cloud, claim_id, n)
    settled(cloud, claim_id, CYCLES)
    wait_until(lambda: fds() <= start[0], 5, f"{start[0]} descriptors, as after 20 connections")
    assert len(process.threads(host.pid)) <= start[2] + 1
    if not build.sanitizer:
        assert process.rss_kb(host.pid) < start[1] + 1024, "memory grew over 80 connections"
    assert s.stop() == 0
    assert cloud.violations() == []


@pytest.mark.valgrind
@pytest.mark.timeout(1200)
def test_70_02_valgrind(build, cloud, fresh, claimed):
    home, claim_id = claimed
    log = fresh.base / "valgrind.log"
    prefix = [program("valgrind", "valgrind"), "--leak-check=full", "--show-leak-kinds=definite,indirect",
              "--errors-for-leak-kinds=definite,indirect", "--error-exitcode=9", "--num-callers=30", "--fair-sched=yes",
              f"--log-file={log}"]
    host = fresh.add("synthetic", s := Synthetic(build.synthetic, home, prefix).start(120), lambda: s.log)
    for n in range(CYCLES):
        settled(cloud, claim_id, n)
        end(cloud, claim_id, n)
    settled(cloud, claim_id, CYCLES)
    status = host.stop(120)
    text = log.read_text(errors="replace")
    assert status == 0 and "definitely lost: 0 bytes" in text or "All heap blocks were freed" in text, text[-6000:]
    assert "ERROR SUMMARY: 0 errors" in text, text[-6000:]
    print("\n".join(text.splitlines()[-12:]))
