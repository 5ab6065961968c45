# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of proxies and trust share: a synthetic host behind a proxy."""
from pathlib import Path

from testenv import Synthetic

PASSWORD = "pr0xy:s%25cret@"            # with everything that a URL would cut
QUOTED = "pr0xy%3As%2525cret%40"


def run(fresh, build, home, **more):
    return fresh.add("synthetic", s := Synthetic(build.synthetic, home, **more).start(), lambda: s.log)


def attempts(host):
    return host.state_json()["attempts"]


def set_proxy(home, value):
    conf = home.cloud_dir / "cloud.conf"
    lines = [x for x in conf.read_text().splitlines() if not x.strip().startswith(("proxy =", "# proxy ="))]
    at = lines.index("[global]")
    conf.write_text("\n".join([*lines[:at + 1], f"    proxy = {value}", *lines[at + 1:]]) + "\n")


def works(cloud, claim_id):
    cloud.wait_online(claim_id, 30)
    assert cloud.query(claim_id, "/api/v1/info").http_status == 200


def nothing_shows(host, *secrets):
    """Log, state, command line."""
    text = host.log + host.state() + Path(f"/proc/{host.pid}/cmdline").read_text()
    assert [s for s in secrets if s in text] == []
