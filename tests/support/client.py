"""A WebSocket client for tests: synchronous, byte-exact, and it remembers all that it saw.

It does not check what it sends: a test may send any bytes. It checks what it receives (RFC 6455:
no mask, no reserved bits, shortest length, known opcode) and fails the test where that is wrong.
"""

import base64
import hashlib
import json
import os
import socket
import struct
import time
from dataclasses import dataclass

from support.wait import stretched

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TIMEOUT_S = 20
FRAME_BYTES_MAX = 64 << 20


class Closed(Exception):
    """The connection is over. code: the close frame's, 1005 without one in it, 1006 without a
    close frame; `reset` tells a reset from a clean end of the stream."""

    def __init__(self, code, reason="", reset=False):
        super().__init__(f"closed: {code} {reason}".rstrip())
        self.code = code
        self.reason = reason
        self.reset = reset


class Timeout(AssertionError):
    pass


@dataclass
class Frame:
    opcode: int
    payload: bytes
    fin: bool = True

    def json(self):
        return json.loads(self.payload)


def mask_bytes(payload, key):
    if not payload:
        return b""
    size = len(payload)
    pad = (key * (size // 4 + 1))[:size]
    number = int.from_bytes(payload, "little") ^ int.from_bytes(pad, "little")
    return number.to_bytes(size, "little")


def frame(
    payload=b"",
    opcode=TEXT,
    fin=True,
    rsv=0,
    mask=b"\x21\x43\x65\x87",
    length=None,
    length_bytes=None,
):
    """A frame's bytes. mask=None: unmasked; length: what the header claims, where that differs;
    length_bytes: 0, 2 or 8 bytes of extended length, where that is not to be the shortest."""
    if isinstance(payload, str):
        payload = payload.encode()
    claimed = len(payload) if length is None else length
    if length_bytes is None:
        length_bytes = 0 if claimed < 126 else 2 if claimed < 65536 else 8
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    masked = 0 if mask is None else 0x80
    if length_bytes == 0:
        head += bytes([masked | claimed])
    elif length_bytes == 2:
        head += bytes([masked | 126]) + struct.pack(">H", claimed)
    else:
        head += bytes([masked | 127]) + struct.pack(">Q", claimed)
    return head + payload if mask is None else head + mask + mask_bytes(payload, mask)


def close_payload(code, reason=b""):
    return struct.pack(">H", code) + reason


def handshake_request(path="/", host="127.0.0.1", key=None, headers=()):
    key = key or base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        *headers,
    ]
    return key, ("\r\n".join(lines) + "\r\n\r\n").encode()


class Client:
    """With handshake=False it only connects, and the test sends what it likes."""

    def __init__(
        self, port, path="/", headers=(), handshake=True, receive_buffer=None, host="127.0.0.1"
    ):
        self.sock = socket.socket()
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(stretched(TIMEOUT_S))
        self.sock.connect((host, port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.at = 0  # bytes of the buffer that have been taken
        self.seen = []  # every room message, as (object, raw bytes)
        self.others = []  # every other message of the server, as objects
        self.pongs = []
        self.joined = None
        self.answers_pings = True
        self.has_closed = False  # it has sent a close frame
        self.response = b""
        if handshake:
            self.shake_hands(path, headers)

    # --- bytes ---

    def send_bytes(self, data):
        self.sock.sendall(data)

    def fill(self, deadline):
        """Reads more; raises Closed at the end of the stream, Timeout at the deadline."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise Timeout(f"nothing more came in time; last seen: {self.last_seen()}")
        self.sock.settimeout(left)
        try:
            data = self.sock.recv(1 << 18)
        except TimeoutError:
            raise Timeout(f"nothing more came in time; last seen: {self.last_seen()}") from None
        except ConnectionError:
            raise Closed(1006, "reset", reset=True) from None
        finally:
            self.sock.settimeout(stretched(TIMEOUT_S))
        if not data:
            raise Closed(1006, "end of the stream")
        if self.at:
            del self.buffer[: self.at]
            self.at = 0
        self.buffer += data

    def take(self, size, deadline):
        while len(self.buffer) - self.at < size:
            self.fill(deadline)
        data = bytes(self.buffer[self.at : self.at + size])
        self.at += size
        return data

    def last_seen(self):
        return [obj for obj, _ in self.seen[-2:]] + self.others[-3:]

    # --- the handshake ---

    def read_response(self, seconds=TIMEOUT_S):
        """(status, headers in lower case, body) of an HTTP response; the body by its length."""
        deadline = time.monotonic() + stretched(seconds)
        while b"\r\n\r\n" not in self.buffer:
            self.fill(deadline)
        end = self.buffer.index(b"\r\n\r\n")
        head = self.take(end + 4 - self.at, deadline)
        self.response = head
        lines = head.decode().split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if colon:
                headers[name.lower()] = value.strip()
        body = self.take(int(headers.get("content-length", "0")), deadline)
        return int(lines[0].split()[1]), headers, body

    def shake_hands(self, path="/", headers=()):
        key, request = handshake_request(path, headers=headers)
        self.send_bytes(request)
        status, self.headers, body = self.read_response()
        assert status == 101, f"no upgrade: {status} {body!r}"
        accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
        assert self.headers.get("sec-websocket-accept") == accept, self.headers

    # --- frames ---

    def send_frame(self, payload=b"", opcode=TEXT, **options):
        self.send_bytes(frame(payload, opcode, **options))

    def send_json(self, obj):
        self.send_frame(json.dumps(obj, separators=(",", ":"), ensure_ascii=False))

    def recv_frame(self, seconds=TIMEOUT_S):
        deadline = time.monotonic() + stretched(seconds)
        first, second = self.take(2, deadline)
        assert first & 0x70 == 0, f"reserved bits from the server: {first:#x}"
        assert second & 0x80 == 0, "a masked frame from the server"
        size = second & 0x7F
        if size == 126:
            size = struct.unpack(">H", self.take(2, deadline))[0]
            assert size >= 126, "a length that is not the shortest"
        elif size == 127:
            size = struct.unpack(">Q", self.take(8, deadline))[0]
            assert 65536 <= size <= FRAME_BYTES_MAX, f"a frame of {size} bytes"
        opcode = first & 0x0F
        assert opcode in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG), f"opcode {opcode}"
        return Frame(opcode, self.take(size, deadline), bool(first & 0x80))

    def recv_message(self, seconds=TIMEOUT_S):
        """The next text message as a frame; pings are answered, a close frame raises Closed."""
        deadline = time.monotonic() + stretched(seconds)
        while True:
            got = self.recv_frame(max(0, deadline - time.monotonic()) / stretched(1))
            if got.opcode == PING:
                if self.answers_pings:
                    self.send_frame(got.payload, PONG)
            elif got.opcode == PONG:
                self.pongs.append(got.payload)
            elif got.opcode == CLOSE:
                self.answer_close(got.payload)
                raise self.closed_by(got.payload)
            else:
                assert got.fin, "a fragmented message from the server"
                return got

    def answer_close(self, payload):
        if self.has_closed:
            return
        self.has_closed = True
        try:
            self.send_frame(payload[:2], CLOSE)
        except OSError:
            pass  # the server has ended the stream already

    @staticmethod
    def closed_by(payload):
        if not payload:
            return Closed(1005)
        return Closed(struct.unpack(">H", payload[:2])[0], payload[2:].decode())

    # --- the protocol ---

    def recv(self, seconds=TIMEOUT_S):
        """The next message as an object; recorded in `seen` (the room's) or `others`."""
        got = self.recv_message(seconds)
        obj = got.json()
        if "msg_id" in obj and obj.get("type") != "joined":
            self.seen.append((obj, got.payload))
        else:
            self.others.append(obj)
        return obj

    def join(self, room, **fields):
        self.send_json({"type": "join", "room": room, **fields})
        self.joined = self.recv()
        assert self.joined["type"] == "joined", self.joined
        return self.joined

    def leave(self):
        """Leaves; messages that come before the answer are recorded."""
        self.send_json({"type": "leave"})
        return self.until(lambda obj: obj.get("type") == "left")

    def until(self, condition, seconds=TIMEOUT_S):
        """Receives until an object fulfils the condition, and returns that one."""
        deadline = time.monotonic() + stretched(seconds)
        while True:
            obj = self.recv(max(0, deadline - time.monotonic()) / stretched(1))
            if condition(obj):
                return obj

    def collect(self, count, seconds=60):
        """The next `count` room messages; anything else in between fails the test."""
        deadline = time.monotonic() + stretched(seconds)
        got = []
        while len(got) < count:
            obj = self.recv(max(0, deadline - time.monotonic()) / stretched(1))
            assert "msg_id" in obj and obj.get("type") != "joined", f"not a room message: {obj}"
            got.append(obj)
        return got

    def ids(self):
        return [obj["msg_id"] for obj, _ in self.seen]

    def expect_close(self, seconds=TIMEOUT_S):
        """Receives (and records) until the server closes; the Closed that says how."""
        deadline = time.monotonic() + stretched(seconds)
        try:
            while True:
                self.recv(max(0, deadline - time.monotonic()) / stretched(1))
        except Closed as closed:
            return closed

    def expect_end(self, seconds=TIMEOUT_S):
        """After a close frame: the server ends the stream, and nothing comes before that."""
        deadline = time.monotonic() + stretched(seconds)
        try:
            got = self.recv_frame(max(0, deadline - time.monotonic()) / stretched(1))
        except Closed as closed:
            return closed
        raise AssertionError(f"a frame after the close frame: {got}")

    def close(self, code=1000):
        """The close handshake, begun here; the server's answer."""
        self.has_closed = True
        self.send_frame(close_payload(code), CLOSE)
        closed = self.expect_close()
        self.drop()
        return closed

    # --- how connections end ---

    def drop(self):
        """Closes the socket without a word of WebSocket."""
        self.sock.close()

    def reset(self):
        """Ends the connection with a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()
