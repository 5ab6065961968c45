# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents that distributions ship and that are not here: 1.43.2 by its recorded answers, and one of before 1.36, which
tells no contexts."""
import json

import pytest

from testenv import Plugin, wait_until
from testenv.claiming import claim
from testenv.published import STATUS
from testenv.replay import ALERT, ReplayedAgent


class Linked:
    def __init__(self, build, servers, cloud, name, **options):
        self.cloud = cloud
        self.agent = ReplayedAgent(servers.base / name, **options)
        servers.add(f"replayed {name}", self.agent, lambda: "\n".join(self.agent.asked[-20:]))
        self.claim = claim(build, self.agent, cloud)
        self.plugin = Plugin(build.plugin, servers.base / f"{name}-plugin", agent=self.agent,
                             env={"NETDATA_VERSION": "v1.43.2"}).start()
        servers.add(f"plugin of {name}", self.plugin, lambda: self.plugin.stderr)
        cloud.wait_online(self.claim, 30)
        self.node = cloud.wait_node(mguid=self.agent.guid, timeout=30, live=True)["node_id"]

    def known(self):
        return next((a for a in self.cloud.alerts(self.node)["active"] if a["name"] == ALERT), None)

    def wait_known(self, status):
        return self.cloud.wait(lambda: (a := self.known()) and a["status"] == STATUS[status] and a, 30,
                               f"{ALERT} is {status} for the cloud")


@pytest.fixture(scope="module")
def newer(build, servers, cloud):
    return Linked(build, servers, cloud, "v143")


@pytest.fixture(scope="module")
def older(build, servers, cloud):
    return Linked(build, servers, cloud, "v133", contexts=False)


def test_121_01_contexts_are_those_recorded(newer):
    recorded = json.loads(newer.agent.text("v143_contexts.json"))["contexts"]
    newer.cloud.wait(lambda: newer.cloud.contexts(newer.node).keys() == recorded.keys(), 20, "the contexts are told")
    told = newer.cloud.contexts(newer.node)
    assert told["bar.value"]["title"] == recorded["bar.value"]["title"]


def test_121_02_transitions_have_the_agents_own_ids_at_the_cloud(newer):
    newer.wait_known("CLEAR")
    since, ids = newer.cloud.last_message_number(), []
    for status in ("WARNING", "CRITICAL", "CLEAR"):
        ids.append(newer.agent.move(status))
        newer.wait_known(status)
    told = [m["fields"] for m in newer.cloud.messages(newer.claim, "AlarmLogEntry", "up", since)
            if m["fields"]["name"] == ALERT]
    assert [(f["transition_id"], f["status"]) for f in told] == list(zip(ids, (5, 6, 4)))
    assert {f["config_hash"] for f in told} == {"2a8512e2-2854-213d-39fb-bbe695bd775d"}


def test_121_03_while_nothing_changes_only_the_versions_are_asked(newer):
    def calm():
        last = newer.agent.asked[-5:]
        return len(last) == 5 and set(last) == {"/api/v2/versions"}
    wait_until(calm, 60, lambda: f"five looks at the versions alone: {newer.agent.asked[-10:]}", 0.2)


def test_121_04_queries_are_answered(newer):
    reply = newer.cloud.query(newer.claim, "/api/v1/contexts")
    assert reply.http_status == 200 and "bar.value" in reply.json()["contexts"]


def test_121_10_without_contexts_alerts_and_queries_work_and_it_is_said_once(older):
    older.wait_known("CLEAR")
    older.agent.move("WARNING")
    older.wait_known("WARNING")
    assert older.cloud.query(older.claim, "/api/v1/info").http_status == 200
    assert older.cloud.contexts(older.node) == {}
    wait_until(lambda: "does not tell its contexts" in older.plugin.stderr, 20, "the sentence about contexts")
    assert older.plugin.stderr.count("does not tell its contexts") == 1


def test_121_99_nothing_against_the_protocol(cloud):
    assert cloud.violations() == []
