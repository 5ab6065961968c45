# SPDX-License-Identifier: GPL-3.0-or-later
"""Dante on loopback: a SOCKS 5 proxy."""
import socket

from .paths import program
from .ports import take_port
from .process import Process
from .waiting import wait_until

_CONF = """logoutput: {dir}/danted.log
internal: 127.0.0.1 port = {port}
external: lo
socksmethod: none
clientmethod: none
user.privileged: root
user.unprivileged: nobody
client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}
socks pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 log: connect }}
"""


class Dante:
    """with Dante(dir) as proxy: proxy.port. For root."""

    def __init__(self, base):
        self.dir = base
        self.dir.mkdir(parents=True, exist_ok=True)
        self.port = take_port()
        self.process = None

    @property
    def log(self):
        f = self.dir / "danted.log"
        return f.read_text(errors="replace") if f.exists() else ""

    def connects(self):
        """Its lines about connections that it has made."""
        return [x for x in self.log.splitlines() if "pass(1): tcp/connect [" in x]

    def start(self):
        (self.dir / "danted.conf").write_text(_CONF.format(port=self.port, dir=self.dir))
        self.process = Process([program("danted", "dante-server"), "-N", "1", "-f", self.dir / "danted.conf"],
                               self.dir / "out.log")
        wait_until(self._live, 10, lambda: f"danted on port {self.port}: {self.process.text()} {self.log}")
        return self

    def _live(self):
        socket.create_connection(("127.0.0.1", self.port), 1).close()
        return True

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None

    __enter__ = start

    def __exit__(self, *_):
        self.stop()
