# SPDX-License-Identifier: GPL-3.0-or-later
"""Answering: aclk/query/README.md, "Questions of the cloud", with what a stock agent really says."""
import json
import os
import random
import signal
import time

import pytest

from testenv import answers, process, stays, wait_until

CRLF2 = b"\r\n\r\n"


def big(rows=20000):
    """About 1.2 MB: nine dimensions of a window that no longer changes."""
    before = int(time.time()) - 4
    return f"/api/v1/data?chart=system.cpu&after={before - rows}&before={before}&points={rows}&format=json"


def header(**more):
    h = {"version": 2, "type": "http", "msg-id": f"m{random.getrandbits(64):x}",
         "callback-topic": f"/svc/agent-data-ctrl/{random.getrandbits(64):x}/resp"}
    h.update(more)
    return {k: v for k, v in h.items() if v is not None}


def cmd(head, http=b"GET /api/v1/info HTTP/1.1" + CRLF2):
    return (head if isinstance(head, bytes) else json.dumps(head).encode()) + CRLF2 + http


def unanswered(online, payloads):
    """None of these may be answered, and the link must not notice."""
    hellos, before = online.hellos(), len(online.cloud.violations())
    for p in payloads:
        online.cloud.raw_cmd(online.claim, p)
    online.assert_online()  # its reply comes after theirs would have come
    assert online.hellos() == hellos, "the link was dropped"
    assert online.cloud.violations()[before:] == []


def asked(agent):
    """Lines of access.log that the agent wrote. (Ours about the cloud's queries are there too, with the word ACLK.)"""
    return [x for x in agent.access_log.splitlines() if "ACLK" not in x]


@pytest.fixture(scope="module", autouse=True)
def alarms_linked(online):
    wait_until(lambda: online.agent.api("/api/v1/alarms?all").json()["alarms"], 30, "alarms are linked", 0.2)


class TestAnswers:
    @pytest.mark.core
    @pytest.mark.parametrize("target", [
        "/api/v1/info", "/api/v1/charts", "/api/v1/chart?chart=system.cpu", "/api/v1/contexts",
        "/api/v1/contexts?options=full", "/api/v1/context?context=system.cpu", "/api/v1/alarms?all",
        "/api/v1/alarms?active", "/api/v1/alarm_log", "/api/v1/alarms_values?all", "/api/v1/allmetrics?format=json",
        "/api/v1/alarm_count", "/api/v1/data?chart=system.cpu&after=-60&before=-5&points=10",
    ])
    def test_30_01_same_as_asked_directly(self, online, target):
        if "before=-5" in target:
            now = int(time.time())
            target = target.replace("after=-60", f"after={now - 60}").replace("before=-5", f"before={now - 5}")
        first, through, last = online.agent.api(target), online.query(target), online.agent.api(target)
        assert through.http_status == last.status == 200
        assert answers.wrong(target, through.body, first.body, last.body) is None
        assert through.headers["content-type"] == last.headers["content-type"]
        assert through.headers["connection"] == "close" and through.headers["server"].startswith("Netdata Embedded")
        h = through.header
        assert (h["type"], h["version"], h["http-code"]) == ("http", 2, 200)
        assert h["t-exec"] > 0 and abs(h["t-rx"] / 1e6 - time.time()) < 60

    def test_30_02_error_of_the_agent_is_an_answer(self, online):
        r = online.query("/api/v1/chart?chart=no.such")
        assert r.http_status == online.agent.api("/api/v1/chart?chart=no.such").status == 404
        r = online.query("/api/v1/data")
        assert r.http_status == online.agent.api("/api/v1/data").status == 400

    def test_30_03_empty_answer_of_the_agent(self, online):
        """The agent's reply without a body is not even good HTTP (plugin-api/external/API.md, "Empty bodies")."""
        for gzip in (False, True):
            r = online.query("/api/v1/context?context=no.such", accept_gzip=gzip)
            assert r.body == b"" or r.http_status != 200
            assert r.headers["content-length"] == "0" or r.body
        online.assert_online()

    @pytest.mark.core
    def test_30_04_gzip_passes_through(self, online):
        plain = online.query("/api/v1/charts")
        packed = online.query("/api/v1/charts", accept_gzip=True)
        assert "content-encoding" not in plain.headers
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.headers["content-type"] == plain.headers["content-type"]
        assert int(packed.headers["content-length"]) < len(packed.body) / 3
        assert not answers.difference("/api/v1/charts", plain.body, packed.body)
        deflate = online.query("/api/v1/info", headers={"Accept-Encoding": "deflate"})
        assert "content-encoding" not in deflate.headers and deflate.json()

    @pytest.mark.core
    @pytest.mark.parametrize("gzip", [False, True])
    def test_30_05_a_megabyte(self, online, gzip):
        target = big()
        direct = online.agent.api(target).body
        assert len(direct) > 1_000_000
        r = online.query(target, accept_gzip=gzip)
        assert r.http_status == 200 and r.body == direct
        online.assert_online()

    def test_30_06_no_query_makes_the_agent_big(self, online):
        """What would take the agent to hundreds of megabytes is cut to a bounded number of rows."""
        before = process.rss_kb(online.agent.pid)
        r = online.query("/api/v1/data?context=system.*&after=-86400&points=86400", wait=60)
        assert r.http_status == 200 and len(r.body) < 32 << 20
        assert process.rss_kb(online.agent.pid) < before + 150_000

    def test_30_07_long_query_strings_are_refused_not_dropped(self, online):
        """1.37 drops more than 8 KiB silently and then answers something else (plugin-api/external/README.md, "What
        decides the design")."""
        r = online.query("/api/v1/data?chart=system.cpu&points=2&dimensions=" + "x" * 9000)
        assert r.http_status in (400, 414)

    @pytest.mark.core
    def test_30_08_post(self, online):
        """This agent knows no POST, and says so; what matters is that body and head arrived as one request."""
        body = b'{"a": "\r\n\r\n"}'
        r = online.query("/api/v1/info", "POST", body=body, headers={"Content-Type": "application/json"})
        assert r.http_status in (200, 400, 405, 501) and r.header["msg-id"] == r.msg_id
        online.assert_online()
        for length in (None, str(len(body) + 5)):
            r = online.query("/api/v1/info", "POST", body=body, headers={"Content-Length": length})
            assert r.http_status == 400 and r.headers == {}

    def test_30_09_methods_that_change_things(self, online):
        for method in ("PUT", "DELETE"):
            assert online.query("/api/v1/info", method, body=b"x").http_status in (400, 405)

    def test_30_10_transaction_id_comes_back(self, online):
        r = online.query("/api/v1/info", headers={"X-Transaction-ID": "0123456789abcdef0123456789abcdef"})
        assert r.headers["x-transaction-id"] == "0123456789abcdef0123456789abcdef"
        assert len(online.query("/api/v1/info").headers["x-transaction-id"]) == 32

    def test_30_11_three_times_the_same_id_three_replies(self, online):
        h = header()
        for _ in range(3):
            online.cloud.raw_cmd(online.claim, cmd(h))
        sent = [m for m in online.cloud.messages(online.claim, "(raw)")][-1]
        assert sent
        topic = h["callback-topic"]
        conn = online.connection()["id"]
        replies = lambda: [p for p in online.cloud.packets(conn, "PUBLISH", direction="up")
                           if p["fields"].get("resolved_topic", p["fields"]["topic"]) == topic]
        online.cloud.wait(lambda: len(replies()) == 3, 10, "three replies")
        online.assert_online()
        assert len(replies()) == 3

    def test_30_12_many_at_once(self, online):
        targets = ["/api/v1/info", "/api/v1/charts", "/api/v1/alarms?all", "/api/v1/data?chart=system.cpu&points=10"]
        r = online.cloud.load(online.claim, targets, 200, 16)
        assert r["codes"] == {"200": 200}

    def test_30_13_memory_of_a_burst_goes_back(self, online):
        """Between two answers the plugin keeps some; when a burst is over it does not (process/heap.h)."""
        size = lambda: process.rss_kb(online.agent.worker_pid())
        burst = lambda: online.cloud.load(online.claim, [big()], 60, 16)
        online.query(big())
        before = size()
        for _ in range(3):
            assert burst()["codes"] == {"200": 60}
        wait_until(lambda: size() < before + 3000, 20, f"the size is what it was, {before} KB")


class TestPaths:
    def test_30_20_node_and_host(self, online):
        guid, node, name = online.agent.guid, online.node, online.agent.name
        for prefix in (f"/node/{node}", f"/node/{node.upper()}", f"/node/{guid}", f"/node/{name}", f"/host/{guid}",
                       f"/host/{node}", f"/host/{name}", f"/host/{name}/node/{node}"):
            r = online.query(f"{prefix}/api/v1/info")
            assert (r.http_status, r.json()["uid"]) == (200, guid), prefix

    def test_30_21_unknown_node(self, online):
        for who in ("nobody", "11111111-2222-3333-4444-555555555555", "not-a-uuid-but-36-characters-long-xx"):
            r = online.query(f"/node/{who}/api/v1/info")
            assert r.http_status == 404
            assert r.body.decode() == f"This netdata does not maintain a database for host: {who}"

    def test_30_22_no_path_behind_the_node(self, online):
        r = online.query(f"/node/{online.node}")
        assert r.http_status == 301 and r.headers["location"].endswith("/")

    @pytest.mark.parametrize("target", ["/", "/netdata.conf", "/v1/info", "/index.html", "/api", "/api/v9/info",
                                        "/apiv1/info", "//api/v1/info", "/mcp", "/sse"])
    def test_30_23_other_paths_do_not_exist(self, online, target):
        assert online.query(target).http_status in (400, 403, 404)
        assert not [x for x in asked(online.agent) if f"'{target}'" in x]

    @pytest.mark.core
    @pytest.mark.parametrize("target", [
        "/api/v1/manage/health?cmd=SILENCE%20ALL", "/api/v1/registry?action=hello", "/api/v1/function?function=processes",
        "/api/v2/claim?key=x", "/api/v3/claim", "/api/v3/settings?file=default", "/api/v1/config", "/api/v3/config",
        "/api/v2/bearer_protection", "/api/v2/bearer_get_token", "/api/v2/rtc_offer", "/api/v1/nosuch",
        "/api/v1/%6danage/health?cmd=LIST", "/api/v1/registry/?action=access",
    ])
    def test_30_24_forbidden_never_reaches_the_agent(self, online, target):
        for prefix in ("", f"/node/{online.node}", f"/host/{online.agent.guid}"):
            before = len(asked(online.agent))
            r = online.query(prefix + target)
            assert r.http_status in (403, 404, 400)
            if "%" not in target and not target.endswith("access"):
                assert r.http_status == 403
            online.query("/api/v1/alarm_count?marker")  # what was asked before it is in the log by now
            seen = lambda: "\n".join(asked(online.agent)[before:])
            wait_until(lambda: "marker" in seen(), 5, "the next query is in access.log")
            word = target.partition("?")[0].rstrip("/").split("/")[3].replace("%6d", "m")
            assert word not in seen()

    def test_30_25_credentials_of_the_cloud_do_not_reach_the_agent(self, online):
        r = online.query("/api/v1/info", headers={"X-Auth-Token": "x", "Authorization": "Bearer x", "Cookie": "a=b",
                                                  "X-Netdata-Auth": "Bearer x"})
        assert r.http_status == 200


class TestTime:
    """The agent works on few queries at a time (at most four a web thread); the others wait in the module."""
    AT_ONCE = 4 * 6

    @pytest.fixture
    def busy(self, online):
        """An agent that is frozen in the middle of as many queries as it gets at once; thaw() lets it go on."""
        class Busy:
            queries = []

            def thaw(self):
                os.kill(online.agent.pid, signal.SIGCONT)
                return [online.cloud.collect(q, 60).http_status for q in self.queries]

        os.kill(online.agent.pid, signal.SIGSTOP)
        Busy.queries = [online.cloud.query_async(online.claim, "/api/v1/info") for _ in range(self.AT_ONCE)]
        yield Busy()
        os.kill(online.agent.pid, signal.SIGCONT)

    @pytest.mark.core
    def test_30_30_waiting_query_is_cancelled(self, online, busy):
        q = online.cloud.query_async(online.claim, "/api/v1/charts?cancelled", msg_id="cancel-me")
        online.cloud.cancel(online.claim, "cancel-me")
        assert online.cloud.collect(q, 10).http_status == 499
        assert busy.thaw() == [200] * self.AT_ONCE
        online.assert_online()
        assert not [x for x in asked(online.agent) if "charts?cancelled" in x], "it ran all the same"

    def test_30_31_cancel_of_nothing(self, online):
        online.cloud.cancel(online.claim, "never-heard-of")
        wait_until(lambda: "CancelPending Request for never-heard-of failed" in online.agent.error_log, 5, "the log line")
        online.assert_online()

    @pytest.mark.core
    def test_30_32_expired_query_is_not_run(self, online, busy):
        q = online.cloud.query_async(online.claim, "/api/v1/charts?expired", timeout_ms=300)
        r = online.cloud.collect(q, 10)
        assert (r.http_status, r.error_code) == (503, 6)
        assert r.header["error-description"] == "Timeout sending binpacked message"
        assert busy.thaw() == [200] * self.AT_ONCE
        online.assert_online()
        assert not [x for x in asked(online.agent) if "charts?expired" in x]

    def test_30_35_running_query_is_cancelled(self, online, busy):
        online.cloud.query_async(online.claim, "/api/v1/info", msg_id="running")  # one more that waits
        running = online.cloud.collect(busy.queries[0], 0.1)
        assert running is None
        msg_id = [m for m in online.cloud.messages(online.claim, "cmd", "down")][-self.AT_ONCE - 1]["msg_id"]
        online.cloud.cancel(online.claim, msg_id)
        assert online.cloud.collect(busy.queries[0], 10).http_status == 499
        busy.queries.pop(0)
        assert busy.thaw() == [200] * (self.AT_ONCE - 1)

    def test_30_33_a_frozen_agent_costs_a_timeout_not_the_link(self, online):
        """The agent stops answering; a query with a deadline gets its error reply, the link stays up."""
        hellos = online.hellos()
        os.kill(online.agent.pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            r = online.query("/api/v1/info", timeout_ms=1500, wait=15)
            assert r.http_status in (503, 504, 408, 499) and time.monotonic() - began < 8
        finally:
            os.kill(online.agent.pid, signal.SIGCONT)
        wait_until(lambda: online.query("/api/v1/info", wait=15).http_status == 200, 20, "answers again")
        assert online.hellos() == hellos

    def test_30_34_agent_restart_between_two_queries(self, online):
        hellos = online.hellos()
        online.assert_online()
        online.agent.restart()
        online.cloud.wait_online(online.claim, 30, hellos + 1)
        online.assert_online()


class TestHostile:
    @pytest.mark.core
    @pytest.mark.parametrize("what, payload", [
        ("empty", b""),
        ("not json", b"hello" + CRLF2 + b"GET / HTTP/1.1" + CRLF2),
        ("broken json", b'{"type":"http"' + CRLF2),
        ("array", b"[]" + CRLF2 + b"GET /api/v1/info HTTP/1.1" + CRLF2),
        ("no type", cmd(header(type=None))),
        ("other type", cmd(header(type="mqtt"))),
        ("type is a number", cmd(header(type=5))),
        ("no version", cmd(header(version=None))),
        ("version 1", cmd(header(version=1))),
        ("version is text", cmd(header(version="two"))),
        ("no separator", json.dumps(header()).encode()),
        ("other method", cmd(header(), b"HACK /api/v1/info HTTP/1.1" + CRLF2)),
        ("no HTTP/1.1", cmd(header(), b"GET /api/v1/info" + CRLF2)),
        ("no callback", cmd(header(**{"callback-topic": None}))),
        ("callback without slash", cmd(header(**{"callback-topic": "svc/x"}))),
        ("callback is a wildcard", cmd(header(**{"callback-topic": "/svc/#"}))),
        ("callback is the agent's own inbox", cmd(header(**{"callback-topic": "/agent/x/inbound/cmd"}))),
        ("no msg-id", cmd(header(**{"msg-id": None}))),
        ("msg-id is a list", cmd(header(**{"msg-id": [1]}))),
        ("deep json", b'{"a":' * 900 + b"1" + b"}" * 900 + CRLF2 + b"GET / HTTP/1.1" + CRLF2),
        ("NUL", b"\0" * 100),
        ("not UTF-8", b'{"type":"\xff\xfe"}' + CRLF2),
    ], ids=lambda x: x.replace(" ", "-") if isinstance(x, str) else "")
    def test_30_40_malformed_is_never_answered(self, online, what, payload):
        unanswered(online, [payload])

    def test_30_41_bad_http_is_answered_with_400(self, online):
        for http in (b"GET /api/v1/info HTTP/1.1\r\nX: y", b"POST /api/v1/info HTTP/1.1\r\n\r\nbody"):
            h = header()
            conn, since = online.connection()["id"], online.cloud.last_message_number()
            online.cloud.raw_cmd(online.claim, cmd(h, http))
            found = lambda: [p for p in online.cloud.packets(conn, "PUBLISH", direction="up")
                             if p["fields"].get("resolved_topic", p["fields"]["topic"]) == h["callback-topic"]]
            reply = online.cloud.wait(lambda: found(), 10, f"an answer to {http!r}")
            assert since and len(reply) == 1
        online.assert_online()

    @pytest.mark.core
    def test_30_42_garbage_on_every_topic(self, online):
        """Random bytes, cut messages, huge lengths, unknown types: counted, logged, dropped."""
        rng = random.Random(30)
        hellos = online.hellos()
        types = ["SendNodeInstances", "CreateNodeInstanceResult", "ContextsCheckpoint", "StopStreamingContexts",
                 "StartAlarmStreaming", "SendAlarmCheckpoint", "SendAlarmSnapshot", "SendAlarmConfiguration",
                 "CancelPendingRequest", "StreamChartsAndDimensions", "ChartsAndDimensionsAck", "UpdateChartConfigs",
                 "AgentCommand", "NoSuchType", "x" * 200, "cmd"]
        bodies = [b"", b"\x0a", b"\x0a\xff\xff\xff\xff\x0f", b"\xff" * 64, bytes(1000),
                  *(rng.randbytes(rng.randrange(1, 400)) for _ in range(6))]
        for t in types:
            for body in bodies:
                online.cloud.publish_raw(online.claim, f"v1/cmd/{t}", body)
        for body in (b"\x0a\xff", b"\xff" * 9):  # would be a ban or a disconnect if somebody guessed
            online.cloud.publish_raw(online.claim, "v1/cmd/DisconnectReq", body)
        for body in bodies:
            online.cloud.publish_raw(online.claim, "cmd", body)
        online.assert_online()
        assert online.hellos() == hellos, "the link was dropped"

    def test_30_43_valid_messages_about_other_peoples_things(self, online):
        hellos, since = online.hellos(), online.cloud.last_message_number()
        nobody = "11111111-2222-3333-4444-555555555555"
        online.cloud.send(online.claim, "CreateNodeInstanceResult", {"node_id": nobody, "machine_guid": nobody})
        online.cloud.send(online.claim, "CreateNodeInstanceResult", {"node_id": "x", "machine_guid": online.agent.guid})
        online.cloud.send(online.claim, "ContextsCheckpoint", {"claim_id": nobody, "node_id": nobody, "version_hash": 1})
        online.cloud.send(online.claim, "StartAlarmStreaming", {"node_id": nobody, "version": 1})
        online.cloud.send(online.claim, "SendAlarmConfiguration", {"config_hash": "not a uuid"})
        online.assert_online()
        assert online.hellos() == hellos
        stays(lambda: not [m for m in online.cloud.messages(online.claim, direction="up", since=since)
                           if nobody in json.dumps(m["fields"] or {})], 2, "nothing is said about nodes we do not have")

    def test_30_44_a_five_megabyte_question(self, online):
        """Far above any real one; it must not be run, and must not drop the link."""
        hellos = online.hellos()
        online.cloud.raw_cmd(online.claim, cmd(header(), b"POST /api/v1/info HTTP/1.1\r\nContent-Length: 5000000\r\n\r\n"
                                               + b"x" * 5_000_000))
        online.assert_online()
        assert online.hellos() == hellos


def test_30_99_nothing_against_the_protocol(online):
    bad = [v for v in online.cloud.violations() if v["kind"] != "reply" or "nobody asked" not in v["text"]]
    assert bad == []
