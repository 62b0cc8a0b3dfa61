"""A client of /echo: it sends any bytes in pieces of any size, and says what must come back."""

import time
import zlib

from support.client import BINARY, CLOSE, TEXT, Client, close_payload, frame
from support.wait import stretched

DEFLATE = "permessage-deflate"
RSV1 = 4
TAIL = b"\x00\x00\xff\xff"


def pieces(data, size):
    return [data[at : at + size] for at in range(0, len(data), size)]


def fragments(payload, size, opcode=TEXT, rsv=0):
    """The frames of a message cut into fragments of `size` bytes."""
    parts = pieces(payload, size) or [b""]
    return [
        frame(
            part,
            opcode if number == 0 else 0,
            fin=number == len(parts) - 1,
            rsv=rsv if number == 0 else 0,
        )
        for number, part in enumerate(parts)
    ]


def deflated(payload, level=6, window=15, memory=8, strategy=0):
    """The payload of a compressed message (RFC 7692 7.2.1)."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -window, memory, strategy)
    data = packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH)
    assert data.endswith(TAIL)
    return data[: -len(TAIL)]


def inflated(payload):
    """What a compressed message says, read without any memory of the messages before it."""
    unpacker = zlib.decompressobj(-15)
    data = unpacker.decompress(payload + TAIL)
    assert not unpacker.unused_data and not unpacker.unconsumed_tail
    return data


class EchoClient(Client):
    def __init__(self, port, offer=None, **options):
        headers = [f"Sec-WebSocket-Extensions: {offer}"] if offer is not None else []
        self.headers = {}
        super().__init__(port, path="/echo", headers=headers, **options)
        self.deflates = "sec-websocket-extensions" in self.headers

    def send_chopped(self, data, size):
        """In pieces of `size` bytes, a system call each (and, as Nagle is off, a segment each)."""
        for piece in pieces(data, size):
            self.send_bytes(piece)

    def recv_frame(self, seconds=60):
        """The next frame; a compressed one inflated, with `rsv1` set. What the server must never
        send fails the test."""
        self.last_rsv1 = False
        if not self.deflates:
            return super().recv_frame(seconds)
        # The base class wants no reserved bits at all: the one that was negotiated is taken off.
        deadline = time.monotonic() + stretched(seconds)
        while len(self.buffer) == self.at:
            self.fill(deadline)
        first = self.buffer[self.at]
        if first & 0x40:
            assert first & 0x0F in (TEXT, BINARY), f"RSV1 in a frame of opcode {first & 15}"
            self.buffer[self.at] &= 0xBF
        got = super().recv_frame(seconds)
        if first & 0x40:
            self.last_rsv1 = True
            got.payload = inflated(got.payload)
        return got

    def expect(self, opcode, payload):
        got = self.recv_frame()
        assert got.opcode == opcode, got
        assert got.fin
        if isinstance(payload, str):
            payload = payload.encode()
        # Not `==` alone: pytest would take minutes to show how two of 16 MB differ.
        same = got.payload == payload
        assert same, f"{got.payload[:60]}… of {len(got.payload)}, not {payload[:60]}…"

    def expect_closed(self, *codes):
        """A close frame with one of the codes, and after the answer the end of the stream."""
        got = self.recv_frame()
        assert got.opcode == CLOSE, got
        closed = self.closed_by(got.payload)
        assert closed.code in codes, closed
        self.answer_close(got.payload)
        self.expect_end()
        return closed

    def is_well(self):
        """The connection still works, and closes as it should."""
        self.send_frame("still here")
        self.expect(TEXT, "still here")
        self.closes(1000)

    def closes(self, code, reason=b""):
        """Sends a close frame; the code must come back, and then the end."""
        self.has_closed = True
        self.send_frame(close_payload(code, reason), CLOSE)
        self.expect_closed(code)
