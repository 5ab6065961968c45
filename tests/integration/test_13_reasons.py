# SPDX-License-Identifier: GPL-3.0-or-later
"""Each way a connection can end or fail to be: the status users know and a sentence with the true cause, kept in state.

aclk/session/README.md, "When the other end closes", "Status codes". With the synthetic host: nothing here is about the
agent.
"""
import os
import re
import signal

import pytest

from conftest import Link
from reconnecting_link import link, settled  # noqa: F401  (fixtures)
from testenv import Synthetic, SyntheticHome, stays, wait_until
from testenv.claiming import claim, trust


def attempts(link):
    """The lines of `Last attempts:` in state output, oldest first."""
    return [line for line in link.agent.state().partition("Last attempts:\n")[2].splitlines() if line]


def told(link, status, sentence, before):
    """An attempt that ended with this status and a sentence like this, in the log too."""
    line = wait_until(lambda: next((a for a in attempts(link) if f"  {status}: " in a and re.search(sentence, a)
                                    and a not in before), None), 15, lambda: f"{status}: {sentence} in {attempts(link)}")
    assert re.search(sentence, link.agent.log)
    assert f"ACLK connection status: {status}" in link.agent.log
    return line


class TestEndsOfAConnection:
    @pytest.mark.parametrize("how, status, sentence", [
        ({"abrupt": True}, "disconnected, socket error", r"localhost:\d+ \(.*\d\): the connection was reset"),
        ({"hang_up": True}, "disconnected, closed by remote end", "without giving reason"),
        ({"ws_code": 1001, "ws_reason": "bye"}, "disconnected, closed by remote end",
         r'EC=1001 and reason "bye" \(going away\)'),
        ({"mqtt_reason": 0x8B}, "disconnected, closed by remote end", r"hutting down \(reason 139, 0x8B\); the cloud is"),
        ({"mqtt_reason": 0x95}, "disconnected, message too big", r"\(reason 149, 0x95\)"),
    ], ids=str)
    def test_13_10_each_has_its_status_and_sentence(self, settled, how, status, sentence):
        cloud, hellos, before = settled.cloud, settled.hellos(), attempts(settled)
        cloud.disconnect(settled.claim, **how)
        line = told(settled, status, sentence, before)
        assert re.search(r"to online, \d+ s online", line)
        cloud.wait_online(settled.claim, 20, hellos + 1)

    def test_13_11_frame_that_is_none(self, settled):
        hellos, before = settled.hellos(), attempts(settled)
        settled.cloud.inject(b"x", settled.claim, level="frame", opcode=3)
        told(settled, "disconnected, WebSockets protocol error", "no WebSocket frame", before)
        settled.cloud.wait_online(settled.claim, 20, hellos + 1)

    def test_13_12_packet_that_is_none(self, settled):
        hellos, before = settled.hellos(), attempts(settled)
        settled.cloud.inject(b"\xff" * 64, settled.claim)
        told(settled, "disconnected, MQTT protocol error", "malformed packet", before)
        settled.cloud.wait_online(settled.claim, 20, hellos + 1)


class TestFailedAttempts:
    @pytest.mark.parametrize("change, stage, status, sentence", [
        ({"env_status": 500, "env_body": "out of order\nreally"}, "env", "/env response code is not 200",
         '/api/v1/env: localhost .* HTTP status 500: "out of order"; the cloud is busy'),
        ({"upgrade_status": 503}, "WebSocket", "disconnected, WebSockets protocol error", "HTTP 503 instead of 101"),
        ({"upgrade_headers": {"Sec-WebSocket-Accept": "wrong"}}, "WebSocket", "disconnected, WebSockets protocol error",
         "wrongly"),
        ({"connack_reason": 0x87}, "CONNECT", "disconnected, MQTT protocol error",
         r"refused the connection: .*uthorized \(reason 135, 0x87\)"),
    ], ids=str)
    def test_13_20_each_has_its_stage_status_and_sentence(self, settled, change, stage, status, sentence):
        cloud, hellos, before = settled.cloud, settled.hellos(), attempts(settled)
        cloud.configure(**change)
        cloud.disconnect(settled.claim, abrupt=True)
        assert f"s to {stage}  {status}: " in told(settled, status, sentence, before)
        cloud.configure(reset=True)
        cloud.wait_online(settled.claim, 40, hellos + 1)

    @pytest.mark.parametrize("kind, sentence", [
        ("expired", r"expired on \d{4}-.* renew"), ("not-yet", "valid only from .* set the clock"),
        ("wrong-host", "not for localhost"), ("other-ca", "issued by .* is not trusted"),
    ])
    def test_13_21_each_bad_certificate_has_its_own(self, build, fresh, link, kind, sentence):
        home = SyntheticHome(fresh.base / "host")
        claim(build, home, link.cloud)
        bad = fresh.cloud("bad", certificate=kind)
        trust(home.cloud_dir, bad.ca)
        conf = home.cloud_dir / "cloud.conf"
        conf.write_text(conf.read_text().replace(link.cloud.url, bad.url))
        host = fresh.add("synthetic", s := Synthetic(build.synthetic, home).start(), lambda: s.log)
        wait_until(lambda: "invalid SSL certification" in host.log, 10, "the status in the log")
        wait_until(lambda: re.search("s to env  invalid SSL certification: .*" + sentence, host.state()), 10,
                   "its sentence in the state")

    def test_13_22_nobody_there(self, build, fresh, link):
        home = SyntheticHome(fresh.base / "host")
        claim(build, home, link.cloud)
        conf = home.cloud_dir / "cloud.conf"
        conf.write_text(conf.read_text().replace(link.cloud.url, "https://localhost:1"))
        host = fresh.add("synthetic", s := Synthetic(build.synthetic, home).start(), lambda: s.log)
        wait_until(lambda: re.search(r"s to env  connection refused: localhost:1 \(.*127\.0\.0\.1:1.*\): cannot connect: "
                                     "Connection refused; check", host.state()), 10, lambda: host.log)


class TestOrders:
    @pytest.fixture
    def alone(self, build, fresh):
        """A cloud and a host of its own: what is ordered here lasts."""
        cloud = fresh.cloud("alone")
        home = SyntheticHome(fresh.base / "host")
        claim_id = claim(build, home, cloud)
        host = fresh.add("synthetic", s := Synthetic(build.synthetic, home).start(), lambda: s.log)
        cloud.wait_online(claim_id, 20)
        return Link(cloud, host, claim_id)

    def test_13_30_banned_is_for_good(self, alone):
        alone.cloud.configure(env_status=403, env_body={"errorNonRetryable": True, "errorMessage": "go away",
                                                        "errorCode": "E", "errorMsgKey": "K"})
        alone.cloud.disconnect(alone.claim, abrupt=True)
        wait_until(lambda: "Banned By Cloud: Yes" in alone.agent.state(), 10, "it is banned")
        assert "State: banned" in alone.agent.state() and "Next Connection Attempt" not in alone.agent.state()
        n = len(alone.cloud.https_requests("env"))
        stays(lambda: len(alone.cloud.https_requests("env")) == n, 4, "it does not try again")
        assert "go away (K); it wants no further attempts" in attempts(alone)[-1]
        alone.cloud.configure(reset=True)
        hellos = alone.hellos()
        os.kill(alone.agent.pid, signal.SIGHUP)  # reads cloud.d again
        alone.cloud.wait_online(alone.claim, 20, hellos + 1)
        assert "Banned By Cloud: No" in alone.agent.state()

    def test_13_31_session_taken_over_is_no_fight(self, alone):
        alone.cloud.disconnect(alone.claim, mqtt_reason=0x8E)
        told(alone, "disconnected, closed by remote end", r"\(reason 142, 0x8E\); another agent .* clone", [])
        backoff = re.search(r"Last Backoff: ([\d.]+)", alone.agent.state())
        assert backoff and 60 <= float(backoff[1]) <= 90

    def test_13_32_clock_of_the_cloud_is_known(self, alone):
        offset = re.search(r"Clock Offset: ([-+][\d.]+) s", alone.agent.state())
        assert offset and abs(float(offset[1])) < 3


def test_13_99_nothing_against_the_protocol(link):
    """But for what the tests provoke."""
    bad = [v for v in link.cloud.violations() if v["kind"] not in ("mqtt", "ws", "topic")]
    assert bad == []
