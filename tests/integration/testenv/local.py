# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin's local socket, and netdata-aclk's commands that ask it."""
import http.client
import json
import socket
import subprocess

from .process import clean_env


class _Connection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class LocalSocket:
    """LocalSocket(agent).get("/api/v1/aclk") -> (status, headers, body)."""

    def __init__(self, agent, path=None):
        self.path = path or agent.lib / "aclk.sock"

    def request(self, method, target, body=None, timeout=10):
        c = _Connection(self.path, timeout)
        try:
            c.request(method, target, body=body)
            r = c.getresponse()
            return r.status, {k.lower(): v for k, v in r.getheaders()}, r.read()
        finally:
            c.close()

    def get(self, target):
        return self.request("GET", target)

    def json(self, target="/api/v1/aclk"):
        status, _, body = self.get(target)
        assert status == 200, (status, body)
        return json.loads(body)

    def raw(self, data, timeout=10):
        """Any bytes; all that comes back until the end."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
            s.settimeout(timeout)
            s.connect(str(self.path))
            try:
                s.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass                 # it has refused already
            out = b""
            try:
                while chunk := s.recv(65536):
                    out += chunk
            except ConnectionResetError:
                pass
            return out


ALONE = ("unshare", "--pid", "--fork", "--mount-proc")


def run_cli(build, agent, *args, env=None, timeout=30, by=()):
    """netdata-aclk with an agent's directories. Returns the finished process, output as text. by=ALONE: it sees no other
    process, of other tests' agents for one, of which one user cannot tell whose another's are."""
    env = {"NETDATA_LIB_DIR": agent.lib, "NETDATA_USER_CONFIG_DIR": agent.etc, "TZ": "UTC", **(env or {})}
    return subprocess.run([*by, build.cli, *map(str, args)], text=True, capture_output=True, timeout=timeout,
                          env=clean_env(**env))
