#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's own part; packaging/demo installs and builds first. See there."""
import signal

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing is started yet: Ctrl-C ends it at once, without a traceback

import argparse  # noqa: E402
import collections  # noqa: E402
import http.client  # noqa: E402
import os  # noqa: E402
import shutil  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

REPO = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPO / "tests/integration"), str(REPO / "tests/cloud")]
sys.dont_write_bytecode = True

from client import CloudError, LocalCloud  # noqa: E402
from testenv import Build, Netdata, answers, process, wait_until  # noqa: E402
from testenv.claiming import claim  # noqa: E402

ONLINE_SECONDS = 120  # a busy machine gives the agent (nice 19) little
ROUNDS = 10  # how often a question is asked while the agent's own answers change


def say(text="", end="\n"):
    try:
        print(text, end=end, flush=True)
    except OSError:  # nobody reads any more: the demo goes on to its end, which cleans up
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


class Installed:
    """In a Build's place: the programs of the package netdata-plugin-aclk."""
    plugin, cli = Path("/usr/lib/netdata/plugins.d/aclk.plugin"), Path("/usr/bin/netdata-aclk")

    def __init__(self):
        for program in (self.plugin, self.cli):
            if not os.access(program, os.X_OK):
                raise FileNotFoundError(f"{program} is not installed: apt install netdata-plugin-aclk, or run the demo "
                                        "without --installed, which builds it")


class Demo:
    """Everything that runs and every file, in one directory that goes when the demo ends. build: whose programs."""

    def __init__(self, build):
        self.build = build
        self.base = Path(tempfile.mkdtemp(prefix="aclk-demo-"))
        self.cloud = self.agent = self.claim = None

    def start(self):
        say("demo: starting a local cloud (HTTPS, WSS, mosquitto) and a private netdata")
        self.cloud = LocalCloud.start(self.base / "cloud")
        self.agent = Netdata(self.base / "agent", name="demo", plugin=self.build.plugin, collectors="all")
        self.agent.start()
        say(f"demo: netdata  http://127.0.0.1:{self.agent.port}  machine guid {self.agent.guid}")
        say(f"demo: cloud    {self.cloud.url}")
        say(f"demo: netdata-aclk claim --token-file … --rooms {self.cloud.rooms[0]} --url {self.cloud.url}")
        self.claim = claim(self.build, self.agent, self.cloud)
        began = time.monotonic()
        self.cloud.wait_online(self.claim, ONLINE_SECONDS)
        say(f"demo: online {time.monotonic() - began:.1f} s after the claim, claim id {self.claim}")
        node = self.cloud.wait_node(mguid=self.agent.guid, timeout=ONLINE_SECONDS, live=True)
        say(f"demo: the cloud calls this node {node['node_id']}")
        say(f"demo: its page  {self.cloud.web}")

    def stop(self):
        for server in (self.agent, self.cloud):
            try:
                if server:
                    server.stop()
            except (AssertionError, OSError) as e:
                say(f"demo: {e}")
        if not (self.agent and self.cloud):
            process.kill_leftovers()  # one that was interrupted while it started has no object that could stop it
        left = process.none_left(5)
        shutil.rmtree(self.base, ignore_errors=True)
        if left:
            say(f"demo: still running, please report: {left}")
        else:
            say("demo: all processes and files are gone")
        return not left

    def logs(self):
        """For a demo that does not work: why."""
        if self.agent:
            say("--- the agent's log, our lines\n" + "\n".join(self.agent.aclk_log[-40:]))
        try:
            if self.cloud:
                say("--- the cloud's record\n" + self.cloud.recent())
        except CloudError as e:
            say(f"--- the cloud's record is not to be had: {e}")


# ------------------------------------------------------------------------------------------------------- what went

def exchanged(cloud, claim_id):
    """Lines about what has gone over the wire so far."""
    up, down = collections.Counter(), collections.Counter()
    for m in cloud.messages(claim_id):
        (up if m["direction"] == "up" else down)[m["type"]] += 1
    connection = cloud.connections(claim_id)[-1]

    def listed(counter):
        return ", ".join(f"{n} {t}" for t, n in counter.most_common()) or "nothing"

    return [f"agent to cloud, {connection['bytes']['up']} bytes: {listed(up)}",
            f"cloud to agent, {connection['bytes']['down']} bytes: {listed(down)}"]


def live(demo):
    """A line per second on a terminal, per ten seconds elsewhere, until somebody ends it."""
    tty = sys.stdout.isatty()
    say("demo: Ctrl-C ends it and removes everything\n")
    while True:
        assert demo.agent.alive(), "the agent has ended"
        state = demo.cloud.state()
        a, n = state["agents"][demo.claim], demo.cloud.node(mguid=demo.agent.guid) or {}
        queries = len(demo.cloud.messages(demo.claim, type="cmd"))
        sent = sum(c["bytes"]["up"] for c in state["connections"])
        received = sum(c["bytes"]["down"] for c in state["connections"])
        line = (f"{time.strftime('%H:%M:%S')} {'online' if a['reachable'] else 'OFFLINE'}, connection "
                f"{len(state['connections'])}, {state['counts']['messages']} messages, {sent:,} bytes up, "
                f"{received:,} down, {queries} queries, {n.get('contexts', 0)} contexts, {n.get('alerts', 0)} alerts")
        say("\r\033[K" + line if tty else line, end="" if tty else "\n")
        time.sleep(1 if tty else 10)


# ------------------------------------------------------------------------------------------------------------ once

def questions():
    before = int(time.time()) - 5  # old enough that no value of it will still change
    window = f"after={before - 60}&before={before}&points=60&group=average"
    return [
        "/api/v1/info",
        "/api/v1/charts",
        "/api/v1/contexts",
        "/api/v1/context?context=system.cpu",
        f"/api/v1/data?chart=system.cpu&{window}&format=json&options=seconds",
        f"/api/v1/data?context=system.ram&{window}&format=csv",
        "/api/v1/alarms?all",
        "/api/v1/alarm_log",
        "/api/v1/allmetrics?format=json",
        f"/api/v1/badge.svg?chart=system.cpu&after={before - 60}&before={before}",
    ]


def ask(demo, target):
    """One question both ways: the row of the table, and whether it is all right.

    The agent is asked before and after, and the link's answer has to be one of these or lie between them. While the
    agent links its alarms, two answers differ so much that this cannot always be told: then it is asked again. An
    agent that stands still is asked once.
    """
    for _ in range(ROUNDS):
        before = demo.agent.api(target)
        through = demo.cloud.query(demo.claim, target, accept_gzip=True, wait=30)
        began = time.monotonic()
        after = demo.agent.api(target)
        own_ms = (time.monotonic() - began) * 1000
        if through.http_status != 200 or after.status != 200:
            verdict, good = f"NO: status {through.http_status}, directly {after.status}", False
            break
        if through.body in (before.body, after.body):
            verdict, good = "yes, byte for byte", True
            break
        wrong = answers.wrong(target, through.body, before.body, after.body)
        verdict, good = ("yes, but for what moves", True) if wrong is None else (f"NO: {wrong}", False)
        if good or answers.stands_still(target, before.body, after.body):
            break
    path = target if len(target) <= 52 else target[:49] + "..."
    return (f"{path:52} {through.seconds * 1000:8.1f} {len(through.body):9} {own_ms:8.1f} {len(after.body):9}  "
            f"{verdict}"), good


def once(demo):
    say("demo: waiting for the agent's alerts (about 10 s after its start)")
    wait_until(lambda: demo.agent.api("/api/v1/alarms?all").json()["alarms"], ONLINE_SECONDS,
               "alerts in the agent's API", 0.5)
    wait_until(lambda: (n := demo.cloud.node(mguid=demo.agent.guid)) and n["info"], ONLINE_SECONDS,
               "node info at the cloud", 0.5)
    say(f"\n{'query':52} {'link ms':>8} {'bytes':>9} {'own ms':>8} {'bytes':>9}  same?")
    results = []
    for target in questions():
        row, good = ask(demo, target)
        say(row)
        results.append(good)
    say("\nWhat moves with time and is not compared: " +
        "; ".join(f"{e}: {', '.join(sorted(k))}" for e, k in answers.VOLATILE.items() if e != "chart"))
    say()
    for line in exchanged(demo.cloud, demo.claim):
        say("demo: " + line)
    violations = demo.cloud.violations()
    for v in violations:
        say(f"demo: VIOLATION of the protocol: {v['kind']}: {v['text']}")
    good = all(results) and not violations and demo.cloud.agent(demo.claim)["reachable"]
    say(f"demo: {sum(results)} of {len(results)} answers are the agent's own, {len(violations)} protocol violations, "
        f"the link is {'up' if demo.cloud.agent(demo.claim)['reachable'] else 'DOWN'}")
    return good


def interrupted(*_):
    """Once: what follows is cleaning up, which takes two seconds and must not be cut short by a second Ctrl-C."""
    for s in ENDING:
        signal.signal(s, signal.SIG_IGN)
    raise KeyboardInterrupt


def main():
    p = argparse.ArgumentParser(prog="packaging/demo")
    p.add_argument("--once", action="store_true", help="unattended: ten queries, compared; exit 0 if all is right")
    p.add_argument("--installed", action="store_true", help="what a package has installed, not what is built here")
    args = p.parse_args()
    try:
        demo = Demo(Installed() if args.installed else Build())
    except FileNotFoundError as e:
        say(f"demo: {e}")
        return 1
    status = 0
    try:
        try:
            for s in ENDING:
                signal.signal(s, interrupted)
            demo.start()
            if args.once:
                status = 0 if once(demo) else 1
            else:
                live(demo)
        except (AssertionError, CloudError, OSError, http.client.HTTPException) as e:
            say(f"demo: FAILED: {e}")
            demo.logs()
            status = 1
    except KeyboardInterrupt:
        say("\ndemo: ending")
        status = 130 if args.once else 0
    finally:
        for s in ENDING:
            signal.signal(s, signal.SIG_IGN)
        if not demo.stop():
            status = status or 1
    return status


sys.exit(main())
