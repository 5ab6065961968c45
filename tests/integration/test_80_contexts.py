# SPDX-License-Identifier: GPL-3.0-or-later
"""Contexts of a stock agent: compared by hash, told as a whole when that differs, followed after (aclk/sync/README.md,
"Contexts")."""
import os
import signal
import time
import uuid

import pytest

from conftest import bring_online
from testenv import TestCharts, testcharts, wait_until
from testenv.published import contexts_differ, own_contexts

POLL = 1                # seconds between looks at the agent's contexts, at most three times that while nothing changes
STARTED, OTHER = 5, 65  # seconds until a change is told: a context that begins to be collected, anything else
IN_TIME = 2


class Followed:
    """An agent that is online and what the cloud hears of its contexts."""

    def __init__(self, link, charts):
        self.link, self.charts, self.cloud, self.claim = link, charts, link.cloud, link.claim
        self.agent = link.agent

    @property
    def node(self):
        return self.cloud.node(mguid=self.agent.guid)

    @property
    def node_id(self):
        return self.node["node_id"]

    def said(self, since, kind="ContextsUpdated"):
        return self.cloud.messages(self.claim, kind, "up", since)

    def told_of(self, context, since):
        """Updates that name this context: (message, the entry)."""
        return [(m, c) for m in self.said(since) for c in m["fields"]["contextUpdates"] if c["id"] == context]

    def checkpoint(self, version_hash, claim=None, node=None):
        """ContextsCheckpoint; the number of the last message before it."""
        since = self.cloud.last_message_number()
        self.cloud.send(self.claim, "ContextsCheckpoint", {
            "claim_id": claim or self.claim, "node_id": node or self.node_id, "version_hash": version_hash})
        return since

    def snapshot(self, since, timeout=15):
        return self.cloud.wait_message("ContextsSnapshot", self.claim, timeout, since)

    def answered(self):
        """Until everything asked before is answered: hosts are asked in order, and this question leaves a line."""
        unknown = str(uuid.uuid4())
        self.cloud.send(self.claim, "SendAlarmConfiguration", {"config_hash": unknown})
        wait_until(lambda: f"config for {unknown} not found" in self.agent.access_log, 20, "the answer to a question")

    def wait_written(self):
        """What was told is on disk: versions are written within a second, once for many messages."""
        def last():
            return max(m["time"] for kind in ("ContextsUpdated", "ContextsSnapshot") for m in self.said(0, kind))
        wait_until(lambda: time.time() - last() > 1.5, 30, "contexts come to rest", 0.2)

    def wait_equal(self, timeout=90):
        wait_until(lambda: contexts_differ(self.agent, self.cloud, self.node_id) is None, timeout,
                   lambda: f"equal contexts: {contexts_differ(self.agent, self.cloud, self.node_id)}", 0.5)


@pytest.fixture(scope="module")
def followed(build, servers, cloud):
    agent = servers.agent("node1", start=False, config={**testcharts.CONFIG,
                                                        "plugin:aclk": {"poll contexts every": str(POLL)}})
    charts = TestCharts(agent, value=1)
    agent.start()
    link = bring_online(build, cloud, agent)
    f = Followed(link, charts)
    cloud.wait(lambda: f.node["contexts"] > 20, 40, "the first contexts")
    return f


def test_80_01_the_first_time(followed):
    """Nothing was ever told: both hashes are 0, and the contexts follow as changes (aclk/sync/README.md, "Children and
    virtual nodes", "Contexts")."""
    first = followed.cloud.messages(followed.claim, "ContextsCheckpoint", "down")[0]
    assert first["fields"]["version_hash"] == 0
    assert followed.said(0, "ContextsSnapshot") == []
    told = followed.said(0)[0]
    assert told["n"] > first["n"]
    followed.cloud.wait(lambda: sum(len(m["fields"]["contextUpdates"]) for m in followed.said(0)) > 20, 30,
                        "what is collected")
    assert told["time"] - first["time"] < STARTED + IN_TIME
    assert told["fields"]["created_at"] == pytest.approx(told["time"] * 1e6, abs=2e6)


def test_80_02_contents_are_the_agents(followed):
    followed.wait_equal()
    one = followed.cloud.contexts(followed.node_id)["testcharts.value"]
    assert (one["title"], one["units"], one["family"], one["chart_type"], one["priority"]) == (
        "Test chart value", "things", "tests", "line", 90000)
    assert one["last_entry"] == 0 and abs(one["first_entry"] - time.time()) < 300
    assert one["version"] > one["first_entry"]


def test_80_03_checkpoint_0_is_answered_with_everything(followed):
    """The cloud has lost what it had."""
    since = followed.cloud.last_message_number()
    followed.cloud.forget(node=followed.node_id, what="contexts")
    assert followed.node["contexts"] == 0
    followed.checkpoint(0)
    followed.snapshot(since)
    assert len(followed.said(since, "ContextsSnapshot")) == 1
    followed.wait_equal()


def test_80_04_equal_hash_is_answered_with_nothing(followed):
    followed.wait_equal()
    since = followed.checkpoint(followed.node["contexts_hash"])
    followed.answered()
    assert followed.said(since, "ContextsSnapshot") == []
    followed.checkpoint(followed.node["contexts_hash"] + 1)
    followed.snapshot(since)
    followed.wait_equal()


def test_80_05_a_context_appears(followed):
    since = followed.cloud.last_message_number()
    changed = time.time()
    followed.charts.set("fresh", 5)
    wait_until(lambda: "testcharts.fresh" in own_contexts(followed.agent), 15, "the agent lists it", 0.05)
    seen = time.time()
    m, c = followed.cloud.wait(lambda: followed.told_of("testcharts.fresh", since), 3 * POLL + STARTED + 15,
                               "an update about it")[0]
    # The plugin may have seen it before this test did.
    assert changed + STARTED <= m["time"] <= seen + 3 * POLL + STARTED + IN_TIME
    assert c["last_entry"] == 0 and not c["deleted"] and c["title"] == "Test chart fresh"
    assert followed.said(since, "ContextsSnapshot") == []
    assert m["fields"]["version_hash"] == followed.node["contexts_hash"]


def test_80_06_many_contexts_appear_in_one_update(followed):
    since = followed.cloud.last_message_number()
    names = [f"many{i}" for i in range(20)]
    for n in names:
        followed.charts.set(n)
    followed.cloud.wait(lambda: all(f"testcharts.{n}" in followed.cloud.contexts(followed.node_id) for n in names), 40,
                        "all of them")
    about = [m for m in followed.said(since) if "testcharts.many" in str(m["fields"])]
    assert len(about) <= 3, "they were made in one or two seconds"
    for n in names:
        assert len(followed.told_of(f"testcharts.{n}", since)) == 1


def test_80_07_what_it_says_changes(followed):
    """Metadata is told 65 s after it changed, once. (1.37 merges titles and families of all charts of a context.)"""
    followed.charts.set("varied", 5)
    followed.cloud.wait(lambda: "testcharts.varied" in followed.cloud.contexts(followed.node_id), 40, "it is there")
    since = followed.cloud.last_message_number()
    changed = time.time()
    followed.charts.set("varied", 5, units="others", priority=90001, type="area")
    wait_until(lambda: own_contexts(followed.agent)["testcharts.varied"]["chart_type"] == "area", 20,
               "the agent says so", 0.05)
    seen = time.time()
    m, c = followed.cloud.wait(lambda: followed.told_of("testcharts.varied", since), 3 * POLL + OTHER + 20,
                               "an update about it")[0]
    assert changed + OTHER <= m["time"] <= seen + 3 * POLL + OTHER + IN_TIME
    assert (c["units"], c["priority"], c["chart_type"]) == ("others", 90001, "area")
    followed.wait_equal()
    assert len(followed.told_of("testcharts.varied", since)) == 1


def test_80_10_wrong_ids_are_ignored(followed):
    stranger = str(uuid.uuid4())
    since = followed.checkpoint(1, claim=stranger)
    followed.checkpoint(2, node=stranger)
    followed.cloud.send(followed.claim, "StopStreamingContexts", {"claim_id": stranger, "node_id": followed.node_id})
    followed.cloud.send(followed.claim, "StopStreamingContexts", {"claim_id": followed.claim, "node_id": stranger})
    followed.answered()
    assert followed.said(since, "ContextsSnapshot") == []
    since = followed.cloud.last_message_number()
    followed.charts.set("still", 1)
    followed.cloud.wait(lambda: followed.told_of("testcharts.still", since), 30, "streaming goes on")


def test_80_11_claim_id_without_dashes(followed):
    since = followed.checkpoint(1, claim=followed.claim.replace("-", ""))
    followed.snapshot(since)


def test_80_12_stop_streaming(followed):
    cloud, ids = followed.cloud, {"claim_id": followed.claim, "node_id": followed.node_id}
    followed.wait_equal()
    cloud.send(followed.claim, "StopStreamingContexts", ids)
    since = cloud.last_message_number()
    followed.charts.set("unheard", 1)
    wait_until(lambda: "testcharts.unheard" in own_contexts(followed.agent), 15, "the agent lists it")
    seen = time.time()
    cloud.send(followed.claim, "StopStreamingContexts", ids)            # once more: no harm
    wait_until(lambda: time.time() > seen + 3 * POLL + STARTED + IN_TIME, 30, "the time it would have been told")
    followed.link.assert_online()
    assert followed.said(since) == []
    # The cloud begins again with its hash; what was not told is told then, be it that the hashes are equal.
    followed.checkpoint(followed.node["contexts_hash"])
    cloud.wait(lambda: followed.told_of("testcharts.unheard", since), 90, "what was missed")
    assert followed.said(since, "ContextsSnapshot") == []


def test_80_20_reconnection_with_nothing_changed(followed):
    cloud, hellos = followed.cloud, followed.link.hellos()
    followed.wait_equal()
    since = cloud.last_message_number()
    cloud.disconnect(followed.claim, abrupt=True)
    cloud.wait_online(followed.claim, 40, hellos + 1)
    cloud.wait(lambda: cloud.messages(followed.claim, "ContextsCheckpoint", "down", since), 20, "a checkpoint")
    followed.answered()
    assert followed.said(since, "ContextsSnapshot") == []


@pytest.mark.parametrize("how", ["killed", "agent restarted"])
def test_80_21_restart_with_nothing_changed(followed, how):
    """The versions are on disk: no snapshot, and the cloud's hash is still ours."""
    cloud, hellos = followed.cloud, followed.link.hellos()
    followed.wait_equal()
    followed.wait_written()
    version_hash = followed.node["contexts_hash"]
    since = cloud.last_message_number()
    if how == "killed":
        os.kill(followed.agent.worker_pid(), signal.SIGKILL)
    else:
        followed.agent.restart()
    cloud.wait_online(followed.claim, 60, hellos + 1)
    asked = cloud.wait(lambda: cloud.messages(followed.claim, "ContextsCheckpoint", "down", since), 40, "a checkpoint")
    assert asked[0]["fields"]["version_hash"] == version_hash
    followed.answered()
    assert followed.said(since, "ContextsSnapshot") == []
    followed.wait_equal()


def test_80_22_an_update_is_lost(followed):
    """The hub copies say it was told; the hash at the next connection shows that it was not."""
    cloud, hellos = followed.cloud, followed.link.hellos()
    followed.wait_equal()
    since = cloud.last_message_number()
    followed.charts.set("lost", 1)
    wait_until(lambda: "testcharts.lost" in own_contexts(followed.agent), 15, "the agent lists it", 0.05)
    conn = cloud.hold(followed.claim)
    seen = time.time()
    wait_until(lambda: time.time() > seen + 3 * POLL + STARTED + IN_TIME, 30, "it is published into a dead link")
    cloud.disconnect(conn=conn, abrupt=True)
    cloud.wait_online(followed.claim, 60, hellos + 1)
    cloud.wait(lambda: "testcharts.lost" in cloud.contexts(followed.node_id), 30, "the cloud learns of it")
    assert followed.said(since, "ContextsSnapshot") or followed.told_of("testcharts.lost", since)
    followed.wait_equal()


def test_80_30_garbage_from_the_cloud(followed):
    since = followed.cloud.last_message_number()
    for kind in ("ContextsCheckpoint", "StopStreamingContexts", "StartAlarmStreaming", "SendAlarmCheckpoint",
                 "SendAlarmSnapshot", "SendAlarmConfiguration"):
        for payload in (b"", b"\xff", b"\x0a\xff\xff\xff\xff\x0f", os.urandom(300), b"\x0a\x05abc"):
            followed.cloud.publish_raw(followed.claim, kind, payload)
    followed.answered()
    assert followed.said(since, "ContextsSnapshot") == []
    followed.link.assert_online()


def test_80_90_in_the_end_both_are_equal(followed):
    followed.wait_equal()
    # What the agent holds as its hash is what the cloud computes: an equal checkpoint changes nothing.
    assert followed.node["hash_mismatches"] == 0


def test_80_99_nothing_against_the_protocol(followed):
    assert followed.cloud.violations() == []
