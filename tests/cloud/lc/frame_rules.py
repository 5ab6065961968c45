# SPDX-License-Identifier: GPL-3.0-or-later
"""What an agent's WebSocket frames may look like (RFC 6455, 5), checked frame by frame. Pure.

complain(text) is called for each violation. A control frame that lands inside another frame needs no rule of its own:
its bytes are that one's payload then, and the rest of the stream has other borders.
"""
from . import ws_wire as ws

CONTROL = (ws.CLOSE, ws.PING, ws.PONG)


class FrameRules:
    def __init__(self, complain):
        self._complain = complain
        self._key = None                # of the newest frame
        self._unfinished = False        # a message of which more is to come
        self._pings = []                # payloads that may still be answered
        self._closed = False

    def ping_sent(self, payload: bytes):
        """A ping on its way to the agent. Of several only the newest has to be answered."""
        if self._pings is not None:
            self._pings.append(payload)

    def anything_sent(self):
        """Bytes that may have been pings."""
        self._pings = None

    def up(self, f: ws.Frame):
        size = len(f.payload)
        if self._closed:
            self._complain(f"{_name(f)} after the close frame")
        if f.rsv:
            self._complain(f"{_name(f)} with reserved bits {f.rsv}")
        self._check_mask(f)
        if f.length_bytes != ws.length_bytes(size):
            self._complain(f"the length {size} of {_name(f)} in {f.length_bytes} bytes, "
                           f"not in {ws.length_bytes(size)}")
        if f.opcode in CONTROL:
            return self._check_control(f, size)
        if f.opcode not in (ws.BINARY, ws.CONTINUATION):
            return self._complain(f"{_name(f)}: MQTT has binary ones only")
        if (f.opcode == ws.CONTINUATION) != self._unfinished:
            self._complain(f"{_name(f)} while {'a' if self._unfinished else 'no'} message is unfinished")
        self._unfinished = not f.fin

    def _check_mask(self, f):
        if not f.masked:
            return self._complain(f"{_name(f)} without a mask")
        # By chance once in four thousand million frames.
        if f.key == bytes(4):
            self._complain(f"{_name(f)} with a mask of zeros")
        elif f.key == self._key:
            self._complain(f"{_name(f)} with the mask of the frame before it")
        self._key = f.key

    def _check_control(self, f, size):
        if not f.fin or size > 125:
            self._complain(f"{_name(f)} of {size} bytes{'' if f.fin else ', in fragments'}")
        if f.opcode == ws.CLOSE:
            self._closed = True
            if size == 1:
                self._complain("close frame with half a code")
        if f.opcode == ws.PONG and self._pings is not None:
            if f.payload in self._pings:
                del self._pings[:self._pings.index(f.payload) + 1]
            else:
                self._complain(f"pong of {size} bytes, to no ping")


def _name(f) -> str:
    names = {ws.CONTINUATION: "continuation", ws.TEXT: "text", ws.BINARY: "binary", ws.CLOSE: "close",
             ws.PING: "ping", ws.PONG: "pong"}
    return f"{names.get(f.opcode, f'opcode {f.opcode}')} frame"
