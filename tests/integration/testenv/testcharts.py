# SPDX-License-Identifier: GPL-3.0-or-later
"""Charts and alerts on demand in a stock agent: a plugin of ours collects what tests write into files, and health
definitions raise alerts on it (plugin-api/external/README.md, "Text protocol"; tests/integration/README.md, "Raising an
alert")."""
import json
import os
import time

from .waiting import wait_until

# One chart per file of its "charts" directory, each of a context of its own. A file that goes ends its collection.
PLUGIN = r'''#!/usr/bin/python3
import json, os, sys, time

charts = os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), "charts")
known = {}
while os.getppid() != 1:
    for name in sorted(n for n in os.listdir(charts) if not n.startswith(".")):
        try:
            with open(os.path.join(charts, name)) as f:
                c = json.load(f)
        except (OSError, ValueError):
            continue
        about = (c["title"], c["units"], c["family"], c["type"], c["priority"])
        if known.get(name) != about:
            known[name] = about
            print('CHART testcharts.%s "" "%s" "%s" "%s" "testcharts.%s" %s %d 1 "" "testcharts.plugin" "tests"'
                  % (name, c["title"], c["units"], c["family"], name, c["type"], c["priority"]))
            print('DIMENSION v "" absolute 1 1')
        print("BEGIN testcharts.%s\nSET v = %d\nEND" % (name, c["value"]))
    try:
        sys.stdout.flush()
    except OSError:
        break
    time.sleep(1 - time.time() % 1)
'''

# An alert per chart: above 10 (down to 5) a warning, above 20 (down to 15) critical. %(chart)s, %(name)s.
DEFINITION = '''
template: %(name)s
      on: testcharts.%(chart)s
   class: Workload
    type: Test
component: Stock
    calc: $v
   units: things
   every: 1s
    warn: $this > (($status >= $WARNING)  ? (5) : (10))
    crit: $this > (($status == $CRITICAL) ? (15) : (20))
   delay: down 0s
    info: test value is high
      to: silent
'''
VALUES = {"CLEAR": 1, "WARNING": 12, "CRITICAL": 25}


def definitions(*names, chart="value"):
    """Text for a file of health.d with an alert of each name on one chart."""
    return "".join(DEFINITION % {"name": n, "chart": chart} for n in names)


# What an agent needs in its configuration: Netdata(config=CONFIG) with a TestCharts made before its start.
CONFIG = {"plugins": {"testcharts": "yes"}}


class TestCharts:
    """The charts of one agent; make it before the agent starts."""

    __test__ = False                # no test class, whatever pytest thinks of its name

    def __init__(self, agent, parent=None, **values):
        """values: charts that are there from the beginning, with their values. parent: the agent that the charts are
        streamed to; it evaluates the alerts then, and is asked about them."""
        self.agent, self.parent = agent, parent
        self.log_of = parent or agent
        self.dir = agent.dir / "plugins/charts"
        self.dir.mkdir(parents=True, exist_ok=True)
        program = agent.dir / "plugins/testcharts.plugin"
        program.write_text(PLUGIN)
        program.chmod(0o755)
        for name, value in values.items():
            self.set(name, value)

    def set(self, name, value=1, **about):
        """Makes a chart or changes it: value, title, units, family, type, priority."""
        path = self.dir / name
        chart = json.loads(path.read_text()) if path.exists() else {
            "title": f"Test chart {name}", "units": "things", "family": "tests", "type": "line", "priority": 90000}
        chart.update({"value": value, **about})
        new = self.dir / f".{name}"
        new.write_text(json.dumps(chart))
        os.replace(new, path)

    def remove(self, name):
        """Nothing is collected for it any more."""
        (self.dir / name).unlink()

    # ---------------------------------------------------------------------------------------------- the agent's word

    def ask(self, target):
        if self.parent is None:
            return self.agent.api(target).json()
        return self.parent.api(f"/host/{self.agent.guid}{target}").json()

    def alarms(self):
        """The agent's alarms by "chart.name"."""
        return self.ask("/api/v1/alarms?all")["alarms"]

    def log(self, after=0):
        """Entries of the agent's alert log after this unique id, oldest first."""
        if own := getattr(self.log_of, "alert_log", None):
            return own(self.agent.guid, after)
        return self.ask(f"/api/v1/alarm_log?after={after}")[::-1]

    def last_log_id(self):
        if own := getattr(self.log_of, "alert_log", None):
            return max((e["unique_id"] for e in own(self.agent.guid)), default=0)
        return self.ask("/api/v1/alarms?active")["latest_alarm_log_unique_id"]

    def wait_status(self, name, status, timeout=40, chart="value"):
        """Until the agent says that the alert of this name has this status (after its start: 10 to 20 s)."""
        def now():
            return self.alarms().get(f"testcharts.{chart}.{name}", {}).get("status") == status
        wait_until(now, timeout, lambda: f"{name} is {status} in the agent: {self.alarms()}", 0.1)

    def drive(self, name, status, timeout=10, chart="value"):
        """Drives an alert to this status. Returns (its entry in the agent's log, when we saw that there)."""
        after = self.last_log_id()
        self.set(chart, VALUES[status])

        def entry():
            return next((e for e in self.log(after) if e["name"] == name and e["status"] == status), None)
        found = wait_until(entry, timeout, f"{name} becomes {status} in the agent's log", 0.02)
        return found, time.time()
