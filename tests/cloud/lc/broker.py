# SPDX-License-Identifier: GPL-3.0-or-later
"""A private mosquitto: configuration, process, restart with other options. It dies with this process."""
import asyncio
import base64
import glob
import hashlib
import json
import os
import pathlib
import pwd
import secrets
import shutil
import socket

CONTROL = "$CONTROL/dynamic-security/v1"
# Replies to the questions of somebody else at this broker, such as tests/bench/load: the cloud itself does not hear them.
LOAD_REPLIES = "/svc/load"
START_SECONDS = 15
ATTEMPTS = 5


class BrokerError(Exception):
    """mosquitto or its plugin is missing, or it does not start."""


def find_plugin() -> str:
    found = glob.glob("/usr/lib/*/mosquitto_dynamic_security.so")
    if not found:
        raise BrokerError("mosquitto_dynamic_security.so is not in /usr/lib/*: install the package mosquitto")
    return found[0]


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Broker:
    """options: lines "key value" of mosquitto.conf, added after the listener (so listener options work as well)."""

    def __init__(self, directory: pathlib.Path, options: list[str]):
        self.directory, self.options = directory, list(options)
        self.port = 0
        self.admin, self.password = "cloud", secrets.token_hex(16)
        self.log_file = directory / "mosquitto.log"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self):
        """Returns when it listens. The port is kept over restarts, unless somebody else took it."""
        if not (self.directory / "dynsec.json").exists():
            self._write_users()
        for attempt in range(ATTEMPTS):
            if not self.port or attempt:
                self.port = free_port()
            self._write_config()
            if await self._spawn():
                return
        raise BrokerError(f"mosquitto does not start; the end of {self.log_file}:\n{self.tail()}")

    async def stop(self, kill: bool = False):
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        if kill:
            process.kill()
        else:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except asyncio.TimeoutError:
            process.kill()
            await process.wait()

    def tail(self, lines: int = 20) -> str:
        if not self.log_file.exists():
            return "(no log)"
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-lines:])

    async def _spawn(self) -> bool:
        program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if program is None:
            raise BrokerError("mosquitto is not installed")
        with open(self.log_file, "ab") as log:
            # setpriv: the kernel ends the broker when this process is gone, however it went.
            process = self._process = await asyncio.create_subprocess_exec(
                "setpriv", "--pdeathsig", "KILL", program, "-c", str(self.directory / "mosquitto.conf"),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while process.returncode is None and asyncio.get_running_loop().time() < deadline:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            # Somebody else's port answers as well: ours must still be alive a moment later.
            await asyncio.sleep(0.05)
            if process.returncode is None:
                return True
        await self.stop()
        return False

    def _write_config(self):
        user = pwd.getpwuid(os.getuid()).pw_name
        lines = [
            "per_listener_settings false", "allow_anonymous false", "persistence false", f"user {user}",
            "log_dest stdout", "log_type error", "log_type warning", "log_type notice", "log_type information",
            "connection_messages true", "log_timestamp_format %Y-%m-%dT%H:%M:%S",
            # The defaults drop silently what a slow reader has not fetched after 1000 messages.
            "max_queued_messages 0", "set_tcp_nodelay true",
            f"plugin {find_plugin()}", f"plugin_opt_config_file {self.directory / 'dynsec.json'}",
            f"listener {self.port} 127.0.0.1",
        ]
        (self.directory / "mosquitto.conf").write_text("\n".join(lines + self.options) + "\n")

    def _write_users(self):
        """dynsec.json with the cloud's own account, which may do everything; agents are added while it runs."""
        salt, rounds = os.urandom(12), 101
        digest = hashlib.pbkdf2_hmac("sha512", self.password.encode(), salt, rounds)
        everything = ["publishClientSend", "publishClientReceive", "subscribePattern", "unsubscribePattern"]
        acls = [{"acltype": kind, "topic": topic, "priority": 0, "allow": True}
                for kind in everything for topic in ("#", "$CONTROL/#", "$SYS/#")]
        users = {
            "defaultACLAccess": {"publishClientSend": False, "publishClientReceive": True,
                                 "subscribe": False, "unsubscribe": True},
            "clients": [{"username": self.admin, "roles": [{"rolename": "cloud"}],
                         "password": base64.b64encode(digest).decode(), "salt": base64.b64encode(salt).decode(),
                         "iterations": rounds}],
            "groups": [], "roles": [{"rolename": "cloud", "acls": acls}],
        }
        path = self.directory / "dynsec.json"
        path.write_text(json.dumps(users))
        path.chmod(0o600)


def agent_role(claim_id: str) -> dict:
    """createRole command: an agent sees and writes its own topics only, and the topics for replies."""
    def acl(kind, topic):
        return {"acltype": kind, "topic": topic, "priority": 0, "allow": True}
    return {"command": "createRole", "rolename": f"agent-{claim_id}", "acls": [
        acl("publishClientSend", f"/agent/{claim_id}/outbound/#"),
        acl("publishClientSend", "/svc/agent-data-ctrl/#"),
        acl("publishClientSend", f"{LOAD_REPLIES}/#"),
        acl("publishClientReceive", f"/agent/{claim_id}/inbound/#"),
        acl("subscribePattern", f"/agent/{claim_id}/inbound/#"),
        acl("unsubscribePattern", f"/agent/{claim_id}/inbound/#"),
    ]}


def agent_user(claim_id: str, username: str, password: str) -> dict:
    return {"command": "createClient", "username": username, "password": password, "clientid": claim_id,
            "roles": [{"rolename": f"agent-{claim_id}", "priority": 0}]}
