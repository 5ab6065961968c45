# SPDX-License-Identifier: GPL-3.0-or-later
"""Clouds whose HTTPS answers are unusual, half broken or hostile: aclk/session/README.md, its sentences that begin with
"Here".

With the synthetic host: nothing here is about the agent.
"""
import pytest

from reconnecting_link import again, link, refused, settled  # noqa: F401  (fixtures)

BIG = "x" * (1 << 20)


class TestEnv:
    def test_11_01_unknown_transport_is_skipped(self, settled):
        """The reference crashes on it."""
        port = settled.cloud.port
        settled.cloud.configure(env_patch={"transports": [
            {"type": "QUIC", "endpoint": "quic://localhost:1"}, {"type": "", "endpoint": ""},
            {"type": "MQTTv3", "endpoint": "wss://localhost:1"},
            {"type": "MQTTv5", "endpoint": f"wss://localhost:{port}/mqtt"}]})
        again(settled)

    @pytest.mark.parametrize("patch", [
        {"transports": []}, {"transports": [{"type": "MQTTv3", "endpoint": "wss://localhost:1/mqtt"}]},
        {"encoding": "json"}, {"encoding": None}, {"capabilities": []}, {"capabilities": ["json"]},
        {"authEndpoint": None}, {"authEndpoint": "https://"}, {"backoff": None}, {"backoff": {"base": 0}},
        {"backoff": {"base": "2"}}, {"transports": [{"type": "MQTTv5", "endpoint": "wss://:1/mqtt"}]},
    ], ids=str)
    def test_11_02_unusable_env_is_found_before_a_challenge_is_spent(self, settled, patch):
        challenges = len(settled.cloud.https_requests("challenge"))
        settled.cloud.configure(env_patch=patch, env_times=1)
        cloud, hellos = settled.cloud, settled.hellos()
        n = len(cloud.https_requests("env"))
        cloud.disconnect(settled.claim, abrupt=True)
        cloud.wait_online(settled.claim, 40, hellos + 1)
        envs = cloud.https_requests("env")[n:]
        assert len(envs) == 2, "one failure, then the backoff's next attempt"
        assert len(cloud.https_requests("challenge")) == challenges + 1
        assert 0.9 < envs[1]["time"] - envs[0]["time"] < 2.7, "first failure: 1 to 2 s"

    @pytest.mark.parametrize("change", [
        {"env_body": "not json"}, {"env_body": ""}, {"env_body": "[]"}, {"env_status": 500}, {"env_status": 302},
        {"env_raw": b"\x00\xff\x00garbage\r\n\r\n"}, {"env_raw": b""}, {"env_close": True},
        {"env_raw": b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"},
        {"challenge_body": {"challenge": "AAAA"}}, {"challenge_body": {}}, {"challenge_patch": {"challenge": 5}},
        {"challenge_status": 403}, {"password_status": 200}, {"password_body": {}}, {"password_patch": {"topics": {}}},
        {"password_patch": {"clientID": None}}, {"password_patch": {"password": 7}},
    ], ids=lambda c: str(c)[1:-1])
    def test_11_03_broken_answers_fail_the_attempt_only(self, settled, change):
        stage = next(iter(change)).partition("_")[0]
        settled.cloud.configure(**change)
        refused(settled, stage)

    def test_11_04_answers_of_a_megabyte(self, settled):
        settled.cloud.configure(env_patch={"more": BIG}, password_patch={"more": BIG}, challenge_patch={"more": BIG})
        again(settled)

    @pytest.mark.parametrize("stage", ["env", "challenge", "password"])
    def test_11_05_chunked(self, settled, stage):
        settled.cloud.configure(**{f"{stage}_chunked": True})
        again(settled)

    def test_11_06_backoff_maximum_below_500(self, settled):
        settled.cloud.configure(env_patch={"backoff": {"base": 2, "maxSeconds": 300, "minSeconds": 0}})
        again(settled)

    def test_11_07_trailing_slash_of_the_auth_endpoint(self, settled):
        settled.cloud.configure(env_patch={"authEndpoint": f"https://localhost:{settled.cloud.port}/api/v1/auth/"})
        again(settled)
        target = settled.cloud.https_requests("password")[-1]["target"]
        assert target.startswith("/api/v1/auth/node/")

    def test_11_08_path_of_the_transport_endpoint_is_used(self, settled):
        """The reference always asks for /mqtt."""
        settled.cloud.configure(env_patch={"transports": [
            {"type": "MQTTv5", "endpoint": f"wss://localhost:{settled.cloud.port}/some/where"}]})
        assert again(settled)["upgrade"]["target"] == "/some/where"

    def test_11_09_cloud_orders_a_pause_without_saying_why(self, settled):
        """errorRetryDelaySeconds counts even when the descriptive strings are missing."""
        cloud, hellos = settled.cloud, settled.hellos()
        cloud.configure(password_status=503, password_body={"errorRetryDelaySeconds": 3}, password_times=1)
        n = len(cloud.https_requests("env"))
        cloud.disconnect(settled.claim, abrupt=True)
        cloud.wait_online(settled.claim, 20, hellos + 1)
        first, second = [r["time"] for r in cloud.https_requests("env")[n:]][:2]
        assert 2.8 < second - first < 4.5


class TestTopics:
    def test_11_20_topics_that_are_not_used_may_be_missing(self, settled):
        unused = ("alarm-checkpoint", "chart", "alarms", "meta", "chart-and-dims-updated", "chart-configs-updated",
                  "reset-charts", "chart-retention-updated")
        settled.cloud.configure(topics=dict.fromkeys(unused))
        again(settled)

    @pytest.mark.parametrize("name", ["inbox-cmd", "inbox-cmd-v1", "agent-connection", "node-instance-info"])
    def test_11_21_topics_that_are_used_may_not(self, settled, name):
        settled.cloud.configure(topics={name: None})
        refused(settled)

    def test_11_22_unknown_topics_are_ignored(self, settled):
        settled.cloud.configure(topics={"brand-new": "/agent/#{claim_id}/outbound/new", "other": ""})
        again(settled)

    def test_11_23_topic_without_the_tag_is_used_as_it_is(self, settled):
        fixed = f"/agent/{settled.claim}/outbound/v1/agent-connection"
        settled.cloud.configure(topics={"agent-connection": fixed})
        assert again(settled)["connect"]["will"]["topic"] == fixed


def test_11_99_nothing_against_the_protocol(link):
    """But for what the tests provoke: injected packets, and topics that the cloud has changed its mind about."""
    bad = [v for v in link.cloud.violations() if v["kind"] not in ("mqtt", "ws", "topic")]
    assert bad == []
