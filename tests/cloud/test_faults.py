# SPDX-License-Identifier: GPL-3.0-or-later
"""The local cloud misbehaving on request, its page, and its own end."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from client import LocalCloud
from fake_agent import FakeAgent
from lc import mqtt_wire as mqtt

# paho's thread does not catch every error of a TLS connection that was reset; wait_gone() knows.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")

# -- 06 limits and faults -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("options,properties", [
    (["max_topic_alias 0"], {"receive_maximum": 20}),
    (["max_topic_alias 1", "max_inflight_messages 1"], {"topic_alias_maximum": 1, "receive_maximum": 1}),
    (["max_packet_size 65536", "max_keepalive 30"],
     {"topic_alias_maximum": 10, "receive_maximum": 20, "maximum_packet_size": 65536, "server_keep_alive": 30}),
])
def test_06_broker_options__are_announced(tmp_path, options, properties):
    with LocalCloud.start(tmp_path, broker_options=options) as cloud:
        agent = FakeAgent(cloud).start()
        assert cloud.connections()[0]["connack"]["properties"] == properties
        agent.stop()


def test_06_connack_rewritten__front_announces_and_enforces(cloud):
    cloud.configure(connack={"topic_alias_maximum": 1, "maximum_packet_size": 300, "receive_maximum": None},
                    enforce_limits=True)
    agent = FakeAgent(cloud).start()
    assert cloud.connections()[0]["connack"]["properties"] == {"topic_alias_maximum": 1, "maximum_packet_size": 300}
    agent.publish("agent-connection", agent.hello(), alias=2, wait=False)
    assert agent.wait_gone()
    assert [v["text"] for v in cloud.violations("alias")] == ["alias 2, the maximum is 1"]
    sent = cloud.packets(1, "DISCONNECT", direction="down")
    assert [p["fields"]["reason"] for p in sent] == [0x94]
    agent.drop()


def test_06_pubacks_dropped__stay_in_flight(cloud):
    cloud.configure(connack={"receive_maximum": 65535})
    agent = FakeAgent(cloud).start()
    cloud.configure(drop_down=["PUBACK"])
    for _ in range(3):
        agent.publish("agent-connection", agent.hello(False), wait=False)
    cloud.wait(lambda: cloud.connections()[0]["unacked"]["up"] == 3, 5, "three in flight")
    assert cloud.violations("receive_maximum") == [] and cloud.connections()[0]["max_unacked"] == 3
    agent.drop()


@pytest.mark.parametrize("how,code", [({"ws_code": 1012, "ws_reason": "bye"}, 1012), ({"mqtt_reason": 0x8B}, 1000),
                                      ({"hang_up": True}, None)])
def test_06_disconnect__each_way__ends_the_connection(agent, cloud, how, code):
    cloud.disconnect(agent.claim_id, **how)
    assert agent.wait_gone()
    agent.drop()
    closed = cloud.wait(lambda: next((c for c in cloud.connections() if not c["open"]), None), 8, "closed")
    assert closed["ws_close"]["by"] == "cloud" and closed["ws_close"]["code"] == code


def test_06_hold__bytes_wait_until_release(agent, cloud):
    cloud.wait_online(agent.claim_id)
    cloud.hold(agent.claim_id)
    agent.publish("agent-connection", agent.hello(False), wait=False)
    cloud.send(agent.claim_id, "SendNodeInstances")
    time.sleep(0.2)
    assert cloud.agent(agent.claim_id)["reachable"]
    cloud.release(agent.claim_id)
    cloud.wait_offline(agent.claim_id)
    agent.next("SendNodeInstances")


def test_06_frames__cut_in_pieces_and_injected__arrive(agent, cloud):
    agent.next("SendNodeInstances")
    cloud.configure(frame_size=1)
    cloud.send(agent.claim_id, "SendNodeInstances", {"claim_id": agent.claim_id, "space_id": "s"})
    assert agent.next("SendNodeInstances")["space_id"] == "s"
    cloud.configure(frame_size=0)
    cloud.inject(mqtt.publish("/any/cmd", b"injected"), agent.claim_id)
    assert agent.next("cmd") == b"injected"
    cloud.inject(b"hi", agent.claim_id, level="frame", opcode=9)
    cloud.wait(lambda: any(f["opcode"] == 10 and f["dir"] == "up" for f in cloud.frames(1)), 5, "pong")


def test_06_puback_reason__is_rewritten(agent, cloud):
    cloud.configure(puback_reason=0x97)
    agent.publish("agent-connection", agent.hello(False))
    assert cloud.packets(1, "PUBACK", direction="down")[-1]["fields"]["reason"] == 0x97


def test_06_restart_broker__agents_come_back_with_their_ids(agent, cloud):
    node_id = agent.make_node()
    cloud.wait_node("fake", live=True)
    cloud.restart_broker(["max_topic_alias 3"])
    assert cloud.agent(agent.claim_id)["source"] == 3 and not cloud.node("fake")["live"]
    assert agent.wait_gone()
    agent.drop()
    agent.connect()
    agent.publish("agent-connection", agent.hello())
    cloud.wait_online(agent.claim_id, hellos=2)
    assert cloud.connections()[-1]["connack"]["properties"]["topic_alias_maximum"] == 3
    agent.say("create-node-instance", {"machine_guid": agent.mguid, "hostname": "fake"})
    assert agent.next("CreateNodeInstanceResult")["node_id"] == node_id
    cloud.restart_broker([])


def test_06_upgrade__refused_or_wrong(cloud):
    agent = FakeAgent(cloud)
    agent.claim()
    login = agent.login()
    cloud.configure(upgrade_status=503, upgrade_times=1)
    with pytest.raises(Exception):
        agent.connect(login)
    agent.connect(login)
    assert [r["status"] for r in cloud.https_requests("upgrade")] == [503, 101]
    agent.drop()


def test_06_reset__nothing_is_left(agent, cloud):
    agent.make_node()
    cloud.configure(env_status=500)
    cloud.messages()
    cloud.reset()
    state = cloud.state()
    assert not state["agents"] and not state["nodes"] and not state["connections"] and not cloud.messages()
    assert cloud.https_requests() == [] and state["behaviour"]["env_status"] is None
    assert agent.wait_gone()
    again = FakeAgent(cloud).start()
    assert cloud.wait_online(again.claim_id) and cloud.violations() == [] and len(cloud.messages(direction="up")) == 1
    again.drop()


# -- 07 the page ----------------------------------------------------------------------------------------------------

def test_07_page__shows_nodes_and_data_from_the_link(agent, cloud):
    node_id = agent.make_node()
    answers = {
        b"/api/v1/data": {"labels": ["time", "a"], "data": [[11, 2], [10, 1]]},
        b"/api/v1/contexts": {"contexts": {"x.y": {"title": "X", "units": "u", "chart_type": "area"}}},
        b"/api/v1/alarms": {"alarms": {"c.n": {"name": "n", "chart": "c", "status": "WARNING", "value_string": "5%"}}},
    }

    def answer(_client, _user, m):
        if m.topic.endswith("/cmd"):
            body = next(b for path, b in answers.items() if b"/node/" + node_id.encode() + path in m.payload)
            agent.publish_now(m, json.dumps(body).encode())
    agent.mqtt.on_message = answer
    cloud.wait_node("fake", live=True)
    assert b"<title>Local cloud</title>" in get(cloud.web, raw=True)
    node, = get(cloud.web + "ui/overview")["nodes"]
    assert (node["hostname"], node["state"], node["info"]["version"]) == ("fake", "live", "v2.10.4")
    chart = get(f"{cloud.web}ui/node/{node_id}/chart?context=x.y&seconds=60")
    assert (chart["labels"], chart["rows"], chart["type"]) == (["a"], [[10, 1], [11, 2]], "area")
    assert [c["id"] for c in get(f"{cloud.web}ui/node/{node_id}/contexts")] == ["x.y"]
    assert get(f"{cloud.web}ui/node/{node_id}/alerts")["active"][0]["name"] == "n"
    assert get(cloud.web + "ui/overview")["nodes"][0]["contexts"] == 1
    for path in "app.js", "chart.js", "format.js", "style.css":
        assert get(f"{cloud.web}ui/static/{path}", raw=True)


# -- 08 the process -------------------------------------------------------------------------------------------------

def test_08_sigterm__everything_is_gone(tmp_path):
    cloud = LocalCloud.start(tmp_path)
    agent = FakeAgent(cloud).start()
    broker = cloud.info["broker_pid"]
    assert json.loads((tmp_path / "cloud.json").read_text()) == cloud.info
    began = time.monotonic()
    assert cloud.stop() == 0 and time.monotonic() - began < 3
    assert not pathlib.Path(f"/proc/{broker}").exists()
    agent.drop()


def test_08_killed__broker_dies_too(tmp_path):
    cloud = LocalCloud.start(tmp_path)
    os.kill(cloud.info["pid"], signal.SIGKILL)
    wait_gone(cloud.info["broker_pid"])
    assert cloud.stop() == -signal.SIGKILL


def test_08_parent_dies__cloud_ends(tmp_path):
    program = f"""
import sys, os; sys.path.insert(0, {str(pathlib.Path(__file__).parent)!r})
from client import LocalCloud
c = LocalCloud.start({str(tmp_path)!r})
print(c.info["pid"], c.info["broker_pid"], flush=True)
os._exit(0)
"""
    out = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True, timeout=30).stdout
    for pid in out.split():
        wait_gone(int(pid))


# -- helpers -----------------------------------------------------------------------------------------------------------

def get(url: str, raw: bool = False):
    with urllib.request.urlopen(url, timeout=15) as response:
        data = response.read()
    return data if raw else json.loads(data)


def wait_gone(pid: int, seconds: float = 8):
    """Until the process is gone (or nobody's child any more but dead)."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return
        except FileNotFoundError:
            return
        time.sleep(0.02)
    raise AssertionError(f"process {pid} is still there")
