# SPDX-License-Identifier: GPL-3.0-or-later
"""Squid on loopback: an HTTP proxy that asks for a password."""
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from .paths import program
from .ports import take_port
from .process import Process
from .waiting import wait_until

_CONF = """http_port 127.0.0.1:{port}
pid_filename none
access_log stdio:{dir}/access.log
cache_log {dir}/cache.log
cache deny all
coredump_dir none
shutdown_lifetime 0 seconds
dns_v4_first on
auth_param basic program /usr/lib/squid/basic_ncsa_auth {dir}/passwords
auth_param basic realm aclk
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
"""


class Squid:
    """with Squid(user="u", password="p") as proxy: proxy.url. It runs as another user, so in a directory of its own."""

    def __init__(self, user, password):
        self.user, self.password = user, password
        self.port = take_port()
        self.dir = Path(tempfile.mkdtemp(prefix="aclk-squid-"))
        self.process = None

    @property
    def url(self):
        return f"http://{self.user}:{self.password}@127.0.0.1:{self.port}"

    @property
    def log(self):
        f = self.dir / "access.log"
        return f.read_text(errors="replace") if f.exists() else ""

    def connects(self):
        """Its lines about tunnels; each is written when the tunnel ends."""
        return [x for x in self.log.splitlines() if " CONNECT " in x]

    def start(self):
        binary = program("squid", "squid")
        hashed = subprocess.run(["openssl", "passwd", "-apr1", self.password], text=True, capture_output=True,
                                check=True).stdout.strip()
        (self.dir / "passwords").write_text(f"{self.user}:{hashed}\n")
        (self.dir / "squid.conf").write_text(_CONF.format(port=self.port, dir=self.dir))
        self.dir.chmod(0o755)
        try:
            shutil.chown(self.dir, "proxy")
        except (LookupError, PermissionError):
            pass                                    # not root: it runs as we do
        self.process = Process([binary, "-N", "-f", self.dir / "squid.conf"], self.dir / "out.log")
        wait_until(self._live, 20, lambda: f"squid on port {self.port}: {self.process.text()}")
        return self

    def _live(self):
        socket.create_connection(("127.0.0.1", self.port), 1).close()
        return True

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None
        shutil.rmtree(self.dir, ignore_errors=True)

    __enter__ = start

    def __exit__(self, *_):
        self.stop()
