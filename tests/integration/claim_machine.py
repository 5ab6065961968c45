# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine to be claimed, for the tests of netdata-aclk claim."""
import re
import tempfile
import uuid
from pathlib import Path

import pytest

from testenv import Process
from testenv.claiming import run_claim, trust
from testenv.process import clean_env

FILES = ["claimed_id", "cloud.conf", "private.pem", "public.pem"]


class Machine:
    """The directories of an agent that has run once and is not running now."""

    def __init__(self, base, build, cloud=None):
        self.dir, self.build, self.cloud = base, build, cloud
        self.lib, self.etc, self.cloud_dir = base / "lib", base / "etc", base / "lib" / "cloud.d"
        self.guid = str(uuid.uuid4())
        (self.lib / "registry").mkdir(parents=True)
        self.etc.mkdir()
        (self.lib / "registry" / "netdata.public.unique.id").write_text(self.guid)
        if cloud:
            trust(self.cloud_dir, cloud.ca)

    def claim(self, *args, token=None, url=None, env=None):
        """Runs the command with the cloud's token and URL; the finished process, never with the token in its output."""
        token = token or self.cloud.token
        p = run_claim(self.build, self, "--url", url or self.cloud.url, *args,
                      env={"NETDATA_CLAIM_TOKEN": token, **(env or {})})
        assert token not in p.stdout + p.stderr
        return p

    def start(self, *args, url=None):
        """The same, not waited for."""
        env = clean_env(NETDATA_LIB_DIR=self.lib, NETDATA_USER_CONFIG_DIR=self.etc)
        return Process([self.build.cli, "claim", "--cloud-dir", self.cloud_dir, "--url", url or self.cloud.url, *args],
                       self.dir / "claim.log", env=env)

    def files(self):
        return sorted(f.name for f in self.cloud_dir.iterdir() if f.name != "trusted.pem")

    def claim_id(self):
        return (self.cloud_dir / "claimed_id").read_text()

    def conf(self, key):
        m = re.search(rf"^ +(?:# )?{key} = (.*)$", (self.cloud_dir / "cloud.conf").read_text(), re.M)
        return m[1].strip() if m else None

    def snapshot(self):
        return {f.name: (f.read_bytes(), f.stat().st_mtime_ns, f.stat().st_mode, f.stat().st_ino)
                for f in self.cloud_dir.iterdir()}


@pytest.fixture
def machine(work, build, cloud, keep_switches):
    m = Machine(Path(tempfile.mkdtemp(prefix="claim-", dir=work)), build, cloud)
    m.seen = cloud.https_requests("claim")[-1]["n"] if cloud.https_requests("claim") else 0
    return m


def requests(machine):
    """The claim requests that the cloud got since the test began."""
    return machine.cloud.https_requests("claim", since=machine.seen)


def ids(machine):
    return [r["target"].rpartition("/")[2] for r in requests(machine)]
