# SPDX-License-Identifier: GPL-3.0-or-later
"""Child processes that cannot outlive the test session, and the proof that none did."""
import ipaddress
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

from .waiting import wait_until

MARK = "ACLK_TEST_RUN"
# One per Python process, so that parallel workers see their own processes only. In our own environment too: what is
# started by others on our behalf (the local cloud and its broker) then carries it as well.
RUN = os.environ[MARK] = uuid.uuid4().hex

# What children get of our environment. Not TMPDIR, proxies or SSL_CERT_*: a test that wants them says so.
_KEEP = ("PATH", "LANG", "HOME", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LLVM_PROFILE_FILE")


def clean_env(**more):
    env = {k: os.environ[k] for k in _KEEP if k in os.environ}
    env["PATH"] = env.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
    env[MARK] = RUN
    env.update({k: str(v) for k, v in more.items()})
    return env


class Process:
    """One running program, in a session of its own, with its output in a file.

    It gets SIGKILL when the thread that started it ends: a test session that is killed takes its servers along.
    """

    def __init__(self, args, log, env=None, cwd=None, stdin=subprocess.DEVNULL, stdout=None):
        self.args = [str(a) for a in args]
        self.log = Path(log)
        with open(self.log, "ab") as out:
            self.popen = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *self.args], cwd=cwd,
                                          env=env or clean_env(), stdin=stdin, stdout=stdout or out, stderr=out,
                                          start_new_session=True)
        self.pid = self.popen.pid

    def alive(self):
        return self.popen.poll() is None

    def signal(self, sig):
        if self.alive():
            os.kill(self.pid, sig)

    def wait(self, timeout=10.0):
        """The exit status, negative for a signal."""
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.args[0]} (pid {self.pid}) still runs after {timeout:g} s") from None

    def stop(self, timeout=10.0):
        """SIGTERM, and SIGKILL to the whole session when that takes too long. Returns the exit status."""
        self.signal(signal.SIGTERM)
        try:
            return self.wait(timeout)
        except AssertionError:
            self.kill()
            raise
        finally:
            self._close()

    def kill(self):
        """SIGKILL to everything in the process's own session."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait(10)
        self._close()

    def _close(self):
        for f in (self.popen.stdin, self.popen.stdout):
            if f:
                try:
                    f.close()
                except OSError:
                    pass

    def text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""


# ---------------------------------------------------------------------------------------------- a look at /proc

def _read(pid, name):
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def cmdline(pid):
    return _read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace").strip()


def stat(pid):
    """(state letter, parent pid), or None when there is no such process."""
    raw = _read(pid, "stat")
    if not raw:
        return None
    rest = raw.rpartition(b")")[2].split()
    return rest[0].decode(), int(rest[1])


def running(pid):
    s = stat(pid)
    return s is not None and s[0] not in "ZX"


def children(pid):
    out = []
    for p in filter(str.isdigit, os.listdir("/proc")):
        s = stat(p)
        if s and s[1] == pid and s[0] not in "ZX":
            out.append(int(p))
    return sorted(out)


def worker_of(supervisor):
    """The worker that this supervisor of aclk.plugin has started; None when there is none."""
    return next((p for p in children(supervisor) if "--worker" in cmdline(p)), None)


def threads(pid):
    try:
        return sorted(int(t) for t in os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return []


def thread_name(pid, tid):
    return _read(pid, f"task/{tid}/comm").decode(errors="replace").strip()


def sockets(pid):
    """Peers of the TCP connections that a process holds: a list of (ip, port, state)."""
    inodes = set()
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                target = os.readlink(f"/proc/{pid}/fd/{fd}")
            except OSError:
                continue
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    except OSError:
        return []
    out = []
    for table in ("net/tcp", "net/tcp6"):
        for line in _read(pid, table).decode().splitlines()[1:]:
            f = line.split()
            if f[9] in inodes:
                ip, port = f[2].split(":")
                # Words of four bytes, each in the machine's own order.
                words = b"".join(int(ip[i:i + 8], 16).to_bytes(4, sys.byteorder) for i in range(0, len(ip), 8))
                out.append((str(ipaddress.ip_address(words)), int(port, 16), int(f[3], 16)))
    return out


def leftovers(run=RUN):
    """(pid, command) of every process of this session that still runs, ourselves and our ancestors left out."""
    mark = f"{MARK}={run}".encode()
    ours = set()
    pid = os.getpid()
    while pid > 1:
        ours.add(pid)
        s = stat(pid)
        pid = s[1] if s else 0
    out = []
    for p in filter(str.isdigit, os.listdir("/proc")):
        if int(p) in ours or not running(p) or mark not in _read(p, "environ").split(b"\0"):
            continue
        out.append((int(p), cmdline(p)))
    return out


def none_left(timeout=5.0, ignore=()):
    """Waits for processes on their way out; returns those that stay."""
    look = lambda: [x for x in leftovers() if x[0] not in ignore]
    try:
        wait_until(lambda: not look(), timeout, "no process left")
        return []
    except AssertionError:
        return look()


def kill_leftovers():
    """SIGKILL to whatever of this run is still there."""
    for pid, *_ in leftovers():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def cpu_seconds(pid):
    """CPU time of a process so far, of threads that ended, too; exact to nanoseconds, while /proc/PID/stat counts the
    clock's ticks that happened to fall on it. 0 of one that is gone."""
    try:
        return time.clock_gettime(~pid << 3 | 2)    # clock_getcpuclockid(3)
    except OSError:
        return 0.0


def peak_rss_kb(pid):
    for line in _read(pid, "status").decode().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


def rss_kb(pid):
    for line in _read(pid, "status").decode().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def switches(pid, tid=None):
    """Voluntary context switches of a thread (default: all threads together): how often it went to sleep."""
    total = 0
    for t in ([tid] if tid else threads(pid)):
        for line in _read(pid, f"task/{t}/status").decode().splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                total += int(line.split()[1])
    return total


def now():
    return time.monotonic()
