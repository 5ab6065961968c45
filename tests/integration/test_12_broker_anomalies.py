# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers and networks that are unusual, half broken or hostile: proto/README.md, its sentences that begin with "Here".

With the synthetic host: nothing here is about the agent.
"""
import re
import struct
import time

import pytest

from reconnecting_link import again, link, refused, settled  # noqa: F401  (fixtures)
from testenv import Synthetic, SyntheticHome, wait_until
from testenv.claiming import claim, trust

UP = "up"


class TestUpgrade:
    @pytest.mark.parametrize("headers", [{"X-Empty": ""}, {"X-Long": "y" * 3000}, {"Server": "odd:one"}], ids=str)
    def test_12_30_odd_headers_are_tolerated(self, settled, headers):
        settled.cloud.configure(upgrade_headers=headers)
        again(settled)

    @pytest.mark.parametrize("change", [
        {"upgrade_headers": {"Sec-WebSocket-Accept": "wrong"}}, {"upgrade_headers": {"Sec-WebSocket-Accept": None}},
        {"upgrade_headers": {"Sec-WebSocket-Protocol": "chat"}}, {"upgrade_status": 404}, {"upgrade_status": 503},
        {"upgrade_status": 200}, {"upgrade_close": True}, {"connack_reason": 0x87}, {"connack_reason": 0x9C},
    ], ids=str)
    def test_12_31_refusals(self, settled, change):
        settled.cloud.configure(**change)
        refused(settled, "upgrade")

    def test_12_32_refusal_is_the_status_that_is_shown(self, settled):
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
    def test_12_40_maximum_qos_0(self, settled):
        settled.cloud.configure(connack={"maximum_qos": 0})
        conn = again(settled)["id"]
        assert {p["fields"]["qos"] for p in settled.cloud.packets(conn, "PUBLISH", direction=UP)} == {0}
        settled.cloud.configure(reset=True)
        again(settled, 40)

    def test_12_41_puback_nobody_waits_for(self, settled):
        """The reference drops the connection."""
        hellos = settled.hellos()
        for packet_id in (1, 4711, 65535):
            settled.cloud.inject(b"\x40\x02" + struct.pack(">H", packet_id), settled.claim)
        settled.assert_online()
        assert settled.hellos() == hellos

    def test_12_42_puback_that_says_no(self, settled):
        settled.cloud.configure(puback_reason=0x97)
        settled.cloud.send(settled.claim, "SendNodeInstances", {"claim_id": settled.claim})
        wait_until(lambda: re.search(r"15[1]|0x97|quota", settled.agent.log), 10, "the reason in the log")
        settled.cloud.configure(reset=True)
        assert settled.query("/api/v1/info").http_status == 200

    def test_12_43_question_of_200_kib(self, settled):
        """Larger than the reference's buffer, which it makes fatal."""
        hellos = settled.hellos()
        r = settled.query("/api/v1/info", "POST", body=b"x" * 200_000)
        assert r.http_status and settled.hellos() == hellos

    @pytest.mark.parametrize("data", [b"\x30\xff\xff\xff\x7f", b"\x20\x03\x00\x00\x00", b"\xf0\x00", b"\x62\x02\x00\x01",
                                      b"\x32\x02\x00\x05", b"\x00\x00", b"\xff" * 64],
                             ids=["huge-length", "second-connack", "auth", "pubrel", "cut-publish", "type-0", "noise"])
    def test_12_44_mqtt_violations_end_the_connection_only(self, settled, data):
        hellos = settled.hellos()
        settled.cloud.inject(data, settled.claim)
        settled.cloud.wait(lambda: settled.hellos() > hellos or _alive(settled), 40, "it survives or reconnects")
        settled.cloud.wait_online(settled.claim, 40)
        wait_until(lambda: settled.query("/api/v1/info", wait=5).http_status == 200, 30, "it answers")

    @pytest.mark.parametrize("frame", [{"opcode": 3}, {"rsv": 4}, {"opcode": 1}, {"opcode": 10}, {"opcode": 0}], ids=str)
    def test_12_45_websocket_violations_end_the_connection_only(self, settled, frame):
        settled.cloud.configure(connack={"server_keep_alive": 2})
        again(settled)
        settled.cloud.inject(b"\xd0\x00", settled.claim, level="frame", **frame)
        settled.cloud.wait_online(settled.claim, 40)
        wait_until(lambda: settled.query("/api/v1/info", wait=5).http_status == 200, 30, "it answers")

    def test_12_46_websocket_ping(self, settled):
        conn = settled.connection()["id"]
        settled.cloud.inject(b"are you there", settled.claim, level="frame", opcode=9)
        pongs = lambda: [f for f in settled.cloud.frames(conn) if f["dir"] == UP and f["opcode"] == 10]
        settled.cloud.wait(pongs, 5, "a pong")
        assert pongs()[0]["size"] == len(b"are you there")

    @pytest.mark.core
    def test_12_47_silent_peer_is_noticed_while_busy(self, settled):
        """The reference's own traffic keeps it from ever asking whether the peer is alive."""
        settled.cloud.configure(connack={"server_keep_alive": 2})
        again(settled)
        hellos = settled.hellos()
        settled.cloud.hold(settled.claim)
        began = time.monotonic()
        settled.cloud.wait_online(settled.claim, 40, hellos + 1)
        assert time.monotonic() - began < 15
        assert "ping" in settled.agent.log

    def test_12_48_same_alias_in_flight_when_the_line_is_cut(self, settled):
        """A resent message without its topic would be refused for ever (aclk/mqtt/README.md, "libmosquitto")."""
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
    def test_12_60_bad_certificates(self, build, fresh, link, kind):
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

    def test_12_61_old_tls_is_refused(self, build, fresh, link):
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
    def test_12_62_cloud_by_address(self, build, fresh, name):
        """Also IPv6 literals, whose name check libwebsockets silently leaves out (aclk/mqtt/README.md, "TLS")."""
        c = fresh.cloud("addr", name=f"[{name}]" if ":" in name else name)
        home = SyntheticHome(fresh.base / "host")
        claim_id = claim(build, home, c)
        fresh.add("synthetic", s := Synthetic(build.synthetic, home).start(), lambda: s.log)
        c.wait_online(claim_id, 20)
        assert c.query(claim_id, "/api/v1/info").http_status == 200


def test_12_99_nothing_against_the_protocol(link):
    """But for what the tests provoke: injected packets, and topics that the cloud has changed its mind about."""
    bad = [v for v in link.cloud.violations() if v["kind"] not in ("mqtt", "ws", "topic")]
    assert bad == []
