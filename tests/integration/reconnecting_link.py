# SPDX-License-Identifier: GPL-3.0-or-later
"""One link of the synthetic host that is made to reconnect under unusual circumstances: shared by several test files."""
import pytest

from conftest import Link
from testenv import Synthetic, SyntheticHome, stays
from testenv.claiming import claim

DOWN = "down"


@pytest.fixture(scope="module")
def link(build, servers, cloud):
    home = SyntheticHome(servers.base / "host")
    claim_id = claim(build, home, cloud)
    host = servers.add("synthetic", s := Synthetic(build.synthetic, home).start(), lambda: s.log)
    cloud.wait_online(claim_id, 30)
    return Link(cloud, host, claim_id)


@pytest.fixture
def settled(link):
    """Online and stable, with the cloud behaving; it behaves again afterwards."""
    cloud = link.cloud
    cloud.wait_online(link.claim, 60)
    conn = link.connection()["id"]
    assert cloud.load(link.claim, ["/api/v1/info"], 3)["codes"] == {"200": 3}
    cloud.wait(lambda: len(cloud.packets(conn, "PUBACK", direction=DOWN)) >= 3, 20, "three PUBACKs")
    yield link
    cloud.configure(reset=True)


def again(link, timeout=20):
    """A new connection under the switches in force; its record."""
    hellos, old = link.hellos(), link.connection()["id"]
    if link.connection()["closed"] is None:
        link.cloud.disconnect(link.claim, abrupt=True)
    link.cloud.wait_online(link.claim, timeout, hellos + 1)
    new = link.connection()
    assert new["id"] > old
    assert link.query("/api/v1/info").http_status == 200
    return new


def refused(link, stage="password", timeout=10):
    """An attempt under the switches in force that must not get online; then one that must, when all is well again."""
    cloud, hellos = link.cloud, link.hellos()
    n = len(cloud.https_requests(stage))
    cloud.disconnect(link.claim, abrupt=True)
    cloud.wait(lambda: len(cloud.https_requests(stage)) > n, timeout, f"an attempt gets to {stage}")
    stays(lambda: link.hellos() == hellos, 0.5, "it does not get online")
    cloud.configure(reset=True)
    cloud.wait_online(link.claim, 40, hellos + 1)
