# SPDX-License-Identifier: GPL-3.0-or-later
"""The log lines of aclk/report/README.md, "Log lines", and of the documents named there, word for word, each in its
log, at its level.

The synthetic host writes "TIME LOG LEVEL TEXT" for each; what makes it debug.log, access.log or error.log beside an agent
is the last class's business.
"""
import re

import pytest

from conftest import Link, bring_online
from reconnecting_link import settled  # noqa: F401  (fixture)
from testenv import Synthetic, SyntheticHome, stays, wait_until
from testenv.claiming import claim

ERROR, NOTICE, WARNING, INFO = "daemon error", "daemon notice", "daemon warning", "daemon info"
DEBUG, ACCESS = "trace debug", "access info"
UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def said(host, where, text, before=0, timeout=20):
    """The first line of this log and level that has the text (a regular expression) to its end."""
    wanted = re.compile(rf"^\d+\.\d+ {where} (ACLK: )?{text}$")
    return wait_until(lambda: next((x for x in host.log[before:].splitlines() if wanted.match(x)), None), timeout,
                      lambda: f"{where}: {text} in\n{host.log[before:][-4000:]}", 0.1)


@pytest.fixture(scope="module")
def link(build, servers, cloud):
    """A node with a child and alerts that change; and a wait that is a tenth as long."""
    home = SyntheticHome(servers.base / "host")
    claim_id = claim(build, home, cloud)
    host = servers.add("synthetic", s := Synthetic(build.synthetic, home, nodes=2, alerts=3, alert_rate=2,
                                                   divide_pauses_by=10).start(), lambda: s.log)
    cloud.wait_online(claim_id, 30)
    return Link(cloud, host, claim_id)


def test_98_01_way_online(link):
    for where, text in [
            (INFO, "CLAIM: Found a valid claimed_id, setting state to AGENT_CLAIMED"),
            (INFO, r"Starting ACLK synchronization thread with \d+ parallel query threads"),
            (INFO, "ACLK: Starting ACLK query event loop"),
            (INFO, "ACLK: proxy is not configured, will connect directly without proxy."),
            (DEBUG, "ACLK: attempting to connect now"),
            (DEBUG, re.escape("ACLK: new ACLK protobuf protocol negotiated successfully (/env response).")),
            (INFO, "ACLK: Websocket Connection Accepted By Server"),
            (INFO, "ACLK: MQTT Connection Accepted By Server"),
            (INFO, "ACLK: connection successfully established"),
            (INFO, "Netdata Cloud, ACLK connection status: connected"),
            (ACCESS, "ACLK CONNECTED")]:
        said(link.agent, where, text)


def test_98_02_debug_lines_of_what_comes(link):
    assert link.query("/api/v1/info?x=1").http_status == 200
    said(link.agent, DEBUG, r'Got Message From Broker Topic "/agent/[^"]+/inbound/v1/cmd/CreateNodeInstanceResult" QOS 1')
    said(link.agent, DEBUG, r'Got Message From Broker Topic "/agent/[^"]+/inbound/cmd" QOS 1')
    said(link.agent, DEBUG, "Got message named 'cmd' from cloud")
    said(link.agent, DEBUG, r"ACLK incoming 'cmd' message \(\{.*\"msg-id\".*GET /api/v1/info\?x=1 HTTP/1.1\)")
    said(link.agent, DEBUG, f"CreateNodeInstanceResult: guid:{link.agent.home.guid} nodeid:{UUID}")


def test_98_03_access_lines_of_what_is_sent(link):
    node = rf"\[{UUID} \([^)]+\)\]"
    debug = "access debug"
    said(link.agent, debug, rf"ACLK REQ {node}: STREAM CONTEXTS ENABLED")
    said(link.agent, debug, rf"ACLK REQ {node}: STREAM ALERTS ENABLED")
    said(link.agent, debug, rf"ACLK STA \[[^]]+ \(N/A\)\]: Processed \d+ entries, queued \d+")
    said(link.agent, debug, rf"ACLK RES {node}: ALERTS SENT from \d+ - \d+", timeout=60)
    said(link.agent, debug, rf"ACLK RES {node}: NODE INFO SENT for guid \[{link.agent.home.guid}\] \(parent\)", timeout=90)
    said(link.agent, debug, rf"ACLK RES {node}: NODE INFO SENT for guid \[{UUID}\] \(child\)", timeout=90)
    said(link.agent, debug, rf"ACLK RES {node}: NODE COLLECTORS SENT", timeout=90)


def test_98_04_snapshots_are_announced(settled):
    node = settled.cloud.node(mguid=settled.agent.home.guid)["node_id"]
    before = len(settled.agent.log)
    settled.cloud.send(settled.claim, "SendAlarmCheckpoint", {"node_id": node, "claim_id": settled.claim, "version": 5})
    said(settled.agent, "access notice", rf'ACLK STA \[{node} \(\S+\)\]: Scheduling alert snapshot for host "\S+", node '
         rf'"{node}" \(version: cloud 5, local \d+\)', before)
    settled.cloud.send(settled.claim, "ContextsCheckpoint",
                       {"node_id": node, "claim_id": settled.claim, "version_hash": 7})
    said(settled.agent, NOTICE, r"RRDCONTEXT: received version hash 7 for host '[^']+', does not match our version hash "
         r"\d+\. Sending snapshot of all contexts\.", before)


def test_98_05_orders_to_leave(settled):
    before, hellos = len(settled.agent.log), settled.hellos()
    settled.cloud.send(settled.claim, "DisconnectReq", {
        "reconnect_after_seconds": 1, "error_code": 7, "error_description": "moving house"})
    settled.cloud.wait_online(settled.claim, 30, hellos + 1)
    for where, text in [(NOTICE, r'Cloud requested disconnect \(EC=7, "moving house"\)'),
                        (NOTICE, "Cloud asks not to reconnect for 1 seconds. We shall honor that request"),
                        (NOTICE, 'Going to restart connection due to "cloud request"'),
                        (WARNING, "ACLK link is down"), ("access warning", "ACLK DISCONNECTED")]:
        said(settled.agent, where, text, before)
    lines = settled.agent.log[before:].splitlines()
    assert sum(x.endswith("access warning ACLK DISCONNECTED") for x in lines) == 1


def test_98_06_ends_of_a_connection(settled):
    before, hellos = len(settled.agent.log), settled.hellos()
    settled.cloud.disconnect(settled.claim, ws_code=1001, ws_reason="bye")
    said(settled.agent, ERROR, r'.*WebSocket server closed the connection with EC=1001 and reason "bye".*', before)
    said(settled.agent, ERROR, "Connection Error or Dropped", before)
    settled.cloud.wait_online(settled.claim, 30, hellos + 1)
    before = len(settled.agent.log)
    settled.cloud.disconnect(settled.claim, mqtt_reason=0x8B)
    said(settled.agent, ERROR, "Got MQTT DISCONNECT control packet from server. Reason code: 139", before)
    said(settled.agent, ERROR, "Netdata Cloud, ACLK connection status: disconnected, closed by remote end", before)
    settled.cloud.wait_online(settled.claim, 30, hellos + 2)


FAILED = "ACLK: failed to get ACLK environment "


@pytest.mark.parametrize("change, lines", [
    ({"env_status": 500, "env_body": "x"}, [FAILED + "(ENV response code is not 200) (got 500)"]),
    ({"env_body": ""}, [FAILED + "(ENV response is empty)"]),
    ({"env_body": "{"}, [FAILED + "(ENV response is not JSON)"]),
    ({"env_close": True}, [FAILED + "(cannot contact ENV endpoint)"]),
    ({"challenge_status": 500}, ["ACLK: OTP Challenge HTTP code not 200 OK (got 500)", "ACLK: error getting challenge",
                                 "ACLK: error passing Challenge/Response to get OTP"]),
    ({"password_status": 500}, ["ACLK: OTP Password HTTP code not 201 Created (got 500)", "ACLK: Error getting response",
                                "ACLK: error passing Challenge/Response to get OTP"]),
    ({"upgrade_status": 503}, ['ACLK: HTTP return code not 101. Received 503 with msg "Service Unavailable".',
                               "ACLK: connection failed"]),
    ({"connack_reason": 0x87}, ["MQTT CONNACK returned error 135", "ACLK: connection failed"]),
], ids=lambda x: next(iter(x)) if isinstance(x, dict) else "")
def test_98_07_failed_attempts(settled, change, lines):
    before, hellos = len(settled.agent.log), settled.hellos()
    settled.cloud.configure(**change)
    settled.cloud.disconnect(settled.claim, abrupt=True)
    for line in lines:
        said(settled.agent, ERROR, re.escape(line), before)
    said(settled.agent, DEBUG, r"Wait before attempting to reconnect in \d+\.\d{3} seconds", before)
    settled.cloud.configure(reset=True)
    settled.cloud.wait_online(settled.claim, 60, hellos + 1)


class TestAtStart:
    @pytest.fixture
    def home(self, build, cloud, fresh):
        home = SyntheticHome(fresh.base / "host")
        home.claim = claim(build, home, cloud)
        return home

    def host(self, build, fresh, home, *options, env=None):
        return fresh.add("synthetic", s := Synthetic(build.synthetic, home, cloud_option=list(options), env=env).start(),
                         lambda: s.log)

    @pytest.mark.parametrize("proxy, level, line", [
        ("none", INFO, r"ACLK: proxy is set to 'none', will connect directly without proxy\."),
        ("env", INFO, "ACLK: proxy is explicitly set to 'env' but neither 'http_proxy' nor 'https_proxy' environment "
                      r"variables are set\. Will connect directly without proxy\."),
        ("http://me:hushhush@127.0.0.1:1", INFO,
         r"ACLK: using HTTP proxy http://127\.0\.0\.1:1 \(with credentials, from netdata\.conf \[cloud\]\)"),
        ("socks5://127.0.0.1:1", INFO, r"ACLK: using SOCKS5 proxy socks5://127\.0\.0\.1:1 \(without credentials, from .*\)"),
        ("socks5h://127.0.0.1", INFO, r"ACLK: using SOCKS5H proxy socks5h://127\.0\.0\.1:1080 \(without credentials, .*\)"),
        ("ftp://me:hushhush@x", ERROR, 'Config var "proxy" defined but of unknown format. Supported syntax: "http'
         r'(\[s\])?://\[user:pass@\]host:port" or "socks5\[h\]://\[user:pass@\]host:port"\. Provided Value:"ftp://[^"]*@x".*'),
    ], ids=lambda x: x.partition(":")[0] if len(x) < 40 else "")
    def test_98_08_proxy(self, build, fresh, home, proxy, level, line):
        host = self.host(build, fresh, home, f"proxy={proxy}")
        said(host, level, line)
        assert "hushhush" not in host.log

    def test_98_09_claim_that_is_none(self, build, fresh, home):
        (home.cloud_dir / "cloud.conf").unlink()
        (home.cloud_dir / "claimed_id").write_text("nobody")
        host = self.host(build, fresh, home)
        said(host, INFO, rf"CLAIM: claimed_id 'nobody' \(loaded from '{home.cloud_dir}/claimed_id'\), is not a valid UUID\.")
        said(host, INFO, "CLAIM: Unable to find our claimed_id, setting state to AGENT_UNCLAIMED")

    def test_98_10_claim_without_cloud_conf(self, build, fresh, home, cloud):
        (home.cloud_dir / "cloud.conf").unlink()
        host = self.host(build, fresh, home, f"url={cloud.url}")
        said(host, INFO, rf"CLAIM: cannot load cloud config '{home.cloud_dir}/cloud.conf'\. Running with internal defaults\.")
        cloud.wait_online(home.claim, 30)

    def test_98_11_key_that_is_none(self, build, fresh, home):
        (home.cloud_dir / "private.pem").write_text("-----BEGIN PRIVATE KEY-----\nnothing\n")
        host = self.host(build, fresh, home)
        said(host, ERROR, r"Claimed agent cannot establish ACLK - unable to load private key '.*' \(Decoding private key "
             r"\(from claiming\) failed - invalid format\. .*")

    def test_98_12_limit_of_the_broker(self, build, fresh, cloud):
        small = fresh.cloud("small", broker_options=["max_packet_size 20000"])
        home = SyntheticHome(fresh.base / "other")
        claim_id = claim(build, home, small)
        host = self.host(build, fresh, home)
        small.wait_online(claim_id, 30)
        said(host, INFO, "ACLK: MQTT server limits message size to 20000")


class TestBesideAnAgent:
    @pytest.mark.parametrize("flags", [None, "0x0000000000000800", "0x0000000001000000", "0x0000000200000000"])
    def test_98_20_debug_flags_switch_the_lines_of_debug_log(self, build, cloud, fresh, flags):
        agent = fresh.agent("node1", config={"logs": {"debug flags": flags}} if flags else {})
        online = bring_online(build, cloud, agent)
        assert online.query("/api/v1/info").http_status == 200
        wanted = ('Got Message From Broker Topic "', "Got message named 'cmd' from cloud", "ACLK incoming 'cmd' message (",
                  f"CreateNodeInstanceResult: guid:{agent.guid} nodeid:{online.node}")
        file = agent.log_dir / "debug.log"

        def text():
            return file.read_text(errors="replace") if file.is_file() else ""
        if flags:
            wait_until(lambda: all(w in text() for w in wanted), 15, lambda: text()[-2000:])
        else:
            stays(lambda: not any(w in text() + agent.error_log for w in wanted), 1, "off by default")


def test_98_99_nothing_against_the_protocol(cloud):
    """But for what the tests provoke."""
    assert [v for v in cloud.violations() if v["kind"] not in ("mqtt", "ws")] == []
