# SPDX-License-Identifier: GPL-3.0-or-later
"""A private /tmp for one agent.

netdata 1.37 binds its command socket at the fixed path /tmp/netdata-ipc and unlinks what it finds there, so two agents
fight for it, and one started by root would take the socket of the system's own agent. As root, each agent therefore
gets a mount namespace in which /tmp is a directory of its own; our own files and the repository stay visible in it.
Elsewhere (not root, or a container without the right to mount) agents share /tmp as ever.
"""
import functools
import os
import subprocess
from pathlib import Path

from .paths import REPO

_SCRIPT = r"""
set -e
mine=$1; shift
while [ "$1" != -- ]; do          # keep these directories of the old /tmp where they are
  mkdir -p "$mine${1#/tmp}"
  mount --rbind "$1" "$mine${1#/tmp}"
  shift
done
shift
mount --rbind "$mine" /tmp
exec "$@"
"""


@functools.lru_cache
def possible():
    if os.getuid() != 0:
        return False
    try:
        return subprocess.run(["unshare", "--mount", "--propagation", "private", "mount", "--bind", "/tmp", "/tmp"],
                              capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def wrap(tmp, keep):
    """The command prefix that runs a program with the directory `tmp` as its /tmp; [] when that is not possible."""
    if not possible():
        return []
    inside = []
    for k in [*map(Path, keep), REPO]:
        parts = k.resolve().parts
        if parts[:2] == ("/", "tmp") and len(parts) > 2:
            inside.append(str(Path(*parts[:3])))  # its top directory below /tmp, whole
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", _SCRIPT, "sh", str(tmp),
            *dict.fromkeys(inside), "--"]
