"""Big messages, whole, in fragments and in pieces (group 9 of the Autobahn suite's server cases),
and what is over the limit."""

import pytest
from echo_client import fragments
from support.client import BINARY, TEXT, frame

KIB, MIB = 1 << 10, 1 << 20
LIMIT = 16 * MIB
KIND = pytest.mark.parametrize("opcode", [TEXT, BINARY], ids=["text", "binary"])


def payload_of(size, opcode):
    unit = "\u03ba\u1f79\u03c3\u03bc\u03b5 ".encode() if opcode == TEXT else bytes(range(256))
    count = size // len(unit)
    return unit * count + b"*" * (size - count * len(unit))


@KIND
@pytest.mark.parametrize("size", [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, LIMIT])
def test_a_big_message(echo, opcode, size):  # 9.1 and 9.2
    payload = payload_of(size, opcode)
    echo.send_frame(payload, opcode)
    echo.expect(opcode, payload)
    echo.is_well()


@KIND
@pytest.mark.parametrize("size", [256, KIB, 4 * KIB, 64 * KIB, MIB, 4 * MIB])
def test_a_big_message_in_fragments(echo, opcode, size):  # 9.3 and 9.4
    payload = payload_of(4 * MIB, opcode)
    echo.send_bytes(b"".join(fragments(payload, size, opcode)))
    echo.expect(opcode, payload)
    echo.is_well()


@KIND
@pytest.mark.parametrize("size", [64, 128, 256, 512, KIB, 2 * KIB])
def test_a_big_message_in_pieces(echo, opcode, size):  # 9.5 and 9.6
    payload = payload_of(MIB if size >= 512 else 256 * KIB, opcode)
    echo.send_chopped(frame(payload, opcode), size)
    echo.expect(opcode, payload)
    echo.is_well()


@KIND
@pytest.mark.parametrize("size", [0, 16, 64, 256, KIB, 4 * KIB])
def test_many_messages_one_after_the_other(echo, opcode, size):  # 9.7 and 9.8
    payload = payload_of(size, opcode)
    sent = frame(payload, opcode)
    for _ in range(300):
        echo.send_bytes(sent)
        echo.expect(opcode, payload)
    echo.is_well()


@KIND
def test_a_frame_over_the_limit_is_refused_from_its_header(echo, opcode):
    echo.send_bytes(frame(b"", opcode, length=LIMIT + 1))
    closed = echo.expect_closed(1009)
    assert str(LIMIT) in closed.reason


@KIND
def test_fragments_over_the_limit_are_refused_from_the_header_that_tells(echo, opcode):
    echo.send_bytes(frame(payload_of(LIMIT, opcode), opcode, fin=False))
    echo.send_bytes(frame(b"", 0, length=1))
    echo.expect_closed(1009)
