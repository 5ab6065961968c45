# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmarks share: a local cloud and the product online, in a temporary directory that goes at the end."""
import argparse
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPO / "tests/integration"), str(REPO / "tests/cloud")]
sys.dont_write_bytecode = True

from client import LocalCloud  # noqa: E402
from testenv import Build, Netdata, Synthetic, SyntheticHome, process  # noqa: E402
from testenv.claiming import claim  # noqa: E402


def arguments(text, **more):
    p = argparse.ArgumentParser(description=text.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    p.add_argument("--build", default=os.environ.get("ACLK_BUILD", "build/release"), help="build directory")
    for name, (default, what) in more.items():
        p.add_argument("--" + name, default=default, type=type(default), help=what)
    return p.parse_args()


class Bench:
    """One host that is online. worker: process of the module; agent: the netdata beside it, or None."""

    def __init__(self, cloud, claim_id, worker, agent=None, supervisor=None):
        self.cloud, self.claim, self.worker, self.agent, self.supervisor = cloud, claim_id, worker, agent, supervisor

    def client_cpu(self):
        """Seconds of CPU of the product so far, both of its processes."""
        return sum(process.cpu_seconds(p) for p in (self.worker, self.supervisor) if p)

    def host_cpu(self):
        """The same of the agent beside it, 0 without one."""
        return process.cpu_seconds(self.agent.pid) if self.agent else 0.0

    def ask(self, load, target, count, in_flight, gzip=False):
        """count questions by tests/bench/load through the broker: its figures (tests/bench/load/figures.h)."""
        info = self.cloud.info
        return load.run("cloud", "--port", info["broker_port"], "--user", info["broker_user"], "--inbox",
                        f"/agent/{self.claim}/inbound/cmd", "--replies", "/svc/load/replies", "--target", target, "--count",
                        count, "--in-flight", in_flight, *(["--gzip"] if gzip else []),
                        env={"LOAD_PASSWORD": info["broker_password"]})


class Load:
    """The program tests/bench/load."""

    def __init__(self, build):
        self.binary = Path(build) / "tests/bench/load/load"
        if not self.binary.exists():
            sys.exit(f"{self.binary} is missing: build the target load (-DACLK_TESTS=ON)")

    def run(self, *args, env=None):
        out = subprocess.run([self.binary, *map(str, args)], capture_output=True, text=True, env={**os.environ, **(env or {})})
        if out.returncode:
            sys.exit(out.stderr)
        return json.loads(out.stdout)


@contextlib.contextmanager
def direct_cloud(base, broker_options=()):
    """A local cloud whose broker agents reach by a WebSocket of its own: nothing of Python is between them and it."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    options = [f"listener {port} 127.0.0.1", "protocol websockets", f"certfile {base}/server.pem", f"keyfile {base}/server.key",
               *broker_options]
    with LocalCloud.start(base, broker_options=options) as cloud:
        cloud.configure(env_patch={"transports": [{"endpoint": f"wss://localhost:{port}/mqtt", "type": "MQTTv5"}]})
        yield cloud


@contextlib.contextmanager
def directory():
    d = Path(tempfile.mkdtemp(prefix="aclk-bench-"))
    try:
        yield d
    finally:
        left = process.none_left(5)
        shutil.rmtree(d, ignore_errors=True)
        if left:
            print(f"still running: {left}", file=sys.stderr)


@contextlib.contextmanager
def external(base, build, collectors="all", cloud=LocalCloud.start):
    """aclk.plugin under a stock agent with Debian's default collectors."""
    with cloud(base / "cloud") as cloud, \
            Netdata(base / "agent", name="bench", plugin=build.plugin, collectors=collectors) as agent:
        claim_id = claim(build, agent, cloud)
        cloud.wait_online(claim_id, 30)
        cloud.wait_node(mguid=agent.guid, timeout=30, live=True)
        yield Bench(cloud, claim_id, agent.worker_pid(), agent, agent.plugin_pid())


@contextlib.contextmanager
def synthetic(base, build, cloud=LocalCloud.start, **options):
    """The module alone: aclk-synthetic with a made-up database."""
    with cloud(base / "cloud") as cloud:
        home = SyntheticHome(base / "host")
        claim_id = claim(build, home, cloud)
        with Synthetic(build.synthetic, home, **options) as host:
            cloud.wait_online(claim_id, 30)
            cloud.wait(lambda: cloud.nodes(claim_id), 30, "a node")
            yield Bench(cloud, claim_id, host.pid)


def machine():
    """One line about where this was measured, and how busy that machine was already."""
    model = next((x.split(":", 1)[1].strip() for x in open("/proc/cpuinfo") if x.startswith("model name")), "?")
    commit = subprocess.run(["git", "-C", str(REPO), "describe", "--always", "--dirty"], capture_output=True, text=True)
    return (f"{os.cpu_count()} x {model}, Linux {os.uname().release}, commit {commit.stdout.strip()}, "
            f"load average {os.getloadavg()[0]:.1f}")


__all__ = ["Bench", "Build", "Load", "LocalCloud", "Netdata", "Synthetic", "SyntheticHome", "arguments", "claim",
           "direct_cloud", "directory", "external", "machine", "process", "synthetic"]
