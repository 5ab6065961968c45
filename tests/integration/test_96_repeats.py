# SPDX-License-Identifier: GPL-3.0-or-later
"""Failures that repeat are told once and then summed up: a night without a cloud does not fill a log."""
import re

import pytest

from testenv import Synthetic, SyntheticHome, wait_until
from testenv.claiming import claim


@pytest.fixture
def host(build, cloud, fresh, keep_switches):
    """A claimed host in a hurry, online."""
    home = SyntheticHome(fresh.base / "host")
    home.claim = claim(build, home, cloud)
    h = fresh.add("synthetic", s := Synthetic(build.synthetic, home, divide_pauses_by=1000).start(), lambda: s.log)
    cloud.wait_online(home.claim, 30)
    return h


def attempts(cloud, since):
    return len(cloud.https_requests("env")) - since


def told(host, at):
    """Lines that are not for debug.log or access.log."""
    return [x for x in host.log_since(at).splitlines() if re.match(r"\d+\.\d+ daemon ", x)]


@pytest.mark.core
def test_96_01_thirty_failures_are_a_dozen_lines(cloud, host):
    before, asked = host.process.log.stat().st_size, len(cloud.https_requests("env"))
    cloud.configure(env_status=500, env_body="out of order")
    cloud.disconnect(host.home.claim, abrupt=True)
    wait_until(lambda: attempts(cloud, asked) >= 33, 90, "thirty attempts")
    lines = wait_until(lambda: (x := told(host, before)) and any(" 32 attempts since" in y for y in x) and x, 20,
                       "the summary of 32 attempts")
    assert sum("(ENV response code is not 200) (got 500)" in x for x in lines) == 1, "in full the first time"
    assert sum("ACLK connection status: /env response code is not 200" in x for x in lines) == 1
    sums = [x for x in lines if "ACLK: still not connected: " in x]
    assert [int(re.search(r"; (\d+) attempts since \d\d:\d\d:\d\d, the next in \d+ s$", x)[1]) for x in sums] == [4, 8, 16, 32]
    assert all('HTTP status 500: "out of order"' in x for x in sums), "each has the cause"
    assert len(lines) <= 20, "\n".join(lines)
    assert len(host.state_json()["attempts"]) == 20, "state has each of the last ones"

    # Another failure is told at once and in full; the first one, when it comes again, is not.
    at = host.process.log.stat().st_size
    cloud.configure(env_status=403, env_body="who is that?")
    wait_until(lambda: any("who is that?" in x and "still not" not in x for x in told(host, at)), 60, "the other failure")
    cloud.configure(reset=True)
    cloud.wait_online(host.home.claim, 60, 2)
    line, = wait_until(lambda: [x for x in told(host, at) if "ACLK: connected after " in x], 10, "the end of it")
    assert re.search(r"ACLK: connected after \d+ attempts in \d+ (s|min)$", line)
    assert int(re.search(r"after (\d+)", line)[1]) > 32


def test_96_02_connection_that_comes_back_at_once_is_no_outage(cloud, host):
    at = host.process.log.stat().st_size
    cloud.disconnect(host.home.claim, abrupt=True)
    cloud.wait_online(host.home.claim, 30, 2)
    wait_until(lambda: any("connection successfully established" in x for x in told(host, at)), 10, "it says so")
    lines = told(host, at)
    assert any("Connection Error or Dropped" in x for x in lines)
    assert not any("connected after" in x or "still not" in x for x in lines)


def test_96_03_each_outage_is_told_anew(cloud, host):
    for n in (1, 2):
        cloud.configure(connack_reason=0x87)
        at, asked = host.process.log.stat().st_size, len(cloud.https_requests("env"))
        cloud.disconnect(host.home.claim, abrupt=True)
        wait_until(lambda: attempts(cloud, asked) >= 3, 30, "it is tried")
        wait_until(lambda: sum("MQTT CONNACK returned error 135" in x for x in told(host, at)) == 1, 10, "said once")
        cloud.configure(reset=True)
        cloud.wait_online(host.home.claim, 60, n + 1)


def test_96_99_nothing_against_the_protocol(cloud):
    """But for what the tests provoke."""
    assert [v for v in cloud.violations() if v["kind"] not in ("mqtt", "ws")] == []
