# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that has slept: its connection is looked at, and its waiting is over."""
import os
import signal

from testenv import Synthetic, SyntheticHome, wait_until
from testenv.claiming import claim


def online(build, cloud, fresh):
    home = SyntheticHome(fresh.base / "host")
    claim_id = claim(build, home, cloud)
    host = fresh.add("synthetic", s := Synthetic(build.synthetic, home).start(), lambda: s.log)
    cloud.wait_online(claim_id, 30)
    wait_until(lambda: host.state_json()["online"], 10, "online")
    return host, claim_id


def woke_up(host):
    os.kill(host.pid, signal.SIGPWR)


def test_15_01_a_connection_that_died_meanwhile_is_noticed(build, cloud, fresh):
    """Nobody said so: it would take two minutes of silence. Asked, it takes 5 s."""
    host, claim_id = online(build, cloud, fresh)
    cloud.hold(claim_id, directions=["up", "down"])
    woke_up(host)
    wait_until(lambda: not host.state_json()["online"], 30, "it is noticed", 0.3)
    cloud.wait_online(claim_id, 30, 2)
    assert "PINGRESP" in host.log or "ping" in host.log.lower()


def test_15_02_a_connection_that_lives_goes_on(build, cloud, fresh):
    host, claim_id = online(build, cloud, fresh)
    pings = len(cloud.packets(cloud.connections(claim_id)[-1]["id"], "PINGREQ"))
    woke_up(host)
    cloud.wait(lambda: len(cloud.packets(cloud.connections(claim_id)[-1]["id"], "PINGREQ")) > pings, 20, "a question")
    assert cloud.query(claim_id, "/api/v1/info").http_status == 200
    assert cloud.agent(claim_id)["hellos"] == 1 and "the machine has slept" in host.log


def test_15_03_waiting_ends(build, cloud, fresh):
    """The network is back with the machine: a pause that was chosen before it slept is over."""
    cloud.configure(env_patch={"backoff": {"base": 2, "maxSeconds": 600, "minSeconds": 300}})
    try:
        host, claim_id = online(build, cloud, fresh)
        cloud.configure(password_status=500)
        cloud.disconnect(claim_id, abrupt=True)
        wait_until(lambda: host.state_json()["state"] == "waiting", 30, "it waits for minutes")
        cloud.configure(reset=True)
        woke_up(host)
        cloud.wait_online(claim_id, 30, 2)
    finally:
        cloud.configure(reset=True)
