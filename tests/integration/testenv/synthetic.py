# SPDX-License-Identifier: GPL-3.0-or-later
"""The synthetic host: the module over a made-up, seeded database, in a process of its own."""
import os

from .process import Process, clean_env


class Synthetic:
    """Arguments become options: Synthetic(build.synthetic, dir, nodes=3, alert_rate=5) gives --nodes 3 --alert-rate 5."""

    def __init__(self, binary, base, env=None, **options):
        self.binary, self.dir = binary, base
        self.dir.mkdir(parents=True, exist_ok=True)
        self.options, self.env = options, env or {}
        self.process = None

    @property
    def args(self):
        out = []
        for k, v in self.options.items():
            name = "--" + k.replace("_", "-")
            out += [name] if v is True else [name, str(v)]
        return out

    def start(self):
        self.process = Process([self.binary, *self.args], self.dir / "synthetic.log",
                               env=clean_env(TMPDIR=self._tmp(), **self.env), cwd=self.dir)
        return self

    def _tmp(self):
        tmp = self.dir / "tmp"
        os.makedirs(tmp, exist_ok=True)
        return tmp

    @property
    def pid(self):
        return self.process.pid

    @property
    def log(self):
        return self.process.text()

    def stop(self, timeout=10):
        if self.process:
            p, self.process = self.process, None
            return p.stop(timeout)
        return None

    __enter__ = start

    def __exit__(self, *_):
        self.stop()
