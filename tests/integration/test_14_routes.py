# SPDX-License-Identifier: GPL-3.0-or-later
"""Legs to the cloud: every proxy on every leg (claim, login, link) with one setting, the environment's proxies and their
exceptions, a machine with IPv6 only."""
import os

import pytest

from testenv import Dante, Squid, SyntheticHome, TinyProxy, netns, wait_until
from testenv.claiming import claim, run_claim, trust
from proxied_host import PASSWORD, QUOTED, attempts, nothing_shows, run, set_proxy, works

# -- proxies ------------------------------------------------------------------------------------------------------

@pytest.mark.core
@pytest.mark.parametrize("with_password", [False, True], ids=["open", "password"])
def test_14_01_tinyproxy(build, cloud, fresh, with_password):
    user, password = ("walter", "secret8") if with_password else (None, None)
    proxy = fresh.add("tinyproxy", TinyProxy(fresh.base / "proxy", user, password).start(), lambda: "")
    home = SyntheticHome(fresh.base / "host")
    claim_id = claim(build, home, cloud, "--proxy", proxy.url)
    rounds = 2 if with_password else 1              # the password goes out only when it is asked for
    assert len(proxy.connects()) == rounds, "claiming goes through it"
    host = run(fresh, build, home)
    works(cloud, claim_id)
    assert len(proxy.connects()) == 3 * rounds, "one tunnel for env, challenge and password, one for the link"
    assert f"ACLK Proxy: http://127.0.0.1:{proxy.port} ({'with' if with_password else 'without'} credentials" in host.state()
    assert f"via proxy http://127.0.0.1:{proxy.port}" in attempts(host)[-1]["reason"]
    nothing_shows(host, "secret8")


def test_14_02_squid_with_a_password(build, cloud, fresh):
    proxy = fresh.add("squid", Squid("walter", PASSWORD).start(), lambda: "")
    home = SyntheticHome(fresh.base / "host")
    claim_id = claim(build, home, cloud, "--proxy", f"http://walter:{QUOTED}@127.0.0.1:{proxy.port}")
    wait_until(lambda: len(proxy.connects()) == 1, 10, "the claim's tunnel in its log")
    host = run(fresh, build, home)
    works(cloud, claim_id)
    nothing_shows(host, PASSWORD, QUOTED, "s%25cret")
    assert host.stop() == 0
    wait_until(lambda: len(proxy.connects()) == 3, 10, lambda: f"all tunnels in its log: {proxy.log}")
    assert all("TCP_TUNNEL/200" in x and " walter " in x for x in proxy.connects())


@pytest.mark.parametrize("credentials", ["", "walter:wr0ng@"], ids=["no-password", "wrong-password"])
def test_14_03_squid_that_says_no(build, cloud, fresh, credentials):
    proxy = fresh.add("squid", Squid("walter", PASSWORD).start(), lambda: "")
    home = SyntheticHome(fresh.base / "host")
    claim(build, home, cloud)
    set_proxy(home, f"http://{credentials}127.0.0.1:{proxy.port}")
    host = run(fresh, build, home)
    last = wait_until(lambda: [a for a in attempts(host) if a["reason"]], 20, "a failed attempt")[-1]
    assert last["status-symbol"] == "HTTPS_CLIENT_RESP_PROXY_NEGOTIATION_FAILED"
    assert "407" in last["reason"] and f"http://127.0.0.1:{proxy.port}" in last["reason"]
    assert "user name and password" in last["reason"]
    nothing_shows(host, "wr0ng")
    set_proxy(home, f"http://walter:{QUOTED}@127.0.0.1:{proxy.port}")
    host.stop()
    host.start()
    works(cloud, (home.cloud_dir / "claimed_id").read_text().strip())


@pytest.mark.skipif(os.getuid() != 0, reason="dante wants root")
@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_14_04_dante(build, cloud, fresh, scheme):
    proxy = fresh.add("dante", Dante(fresh.base / "proxy").start(), lambda: proxy.log)
    home = SyntheticHome(fresh.base / "host")
    claim_id = claim(build, home, cloud, "--proxy", f"{scheme}://127.0.0.1:{proxy.port}")
    host = run(fresh, build, home)
    works(cloud, claim_id)
    assert f"ACLK Proxy: {scheme}://127.0.0.1:{proxy.port}" in host.state()
    assert host.stop() == 0
    wait_until(lambda: len(proxy.connects()) >= 3, 10, lambda: f"all three connections in its log: {proxy.log}")


def test_14_05_a_proxy_that_is_not_there(build, cloud, fresh):
    home = SyntheticHome(fresh.base / "host")
    claim(build, home, cloud)
    set_proxy(home, "socks5h://proxy.invalid:1080")
    host = run(fresh, build, home)
    last = wait_until(lambda: [a for a in attempts(host) if a["reason"]], 20, "a failed attempt")[-1]
    assert "the proxy socks5h://proxy.invalid:1080" in last["reason"] and "resolved" in last["reason"]


# -- of the environment -------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def tiny(servers):
    return servers.add("tinyproxy", TinyProxy(servers.base / "proxy").start(), lambda: "")


@pytest.mark.parametrize("name", ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy"])
def test_14_10_proxy_of_the_environment(build, cloud, fresh, tiny, name):
    home = SyntheticHome(fresh.base / "host")
    trust(home.cloud_dir, cloud.ca)
    before = len(tiny.connects())
    p = run_claim(build, home, "--token", cloud.token, "--url", cloud.url, env={name: tiny.url})
    assert p.returncode == 0, p.stderr
    host = run(fresh, build, home, env={name: tiny.url})
    works(cloud, (home.cloud_dir / "claimed_id").read_text().strip())
    assert len(tiny.connects()) == before + 3
    assert f"from environment variable '{name}'" in host.state()


@pytest.mark.parametrize("except_for", ["localhost", "*", "example.org, .localhost"])
def test_14_11_no_proxy(build, cloud, fresh, tiny, except_for):
    """Directly, on all legs; and nothing says otherwise."""
    env = {"https_proxy": tiny.url, "no_proxy": except_for}
    home = SyntheticHome(fresh.base / "host")
    trust(home.cloud_dir, cloud.ca)
    before = len(tiny.connects())
    p = run_claim(build, home, "--token", cloud.token, "--url", cloud.url, env=env)
    assert p.returncode == 0, p.stderr
    host = run(fresh, build, home, env=env)
    works(cloud, (home.cloud_dir / "claimed_id").read_text().strip())
    assert len(tiny.connects()) == before
    assert "via proxy" not in attempts(host)[-1]["reason"] and "(no proxy)" in host.log


def test_14_12_no_proxy_for_others(build, cloud, fresh, tiny):
    home = SyntheticHome(fresh.base / "host")
    claim_id = claim(build, home, cloud)
    before = len(tiny.connects())
    run(fresh, build, home, env={"https_proxy": tiny.url, "no_proxy": "example.org,192.0.2.0/24,::1"})
    works(cloud, claim_id)
    assert len(tiny.connects()) == before + 2


# -- IPv6 ---------------------------------------------------------------------------------------------------------

@pytest.mark.skipif(not netns.possible(), reason="no network namespaces here")
def test_14_20_ipv6_only(build, cloud, fresh):
    """localhost is 127.0.0.1 and ::1, and only the latter exists: that must not matter."""
    home = SyntheticHome(fresh.base / "host")
    claim_id = claim(build, home, cloud)
    net = fresh.add("network", netns.Network(fresh.base / "net", ipv4=False).start(), lambda: "")
    came = net.bring("::1", cloud.port)
    host = run(fresh, build, home, prefix=net.prefix)
    works(cloud, claim_id)
    assert len(came) == 2, "one connection for the login, one for the link"
    assert "[::1]" in attempts(host)[-1]["reason"]
    cloud.disconnect(claim_id, abrupt=True)
    cloud.wait_online(claim_id, 30, 2)


@pytest.mark.skipif(not netns.possible(), reason="no network namespaces here")
def test_14_21_one_family_is_dead(build, cloud, fresh):
    """::1 refuses, 127.0.0.1 works."""
    home = SyntheticHome(fresh.base / "host")
    claim_id = claim(build, home, cloud)
    net = fresh.add("network", netns.Network(fresh.base / "net").start(), lambda: "")
    net.bring("127.0.0.1", cloud.port)
    host = run(fresh, build, home, prefix=net.prefix)
    works(cloud, claim_id)
    assert "127.0.0.1" in attempts(host)[-1]["reason"]


def test_14_99_nothing_against_the_protocol(cloud):
    assert cloud.violations() == []
