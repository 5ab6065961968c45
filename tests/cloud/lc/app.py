# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts wired together: start, stop, and the few operations that need several of them."""
import asyncio
import os
import pathlib
import time
import traceback

from . import certs, login, schema
from .behaviour import Behaviour
from .cloud_logic import CloudLogic
from .broker import Broker
from .control import Control
from .front import Front
from .link import Link
from .queries import Queries
from .record import Record
from .registry import Registry


class Cloud:
    def __init__(self, directory: pathlib.Path, broker_options=(), name="localhost", verbose=None):
        self.directory = directory
        self.started = time.time()
        self.record = Record(verbose)
        self.behaviour = Behaviour()
        self.registry = Registry()
        self.challenges = login.Challenges()
        self.broker = Broker(directory, list(broker_options))
        self.logic = CloudLogic(self.record, self.behaviour, self.topics_for, self.send)
        self.queries = Queries(self.publish, self._complain, self.logic.session_id)
        self.front = Front(self, name)
        self.control = Control(self)
        self.relays = {}                            # connection id -> Relay, open ones
        self.link = None

    async def start(self, https_port=0, web_port=0, certificate="good", tls_min=None, tls_max=None) -> dict:
        """Everything listens when this returns. Gives what LOCALCLOUD prints."""
        ca, cert, key = certs.make(self.directory, certificate, self.front.host_name)
        schema.message_class("Capability")          # a schema that does not compile must stop us here
        await self.broker.start()
        self.link = Link(self.broker, self._on_message)
        await self.link.start()
        await self.front.start(https_port, cert, key, tls_min, tls_max)
        await self.control.start(web_port)
        space = self.registry.first_space()
        web = f"http://127.0.0.1:{self.control.port}"
        return {"url": self.front.url, "ca": str(ca), "token": space.token, "rooms": list(space.rooms),
                "web": web + "/", "control": web + "/control", "dir": str(self.directory), "pid": os.getpid(),
                "broker_port": self.broker.port, "broker_pid": self.broker.pid,
                "broker_user": self.broker.admin, "broker_password": self.broker.password}

    async def stop(self):
        for relay in list(self.relays.values()):
            relay.abort()
        await self.control.stop()
        await self.front.stop()
        if self.link:
            await self.link.stop()
        await self.broker.stop()

    async def restart_broker(self, options: list[str] | None = None, down_seconds: float = 0, kill: bool = False):
        """Ends every agent's connection, like a broker that goes away; None keeps the options. A broker that has sent a
        PUBACK answers for the message: what an agent saw acknowledged has reached the cloud, anything else is lost. Not
        so with kill (SIGKILL): what it had acknowledged and not yet passed on is lost, too."""
        frozen = []
        if kill:
            await self.broker.stop(kill=True)
        else:
            frozen = [(relay, relay.freeze()) for relay in list(self.relays.values())]
            await self.link.settle()
        await self.link.stop()
        await self.broker.stop()
        for relay, held in frozen:
            relay.lose_broker(held)
        if options is not None:
            self.broker.options = list(options)
        if down_seconds:
            await asyncio.sleep(down_seconds)
        await self.broker.start()
        await self.link.start()
        self.logic.all_unreachable()                # a broker that dies publishes no wills
        self.record.touch()

    async def reset(self):
        """As if newly started, but for the ports, the space and the broker's options: for the next test."""
        for relay in list(self.relays.values()):
            relay.abort()
        while self.relays:
            await asyncio.sleep(0.01)
        for claim in list(self.registry.agents):
            await self.link.kick(claim)
        self.registry.agents.clear()
        self.behaviour.change({"reset": True})
        self.challenges = login.Challenges()
        self.logic.clear()
        self.queries.clear()
        self.record.clear()

    def topics_for(self, claim: str) -> dict[str, str] | None:
        """Topic by name as issued to this agent; None for a claim id that is nobody's."""
        if claim not in self.registry.agents:
            return None
        return login.topics_of(claim, self.behaviour.topics)

    def send(self, claim: str, kind: str, fields: dict):
        """One command message to an agent."""
        payload = schema.encode(kind, fields)
        topic = self._command_topic(claim, kind)
        self.logic.on_command(claim, kind, fields)
        self.record.message("down", claim, kind, topic, payload, 1)
        self.publish(topic, payload)

    def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False):
        self.link.publish(topic, payload, qos, retain)

    def inbox(self, claim: str) -> str:
        return login.topics_of(claim, self.behaviour.topics)["inbox-cmd"]

    def relay_of(self, claim: str | None = None, conn: int | None = None):
        """The open connection with this number, or the newest one of this agent."""
        if conn is not None:
            return self.relays[conn]
        mine = [r for r in self.relays.values() if r.connection.claim == claim]
        if not mine:
            raise KeyError(f"agent {claim} has no open connection")
        return mine[-1]

    def _command_topic(self, claim: str, kind: str) -> str:
        return login.topics_of(claim, self.behaviour.topics)["inbox-cmd-v1"].replace("+", kind)

    def _on_message(self, topic: str, payload: bytes, qos: int):
        try:
            if topic.startswith("/svc/agent-data-ctrl/"):
                self.queries.on_reply(topic, payload)
                self.record.touch()
            elif topic.split("/")[2] in self.registry.agents:      # else the last words of one we have forgotten
                self.logic.on_message(topic, payload, qos)
        except Exception:                           # a bug of ours must show up in the test, and end nothing
            self.record.violation("internal", f"{topic}: {traceback.format_exc()}")

    def _complain(self, kind: str, text: str, claim: str | None = None):
        self.record.violation(kind, text, claim)
