# SPDX-License-Identifier: GPL-3.0-or-later
"""A tiny agent (urllib, cryptography, paho) for testing the local cloud itself; it owes nothing to the product.

It speaks the protocol correctly unless a test makes it do otherwise through publish() or the paho client.
"""
import base64
import http.client
import json
import queue
import socket
import ssl
import threading
import time
import urllib.parse
import uuid

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from paho.mqtt.properties import Properties
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.subscribeoptions import SubscribeOptions

from lc import paho_client, schema

_shared_key = rsa.generate_private_key(65537, 2048)         # one for all: making them is what takes time


class FakeAgent:
    def __init__(self, cloud, hostname="fake", key=None):
        self.cloud, self.hostname = cloud, hostname
        self.claim_id, self.mguid = str(uuid.uuid4()), str(uuid.uuid4())
        self.key = key or _shared_key
        self.context = ssl.create_default_context(cafile=cloud.ca)
        self.inbox = queue.Queue()              # (topic, payload)
        self.topics, self.session_id, self.mqtt, self.connack = {}, 0, None, None
        self.gone = threading.Event()

    # -- HTTPS --------------------------------------------------------------------------------------------------

    def claim(self, **changes):
        """(status, body); changes replace keys of the claim."""
        public = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        body = {"node": {"id": self.claim_id, "hostname": self.hostname}, "token": self.cloud.token,
                "rooms": self.cloud.rooms[:1], "publicKey": public, "mGUID": self.mguid, **changes}
        with self.https() as c:
            return self.call(c, "PUT", f"/api/v1/spaces/nodes/{self.claim_id}", json.dumps(body).encode(),
                             {"Content-Type": "application/json"})

    def login(self) -> dict:
        """env, challenge and password over one TLS connection; the password answer."""
        with self.https() as c:
            status, env = self.call(c, "GET", f"/api/v1/env?v=2.10.4&cap=proto,ctx&claim_id={self.claim_id}")
            assert status == 200, env
            prefix = urllib.parse.urlsplit(env["authEndpoint"]).path + f"/node/{self.claim_id}"
            status, challenge = self.call(c, "GET", prefix + "/challenge")
            assert status == 200, challenge
            oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
            plain = self.key.decrypt(base64.b64decode(challenge["challenge"]), oaep)
            answer = {"agent_version": "v2.10.4", "response": base64.b64encode(plain).decode()}
            status, password = self.call(c, "POST", prefix + "/password", json.dumps(answer).encode())
            assert status == 201, password
        self.topics = {t["name"]: t["topic"].replace("#{claim_id}", self.claim_id) for t in password["topics"]}
        return password

    def https(self):
        return _Closing(http.client.HTTPSConnection(self.cloud.host, self.cloud.port, context=self.context, timeout=20))

    @staticmethod
    def call(connection, method, target, body=None, headers=None):
        connection.request(method, target, body, headers or {})
        response = connection.getresponse()
        data = response.read()
        try:
            return response.status, json.loads(data)
        except ValueError:
            return response.status, data

    # -- MQTT ---------------------------------------------------------------------------------------------------

    def connect(self, login=None, will=True, subscribe=True):
        """Upgrade, CONNECT, SUBSCRIBEs; returns after the last SUBACK. self.connack has the properties."""
        login = login or self.login()
        self.session_id = int(time.time() * 1e6)
        self.gone.clear()
        m = self.mqtt = paho_client.new(login["clientID"], transport="websockets", reconnect_on_failure=False)
        m.ws_set_options(path="/mqtt")
        m.tls_set_context(self.context)
        m.username_pw_set(login["username"], login["password"])
        if will:
            m.will_set(self.topics["agent-connection"], self.hello(False, 2), qos=2)
        ready, subscribed = threading.Event(), threading.Semaphore(0)

        def on_connect(_client, _user, _flags, reason, props):
            self.connack = (reason.value, props.json())
            ready.set()

        m.on_connect = on_connect
        m.on_subscribe = lambda *_: subscribed.release()
        m.on_message = lambda _c, _u, message: self.inbox.put((message.topic, message.payload))
        m.on_disconnect = lambda *_: self.gone.set()
        m.on_socket_open = _no_delay
        m.max_inflight_messages_set(20)       # mosquitto's Receive Maximum, which paho 1.6 ignores
        m.connect(self.cloud.host, self.cloud.port, 60, clean_start=True)
        m.loop_start()
        assert ready.wait(10), "no CONNACK"
        if subscribe and self.connack[0] == 0:
            options = SubscribeOptions(qos=1, retainAsPublished=True)
            for name in ("inbox-cmd", "inbox-cmd-v1"):
                m.subscribe(self.topics[name], options=options)
                assert subscribed.acquire(timeout=10), "no SUBACK"
        return self

    def start(self):
        """Claimed, logged in, connected, hello sent."""
        assert self.claim()[0] == 204
        self.connect()
        self.publish("agent-connection", self.hello())
        return self

    def stop(self):
        """A graceful end: goodbye, its PUBACK, DISCONNECT."""
        if self.mqtt and not self.gone.is_set():
            self.publish("agent-connection", self.hello(False))
        self.drop()

    def drop(self):
        """The end without a goodbye."""
        if self.mqtt:
            self.mqtt.disconnect()
            self.mqtt.loop_stop()

    def wait_gone(self, seconds: float = 5) -> bool:
        """Whether the connection has ended; paho's thread may die without telling."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            thread = self.mqtt._thread
            if self.gone.wait(0.05) or thread is None or not thread.is_alive():
                return True
        return False

    def hello(self, reachable=True, source=1) -> bytes:
        return schema.encode("UpdateAgentConnection", {
            "claim_id": self.claim_id, "reachable": reachable, "session_id": self.session_id,
            "update_source": source, "updated_at": {"seconds": int(time.time())},
            "capabilities": [{"name": "proto", "version": 1, "enabled": True}] if reachable else []})

    def say(self, name: str, fields: dict):
        """A message of the type that belongs to this topic, with our claim id."""
        self.publish(name, schema.encode(schema.OUTBOUND[name], {"claim_id": self.claim_id, **fields}))

    def say_of_nobody(self, name: str, fields: dict):
        """A message without a claim id."""
        self.publish(name, schema.encode(schema.OUTBOUND[name], fields))

    def make_node(self) -> str:
        """The agent's own node, created, live and described; its id."""
        self.say("create-node-instance", {"machine_guid": self.mguid, "hostname": self.hostname})
        node_id = self.next("CreateNodeInstanceResult")["node_id"]
        self.say("node-instance-connection", {"node_id": node_id, "liveness": True, "queryable": True,
                                              "session_id": self.session_id})
        self.say("node-instance-info", {"node_id": node_id, "machine_guid": self.mguid, "data": {
            "name": self.hostname, "version": "v2.10.4", "host_labels": {"_os": "linux"}}})
        return node_id

    def publish(self, name: str, payload: bytes, alias: int | None = None, wait: bool = True, qos: int = 1):
        """name: of an issued topic, or a topic itself."""
        props = None
        if alias is not None:
            props = Properties(PacketTypes.PUBLISH)
            props.TopicAlias = alias
        info = self.mqtt.publish(self.topics.get(name, name), payload, qos, properties=props)
        if wait:
            info.wait_for_publish(10)

    def next(self, kind: str, timeout: float = 10) -> dict | bytes:
        """The next command of this type (others before it are dropped); bytes for cmd."""
        deadline = time.monotonic() + timeout
        while True:
            topic, payload = self.inbox.get(timeout=max(0.01, deadline - time.monotonic()))
            got = topic.rsplit("/", 1)[1]
            if got == kind:
                return payload if kind == "cmd" else schema.to_dict(schema.decode(kind, payload))

    def answer(self, request: bytes, body=b"{}", status=200, headers=(), times=1) -> dict:
        """Replies to a cmd message; returns its JSON header."""
        asked = json.loads(request.partition(b"\r\n\r\n")[0])
        payload = self.reply(asked, body, status, headers)
        for _ in range(times):
            self.publish(asked["callback-topic"], payload)
        return asked

    def reply(self, asked: dict, body=b"{}", status=200, headers=()) -> bytes:
        header = {"type": "http", "msg-id": asked["msg-id"], "timestamp": int(time.time()), "timestamp-offset-usec": 0,
                  "connect": self.session_id // 1000000, "connect-offset-usec": self.session_id % 1000000, "version": 2,
                  "t-exec": 5, "t-rx": int(time.time() * 1e6), "http-code": status}
        lines = [f"HTTP/1.1 {status} OK", *headers, f"Content-Length: {len(body)}"]
        payload = json.dumps(header, separators=(",", ":")).encode() + b"\r\n\r\n"
        return payload + "\r\n".join(lines).encode() + b"\r\n\r\n" + body


    def publish_now(self, message, body=b"{}"):
        """For on_message: answers a cmd at once, without waiting for the PUBACK."""
        asked = json.loads(message.payload.partition(b"\r\n\r\n")[0])
        self.mqtt.publish(asked["callback-topic"], self.reply(asked, body), 1)


class _Closing:
    def __init__(self, connection):
        self.connection = connection

    def __enter__(self):
        return self.connection

    def __exit__(self, *_):
        self.connection.close()


def _no_delay(_client, _user, sock):
    getattr(sock, "_socket", sock).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
