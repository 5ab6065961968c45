# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud's own MQTT client (paho, in its thread) and the broker's accounts.

paho calls from its thread; everything is handed to the event loop, in order, before anybody else sees it.
"""
import asyncio
import json
import secrets
import socket
import threading

from paho.mqtt.subscribeoptions import SubscribeOptions

from . import broker as broker_module, paho_client

CONNECT_SECONDS = 10
COMMAND_SECONDS = 10
# Credentials are for one connection; of one agent's the newest few stay valid.
KEPT_USERS = 8


class LinkError(Exception):
    """The broker does not accept the cloud, or refuses a command of its security plugin."""


class Link:
    def __init__(self, broker, on_message):
        """on_message(topic, payload, qos) is called on the loop for everything agents publish."""
        self._broker, self._on_message = broker, on_message
        self._loop = asyncio.get_running_loop()
        self._queue, self._lock = [], threading.Lock()
        self._client = None
        self._ready = None
        self._commands: dict[str, asyncio.Future] = {}
        self._users: dict[str, list[str]] = {}
        self._serial = 0

    async def start(self):
        self._ready = self._loop.create_future()
        c = self._client = paho_client.new(f"localcloud-{secrets.token_hex(4)}")
        c.username_pw_set(self._broker.admin, self._broker.password)
        c.max_inflight_messages_set(1000)
        c.on_connect, c.on_message, c.on_subscribe = self._connected, self._received, self._subscribed
        c.on_socket_open = lambda _c, _u, sock: sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        c.reconnect_delay_set(1, 1)
        c.connect_async("127.0.0.1", self._broker.port, keepalive=60, clean_start=True)
        c.loop_start()
        try:
            await asyncio.wait_for(self._ready, CONNECT_SECONDS)
        except asyncio.TimeoutError:
            raise LinkError(f"no SUBACK from the broker within {CONNECT_SECONDS} s:\n{self._broker.tail()}") from None

    async def stop(self):
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            await self._loop.run_in_executor(None, client.loop_stop)

    def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False):
        if self._client is None:
            raise LinkError("the broker is being restarted")
        return self._client.publish(topic, payload, qos, retain)

    async def new_user(self, claim_id: str) -> tuple[str, str]:
        """Credentials for one more connection of this agent."""
        self._serial += 1
        username, password = f"{claim_id}.{self._serial}", secrets.token_urlsafe(24)
        mine = self._users.setdefault(claim_id, [])
        commands = [broker_module.agent_user(claim_id, username, password)]
        if not mine:
            commands.insert(0, broker_module.agent_role(claim_id))
        mine.append(username)
        await self._control(commands)
        if len(mine) > KEPT_USERS:
            await self._control([{"command": "deleteClient", "username": mine.pop(0)}])
        return username, password

    async def settle(self):
        """Returns when all that the broker had for the cloud by now has come: its answers come in the same queue."""
        await self._control([{"command": "listRoles"}])

    async def kick(self, claim_id: str):
        """The broker forgets the agent's credentials and ends its connections."""
        users = self._users.pop(claim_id, [])
        if users:
            await self._control([{"command": "deleteClient", "username": u} for u in users] +
                                [{"command": "deleteRole", "rolename": f"agent-{claim_id}"}])

    async def _control(self, commands: list[dict]):
        waiting = []
        for command in commands:
            ticket = secrets.token_hex(8)
            command["correlationData"] = ticket
            self._commands[ticket] = self._loop.create_future()
            waiting.append(self._commands[ticket])
        self.publish(broker_module.CONTROL, json.dumps({"commands": commands}).encode())
        answers = await asyncio.wait_for(asyncio.gather(*waiting), COMMAND_SECONDS)
        for answer in answers:
            if answer.get("error"):
                raise LinkError(f"dynamic-security {answer['command']}: {answer['error']}")

    # -- paho's thread ------------------------------------------------------------------------------------------

    def _connected(self, client, _user, _flags, reason, _props):
        if reason.value >= 128:
            return                                          # start() reports it with the broker's log
        options = SubscribeOptions(qos=2, retainAsPublished=True)
        client.subscribe([("/agent/+/outbound/#", options), ("/svc/agent-data-ctrl/#", options),
                          (broker_module.CONTROL + "/response", options)])

    def _subscribed(self, *_):
        self._loop.call_soon_threadsafe(lambda: self._ready.done() or self._ready.set_result(None))

    def _received(self, _client, _user, message):
        with self._lock:
            self._queue.append(message)
            wake = len(self._queue) == 1
        if wake:
            self._loop.call_soon_threadsafe(self._drain)

    # -- the loop's thread --------------------------------------------------------------------------------------

    def _drain(self):
        with self._lock:
            batch, self._queue = self._queue, []
        for message in batch:
            if message.topic.startswith("$CONTROL/"):
                self._answered(message.payload)
            else:
                self._on_message(message.topic, message.payload, message.qos)

    def _answered(self, payload: bytes):
        for answer in json.loads(payload).get("responses", []):
            future = self._commands.pop(answer.get("correlationData"), None)
            if future and not future.done():
                future.set_result(answer)
