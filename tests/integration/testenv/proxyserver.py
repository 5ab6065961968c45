# SPDX-License-Identifier: GPL-3.0-or-later
"""What the proxies of this package have in common: a port on loopback, a start that waits, an end."""
import socket

from .ports import take_port
from .process import Process
from .waiting import wait_until


class ProxyServer:
    """A subclass writes its configuration and gives the command in command(), and says where its log is."""

    log_file = None                 # in self.dir
    patience = 10                   # seconds until it must listen

    def __init__(self, base):
        self.dir = base
        self.dir.mkdir(parents=True, exist_ok=True)
        self.port = take_port()
        self.process = None

    def command(self):
        raise NotImplementedError

    @property
    def log(self):
        f = self.dir / self.log_file
        return f.read_text(errors="replace") if f.exists() else ""

    def start(self):
        """Also again, after stop() or the end of its process: on the same port."""
        self.process = Process(self.command(), self.dir / "out.log")
        wait_until(self._live, self.patience,
                   lambda: f"{self.process.args[0]} on port {self.port}: {self.process.text()} {self.log}")
        return self

    def _live(self):
        socket.create_connection(("127.0.0.1", self.port), 1).close()
        return True

    def end(self):
        """No more process, but its files."""
        if self.process:
            self.process.stop()
            self.process = None

    def stop(self):
        self.end()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
