# SPDX-License-Identifier: GPL-3.0-or-later
"""Free ports on 127.0.0.1, shared fairly between test sessions that run side by side.

A port is taken below the kernel's ephemeral range, so that no outgoing connection can grab it between our look and the
server's bind, and is held by a lock on a small file until this process ends: kill -9 frees it as well.
"""
import atexit
import fcntl
import os
import random
import socket
import tempfile

_FIRST, _LAST = 20000, 32000  # Linux gives ephemeral ports from 32768
_DIR = os.path.join(tempfile.gettempdir(), f"aclk-ports-{os.getuid()}")
_held = {}


def _free(port):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as s:
            if kind == socket.SOCK_STREAM:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: TIME_WAIT is not "taken"
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def _lock(port):
    os.makedirs(_DIR, mode=0o700, exist_ok=True)
    path = os.path.join(_DIR, str(port))
    fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.stat(path).st_ino == os.fstat(fd).st_ino:  # else: removed by its last holder while we opened it
            return fd
    except OSError:
        pass
    os.close(fd)
    return None


def take_port():
    """A port that is free for TCP and UDP now, and that no other user of this function gets until we exit."""
    for _ in range(500):
        port = random.randrange(_FIRST, _LAST)
        if port in _held:
            continue
        fd = _lock(port)
        if fd is None:
            continue
        if _free(port):
            _held[port] = fd
            return port
        os.close(fd)
    raise RuntimeError("no free port between %d and %d" % (_FIRST, _LAST))


@atexit.register
def _release():
    for port, fd in _held.items():
        try:
            os.unlink(os.path.join(_DIR, str(port)))
        except OSError:
            pass
        os.close(fd)
    _held.clear()
    try:
        os.rmdir(_DIR)
    except OSError:
        pass  # others still hold ports
