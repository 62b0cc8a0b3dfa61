"""Frames that RFC 6455 forbids end the connection with the code that it asks for, after all that
was right before them has been answered; and how connections close (groups 3, 4, 5 and 7 of the
Autobahn suite's server cases)."""

import struct

import pytest
from support.client import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    close_payload,
    frame,
)


@pytest.fixture(params=["whole", "frames", "bytes"])
def refused(request, echo):
    """refused(frames…): a text before them is echoed, then come the `answers`, and then a close
    frame with `code`."""

    def check(*wrong, code=1002, answers=()):
        frames = [frame("fine", TEXT), *wrong]
        if request.param == "frames":
            for one in frames:
                echo.send_bytes(one)
        else:
            data = b"".join(frames)
            echo.send_chopped(data, len(data) if request.param == "whole" else 1)
        for answer in ("fine", *answers):
            echo.expect(TEXT, answer)
        return echo.expect_closed(code)

    return check


@pytest.mark.parametrize("opcode", [TEXT, BINARY, PING, PONG, CLOSE])
@pytest.mark.parametrize("rsv", range(1, 8))
def test_reserved_bits(refused, rsv, opcode):  # group 3
    refused(frame("x" * (opcode < 8), opcode, rsv=rsv))


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
@pytest.mark.parametrize("payload", ["", "payload"])
def test_reserved_opcodes(refused, opcode, payload):  # group 4
    refused(frame(payload, opcode))


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE], ids=["5.1", "5.2", "close"])
def test_control_frames_in_fragments(refused, opcode):
    refused(frame(b"", opcode, fin=False))


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
@pytest.mark.parametrize("size", [126, 65536])
def test_control_frames_that_are_too_long(refused, opcode, size):  # 2.5 and 7.3.6
    refused(frame(struct.pack(">H", 1000) + b"x" * (size - 2), opcode)[:20])


@pytest.mark.parametrize("fin", [True, False], ids=["5.9 to 5.11", "5.12 to 5.14"])
def test_a_continuation_of_nothing(refused, fin):
    refused(frame("nothing to continue", CONTINUATION, fin=fin))


def test_a_continuation_behind_a_whole_message(refused):  # 5.15
    whole = [frame("one", TEXT, fin=False), frame("two", CONTINUATION)]
    refused(*whole, frame("three", CONTINUATION, fin=False), answers=["onetwo"])


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_message_inside_a_fragmented_one(refused, opcode):  # 5.16 to 5.18
    refused(frame("one", TEXT, fin=False), frame("two", opcode))


def test_a_frame_without_a_mask(refused):
    refused(frame("not masked", TEXT, mask=None))


@pytest.mark.parametrize("length, length_bytes", [(0, 2), (125, 2), (0, 8), (126, 8), (65535, 8)])
def test_a_length_that_is_not_the_shortest(refused, length, length_bytes):
    refused(frame(b"", TEXT, length=length, length_bytes=length_bytes))


@pytest.mark.parametrize("length", [1 << 63, (1 << 64) - 1])
def test_a_length_with_its_top_bit(refused, length):
    refused(frame(b"", TEXT, length=length))


@pytest.mark.parametrize("length", [(16 << 20) + 1, 1 << 40, (1 << 63) - 1])
def test_a_length_over_the_limit_is_refused_from_the_header(refused, length):
    refused(frame(b"", BINARY, length=length), code=1009)


# --- how connections close (group 7) ---


def test_behind_a_close_nothing_is_answered(echo):  # 7.1.1 to 7.1.5
    echo.has_closed = True
    echo.send_frame("before", TEXT)
    echo.send_frame("fragment", TEXT, fin=False)
    echo.send_bytes(
        frame(close_payload(1000), CLOSE)
        + frame(close_payload(1000), CLOSE)
        + frame("ping", PING)
        + frame("late", TEXT)
        + frame("ment", CONTINUATION)
    )
    echo.expect(TEXT, "before")
    echo.expect_closed(1000)


def test_a_big_message_before_a_close_is_answered(echo):  # 7.1.6
    payload = b"BAsd7&jh23" * 26214
    echo.has_closed = True
    echo.send_bytes(frame(payload, TEXT) + frame(close_payload(1000), CLOSE) + frame("p", PING))
    echo.expect(TEXT, payload)
    echo.expect_closed(1000)


def test_a_close_without_a_code_is_answered_without_one(echo):  # 7.3.1
    echo.has_closed = True
    echo.send_frame(b"", CLOSE)
    echo.expect_closed(1005)


def test_a_close_with_half_a_code(echo):  # 7.3.2
    echo.send_frame(b"\x03", CLOSE)
    echo.expect_closed(1002)


@pytest.mark.parametrize(
    "reason",
    [b"", b"Hello World!", "\u03ba\u1f79\u03c3\u03bc\u03b5".encode(), b"*" * 123],
    ids=["7.3.3", "7.3.4", "Greek", "7.3.5"],
)
@pytest.mark.parametrize("size", [1000, 1], ids=["whole", "bytewise"])
def test_a_close_with_a_reason(echo, reason, size):
    echo.has_closed = True
    echo.send_chopped(frame(close_payload(1000, reason), CLOSE), size)
    echo.expect_closed(1000)


@pytest.mark.parametrize("reason", [b"\xce\xba\xed\xa0\x80", b"\xce", b"\xff"])
def test_a_reason_that_is_no_utf8(echo, reason):  # 7.5.1
    echo.send_frame(close_payload(1000, reason), CLOSE)
    echo.expect_closed(1007)


GOOD_CODES = [*range(1000, 1004), *range(1007, 1015), 3000, 3999, 4000, 4999]
BAD_CODES = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]


@pytest.mark.parametrize("code", GOOD_CODES)
def test_a_code_that_may_be_sent_comes_back(echo, code):  # 7.7
    echo.closes(code, b"reason")


@pytest.mark.parametrize("code", BAD_CODES)
def test_a_code_that_may_not_be_sent(echo, code):  # 7.9 and 7.13
    echo.send_frame(close_payload(code), CLOSE)
    echo.expect_closed(1002)
