# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies as people write them and as companies run them: what cannot be used stops everything and is named, what is
asked for is done, and what a proxy says is repeated."""
import json
import subprocess
from pathlib import Path

import pytest

from conftest import bring_online
from testenv import BluntProxy, Squid, SyntheticHome, TinyProxy, stays, take_port, wait_until
from testenv.claiming import claim, run_claim, run_cli, trust
from testenv.doctor import visit
from testenv.process import clean_env, sockets
from proxied_host import PASSWORD, QUOTED, attempts, nothing_shows, run, set_proxy, works

SECRET = "hush4Hush"


@pytest.fixture
def home(build, cloud, fresh):
    """Claimed, and nothing runs."""
    h = SyntheticHome(fresh.base / "host")
    h.claim = claim(build, h, cloud)
    return h


def connects_nowhere(host, cloud, asked):
    stays(lambda: sockets(host.pid) == [] and len(cloud.https_requests()) == asked, 1, "nobody is connected to")


# -- a setting that names no proxy ----------------------------------------------------------------------------------

# (cloud.conf, netdata.conf, environment), what is named, how it is shown
UNUSABLE = {
    "cloud.conf": (f"http://user:{SECRET}", None, {}, "cloud.conf", "http://XXXXX"),
    "netdata.conf": ("none", f"htp://user:{SECRET}@h:1", {}, "netdata.conf [cloud]", "XXXXX@h:1"),
    "https_proxy": ("env", None, {"https_proxy": f"http://u:{SECRET}@h:port"}, "environment variable 'https_proxy'", "http://XXXXX"),
    "http_proxy": ("env", None, {"http_proxy": "proxy.example.org"}, "environment variable 'http_proxy'", "XXXXX"),
}


@pytest.mark.core
@pytest.mark.parametrize("where", UNUSABLE)
def test_110_01_unusable_proxy_connects_nowhere_and_is_named(build, cloud, fresh, home, where):
    setting, ours, env, source, shown = UNUSABLE[where]
    set_proxy(home, setting)
    if ours:
        (home.etc / "netdata.conf").write_text(f"[cloud]\n    proxy = {ours}\n")
    asked = len(cloud.https_requests())
    host = run(fresh, build, home, env=env, **({"cloud_option": [f"proxy={ours}"]} if ours else {}))
    connects_nowhere(host, cloud, asked)
    state = host.state()
    for text in (host.log, state):
        assert f'Provided Value:"{shown}" (from {source})' in text and "Nothing is sent to the cloud" in text, text
    assert "Claimed: Yes" in state and "Online: No" in state and "ACLK Proxy: cannot be used" in state
    assert SECRET not in host.log + host.state()
    v = visit(build, home, **env)
    assert v.wrong() == ["settings"] and v.verdict("cloud") == "skipped" and v.verdict("env") is None, v.story()
    assert any(source in f["text"] and "proxy = none" in f["remedy"] for f in v.findings), v.story()
    assert SECRET not in json.dumps(v.all)
    other = SyntheticHome(fresh.base / "other")
    trust(other.cloud_dir, cloud.ca)
    (other.cloud_dir / "cloud.conf").write_text(f"[global]\n    proxy = {setting}\n")
    if ours:
        (other.etc / "netdata.conf").write_text(f"[cloud]\n    proxy = {ours}\n")
    p = run_claim(build, other, "--token", cloud.token, "--url", cloud.url, env=env)
    assert p.returncode == 1 and source in p.stderr and SECRET not in p.stdout + p.stderr, p.stderr
    assert len(cloud.https_requests()) == asked
    host.stop()
    p = run_claim(build, other, "--token", cloud.token, "--url", cloud.url, "--proxy", "none", env=env)
    assert p.returncode == 0, p.stderr


def test_110_02_no_output_has_the_password_of_a_broken_proxy(build, cloud, home):
    """Every command that may show the setting."""
    broken = [f"http://user:{SECRET}", f"user:{SECRET}", f"http//user:{SECRET}@h:1", f"http://h:1@user:{SECRET}",
              f"http://user:{SECRET}@h:1/x", f"{SECRET}", f"http://user:{SECRET}@h:99999"]
    script = Path(build.cli).parent / "netdata-claim.sh"
    env = {"NETDATA_LIB_DIR": home.lib, "NETDATA_USER_CONFIG_DIR": home.etc}
    shown = ""
    for text in broken:
        set_proxy(home, text)
        shown += json.dumps(visit(build, home).all)
        p = run_cli(build, home, "state", env={"NETDATA_CLOUD_DIR": home.cloud_dir})
        shown += p.stdout + p.stderr
        for command in ([build.cli, "claim", "--reclaim", "--token", cloud.token, "--cloud-dir", home.cloud_dir, "--proxy", text],
                        [build.cli, "claim", "--cloud-dir", home.cloud_dir, text],
                        [script, f"-token={cloud.token}", f"-url={cloud.url}", f"-proxy={text}", "-id=1"],
                        [script, f"-token={cloud.token}", f"-proxy:{text}"],
                        [build.cli, "claim", "--reclaim", "--token", cloud.token, "--cloud-dir", home.cloud_dir,
                         "--url", text, "--proxy", "none"]):
            p = subprocess.run(command, text=True, capture_output=True, timeout=60, env=clean_env(**env))
            assert p.returncode not in (0, 2) or "claim" not in command, p.stdout + p.stderr
            shown += f"\n{command[1:]!r:.0}" + p.stdout + p.stderr
    assert SECRET not in shown, [x for x in shown.splitlines() if SECRET in x]


def test_110_03_a_running_plugin_follows_the_setting(build, cloud, fresh):
    """Broken under it, it goes offline and says why; mended, it is back, and nothing was restarted."""
    link = bring_online(build, cloud, fresh.agent("node1"))
    set_proxy(link.agent, f"http://user:{SECRET}")
    cloud.wait_offline(link.claim, 20)
    v = wait_until(lambda: (v := visit(build, link.agent)).verdict("settings") == "bad" and v, 10, "doctor sees it")
    assert v.verdict("cloud") == "skipped", v.story()
    state = wait_until(lambda: "(from cloud.conf)" in (s := run_cli(build, link.agent, "state").stdout) and s, 20,
                       "the state says it")
    assert "ACLK Proxy: cannot be used" in state and "Online: No" in state and SECRET not in state
    set_proxy(link.agent, "none")
    cloud.wait_online(link.claim, 30, 2)
    assert SECRET not in link.agent.error_log


# -- the environment --------------------------------------------------------------------------------------------------

@pytest.mark.core
def test_110_10_https_proxy_without_a_scheme_counts_before_the_others(build, cloud, fresh):
    proxy = fresh.add("tinyproxy", TinyProxy(fresh.base / "proxy").start(), lambda: "")
    env = {"http_proxy": f"http://127.0.0.1:{take_port()}", "all_proxy": f"socks5://127.0.0.1:{take_port()}",
           "https_proxy": f"127.0.0.1:{proxy.port}"}
    home = SyntheticHome(fresh.base / "host")
    trust(home.cloud_dir, cloud.ca)
    p = run_claim(build, home, "--token", cloud.token, "--url", cloud.url, env=env)
    assert p.returncode == 0, p.stderr
    host = run(fresh, build, home, env=env)
    works(cloud, (home.cloud_dir / "claimed_id").read_text().strip())
    assert len(proxy.connects()) == 3
    which = f"http://127.0.0.1:{proxy.port} (without credentials, from environment variable 'https_proxy')"
    assert which in p.stderr and f"ACLK Proxy: {which}" in host.state() and f"using HTTP proxy {which}" in host.log
    assert which in visit(build, home, **env).words("settings")


# -- what a proxy wants -----------------------------------------------------------------------------------------------

@pytest.mark.core
@pytest.mark.parametrize("certificate", [None, "good"], ids=["http", "https"])
def test_110_20_digest_on_every_leg(build, cloud, fresh, certificate):
    proxy = fresh.add("squid", Squid("walter", PASSWORD, certificate, scheme="digest").start(), lambda: "")
    home = SyntheticHome(fresh.base / "host")
    home.cloud_dir.mkdir(parents=True)
    (home.cloud_dir / "trusted.pem").write_bytes(
        Path(cloud.ca).read_bytes() + (Path(proxy.ca).read_bytes() if certificate else b""))
    url = f"{'https' if certificate else 'http'}://walter:{QUOTED}@127.0.0.1:{proxy.port}"
    p = run_claim(build, home, "--token", cloud.token, "--url", cloud.url, "--proxy", url)
    assert p.returncode == 0, p.stderr
    claim_id = (home.cloud_dir / "claimed_id").read_text().strip()
    host = run(fresh, build, home)
    works(cloud, claim_id)
    nothing_shows(host, PASSWORD, QUOTED)
    assert host.stop() == 0
    cloud.wait_offline(claim_id)
    tunnels = wait_until(lambda: len(x := [t for t in proxy.connects() if "TCP_TUNNEL/200" in t]) == 3 and x, 10,
                         lambda: f"all tunnels in its log: {proxy.log}")
    assert all(" walter " in x for x in tunnels)
    v = visit(build, home)
    assert v.wrong() == [] and v.verdict("proxy") == v.verdict("mqtt") == "good", v.story()


ANSWERS = {
    "none-of-ours": (b"HTTP/1.1 407 Login at the gate\r\nProxy-Authenticate: Bearer realm=\"x, y\"\r\n"
                     b"Content-Length: 24\r\n\r\nAsk the guard\x1b[31m\nfor it", "user:wr0ng@",
                     ['"407 Login at the gate", "Ask the guard?[31m"', "offers Bearer;", "none of these is known here"]),
    "ntlm-and-negotiate": (b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: NTLM\r\n"
                           b"Proxy-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n", "user:wr0ng@",
                           ['"407 Proxy Authentication Required"', "offers NTLM, Negotiate;", "valid user name and password"]),
    "negotiate-only": (b"HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n",
                       "user:wr0ng@", ["offers Negotiate;", "Kerberos ticket"]),
    "digest": (b"HTTP/1.1 407 Digest Please\r\nProxy-Authenticate: Digest realm=\"corp\", nonce=\"abcdef0123456789\", "
               b"qop=\"auth\", algorithm=MD5\r\nContent-Length: 0\r\n\r\n", "user:wr0ng@",
               ['"407 Digest Please"', "offers Digest;", "valid user name and password"]),
    "forbidden": (b"HTTP/1.1 403 Not you\r\nContent-Length: 80\r\n\r\n<html><head><title>Blocked by policy 7</title></head>"
                  b"<body><p>go away</p></body>", "",
                  ['status 403: "403 Not you", "Blocked by policy 7"', "must allow CONNECT"]),
}


@pytest.mark.parametrize("which", ANSWERS)
def test_110_21_what_a_proxy_says_is_repeated(build, cloud, fresh, home, which):
    answer, credentials, words = ANSWERS[which]
    proxy = fresh.add("proxy", BluntProxy(answer).start(), lambda: "")
    p = run_claim(build, home, "--reclaim", "--token", cloud.token, "--url", cloud.url, "--proxy", proxy.url(credentials))
    set_proxy(home, proxy.url(credentials))
    host = run(fresh, build, home)
    last = wait_until(lambda: [a for a in attempts(host) if a["reason"]], 20, "a failed attempt")[-1]
    v = visit(build, home)
    for text in (p.stderr, last["reason"], v.words("proxy").replace(" -> ", "; ")):
        assert [w for w in words if w not in text] == [], text
    assert p.returncode == 4 and last["status-symbol"] == "HTTPS_CLIENT_RESP_PROXY_NEGOTIATION_FAILED"
    nothing_shows(host, "wr0ng")
    assert not any("Basic" in head for head in proxy.heads), "nobody asked for it"
    assert "Proxy-Authorization" not in proxy.heads[0]
    if which == "digest":
        assert any("Proxy-Authorization: Digest username=\"user\"" in head for head in proxy.heads)
