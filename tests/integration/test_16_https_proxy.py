# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS proxies: TLS with the proxy itself, CONNECT inside, and inside that TLS with the cloud, on every leg."""
import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from testenv import Squid, SyntheticHome, wait_until
from testenv.claiming import claim, run_claim
from testenv.process import clean_env, cpu_seconds, sockets
from proxied_host import PASSWORD, QUOTED, attempts, nothing_shows, run, set_proxy, works

REFUSED = "HTTPS_CLIENT_RESP_PROXY_NEGOTIATION_FAILED"
# What is presented instead of a good certificate -> what users are told about it.
BAD = {"expired": "expired on", "wrong-host": "hostname mismatch", "other-ca": "not trusted"}


def squid(fresh, certificate="good", user=None, password=None):
    return fresh.add("squid", Squid(user, password, certificate).start(), lambda: "")


def home_that_trusts(fresh, *authorities, name="host"):
    home = SyntheticHome(fresh.base / name)
    home.cloud_dir.mkdir(parents=True, exist_ok=True)
    (home.cloud_dir / "trusted.pem").write_bytes(b"".join(Path(a).read_bytes() for a in authorities))
    return home


def claim_at(build, home, cloud, *args, env=None):
    return run_claim(build, home, "--token", cloud.token, "--url", cloud.url, *args, env=env)


def claimed(build, home, cloud, *args, env=None):
    p = claim_at(build, home, cloud, *args, env=env)
    assert p.returncode == 0, p.stdout + p.stderr
    return (home.cloud_dir / "claimed_id").read_text().strip()


def failed_attempt(host):
    return wait_until(lambda: [a for a in attempts(host) if a["reason"]], 40, "a failed attempt")[-1]


def online(build, cloud, fresh, proxy, **more):
    """(host, claim id) of a host that is online through this proxy."""
    home = home_that_trusts(fresh, cloud.ca, proxy.ca)
    claim_id = claimed(build, home, cloud, "--proxy", proxy.url)
    host = run(fresh, build, home, **more)
    works(cloud, claim_id)
    return host, claim_id


@pytest.fixture(autouse=True)
def switches(cloud):
    yield
    cloud.configure(reset=True)


# -- it works -----------------------------------------------------------------------------------------------------

@pytest.mark.core
def test_16_01_every_leg(build, cloud, fresh):
    proxy = squid(fresh, user="walter", password=PASSWORD)
    home = home_that_trusts(fresh, cloud.ca, proxy.ca)
    claim_id = claimed(build, home, cloud, "--proxy", f"https://walter:{QUOTED}@127.0.0.1:{proxy.port}")
    wait_until(lambda: len(proxy.connects()) == 1, 10, "the claim's tunnel in its log")
    host = run(fresh, build, home)
    works(cloud, claim_id)
    big = cloud.query(claim_id, "/api/v1/data?chart=system.cpu&bytes=2000000")
    assert big.http_status == 200 and len(big.body) == 2_000_000
    assert f"ACLK Proxy: https://127.0.0.1:{proxy.port} (with credentials" in host.state()
    assert f"via proxy https://127.0.0.1:{proxy.port} (with credentials)" in host.log
    assert f"via proxy https://127.0.0.1:{proxy.port}" in attempts(host)[-1]["reason"]
    nothing_shows(host, PASSWORD, QUOTED, "s%25cret")
    tcp = {(ip, port) for ip, port, _ in sockets(host.pid)}
    assert ("127.0.0.1", proxy.port) in tcp and ("127.0.0.1", cloud.port) not in tcp
    assert host.stop() == 0
    cloud.wait_offline(claim_id)
    wait_until(lambda: len(proxy.connects()) == 3, 10, lambda: f"all tunnels in its log: {proxy.log}")
    assert all("TCP_TUNNEL/200" in x and " walter " in x for x in proxy.connects())


def test_16_02_much_at_once_and_nothing_when_idle(build, cloud, fresh):
    host, claim_id = online(build, cloud, fresh, squid(fresh))
    sizes = [2_000_000, 300, 5_000_000, 70_000, 65_536]
    asked = [cloud.query_async(claim_id, f"/api/v1/data?chart=system.cpu&bytes={n}", timeout_ms=60_000) for n in sizes]
    assert [len(cloud.collect(a, 60).body) for a in asked] == sizes
    time.sleep(1)                                   # not for anything to come, but for nothing to be done
    before = cpu_seconds(host.pid)
    time.sleep(2)
    assert cpu_seconds(host.pid) - before < 0.5, "a loop that turns all the time"


@pytest.mark.parametrize("name", ["https_proxy", "all_proxy"])
def test_16_03_of_the_environment(build, cloud, fresh, name):
    proxy = squid(fresh)
    home = home_that_trusts(fresh, cloud.ca, proxy.ca)
    env = {name: proxy.url}
    claim_id = claimed(build, home, cloud, env=env)
    host = run(fresh, build, home, env=env)
    works(cloud, claim_id)
    assert f"https://127.0.0.1:{proxy.port} (without credentials, from environment variable '{name}')" in host.state()
    assert host.stop() == 0
    wait_until(lambda: len(proxy.connects()) == 3, 10, lambda: f"all tunnels in its log: {proxy.log}")


def test_16_04_insecure_holds_for_the_proxy_too(build, cloud, fresh):
    proxy = squid(fresh, "other-ca")
    home = SyntheticHome(fresh.base / "host")
    p = claim_at(build, home, cloud, "--proxy", proxy.url, "--insecure")
    assert p.returncode == 0 and "NOT verified" in p.stderr, p.stderr
    run(fresh, build, home)
    works(cloud, (home.cloud_dir / "claimed_id").read_text().strip())


# -- it does not --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("credentials", ["", "walter:wr0ng@"], ids=["no-password", "wrong-password"])
def test_16_10_proxy_that_says_no(build, cloud, fresh, credentials):
    proxy = squid(fresh, user="walter", password=PASSWORD)
    home = home_that_trusts(fresh, cloud.ca, proxy.ca)
    url = f"https://{credentials}127.0.0.1:{proxy.port}"
    p = claim_at(build, home, cloud, "--proxy", url) if credentials else None
    assert not p or p.returncode == 4 and "407" in p.stderr and "Check the proxy" in p.stderr and "wr0ng" not in p.stderr
    claimed(build, home, cloud)
    set_proxy(home, url)
    host = run(fresh, build, home)
    last = failed_attempt(host)
    assert last["status-symbol"] == REFUSED and "407" in last["reason"]
    assert "https://user:password@host:port" in last["reason"]
    nothing_shows(host, "wr0ng")


@pytest.mark.parametrize("kind", list(BAD))
def test_16_11_certificate_of_the_proxy(build, cloud, fresh, kind):
    proxy = squid(fresh, kind)
    home = home_that_trusts(fresh, cloud.ca, proxy.ca)
    p = claim_at(build, home, cloud, "--proxy", proxy.url)
    assert p.returncode == 4 and "the proxy's own certificate" in p.stderr and "Check the proxy" in p.stderr, p.stderr
    assert f"TLS with the proxy https://127.0.0.1:{proxy.port}" in p.stderr
    claimed(build, home, cloud)
    set_proxy(home, proxy.url)
    last = failed_attempt(run(fresh, build, home))
    assert last["status-symbol"] == REFUSED
    assert "the proxy's own certificate, not the cloud's" in last["reason"] and BAD[kind] in last["reason"]
    assert cloud.https_requests("env") == [] or proxy.connects() == []


def test_16_12_proxy_without_tls(build, cloud, fresh):
    """https:// written for a proxy that speaks plain HTTP."""
    proxy = squid(fresh, None)
    home = SyntheticHome(fresh.base / "host")
    url = f"https://127.0.0.1:{proxy.port}"
    p = claim_at(build, home, cloud, "--proxy", url)
    assert p.returncode == 4 and "written http://" in p.stderr and "Check the proxy" in p.stderr, p.stderr
    claim(build, home, cloud)
    set_proxy(home, url)
    last = failed_attempt(run(fresh, build, home))
    assert last["status-symbol"] == REFUSED and "written http://" in last["reason"], last


def test_16_13_the_clouds_certificate_behind_a_good_proxy(build, cloud, fresh):
    """Whose certificate it is must be right the other way round too."""
    proxy = squid(fresh)
    home = home_that_trusts(fresh, cloud.ca, proxy.ca)
    claimed(build, home, cloud)
    (home.cloud_dir / "trusted.pem").write_bytes(Path(proxy.ca).read_bytes())
    p = claim_at(build, home_that_trusts(fresh, proxy.ca, name="other"), cloud, "--proxy", proxy.url)
    assert p.returncode == 4 and "the proxy's own" not in p.stderr and "trusted.pem" in p.stderr, p.stderr
    set_proxy(home, proxy.url)
    last = failed_attempt(run(fresh, build, home))
    assert "TLS failed" in last["reason"] and "not the cloud's" not in last["reason"], last
    assert last["status-symbol"] != REFUSED


# -- trouble while online -----------------------------------------------------------------------------------------

def test_16_20_proxy_dies_and_comes_back(build, cloud, fresh):
    proxy = squid(fresh)
    host, claim_id = online(build, cloud, fresh, proxy)
    proxy.process.kill()
    cloud.wait_offline(claim_id)
    wait_until(lambda: any("cannot connect to the proxy" in a["reason"] for a in attempts(host)), 60, "it is said")
    proxy.start()
    cloud.wait_online(claim_id, 60, 2)
    works(cloud, claim_id)


def test_16_21_proxy_goes_silent(build, cloud, fresh):
    """The keep-alive notices."""
    cloud.configure(connack={"server_keep_alive": 2})
    proxy = squid(fresh)
    host, claim_id = online(build, cloud, fresh, proxy)
    proxy.process.signal(signal.SIGSTOP)
    try:
        wait_until(lambda: "no answer to a ping" in host.log, 40, "the silence is noticed")
    finally:
        proxy.process.signal(signal.SIGCONT)
    cloud.wait_online(claim_id, 60, 2)
    works(cloud, claim_id)


@pytest.mark.parametrize("abrupt", [True, False], ids=["reset", "close"])
def test_16_22_cloud_ends_the_connection(build, cloud, fresh, abrupt):
    host, claim_id = online(build, cloud, fresh, squid(fresh))
    before = len(sockets(host.pid))
    for hellos in (2, 3):
        cloud.disconnect(claim_id, abrupt=True) if abrupt else cloud.disconnect(claim_id, ws_code=1001)
        cloud.wait_online(claim_id, 60, hellos)
    works(cloud, claim_id)
    wait_until(lambda: len(sockets(host.pid)) <= before, 20, "no connection left over")


def test_16_29_nothing_against_the_protocol(cloud):
    """Before doctor comes, whose CONNECT has no will."""
    assert cloud.violations() == []


# -- doctor -------------------------------------------------------------------------------------------------------

def doctor(build, home):
    p = subprocess.run([build.cli, "doctor", "--json", "--cloud-dir", home.cloud_dir], text=True, capture_output=True,
                       timeout=120, env=clean_env(NETDATA_LIB_DIR=home.lib, NETDATA_USER_CONFIG_DIR=home.etc))
    assert p.stdout.startswith("{"), p.stdout + p.stderr
    return {f["check"]: f for f in reversed(json.loads(p.stdout)["findings"])}


def test_16_30_doctor(build, cloud, fresh):
    proxy = squid(fresh)
    home = home_that_trusts(fresh, cloud.ca, proxy.ca)
    claimed(build, home, cloud, "--proxy", proxy.url)
    found = doctor(build, home)
    assert found["proxy"]["verdict"] == found["mqtt"]["verdict"] == "good", found
    assert f"https://127.0.0.1:{proxy.port}" in found["proxy"]["text"]
    assert "the proxy's certificate was verified" in found["proxy"]["text"]
    bad = squid(fresh, "expired")
    set_proxy(home, bad.url)
    (home.cloud_dir / "trusted.pem").write_bytes(b"".join(Path(a).read_bytes() for a in (cloud.ca, bad.ca)))
    found = doctor(build, home)
    assert found["proxy"]["verdict"] == "bad" and "the proxy's own certificate" in found["proxy"]["text"], found
    assert "expired" in found["proxy"]["text"]
