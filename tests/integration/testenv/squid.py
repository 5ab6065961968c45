# SPDX-License-Identifier: GPL-3.0-or-later
"""Squid on loopback: an HTTP proxy, or an HTTPS proxy, that may ask for a password."""
import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from lc import certs                                # tests/cloud

from .paths import program
from .proxyserver import ProxyServer

_CONF = """{listen}
pid_filename none
access_log stdio:{dir}/access.log
cache_log {dir}/cache.log
cache deny all
coredump_dir none
shutdown_lifetime 0 seconds
dns_v4_first on
pinger_enable off
{access}
http_access deny all
"""
_PASSWORD = {"basic": """auth_param basic program /usr/lib/squid/basic_ncsa_auth {dir}/passwords
auth_param basic realm aclk
acl known proxy_auth REQUIRED
http_access allow known""", "digest": """auth_param digest program /usr/lib/squid/digest_file_auth -c {dir}/passwords
auth_param digest realm aclk
acl known proxy_auth REQUIRED
http_access allow known"""}


class Squid(ProxyServer):
    """with Squid(user="u", password="p") as proxy: proxy.url. It runs as another user, so in a directory of its own.

    certificate: one of lc.certs.KINDS: clients speak TLS with it, as with Debian's squid out of the box (https_port), and
    proxy.ca is whom they should trust. scheme: how it wants the password, "basic" or "digest".
    """

    log_file = "access.log"
    patience = 20

    def __init__(self, user=None, password=None, certificate=None, scheme="basic"):
        super().__init__(Path(tempfile.mkdtemp(prefix="aclk-squid-")))
        self.user, self.password, self.tls, self.scheme = user, password, certificate is not None, scheme
        if certificate:
            self.ca, _, key = certs.make(self.dir, certificate)
            key.chmod(0o644)                        # it reads it as another user; good for this test only

    @property
    def url(self):
        who = f"{self.user}:{self.password}@" if self.user else ""
        return f"{'https' if self.tls else 'http'}://{who}127.0.0.1:{self.port}"

    def connects(self):
        """Its lines about tunnels, and of requests refused; each is written when the tunnel ends. Not of those that only
        ask how it wants the password."""
        return [x for x in self.log.splitlines() if " CONNECT " in x and not ("TCP_DENIED/407" in x and " - HIER" in x)]

    def command(self):
        if self.user and self.scheme == "digest":
            known = hashlib.md5(f"{self.user}:aclk:{self.password}".encode()).hexdigest()
            (self.dir / "passwords").write_text(f"{self.user}:aclk:{known}\n")
        elif self.user:
            hashed = subprocess.run(["openssl", "passwd", "-apr1", self.password], text=True, capture_output=True,
                                    check=True).stdout.strip()
            (self.dir / "passwords").write_text(f"{self.user}:{hashed}\n")
        listen = f"http_port 127.0.0.1:{self.port}"
        if self.tls:
            listen = f"https_port 127.0.0.1:{self.port} tls-cert={self.dir}/server.pem tls-key={self.dir}/server.key"
        access = _PASSWORD[self.scheme].format(dir=self.dir) if self.user else "http_access allow localhost"
        (self.dir / "squid.conf").write_text(_CONF.format(listen=listen, dir=self.dir, access=access))
        self.dir.chmod(0o755)
        try:
            shutil.chown(self.dir, "proxy")
        except (LookupError, PermissionError):
            pass                                    # not root: it runs as we do
        return [program("squid", "squid"), "-N", "-f", self.dir / "squid.conf"]

    def stop(self):
        self.end()
        shutil.rmtree(self.dir, ignore_errors=True)
