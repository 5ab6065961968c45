# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory that a program sees as a small disk, or as read-only, while everybody else sees it as it is: a mount in a
namespace of the program's own. For root, where mounts are allowed (private_tmp.possible())."""
import errno
import os
import subprocess
from pathlib import Path

_SMALL = r"""
set -e
d=$1 size=$2; shift 2
cp -a "$d" "$d.before"
mount -t tmpfs -o "size=$size,mode=0700" tmpfs "$d"
cp -a "$d.before/." "$d"
exec "$@"
"""
_READ_ONLY = r"""
set -e
d=$1; shift
mount --bind "$d" "$d"
mount -o remount,bind,ro "$d"
exec "$@"
"""


def small(directory, size):
    """The prefix of a command for which the directory is a disk of that many bytes, with a copy of what is in it."""
    return _prefix(_SMALL, directory, size)


def read_only(directory):
    return _prefix(_READ_ONLY, directory)


def _prefix(script, *args):
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *map(str, args)]


def writable(pid, directory):
    """What was read_only() for this process is so no more."""
    subprocess.run(["nsenter", "--target", str(pid), "--mount", "--root", "mount", "-o", "remount,bind,rw", directory],
                   check=True, capture_output=True, timeout=10)


def seen_by(pid, path):
    """The path by which we reach what this process sees at `path`."""
    return Path(f"/proc/{pid}/root{path}")


def fill(directory):
    """Writes until there is no room; returns the file, for unlink()."""
    filler = Path(directory) / "filler"
    with open(filler, "wb", buffering=0) as f:
        for size in (4096, 512, 1):
            try:
                while True:
                    os.write(f.fileno(), b"\0" * size)
            except OSError as e:
                if e.errno != errno.ENOSPC:
                    raise
    return filler
