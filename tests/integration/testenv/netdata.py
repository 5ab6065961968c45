# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's netdata, started privately: own directories, own ports, own /tmp; the system's is untouched.

Facts about this agent (ports, the fixed name of its command socket, what a collector costs) are in
tests/integration/README.md, "A private agent", and plugin-api/external/README.md, "Command socket".
"""
import http.client
import json
import os
import signal
import socket
import uuid
from dataclasses import dataclass
from pathlib import Path

from . import private_tmp, process
from .paths import program, skip_without
from .ports import take_port
from .process import Process, clean_env
from .waiting import wait_until

STREAM_KEY = "11111111-2222-3333-4444-555555555555"
STOCK_PLUGINS = "/usr/lib/netdata/plugins.d"

# [plugins]: what runs. "few" is enough for system.cpu, memory, disks and alerts, and starts in half a second.
_COLLECTORS = {
    "few": {"enable running new plugins": "no", "cgroups": "no", "tc": "no", "idlejitter": "no", "timex": "no",
            "statsd": "no", "checks": "no", "netdata monitoring": "no"},
    "all": {},
    "one": {"enable running new plugins": "no", "cgroups": "no", "tc": "no", "idlejitter": "no", "timex": "no",
            "statsd": "no", "checks": "no", "diskspace": "no", "netdata monitoring": "no"},
}
_ONE_PROC = ("/proc/net/dev", "/proc/pagetypeinfo", "/proc/vmstat", "/proc/interrupts", "/proc/softirqs",
             "/proc/net/netstat", "/proc/net/sockstat", "/proc/net/softnet_stat", "/proc/diskstats", "/proc/pressure",
             "ipc")


@dataclass
class Reply:
    """What the agent's web API answered."""
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)


class Netdata:
    """One agent.

        with Netdata(dir, plugin=build.plugin) as agent:
            agent.api("/api/v1/info").json()["uid"]

    plugin      path of the aclk.plugin it shall run (a link to it goes into its private plugins directory), or None
    collectors  "few", "all" or "one" (the smallest child)
    config      {"section": {"key": value}} laid over netdata.conf
    stream_to   another Netdata that this one sends everything to
    parent      accept children
    web         False: no web server and no database, as the smallest children have it
    env         more environment variables for the agent and its plugins
    """

    def __init__(self, base, name="node1", plugin=None, collectors="few", config=None, stream_to=None, parent=False,
                 web=True, guid=None, env=None, health=None):
        skip_without("netdata")
        self.dir = Path(base)
        self.name, self.plugin, self.collectors = name, plugin, collectors
        self.config, self.env = config or {}, env or {}
        self.stream_to, self.parent, self.web = stream_to, parent, web
        self.port = take_port() if web else 0
        self.statsd_port = take_port() if collectors == "all" else 0
        self.wanted_guid = guid
        self.health = health or {}
        self.process = None
        self.starts = 0

    # ------------------------------------------------------------------------------------------------- life

    def write_files(self):
        for d in ("etc/health.d", "cache", "lib/registry", "log", "plugins", "tmp"):
            (self.dir / d).mkdir(parents=True, exist_ok=True)
        self.write_conf()
        (self.etc / ".opt-out-from-anonymous-statistics").touch()  # nothing of ours leaves this machine
        (self.etc / "health_alarm_notify.conf").write_text('SEND_EMAIL="NO"\n')
        for name, text in self.health.items():
            (self.etc / "health.d" / name).write_text(text)
        if self.wanted_guid:
            (self.lib / "registry/netdata.public.unique.id").write_text(self.wanted_guid)
        if self.plugin:
            link = self.dir / "plugins/aclk.plugin"
            if not link.is_symlink():
                link.symlink_to(self.plugin)
        stream = ""
        if self.stream_to:
            stream += (f"[stream]\n  enabled = yes\n  destination = 127.0.0.1:{self.stream_to.port}\n"
                       f"  api key = {STREAM_KEY}\n  reconnect delay seconds = 1\n")
        if self.parent:
            stream += (f"[{STREAM_KEY}]\n  enabled = yes\n  allow from = *\n  default memory mode = dbengine\n"
                       f"  health enabled by default = auto\n")
        (self.etc / "stream.conf").write_text(stream)

    def sections(self):
        plugins = dict(_COLLECTORS[self.collectors])
        plugins.update({"check for new plugins every": "5", "aclk": "yes" if self.plugin else "no"})
        s = {
            "global": {"hostname": self.name},
            "directories": {"config": self.etc, "cache": self.dir / "cache", "lib": self.lib, "log": self.log_dir,
                            "plugins": f'"{STOCK_PLUGINS}" "{self.dir}/plugins"'},
            "web": {"bind to": f"127.0.0.1:{self.port}"},
            "plugins": plugins,
            "logs": {"errors to trigger flood protection": "1000000"},
        }
        if os.getuid() == 0:
            s["global"]["run as user"] = "root"
        if self.statsd_port:
            s["statsd"] = {"bind to": f"udp:127.0.0.1:{self.statsd_port} tcp:127.0.0.1:{self.statsd_port}"}
        else:
            s["statsd"] = {"enabled": "no"}
        if self.collectors == "one":
            s["plugin:proc"] = {k: "no" for k in _ONE_PROC}
        if not self.web:
            s["web"] = {"mode": "none"}
            s["db"] = {"mode": "none"}
            s["health"] = {"enabled": "no"}
        for name, keys in self.config.items():
            s.setdefault(name, {}).update(keys)
        return s

    def write_conf(self):
        text = "".join(f"[{name}]\n" + "".join(f"  {k} = {v}\n" for k, v in keys.items())
                       for name, keys in self.sections().items())
        (self.etc / "netdata.conf").write_text(text)

    def start(self, wait=True):
        assert not self.process, "already started"
        self.write_files()
        self.starts += 1
        self.process = Process([*self.private_tmp(), self.binary(), "-c", self.etc / "netdata.conf", "-D"],
                               self.dir / "log/stdout.log", cwd=self.dir,
                               env=clean_env(TMPDIR=self.dir / "tmp", TZ="UTC", DO_NOT_TRACK=1, **self.env))
        if wait:
            self.wait_live()
        return self

    def binary(self):
        return program("netdata", "netdata-core")

    def wait_live(self, timeout=20):
        if self.web:
            wait_until(lambda: self.alive() and self.api("/api/v1/info").status == 200, timeout,
                       lambda: f"agent {self.name} answers on port {self.port}:\n{self.error_log[-3000:]}")
        else:
            wait_until(lambda: self.guid, timeout, f"agent {self.name} has an identity")

    def stop(self, timeout=20):
        """A clean stop, as systemd does it. Returns the seconds it took."""
        if not self.process:
            return 0.0
        p, self.process = self.process, None
        began = process.now()
        p.stop(timeout)
        return process.now() - began

    def kill(self):
        """kill -9 to the agent alone: its plugins have to notice by themselves."""
        p, self.process = self.process, None
        os.kill(p.pid, signal.SIGKILL)
        p.wait(5)

    def restart(self):
        self.stop()
        return self.start()

    def private_tmp(self):
        """The prefix of a command that is to see this agent's /tmp (its command socket is there)."""
        return private_tmp.wrap(self.dir / "tmp", [self.dir, *([self.plugin] if self.plugin else [])])

    def alive(self):
        return self.process is not None and self.process.alive()

    __enter__ = start

    def __exit__(self, *_):
        self.stop()

    # ---------------------------------------------------------------------------------------------- places

    @property
    def etc(self):
        return self.dir / "etc"

    @property
    def lib(self):
        return self.dir / "lib"

    @property
    def log_dir(self):
        return self.dir / "log"

    @property
    def cloud_dir(self):
        return self.lib / "cloud.d"

    @property
    def error_log(self):
        return self._log("error.log")

    @property
    def access_log(self):
        return self._log("access.log")

    def _log(self, name):
        p = self.log_dir / name
        return p.read_text(errors="replace") if p.exists() else ""

    @property
    def aclk_log(self):
        """The lines of error.log that are ours."""
        return [x for x in self.error_log.splitlines() if "ACLK" in x or "CLAIM" in x]

    @property
    def guid(self):
        p = self.lib / "registry/netdata.public.unique.id"
        return p.read_text().strip() if p.exists() else ""

    @property
    def pid(self):
        return self.process.pid

    # ------------------------------------------------------------------------------------------- questions

    def api(self, path, method="GET", headers=None, body=None, timeout=30):
        """Asks the agent directly. A reply without a body is not always good HTTP (it ends by closing): that is fine."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            c.request(method, path, body=body, headers=headers or {})
            r = c.getresponse()
            try:
                data = r.read()
            except http.client.IncompleteRead as e:
                data = e.partial
            return Reply(r.status, {k.lower(): v for k, v in r.getheaders()}, data)
        except http.client.HTTPException as e:
            raise ConnectionError(f"{path}: {e!r}") from None
        finally:
            c.close()

    @property
    def command_socket(self):
        return self.dir / "tmp/netdata-ipc" if private_tmp.possible() else Path("/tmp/netdata-ipc")

    def cli(self, command):
        """(exit code, text) of a netdatacli command, over its socket."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
            s.settimeout(10)
            s.connect(str(self.command_socket))
            s.sendall(command.encode())
            s.shutdown(socket.SHUT_WR)
            data = b""
            while chunk := s.recv(65536):
                data += chunk
        head, _, text = data.partition(b"\0")
        return int(head[1:] or b"0"), text[1:].decode(errors="replace").rstrip("\0")

    def nodes(self):
        return self.api("/api/v1/info").json()["mirrored_hosts_status"]

    # ------------------------------------------------------------------------------------------ our plugin

    def plugin_pid(self):
        """The supervisor: the child of the agent that runs aclk.plugin; None when there is none."""
        if not self.alive():
            return None
        for pid in process.children(self.pid):
            if "aclk.plugin" in process.cmdline(pid):
                return pid
        return None

    def worker_pid(self):
        """The worker under the supervisor; None when there is none."""
        sup = self.plugin_pid()
        return process.worker_of(sup) if sup else None

    def wait_plugin(self, timeout=20):
        return wait_until(self.worker_pid, timeout, lambda: "aclk.plugin and its worker run under the agent:\n"
                          + "\n".join(self.error_log.splitlines()[-30:]))


def new_guid():
    return str(uuid.uuid4())
