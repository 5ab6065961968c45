# SPDX-License-Identifier: GPL-3.0-or-later
"""One WSS connection: frames <-> the broker's TCP byte stream, recorded packet by packet, with faults on request."""
import asyncio
import base64
import contextlib
import os
import time

from . import mqtt_wire as mqtt
from . import ws_wire as ws
from .frame_rules import FrameRules
from .rules import Rules

CLOSE_SECONDS = 2.0                 # how long the agent may take to answer a close frame
CHUNK = 256 << 10


class Relay:
    """Lives from the upgrade to the end of the TCP connection. transport, drain: the agent's side, after the 101."""

    def __init__(self, connection, reader, transport, drain, cloud):
        self.connection, self.cloud = connection, cloud
        self._reader, self._transport, self._drain_agent = reader, transport, drain
        self._broker_writer = None
        self._streams = {"up": mqtt.Stream(), "down": mqtt.Stream()}
        self._broken = {"up": False, "down": False}
        self._gates = {"up": asyncio.Event(), "down": asyncio.Event()}
        for gate in self._gates.values():
            gate.set()
        self._closing = asyncio.Event()
        self._broker_gone = False
        self.rules = Rules(self._complain, cloud.topics_for)
        self.frame_rules = FrameRules(self._bad_frame)

    @property
    def behaviour(self):
        return self.cloud.behaviour.of(self.connection.claim)

    async def run(self):
        """Returns when both sides are closed."""
        try:
            broker_reader, self._broker_writer = await asyncio.open_connection("127.0.0.1", self.cloud.broker.port)
        except OSError as e:
            await self.close(1011, f"no broker: {e.strerror}")
            broker_reader = None
        tasks = [asyncio.create_task(self._up())]
        if broker_reader:
            tasks.append(asyncio.create_task(self._down(broker_reader)))
        try:
            # The agent's side ends everything; the broker's end is told to the agent first.
            await tasks[0]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._broker_writer:
                self._broker_writer.close()
            self._transport.close()
            c = self.connection
            c.closed = time.time()
            c.ws_close = c.ws_close or {"by": "agent", "code": None, "reason": "TCP closed without a close frame"}
            self.cloud.record.touch()

    # -- agent to broker ----------------------------------------------------------------------------------------

    async def _up(self):
        try:
            while True:
                await self._gates["up"].wait()
                frame = await ws.read_frame(self._reader)
                await self._gates["up"].wait()
                self._note_frame("up", frame)
                self.frame_rules.up(frame)
                if frame.opcode == ws.CLOSE:
                    return await self._got_close(frame.payload)
                if frame.opcode == ws.PING:
                    self._send(ws.frame(frame.payload, ws.PONG), "down", ws.PONG, len(frame.payload))
                elif frame.opcode in (ws.BINARY, ws.CONTINUATION):
                    await self._forward_up(frame.payload)
        except ws.WsError as e:
            self._complain("ws", str(e))
            await self.close(1002, "protocol error")
        except (asyncio.IncompleteReadError, ConnectionError, OSError):
            pass

    async def _forward_up(self, data: bytes):
        self.connection.bytes["up"] += len(data)
        if self._broken["up"]:
            return self._to_broker(data)
        try:
            for p in self._streams["up"].feed(data):
                self.rules.up(p)
                self._note_packet("up", p)
                reason = self.rules.breach()
                if reason and self.behaviour.enforce_limits:
                    return await self.disconnect(mqtt_reason=reason)
                if (action := self.behaviour.on_up.get(p.name)) and await self._act(p.name, action):
                    return
                if p.name not in self.behaviour.drop_up:
                    self._to_broker(p.raw)
        except mqtt.MqttError as e:
            self._complain("mqtt", f"malformed: {e}")
            self._broken["up"] = True
            self._to_broker(self._streams["up"].take_pending())
        if self._broker_writer:
            with contextlib.suppress(ConnectionError):
                await self._broker_writer.drain()

    async def _act(self, name: str, action: dict) -> bool:
        """What a test ordered for this packet; true if the connection is at its end."""
        a = dict(action)
        self.connection.triggered = name
        if a.get("hold"):
            self.hold(["up", "down"] if a["hold"] is True else a["hold"], True)
            self.cloud.record.touch()
            while not self._gates["up"].is_set() and not self._transport.is_closing():
                await asyncio.sleep(0.01)
        elif a.get("inject") is not None:
            data, level = base64.b64decode(a.pop("inject")), a.pop("level", "mqtt")
            if level == "frame":
                self.inject_frame(data, a.get("opcode", ws.BINARY), a.get("fin", True), a.get("masked", False),
                                  a.get("rsv", 0))
            else:
                (self.inject_mqtt if level == "mqtt" else self.inject_raw)(data)
        elif a.get("abort") or a.get("hang_up"):
            self.abort() if a.get("abort") else self.hang_up()
            return True
        elif a.get("mqtt_reason") is not None:
            await self.disconnect(a["mqtt_reason"])
        else:
            await self.close(a["ws_code"], a.get("ws_reason", ""))
        return self._transport.is_closing()

    def _to_broker(self, data: bytes):
        if not self._broker_gone and self._broker_writer and not self._broker_writer.is_closing():
            self._broker_writer.write(data)

    # -- broker to agent ----------------------------------------------------------------------------------------

    async def _down(self, broker_reader):
        try:
            while data := await broker_reader.read(CHUNK):
                await self._gates["down"].wait()
                if self._broker_gone:
                    break
                if self.behaviour.delay_down:
                    await asyncio.sleep(self.behaviour.delay_down)
                out = b"".join(self._rewritten(p) for p in self._streams["down"].feed(data))
                if out:
                    self.send_mqtt(out)
                    await self._drain_agent()
        except ConnectionError:
            pass
        # The broker has closed (takeover, restart, its own idea of a violation).
        await self._gates["down"].wait()
        if self.rules.ended:                                # after DISCONNECT the agent closes first
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._closing.wait(), CLOSE_SECONDS)
        await self.close(1000)

    def _rewritten(self, p: mqtt.Packet) -> bytes:
        """The packet as the agent shall get it; nothing if it is dropped."""
        b = self.behaviour
        if p.kind == mqtt.CONNACK and (b.connack or b.connack_reason):
            props = {**p.get("properties"), **b.connack}
            props = {k: v for k, v in props.items() if v is not None}
            p = _parsed(mqtt.connack(b.connack_reason or p.get("reason"), p.get("session_present"), props))
        elif p.kind == mqtt.PUBACK and b.puback_reason:
            p = _parsed(mqtt.puback(p.get("packet_id"), b.puback_reason))
        elif p.kind == mqtt.SUBACK and b.suback_reasons:
            p = _parsed(mqtt.suback(p.get("packet_id"), b.suback_reasons))
        if p.name in b.drop_down:
            self._note_packet("down", p, dropped=True)
            return b""
        self.rules.down(p)
        self._note_packet("down", p)
        if p.name in b.replace_down:
            return base64.b64decode(b.replace_down[p.name])
        return p.raw

    # -- what tests can do to a connection ----------------------------------------------------------------------

    def send_mqtt(self, data: bytes):
        """MQTT bytes in binary frames, cut as the behaviour says."""
        size = self.behaviour.frame_size or len(data)
        pieces = [data[i:i + size] for i in range(0, len(data), size)]
        for i, piece in enumerate(pieces):
            if self.behaviour.fragments:
                opcode, fin = (ws.CONTINUATION if i else ws.BINARY), i == len(pieces) - 1
            else:
                opcode, fin = ws.BINARY, True
            if opcode == ws.BINARY and self.behaviour.text_frames:
                opcode = ws.TEXT
            self._send(ws.frame(piece, opcode, fin, self.behaviour.masked_frames, self.behaviour.frame_rsv), "down",
                       opcode, len(piece), fin)
        self.connection.bytes["down"] += len(data)

    def inject_mqtt(self, data: bytes):
        """Bytes the broker never sent. Whole packets are recorded like its own."""
        with contextlib.suppress(mqtt.MqttError):
            for p in mqtt.Stream().feed(data):
                self.rules.down(p)
                self._note_packet("down", p, injected=True)
        self.send_mqtt(data)

    def inject_frame(self, payload: bytes, opcode: int, fin: bool, masked: bool, rsv: int):
        if opcode == ws.PING:
            self.frame_rules.ping_sent(payload)
        self._send(ws.frame(payload, opcode, fin, masked, rsv), "down", opcode, len(payload), fin)

    def inject_raw(self, data: bytes):
        """Bytes inside TLS, outside any frame."""
        self.frame_rules.anything_sent()
        self._transport.write(data)

    def hold(self, directions: list[str], on: bool):
        """Nothing moves in these directions while it is on; bytes wait where they are."""
        for d in directions:
            if on:
                self._gates[d].clear()
            else:
                self._gates[d].set()

    def freeze(self):
        """Until lose_broker(): what the broker has acknowledged by now is all that the agent sees acknowledged."""
        held = [d for d, gate in self._gates.items() if gate.is_set()]
        self.hold(held, True)
        return held

    def lose_broker(self, held: list[str]):
        """The broker is gone, with all that it has read and not acknowledged."""
        self._broker_gone = True
        self.hold(held, False)

    def abort(self):
        """TCP reset."""
        self._ended_by_cloud("reset")
        self._transport.abort()
        self._release()

    def hang_up(self):
        """TLS close_notify and TCP FIN, no close frame."""
        self._ended_by_cloud("TCP closed by the cloud")
        self._transport.close()
        self._release()

    async def close(self, code: int | None = 1000, reason: str = ""):
        """Close frame, then up to CLOSE_SECONDS for the agent's, then TCP."""
        if self.connection.closed or self._closing.is_set():
            return
        self._closing.set()
        payload = ws.close_payload(code, reason)
        self._ended_by_cloud(reason, code)
        self.connection.ws_close_seen["down"] = code
        self._send(ws.frame(payload, ws.CLOSE), "down", ws.CLOSE, len(payload))
        if self._broker_writer:
            self._broker_writer.close()
        self._release()
        asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._transport.close)

    async def disconnect(self, mqtt_reason: int, props: dict | None = None, then_close: bool = True):
        """MQTT DISCONNECT from the server; then_close=False leaves the rest to the agent."""
        self.inject_mqtt(mqtt.disconnect(mqtt_reason, props))
        if then_close:
            await self.close(1000)

    # -- bookkeeping --------------------------------------------------------------------------------------------

    def _release(self):
        self.hold(["up", "down"], False)

    def _ended_by_cloud(self, reason: str, code: int | None = None):
        self.connection.ws_close = self.connection.ws_close or {"by": "cloud", "code": code, "reason": reason}

    async def _got_close(self, payload: bytes):
        code, reason = ws.parse_close(payload)
        c = self.connection
        c.ws_close_seen["up"] = code
        c.ws_close = c.ws_close or {"by": "agent", "code": code, "reason": reason}
        if not self._closing.is_set():
            self._closing.set()
            self._send(ws.frame(payload[:2], ws.CLOSE), "down", ws.CLOSE, len(payload[:2]))
        with contextlib.suppress(ConnectionError):
            await self._drain_agent()

    def _send(self, data: bytes, direction: str, opcode: int, size: int, fin: bool = True):
        if self._transport.is_closing():
            return
        self._transport.write(data)
        self.connection.frames.append({"time": time.time(), "dir": direction, "opcode": opcode, "size": size,
                                       "fin": fin, "masked": False})

    def _note_frame(self, direction: str, f: ws.Frame):
        self.connection.frames.append({"time": time.time(), "dir": direction, "opcode": f.opcode,
                                       "size": len(f.payload), "fin": f.fin, "masked": f.masked})

    def _note_packet(self, direction: str, p: mqtt.Packet, **more):
        c = self.connection
        if p.kind == mqtt.CONNECT and direction == "up":
            c.claim, c.connect, c.connect_raw = p.get("client_id"), _masked(p.fields), p.raw
        elif p.kind == mqtt.CONNACK:
            c.connack = p.fields
        elif p.kind == mqtt.DISCONNECT and direction == "up":
            c.mqtt_disconnect = p.fields
        c.unacked = {"up": self.rules.in_flight, "down": self.rules.owed}
        c.max_unacked = max(c.max_unacked, self.rules.in_flight)
        if self.behaviour.record:
            fields = _masked(p.fields) if p.kind == mqtt.CONNECT else p.fields
            c.packets.append({"time": time.time(), "dir": direction, "type": p.name, "flags": p.flags,
                              "size": len(p.raw), **more, "fields": fields}, len(p.raw))
            self.cloud.record.touch()

    def _bad_frame(self, text: str):
        self._complain("frame", text)
        # For whoever runs many clouds and wants to hear of it whatever becomes of them: tests/integration/conftest.py.
        if path := os.environ.get("LOCALCLOUD_BAD_FRAMES"):
            with open(path, "a", encoding="utf-8") as f:
                f.write(f"{self.connection.claim}, connection {self.connection.id}: {text}\n")

    def _complain(self, kind: str, text: str):
        self.cloud.record.violation(kind, text, self.connection.claim, self.connection.id)


def _parsed(raw: bytes) -> mqtt.Packet:
    return next(mqtt.Stream().feed(raw))


def _masked(fields: dict) -> dict:
    """CONNECT without the password's text; its length stays."""
    return {**fields, "password": b"*" * len(fields["password"])} if fields.get("password") else fields
