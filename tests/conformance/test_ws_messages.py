"""What a good client sends: messages, pings, fragments (groups 1, 2, 5 and 10 of the Autobahn
suite's server cases; the numbers in the ids are theirs)."""

import base64
import hashlib

import pytest
from echo_client import fragments
from support.client import (
    BINARY,
    CONTINUATION,
    GUID,
    PING,
    PONG,
    TEXT,
    frame,
    handshake_request,
)

SIZES = [0, 125, 126, 127, 128, 65535, 65536]
BYTES = b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "opcode, letter", [(TEXT, b"*"), (BINARY, b"\xfe")], ids=["1.1 text", "1.2 binary"]
)
def test_a_message_of_any_length_comes_back(echo, opcode, letter, size):
    echo.send_frame(letter * size, opcode)
    echo.expect(opcode, letter * size)
    echo.is_well()


@pytest.mark.parametrize("opcode", [TEXT, BINARY], ids=["1.1.8 text", "1.2.8 binary"])
@pytest.mark.parametrize("size", [997, 1, 2, 3, 7])
def test_a_message_in_small_pieces_comes_back(echo, opcode, size):
    payload = b"0123456789abcdef" * (4096 if size == 997 else 20)
    echo.send_chopped(frame(payload, opcode), size)
    echo.expect(opcode, payload)
    echo.is_well()


@pytest.mark.parametrize("key", [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\1\0\2", b"abcd"])
def test_any_mask_will_do(echo, key):
    echo.send_frame("some text, masked", mask=key)
    echo.expect(TEXT, "some text, masked")
    echo.is_well()


PINGS = [
    ("2.1", b""),
    ("2.2", b"Hello, world!"),
    ("2.3", BYTES),
    ("2.4", b"\xfe" * 125),
]


@pytest.mark.parametrize("payload", [row[1] for row in PINGS], ids=[row[0] for row in PINGS])
@pytest.mark.parametrize("size", [1000, 1], ids=["whole", "2.6 bytewise"])
def test_a_ping_is_answered_with_its_payload(echo, payload, size):
    echo.send_chopped(frame(payload, PING), size)
    echo.expect(PONG, payload)
    echo.is_well()


@pytest.mark.parametrize("payload", [b"", b"nobody asked"], ids=["2.7", "2.8"])
def test_a_pong_that_nobody_asked_for_is_ignored(echo, payload):
    echo.send_frame(payload, PONG)
    echo.send_frame(b"2.9", PING)
    echo.expect(PONG, b"2.9")
    echo.is_well()


@pytest.mark.parametrize("size", [10000, 1], ids=["2.10 whole", "2.11 bytewise"])
def test_ten_pings_are_answered_in_order(echo, size):
    payloads = [b"payload-%d" % number for number in range(10)]
    echo.send_chopped(b"".join(frame(payload, PING) for payload in payloads), size)
    for payload in payloads:
        echo.expect(PONG, payload)
    echo.is_well()


def send(echo, frames, how):
    """Whole, a frame a write, or a byte a write."""
    data = b"".join(frames)
    if how == "frames":
        for one in frames:
            echo.send_bytes(one)
    else:
        echo.send_chopped(data, len(data) if how == "whole" else 1)


HOW = pytest.mark.parametrize("how", ["whole", "frames", "bytes"])


@HOW
def test_fragments_are_put_together(echo, how):  # 5.3 to 5.5
    send(
        echo, [frame("fragment1", TEXT, fin=False), frame("fragment2", CONTINUATION)], how
    )
    echo.expect(TEXT, "fragment1fragment2")
    echo.is_well()


@HOW
def test_a_ping_between_fragments_is_answered_first(echo, how):  # 5.6 to 5.8
    send(
        echo,
        [
            frame("fragment1", TEXT, fin=False),
            frame("ping", PING),
            frame("fragment2", CONTINUATION),
        ],
        how,
    )
    echo.expect(PONG, "ping")
    echo.expect(TEXT, "fragment1fragment2")
    echo.is_well()


@HOW
def test_pings_between_many_fragments(echo, how):  # 5.19 and 5.20
    send(
        echo,
        [
            frame("fragment1", TEXT, fin=False),
            frame("fragment2", CONTINUATION, fin=False),
            frame("ping1", PING),
            frame("fragment3", CONTINUATION, fin=False),
            frame("fragment4", CONTINUATION, fin=False),
            frame("ping2", PING),
        ],
        how,
    )
    echo.expect(PONG, "ping1")
    echo.expect(PONG, "ping2")
    send(echo, [frame("ping3", PING), frame("fragment5", CONTINUATION)], how)
    echo.expect(PONG, "ping3")
    echo.expect(TEXT, "fragment1fragment2fragment3fragment4fragment5")
    echo.is_well()


@HOW
def test_fragments_may_be_empty(echo, how):  # 6.1.2 and 6.1.3
    empty = [frame("", TEXT, fin=False), frame("", CONTINUATION, fin=False)]
    send(echo, [*empty, frame("", CONTINUATION)], how)
    echo.expect(TEXT, "")
    middle = frame("middle frame payload", CONTINUATION, fin=False)
    send(echo, [empty[0], middle, frame("", CONTINUATION)], how)
    echo.expect(TEXT, "middle frame payload")
    echo.is_well()


def test_a_message_in_fragments_of_1300_bytes(echo):  # 10.1.1
    payload = b"*" * 65536
    send(echo, fragments(payload, 1300), "frames")
    echo.expect(TEXT, payload)
    echo.is_well()


def test_messages_of_both_kinds_come_back_in_order(echo):
    messages = [(TEXT if n % 2 else BINARY, b"message %d" % n) for n in range(300)]
    echo.send_bytes(b"".join(frame(payload, opcode) for opcode, payload in messages))
    for opcode, payload in messages:
        echo.expect(opcode, payload)
    echo.is_well()


@pytest.mark.parametrize("size", [1, 7, 100000])
def test_frames_may_follow_the_handshake_without_waiting_for_its_answer(connect, size):
    client = connect(handshake=False)
    key, request = handshake_request("/echo")
    client.send_chopped(request + frame("early", TEXT) + frame("bird", PING), size)
    status, headers, _ = client.read_response()
    assert status == 101
    assert headers["sec-websocket-accept"] == accept(key)
    client.expect(TEXT, "early")
    client.expect(PONG, "bird")
    client.is_well()


def accept(key):
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
