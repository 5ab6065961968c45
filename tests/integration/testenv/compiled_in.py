# SPDX-License-Identifier: GPL-3.0-or-later
"""An agent with the module compiled in (plugin-api/agent/README.md), for the tests that start a stock agent with
aclk.plugin otherwise: $ACLK_AGENT is its program.

What differs from the external form:
- There is no plugin: no process of its own to find, to kill or to restart, no local socket, no charts of the link.
- The agent is one of 2.x: its logs, its command socket and its directory for plugins of users are elsewhere.
- Its own claim is the module's: `netdata-aclk claim` writes it, and the running agent notices.
"""
import os
from pathlib import Path

from .netdata import Netdata


def program():
    """$ACLK_AGENT; None when it is not set."""
    path = os.environ.get("ACLK_AGENT")
    if not path:
        return None
    assert os.access(path, os.X_OK), f"ACLK_AGENT={path}: not a program"
    return Path(path).resolve()


class CompiledIn(Netdata):
    """Netdata, but for what the module's text says. `plugin` is not used."""

    def __init__(self, base, plugin=None, env=None, **options):
        super().__init__(base, plugin=None, env={"NETDATA_RUN_DIR": Path(base) / "run", **(env or {})}, **options)

    def binary(self):
        return program()

    def write_files(self):
        super().write_files()
        (self.dir / "run").mkdir(exist_ok=True)
        users = self.etc / "custom-plugins.d"
        if not users.is_symlink():
            users.symlink_to(self.dir / "plugins")

    def sections(self):
        s = super().sections()
        del s["directories"]["plugins"]          # the agent's own, and users' in custom-plugins.d
        s["logs"] = {"logs to trigger flood protection": "1000000", "level": "info"}
        return s

    @property
    def command_socket(self):
        return self.dir / "run/netdata.pipe"

    @property
    def error_log(self):
        return self._log("daemon.log") + self._log("collector.log")

    def plugin_pid(self):
        return None

    def wait_plugin(self, timeout=20):
        self.wait_live(timeout)
        return self.pid
