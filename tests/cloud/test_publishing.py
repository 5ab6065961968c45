# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cloud makes of contexts and alerts: the pure rules, held against captured messages, and over the wire."""
import pathlib
import time
import uuid

import pytest

from fake_agent import FakeAgent
from lc import schema
from lc.alerts import Alerts
from lc.contexts import Contexts

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
WARNING, CRITICAL, CLEAR, REMOVED = 5, 6, 4, 2
CONFIG = str(uuid.uuid4())


def golden(kind: str, n: int) -> dict:
    return schema.to_dict(schema.decode(kind, (GOLDEN / f"{kind}-{n}.bin").read_bytes()))


# -- 21 contexts, pure ----------------------------------------------------------------------------------------------

def context(name="a.b", version=10, first=5, last=0, deleted=False, **more):
    return {"id": name, "version": version, "first_entry": first, "last_entry": last, "deleted": deleted,
            "title": "t", "priority": 1, "chart_type": "line", "units": "u", "family": "f", **more}


def update(node, *changes, says=None, at=None):
    """Sends an update; its hash is right unless the test says another one."""
    if says is None:
        copy = {**node.by_id, **{c["id"]: c for c in changes}}
        says = sum(c["version"] + c["last_entry"] - c["first_entry"] for c in copy.values() if not c["deleted"])
    at = node.last_created_at + 1 if at is None else at
    return node.update({"contextUpdates": list(changes), "version_hash": says, "created_at": at})[0]


@pytest.fixture
def contexts():
    """Two contexts, agreed on."""
    node = Contexts()
    node.checkpoint_sent(0)
    assert node.snapshot({"contexts": [context("a.b"), context("c.d")], "version": 10}) == []
    return node


def test_21_golden__version_hash_follows_the_messages():
    node = Contexts()
    node.checkpoint_sent(0)
    for n in (1, 2, 3):
        wrong, same = node.update(golden("ContextsUpdated", n))
        assert (wrong, same) == ([], True)
    assert node.snapshot(golden("ContextsSnapshot", 1)) == []


def test_21_right_updates__are_taken(contexts):
    assert update(contexts, context("a.b", 11, last=7)) == []
    assert update(contexts, context("e.f", 11), context("c.d", 12, title="new")) == []
    assert update(contexts, context("e.f", 12, deleted=True)) == []
    assert set(contexts.by_id) == {"a.b", "c.d"} and contexts.mismatches == 0


@pytest.mark.parametrize("changes,text", [
    ([context("a.b", 11)], "a.b changes in nothing"),
    ([context("x.y", 11, deleted=True)], "x.y changes in nothing"),
    ([context("a.b", 10, last=7)], "version of a.b is 10 after 10"),
    ([context("n.n"), context("n.n", title="other")], "a context is listed twice"),
    ([context("n.n", chart_type="pie")], "n.n has chart type 'pie'"),
    ([context("n.n", first=9, last=8)], "n.n ends at 8, before it begins at 9"),
    ([context("", 11)], "context '' with version 11"),
    ([], "empty update"),
    ([context(f"n.{i}") for i in range(5001)], "5001 contexts in one update"),
])
def test_21_wrong_updates__are_told(contexts, changes, text):
    assert update(contexts, *changes) == [text]


def test_21_hash_and_order__first_mismatch_is_told(contexts):
    assert update(contexts, context("a.b", 11, last=7), says=1) == ["hash is 18, the message says 1"]
    assert update(contexts, context("a.b", 12, last=8), at=0) == ["created_at 0 after 1"]
    contexts.stop_sent()
    assert update(contexts, context("a.b", 13, last=9)) == ["update while not streaming"]
    assert contexts.mismatches == 1


def test_21_snapshots__answer_checkpoints_that_differ(contexts):
    again = {"contexts": [context("a.b", 20), context("c.d", 20)], "version": 30}
    assert contexts.snapshot(again) == ["snapshot without a checkpoint before it"]
    contexts.checkpoint_sent(contexts.hash())
    newer = {"contexts": [context("a.b", 30)], "version": 25}
    assert contexts.snapshot(newer) == ["snapshot although the checkpoint had the right hash"]
    contexts.checkpoint_sent(contexts.hash() + 1)
    assert contexts.snapshot({"contexts": [context("a.b", 31)], "version": 26}) == []
    contexts.checkpoint_sent(contexts.hash())
    contexts.session_began()                     # an update may have been lost with the old one
    assert contexts.snapshot({"contexts": [context("a.b", 32)], "version": 1}) == [
        "hash of the snapshot is 27, it says 1"]


# -- 22 alerts, pure ------------------------------------------------------------------------------------------------

def alert(name="x", when=100, status=WARNING, event=0, transition=None, **more):
    return {"chart": "c", "name": name, "when": when, "status": status, "event_id": event, "alert_version": when,
            "transition_id": transition or str(uuid.uuid4()), "config_hash": CONFIG, **more}


def chunk(alarms, number=1, of=1, name="s1", **more):
    return {"alarms": alarms, "chunk_size": len(alarms), "chunk": number, "chunks": of, "snapshot_uuid": name, **more}


@pytest.fixture
def alerts():
    node = Alerts()
    node.streaming = True
    return node


def test_22_golden__snapshot_and_entries_are_consistent():
    node, message = Alerts(), golden("AlarmSnapshot", 1)
    assert node.snapshot(message) == []
    assert node.version() == sum(a["alert_version"] for a in message["alarms"])
    node = Alerts()
    node.streaming = True
    assert [node.entry(golden("AlarmLogEntry", n)) for n in (1, 2, 3, 4)] == [[]] * 4
    assert node.snapshot(message) == []


def test_22_transitions_in_order__make_the_version(alerts):
    for e in (alert(when=100, event=1), alert(when=100, status=CRITICAL, event=2), alert("y", 50, event=1),
              alert(when=130, status=CLEAR, event=3), alert("y", 60, REMOVED, event=2)):
        assert alerts.entry(e, 1) == []
    assert alerts.version() == 130 and [a["name"] for a in alerts.active.values()] == ["x"]


def test_22_resend__over_another_connection_only(alerts):
    first, other = alert(event=1), alert("y")
    assert alerts.entry(first, 1) == alerts.entry(other, 1) == []
    assert alerts.entry(first, 2) == [] and alerts.resends == 1
    assert alerts.entry(first, 2) == [f"c.x: transition {first['transition_id']} came twice over one connection"]
    assert alerts.entry(alert(when=101, status=CLEAR, event=2), 2) == []
    late = alerts.entry(first, 3)
    assert len(late) == 2 and "went back" in late[0] and "event 1 after 2" in late[1]
    assert alerts.snapshot(chunk([other]), 3) == []
    assert alerts.entry(other, 3) == [f"c.y: transition {other['transition_id']} came twice over one connection"]


def test_22_identity__is_one_to_one(alerts):
    first = alert(event=1)
    assert alerts.entry(first, 1) == []
    text, = alerts.entry({**first, "status": CRITICAL}, 2)
    assert text.startswith(f"transition {first['transition_id']} is ('c', 'x', 1, 100, 6), was")
    alerts.entry(first, 3)
    assert any("event 1 is transition" in t for t in alerts.entry(alert(event=1), 3))


@pytest.mark.parametrize("change,text", [
    ({"when": 99}, "c.x went back from 100 to 99"),
    ({"event": 3}, "c.x: event 3 after 3"),
    ({"status": WARNING}, "c.x has status 5 already"),
    ({"alert_version": 7}, "c.x: alert_version 7, when 101"),
    ({"status": 0}, "c.x: status 0"),
    ({"transition": "nonsense"}, "c.x: transition_id is 'nonsense'"),
    ({"config_hash": "00000000-0000-0000-0000-000000000000"},
     "c.x: config_hash is '00000000-0000-0000-0000-000000000000'"),
])
def test_22_wrong_transitions__are_told(alerts, change, text):
    alerts.entry(alert(event=3), 1)
    assert alerts.entry(alert(**{"when": 101, "event": 4, "status": CRITICAL, **change}), 1) == [text]


def test_22_not_asked_for__is_told():
    assert Alerts().entry(alert()) == ["transition while not streaming"]


def test_22_snapshot__replaces_what_was_there(alerts):
    alerts.entry(alert("gone"), 1)
    many = [alert(f"n{i}") for i in range(2001)]
    assert alerts.snapshot(chunk(many[:1000], 1, 3), 1, 10) == []
    assert alerts.snapshot(chunk(many[1000:2000], 2, 3), 1, 10) == [] and alerts.snapshots == 0
    assert alerts.snapshot(chunk(many[2000:], 3, 3), 1, 10) == []
    assert len(alerts.active) == 2001 and alerts.snapshots == 1
    assert alerts.snapshot(chunk([], name="s2"), 1, 10) == [] and alerts.version() == 0


@pytest.mark.parametrize("chunks,text", [
    ([chunk([alert()], chunk_size=2)], "chunk_size 2 with 1 alerts"),
    ([chunk([alert()], 2, 1)], "chunk 2 of 1, uuid 's1'"),
    ([chunk([alert()], name="")], "chunk 1 of 1, uuid ''"),
    ([chunk([alert(str(i)) for i in range(1001)])], "1001 alerts in one chunk"),
    ([chunk([alert()], 2, 2)], "chunk 2 after []"),
    ([chunk([alert()], 1, 2, size=10 ** 6), chunk([alert("y")], 1, 1, "s2")],
     "snapshot s2 begins before s1 is complete"),
    ([chunk([alert()], 1, 2, size=10 ** 6), chunk([alert("y")], 2, 3, size=10 ** 6)],
     "3 chunks, before there were 2"),
    ([chunk([alert()]), chunk([alert("y")])], "snapshot s1 was complete already"),
    ([chunk([alert()], 1, 2)], "chunk 1 of 2 ends after 1 alerts and 10 bytes"),
    ([chunk([alert(), alert()])], "c.x twice in a snapshot"),
    ([chunk([alert(status=REMOVED)])], "removed alert c.x in a snapshot"),
    ([chunk([alert()], 1, 2, size=10 ** 6), chunk([], 2, 2)], "chunk 2 of 2 is empty"),
])
def test_22_wrong_snapshots__are_told(alerts, chunks, text):
    assert [t for c in chunks for t in alerts.snapshot(c, 1, c.get("size", 10))][-1] == text


def test_22_snapshot__is_not_interrupted_and_not_completed_later(alerts):
    assert alerts.snapshot(chunk([alert()], 1, 2), 1, 10 ** 6) == []
    assert alerts.entry(alert("y"), 1) == ["c.y between the chunks of a snapshot"]
    assert alerts.snapshot(chunk([alert("z")], 1, 1, "s2"), 2) == []     # the connection was lost in between
    assert [a["name"] for a in alerts.active.values()] == ["z"]


def test_22_small_packets__allow_small_chunks(alerts):
    assert alerts.snapshot(chunk([alert()], 1, 2), 1, 40_000, 65_536) == []
    assert alerts.snapshot(chunk([alert("y")], 2, 2), 1, 100, 65_536) == []
    assert alerts.snapshot(chunk([alert()], 1, 2, "s2"), 1, 20_000, 65_536)


# -- 23 over the wire -----------------------------------------------------------------------------------------------

def test_23_contexts__hash_is_recomputed(agent, cloud):
    node_id = agent.make_node()
    now = int(time.time())
    one = {"id": "a.b", "version": now, "first_entry": now - 10, "chart_type": "line"}
    agent.next("ContextsCheckpoint")
    agent.say("contexts-snapshot", {"node_id": node_id, "contexts": [one], "version": 10})
    two = {"id": "c.d", "version": now, "first_entry": now - 5, "last_entry": now, "chart_type": "area"}
    agent.say("contexts-updated", {"node_id": node_id, "contextUpdates": [two], "version_hash": 15 + now,
                                   "created_at": 1})
    cloud.wait_node("fake", contexts=2, contexts_hash=15 + now)
    assert cloud.violations() == []
    gone = {"id": "c.d", "version": now + 1, "deleted": True}
    agent.say("contexts-updated", {"node_id": node_id, "contextUpdates": [gone], "version_hash": 11, "created_at": 2})
    assert agent.next("ContextsCheckpoint")["version_hash"] == 10
    assert ["hash is 10" in v["text"] for v in cloud.violations("contexts")] == [True]


def of_node(agent, node_id, *names, status=WARNING, when=100):
    return [{"claim_id": agent.claim_id, "node_id": node_id, **alert(n, when, status)} for n in names]


def test_23_alerts__entries_and_snapshots__make_the_version(agent, cloud):
    node_id = agent.make_node()
    agent.next("StartAlarmStreaming")
    for e in (*of_node(agent, node_id, "x"), *of_node(agent, node_id, "y", when=50)):
        agent.say("alarm-log-v2", e)
    cloud.wait_node("fake", alerts=2, alert_version=150)
    agent.say("alarm-log-v2", of_node(agent, node_id, "y", status=REMOVED, when=60)[0])
    cloud.wait_node("fake", alerts=1, alert_version=100)
    agent.say("alarm-snapshot-v2", {"node_id": node_id, "chunks": 1, "chunk_size": 2, "chunk": 1,
                                    "alarms": of_node(agent, node_id, "p", "q", when=7), "snapshot_uuid": "u"})
    cloud.wait_node("fake", alerts=2, alert_version=14, alert_snapshots=1)
    assert cloud.violations() == []
    cloud.send(agent.claim_id, "SendAlarmCheckpoint", {"node_id": node_id, "claim_id": agent.claim_id, "version": 3})
    assert agent.next("SendAlarmCheckpoint")["version"] == 3


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")     # paho's, at the reset
def test_23_alerts__resend_after_a_lost_connection(agent, cloud):
    node_id = agent.make_node()
    agent.next("StartAlarmStreaming")
    entry, = of_node(agent, node_id, "x")
    agent.say("alarm-log-v2", entry)
    cloud.disconnect(agent.claim_id, abrupt=True)
    assert agent.wait_gone()
    agent.drop()
    agent.connect()
    agent.publish("agent-connection", agent.hello())
    agent.say("alarm-log-v2", entry)
    cloud.wait_node("fake", alert_entries=2, alert_resends=1, alerts=1)
    assert cloud.violations() == []
    agent.say("alarm-log-v2", entry)
    cloud.wait(lambda: cloud.violations("alerts"), 5, "a resend over the same connection is told")


def test_23_alerts__of_other_nodes__are_violations(agent, cloud):
    node_id = agent.make_node()
    agent.next("StartAlarmStreaming")
    stranger = of_node(agent, str(uuid.uuid4()), "x")
    agent.say("alarm-snapshot-v2", {"node_id": node_id, "chunks": 1, "chunk_size": 1, "chunk": 1, "alarms": stranger,
                                    "snapshot_uuid": "u"})
    agent.say("alarm-log-v2", stranger[0])
    agent.publish("alarm-log-v2", schema.encode("AlarmLogEntry", {**of_node(agent, node_id, "y")[0], "claim_id": "z"}))
    cloud.wait(lambda: [v["kind"] for v in cloud.violations()] == ["alerts", "node", "claim"], 5, "three violations")


def test_23_configuration__asked_for_and_always_the_same(agent, cloud):
    agent.make_node()
    said = {"config_hash": CONFIG, "config": {"alarm": "x", "every": "10"}}
    cloud.send(agent.claim_id, "SendAlarmConfiguration", {"config_hash": CONFIG})
    assert agent.next("SendAlarmConfiguration")["config_hash"] == CONFIG
    agent.say_of_nobody("alarm-config", said)
    cloud.wait(lambda: cloud.node("fake")["alert_configs"].get(CONFIG), 5, "the configuration")
    assert cloud.violations() == []
    agent.say_of_nobody("alarm-config", {**said, "config": {"alarm": "x", "every": "11"}})
    found = cloud.wait(lambda: (v := cloud.violations("alerts"))[1:] and v, 5, "two violations")
    assert "nobody asked for" in found[0]["text"] and "something else than before" in found[1]["text"]


def test_23_two_agents__do_not_mix(cloud):
    one, two = FakeAgent(cloud, "one").start(), FakeAgent(cloud, "two").start()
    node = one.make_node()
    two.make_node()
    two.say("contexts-snapshot", {"node_id": node, "contexts": [], "version": 0})
    cloud.wait(lambda: "not issued to this agent" in "".join(v["text"] for v in cloud.violations("node")), 5, "told")
    assert cloud.node("one")["context_snapshots"] == 0
    one.drop(), two.drop()
