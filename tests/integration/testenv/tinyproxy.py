# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP proxy (Debian's tinyproxy) on loopback, with or without credentials."""
import socket

from .paths import program
from .ports import take_port
from .process import Process
from .waiting import wait_until


class TinyProxy:
    """with TinyProxy(dir, user="u", password="p") as proxy: proxy.url"""

    def __init__(self, base, user=None, password=None):
        self.dir = base
        self.dir.mkdir(parents=True, exist_ok=True)
        self.port = take_port()
        self.user, self.password = user, password
        self.process = None

    @property
    def url(self):
        who = f"{self.user}:{self.password}@" if self.user else ""
        return f"http://{who}127.0.0.1:{self.port}"

    @property
    def log(self):
        return (self.dir / "tinyproxy.log").read_text(errors="replace")

    def start(self):
        lines = [f"Port {self.port}", "Listen 127.0.0.1", "Allow 127.0.0.1", "Timeout 120", "MaxClients 50",
                 f'LogFile "{self.dir}/tinyproxy.log"', "LogLevel Connect", "DisableViaHeader Yes"]
        if self.user:
            lines.append(f"BasicAuth {self.user} {self.password}")
        conf = self.dir / "tinyproxy.conf"
        conf.write_text("\n".join(lines) + "\n")
        self.process = Process([program("tinyproxy", "tinyproxy"), "-d", "-c", conf], self.dir / "out.log")
        wait_until(self._live, 10, lambda: f"tinyproxy on port {self.port}: {self.process.text()}")
        return self

    def _live(self):
        socket.create_connection(("127.0.0.1", self.port), 1).close()
        return True

    def connects(self):
        """What it was asked to reach: lines of CONNECT requests."""
        return [x for x in self.log.splitlines() if "): CONNECT " in x]

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None

    __enter__ = start

    def __exit__(self, *_):
        self.stop()
