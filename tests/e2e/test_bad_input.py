"""Bad input gets its stated answer and costs only its sender (promise P8).

Each row names what is sent, and exactly what comes back. A well-behaved room on the same server
lives through all rows; it must see its own messages and nothing else.
"""

import json
import struct

import pytest
from support.client import BINARY, CLOSE, CONTINUATION, PING, TEXT, close_payload, frame

MESSAGE_BYTES_MAX = 64 * 1024
ROOM_BYTES_MAX = 128


pytestmark = pytest.mark.usefixtures("neighbours_are_fine")

# --- frames ---


def many(count, **options):
    return b"".join(frame(b"", CONTINUATION, **options) for _ in range(count))


TOO_BIG = b'{"type":"chat","t":"' + b"x" * MESSAGE_BYTES_MAX + b'"}'
FRAMES = [  # row, what is sent, close code
    ("B15 unmasked", frame(b"{}", mask=None), 1002),
    ("B16 RSV1", frame(b"{}", rsv=4), 1002),
    ("B16 RSV2", frame(b"{}", rsv=2), 1002),
    ("B16 RSV3", frame(b"{}", rsv=1), 1002),
    ("B16 opcode 3", frame(b"", 3), 1002),
    ("B16 opcode 11", frame(b"", 11), 1002),
    ("B17 ping of 126 bytes", frame(b"x" * 126, PING), 1002),
    ("B17 fragmented ping", frame(b"x", PING, fin=False), 1002),
    ("B17 fragmented close", frame(close_payload(1000), CLOSE, fin=False), 1002),
    ("B18 continuation without a start", frame(b"x", CONTINUATION), 1002),
    ("B18 a message inside a message", frame(b"{", fin=False) + frame(b"{}"), 1002),
    ("B19 16 bits for 5 bytes", frame(b"hello", length_bytes=2), 1002),
    ("B19 64 bits for 126 bytes", frame(b"x" * 126, length_bytes=8), 1002),
    ("B20 length 2^63", frame(b"", length=2**63), 1002),
    ("B20 length 2^64 - 1", frame(b"", length=2**64 - 1), 1002),
    ("B20 length 2^40", frame(b"", length=2**40), 1009),
    ("B21 one frame over the limit", frame(TOO_BIG), 1009),
    (
        "B21 fragments over the limit",
        frame(TOO_BIG[:40_000], fin=False) + frame(TOO_BIG[40_000:], CONTINUATION),
        1009,
    ),
    ("B22 1,025 empty fragments", frame(b"", fin=False) + many(1025, fin=False), 1008),
    ("B23 binary", frame(b"\x00\x01", BINARY), 1003),
    ("B24 invalid UTF-8", frame(b'{"type":"\xff"}'), 1007),
    ("B24 invalid UTF-8 in the first fragment", frame(b'{"\xc0', fin=False), 1007),
    ("B24 a character cut by the end", frame(b'{"type":"\xe2\x82'), 1007),
    ("B24 a surrogate", frame(b'{"type":"\xed\xa0\x80"}'), 1007),
    ("B24 too high a character", frame(b"\xf4\x90\x80\x80"), 1007),
    ("B25 close code 0", frame(close_payload(0), CLOSE), 1002),
    ("B25 close code 999", frame(close_payload(999), CLOSE), 1002),
    ("B25 close code 1004", frame(close_payload(1004), CLOSE), 1002),
    ("B25 close code 1005", frame(close_payload(1005), CLOSE), 1002),
    ("B25 close code 1006", frame(close_payload(1006), CLOSE), 1002),
    ("B25 close code 1015", frame(close_payload(1015), CLOSE), 1002),
    ("B25 close code 2999", frame(close_payload(2999), CLOSE), 1002),
    ("B25 close code 5000", frame(close_payload(5000), CLOSE), 1002),
    ("B25 a close of one byte", frame(b"\x03", CLOSE), 1002),
    ("B25 a reason that is not UTF-8", frame(close_payload(1000, b"\xff"), CLOSE), 1007),
    (
        "B27 data after a close",
        frame(close_payload(1000), CLOSE) + frame(b'{"type":"chat","text":"after"}'),
        1000,
    ),
]


@pytest.mark.parametrize("is_joined", [True, False], ids=["joined", "not joined"])
@pytest.mark.parametrize("sent, code", [row[1:] for row in FRAMES], ids=[row[0] for row in FRAMES])
def test_a_frame_that_is_wrong_closes_with(site, room, sent, code, is_joined):
    witness = site.joined(room)
    client = site.joined(room) if is_joined else site.client()
    client.send_bytes(sent)
    closed = client.expect_close()
    assert closed.code == code, closed
    if code not in (1000,):
        assert closed.reason, "the close frame says why"
    client.drop()
    witness.send_json({"type": "chat", "text": "still"})
    assert witness.collect(1)[0]["msg_id"] == 1, "nothing of it came into the room"


# --- messages in a room: what they are answered with, and the connection lives on ---


def big(count):
    fields = b",".join(b'"k%d":%d' % (i, i) for i in range(count))
    return b'{"type":"chat",' + fields + b"}"


WRONG = [  # row, message, error code
    ("B28 empty", b"", "bad_json"),
    ("B28 blanks", b"   ", "bad_json"),
    ("B28 nul", b"nul", "bad_json"),
    ("B28 {", b"{", "bad_json"),
    ("B28 something behind", b'{"type":"a"}x', "bad_json"),
    ("B28 two objects", b'{"type":"a"}{"type":"b"}', "bad_json"),
    ("B29 array", b"[1,2]", "not_an_object"),
    ("B29 string", b'"type"', "not_an_object"),
    ("B29 number", b"5", "not_an_object"),
    ("B29 null", b"null", "not_an_object"),
    ("B30 10,000 brackets", b"[" * 10_000, "too_deep"),
    ("B30 depth 65", b'{"type":"a","x":' + b"[" * 64 + b"]" * 64 + b"}", "too_deep"),
    ("B34 type twice", b'{"type":"chat","type":"join"}', "duplicate_field"),
    ("B34 type twice, escaped", b'{"type":"chat","ty\\u0070e":"x"}', "duplicate_field"),
    ("B34 ref twice", b'{"type":"chat","ref":1,"ref":2}', "duplicate_field"),
    ("B36 byte order mark", b'\xef\xbb\xbf{"type":"chat"}', "bad_json"),
    ("B37 single quotes", b"{'type':'chat'}", "bad_json"),
    ("B37 comment", b'{"type":"chat"/*x*/}', "bad_json"),
    ("B37 trailing comma", b'{"type":"chat",}', "bad_json"),
    ("B37 NaN", b'{"type":"chat","x":NaN}', "bad_json"),
    ("B37 Infinity", b'{"type":"chat","x":Infinity}', "bad_json"),
    ("B37 01", b'{"type":"chat","x":01}', "bad_json"),
    ("B37 .5", b'{"type":"chat","x":.5}', "bad_json"),
    ("B37 5.", b'{"type":"chat","x":5.}', "bad_json"),
    ("B37 0x1", b'{"type":"chat","x":0x1}', "bad_json"),
    ("B37 +1", b'{"type":"chat","x":+1}', "bad_json"),
    ("B37 bare name", b'{type:"chat"}', "bad_json"),
    ("B39 lone high surrogate", b'{"type":"chat","x":"\\ud800"}', "bad_json"),
    ("B39 lone low surrogate", b'{"type":"chat","x":"\\udc00y"}', "bad_json"),
    ("B39 raw control byte", b'{"type":"chat","x":"a\nb"}', "bad_json"),
    ("B39 odd escape", b'{"type":"chat","x":"\\x41"}', "bad_json"),
    ("B48 second join", b'{"type":"join","room":"other"}', "already_joined"),
    ("B54 joined", b'{"type":"joined","client_id":1}', "reserved_type"),
    ("B54 error", b'{"type":"error","code":"kicked"}', "reserved_type"),
    ("B54 left", b'{"type":"left"}', "reserved_type"),
    ("B54 duplicate", b'{"type":"duplicate"}', "reserved_type"),
    ("B54 gavel.", b'{"type":"gavel.presence"}', "reserved_type"),
    ("B54 joined, escaped", b'{"type":"\\u006aoined"}', "reserved_type"),
    ("B55 no type", b'{"text":"x"}', "bad_type"),
    ("B55 empty object", b"{}", "bad_type"),
    ("B55 type 5", b'{"type":5}', "bad_type"),
    ("B55 type null", b'{"type":null}', "bad_type"),
    ("B55 type of 10 kB", b'{"type":"' + b"x" * 10_000 + b'"}', "bad_type"),
    ("B56 ref -1", b'{"type":"chat","ref":-1}', "bad_ref"),
    ("B56 ref 0", b'{"type":"chat","ref":0}', "bad_ref"),
    ("B56 ref 2^53", b'{"type":"chat","ref":9007199254740992}', "bad_ref"),
    ("B56 ref 2^64", b'{"type":"chat","ref":18446744073709551616}', "bad_ref"),
    ("B56 ref string", b'{"type":"chat","ref":"1"}', "bad_ref"),
    ("B56 ref 1.5", b'{"type":"chat","ref":1.5}', "bad_ref"),
    ("B56 ref 1e3", b'{"type":"chat","ref":1e3}', "bad_ref"),
    ("B56 ref null", b'{"type":"chat","ref":null}', "bad_ref"),
]


@pytest.mark.parametrize("sent, code", [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_message_that_is_wrong_is_answered_and_the_sender_stays(site, room, sent, code):
    witness = site.joined(room)
    client = site.joined(room)
    client.send_frame(sent)
    answer = client.recv()
    assert answer["type"] == "error" and answer["code"] == code, answer
    assert answer["message"] and answer["n"] == 2, answer
    if code in ("bad_json", "too_deep", "duplicate_field"):
        assert "byte" in answer["message"], "it says where"
    client.send_json({"type": "chat", "text": "still here"})
    for one in (client, witness):
        assert one.collect(1)[0] | {"ts": 0} == {
            "msg_id": 1,
            "client_id": client.joined["client_id"],
            "ts": 0,
            "type": "chat",
            "text": "still here",
        }


def test_b28_ten_messages_that_are_not_json_close_with_1008(site, room):
    client = site.joined(room)
    for _ in range(10):
        client.send_frame(b"garbage")
    closed = client.expect_close()
    assert closed.code == 1008
    assert [obj["code"] for obj in client.others[1:]] == ["bad_json"] * 10
    assert [obj["n"] for obj in client.others[1:]] == list(range(2, 12))


def test_an_error_of_a_message_with_a_ref_names_the_ref(site, room):
    client = site.joined(room)
    client.send_frame(b'{"ref":7,"type":"joined"}')
    answer = client.recv()
    assert (answer["code"], answer["ref"]) == ("reserved_type", 7) and "n" not in answer


# --- messages that pass, and as what ---

SAME = None  # byte for byte what was sent, behind the stamp
PASSES = [  # row, the object without its first brace, what the members see of it
    ("B31 client_id removed", b'"type":"chat","client_id":1}', {"type": "chat"}),
    ("B32 escaped client_id", b'"type":"chat","client\\u005fid":1}', {"type": "chat"}),
    ("B32 its first letter escaped", b'"\\u0063lient_id":9,"type":"chat"}', {"type": "chat"}),
    (
        "B33 all duplicates removed",
        b'"client_id":1,"client_id":2,"msg_id":3,"msg_id":4,' b'"ts":5,"x":1,"ts":6,"type":"chat"}',
        {"x": 1, "type": "chat"},
    ),
    (
        "B35 nested",
        b'"type":"chat","x":{"client_id":1,"msg_id":[{"ts":2}]},"y":"\\"ts\\":1"}',
        SAME,
    ),
    ("B38 1e999", b'"type":"chat","x":1e999}', SAME),
    ("B38 30 digits", b'"type":"chat","x":123456789012345678901234567890}', SAME),
    ("B38 -0.0E-0", b'"type":"chat","x":-0.0E-0}', SAME),
    ("B39 a surrogate pair", b'"type":"chat","x":"\\ud83d\\ude00"}', SAME),
    ("B40 NUL", b'"type":"chat","x":"\\u0000"}', SAME),
    ("B41 4,000 keys", big(4000)[1:], SAME),
    ("B41 a key of 60 kB", b'"type":"chat","' + b"k" * 60_000 + b'":1}', SAME),
    ("B42 60 kB of white space", b'"type":"chat",' + b" \t\r\n" * 15_000 + b'"x":1}', SAME),
    ("B30 depth 64", b'"type":"a","x":' + b"[" * 63 + b"]" * 63 + b"}", SAME),
    ("duplicate game fields", b'"type":"chat","x":1,"x":2}', SAME),
    ("a type in other letters", b'"type":"Join","room":"x"}', SAME),
    ("B55 an empty type", b'"type":""}', SAME),
    ("B56 ref 2^53 - 1", b'"type":"chat","ref":9007199254740991}', SAME),
    ("UTF-8 of every length", '"type":"chat","x":"aé€😀"}'.encode(), SAME),
    ("slashes", b'"type":"chat","x":"\\/\\b\\f\\n\\r\\t\\"\\\\"}', SAME),
]


@pytest.mark.parametrize("rest, seen", [row[1:] for row in PASSES], ids=[row[0] for row in PASSES])
def test_a_message_that_is_odd_passes(site, room, rest, seen):
    witness, client = site.joined(room), site.joined(room)
    client.send_frame(b"{" + rest)
    for one in (client, witness):
        obj = one.collect(1)[0]
        head = b'{"msg_id":1,"client_id":%d,"ts":%d,' % (client.joined["client_id"], obj["ts"])
        raw = one.seen[0][1]
        assert raw.startswith(head)
        if seen is SAME:
            assert raw == head + rest
        else:
            assert json.loads(b"{" + raw[len(head) :]) == seen


# --- join and leave ---


def join(**fields):
    return json.dumps({"type": "join", **fields}).encode()


JOINS = [  # row, what is sent before any join, error code
    ("B43 chat", b'{"type":"chat","text":"x"}', "not_joined"),
    ("B53 leave", b'{"type":"leave"}', "not_joined"),
    ("B44 no room", join(), "bad_room"),
    ("B44 room 5", join(room=5), "bad_room"),
    ("B44 room null", join(room=None), "bad_room"),
    ("B44 room []", join(room=[]), "bad_room"),
    ("B44 room empty", join(room=""), "bad_room"),
    ("B45 room too long", join(room="x" * (ROOM_BYTES_MAX + 1)), "bad_room"),
    ("B45 room too long in UTF-8", join(room="é" * (ROOM_BYTES_MAX // 2 + 1)), "bad_room"),
    ("B46 NUL", join(room="a\0b"), "bad_room"),
    ("B46 newline", join(room="a\nb"), "bad_room"),
    ("B46 ESC", join(room="a\x1b[2Jb"), "bad_room"),
    ("B46 U+202E", join(room="a\u202eb"), "bad_room"),
    ("B46 U+0085", join(room="a\u0085b"), "bad_room"),
    ("B46 U+2028", join(room="a\u2028b"), "bad_room"),
    ("room twice", b'{"type":"join","room":"a","room":"b"}', "duplicate_field"),
    ("room twice, escaped", b'{"type":"join","room":"a","roo\\u006d":"b"}', "duplicate_field"),
    ("B49 since -1", join(room="r", since=-1), "bad_since"),
    ("B49 since 1.5", join(room="r", since=1.5), "bad_since"),
    ('B49 since "5"', join(room="r", since="5"), "bad_since"),
    ("B49 since true", join(room="r", since=True), "bad_since"),
    ("B49 since 1e3", b'{"type":"join","room":"r","since":1e3}', "bad_since"),
    ("B49 since 2^53 + 1", join(room="r", since=2**53 + 1), "bad_since"),
    ("B49 since 2^64", join(room="r", since=2**64), "bad_since"),
    ("B50 epoch a number", join(room="r", since=1, epoch=5), "bad_epoch"),
    ("B50 epoch a word", join(room="r", since=1, epoch="first"), "bad_epoch"),
    ("B50 epoch empty", join(room="r", since=1, epoch=""), "bad_epoch"),
    ("B50 epoch -1", join(room="r", since=1, epoch="-1"), "bad_epoch"),
    ("B50 epoch 2^64", join(room="r", since=1, epoch=str(2**64)), "bad_epoch"),
    ("B50 epoch of 60 kB", join(room="r", since=1, epoch="1" * 60_000), "bad_epoch"),
    ("token a number", join(room="r", token=5), "bad_token"),
    ("token of 9 KiB", join(room="r", token="x" * 9216), "bad_token"),
]


@pytest.mark.parametrize("sent, code", [row[1:] for row in JOINS], ids=[row[0] for row in JOINS])
def test_a_join_that_is_wrong_is_answered_and_may_be_tried_again(site, room, sent, code):
    client = site.client()
    client.send_frame(sent)
    answer = client.recv()
    assert (answer["type"], answer["code"], answer["n"]) == ("error", code, 1), answer
    assert answer["message"]
    client.join(room)
    client.send_json({"type": "chat", "text": "in"})
    assert client.collect(1)[0]["msg_id"] == 1


@pytest.mark.parametrize(
    "name",
    [
        "/",
        "..",
        "../x",
        "$where",
        "a.b",
        "{slot}",
        "%00",
        "a b",
        "'; drop",
        "é" * 64,
        "x" * ROOM_BYTES_MAX,
        "null",
        "*",
        "gavel:r:x",
        "\\",
        '"',
    ],
)
def test_b46_a_name_is_nothing_but_bytes(site, name):
    one, two = site.joined(name), site.joined(name)
    assert one.joined["room"] == two.joined["room"] == name
    one.send_json({"type": "chat", "text": name})
    for client in (one, two):
        assert client.collect(1)[0]["text"] == name
    other = site.joined(name[:-1] + "_")
    assert other.joined["msg_id"] == 0


def test_b53_leaving_twice_is_told(site, room):
    client = site.joined(room)
    client.leave()
    client.send_json({"type": "leave"})
    answer = client.recv()
    assert (answer["code"], answer["n"]) == ("not_joined", 3)
    client.join(room)


def test_b50_a_right_since_without_an_epoch_is_honoured_in_the_first_epoch_only(site, room):
    one = site.joined(room)
    for i in range(3):
        one.send_json({"type": "chat", "text": str(i)})
    one.collect(3)
    late = site.joined(room, {"since": 2})
    late.collect(3 - late.joined["first"] + 1)
    assert late.ids()[-1] == 3
    if late.joined["recovered"]:
        assert late.joined["first"] == 3
    else:
        assert late.joined["first"] == 1


@pytest.mark.parametrize("sent", [frame(b"{}", mask=None), frame(close_payload(1000), CLOSE)])
def test_behind_its_close_frame_the_server_ends_the_stream(site, sent):
    client = site.client()
    client.send_bytes(sent)
    client.expect_close()
    assert not client.expect_end().reset


def test_a_close_frame_may_carry_123_bytes_of_reason(site):
    client = site.client()
    client.send_frame(struct.pack(">H", 1000) + b"r" * 123, CLOSE)
    assert client.expect_close().code == 1000


def test_a_text_of_exactly_the_limit_passes(site, room):
    client = site.joined(room)
    head, tail = b'{"type":"chat","t":"', b'"}'
    client.send_frame(head + b"x" * (MESSAGE_BYTES_MAX - len(head) - len(tail)) + tail, TEXT)
    assert client.collect(1)[0]["msg_id"] == 1
