# SPDX-License-Identifier: GPL-3.0-or-later
"""Brokers that allow little: what CONNACK says is honoured, packet by packet (proto/README.md, "CONNECT")."""
import pytest

from conftest import bring_online
from testenv import wait_until

UP = "up"


@pytest.fixture(scope="module")
def link(build, cloud, netdata):
    cloud.configure(enforce_limits=True)  # a breach ends the connection with its reason code, as a strict broker does
    return bring_online(build, cloud, netdata)


def reconnect(link, broker=None, **connack):
    """A new connection on which the server announces this; returns its number."""
    hellos = link.hellos()
    link.cloud.configure(connack=connack)
    if broker is None:
        link.cloud.disconnect(link.claim, abrupt=True)
    else:
        link.cloud.restart_broker(broker)
    link.cloud.wait_online(link.claim, 40, hellos + 1)
    c = link.connection()
    assert c["closed"] is None
    return c["id"]


def exercise(link, targets=("/api/v1/info", "/api/v1/alarms?all")):
    """Something on every topic that the agent publishes now: hello, nodes, replies."""
    link.assert_online()
    link.cloud.send(link.claim, "SendNodeInstances", {"claim_id": link.claim})
    since = link.cloud.last_message_number()
    link.cloud.wait_message("UpdateNodeInstanceConnection", link.claim, 20, max(0, since - 1))
    r = link.cloud.load(link.claim, targets, 30, 8)
    assert r["codes"] == {"200": 30}


def still_the_same(link, conn):
    link.assert_online()
    c = link.connection()
    assert c["id"] == conn and c["closed"] is None, "the link was dropped"
    assert [v for v in link.cloud.violations() if v["conn"] == conn] == []


def large_query(link):
    """One whose answer is above 64 KiB; an agent that has just begun needs some seconds until it has one."""
    target = "/api/v1/data?chart=system.cpu&after=-5000&points=5000"
    wait_until(lambda: len(link.agent.api(target).body) > 65536, 20, "a large answer of the agent itself")
    return target


@pytest.mark.core
@pytest.mark.parametrize("maximum", [0, 1, 10])
def test_40_01_topic_alias_maximum(link, maximum):
    conn = reconnect(link, [f"max_topic_alias {maximum}"])
    announced = link.connection()["connack"]["properties"].get("topic_alias_maximum", 0)
    assert announced == maximum
    exercise(link)
    exercise(link)
    published = [p["fields"] for p in link.cloud.packets(conn, "PUBLISH", direction=UP)]
    aliases = {}
    for f in published:
        alias = f["properties"].get("topic_alias")
        if alias is None:
            assert f["topic"]
            continue
        assert 1 <= alias <= maximum
        if f["topic"]:
            assert aliases.setdefault(alias, f["topic"]) == f["topic"]
        else:
            assert alias in aliases, "an alias that was never told"
    assert not any(t.startswith("/svc/") for t in aliases.values()), "replies carry their full topic"
    assert len(aliases) <= maximum
    if maximum == 10:  # a single one goes to the first topic, which is not published twice
        assert any(not f["topic"] for f in published), "aliases are not used"
    still_the_same(link, conn)


@pytest.mark.core
def test_40_02_receive_maximum_1(link):
    conn = reconnect(link, ["max_topic_alias 10"], receive_maximum=1)
    assert link.connection()["connack"]["properties"]["receive_maximum"] == 1
    exercise(link)
    r = link.cloud.load(link.claim, ["/api/v1/info"], 60, 20)
    assert r["codes"] == {"200": 60}
    c = next(c for c in link.cloud.connections(link.claim) if c["id"] == conn)
    assert c["max_unacked"] == 1
    still_the_same(link, conn)


@pytest.mark.core
def test_40_03_maximum_packet_size_64_kib(link):
    conn = reconnect(link, ["max_packet_size 65536"])
    assert link.connection()["connack"]["properties"]["maximum_packet_size"] == 65536
    large = large_query(link)
    r = link.query(large)
    assert (r.http_status, r.error_code) == (413, 4)
    assert r.header["error-description"] == "Request reply produces message bigger than allowed maximum"
    assert link.query("/api/v1/info").http_status == 200
    r = link.query(large, accept_gzip=True)
    assert r.http_status in (200, 413)
    r = link.cloud.load(link.claim, [large, "/api/v1/info"], 20, 4)
    assert r["codes"] == {"413": 10, "200": 10}
    assert max(p["size"] for p in link.cloud.packets(conn, direction=UP)) <= 65536
    still_the_same(link, conn)


def test_40_04_all_at_once(link):
    conn = reconnect(link, ["max_packet_size 65536", "max_topic_alias 1"], receive_maximum=1, server_keep_alive=20)
    exercise(link, ["/api/v1/info"])
    still_the_same(link, conn)


def test_40_05_limits_belong_to_the_connection(link):
    """After a generous reconnection nothing of the old limits is left."""
    reconnect(link, ["max_topic_alias 10"])
    r = link.query(large_query(link))
    assert r.http_status == 200 and len(r.body) > 65536


def test_40_06_server_keep_alive_is_used(link):
    """Server Keep Alive 5: a PINGREQ comes within that time, however idle or busy the link is."""
    conn = reconnect(link, None, server_keep_alive=5)
    packets = lambda: link.cloud.packets(conn, "PINGREQ", direction=UP)
    link.cloud.wait(packets, 15, "PINGREQ within the server's keep alive")
    still_the_same(link, conn)


@pytest.mark.parametrize("frame", [1, 2, 100])
def test_40_07_frames_of_any_size(link, frame):
    """MQTT packets split over frames at every byte, and fragmented messages."""
    link.cloud.configure(frame_size=frame, fragments=frame == 2)
    try:
        conn = reconnect(link, None)
        exercise(link)
        still_the_same(link, conn)
    finally:
        link.cloud.configure(frame_size=0, fragments=False)
