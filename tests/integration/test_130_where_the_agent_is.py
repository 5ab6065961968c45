# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a stock agent listens by what its netdata.conf says, who is believed to be it, and where it keeps its alert
definitions (plugin-api/external/README.md, "Finding the web server")."""
import os
import shutil
import socket
import sys

import pytest

from conftest import bring_online
from testenv import Netdata, Plugin, Process, SyntheticHome, take_port, wait_until
from testenv.claiming import claim
from testenv.doctor import visit
from testenv.local import run_cli

NOBODY = 65534
STRANGER = f"belongs to user id {NOBODY}, not to root or the agent's user (0)"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")


class Written(Netdata):
    """An agent with other places to listen at in its netdata.conf; {port} there is the port that tests use."""

    def __init__(self, base, conf, **more):
        super().__init__(base, name=base.name, **more)
        self.conf = conf

    def sections(self):
        s = super().sections()
        del s["web"]["bind to"]
        for section, keys in self.conf.items():
            s.setdefault(section, {}).update({k: v.format(port=self.port, dir=self.dir) for k, v in keys.items()})
        return s


def written(fresh, conf, wait=True, **more):
    a = Written(fresh.base / "node", conf, **more)
    return fresh.add("agent", a, lambda: a.error_log[-2000:]).start(wait)


def found(build, agent):
    """What doctor says of where the agent is. It sees no command socket: netdata.conf alone tells."""
    v = visit(build, agent)
    assert v.verdict("agent") == "good", v.story()
    return v.words("agent")


@pytest.mark.parametrize("conf", [
    {"global": {"bind to": "127.0.0.1", "port": "{port}"}},
    {"global": {"bind socket to IP": "127.0.0.1:{port}"}},
    {"global": {"bind socket to IP": "127.0.0.1", "default port": "{port}"}},
], ids=["bind-to-and-port", "bind-socket-to-IP", "default-port"])
def test_130_01_old_keys(build, fresh, conf):
    agent = written(fresh, conf)
    assert f"at http://127.0.0.1:{agent.port} " in found(build, agent)


def test_130_02_list_with_a_unix_socket_that_has_a_suffix(build, fresh):
    """The socket comes first; when it is gone, the first address with a dashboard does."""
    streaming = take_port()
    agent = written(fresh, {"web": {
        "bind to": f"127.0.0.1:{streaming}=streaming 127.0.0.1:{{port}} unix:{{dir}}/web.sock=dashboard"}})
    sockets = sorted(agent.dir.glob("web.sock*"))
    assert len(sockets) == 1, sockets
    assert f"at unix:{sockets[0]} " in found(build, agent)
    sockets[0].unlink()
    assert f"at http://127.0.0.1:{agent.port} " in found(build, agent)


@pytest.mark.parametrize("key", ["allow connections from", "allow dashboard from"])
def test_130_03_agent_that_lets_only_others_in(build, fresh, key):
    agent = written(fresh, {"web": {"bind to": "127.0.0.1:{port}", key: "10.*"}}, wait=False)

    def listens():
        with socket.socket() as s:
            return agent.guid and s.connect_ex(("127.0.0.1", agent.port)) == 0
    wait_until(listens, 20, "the agent listens")
    v = visit(build, agent)
    assert v.verdict("agent") == "bad", v.story()
    assert f"[web] {key} = 10.* in netdata.conf leaves out localhost" in v.words("agent"), v.words("agent")
    assert "add localhost to it and restart the agent" in v.words("agent"), v.words("agent")


# A server of user UID at PLACE: the name of a unix socket in its working directory, or a port. It writes down what it
# is told, and answers with its file.
FORGER = r'''
import os, socket, sys
uid, place, record, answer = int(sys.argv[1]), sys.argv[2], open(sys.argv[3], "ab", buffering=0), open(sys.argv[4], "rb").read()
os.setgroups([]); os.setgid(uid); os.setuid(uid)
if place.isdigit():
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", int(place)))
else:
    s = socket.socket(socket.AF_UNIX)
    s.bind(place)
s.listen(8)
while True:
    c, _ = s.accept()
    if told := c.recv(65536):
        record.write(told)
        try:
            c.sendall(answer)
        except OSError:
            pass
    c.close()
'''


class Forger:
    """An agent's two places, taken: its web server by user WEB, and its command socket, which names the port, by SOCKET."""

    def __init__(self, fresh, home, web, socket):
        self.home, self.port = home, take_port()
        self.tmp = home.dir / "tmp"
        self.tmp.chmod(0o1777)
        info = '{"version":"v1.37.1","uid":"%s","mirrored_hosts":["forged"]}' % home.guid
        self._start(fresh, "forged-web", web, self.port,
                    f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(info)}\r\n"
                    f"Connection: close\r\n\r\n{info}")
        self._start(fresh, "forged-socket", socket, "netdata-ipc", f"X0\0O127.0.0.1:{self.port}\0")
        wait_until(lambda: (self.tmp / "netdata-ipc").exists(), 10, "the forged command socket")

    def _start(self, fresh, name, uid, place, answer):
        file = self.home.dir / f"{name}-answer"
        file.write_text(answer)
        p = Process([sys.executable, "-c", FORGER, uid, place, self._record(name), file], self.home.dir / f"{name}.log", cwd=self.tmp)
        fresh.add(name, p, p.text)
        if isinstance(place, int):
            def listens():
                with socket.socket() as s:
                    return s.connect_ex(("127.0.0.1", place)) == 0
            wait_until(listens, 10, lambda: f"{name} listens: {p.text()}")

    def _record(self, name):
        return self.home.dir / f"{name}-record"

    def told(self, name):
        return self._record(f"forged-{name}").read_bytes()


@pytest.fixture
def home(fresh):
    return SyntheticHome(fresh.base / "p", guid="5f8a6f0e-0000-4000-8000-000000000001")


@needs_root
def test_130_04_servers_of_root_are_believed(build, fresh, home):
    """What is not believed of another user, below, is of root."""
    f = Forger(fresh, home, web=0, socket=0)
    v = visit(build, home, TMPDIR=f.tmp)
    assert v.verdict("agent") == "good" and f"at http://127.0.0.1:{f.port} " in v.words("agent"), v.story()
    assert b"read-config" in f.told("socket") and b"GET /api/v1/info" in f.told("web")


@needs_root
def test_130_05_command_socket_of_another_user_is_not_asked(build, fresh, home):
    """Neither where it alone names the agent's port, nor where netdata.conf does too; and it is named."""
    f = Forger(fresh, home, web=0, socket=NOBODY)
    v = visit(build, home, TMPDIR=f.tmp)
    assert v.verdict("agent") == "bad" and f"netdata-ipc {STRANGER}" in v.words("agent"), v.story()
    assert f.told("web") == b""
    (home.etc / "netdata.conf").write_text(f"[web]\n  bind to = 127.0.0.1:{f.port}\n")
    v = visit(build, home, TMPDIR=f.tmp)
    assert v.verdict("agent") == "warning" and f"at http://127.0.0.1:{f.port}; " in v.words("agent"), v.story()
    assert f"netdata-ipc {STRANGER}" in v.words("agent") and v.found["agent"]["remedy"]
    assert f.told("socket") == b""


@needs_root
def test_130_06_web_server_of_another_user_is_not_asked(build, fresh, home):
    f = Forger(fresh, home, web=NOBODY, socket=0)
    v = visit(build, home, TMPDIR=f.tmp)
    assert v.verdict("agent") == "bad", v.story()
    assert f"the server at http://127.0.0.1:{f.port} {STRANGER}, so nothing it says is believed" in v.words("agent"), v.words("agent")
    assert "find out who started it there, and stop it" == v.found["agent"]["remedy"]
    assert f.told("web") == b""


@needs_root
def test_130_07_plugin_names_strangers_and_asks_them_nothing(build, cloud, fresh, home):
    claim(build, home, cloud)
    f = Forger(fresh, home, web=NOBODY, socket=NOBODY)
    (home.etc / "netdata.conf").write_text(f"[web]\n  bind to = 127.0.0.1:{f.port}\n")
    p = fresh.add("plugin", q := Plugin(build.plugin, home.dir).start(), lambda: q.stderr)
    wait_until(lambda: f"netdata-ipc {STRANGER}; it is not asked" in p.stderr, 15, lambda: f"the socket: {p.stderr}")
    wait_until(lambda: f"127.0.0.1:{f.port} {STRANGER}, so nothing it says is believed" in p.stderr, 15,
               lambda: f"the web server: {p.stderr}")
    wait_until(lambda: STRANGER in run_cli(build, home, "state").stdout, 10, "the state")
    assert f.told("socket") == b"" and f.told("web") == b""


OWN_ALERTS = '''
 alarm: own_alarm
    on: system.load
lookup: average -10s unaligned of load1
 every: 1s
  warn: $this >= 0
  info: on ${label:_hostname} of $family
    to: silent

template: own_template
      on: system.load
    calc: $load1
   every: 1s
    warn: $this >= 0
      to: silent
'''


def test_130_08_alert_definitions_in_another_directory(build, cloud, fresh):
    """They come with what REST does not tell, and with a command that edits them there."""
    own = fresh.base / "my-alerts"
    own.mkdir()
    (own / "own.conf").write_text(OWN_ALERTS)
    agent = written(fresh, {"directories": {"health config": str(own)}, "web": {"bind to": "127.0.0.1:{port}"}},
                    plugin=build.plugin)
    link = bring_online(build, cloud, agent)

    def alert(name):
        return next((a for a in cloud.alerts(link.node)["active"] if a["name"] == name), None)

    def definition(name):
        hash_ = cloud.wait(lambda: alert(name), 30, f"{name} at the cloud")["config_hash"]
        since = cloud.last_message_number()
        cloud.send(link.claim, "SendAlarmConfiguration", {"config_hash": hash_})
        return cloud.wait_message("ProvideAlarmConfiguration", link.claim, 15, since,
                                  lambda m: m["config_hash"] == hash_)["fields"]["config"]
    alarm, template = definition("own_alarm"), definition("own_template")
    assert (alarm["alarm"], alarm.get("template", ""), alarm["on_chart"]) == ("own_alarm", "", "system.load"), alarm
    assert alarm["lookup"] == "average -10s unaligned of load1"
    assert alarm["info"] == "on ${label:_hostname} of $family"
    assert (template.get("alarm", ""), template["template"]) == ("", "own_template"), template
    commands = [a["command"] for m in cloud.messages(link.claim, "AlarmSnapshot", "up") for a in m["fields"]["alarms"]
                if a["name"] == "own_alarm"]
    assert commands and set(commands) == {f"sudo vi +2 {own}/own.conf"}, commands


def test_130_09_agent_without_a_web_server(build, cloud, fresh, home):
    """The state says so, whether the plugin runs or not."""
    claim(build, home, cloud)
    (home.etc / "netdata.conf").write_text("[web]\n  mode = none\n")
    env = {"NETDATA_USER_PLUGINS_DIRS": os.path.dirname(build.plugin)}

    def state():
        p = run_cli(build, home, "state", env=env)
        return p.stdout + p.stderr
    assert "[web] mode = none" in state()
    p = fresh.add("plugin", q := Plugin(build.plugin, home.dir).start(), lambda: q.stderr)
    wait_until(lambda: "Reason: " in (s := state()) and "[web] mode = none" in s, 15, lambda: f"{state()}\n{p.stderr}")


@pytest.mark.parametrize("line", ["enable running new plugins = no", "aclk = off"])
def test_130_10_agent_that_does_not_start_the_plugin(build, cloud, fresh, home, line):
    claim(build, home, cloud)
    (home.etc / "netdata.conf").write_text(f"[plugins]\n  {line}\n")
    folder = home.dir / "plugins"
    folder.mkdir()
    shutil.copy(build.plugin, folder / "aclk.plugin")
    p = run_cli(build, home, "state", env={"NETDATA_USER_PLUGINS_DIRS": folder})
    said = p.stdout + p.stderr
    assert f"netdata.conf has {line} in [plugins]" in said and "restart the agent" in said, said
