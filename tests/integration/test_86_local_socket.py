# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin's local socket: HTTP for people, scripts and netdata-aclk."""
import json
import os
import signal
import socket
import stat
import time

import pytest

from conftest import bring_online
from testenv import Plugin, wait_until
from testenv.local import LocalSocket


@pytest.fixture(scope="module")
def local(online):
    s = LocalSocket(online.agent)
    wait_until(s.path.exists, 10, "the socket is there")
    return s


def test_86_01_state_is_the_links(online, local):
    status, headers, body = local.get("/api/v1/aclk")
    assert status == 200 and headers["content-type"].startswith("application/json")
    assert "no-cache" in headers["cache-control"]
    assert b"\\/" in body           # as the reference writes it
    state = json.loads(body)
    assert state["online"] and state["claimed-id"] == online.claim
    text = local.get("/api/v1/aclk/text")[2].decode()
    assert "Online: Yes\n" in text and f"Claimed Id: {online.claim}\n" in text


def test_86_02_info_has_the_cloud_object(online, local):
    agent = local.json("/api/v3/info")["agents"][0]
    assert agent["mg"] == online.agent.guid and agent["nd"] == online.node and agent["nm"] == online.agent.name
    cloud = agent["cloud"]
    assert list(cloud) == ["id", "status", "since", "age", "claim_id", "url", "reason"]
    assert (cloud["id"], cloud["status"], cloud["reason"]) == (1, "online", "")
    assert (cloud["claim_id"], cloud["url"]) == (online.claim, online.cloud.url)
    assert abs(time.time() - cloud["since"] - cloud["age"]) < 5


def test_86_03_mode_and_owner(online, local):
    st = os.stat(local.path)
    assert stat.S_ISSOCK(st.st_mode) and stat.S_IMODE(st.st_mode) == 0o660
    assert st.st_gid == os.stat(online.agent.lib).st_gid


def test_86_04_what_is_not_served(local):
    status, headers, body = local.get("/api/v1/nothing")
    assert status == 404 and headers["content-type"].startswith("application/json") and "error" in json.loads(body)
    assert local.request("DELETE", "/api/v1/aclk")[0] == 405
    assert local.get("/api/v1/reload-claiming-state")[0] == 405
    assert local.raw(b"rubbish\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert local.raw(b"GET /" + b"a" * 100_000).startswith(b"HTTP/1.1 413 ")
    assert local.raw(b"POST /api/v1/reload-claiming-state HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n").startswith(
        b"HTTP/1.1 413 ")


def test_86_05_idle_clients_hold_up_neither_link_nor_others(online, local):
    idle = []
    for _ in range(40):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.setblocking(False)
        try:
            s.connect(str(local.path))
        except BlockingIOError:
            pass
        idle.append(s)
    online.assert_online()
    wait_until(lambda: local.json()["online"], 20, "an answer after the idle ones were dropped")
    for s in idle:
        s.close()


def test_86_06_reload(online, local):
    before = online.hellos()
    assert local.request("POST", "/api/v1/reload-claiming-state")[0] == 200
    wait_until(lambda: online.hellos() > before, 20, "a new connection")
    wait_until(lambda: local.json()["online"], 20, "online again")


def test_86_07_after_kill_the_file_is_replaced(online, local):
    old = online.agent.worker_pid()
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: online.agent.worker_pid() not in (None, old), 20, "another worker")
    wait_until(lambda: local.json()["online"], 30, "it answers at the same place")


def test_86_08_setting_and_end(build, cloud, fresh):
    agent = fresh.agent("other", plugin=False)
    link_dir = fresh.base / "s"
    link_dir.mkdir()
    conf = agent.etc / "netdata.conf"
    conf.write_text(conf.read_text() + f"[plugin:aclk]\n  socket = {link_dir}/here\n")
    from testenv.claiming import claim
    claim_id = claim(build, agent, cloud)
    with Plugin(build.plugin, fresh.base / "p", agent=agent) as p:
        cloud.wait_online(claim_id, 30)
        s = LocalSocket(agent, link_dir / "here")
        wait_until(lambda: s.json()["online"], 20, "the socket of the setting")
        assert not (agent.lib / "aclk.sock").exists()
        p.signal()
        p.wait_gone(5)
        assert not s.path.exists()
