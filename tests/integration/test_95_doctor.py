# SPDX-License-Identifier: GPL-3.0-or-later
"""netdata-aclk doctor: names the right cause for every fault that it can see, changes nothing, disturbs nobody."""
import json
import subprocess
import time
from email.utils import formatdate

import pytest

from conftest import bring_online
from testenv import Plugin, SyntheticHome, TinyProxy, take_port, wait_until
from testenv.claiming import claim
from testenv.doctor import visit
from testenv.process import clean_env


@pytest.fixture
def home(build, cloud, fresh):
    """A claimed host, with nothing that runs."""
    h = SyntheticHome(fresh.base / "host")
    claim(build, h, cloud)
    yield h
    cloud.configure(reset=True)


def set_conf(home, key, value):
    conf = home.cloud_dir / "cloud.conf"
    lines = [x for x in conf.read_text().splitlines() if not x.strip().lstrip("# ").startswith(f"{key} =")]
    at = lines.index("[global]")
    conf.write_text("\n".join([*lines[:at + 1], f"    {key} = {value}", *lines[at + 1:]]) + "\n")


@pytest.mark.core
def test_95_01_nothing_is_wrong(build, cloud, home):
    v = visit(build, home)
    assert v.wrong() == [], v.all
    for check in ("settings", "identity", "disk", "dns", "tcp", "tls", "env", "challenge", "password", "clock", "broker",
                  "broker-tls", "websocket", "mqtt", "subscribe"):
        assert v.verdict(check) == "good", (check, v.all)
    assert v.verdict("plugin") == "warning", "nobody runs"
    # A visitor, not the node: it leaves no will, so that nothing is ever said in the node's name.
    assert [x["kind"] for x in cloud.violations()] == ["connect", "will"]
    assert not [m for m in cloud.messages(direction="up")], "and says nothing"


def test_95_02_as_text(build, home):
    p = subprocess.run([build.cli, "doctor", "--cloud-dir", home.cloud_dir], text=True, capture_output=True, timeout=60,
                       env=clean_env(NETDATA_LIB_DIR=home.lib, NETDATA_USER_CONFIG_DIR=home.etc))
    assert p.returncode == 2 and " ✗  agent" in p.stdout, p.stdout
    assert " ✓  mqtt" in p.stdout and "\n1 wrong, 1 to look at.\n" in p.stdout


# configure(...), the check that must be bad, words of the finding
CLOUD = {
    "env-503": ({"env_status": 503}, "env", "503"),
    "env-portal": ({"env_body": "<html>login first</html>"}, "env", "<html>login first"),
    "env-reset": ({"env_close": True}, "env", ""),
    "env-no-transport": ({"env_patch": {"transports": []}}, "env", "transport"),
    "challenge-404": ({"challenge_status": 404}, "challenge", "404"),
    "challenge-not-for-us": ({"challenge_body": {"challenge": "AAAA"}}, "challenge", "challenge"),
    "password-403": ({"password_status": 403}, "password", "403"),
    "password-no-json": ({"password_body": "no"}, "password", ""),
    "broker-unknown": ({"env_patch": {"transports": [{"endpoint": "wss://broker.invalid:443/mqtt", "type": "MQTTv5"}]}},
                       "broker-dns", "broker.invalid"),
    "upgrade-502": ({"upgrade_status": 502}, "websocket", "502"),
    "connack-not-authorized": ({"connack_reason": 0x87}, "mqtt", "0x87"),
}


@pytest.mark.parametrize("fault", CLOUD)
def test_95_10_fault_of_the_cloud(build, cloud, home, fault):
    switches, check, words = CLOUD[fault]
    cloud.configure(**switches)
    v = visit(build, home)
    assert v.exit == 2
    assert v.wrong()[0] == check, v.all
    assert words in v.words(check), v.words(check)
    assert check == "mqtt" or v.verdict("mqtt") in (None, "skipped")


@pytest.mark.parametrize("certificate, words", [("expired", "expired"), ("not-yet", "not yet valid"),
                                                ("wrong-host", "localhost"), ("other-ca", "trusted.pem")])
def test_95_11_certificate(build, fresh, certificate, words):
    c = fresh.cloud("bad")
    h = SyntheticHome(fresh.base / "host")
    claim(build, h, c)
    other = fresh.cloud("other", certificate=certificate)
    set_conf(h, "url", other.url)
    if certificate != "other-ca":
        (h.cloud_dir / "trusted.pem").write_bytes(open(other.ca, "rb").read())
    v = visit(build, h)
    assert v.wrong() == ["tls"], v.all
    assert words in v.words("tls").lower(), v.words("tls")
    assert v.verdict("tcp") == "good" and v.verdict("env") == "skipped" and v.verdict("mqtt") == "skipped"


def test_95_12_names_and_ports(build, home):
    set_conf(home, "url", "https://cloud.invalid")
    v = visit(build, home)
    assert v.wrong()[0] == "dns" and "cloud.invalid" in v.words("dns"), v.all
    set_conf(home, "url", f"https://localhost:{take_port()}")
    v = visit(build, home)
    assert v.wrong()[0] == "tcp" and "refused" in v.words("tcp") and v.verdict("dns") == "good", v.all
    set_conf(home, "url", "not a url")
    assert visit(build, home).wrong() == ["settings"]


def test_95_13_proxies(build, cloud, home, fresh):
    set_conf(home, "proxy", f"http://127.0.0.1:{take_port()}")
    v = visit(build, home)
    assert v.wrong()[0] == "proxy-tcp" and "refused" in v.words("proxy-tcp"), v.all
    proxy = fresh.add("tinyproxy", TinyProxy(fresh.base / "proxy", "walter", "secret9").start(), lambda: "")
    set_conf(home, "proxy", f"http://walter:wr0ng@127.0.0.1:{proxy.port}")
    v = visit(build, home)
    assert v.wrong() == ["proxy"] and ("401" in v.words("proxy") or "407" in v.words("proxy")), v.all
    assert "wr0ng" not in json.dumps(v.all)
    set_conf(home, "proxy", proxy.url)
    v = visit(build, home)
    assert v.wrong() == [] and v.verdict("proxy") == v.verdict("mqtt") == "good", v.all
    assert "secret9" not in json.dumps(v.all)


def test_95_14_clock(build, cloud, home):
    cloud.configure(env_headers={"Date": formatdate(time.time() - 3600, usegmt=True)},
                    challenge_headers={"Date": formatdate(time.time() - 3600, usegmt=True)},
                    password_headers={"Date": formatdate(time.time() - 3600, usegmt=True)})
    v = visit(build, home)
    assert v.verdict("clock") == "warning" and "ahead" in v.words("clock") and "NTP" in v.words("clock"), v.all
    assert v.wrong() == []


# -- this machine -------------------------------------------------------------------------------------------------

def test_95_20_identity(build, cloud, home, fresh):
    (home.cloud_dir / "private.pem").chmod(0o644)
    v = visit(build, home)
    assert v.verdict("files") == "warning" and "chmod 0600" in v.words("files")
    (home.cloud_dir / "private.pem").chmod(0o600)
    set_conf(home, "machine_guid", "11111111-2222-4333-8444-555555555555")
    asked = len(cloud.https_requests())
    v = visit(build, home)
    assert v.wrong() == ["identity"] and "--reclaim" in v.words("identity"), v.all
    assert v.verdict("cloud") == "skipped" and len(cloud.https_requests()) == asked
    set_conf(home, "enabled", "no")
    v = visit(build, home)
    assert v.wrong() == ["identity"] and "enabled" in v.words("identity")
    v = visit(build, SyntheticHome(fresh.base / "new"))
    assert v.wrong() == ["identity"] and "netdata-aclk claim" in v.words("identity")


def test_95_21_insecure(build, home):
    set_conf(home, "insecure", "yes")
    v = visit(build, home)
    assert any("insecure" in f["text"] and f["verdict"] == "warning" for f in v.all["findings"]), v.all
    assert "NOT verified" in v.words("tls")


# -- beside a running link ----------------------------------------------------------------------------------------

def test_95_30_a_link_that_is_online_is_not_disturbed(build, cloud, fresh):
    link = bring_online(build, cloud, fresh.agent("seen"))
    hellos, passwords = link.hellos(), len(cloud.https_requests("password"))
    v = visit(build, link.agent)
    assert v.exit == 0 and v.verdict("agent") == v.verdict("plugin") == v.verdict("challenge") == "good", v.all
    assert v.verdict("password") == v.verdict("mqtt") == "skipped"
    assert "netdata v1." in v.words("agent")
    assert link.hellos() == hellos and len(cloud.https_requests("password")) == passwords
    assert cloud.agent(link.claim)["reachable"]


def test_95_31_a_link_that_cannot_connect(build, cloud, fresh):
    """It runs: CONNECT would take its place, so it is not tried; its own reason is shown."""
    agent = fresh.agent("lost", plugin=False)
    claim(build, agent, cloud)
    cloud.configure(connack_reason=0x88)
    try:
        p = fresh.add("plugin", q := Plugin(build.plugin, fresh.base / "p", agent=agent).start(), lambda: q.stderr)
        wait_until(lambda: "0x88" in visit(build, agent).words("plugin"), 30, "the reason of its last attempt", 1)
        v = visit(build, agent)
        assert v.wrong() == [] and v.verdict("plugin") == "warning", v.all
        assert v.verdict("websocket") == "good" and v.verdict("mqtt") == "skipped"
        p.stop()
    finally:
        cloud.configure(reset=True)
