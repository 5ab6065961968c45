# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine whose agent runs as another user than root, who may put anything into the agent's directories."""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from claim_machine import Machine
from testenv.process import clean_env

AGENT = 65534    # nobody
VICTIM = 54321   # another user, without a name
SECRET = "for-roots-eyes-only"

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become the agent's user")


def own(path, uid=AGENT):
    os.chown(path, uid, uid, follow_symlinks=False)


class Rooted(Machine):
    """A Machine in a directory that others can reach; lib, what is in it, and cloud.d are the agent's."""

    def __init__(self, base, build, cloud):
        base.chmod(0o755)
        super().__init__(base, build, cloud)
        self.give()
        self.victim = base / "victim"      # a directory of somebody else
        self.victim.mkdir(mode=0o755)
        own(self.victim, VICTIM)
        self.secret = base / "secret"      # a file for root only
        self.secret.write_text(SECRET + "\n")
        self.secret.chmod(0o600)

    def give(self):
        """Everything in lib belongs to the agent's user."""
        for top, dirs, files in os.walk(self.lib):
            for name in [".", *dirs, *files]:
                own(Path(top) / name)

    def env(self, **more):
        return clean_env(NETDATA_LIB_DIR=self.lib, NETDATA_USER_CONFIG_DIR=self.etc, NETDATA_ACLK=self.build.cli, **more)

    def run(self, *args, env=None, timeout=60, before=()):
        """netdata-aclk as root. What is for root's eyes only is in no output."""
        p = subprocess.run([*before, self.build.cli, *map(str, args)], text=True, errors="replace", capture_output=True,
                           timeout=timeout, env=self.env(**(env or {})))
        assert SECRET not in p.stdout + p.stderr
        return p

    def script(self, *args, name="netdata-claim.sh", env=None):
        p = subprocess.run([Path(self.build.cli).parent / name, *map(str, args)], text=True, capture_output=True,
                           timeout=60, env=self.env(**(env or {})))
        assert SECRET not in p.stdout + p.stderr
        return p

    def claimed(self):
        p = self.claim()
        assert p.returncode == 0, p.stderr
        return self

    def fill_victim(self):
        """What a claim of the victim's own would look like, writable for everybody: rights alone would not save it."""
        for name in ("private.pem", "public.pem", "token", "rooms", "claimed_id", "cloud.conf", "aclk.db",
                     "netdata.public.unique.id", "status-netdata.json"):
            (self.victim / name).write_text(f"{SECRET} {name}\n")
            (self.victim / name).chmod(0o600)
            own(self.victim / name, VICTIM)
        return all_of(self.victim)

    def put(self, path, make):
        """Puts something else in the place of PATH, with the agent's user's rights to the directory."""
        path = self.lib / path
        path.parent.mkdir(exist_ok=True)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        make(path)
        return path


def all_of(*tops):
    """Everything below: owner, mode, time and text."""
    found = {}
    for top in tops:
        for p in [Path(top), *Path(top).rglob("*")]:
            s = p.lstat()
            text = p.read_bytes() if p.is_file() and not p.is_symlink() else None
            found[str(p)] = (s.st_uid, s.st_gid, s.st_mode, s.st_ino, s.st_mtime_ns if text is not None else 0, text)
    return found


@pytest.fixture
def rooted(build, cloud, keep_switches):
    base = Path(tempfile.mkdtemp(prefix="aclk-rooted-"))
    m = Rooted(base, build, cloud)
    m.seen = cloud.https_requests("claim")[-1]["n"] if cloud.https_requests("claim") else 0
    yield m
    shutil.rmtree(base)
