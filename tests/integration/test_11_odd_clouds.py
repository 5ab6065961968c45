# SPDX-License-Identifier: GPL-3.0-or-later
"""Clouds, brokers and networks that are unusual, half broken or hostile: protocol.md 1 and 2, its rows marked Better.

With the synthetic host: nothing here is about the agent.
"""
import re
import struct
import time

import pytest

from conftest import Link
from testenv import Synthetic, SyntheticHome, TinyProxy, stays, wait_until
from testenv.claiming import claim, trust

UP, DOWN = "up", "down"
BIG = "x" * (1 << 20)


@pytest.fixture(scope="module")
def link(build, servers, cloud):
    home = SyntheticHome(servers.base / "host")
    claim_id = claim(build, home, cloud)
    host = servers.add("synthetic", s := Synthetic(build.synthetic, home).start(), lambda: s.log)
    cloud.wait_online(claim_id, 30)
    return Link(cloud, host, claim_id)


@pytest.fixture
def settled(link):
    """Online and stable, with the cloud behaving; it behaves again afterwards."""
    cloud = link.cloud
    cloud.wait_online(link.claim, 60)
    conn = link.connection()["id"]
    assert cloud.load(link.claim, ["/api/v1/info"], 3)["codes"] == {"200": 3}
    cloud.wait(lambda: len(cloud.packets(conn, "PUBACK", direction=DOWN)) >= 3, 20, "three PUBACKs")
    yield link
    cloud.configure(reset=True)


def again(link, timeout=20):
    """A new connection under the switches in force; its record."""
    hellos, old = link.hellos(), link.connection()["id"]
    if link.connection()["closed"] is None:
        link.cloud.disconnect(link.claim, abrupt=True)
    link.cloud.wait_online(link.claim, timeout, hellos + 1)
    new = link.connection()
    assert new["id"] > old
    assert link.query("/api/v1/info").http_status == 200
    return new


def refused(link, stage="password", timeout=10):
    """An attempt under the switches in force that must not get online; then one that must, when all is well again."""
    cloud, hellos = link.cloud, link.hellos()
    n = len(cloud.https_requests(stage))
    cloud.disconnect(link.claim, abrupt=True)
    cloud.wait(lambda: len(cloud.https_requests(stage)) > n, timeout, f"an attempt gets to {stage}")
    stays(lambda: link.hellos() == hellos, 0.5, "it does not get online")
    cloud.configure(reset=True)
    cloud.wait_online(link.claim, 40, hellos + 1)


class TestEnv:
    def test_11_01_unknown_transport_is_skipped(self, settled):
        """The reference crashes on it."""
        port = settled.cloud.port
        settled.cloud.configure(env_patch={"transports": [
            {"type": "QUIC", "endpoint": "quic://localhost:1"}, {"type": "", "endpoint": ""},
            {"type": "MQTTv3", "endpoint": "wss://localhost:1"},
            {"type": "MQTTv5", "endpoint": f"wss://localhost:{port}/mqtt"}]})
        again(settled)

    @pytest.mark.parametrize("patch", [
        {"transports": []}, {"transports": [{"type": "MQTTv3", "endpoint": "wss://localhost:1/mqtt"}]},
        {"encoding": "json"}, {"encoding": None}, {"capabilities": []}, {"capabilities": ["json"]},
        {"authEndpoint": None}, {"authEndpoint": "https://"}, {"backoff": None}, {"backoff": {"base": 0}},
        {"backoff": {"base": "2"}}, {"transports": [{"type": "MQTTv5", "endpoint": "wss://:1/mqtt"}]},
    ], ids=str)
    def test_11_02_unusable_env_is_found_before_a_challenge_is_spent(self, settled, patch):
        challenges = len(settled.cloud.https_requests("challenge"))
        settled.cloud.configure(env_patch=patch, env_times=1)
        cloud, hellos = settled.cloud, settled.hellos()
        n = len(cloud.https_requests("env"))
        cloud.disconnect(settled.claim, abrupt=True)
        cloud.wait_online(settled.claim, 40, hellos + 1)
        envs = cloud.https_requests("env")[n:]
        assert len(envs) == 2, "one failure, then the backoff's next attempt"
        assert len(cloud.https_requests("challenge")) == challenges + 1
        assert 0.9 < envs[1]["time"] - envs[0]["time"] < 2.7, "first failure: 1 to 2 s"

    @pytest.mark.parametrize("change", [
        {"env_body": "not json"}, {"env_body": ""}, {"env_body": "[]"}, {"env_status": 500}, {"env_status": 302},
        {"env_raw": b"\x00\xff\x00garbage\r\n\r\n"}, {"env_raw": b""}, {"env_close": True},
        {"env_raw": b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"},
        {"challenge_body": {"challenge": "AAAA"}}, {"challenge_body": {}}, {"challenge_patch": {"challenge": 5}},
        {"challenge_status": 403}, {"password_status": 200}, {"password_body": {}}, {"password_patch": {"topics": {}}},
        {"password_patch": {"clientID": None}}, {"password_patch": {"password": 7}},
    ], ids=lambda c: str(c)[1:-1])
    def test_11_03_broken_answers_fail_the_attempt_only(self, settled, change):
        stage = next(iter(change)).partition("_")[0]
        settled.cloud.configure(**change)
        refused(settled, stage)

    def test_11_04_answers_of_a_megabyte(self, settled):
        settled.cloud.configure(env_patch={"more": BIG}, password_patch={"more": BIG}, challenge_patch={"more": BIG})
        again(settled)

    @pytest.mark.parametrize("stage", ["env", "challenge", "password"])
    def test_11_05_chunked(self, settled, stage):
        settled.cloud.configure(**{f"{stage}_chunked": True})
        again(settled)

    def test_11_06_backoff_maximum_below_500(self, settled):
        settled.cloud.configure(env_patch={"backoff": {"base": 2, "maxSeconds": 300, "minSeconds": 0}})
        again(settled)

    def test_11_07_trailing_slash_of_the_auth_endpoint(self, settled):
        settled.cloud.configure(env_patch={"authEndpoint": f"https://localhost:{settled.cloud.port}/api/v1/auth/"})
        again(settled)
        target = settled.cloud.https_requests("password")[-1]["target"]
        assert target.startswith("/api/v1/auth/node/")

    def test_11_08_path_of_the_transport_endpoint_is_used(self, settled):
        """The reference always asks for /mqtt."""
        settled.cloud.configure(env_patch={"transports": [
            {"type": "MQTTv5", "endpoint": f"wss://localhost:{settled.cloud.port}/some/where"}]})
        assert again(settled)["upgrade"]["target"] == "/some/where"

    def test_11_09_cloud_orders_a_pause_without_saying_why(self, settled):
        """errorRetryDelaySeconds counts even when the descriptive strings are missing."""
        cloud, hellos = settled.cloud, settled.hellos()
        cloud.configure(password_status=503, password_body={"errorRetryDelaySeconds": 3}, password_times=1)
        n = len(cloud.https_requests("env"))
        cloud.disconnect(settled.claim, abrupt=True)
        cloud.wait_online(settled.claim, 20, hellos + 1)
        first, second = [r["time"] for r in cloud.https_requests("env")[n:]][:2]
        assert 2.8 < second - first < 4.5


class TestTopics:
    def test_11_20_topics_that_are_not_used_may_be_missing(self, settled):
        unused = ("alarm-checkpoint", "chart", "alarms", "meta", "chart-and-dims-updated", "chart-configs-updated",
                  "reset-charts", "chart-retention-updated")
        settled.cloud.configure(topics=dict.fromkeys(unused))
        again(settled)

    @pytest.mark.parametrize("name", ["inbox-cmd", "inbox-cmd-v1", "agent-connection", "node-instance-info"])
    def test_11_21_topics_that_are_used_may_not(self, settled, name):
        settled.cloud.configure(topics={name: None})
        refused(settled)

    def test_11_22_unknown_topics_are_ignored(self, settled):
        settled.cloud.configure(topics={"brand-new": "/agent/#{claim_id}/outbound/new", "other": ""})
        again(settled)

    def test_11_23_topic_without_the_tag_is_used_as_it_is(self, settled):
        fixed = f"/agent/{settled.claim}/outbound/v1/agent-connection"
        settled.cloud.configure(topics={"agent-connection": fixed})
        assert again(settled)["connect"]["will"]["topic"] == fixed


class TestUpgrade:
    @pytest.mark.parametrize("headers", [{"X-Empty": ""}, {"X-Long": "y" * 3000}, {"Server": "odd:one"}], ids=str)
    def test_11_30_odd_headers_are_tolerated(self, settled, headers):
        settled.cloud.configure(upgrade_headers=headers)
        again(settled)

    @pytest.mark.parametrize("change", [
        {"upgrade_headers": {"Sec-WebSocket-Accept": "wrong"}}, {"upgrade_headers": {"Sec-WebSocket-Accept": None}},
        {"upgrade_headers": {"Sec-WebSocket-Protocol": "chat"}}, {"upgrade_status": 404}, {"upgrade_status": 503},
        {"upgrade_status": 200}, {"upgrade_close": True}, {"connack_reason": 0x87}, {"connack_reason": 0x9C},
    ], ids=str)
    def test_11_31_refusals(self, settled, change):
        settled.cloud.configure(**change)
        refused(settled, "upgrade")

    def test_11_32_refusal_is_the_status_that_is_shown(self, settled):
        """The reference leaves the text of an earlier trouble standing."""
        settled.cloud.configure(upgrade_status=503)
        cloud, hellos = settled.cloud, settled.hellos()
        n = len(cloud.https_requests("upgrade"))
        cloud.disconnect(settled.claim, abrupt=True)
        cloud.wait(lambda: len(cloud.https_requests("upgrade")) > n, 10, "an attempt")
        wait_until(lambda: "WebSocket" in settled.agent.log.split("HTTP return code")[-1], 5, "a word about it")
        cloud.configure(reset=True)
        cloud.wait_online(settled.claim, 40, hellos + 1)
        assert re.search(r"503", settled.agent.log)


class TestMqtt:
    def test_11_40_maximum_qos_0(self, settled):
        settled.cloud.configure(connack={"maximum_qos": 0})
        conn = again(settled)["id"]
        assert {p["fields"]["qos"] for p in settled.cloud.packets(conn, "PUBLISH", direction=UP)} == {0}
        settled.cloud.configure(reset=True)
        again(settled, 40)

    def test_11_41_puback_nobody_waits_for(self, settled):
        """The reference drops the connection."""
        hellos = settled.hellos()
        for packet_id in (1, 4711, 65535):
            settled.cloud.inject(b"\x40\x02" + struct.pack(">H", packet_id), settled.claim)
        settled.assert_online()
        assert settled.hellos() == hellos

    def test_11_42_puback_that_says_no(self, settled):
        settled.cloud.configure(puback_reason=0x97)
        settled.cloud.send(settled.claim, "SendNodeInstances", {"claim_id": settled.claim})
        wait_until(lambda: re.search(r"15[1]|0x97|quota", settled.agent.log), 10, "the reason in the log")
        settled.cloud.configure(reset=True)
        assert settled.query("/api/v1/info").http_status == 200

    def test_11_43_question_of_200_kib(self, settled):
        """Larger than the reference's buffer, which it makes fatal."""
        hellos = settled.hellos()
        r = settled.query("/api/v1/info", "POST", body=b"x" * 200_000)
        assert r.http_status and settled.hellos() == hellos

    @pytest.mark.parametrize("data", [b"\x30\xff\xff\xff\x7f", b"\x20\x03\x00\x00\x00", b"\xf0\x00", b"\x62\x02\x00\x01",
                                      b"\x32\x02\x00\x05", b"\x00\x00", b"\xff" * 64],
                             ids=["huge-length", "second-connack", "auth", "pubrel", "cut-publish", "type-0", "noise"])
    def test_11_44_mqtt_violations_end_the_connection_only(self, settled, data):
        hellos = settled.hellos()
        settled.cloud.inject(data, settled.claim)
        settled.cloud.wait(lambda: settled.hellos() > hellos or _alive(settled), 40, "it survives or reconnects")
        settled.cloud.wait_online(settled.claim, 40)
        wait_until(lambda: settled.query("/api/v1/info", wait=5).http_status == 200, 30, "it answers")

    @pytest.mark.parametrize("frame", [{"opcode": 3}, {"masked": True}, {"rsv": 4}, {"opcode": 1}, {"opcode": 10},
                                       {"opcode": 0}], ids=str)
    def test_11_45_websocket_violations_end_the_connection_only(self, settled, frame):
        """libwebsockets lets a masked frame pass, garbled: then the keep-alive finds out (2 s here, 60 s by default)."""
        settled.cloud.configure(connack={"server_keep_alive": 2})
        again(settled)
        settled.cloud.inject(b"\xd0\x00", settled.claim, level="frame", **frame)
        settled.cloud.wait_online(settled.claim, 40)
        wait_until(lambda: settled.query("/api/v1/info", wait=5).http_status == 200, 30, "it answers")

    def test_11_46_websocket_ping(self, settled):
        conn = settled.connection()["id"]
        settled.cloud.inject(b"are you there", settled.claim, level="frame", opcode=9)
        pongs = lambda: [f for f in settled.cloud.frames(conn) if f["dir"] == UP and f["opcode"] == 10]
        settled.cloud.wait(pongs, 5, "a pong")
        assert pongs()[0]["size"] == len(b"are you there")

    @pytest.mark.core
    def test_11_47_silent_peer_is_noticed_while_busy(self, settled):
        """The reference's own traffic keeps it from ever asking whether the peer is alive."""
        settled.cloud.configure(connack={"server_keep_alive": 2})
        again(settled)
        hellos = settled.hellos()
        settled.cloud.hold(settled.claim)
        began = time.monotonic()
        settled.cloud.wait_online(settled.claim, 40, hellos + 1)
        assert time.monotonic() - began < 15
        assert "ping" in settled.agent.log

    def test_11_48_same_alias_in_flight_when_the_line_is_cut(self, settled):
        """A resent message without its topic would be refused for ever (transport-notes.md 5)."""
        for _ in range(3):
            settled.cloud.send(settled.claim, "SendNodeInstances", {"claim_id": settled.claim})
        settled.cloud.configure(drop_down=["PUBACK"])
        for _ in range(3):
            settled.cloud.send(settled.claim, "SendNodeInstances", {"claim_id": settled.claim})
        settled.cloud.configure(drop_down=[])
        again(settled)
        assert not settled.cloud.violations("alias")


def _alive(link):
    try:
        return link.query("/api/v1/info", wait=2).http_status == 200
    except AssertionError:
        return False


class TestNetwork:
    @pytest.mark.parametrize("kind", ["expired", "not-yet", "wrong-host", "other-ca", "same-name-ca", "self-signed"])
    def test_11_60_bad_certificates(self, build, fresh, link, kind):
        """Not a byte of ours goes to such a server; the log says what is wrong with it."""
        home = SyntheticHome(fresh.base / "host")
        claim(build, home, link.cloud)
        bad = fresh.cloud("bad", certificate=kind)
        trust(home.cloud_dir, bad.ca)
        conf = home.cloud_dir / "cloud.conf"
        conf.write_text(conf.read_text().replace(link.cloud.url, bad.url))
        host = fresh.add("synthetic", s := Synthetic(build.synthetic, home).start(), lambda: s.log)
        wait_until(lambda: re.search("certificate|verif|match|issuer", host.log), 10, "the reason in the log")
        assert bad.https_requests() == []
        assert "Online: No" in host.state()

    def test_11_61_old_tls_is_refused(self, build, fresh, link):
        home = SyntheticHome(fresh.base / "host")
        claim(build, home, link.cloud)
        old = fresh.cloud("old", tls_min="1.1", tls_max="1.1")
        trust(home.cloud_dir, old.ca)
        conf = home.cloud_dir / "cloud.conf"
        conf.write_text(conf.read_text().replace(link.cloud.url, old.url))
        host = fresh.add("synthetic", s := Synthetic(build.synthetic, home).start(), lambda: s.log)
        wait_until(lambda: re.search("TLS|SSL|protocol", host.log), 10, "the reason in the log")
        assert old.https_requests() == []

    @pytest.mark.parametrize("name", ["127.0.0.1", "::1"])
    def test_11_62_cloud_by_address(self, build, fresh, name):
        """Also IPv6 literals, whose name check libwebsockets silently leaves out (transport-notes.md 2.7)."""
        c = fresh.cloud("addr", name=f"[{name}]" if ":" in name else name)
        home = SyntheticHome(fresh.base / "host")
        claim_id = claim(build, home, c)
        fresh.add("synthetic", s := Synthetic(build.synthetic, home).start(), lambda: s.log)
        c.wait_online(claim_id, 20)
        assert c.query(claim_id, "/api/v1/info").http_status == 200

    @pytest.mark.core
    @pytest.mark.parametrize("user", [None, "walter"])
    def test_11_63_through_an_http_proxy(self, build, fresh, link, user):
        proxy = fresh.add("tinyproxy", TinyProxy(fresh.base / "proxy", user, "secret").start(),
                          lambda: "")
        home = SyntheticHome(fresh.base / "host")
        claim_id = claim(build, home, link.cloud, "--proxy", proxy.url)
        asked = len(proxy.connects())
        host = fresh.add("synthetic", s := Synthetic(build.synthetic, home).start(), lambda: s.log)
        link.cloud.wait_online(claim_id, 20)
        assert link.cloud.query(claim_id, "/api/v1/info").http_status == 200
        assert len(proxy.connects()) >= asked + 2, "the login and the link both go through it"
        assert "secret" not in host.log and "secret" not in host.state()
        assert "ACLK Proxy: " + ("http://127.0.0.1" if not user else "http://") in host.state()

    def test_11_64_proxy_that_says_no(self, build, fresh, link):
        proxy = fresh.add("tinyproxy", TinyProxy(fresh.base / "proxy", "walter", "secret").start(), lambda: "")
        home = SyntheticHome(fresh.base / "host")
        claim(build, home, link.cloud)
        conf = home.cloud_dir / "cloud.conf"
        conf.write_text(conf.read_text().replace("# proxy = env", f"proxy = http://walter:wrong@127.0.0.1:{proxy.port}"))
        host = fresh.add("synthetic", s := Synthetic(build.synthetic, home).start(), lambda: s.log)
        wait_until(lambda: re.search("401|407|proxy", host.log.partition("connecting to")[2]), 10, "the reason in the log")
        assert "wrong" not in host.log


def test_11_99_nothing_against_the_protocol(link):
    """But for what the tests provoke: injected packets, and topics that the cloud has changed its mind about."""
    bad = [v for v in link.cloud.violations() if v["kind"] not in ("mqtt", "ws", "topic")]
    assert bad == []
