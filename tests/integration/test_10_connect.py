# SPDX-License-Identifier: GPL-3.0-or-later
"""Getting online, staying online, leaving: aclk/session/README.md, "Stages"; proto/README.md, "CONNECT" on the wire."""
import base64
import os
import signal
import time

import pytest

from conftest import bring_online
from testenv import Plugin, process, wait_until
from testenv.claiming import claim

AGENT, LWT = 1, 2
UP, DOWN = "up", "down"


def only(items, what):
    assert len(items) == 1, f"{len(items)} instead of one {what}: {items}"
    return items[0]


def index_of(packets, test):
    return next(i for i, p in enumerate(packets) if test(p))


@pytest.fixture
def settled(online):
    """Online, and connected long enough to count as stable: the next attempt after a loss is immediate."""
    cloud = online.cloud
    cloud.wait_online(online.claim)
    conn = online.connection()["id"]
    assert cloud.load(online.claim, ["/api/v1/alarm_count"], 3)["codes"] == {"200": 3}
    cloud.wait(lambda: len(cloud.packets(conn, "PUBACK", direction=DOWN)) >= 3, 20, "three PUBACKs")
    return online


class TestConnect:
    @pytest.mark.core
    def test_10_01_env_challenge_and_password_share_one_tls_connection(self, online):
        requests = [r for r in online.cloud.https_requests() if r["stage"] in ("env", "challenge", "password")][:3]
        assert [r["stage"] for r in requests] == ["env", "challenge", "password"]
        assert [r["status"] for r in requests] == [200, 200, 201]
        assert len({r["tls"]["connection"] for r in requests}) == 1
        for r in requests:
            assert r["tls"]["version"] in ("TLSv1.2", "TLSv1.3") and r["tls"]["sni"] == "localhost"
            assert r["http"] == "1.1"
            names = [name for name, _ in r["headers"]]
            assert names[:2] == ["Host", "User-Agent"] and "Accept" not in names
            assert dict(r["headers"])["User-Agent"] == "Netdata/rocks newhttpclient"
            assert dict(r["headers"])["Host"] == "localhost"

    def test_10_02_upgrade(self, online):
        upgrade = online.cloud.connections(online.claim)[0]["upgrade"]
        headers = {k.lower(): v for k, v in upgrade["headers"]}
        assert upgrade["target"] == "/mqtt"
        assert headers["sec-websocket-protocol"] == "mqtt" and headers["sec-websocket-version"] == "13"
        assert len(base64.b64decode(headers["sec-websocket-key"])) == 16

    @pytest.mark.core
    def test_10_03_connect_packet(self, online):
        c = online.cloud.connections(online.claim)[0]
        p, topics = c["connect"], online.cloud.agent(online.claim)["topics"]
        assert (p["protocol"], p["version"], p["connect_flags"], p["keep_alive"]) == ("MQTT", 5, 0xD6, 60)
        assert p["clean_start"] and p["client_id"] == online.claim and p["username"] and p["password"]["size"] > 0
        # The reference announces Topic Alias Maximum 65535; libmosquitto cannot receive aliases, so we do not.
        assert "topic_alias_maximum" not in p["properties"]
        assert p["will"]["topic"] == topics["agent-connection"]
        assert (p["will"]["qos"], p["will"]["retain"], p["will"]["properties"]) == (2, False, {})

    def test_10_04_will_and_hello_name_the_same_session(self, online):
        from lc import schema  # the cloud's own decoder: google's protobuf
        c = online.cloud.connections(online.claim)[0]
        will = schema.to_dict(schema.decode("UpdateAgentConnection", base64.b64decode(c["connect"]["will"]["payload"]["b64"])))
        hello = online.cloud.messages(online.claim, "UpdateAgentConnection", UP)[0]["fields"]
        assert will["claim_id"] == hello["claim_id"] == online.claim
        assert will["session_id"] == hello["session_id"] and not will["reachable"] and hello["reachable"]
        assert (will["update_source"], hello["update_source"]) == (LWT, AGENT)
        assert will["capabilities"] == [] and hello["capabilities"]
        assert abs(will["session_id"] / 1e6 - c["opened"]) < 5
        stamp = will["updated_at"]["seconds"] * 1000000 + will["updated_at"]["nanos"] // 1000
        assert stamp == will["session_id"]

    def test_10_05_capabilities_are_those_of_this_agent(self, online):
        listed = [(c["name"], c["version"], c["enabled"]) for c in online.cloud.agent(online.claim)["capabilities"]]
        # proto/README.md, "Capabilities of the agent", v1.37.1; no machine learning in Debian's build.
        names = [n for n, _, _ in listed]
        assert names[:2] == ["json", "proto"] and ("json", 2, False) in listed and ("proto", 1, True) in listed
        assert {"ml", "mc", "ctx", "funcs"} <= set(names)

    @pytest.mark.core
    def test_10_06_subscribes_then_says_hello(self, online):
        topics = online.cloud.agent(online.claim)["topics"]
        sent = online.cloud.packets(online.cloud.connections(online.claim)[0]["id"], direction=UP)
        subscribes = [p for p in sent if p["type"] == "SUBSCRIBE"]
        wanted = [topics["inbox-cmd"], topics["inbox-cmd-v1"]]
        assert [p["fields"]["filters"] for p in subscribes] == [[{"topic": t, "options": 0x09}] for t in wanted]
        first_publish = index_of(sent, lambda p: p["type"] == "PUBLISH")
        assert all(sent.index(p) < first_publish for p in subscribes)
        hello = sent[first_publish]["fields"]
        assert (hello["qos"], hello["retain"], hello["dup"]) == (1, False, False)
        assert set(hello["properties"]) <= {"topic_alias"}

    def test_10_07_frames_are_binary_and_masked(self, online):
        frames = [f for f in online.cloud.frames(online.cloud.connections(online.claim)[0]["id"]) if f["dir"] == UP]
        assert frames and all(f["masked"] and f["opcode"] == 2 for f in frames)

    def test_10_08_agent_log_tells_so(self, online):
        log = online.agent.error_log
        assert "connection successfully established" in log
        assert "https://user" not in log and online.cloud.token not in log

    @pytest.mark.core
    def test_10_09_nothing_against_the_protocol(self, online):
        assert online.cloud.violations() == []


class TestReconnect:
    @pytest.mark.core
    @pytest.mark.parametrize("how", [
        {"abrupt": True}, {"hang_up": True}, {"ws_code": 1001, "ws_reason": "going away"},
        {"mqtt_reason": 0x8B}, {"mqtt_reason": 0x8B, "close": False},
    ], ids=["reset", "tcp-closed", "ws-close", "mqtt-disconnect", "mqtt-disconnect-and-silence"])
    def test_10_20_comes_back_at_once(self, settled, how):
        cloud, hellos = settled.cloud, settled.hellos()
        old = settled.connection()["connect"]
        cloud.disconnect(settled.claim, **how)
        cloud.wait_online(settled.claim, 10, hellos + 1)
        settled.assert_online()
        new = settled.connection()["connect"]
        assert new["username"] != old["username"] or new["will"]["payload"] != old["will"]["payload"]
        assert cloud.violations() == []

    def test_10_21_comes_back_after_a_broker_restart(self, settled):
        hellos = settled.hellos()
        settled.cloud.restart_broker(down_seconds=0.5)
        settled.cloud.wait_online(settled.claim, 30, hellos + 1)
        settled.assert_online()

    def test_10_22_obeys_an_order_to_leave(self, settled):
        """DisconnectReq: goodbye, DISCONNECT, WebSocket close; back after exactly the time ordered."""
        cloud, hellos = settled.cloud, settled.hellos()
        conn, since = settled.connection()["id"], cloud.last_message_number()
        began = time.time()
        cloud.send(settled.claim, "DisconnectReq", {"reconnect_after_seconds": 3, "error_code": 7,
                                                    "error_description": "test"})
        goodbye = cloud.wait_message("UpdateAgentConnection", settled.claim, 5, since, lambda f: not f["reachable"])
        assert goodbye["fields"]["update_source"] == AGENT
        cloud.wait_online(settled.claim, 15, hellos + 1)
        again = [r for r in cloud.https_requests("env") if r["time"] > began][0]
        assert 2.5 < again["time"] - began < 6
        ended = next(c for c in cloud.connections(settled.claim) if c["id"] == conn)
        assert ended["mqtt_disconnect"]["reason"] == 0 and ended["ws_close"]["code"] == 1000

    def test_10_23_a_refused_subscription_is_a_failed_connection(self, settled):
        cloud = settled.cloud
        cloud.configure(topics={"inbox-cmd": "/agent/somebody-else/inbound/cmd"})
        try:
            before = settled.connection()["id"]
            cloud.disconnect(settled.claim, abrupt=True)
            refused = cloud.wait(lambda: [c for c in cloud.connections(settled.claim) if c["id"] > before
                                          and any(r >= 0x80 for p in cloud.packets(c["id"], "SUBACK")
                                                  for r in p["fields"]["reasons"])], 15, "a refused SUBSCRIBE")
            cloud.wait(lambda: next(c for c in cloud.connections(settled.claim)
                                    if c["id"] == refused[0]["id"])["closed"], 5, "the agent closes that connection")
        finally:
            cloud.configure(reset=True)
        hellos = settled.hellos()
        cloud.wait(lambda: cloud.agent(settled.claim)["reachable"] and settled.connection()["closed"] is None
                   and all(r < 0x80 for p in cloud.packets(settled.connection()["id"], "SUBACK")
                           for r in p["fields"]["reasons"]), 30, "online when it is allowed again")
        assert settled.hellos() >= hellos
        settled.assert_online()

    def test_10_24_an_error_with_a_delay_is_honoured(self, settled):
        cloud, hellos = settled.cloud, settled.hellos()
        cloud.configure(env_status=429, env_body={"errorCode": "x", "errorMsgKey": "k", "errorMessage": "m",
                                                  "errorRetryDelaySeconds": 3}, env_times=1)
        since = len(cloud.https_requests("env"))
        cloud.disconnect(settled.claim, abrupt=True)
        cloud.wait_online(settled.claim, 20, hellos + 1)
        first, second = [r["time"] for r in cloud.https_requests("env")[since:]][:2]
        assert 2.8 < second - first < 5


class TestEnds:
    @pytest.mark.core
    def test_10_30_worker_killed_will_is_delivered_and_it_comes_back(self, settled):
        cloud, hellos, since = settled.cloud, settled.hellos(), settled.cloud.last_message_number()
        session = cloud.agent(settled.claim)["session_id"]
        os.kill(settled.agent.worker_pid(), signal.SIGKILL)
        will = cloud.wait_message("UpdateAgentConnection", settled.claim, 10, since, lambda f: not f["reachable"])
        assert will["fields"]["update_source"] == LWT and will["fields"]["session_id"] == session
        cloud.wait_online(settled.claim, 30, hellos + 1)
        assert cloud.agent(settled.claim)["session_id"] > session
        settled.assert_online()

    def test_10_31_whole_plugin_killed_will_is_delivered(self, settled):
        cloud, agent, since = settled.cloud, settled.agent, settled.cloud.last_message_number()
        worker, supervisor = agent.worker_pid(), agent.plugin_pid()
        os.kill(supervisor, signal.SIGSTOP)  # or it would see its child die and start another one
        os.kill(worker, signal.SIGKILL)
        os.kill(supervisor, signal.SIGKILL)
        will = cloud.wait_message("UpdateAgentConnection", settled.claim, 10, since, lambda f: not f["reachable"])
        assert will["fields"]["update_source"] == LWT
        # The agent never starts a plugin again that a signal killed; a restart of the agent does
        # (plugin-api/external/README.md, "Exit and restart").
        hellos = settled.hellos()
        agent.restart()
        cloud.wait_online(settled.claim, 30, hellos + 1)

    def test_10_32_supervisor_killed_leaves_no_orphan(self, settled):
        cloud, agent, hellos = settled.cloud, settled.agent, settled.hellos()
        worker, supervisor = agent.worker_pid(), agent.plugin_pid()
        os.kill(supervisor, signal.SIGKILL)
        wait_until(lambda: not process.running(worker), 5, "the worker follows its supervisor")
        cloud.wait_offline(settled.claim, 10)
        agent.restart()
        cloud.wait_online(settled.claim, 30, hellos + 1)

    @pytest.mark.core
    def test_10_33_agent_stops_link_says_goodbye_in_order(self, settled):
        """aclk/session/README.md, "Goodbye": PUBLISH reachable=false, its PUBACK, DISCONNECT reason 0, WebSocket close
        1000."""
        cloud, agent, since = settled.cloud, settled.agent, settled.cloud.last_message_number()
        session, conn, hellos = cloud.agent(settled.claim)["session_id"], settled.connection()["id"], settled.hellos()
        agent.stop()
        goodbye = cloud.wait_message("UpdateAgentConnection", settled.claim, 5, since, lambda f: not f["reachable"])
        assert goodbye["fields"]["update_source"] == AGENT and goodbye["fields"]["session_id"] == session
        assert goodbye["fields"]["capabilities"]
        ended = cloud.wait(lambda: next(c for c in cloud.connections(settled.claim) if c["id"] == conn and c["closed"]),
                           5, "the connection is closed")
        packets = cloud.packets(conn)
        last = [p for p in packets if p["type"] == "PUBLISH" and p["dir"] == UP][-1]
        acked = index_of(packets, lambda p: p["type"] == "PUBACK" and p["dir"] == DOWN
                         and p["fields"]["packet_id"] == last["fields"]["packet_id"] and p["n"] > last["n"])
        left = index_of(packets, lambda p: p["type"] == "DISCONNECT" and p["dir"] == UP)
        assert packets.index(last) < acked < left == len(packets) - 1
        assert ended["mqtt_disconnect"] == {"reason": 0, "properties": {}}
        assert ended["ws_close"] == {"by": "agent", "code": 1000, "reason": ended["ws_close"]["reason"]}
        sources = [m["fields"]["update_source"] for m in cloud.messages(settled.claim, "UpdateAgentConnection", UP, since)]
        assert sources == [AGENT], "after a goodbye there is no will"
        agent.start()
        cloud.wait_online(settled.claim, 30, hellos + 1)


class TestSigterm:
    """The plugin run by hand beside an agent, so that only its own time is measured."""

    @pytest.fixture
    def plugin(self, build, cloud, fresh):
        agent = fresh.agent("plain", plugin=False)
        claim_id = claim(build, agent, cloud)
        p = fresh.add("plugin by hand", Plugin(build.plugin, fresh.base / "p", agent=agent).start(), lambda: p.stderr)
        cloud.wait_online(claim_id, 30)
        p.claim = claim_id
        return p

    @pytest.mark.core
    def test_10_40_sigterm_to_gone_under_3_seconds(self, build, cloud, plugin):
        worker = plugin.worker_pid()
        plugin.signal(signal.SIGTERM)
        status, seconds = plugin.wait_gone(20)
        assert status == 0 and not process.running(worker)
        assert cloud.agent(plugin.claim)["reachable"] is False and cloud.agent(plugin.claim)["source"] == AGENT
        assert seconds < 3 or build.sanitizer, f"took {seconds:.1f} s"

    def test_10_41_sigterm_with_a_cloud_that_is_silent(self, build, cloud, plugin):
        """No PUBACK comes and nothing can be written: still under 3 s."""
        cloud.hold(plugin.claim)
        plugin.signal(signal.SIGTERM)
        status, seconds = plugin.wait_gone(20)
        cloud.release(plugin.claim)
        assert status == 0
        assert seconds < 3 or build.sanitizer, f"took {seconds:.1f} s"

    def test_10_42_sigterm_while_it_connects(self, build, cloud, plugin, keep_switches):
        cloud.configure(upgrade_delay=30)
        n = len(cloud.https_requests("password"))
        cloud.disconnect(plugin.claim, abrupt=True)
        cloud.wait(lambda: len(cloud.https_requests("password")) > n, 20, "a new login")
        plugin.signal(signal.SIGTERM)
        status, seconds = plugin.wait_gone(20)
        assert status == 0
        assert seconds < 3 or build.sanitizer, f"took {seconds:.1f} s"


def test_10_50_claimed_before_the_first_start(build, cloud, fresh):
    """The other order: claim first (the agent has an identity, but does not run), then start."""
    agent = fresh.agent("early", plugin=True)
    agent.stop()
    claim_id = claim(build, agent, cloud)
    agent.start()
    cloud.wait_online(claim_id, 30)
    cloud.wait_node(mguid=agent.guid, live=True)


def test_10_51_two_agents_one_cloud(build, cloud, fresh):
    links = [bring_online(build, cloud, fresh.agent(name)) for name in ("left", "right")]
    assert links[0].claim != links[1].claim
    for link in links:
        assert link.query("/api/v1/info").json()["uid"] == link.agent.guid
