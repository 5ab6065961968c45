# SPDX-License-Identifier: GPL-3.0-or-later
"""Alert transitions of a stock agent: each once, in order, in time, whatever happens to the link (aclk/sync/README.md,
"Alerts")."""
import os
import signal
import time
import uuid

import pytest

from conftest import bring_online
from testenv import TestCharts, testcharts, wait_until
from testenv.published import STATUS, alerts_differ

ALERT = "testcharts_high"
OTHER = "testcharts_other"      # a second alert, on a chart of its own
CLEAR_DELAY = 10


class Followed:
    """An agent that is online, whose alert tests drive, and what the cloud hears of it."""

    def __init__(self, link, charts, slack):
        self.link, self.charts, self.cloud, self.claim = link, charts, link.cloud, link.claim
        self.agent = link.agent
        self.in_time = 2 * slack        # seconds from the agent's log to the cloud

    @property
    def node(self):
        return self.cloud.node(mguid=self.agent.guid)

    def said(self, since=0, name=ALERT):
        """AlarmLogEntry messages of one alert."""
        return [m for m in self.cloud.messages(self.claim, "AlarmLogEntry", "up", since)
                if m["fields"]["name"] == name]

    def statuses(self, since, name=ALERT):
        return [m["fields"]["status"] for m in self.said(since, name)]

    def arrival(self, entry, since, timeout):
        """The message of this entry of the agent's log."""
        def there():
            return next((m for m in self.said(since, entry["name"])
                         if m["fields"]["event_id"] == entry["alarm_event_id"]), None)
        return self.cloud.wait(there, timeout, f"{entry['status']}, event {entry['alarm_event_id']} of {entry['name']}")

    def known(self, name=ALERT):
        """The alert as the cloud has it."""
        return next((a for a in self.cloud.alerts(self.node["node_id"])["active"] if a["name"] == name), None)

    def wait_known(self, status, timeout=20, name=ALERT):
        return self.cloud.wait(lambda: (a := self.known(name)) and a["status"] == STATUS[status] and a, timeout,
                               f"{name} is {status} for the cloud")

    def rest(self):
        """Clear on both sides; the number of the last message then."""
        self.cloud.wait_online(self.claim, 40)
        self.charts.set("value", 1)
        self.charts.wait_status(ALERT, "CLEAR")
        self.wait_known("CLEAR", 45)
        return self.cloud.last_message_number()

    def raise_to(self, status, since):
        """Drives the alert there; the message, which is in time."""
        entry, seen = self.charts.drive(ALERT, status)
        m = self.arrival(entry, since, 10)
        assert m["time"] - seen < self.in_time, f"{status} came {m['time'] - seen:.1f} s after it was in the log"
        return m

    def wait_equal(self, timeout=60, exactly=False):
        """The cloud has what the agent has, and the sum of its times as version."""
        def differ():
            return alerts_differ(self.agent, self.cloud, self.node["node_id"], exactly=exactly)
        wait_until(lambda: differ() is None, timeout, lambda: f"equal alerts: {differ()}", 0.3)
        active = self.cloud.alerts(self.node["node_id"])["active"]
        assert self.node["alert_version"] == sum(a["when"] for a in active)

    def ask_version(self, version):
        """SendAlarmCheckpoint; the number of the last message before it."""
        since = self.cloud.last_message_number()
        self.cloud.send(self.claim, "SendAlarmCheckpoint", {"node_id": self.node["node_id"], "claim_id": self.claim,
                                                            "version": version})
        return since

    def settled(self, since):
        """Whatever was asked before is answered: a question that is answered by one worker after the other."""
        hash_ = self.known()["config_hash"]
        self.cloud.send(self.claim, "SendAlarmConfiguration", {"config_hash": hash_})
        return self.cloud.wait_message("ProvideAlarmConfiguration", self.claim, 15, since,
                                       lambda f: f["config_hash"] == hash_)


@pytest.fixture(scope="module")
def followed(build, servers, cloud):
    agent = servers.agent("node1", start=False, config=testcharts.CONFIG,
                          health={"testcharts.conf": testcharts.definitions(ALERT),
                                  "other.conf": testcharts.definitions(OTHER, chart="other")})
    charts = TestCharts(agent, value=1, other=1)
    agent.start()
    link = bring_online(build, cloud, agent)
    f = Followed(link, charts, 3 if build.sanitizer else 1)
    charts.wait_status(ALERT, "CLEAR")
    f.wait_known("CLEAR", 60)
    yield f
    cloud.configure(reset=True)


@pytest.fixture
def calm(followed):
    """Online, clear, the cloud as ever; the number of the last message."""
    followed.cloud.configure(reset=True)
    return followed.rest()


# -- one after the other ---------------------------------------------------------------------------------------------

def test_81_01_warning_critical_clear(followed, calm):
    warning = followed.raise_to("WARNING", calm)
    critical = followed.raise_to("CRITICAL", calm)
    entry, _ = followed.charts.drive(ALERT, "CLEAR")
    clear = followed.arrival(entry, calm, CLEAR_DELAY + 10)
    assert entry["when"] + CLEAR_DELAY <= clear["time"] + 0.1
    assert clear["time"] < entry["when"] + CLEAR_DELAY + followed.in_time
    assert followed.statuses(calm) == [STATUS[s] for s in ("WARNING", "CRITICAL", "CLEAR")]
    assert [m["fields"]["old_status"] for m in (warning, critical, clear)] == [4, 5, 6]
    assert len({m["fields"]["transition_id"] for m in (warning, critical, clear)}) == 3


def test_81_02_fields_are_the_agents(followed, calm):
    entry, _ = followed.charts.drive(ALERT, "WARNING")
    e = followed.arrival(entry, calm, 10)["fields"]
    assert (e["claim_id"], e["node_id"]) == (followed.claim, followed.node["node_id"])
    for ours, theirs in {"chart_name": "chart", "name": "name", "chart_context": "context", "when": "when",
                         "duration": "duration", "non_clear_duration": "non_clear_duration", "exec_path": "exec",
                         "delay": "delay", "delay_up_to_timestamp": "delay_up_to_timestamp", "timezone": "timezone",
                         "utc_offset": "utc_offset", "event_id": "alarm_event_id", "value_string": "value_string",
                         "old_value_string": "old_value_string", "value": "value", "rendered_info": "info",
                         "command": "command"}.items():
        assert e[ours] == entry[theirs], ours
    line, _, file = entry["source"].partition("@")
    assert e["conf_source"] == f"line={line},file={file}"
    assert e["chart"] == "testcharts.value" and e["silenced"] and e["status"] == 5
    assert e["alert_version"] == entry["when"] and not e["updated"]


def test_81_03_clear_that_does_not_last_is_not_told(followed, calm):
    followed.raise_to("WARNING", calm)
    cleared, _ = followed.charts.drive(ALERT, "CLEAR")
    followed.charts.drive(ALERT, "WARNING")
    followed.charts.drive(OTHER, "WARNING", chart="other")      # something that is told after it
    followed.cloud.wait(lambda: followed.said(calm, OTHER), 10, "the other alert")
    wait_until(lambda: time.time() > cleared["when"] + CLEAR_DELAY + followed.in_time, 20, "the delay of the clear")
    followed.settled(calm)
    assert followed.statuses(calm) == [STATUS["WARNING"]]
    followed.charts.set("other", 1)


# -- things happen to the link ---------------------------------------------------------------------------------------

def whole_way(followed, since, meanwhile):
    """WARNING, then meanwhile(drive), in which the alert becomes critical, then CLEAR: each is told once, in order."""
    followed.raise_to("WARNING", since)
    critical = meanwhile(lambda: followed.charts.drive(ALERT, "CRITICAL")[0])
    m = followed.arrival(critical, since, 40)
    entry, _ = followed.charts.drive(ALERT, "CLEAR")
    clear = followed.arrival(entry, since, CLEAR_DELAY + 10)
    assert clear["time"] < entry["when"] + CLEAR_DELAY + followed.in_time
    return m


def test_81_10_link_cut_in_between(followed, calm):
    cloud, hellos = followed.cloud, followed.link.hellos()

    def meanwhile(drive):
        cloud.configure(env_status=503)
        cloud.disconnect(followed.claim, abrupt=True)
        cloud.wait_offline(followed.claim)
        critical = drive()
        cloud.configure(reset=True)
        cloud.wait_online(followed.claim, 60, hellos + 1)
        return critical
    whole_way(followed, calm, meanwhile)
    assert followed.statuses(calm) == [5, 6, 4]


def test_81_11_link_frozen_in_between(followed, calm):
    cloud, hellos = followed.cloud, followed.link.hellos()

    def meanwhile(drive):
        conn = cloud.hold(followed.claim)
        critical = drive()
        # It is written into the socket within a second or so; nobody reads it there.
        wait_until(lambda: time.time() > critical["when"] + 3, 10, "time for it to be written")
        cloud.disconnect(conn=conn, abrupt=True)
        cloud.wait_online(followed.claim, 60, hellos + 1)
        return critical
    whole_way(followed, calm, meanwhile)
    assert followed.statuses(calm) == [5, 6, 4]


def test_81_12_puback_lost(followed, calm):
    """The cloud has it, the agent does not know: it comes again, as the same transition."""
    cloud, hellos = followed.cloud, followed.link.hellos()

    def meanwhile(drive):
        cloud.configure(drop_down=["PUBACK"])
        critical = drive()
        followed.arrival(critical, calm, 10)
        cloud.configure(reset=True)
        cloud.disconnect(followed.claim, abrupt=True)
        cloud.wait_online(followed.claim, 60, hellos + 1)
        return critical
    whole_way(followed, calm, meanwhile)
    assert_resent_at_most_once(followed, calm)


def assert_resent_at_most_once(followed, since):
    """WARNING, CRITICAL, CLEAR; CRITICAL perhaps twice, the same both times. (The cloud tells its version at the
    beginning of a connection: an agent that sees from it that the cloud has it does not send it again.)"""
    told = followed.said(since)
    assert [m["fields"]["status"] for m in told] in ([5, 6, 4], [5, 6, 6, 4])
    assert len({m["fields"]["transition_id"] for m in told}) == 3


def test_81_13_puback_lost_and_nobody_told_the_version(followed, calm):
    """Without the cloud's version it has to be sent again."""
    cloud, hellos = followed.cloud, followed.link.hellos()
    followed.raise_to("WARNING", calm)
    cloud.configure(drop_down=["PUBACK"])
    critical, _ = followed.charts.drive(ALERT, "CRITICAL")
    first = followed.arrival(critical, calm, 10)
    cloud.configure(reset=True, auto_start_alarm_streaming=False)
    cloud.disconnect(followed.claim, abrupt=True)
    cloud.wait_online(followed.claim, 60, hellos + 1)
    second = cloud.wait(lambda: followed.said(first["n"]), 40, "the transition again")[0]
    assert second["payload"] == first["payload"]
    followed.charts.drive(ALERT, "CLEAR")
    followed.wait_known("CLEAR")
    assert followed.statuses(calm) == [5, 6, 6, 4]


def test_81_14_worker_killed_in_between(followed, calm):
    cloud, hellos = followed.cloud, followed.link.hellos()

    def meanwhile(drive):
        os.kill(followed.agent.worker_pid(), signal.SIGKILL)
        critical = drive()
        cloud.wait_online(followed.claim, 60, hellos + 1)
        return critical
    whole_way(followed, calm, meanwhile)
    assert followed.statuses(calm) == [5, 6, 4]


def test_81_15_worker_killed_with_a_transition_on_its_way(followed, calm):
    """What was published and not acknowledged is remembered on disk, with its id."""
    cloud, hellos = followed.cloud, followed.link.hellos()

    def meanwhile(drive):
        cloud.configure(drop_down=["PUBACK"])
        critical = drive()
        followed.arrival(critical, calm, 10)
        os.kill(followed.agent.worker_pid(), signal.SIGKILL)
        cloud.configure(reset=True)
        cloud.wait_online(followed.claim, 60, hellos + 1)
        return critical
    whole_way(followed, calm, meanwhile)
    assert_resent_at_most_once(followed, calm)


def test_81_16_worker_killed_while_a_clear_waits(followed, calm):
    """The delay of a transition goes on over a restart."""
    cloud, hellos = followed.cloud, followed.link.hellos()
    followed.raise_to("WARNING", calm)
    entry, _ = followed.charts.drive(ALERT, "CLEAR")
    os.kill(followed.agent.worker_pid(), signal.SIGKILL)
    cloud.wait_online(followed.claim, 60, hellos + 1)
    clear = followed.arrival(entry, calm, 40)
    assert entry["when"] + CLEAR_DELAY <= clear["time"] + 0.1
    assert followed.statuses(calm) == [5, 4]


def test_81_17_broker_restarted_in_between(followed, calm):
    cloud, hellos = followed.cloud, followed.link.hellos()

    def meanwhile(drive):
        cloud.restart_broker(down_seconds=1)
        critical = drive()
        cloud.wait_online(followed.claim, 60, hellos + 1)
        return critical
    whole_way(followed, calm, meanwhile)
    assert_resent_at_most_once(followed, calm)


def test_81_18_agent_restarted_while_raised(followed, calm):
    """Its alerts go and come back within seconds; the cloud is told nothing of that."""
    cloud, hellos = followed.cloud, followed.link.hellos()
    followed.raise_to("WARNING", calm)
    before = cloud.last_message_number()
    followed.agent.restart()
    cloud.wait_online(followed.claim, 60, hellos + 1)
    followed.charts.wait_status(ALERT, "WARNING", 60)
    followed.charts.drive(ALERT, "CRITICAL")
    followed.wait_known("CRITICAL", 60)
    told = followed.statuses(before)
    assert told in ([6], [5, 6], []), told
    assert 2 not in followed.statuses(before) and followed.known()["status"] == 6


# -- the cloud asks --------------------------------------------------------------------------------------------------

def snapshots(followed, since):
    return followed.cloud.messages(followed.claim, "AlarmSnapshot", "up", since)


def wait_snapshot(followed, since, timeout=20):
    """The (last chunk of the) first snapshot after that message; the cloud then has what the agent has."""
    followed.cloud.wait(lambda: any(m["fields"]["chunk"] == m["fields"]["chunks"] for m in snapshots(followed, since)),
                        timeout, "a snapshot")
    followed.wait_equal(exactly=True)


def test_81_20_versions(followed, calm):
    local = followed.node["alert_version"]
    since = followed.ask_version(0)
    wait_snapshot(followed, since)
    assert f"(version: cloud 0, local {local})" in followed.agent.access_log
    version = followed.node["alert_version"]
    since = followed.ask_version(version + 1)
    wait_snapshot(followed, since)
    assert f"(version: cloud {version + 1}, local {version})" in followed.agent.access_log
    assert followed.node["alert_version"] == version
    for told, text in ((1, "Cloud requested to skip alert version verification"), (version, None)):
        since = followed.ask_version(told)
        followed.settled(since)
        assert snapshots(followed, since) == []
        assert text is None or text in followed.agent.access_log


def test_81_21_snapshot_ordered(followed, calm):
    followed.cloud.forget(node=followed.node["node_id"], what="alerts")
    assert followed.node["alerts"] == 0
    asked = str(uuid.uuid4())
    followed.cloud.send(followed.claim, "SendAlarmSnapshot", {
        "node_id": followed.node["node_id"], "claim_id": followed.claim, "snapshot_uuid": asked})
    wait_snapshot(followed, calm)
    assert all(m["fields"]["snapshot_uuid"] not in ("", asked) for m in snapshots(followed, calm))


def test_81_22_wrong_ids_are_refused(followed, calm):
    cloud, node = followed.cloud, followed.node["node_id"]
    stranger = str(uuid.uuid4())
    for kind in ("SendAlarmCheckpoint", "SendAlarmSnapshot"):
        cloud.send(followed.claim, kind, {"node_id": node, "claim_id": stranger})
        cloud.send(followed.claim, kind, {"node_id": stranger, "claim_id": followed.claim})
    cloud.send(followed.claim, "StartAlarmStreaming", {"node_id": stranger, "version": 0})
    followed.settled(calm)
    assert snapshots(followed, calm) == []
    log = followed.agent.access_log
    assert "ALERTS CHECKPOINT VALIDATION REQUEST RECEIVED WITH INVALID CLAIM ID" in log
    assert "ALERTS CHECKPOINT VALIDATION REQUEST RECEIVED FOR INVALID NODE" in log
    assert f"ACLK STA [{stranger} (N/A)]: Ignoring request to stream alert state changes, invalid node." in log


def test_81_23_configuration(followed, calm):
    alert = followed.known()
    config = followed.settled(calm)["fields"]["config"]
    assert (config["alarm"], config["template"]) == ("", ALERT)
    assert config["on_chart"] == "testcharts.value"
    assert (config["classification"], config["type"], config["component"]) == ("Workload", "Test", "Stock")
    assert config["every"] == "1" and config["p_update_every"] == 1 and config["units"] == "things"
    assert config["calculation_expr"] == "$v"
    assert config["warning_expr"].replace(" ", "") == "$this>(($status>=$WARNING)?(5):(10))"
    assert config["critical_expr"].replace(" ", "") == "$this>(($status==$CRITICAL)?(15):(20))"
    assert config["recipient"] == "silent" and config["info"] == "test value is high"
    assert config["lookup"] == "" and config["p_db_lookup_after"] == 0
    since = followed.cloud.last_message_number()
    again = followed.settled(since)
    assert again["fields"]["config"] == config and again["fields"]["config_hash"] == alert["config_hash"]


def test_81_24_every_configuration(followed, calm):
    """Of each alert that the cloud has, stock ones included: it is found, says which alert it is, and one hash is one
    definition."""
    alerts = followed.cloud.alerts(followed.node["node_id"])["active"]
    assert len(alerts) > 10
    for hash_ in {a["config_hash"] for a in alerts}:
        followed.cloud.send(followed.claim, "SendAlarmConfiguration", {"config_hash": hash_})
    for a in alerts:
        m = followed.cloud.wait_message("ProvideAlarmConfiguration", followed.claim, 15, calm,
                                        lambda f, h=a["config_hash"]: f["config_hash"] == h)
        c = m["fields"]["config"]
        assert a["name"] in (c["alarm"], c["template"]) and (c["warning_expr"] or c["critical_expr"])


def test_81_25_unknown_configurations(followed, calm):
    cloud, stranger = followed.cloud, str(uuid.uuid4())
    cloud.send(followed.claim, "SendAlarmConfiguration", {"config_hash": stranger})
    for nonsense in ("", "no uuid", "../../etc/passwd", "x" * 5000):
        cloud.send(followed.claim, "SendAlarmConfiguration", {"config_hash": nonsense})
    line = f"ACLK STA [{followed.node['node_id']} (node1)]: Alert config for {stranger} not found."
    wait_until(lambda: line in followed.agent.access_log, 15, "the warning about an unknown hash")
    followed.settled(calm)
    answers = cloud.messages(followed.claim, "ProvideAlarmConfiguration", "up", calm)
    assert len(answers) == 1, "the question of settled() alone is answered"
    followed.link.assert_online()


# -- alerts go -------------------------------------------------------------------------------------------------------

def test_81_30_definition_deleted_while_raised(followed, calm):
    followed.charts.drive(OTHER, "WARNING", chart="other")
    followed.wait_known("WARNING", name=OTHER)
    (followed.agent.etc / "health.d/other.conf").unlink()
    followed.agent.health.pop("other.conf")
    assert followed.agent.cli("reload-health")[0] == 0
    followed.cloud.wait(lambda: followed.known(OTHER) is None, 60, "the alert is gone for the cloud")
    assert followed.statuses(calm, OTHER)[-1] == 2 or snapshots(followed, calm)
    followed.wait_equal()


def test_81_31_reload_of_health(followed, calm):
    """Every alert is removed and made again: the cloud hears nothing of it, and no transition after it is missed."""
    # A CLEAR that is still to be told, of a reload just before, would lend what takes its place its time (aclk/sync/README.md,
    # "Alerts").
    wait_until(lambda: all(e["when"] < time.time() - 12 for e in followed.charts.log(0) if e["name"] == ALERT), 60,
               "nothing of it is pending", 0.3)
    last = followed.charts.last_log_id()
    assert followed.agent.cli("reload-health")[0] == 0
    for status in ("REMOVED", "CLEAR"):
        wait_until(lambda s=status: [e for e in followed.charts.log(last) if (e["name"], e["status"]) == (ALERT, s)], 60,
                   f"{status} in the agent's log", 0.3)
    since = followed.cloud.last_message_number()
    followed.raise_to("WARNING", since)
    assert followed.statuses(calm) == [5]


def test_81_90_in_the_end_both_are_equal(followed, calm):
    followed.wait_equal()
    version = followed.node["alert_version"]
    since = followed.ask_version(version)
    followed.settled(since)
    assert snapshots(followed, since) == []


def test_81_99_nothing_against_the_protocol(followed):
    assert followed.cloud.violations() == []
