# SPDX-License-Identifier: GPL-3.0-or-later
"""aclk.plugin run by hand, the way an agent would: its arguments, environment and pipes (plugin-api/external/README.md,
"The contract of plugins")."""
import os
import select
import signal
import subprocess
import time
from pathlib import Path

from . import private_tmp, process
from .process import Process, clean_env
from .waiting import wait_until


class Plugin:
    """The plugin with us in the agent's place. stdin and stdout are pipes in our hands, stderr is a file.

    generation  1: as netdata 1.37 starts it; 2: as 2.x does (more variables, QUIT on stdin)
    agent       a running Netdata whose web API and identity it shall believe to be its own, or None
    """

    def __init__(self, binary, base, generation=1, agent=None, env=None, update_every=1, args=()):
        self.binary, self.dir, self.generation, self.agent = binary, Path(base), generation, agent
        self.more, self.update_every, self.extra = env or {}, update_every, list(args)
        self.process = None
        self._out = b""
        self._marks = []  # (time, number of bytes) of each read: for signs of life
        for d in ("etc", "lib", "cache", "log", "run", "tmp"):
            (self.dir / d).mkdir(parents=True, exist_ok=True)

    def environment(self):
        d = self.agent.dir if self.agent else self.dir
        env = {
            "NETDATA_CACHE_DIR": d / "cache", "NETDATA_CONFIG_DIR": d / "etc", "NETDATA_USER_CONFIG_DIR": d / "etc",
            "NETDATA_STOCK_CONFIG_DIR": "/usr/lib/netdata/conf.d", "NETDATA_LIB_DIR": d / "lib",
            "NETDATA_LOG_DIR": d / "log", "NETDATA_PLUGINS_DIR": "/usr/lib/netdata/plugins.d",
            "NETDATA_USER_PLUGINS_DIRS": d / "plugins", "NETDATA_WEB_DIR": "/usr/share/netdata/web",
            "NETDATA_HOSTNAME": "byhand", "NETDATA_HOST_PREFIX": "", "NETDATA_UPDATE_EVERY": self.update_every,
            "NETDATA_REGISTRY_UNIQUE_ID": self.agent.guid if self.agent else "5f8a6f0e-0000-4000-8000-000000000001",
            "NETDATA_REGISTRY_HOSTNAME": "byhand", "NETDATA_LISTEN_PORT": "19999", "NETDATA_DEBUG_FLAGS": "0",
            "NETDATA_VERSION": "v1.37.1" if self.generation == 1 else "v2.10.4", "LC_ALL": "C", "TZ": ":/etc/localtime",
            "MALLOC_ARENA_MAX": 1, "UV_THREADPOOL_SIZE": 16, "PYTHONUNBUFFERED": 1,
            "NETDATA_ERRORS_THROTTLE_PERIOD": 1200, "NETDATA_ERRORS_PER_PERIOD": 200,
            "NETDATA_INTERNALS_MONITORING": "no", "NETDATA_REGISTRY_URL": "https://registry.my-netdata.io",
            "TMPDIR": d / "tmp",
        }
        if self.generation == 1:
            env["NETDATA_LOCK_DIR"] = d / "lib/lock"
            env["NETDATA_REGISTRY_CLOUD_BASE_URL"] = "https://api.netdata.cloud"
        else:
            env.update({"NETDATA_RUN_DIR": self.dir / "run", "CLAIMING_DIR": d / "lib/cloud.d",
                        "NETDATA_INVOCATION_ID": "0123456789abcdef0123456789abcdef", "NETDATA_CONF_CPUS": 2,
                        "NETDATA_LOG_METHOD": "stderr", "NETDATA_LOG_FORMAT": "logfmt", "NETDATA_LOG_LEVEL": "info",
                        "NETDATA_REGISTRY_CLOUD_BASE_URL": "https://app.netdata.cloud"})
        env.update(self.more)
        return clean_env(**env)

    def start(self):
        prefix = self.agent.private_tmp() if self.agent else private_tmp.wrap(self.dir / "tmp", [self.dir])
        self.process = Process([*prefix, self.binary, str(self.update_every), *self.extra], self.dir / "stderr.log",
                               env=self.environment(), cwd=self.dir / "etc", stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
        return self

    # ------------------------------------------------------------------------------------------------ pipes

    def read(self, seconds=0.0):
        """Takes what is there on stdout, waiting up to `seconds` for the first of it. False at its end."""
        fd = self.process.popen.stdout.fileno()
        if select.select([fd], [], [], seconds)[0]:
            data = os.read(fd, 65536)
            if not data:
                return False
            self._out += data
            self._marks.append((time.monotonic(), len(data)))
        return True

    @property
    def output(self):
        while self.process.popen.stdout and select.select([self.process.popen.stdout], [], [], 0)[0]:
            if not self.read():
                break
        return self._out.decode(errors="replace")

    @property
    def stderr(self):
        return self.process.text() if self.process else (self.dir / "stderr.log").read_text(errors="replace")

    def say(self, line):
        """One line of the agent on the plugin's stdin."""
        self.process.popen.stdin.write(line.encode() + b"\n")
        self.process.popen.stdin.flush()

    def close_stdin(self):
        self.process.popen.stdin.close()

    def close_stdout(self):
        self.process.popen.stdout.close()
        self.process.popen.stdout = None

    def signs_of_life(self, seconds):
        """The longest silence on stdout, in seconds, seen while listening that long."""
        last, longest, end = time.monotonic(), 0.0, time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            before = len(self._marks)
            if not self.read(min(left, 0.5)):
                break
            t = time.monotonic()
            longest = max(longest, t - last)
            if len(self._marks) > before:
                last = t
        return longest

    # ---------------------------------------------------------------------------------------------- process

    @property
    def pid(self):
        return self.process.pid

    def worker_pid(self):
        return process.worker_of(self.pid)

    def wait_worker(self, timeout=10, not_this=None):
        return wait_until(lambda: (w := self.worker_pid()) and w != not_this and w, timeout,
                          lambda: f"a worker under the supervisor:\n{self.stderr[-2000:]}")

    def wait_gone(self, timeout=3.0):
        """Waits for the end; returns (exit status, seconds)."""
        began = time.monotonic()
        status = self.process.wait(timeout)
        return status, time.monotonic() - began

    def signal(self, sig=signal.SIGTERM):
        self.process.signal(sig)

    def stop(self):
        if self.process and self.process.alive():
            self.process.signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except AssertionError:
                self.process.kill()
                raise
        if self.process:
            self.process._close()

    __enter__ = start

    def __exit__(self, *_):
        self.stop()
