# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP proxy (Debian's tinyproxy) on loopback, with or without credentials."""
from .paths import program
from .proxyserver import ProxyServer


class TinyProxy(ProxyServer):
    """with TinyProxy(dir, user="u", password="p") as proxy: proxy.url"""

    log_file = "tinyproxy.log"

    def __init__(self, base, user=None, password=None):
        super().__init__(base)
        self.user, self.password = user, password

    @property
    def url(self):
        who = f"{self.user}:{self.password}@" if self.user else ""
        return f"http://{who}127.0.0.1:{self.port}"

    def command(self):
        lines = [f"Port {self.port}", "Listen 127.0.0.1", "Allow 127.0.0.1", "Timeout 120", "MaxClients 50",
                 f'LogFile "{self.dir}/tinyproxy.log"', "LogLevel Connect", "DisableViaHeader Yes"]
        if self.user:
            lines.append(f"BasicAuth {self.user} {self.password}")
        conf = self.dir / "tinyproxy.conf"
        conf.write_text("\n".join(lines) + "\n")
        return [program("tinyproxy", "tinyproxy"), "-d", "-c", conf]

    def connects(self):
        """What it was asked to reach: lines of CONNECT requests."""
        return [x for x in self.log.splitlines() if "): CONNECT " in x]
