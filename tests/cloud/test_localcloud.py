# SPDX-License-Identifier: GPL-3.0-or-later
"""The local cloud against a tiny independent agent: stages, sequence, queries, limits, faults, and its own end."""
import http.client
import json
import ssl
import time
import uuid

import pytest

from client import CloudError, LocalCloud
from fake_agent import FakeAgent
from lc import schema


# -- 01 claim -------------------------------------------------------------------------------------------------------

def test_01_claim__valid__agent_is_registered(cloud):
    agent = FakeAgent(cloud, "one")
    assert agent.claim() == (204, b"")
    known = cloud.agents()[agent.claim_id]
    assert (known["hostname"], known["mguid"], known["rooms"]) == ("one", agent.mguid, cloud.rooms[:1])
    request, = cloud.https_requests("claim")
    assert request["body"]["token"] == "***" and request["status"] == 204
    assert cloud.violations() == []


@pytest.mark.parametrize("change,status,key", [
    ({"token": "wrong"}, 403, "ErrForbidden"),
    ({"rooms": [str(uuid.uuid4())]}, 422, "ErrInvalidRoomID"),
    ({"rooms": "all"}, 422, "ErrInvalidRoomID"),
    ({"node": {"id": str(uuid.uuid4()), "hostname": "h"}}, 422, "ErrInvalidNodeID"),
    ({"publicKey": "nonsense"}, 422, "ErrInvalidPublicKey"),
    ({"publicKey": None}, 422, "ErrInvalidPublicKey"),
])
def test_01_claim__something_wrong__is_refused_with_its_key(cloud, change, status, key):
    agent = FakeAgent(cloud)
    got, body = agent.claim(**change)
    assert (got, body["errorMsgKey"]) == (status, key)
    assert agent.claim_id not in cloud.agents()


def test_01_claim__twice__conflict(cloud):
    agent = FakeAgent(cloud)
    assert agent.claim()[0] == 204
    assert agent.claim()[0] == 409


def test_01_claim__ordered_answers__are_given_and_counted(cloud):
    cloud.configure(claim_status=503, claim_times=2)
    agent = FakeAgent(cloud)
    assert [agent.claim()[0] for _ in range(3)] == [503, 503, 204]
    cloud.configure(claim_status=422, claim_body={"errorMsgKey": "ErrInvalidNodeName"})
    assert FakeAgent(cloud).claim() == (422, {"errorMsgKey": "ErrInvalidNodeName"})
    cloud.configure(claim_raw=b"HTTP/1.1 102 Processing\r\n\r\n")
    assert FakeAgent(cloud).claim()[0] == 102
    cloud.configure(reset=True, claim_close=True)
    with pytest.raises((http.client.HTTPException, OSError)):
        FakeAgent(cloud).claim()
    with pytest.raises(CloudError, match="no such switch: clam_status"):
        cloud.configure(clam_status=1)


# -- 02 env, challenge, password ------------------------------------------------------------------------------------

def test_02_login__claimed__one_tls_connection_and_every_topic(cloud):
    agent = FakeAgent(cloud)
    agent.claim()
    answer = agent.login()
    assert answer["clientID"] == agent.claim_id and len(answer["topics"]) == 20
    calls = cloud.https_requests()[1:]
    assert [c["stage"] for c in calls] == ["env", "challenge", "password"]
    assert len({c["tls"]["connection"] for c in calls}) == 1
    assert calls[0]["tls"]["version"] == "TLSv1.3" and calls[0]["tls"]["sni"] == "localhost"
    assert calls[2]["body"] == {"agent_version": "v2.10.4", "response": "***"}


def test_02_login__challenge_answered_twice__second_is_refused(cloud):
    agent = FakeAgent(cloud)
    agent.claim()
    with agent.https() as c:
        prefix = f"/api/v1/auth/node/{agent.claim_id}"
        agent.call(c, "GET", prefix + "/challenge")
        body = json.dumps({"agent_version": "v2.10.4", "response": "AAAA"}).encode()
        assert agent.call(c, "POST", prefix + "/password", body)[0] == 403
    assert cloud.violations("password", agent.claim_id)


def test_02_login__unknown_claim_id__error_body(cloud):
    agent = FakeAgent(cloud)
    with agent.https() as c:
        status, body = agent.call(c, "GET", f"/api/v1/env?v=2.10.4&cap=proto,ctx&claim_id={agent.claim_id}")
    assert status == 404 and {"errorCode", "errorMsgKey", "errorMessage"} <= set(body)


def test_02_login__changed_answers__reach_the_agent(cloud):
    agent = FakeAgent(cloud)
    agent.claim()
    target = f"/api/v1/env?v=2.10.4&cap=proto,ctx&claim_id={agent.claim_id}"
    cloud.configure(env_patch={"encoding": "json", "capabilities": None, "backoff": {"base": 3}}, env_chunked=True)
    with agent.https() as c:
        _, env = agent.call(c, "GET", target)
        assert env["encoding"] == "json" and "capabilities" not in env and env["backoff"]["base"] == 3
        cloud.configure(reset=True, env_status=500, env_body="oops", env_delay=0.2)
        began = time.monotonic()
        assert agent.call(c, "GET", target) == (500, b"oops") and time.monotonic() - began >= 0.2
    cloud.configure(reset=True, topics={"chart": None, "agent-connection": "/agent/#{claim_id}/outbound/v9/here"})
    agent.login()
    assert "chart" not in agent.topics and agent.topics["agent-connection"].endswith("/outbound/v9/here")
    agent.connect()
    agent.publish("agent-connection", agent.hello())
    cloud.wait_online(agent.claim_id)
    cloud.configure(reset=True)


def test_02_tls__certificate_zoo__clients_refuse_it(tmp_path):
    for kind in ("expired", "wrong-host", "same-name-ca"):
        with LocalCloud.start(tmp_path / kind, certificate=kind) as cloud:
            with pytest.raises(ssl.SSLCertVerificationError):
                FakeAgent(cloud).claim()


# -- 03 link --------------------------------------------------------------------------------------------------------

def test_03_link__first_connection__follows_the_sequence(agent, cloud):
    assert agent.next("SendNodeInstances")["claim_id"] == agent.claim_id
    node_id = agent.make_node()
    assert agent.next("ContextsCheckpoint") == {
        "claim_id": agent.claim_id, "node_id": node_id, "version_hash": 0}
    assert agent.next("StartAlarmStreaming")["version"] == 0
    agent.say("node-instance-collectors", {"node_id": node_id, "collectors": [{"plugin": "p", "module": "m"}]})
    node = cloud.wait_node("fake", live=True, queryable=True, collectors=[{"plugin": "p", "module": "m"}])
    assert node["version"] == "v2.10.4" and node["info"]["data"]["host_labels"] == {"_os": "linux"}
    assert [m["type"] for m in cloud.messages(agent.claim_id)] == [
        "UpdateAgentConnection", "SendNodeInstances", "CreateNodeInstance", "CreateNodeInstanceResult",
        "UpdateNodeInstanceConnection", "UpdateNodeInfo", "ContextsCheckpoint", "StartAlarmStreaming",
        "UpdateNodeCollectors"]
    agent.stop()
    cloud.wait_offline(agent.claim_id)
    assert cloud.violations() == []


def test_03_link__automatic_steps_off__silence(cloud):
    cloud.configure(auto_send_node_instances=False, auto_create_node_result=False, auto_contexts_checkpoint=False,
                    auto_start_alarm_streaming=False)
    agent = FakeAgent(cloud).start()
    agent.say("create-node-instance", {"machine_guid": agent.mguid, "hostname": "quiet"})
    cloud.wait_node("quiet")
    assert cloud.messages(agent.claim_id, direction="down") == []
    agent.stop()


def test_03_link__recorded_packets__have_every_field(agent, cloud):
    conn, = cloud.connections(agent.claim_id)
    assert ["Sec-Websocket-Protocol", "mqtt"] in conn["upgrade"]["headers"]
    assert conn["connect"]["connect_flags"] == 0xD6 and conn["connect"]["keep_alive"] == 60
    assert conn["connack"]["properties"] == {"topic_alias_maximum": 10, "receive_maximum": 20}
    assert set(bytes.fromhex(conn["connect_raw"])[:1]) == {0x10}
    subscribes = cloud.packets(conn["id"], "SUBSCRIBE")
    assert [p["fields"]["filters"] for p in subscribes] == [
        [{"topic": agent.topics["inbox-cmd"], "options": 9}], [{"topic": agent.topics["inbox-cmd-v1"], "options": 9}]]
    agent.publish("agent-connection", agent.hello(False), alias=3)
    agent.publish("", agent.hello(False), alias=3)
    last = cloud.wait(lambda: cloud.packets(conn["id"], "PUBLISH", direction="up")[2:], 5, "three publishes")[-1]
    assert last["fields"]["topic"] == "" and last["fields"]["resolved_topic"] == agent.topics["agent-connection"]
    assert all(f["masked"] for f in cloud.frames(conn["id"]) if f["dir"] == "up")
    assert cloud.violations() == []


def test_03_link__killed__will_makes_it_unreachable(agent, cloud):
    cloud.wait_online(agent.claim_id)
    cloud.disconnect(agent.claim_id, abrupt=True)
    state = cloud.wait_offline(agent.claim_id)
    assert state["source"] == 2
    assert agent.wait_gone()


def test_03_link__foreign_topics__are_not_delivered(cloud):
    one, two = FakeAgent(cloud, "one").start(), FakeAgent(cloud, "two").start()
    two.next("SendNodeInstances")
    cloud.publish_raw(one.claim_id, "cmd", b"for one only")
    assert one.next("cmd") == b"for one only"
    forged = schema.encode("CreateNodeInstance", {"claim_id": two.claim_id, "machine_guid": two.mguid})
    for topic in two.topics["create-node-instance"], two.topics["inbox-cmd"]:
        one.publish(topic, forged, wait=False)
        assert one.wait_gone()                             # mosquitto 2.0.11 hangs up after such a PUBACK
        one.drop()
        conn = cloud.connections(one.claim_id)[-1]["id"]
        pubacks = cloud.wait(lambda: cloud.packets(conn, "PUBACK", direction="down"), 5, "a PUBACK")
        assert pubacks[-1]["fields"]["reason"] == 0x87      # not authorized
        one.connect()
    one.mqtt.subscribe(two.topics["inbox-cmd"], qos=1)
    conn = cloud.connections(one.claim_id)[-1]["id"]
    cloud.wait(lambda: cloud.packets(conn, "SUBACK")[-1]["fields"]["reasons"] == [0x87], 5, "refused SUBACK")
    cloud.publish_raw(two.claim_id, "cmd", b"for two only")
    assert two.next("cmd") == b"for two only"
    one.publish("agent-connection", one.hello(False))       # when this has come, the forged ones would have
    two.stop()
    cloud.wait_offline(two.claim_id)
    assert cloud.nodes() == [] and one.inbox.empty() and two.inbox.empty()
    assert [v["text"].endswith("which was not issued") for v in cloud.violations("topic", one.claim_id)] == [True, True]
    assert cloud.violations("subscribe", one.claim_id)
    one.drop()


def test_03_link__wrong_password__refused(cloud):
    agent = FakeAgent(cloud)
    agent.claim()
    login = agent.login()
    agent.connect({**login, "password": "guess"}, subscribe=False)
    assert agent.connack[0] == 135
    agent.drop()


# -- 04 queries -----------------------------------------------------------------------------------------------------

def test_04_query__answered__reply_is_taken_apart(agent, cloud):
    q = cloud.query_async(agent.claim_id, "/api/v1/info", headers={"X-A": "b"}, timeout_ms=5000, accept_gzip=True)
    request = agent.next("cmd")
    asked = agent.answer(request, b'{"a":1}')
    assert asked["timeout"] == 5000 and asked["version"] == 2
    assert b"GET /api/v1/info HTTP/1.1\r\nX-A: b\r\nAccept-Encoding: gzip\r\n\r\n" in request
    reply = cloud.collect(q)
    assert (reply.http_status, reply.json(), reply.headers["content-length"]) == (200, {"a": 1}, "7")
    assert cloud.violations() == []


def test_04_query__post__has_body_and_length(agent, cloud):
    cloud.query_async(agent.claim_id, "/api/v3/x", "POST", body=b"12345", node="n1")
    assert agent.next("cmd").endswith(b"POST /node/n1/api/v3/x HTTP/1.1\r\nContent-Length: 5\r\n\r\n12345")


def test_04_query__many_at_once__each_gets_its_own(agent, cloud):
    numbers = [cloud.query_async(agent.claim_id, f"/api/v1/q{i}") for i in range(20)]
    requests = [agent.next("cmd") for _ in numbers]
    for r in reversed(requests):
        agent.answer(r, r.split(b"/api/v1/")[1].split(b" ")[0])
    assert [cloud.collect(n).body for n in numbers] == [b"q%d" % i for i in range(20)]


def test_04_query__wrong_replies__are_violations(agent, cloud):
    q = cloud.query_async(agent.claim_id, "/a")
    agent.answer(agent.next("cmd"), times=2)
    agent.publish("/svc/agent-data-ctrl/none/resp", b'{"msg-id":"x"}')
    cloud.wait(lambda: len(cloud.violations("reply")) >= 2, 5, "two violations")
    assert len(cloud.replies(q)) == 2
    cloud.query_async(agent.claim_id, "/b", msg_id="same")
    request = agent.next("cmd")
    agent.session_id += 1
    agent.answer(request)
    cloud.wait(lambda: any("connect is" in v["text"] for v in cloud.violations("reply")), 5, "wrong session")


def test_04_query__cancel_and_raw__arrive(agent, cloud):
    cloud.cancel(agent.claim_id, "some-id")
    assert agent.next("CancelPendingRequest")["request_id"] == "some-id"
    cloud.raw_cmd(agent.claim_id, b"\0garbage")
    assert agent.next("cmd") == b"\0garbage"
    cloud.send(agent.claim_id, "DisconnectReq", {"reconnect_after_seconds": 7, "permaban": True})
    got = agent.next("DisconnectReq")
    assert got["reconnect_after_seconds"] == 7 and got["permaban"]


def test_04_load__measures_inside_the_cloud(agent, cloud):
    agent.mqtt.on_message = lambda _c, _u, m: agent.publish_now(m) if m.topic.endswith("/cmd") else None
    result = cloud.load(agent.claim_id, ["/a", "/b"], 50, 8)
    assert result["codes"] == {"200": 50} and len(result["latencies"]) == 50


# -- 05 state -------------------------------------------------------------------------------------------------------

def test_05_session__strangers_and_old_sessions__are_violations(agent, cloud):
    node_id = agent.make_node()
    agent.say("node-instance-connection", {"node_id": node_id, "session_id": 1})
    agent.say("node-instance-info", {"node_id": str(uuid.uuid4())})
    agent.publish("create-node-instance", b"\xff\xff\xff")
    agent.publish("contexts-updated", b"\xfa\x01\x01a")
    agent.publish("chart", b"x")
    cloud.wait(lambda: {"session", "node", "undecodable", "encoding", "topic"} <= {
        v["kind"] for v in cloud.violations()}, 5, "one violation of each kind")
