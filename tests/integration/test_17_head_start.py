# SPDX-License-Identifier: GPL-3.0-or-later
"""What a link does before its turn, and remembers of the connection before: aclk/session/README.md, "Fewer round
trips"."""
from reconnecting_link import again, link, settled  # noqa: F401  (fixtures)


class Upgrades:
    """Those that came since."""

    def __init__(self, cloud):
        self.cloud, self.before = cloud, len(cloud.https_requests("upgrade"))

    def wait(self, count):
        return self.cloud.wait(lambda: len(new := self.seen()) >= count and new, 20, f"{count} upgrades")

    def seen(self):
        return self.cloud.https_requests("upgrade")[self.before:]


def paused_password(link, **how):
    """The link has fallen and waits for its password; the upgrades since."""
    upgrades = Upgrades(link.cloud)
    link.cloud.configure(password_pause=True)
    link.cloud.disconnect(link.claim, **(how or {"abrupt": True}))
    return upgrades


def test_17_01_websocket_is_open_before_the_password_comes(settled):
    hellos, upgrades = settled.hellos(), paused_password(settled)
    upgrades.wait(1)
    settled.cloud.configure(password_pause=None)
    settled.cloud.wait_online(settled.claim, 20, hellos + 1)
    assert len(upgrades.seen()) == 1
    assert settled.cloud.violations() == []


def test_17_02_first_attempt_of_a_process_dials_when_env_has_answered(settled):
    cloud = settled.cloud
    settled.agent.stop()
    cloud.wait_offline(settled.claim)
    cloud.configure(env_pause=True, password_pause=True)
    envs, upgrades, hellos = len(cloud.https_requests("env")), Upgrades(cloud), settled.hellos()
    settled.agent.start()
    cloud.wait(lambda: len(cloud.https_requests("env")) > envs, 20, "env is asked for")
    assert upgrades.seen() == []
    cloud.configure(env_pause=None)
    upgrades.wait(1)
    cloud.configure(password_pause=None)
    cloud.wait_online(settled.claim, 20, hellos + 1)
    assert len(upgrades.seen()) == 1


def test_17_03_tls_sessions_are_taken_up_again(settled):
    again(settled)
    seen = len(settled.cloud.https_requests())
    again(settled)
    tls = [r["tls"] for r in settled.cloud.https_requests()[seen:] if r["stage"] != "other"]
    assert len({t["connection"] for t in tls}) == 2, "one for the login, one for the broker"
    assert [t["resumed"] for t in tls] == [True] * 4


def test_17_04_broker_that_does_not_wait_is_dialed_again(settled):
    hellos, upgrades = settled.hellos(), paused_password(settled)
    upgrades.wait(1)
    envs = len(settled.cloud.https_requests("env"))
    early = settled.cloud.connections()[-1]
    assert early["connect"] is None
    settled.cloud.disconnect(conn=early["id"], ws_code=1001)
    settled.cloud.wait(lambda: settled.cloud.connections()[early["id"] - 1]["closed"], 20, "it is closed")
    settled.cloud.configure(password_pause=None)
    settled.cloud.wait_online(settled.claim, 20, hellos + 1)
    assert len(upgrades.seen()) == 2
    assert len(settled.cloud.https_requests("env")) == envs, "the same attempt"


def test_17_05_refused_login_leaves_no_connection_to_the_broker(settled):
    settled.cloud.configure(password_status=403, password_times=1)
    hellos, upgrades = settled.hellos(), paused_password(settled)
    upgrades.wait(1)
    early = settled.cloud.connections()[-1]["id"]
    settled.cloud.configure(password_pause=None)
    settled.cloud.wait(lambda: settled.cloud.connections()[early - 1]["closed"], 20, "the early connection is closed")
    assert settled.cloud.connections()[early - 1]["connect"] is None
    settled.cloud.wait_online(settled.claim, 40, hellos + 1)


def test_17_06_env_that_names_another_broker_counts(settled):
    settled.cloud.configure(env_patch={"transports": [
        {"type": "MQTTv5", "endpoint": f"wss://localhost:{settled.cloud.port}/elsewhere"}]})
    assert again(settled)["upgrade"]["target"] == "/elsewhere"
    settled.cloud.configure(reset=True)
    assert again(settled)["upgrade"]["target"] == "/mqtt"
    assert [c for c in settled.cloud.connections() if not c["closed"]] == [settled.connection()]
