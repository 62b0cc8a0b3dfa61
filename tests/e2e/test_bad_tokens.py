"""Join tokens over the wire: B58-B66. Made here byte by byte, not by gavel's own signer."""

import base64
import hashlib
import hmac
import json
import time

import pytest
from support.client import Closed
from support.gavel import Server

SECRET = b"a secret of at least thirty-two bytes, for tests"
ROOM = "table-7"


def encoded(part):
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims(**changes):
    now = int(time.time())
    made = {"sub": "ann", "room": ROOM, "aud": "game", "iss": "lobby", "exp": now + 600, **changes}
    return {name: value for name, value in made.items() if value is not None}


def token(body=None, header=None, secret=SECRET, signature=None):
    text = f"{encoded(header or {'alg': 'HS256', 'typ': 'JWT'})}.{encoded(body or claims())}"
    if signature is None:
        signature = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return f"{text}.{encoded(signature)}"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    key = tmp_path_factory.mktemp("tokens") / "secret"
    key.write_bytes(SECRET)
    words = ["--token-required", "--token-alg", "HS256", "--token-key-file", key]
    words += ["--token-aud", "game", "--token-iss", "lobby", "--token-leeway", "0s"]
    with Server(args=[str(word) for word in words]) as running:
        yield running


def refused(server, shown, room=ROOM):
    """The code and reason with which a join under this token ends."""
    client = server.client()
    fields = {"type": "join", "room": room}
    if shown is not None:
        fields["token"] = shown
    client.send_json(fields)
    with pytest.raises(Closed) as ended:
        while True:
            client.recv()
    return ended.value.code, ended.value.reason


def test_a_good_token_joins_and_names_the_player(server):
    client = server.client()
    assert client.join(ROOM, token=token())["type"] == "joined"


BAD = {
    "none": lambda: None,
    "B58 alg none": lambda: token(header={"alg": "none"}, signature=b""),
    "B58 alg None": lambda: token(header={"alg": "None"}, signature=b""),
    "B58 alg nOnE, signed": lambda: token(header={"alg": "nOnE"}),
    "B58 no signature": lambda: token(signature=b""),
    "B59 another algorithm": lambda: token(header={"alg": "RS256"}),
    "B59 another secret": lambda: token(secret=b"x" * 48),
    "B60 kid as path": lambda: token(header={"alg": "HS256", "kid": "../../dev/null"}, secret=b""),
    "B60 kid a number": lambda: token(header={"alg": "HS256", "kid": 5}),
    "B61 jku": lambda: token(header={"alg": "HS256", "jku": "http://127.0.0.1:1/keys"}),
    "B61 jwk": lambda: token(header={"alg": "HS256", "jwk": {"kty": "oct", "k": "eA"}}),
    "B62 no exp": lambda: token(claims(exp=None)),
    "B62 exp as text": lambda: token(claims(exp="9999999999")),
    "B62 not yet": lambda: token(claims(nbf=int(time.time()) + 600)),
    "B63 another room": lambda: token(claims(room="table-8")),
    "B63 another audience": lambda: token(claims(aud="shop")),
    "B63 another issuer": lambda: token(claims(iss="mallory")),
    "B64 two parts": lambda: token().rsplit(".", 1)[0],
    "B64 four parts": lambda: token() + ".x",
    "B64 padded": lambda: token() + "=",
    "B64 white space": lambda: token().replace(".", ". ", 1),
    "B64 empty": lambda: "",
    "B65 a claim twice": lambda: token(
        b'{"sub":"a","sub":"b",' + json.dumps(claims(sub=None)).encode()[1:]
    ),
}


@pytest.mark.parametrize("row", BAD)
def test_a_bad_token_is_refused_and_the_reason_stays_here(server, row):
    """4100 and no word of why, but in the server's log."""
    shown = BAD[row]()
    code, reason = refused(server, shown)
    assert code == 4100, reason
    assert "expired" not in reason
    if shown:
        assert shown not in server.log


def test_expired_is_told(server):
    """B62: the one reason that a client can do something about."""
    code, reason = refused(server, token(claims(exp=int(time.time()) - 5)))
    assert (code, "expired" in reason) == (4100, True)


def test_a_token_is_good_for_its_room_only(server):
    assert refused(server, token(), room="table-8")[0] == 4100


def test_a_room_pattern_admits_what_it_matches(server):
    several = token(claims(room=None, rooms=["table-*"]))
    assert server.client().join("table-99", token=several)["type"] == "joined"
    assert refused(server, several, room="lobby")[0] == 4100


def test_the_same_token_joins_from_a_second_connection(server):
    """B66: a token says who and where, not how often; it is good until it expires."""
    again = token()
    assert server.client().join(ROOM, token=again)["type"] == "joined"
    assert server.client().join(ROOM, token=again)["type"] == "joined"


def test_who_may_only_watch_sees_and_does_not_speak(server):
    watcher = server.client()
    watcher.join(ROOM, token=token(claims(may="watch")), since="latest")
    speaker = server.client()
    speaker.join(ROOM, token=token(), since="latest")
    watcher.send_json({"type": "chat", "text": "let me"})
    assert watcher.recv()["type"] == "error"
    speaker.send_json({"type": "chat", "text": "hear me"})
    assert watcher.recv()["text"] == "hear me"
    assert speaker.recv()["text"] == "hear me"


def test_a_token_that_expires_ends_the_stay(server):
    client = server.client()
    client.join(ROOM, token=token(claims(exp=int(time.time()) + 2)), since="latest")
    with pytest.raises(Closed) as ended:
        while True:
            client.recv()
    assert (ended.value.code, "expired" in ended.value.reason) == (4100, True)
