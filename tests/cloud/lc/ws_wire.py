# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's side of RFC 6455, by hand: tests need to see every frame, and to send wrong ones."""
import asyncio
import base64
import dataclasses
import hashlib
import struct

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
# Larger frames than any client has reason to send; a length beyond it means that the stream is garbage.
MAX_FRAME = 256 << 20


class WsError(Exception):
    """The peer broke RFC 6455; the connection cannot go on."""


@dataclasses.dataclass
class Frame:
    opcode: int
    fin: bool
    rsv: int
    masked: bool
    payload: bytes
    key: bytes = b""
    length_bytes: int = 0           # behind the first two bytes: 0, 2 or 8


def accept_key(key: str) -> str:
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def length_bytes(size: int) -> int:
    """The shortest form, which is the only one allowed."""
    return 0 if size < 126 else 2 if size < 65536 else 8


async def read_frame(reader: asyncio.StreamReader) -> Frame:
    """Next frame, unmasked. asyncio.IncompleteReadError at the end of the stream."""
    a, b = await reader.readexactly(2)
    size, more = b & 0x7F, 0
    if size == 126:
        more = 2
        size, = struct.unpack(">H", await reader.readexactly(2))
    elif size == 127:
        more = 8
        size, = struct.unpack(">Q", await reader.readexactly(8))
    if size > MAX_FRAME:
        raise WsError(f"frame of {size} bytes")
    masked = bool(b & 0x80)
    key = await reader.readexactly(4) if masked else b""
    payload = await reader.readexactly(size)
    return Frame(a & 15, bool(a & 0x80), a >> 4 & 7, masked, mask(payload, key) if masked else payload,
                 key, more)


def mask(data: bytes, key: bytes) -> bytes:
    size = len(data)
    if not size:
        return data
    keys = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "big") ^ int.from_bytes(keys, "big")).to_bytes(size, "big")


def frame(payload: bytes, opcode: int = BINARY, fin: bool = True, masked: bool = False, rsv: int = 0) -> bytes:
    """One frame. masked=True is a server's violation, for tests."""
    size = len(payload)
    head = bytes([fin << 7 | rsv << 4 | opcode])
    bit = masked << 7
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += struct.pack(">BH", bit | 126, size)
    else:
        head += struct.pack(">BQ", bit | 127, size)
    if masked:
        # A client that takes masked bytes as they are finds the same each time: a PINGRESP becomes no packet of MQTT.
        key = b"\xd0\0\0\0"
        return head + key + mask(payload, key)
    return head + payload


def close_payload(code: int | None, reason: str = "") -> bytes:
    return b"" if code is None else struct.pack(">H", code) + reason.encode()


def parse_close(payload: bytes) -> tuple[int | None, str]:
    if len(payload) < 2:
        return None, ""
    return struct.unpack(">H", payload[:2])[0], payload[2:].decode(errors="replace")
