# SPDX-License-Identifier: GPL-3.0-or-later
"""What may not wait behind large replies: control messages, and the WebSocket's own pong. By order, not by time: the
cloud reads nothing until the link has nothing left that it could send."""
import threading

import pytest

from testenv import Synthetic, SyntheticHome, wait_until
from testenv.claiming import claim

REPLIES, SIZE = 30, 1_000_000
# What a connection on loopback holds that nobody reads is 3 to 5 MB, most of it in the kernel; the packet that has begun is
# ended first. The link may have 8 MB in flight: were they handed out, this would be exceeded.
HELD = 8_000_000
CONTROL = "UpdateNodeInstanceConnection"
PING, PONG, BINARY = 9, 10, 2


@pytest.fixture
def host(build, cloud, tmp_path):
    home = SyntheticHome(tmp_path / "host")
    home.claim_id = claim(build, home, cloud)
    with Synthetic(build.synthetic, home, cloud_option=["query threads=8"], query_bytes=SIZE) as s:
        cloud.wait_online(home.claim_id, 30)
        cloud.wait(lambda: cloud.nodes(home.claim_id), 30, "a node")
        yield s


def test_34_01_control_message_and_pong_overtake_replies_that_wait(cloud, host):
    claim_id = host.home.claim_id
    conn = cloud.connections(claim_id)[-1]["id"]

    def made(kind):
        return host.state_json()["sent-messages"].get(kind, {"count": 0})["count"]
    before, mark = made(CONTROL), max(p["n"] for p in cloud.packets(conn))
    cloud.hold(claim_id, directions=["up"])
    answers = []
    load = threading.Thread(target=lambda: answers.append(cloud.load(claim_id, ["/api/v1/info"], REPLIES, REPLIES, timeout=90)))
    load.start()
    wait_until(lambda: made("query-reply") == REPLIES, 60, "all replies wait to be sent", 0.1)
    cloud.send(claim_id, "SendNodeInstances", {"claim_id": claim_id})
    wait_until(lambda: made(CONTROL) > before, 30, "the control message waits to be sent", 0.1)
    cloud.inject(b"are you there", conn=conn, level="frame", opcode=PING)
    cloud.release(claim_id, directions=["up"])
    load.join()
    assert answers[0]["codes"] == {"200": REPLIES}

    sizes = [p["size"] for p in cloud.packets(conn, "PUBLISH", direction="up", since=mark)]
    control = next(i for i, size in enumerate(sizes) if size < SIZE)
    assert sum(sizes[control:]) > REPLIES * SIZE - HELD, "the control message came behind replies that waited"
    frames = [f for f in cloud.frames(conn) if f["dir"] == "up"]
    pong = next(i for i, f in enumerate(frames) if f["opcode"] == PONG)
    behind = sum(f["size"] for f in frames[pong:] if f["opcode"] == BINARY)
    assert behind > REPLIES * SIZE - HELD, "the pong came behind replies that waited"
    assert cloud.violations() == []
