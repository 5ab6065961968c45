# SPDX-License-Identifier: GPL-3.0-or-later
"""Dante on loopback: a SOCKS 5 proxy."""
from .paths import program
from .proxyserver import ProxyServer

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


class Dante(ProxyServer):
    """with Dante(dir) as proxy: proxy.port. For root."""

    log_file = "danted.log"

    def connects(self):
        """Its lines about connections that it has made."""
        return [x for x in self.log.splitlines() if "pass(1): tcp/connect [" in x]

    def command(self):
        (self.dir / "danted.conf").write_text(_CONF.format(port=self.port, dir=self.dir))
        return [program("danted", "dante-server"), "-N", "1", "-f", self.dir / "danted.conf"]
