# SPDX-License-Identifier: GPL-3.0-or-later
"""An agent with the module compiled in (plugin-api/agent/README.md), for the tests that start a stock agent with
aclk.plugin otherwise: $ACLK_AGENT is its program.

What differs from the external form:
- There is no plugin: no process of its own to find, to kill or to restart, no local socket, no charts of the link.
- The agent is one of 2.x: its logs and its command socket are elsewhere. /api/v1/alarm_log of v2.11.0 answers nothing: its
  alert log is read from its database.
- Its own claim is the module's: `netdata-aclk claim` writes it, and the running agent notices.
"""
import functools
import json
import os
import sqlite3
import subprocess
import uuid
from pathlib import Path

from .netdata import Netdata


def program():
    """$ACLK_AGENT; None when it is not set."""
    path = os.environ.get("ACLK_AGENT")
    if not path:
        return None
    assert os.access(path, os.X_OK), f"ACLK_AGENT={path}: not a program"
    return Path(path).resolve()

# Tests that assume the external form, by the beginning of their names, and why.
NO_PLUGIN = "there is no plugin's process"
FROZEN = "a frozen agent is a frozen link"
FROZEN_200_09 = "a frozen agent is a frozen link (test_200_09 does it with a slow function)"
EXTERNAL = {
    "test_10_30": NO_PLUGIN, "test_10_31": NO_PLUGIN, "test_10_32": NO_PLUGIN,
    "test_10_40": "runs aclk.plugin by hand", "test_10_41": "runs aclk.plugin by hand", "test_10_42": "runs aclk.plugin by hand",
    "test_30_06": "no question is cut for the agent: one that is too big is answered 413",
    "test_30_07": "a long query string harms an old agent's HTTP parser, which is not between",
    "test_30_24": "what the link asks is not in the agent's access.log (test_200_08 looks at the answers)",
    "test_30_30": FROZEN_200_09, "test_30_32": FROZEN_200_09, "test_30_33": FROZEN, "test_30_35": FROZEN_200_09,
    "test_80_21": NO_PLUGIN, "test_81_14": NO_PLUGIN, "test_81_15": NO_PLUGIN, "test_81_16": NO_PLUGIN,
    "test_81_02": "compares with /api/v1/alarm_log, which is empty in v2.11.0",
    "test_82_03": "v2.11.0 does not list the alerts of a child that is away, its log has them",
    "test_82_04": "goes on where test_82_03 ends",
    "test_82_05": "v2.11.0 removes the alerts of a child that goes: REMOVED takes the place of what nobody could be told",
}


def why_not(test):
    """Why a test of this name is not run with a link inside an agent; None: it is run."""
    return next((why for name, why in EXTERNAL.items() if test.startswith(name)), None) if program() else None


# As its database has them.
STATUSES = {-2: "REMOVED", -1: "UNDEFINED", 0: "UNINITIALIZED", 1: "CLEAR", 3: "WARNING", 4: "CRITICAL"}


@functools.lru_cache
def plugins_directory():
    """Where this agent's own plugins are, as it was built."""
    told = subprocess.run([program(), "-W", "buildinfojson"], capture_output=True, text=True, timeout=30, check=True)
    return json.loads(told.stdout)["directories"]["plugins"]


class CompiledIn(Netdata):
    """Netdata, but for what the module's text says. `plugin` is not used."""

    def __init__(self, base, plugin=None, env=None, **options):
        super().__init__(base, plugin=None, env={"NETDATA_RUN_DIR": Path(base) / "run", **(env or {})}, **options)

    def binary(self):
        return program()

    def write_files(self):
        super().write_files()
        (self.dir / "run").mkdir(exist_ok=True)

    def sections(self):
        s = super().sections()
        s["directories"]["plugins"] = f'"{plugins_directory()}" "{self.dir}/plugins"'
        s["logs"] = {"logs to trigger flood protection": "1000000", "level": "info"}
        return s

    @property
    def command_socket(self):
        return self.dir / "run/netdata.pipe"

    @property
    def error_log(self):
        return self._log("daemon.log") + self._log("collector.log")

    def alert_log(self, guid, after=0):
        """Entries of a node's alert log after this unique id, oldest first, in the words of /api/v1/alarm_log."""
        db = sqlite3.connect(f"file:{self.dir / 'cache/netdata-meta.db'}?mode=ro", uri=True, timeout=5)
        try:
            rows = db.execute(
                "SELECT d.unique_id, d.alarm_event_id, l.name, l.chart, d.new_status, d.when_key FROM health_log l "
                "JOIN health_log_detail d USING (health_log_id) WHERE l.host_id = ? AND d.unique_id > ? "
                "ORDER BY d.unique_id", (uuid.UUID(guid).bytes, after)).fetchall()
        finally:
            db.close()
        return [{"unique_id": u, "alarm_event_id": e, "name": n, "chart": c, "status": STATUSES[int(s)], "when": w}
                for u, e, n, c, s, w in rows]

    def plugin_pid(self):
        return None

    def wait_plugin(self, timeout=20):
        self.wait_live(timeout)
        return self.pid
