# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that root runs while the agent's user changes the directories under their feet; and the proof, from the
system calls, that root opens nothing there."""
import os
import re
import signal
import subprocess
import sys

import pytest

from claim_machine import requests
from rooted import AGENT, SECRET, all_of, needs_root, own, rooted

__all__ = ["rooted"]  # a fixture
pytestmark = needs_root

# Run as the agent's user: cloud.d, and a file in it, are what they are for an instant only. A command that meets no
# cloud.d in between makes one, which goes again.
SWAPPER = r"""
import os, shutil, sys
lib, victim, secret = sys.argv[1:]
real, link, cloud = lib + "/real", lib + "/link", lib + "/cloud.d"
os.symlink(victim, link)
names = ["rooms", "token", "cloud.conf", "private.pem"]
for name in names:
    os.symlink(secret, f"{real}/.{name}")
os.rename(real, cloud)
print("ready", flush=True)
def move(a, b):
    for _ in range(100):
        try: return os.rename(a, b)
        except FileNotFoundError: return
        except OSError: shutil.rmtree(b, ignore_errors=True)
while True:
    if not os.path.islink(link):
        shutil.rmtree(link, ignore_errors=True)
        os.symlink(victim, link)
    if not os.path.lexists(cloud): os.mkdir(cloud)
    move(cloud, real); move(link, cloud)
    move(cloud, link); move(real, cloud)
    for name in names:
        try: os.rename(f"{cloud}/{name}", f"{cloud}/.aside")
        except OSError: pass
        try: os.symlink(secret, f"{cloud}/{name}"); os.rename(f"{cloud}/.aside", f"{cloud}/{name}")
        except OSError: pass
"""


@pytest.fixture
def swapper(rooted):
    rooted.cloud_dir.rename(rooted.lib / "real")
    p = subprocess.Popen(["setpriv", f"--reuid={AGENT}", f"--regid={AGENT}", "--clear-groups", "--pdeathsig", "KILL",
                          "/usr/bin/python3", "-c", SWAPPER, rooted.lib, rooted.victim, rooted.secret],
                         stdout=subprocess.PIPE, text=True)
    assert p.stdout.readline() == "ready\n"
    yield p
    alive = p.poll() is None
    p.send_signal(signal.SIGKILL)
    p.wait()
    p.stdout.close()
    assert alive, "it swapped until the end"


def test_151_01_nothing_outside_is_changed_or_read_while_everything_is_swapped(rooted, swapper):
    rooted.fill_victim()
    rooted.victim.chmod(0o755)
    before = all_of(rooted.victim, rooted.secret)
    url = rooted.cloud.url
    for _ in range(6):
        for p in (rooted.script(f"-token={rooted.cloud.token}", f"-url={url}"), rooted.run("unclaim"),
                  rooted.run("claim", "--reclaim", "--url", url, env={"NETDATA_CLAIM_TOKEN": rooted.cloud.token}),
                  rooted.run("prepare-template")):
            assert p.returncode < 128, p.stderr
            assert all_of(rooted.victim, rooted.secret) == before
    for r in requests(rooted):
        assert SECRET not in str(r)


# ------------------------------------------------------------------------------------------------- system calls

CALL = re.compile(r"^(\d+) +(\w+)\((.*)")
OPENS = {"open", "openat", "openat2", "creat", "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir", "rename", "renameat",
         "renameat2", "link", "linkat", "symlink", "symlinkat", "chmod", "fchmodat", "chown", "lchown", "fchownat",
         "truncate", "access", "faccessat", "faccessat2", "stat", "newfstatat", "statx", "connect", "readlink",
         "readlinkat", "execve", "utimensat", "chdir", "mknod", "mknodat", "inotify_add_watch"}


def as_root(trace, lib):
    """The calls that name something in `lib`, made before the process had the agent's rights; and did it get them?"""
    ours, became = [], set()
    for line in trace.splitlines():
        m = CALL.match(line)
        if not m:
            continue
        pid, call, rest = m.groups()
        if call in ("setresuid", "setuid") and re.match(rf"{AGENT}, {AGENT}, {AGENT}\) += 0", rest):
            became.add(pid)
        elif call in OPENS and pid not in became and f"{lib}/" in rest:
            ours.append(line)
    return ours, became


@pytest.mark.parametrize("command", ["claim", "unclaim", "prepare-template", "script-1.37", "script-2.x", "doctor", "state",
                                     "reload", "what-is-sent"])
def test_151_02_no_call_as_root_names_anything_below_the_library_directory(rooted, command, tmp_path):
    if command != "claim":
        rooted.claimed()
        (rooted.cloud_dir / "rooms").write_text(rooted.cloud.rooms[0])
        own(rooted.cloud_dir / "rooms")
    trace = tmp_path / "trace"
    before = ["strace", "-f", "-qq", "-o", trace, "-e", "trace=file,desc,process,network,setresuid,setuid", "-s", "4096"]
    script = {"script-1.37": [f"-token={rooted.cloud.token}", f"-url={rooted.cloud.url}"],
              "script-2.x": ["--claim-token", rooted.cloud.token, "--claim-url", rooted.cloud.url]}
    if command in script:
        p = rooted.run("claim-script", *script[command], before=before)
    else:
        more = ["--url", rooted.cloud.url] if command == "claim" else []
        p = rooted.run(command, *more, env={"NETDATA_CLAIM_TOKEN": rooted.cloud.token}, before=before)
    assert p.returncode < 128, p.stderr
    text = trace.read_text(errors="replace")
    calls, became = as_root(text, rooted.lib)
    assert became and calls == []
    assert f"{rooted.lib}/" in text, "it did come there"


def test_151_03_nothing_of_root_is_left(rooted, tmp_path):
    """User, group, supplementary groups, capabilities: looked at in a running claim whose cloud does not answer."""
    rooted.cloud.configure(claim_delay=30)
    env = rooted.env(NETDATA_CLAIM_TOKEN=rooted.cloud.token)
    p = subprocess.Popen([rooted.build.cli, "claim", "--url", rooted.cloud.url], env=env, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
    try:
        assert p.stderr.readline().startswith("claiming ")
        status = dict(x.split(":\t", 1) for x in open(f"/proc/{p.pid}/status").read().splitlines() if ":\t" in x)
        assert status["Uid"].split() == status["Gid"].split() == [str(AGENT)] * 4
        assert status["Groups"].split() in ([], [str(AGENT)])
        assert {status[x] for x in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}
        assert status["NoNewPrivs"] == "1"
        assert os.stat(f"/proc/{p.pid}/environ").st_uid == 0, "others of that user may not look into it"
    finally:
        p.kill()
        p.communicate()
