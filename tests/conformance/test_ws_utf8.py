"""Text is UTF-8, and whatever is none ends the connection with 1007 at its first wrong byte
(group 6 of the Autobahn suite's server cases)."""

import pytest
from echo_client import fragments
from support.client import CONTINUATION, TEXT, frame

GREEK = "\u03ba\u1f79\u03c3\u03bc\u03b5".encode()


def encoded(point):
    """A code point's bytes by the rule, whether it may stand in a text or not."""
    for count, lead, limit in ((1, 0xC0, 1 << 11), (2, 0xE0, 1 << 16), (3, 0xF0, 1 << 21)):
        if point < limit:
            break
    else:
        count, lead = (4, 0xF8) if point < 1 << 26 else (5, 0xFC)
    tail = [0x80 | point >> 6 * shift & 0x3F for shift in reversed(range(count))]
    return bytes([lead | point >> 6 * count, *tail])


def long_form(point, count):
    """A code point in `count` continuation bytes, more than it needs."""
    lead = (0xC0, 0xE0, 0xF0, 0xF8, 0xFC)[count - 1]
    tail = [0x80 | point >> 6 * shift & 0x3F for shift in reversed(range(count))]
    return bytes([lead | point >> 6 * count, *tail])


GOOD = {
    "ASCII": b"Hello-\x00\x7f-world",
    "Greek": b"Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!",
    "the first of two bytes": encoded(0x80),
    "the last of two bytes": encoded(0x7FF),
    "the first of three": encoded(0x800),
    "before the surrogates": encoded(0xD7FF),
    "behind the surrogates": encoded(0xE000),
    "U+FFFD": encoded(0xFFFD),
    "the last of three": encoded(0xFFFF),
    "the first of four": encoded(0x10000),
    "the last of all": encoded(0x10FFFF),
    "no characters": b"".join(encoded(plane << 16 | 0xFFFE) for plane in range(17)),
    "U+FDD0": encoded(0xFDD0),
    "a BOM": b"\xef\xbb\xbftext",
    "many kinds": (GREEK + "\U0001f3b2a\u20ac".encode()) * 50,
}

BAD = {
    "a lone continuation byte": b"\x80",
    "the last continuation byte": b"\xbf",
    "six continuation bytes": b"\x80\xbf" * 3,
    "every continuation byte": bytes(range(0x80, 0xC0)),
    "leads of two, with blanks": b" ".join(bytes([lead]) for lead in range(0xC0, 0xE0)),
    "leads of three, with blanks": b" ".join(bytes([lead]) for lead in range(0xE0, 0xF0)),
    "leads of four, with blanks": b" ".join(bytes([lead]) for lead in range(0xF0, 0xF8)),
    "leads of five, with blanks": b"\xf8 \xf9 \xfa \xfb ",
    "leads of six, with blanks": b"\xfc \xfd ",
    "two bytes without the last": encoded(0x7FF)[:-1],
    "three bytes without the last": encoded(0xFFFF)[:-1],
    "four bytes without the last": encoded(0x10FFFF)[:-1],
    "five bytes": encoded(0x200000),
    "six bytes": encoded(0x4000000),
    "FE": b"\xfe",
    "FF": b"\xff",
    "a slash in two bytes": long_form(0x2F, 1),
    "a slash in three": long_form(0x2F, 2),
    "a slash in four": long_form(0x2F, 3),
    "a slash in five": long_form(0x2F, 4),
    "a slash in six": long_form(0x2F, 5),
    "the longest of two": long_form(0x7F, 1),
    "the longest of three": long_form(0x7FF, 2),
    "the longest of four": long_form(0xFFFF, 3),
    "NUL in two bytes": long_form(0, 1),
    "NUL in four": long_form(0, 3),
    "the first surrogate": encoded(0xD800),
    "the last of the high surrogates": encoded(0xDBFF),
    "the first of the low surrogates": encoded(0xDC00),
    "the last surrogate": encoded(0xDFFF),
    "a pair of surrogates": encoded(0xD800) + encoded(0xDC00),
    "beyond the last": encoded(0x110000),
    "Latin 1": "Gr\u00fc\u00dfe".encode("latin-1"),
}


def send(client, payload, how):
    if how == "whole":
        client.send_frame(payload)
    elif how == "bytes":
        client.send_chopped(frame(payload), 1)
    else:
        client.send_bytes(b"".join(fragments(payload, 1)))


HOW = pytest.mark.parametrize("how", ["whole", "bytes", "fragments"])


@HOW
@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_text_comes_back(echo, text, how):
    send(echo, text, how)
    echo.expect(TEXT, text)
    echo.is_well()


@HOW
@pytest.mark.parametrize("wrong", BAD.values(), ids=BAD)
def test_what_is_no_text_is_refused(echo, wrong, how):
    send(echo, GREEK + wrong + b"edited", how)
    echo.expect_closed(1007)


@HOW
@pytest.mark.parametrize("size", range(1, 4))
def test_a_text_that_ends_inside_a_character_is_refused(echo, size, how):
    send(echo, GREEK + encoded(0x1F3B2)[:size], how)
    echo.expect_closed(1007)


WRONG = [
    (GREEK + b"\xf4\x90", "beyond the last code point: the second byte tells"),
    (GREEK + b"\xed\xa0", "a surrogate: the second byte tells"),
    (GREEK + b"\xc0", "no character begins so"),
]


@pytest.mark.parametrize("begin", [row[0] for row in WRONG], ids=[row[1] for row in WRONG])
def test_a_message_ends_at_its_first_wrong_byte(echo, begin):  # 6.4
    """The rest of the frame, and of the message, is never sent."""
    echo.send_bytes(frame(GREEK, TEXT, fin=False))
    echo.send_bytes(frame(begin + b"\x80\x80edited", CONTINUATION)[: 6 + len(begin)])
    echo.expect_closed(1007)


def test_binary_may_be_anything(echo):
    for wrong in BAD.values():
        echo.send_frame(wrong, 2)
        echo.expect(2, wrong)
    echo.is_well()
