"""permessage-deflate (groups 12 and 13 of the Autobahn suite's server cases): messages of any kind
of content come back, whatever the client's compressor makes of them; broken ones are refused."""

import json
import random
import zlib

import pytest
from echo_client import DEFLATE, RSV1, deflated, fragments
from support.client import BINARY, CONTINUATION, PING, PONG, TEXT, frame

KIB, MIB = 1 << 10, 1 << 20
ANSWER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

GOOD_OFFERS = [
    "permessage-deflate",
    "permessage-deflate; client_max_window_bits",
    "permessage-deflate; client_max_window_bits=9",
    "permessage-deflate; server_max_window_bits=15",
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    'permessage-deflate; client_max_window_bits="12"',
    "permessage-deflate; server_max_window_bits=9, permessage-deflate",
    "x-unknown; a=1, permessage-deflate",
]
ODD_OFFERS = [
    "x-webkit-deflate-frame",
    "permessage-deflate; server_max_window_bits=7",
    "permessage-deflate; client_max_window_bits=16",
    "permessage-deflate; server_no_context_takeover=1",
    "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
    "permessage-deflate; nonsense",
]


@pytest.fixture
def packed(connect):
    client = connect(offer=DEFLATE)
    assert client.deflates
    return client


@pytest.mark.parametrize("offer", GOOD_OFFERS)
def test_an_offer_is_taken(connect, offer):
    client = connect(offer=offer)
    assert client.headers["sec-websocket-extensions"] == ANSWER
    client.send_frame(deflated(b"Hello Hello"), TEXT, rsv=RSV1)
    client.expect(TEXT, "Hello Hello")
    client.is_well()


@pytest.mark.parametrize("offer", ODD_OFFERS)
def test_an_odd_offer_is_declined(connect, offer):
    client = connect(offer=offer)
    assert not client.deflates
    client.send_frame("plain", TEXT)
    client.expect(TEXT, "plain")
    client.send_frame(deflated(b"Hello"), TEXT, rsv=RSV1)
    client.expect_closed(1002)


def some_json(size):
    rows = [{"id": n, "name": f"piece {n % 97}", "x": n * 7 % 640} for n in range(size // 20 + 1)]
    return json.dumps(rows, ensure_ascii=False).encode()[:size]


CONTENT = {
    "JSON": (TEXT, some_json),
    "one letter": (TEXT, lambda size: b"a" * size),
    "Greek": (TEXT, lambda size: "\u03ba\u1f79\u03c3\u03bc\u03b5 ".encode() * (size // 12)),
    "noise": (BINARY, lambda size: random.Random(size).randbytes(size)),
    "zeros": (BINARY, lambda size: bytes(size)),
}


@pytest.mark.parametrize("size", [0, 16, 64, 256, KIB, 8 * KIB, 64 * KIB, 128 * KIB])
@pytest.mark.parametrize("content", CONTENT)
def test_any_content_comes_back(packed, content, size):
    opcode, make = CONTENT[content]
    payload = make(size)
    for level in (1, 6, 9):
        packed.send_frame(deflated(payload, level), opcode, rsv=RSV1)
        packed.expect(opcode, payload)
        assert packed.last_rsv1
    packed.is_well()


COMPRESSORS = {
    "stored": {"level": 0},
    "fast": {"level": 1},
    "best": {"level": 9},
    "a window of 512 bytes": {"window": 9},
    "little memory": {"memory": 1},
    "fixed codes": {"strategy": zlib.Z_FIXED},
    "Huffman alone": {"strategy": zlib.Z_HUFFMAN_ONLY},
    "run lengths": {"strategy": zlib.Z_RLE},
}


@pytest.mark.parametrize("how", COMPRESSORS)
@pytest.mark.parametrize("opcode", [TEXT, BINARY], ids=["text", "binary"])
def test_any_compressor_is_understood(packed, how, opcode):
    payload = some_json(100 * KIB)
    packed.send_frame(deflated(payload, **COMPRESSORS[how]), opcode, rsv=RSV1)
    packed.expect(opcode, payload)
    packed.is_well()


@pytest.mark.parametrize("size", [1, 128, KIB, 8 * KIB])
def test_fragments_and_pieces_of_a_compressed_message(packed, size):
    payload = some_json(8 * KIB if size == 1 else 128 * KIB)
    data = deflated(payload)
    packed.send_bytes(b"".join(fragments(data, size, TEXT, rsv=RSV1)))
    packed.expect(TEXT, payload)
    packed.send_chopped(frame(data, TEXT, rsv=RSV1), size)
    packed.expect(TEXT, payload)
    packed.is_well()


def test_a_thousand_small_messages(packed):
    for number in range(1000):
        payload = b'{"type":"move","n":%d}' % number
        packed.send_frame(deflated(payload), TEXT, rsv=RSV1)
        packed.expect(TEXT, payload)
    packed.is_well()


def test_messages_need_not_be_compressed(packed):
    packed.send_frame("plain", TEXT)
    packed.expect(TEXT, "plain")
    packed.send_frame(deflated(b"packed"), TEXT, rsv=RSV1)
    packed.expect(TEXT, "packed")
    packed.is_well()


def test_a_ping_between_the_fragments_of_a_compressed_message(packed):
    first, *rest = fragments(deflated(some_json(KIB)), 50, TEXT, rsv=RSV1)
    packed.send_bytes(first + frame("ping", PING) + b"".join(rest))
    packed.expect(PONG, "ping")
    packed.expect(TEXT, some_json(KIB))
    packed.is_well()


def test_a_message_whose_blocks_end_and_begin_again(packed):
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    last = packer.compress(b"Hello ") + packer.flush()  # a block that says that it is the last
    packed.send_frame(last + b"\x00", TEXT, rsv=RSV1)
    packed.expect(TEXT, "Hello ")
    packed.send_frame(last + deflated(b"World"), TEXT, rsv=RSV1)
    packed.expect(TEXT, "Hello World")
    packed.is_well()


BROKEN = {
    "no deflate at all": b"\xff\xff\xff\xff",
    "cut short": deflated(some_json(KIB))[:-5],
    "a stored block with a wrong length": b"\x00\x05\x00\xfa\xfeHello\x00",
    "a reference to before the beginning": b"\xf2\x00\x11\x00\x00",
}


@pytest.mark.parametrize("payload", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_inflated_is_refused(packed, payload):
    packed.send_frame(payload, TEXT, rsv=RSV1)
    packed.expect_closed(1007)


def test_a_message_that_leans_on_the_one_before_is_refused(packed):
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    first, second = (packer.compress(b"Hello World") + packer.flush(2) for _ in range(2))
    packed.send_frame(first[:-4], TEXT, rsv=RSV1)
    packed.expect(TEXT, "Hello World")
    packed.send_frame(second[:-4], TEXT, rsv=RSV1)
    packed.expect_closed(1007)


def test_compressed_text_that_is_no_utf8_is_refused(packed):
    packed.send_frame(deflated(b"abc\xed\xa0\x80"), TEXT, rsv=RSV1)
    packed.expect_closed(1007)


@pytest.mark.parametrize("size", [16 * MIB + 1, 32 * MIB])
def test_a_bomb_is_refused(packed, size):
    packed.send_frame(deflated(bytes(size), 1), BINARY, rsv=RSV1)
    packed.expect_closed(1009)


@pytest.mark.parametrize(
    "sent",
    [
        frame("ping", PING, rsv=RSV1),
        frame(deflated(b"a"), TEXT, fin=False, rsv=RSV1) + frame(b"", CONTINUATION, rsv=RSV1),
        frame(deflated(b"a"), TEXT, rsv=RSV1 | 2),
    ],
    ids=["a control frame", "a continuation", "another bit"],
)
def test_the_bit_stands_in_the_first_frame_of_a_message_alone(packed, sent):
    packed.send_bytes(sent)
    packed.expect_closed(1002)
