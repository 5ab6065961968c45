# SPDX-License-Identifier: GPL-3.0-or-later
"""A link that keeps falling: it is counted, its cause is named, and where a ping more often helps, it is sent."""
import re

import pytest

from testenv import Plugin, ProxyLoop, Rule, stays, time_scale, wait_until
from testenv.claiming import claim
from testenv.doctor import visit
from testenv.local import LocalSocket, run_cli

IDLE = 2.0  # seconds after which the way cuts silent connections


@pytest.fixture
def way(servers):
    return servers.add("proxies", ProxyLoop(), lambda: "").proxy(("127.0.0.1", 0))


def test_141_01_idle_connections_are_cut(build, cloud, servers, way):
    """A front with a short idle timeout: after three drops the link asks more often and stays up; everybody is told."""
    way.target, way.rule = ("127.0.0.1", cloud.port), Rule(idle=IDLE)
    agent = servers.agent("idle", plugin=False)
    claim_id = claim(build, agent, cloud)
    endpoint = f"wss://localhost:{way.port}/mqtt/{claim_id}"
    cloud.configure(claim=claim_id, env_patch={"transports": [{"type": "MQTTv5", "endpoint": endpoint}],
                                               "backoff": {"base": 1, "maxSeconds": 1, "minSeconds": 0}})
    p = servers.add("plugin", q := Plugin(build.plugin_scaled, servers.base / "p", agent=agent,
                                          env=time_scale.environment(10, 10)).start(), lambda: q.stderr)
    cloud.wait_online(claim_id, 30)
    local = LocalSocket(agent)

    def mended():
        s = local.json()
        return s["online"] and s["drops"]["asks-every-ms"] and s
    s = wait_until(mended, 60, lambda: f"it asks more often:\n{p.stderr[-4000:]}")
    assert s["drops"]["last-hour"] >= 3 and s["drops"]["asks-every-ms"] < IDLE * 1000
    accepted = way.accepted
    stays(lambda: way.accepted == accepted, 3 * IDLE, "it stays up")
    said = run_cli(build, agent, "state").stdout
    line = re.search("^Link Stability: (.*)$", said, re.M)[1]
    assert re.match(r"the link fell \d+ times in the last hour, after about (1\.9|2\.?\d*) s without traffic: ", line), line
    assert "cuts idle connections" in line and "Online: Yes\n" in said
    v = visit(build, agent)
    assert v.verdict("stability") == "warning" and "proxy_read_timeout" in v.found["stability"]["remedy"], v.all
    assert p.stderr.count("connections are cut after about") == 1
    before = s["drops"]["last-hour"]
    assert run_cli(build, agent, "reload").returncode == 0  # what is known of the way outlives a connection and a claim
    assert local.json()["drops"]["asks-every-ms"] == s["drops"]["asks-every-ms"]
    assert local.json()["drops"]["last-hour"] == before
