# SPDX-License-Identifier: GPL-3.0-or-later
"""The synthetic host: the module over a made-up, seeded database, in a process of its own."""
import json
import os
import signal
import subprocess

from .process import Process, clean_env
from .waiting import wait_until


class SyntheticHome:
    """Directories of a host that is no agent, with what claiming needs (testenv.claiming.claim takes it)."""

    # The machine guid that the default seed gives the local node.
    GUID = "c965d634-8c18-4782-a10b-1dbc3e325e3a"

    def __init__(self, base, guid=GUID):
        self.dir, self.lib, self.etc, self.cloud_dir = base, base / "lib", base / "etc", base / "lib/cloud.d"
        self.guid = guid
        for d in (self.lib / "registry", self.etc, base / "tmp"):
            d.mkdir(parents=True, exist_ok=True)
        (self.lib / "registry/netdata.public.unique.id").write_text(guid)


def guid_of(binary, seed):
    """The machine guid of the local node of a host with this seed: claims are bound to it."""
    return subprocess.run([binary, "--lib-dir", "/", "--seed", str(seed), "--show-guid"], capture_output=True, text=True,
                          timeout=20, check=True, env=clean_env()).stdout.strip()


class Synthetic:
    """Options become arguments: Synthetic(build.synthetic, home, nodes=3, alert_rate=5) gives --nodes 3 …; read_later=True
    is --read-later alone.

    prefix: a program that runs it, such as valgrind with its options.
    """

    def __init__(self, binary, home, prefix=(), env=None, **options):
        self.binary, self.home, self.prefix, self.env, self.options = binary, home, list(prefix), env or {}, options
        self.process = None

    @property
    def args(self):
        out = ["--lib-dir", self.home.lib]
        for k, v in self.options.items():
            for x in v if isinstance(v, list) else [v]:
                out += ["--" + k.replace("_", "-"), *([] if x is True else [x])]
        return [str(a) for a in out]

    def start(self, timeout=30):
        self.process = Process([*self.prefix, self.binary, *self.args], self.home.dir / "synthetic.log",
                               env=clean_env(TMPDIR=self.home.dir / "tmp", **self.env), cwd=self.home.dir)
        wait_until(lambda: "SYNTHETIC ready" in self.log, timeout, lambda: f"aclk-synthetic is ready:\n{self.log[-2000:]}")
        return self

    @property
    def pid(self):
        return self.process.pid

    @property
    def log(self):
        return self.process.text() if self.process else ""

    def state(self):
        """What aclk-state says, as printed for SIGUSR1."""
        before = len(self.log)
        os.kill(self.pid, signal.SIGUSR1)
        wait_until(lambda: "ACLK Available" in self.log[before:] and self.log.endswith("\n"), 5, "aclk-state")
        return self.log[before:]

    def state_json(self):
        """The same as an object, as printed for SIGUSR2."""
        before = self.process.log.stat().st_size
        os.kill(self.pid, signal.SIGUSR2)

        def line():
            lines = self.log_since(before).split("\n")[:-1]
            return next((x for x in lines if x.startswith('{"aclk-available"')), None)
        return json.loads(wait_until(line, 10, "aclk-state json", 0.01))

    def log_since(self, at):
        """What was written after the log had `at` bytes."""
        with open(self.process.log, "rb") as f:
            f.seek(at)
            return f.read().decode(errors="replace")

    def pause_alerts(self):
        """No transitions until this is called again."""
        os.kill(self.pid, signal.SIGWINCH)

    def stop(self, timeout=10):
        """SIGTERM; the exit status."""
        if not self.process:
            return None
        p, self.process = self.process, None
        return p.stop(timeout)

    __enter__ = start

    def __exit__(self, *_):
        self.stop()
