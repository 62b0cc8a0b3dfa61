"""Handshakes that are wrong are refused in HTTP, with a word that says why (promise P8)."""

import pytest
from support.client import Closed, handshake_request
from support.gavel import Server

KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="

pytestmark = pytest.mark.usefixtures("neighbours_are_fine")


def request(*lines, method="GET / HTTP/1.1", host="Host: a"):
    return "\r\n".join([method, *([host] if host else []), *lines, "", ""]).encode("latin-1")


def upgrade(*more, without=(), method="GET / HTTP/1.1", host="Host: a"):
    lines = {
        "Upgrade": "Upgrade: websocket",
        "Connection": "Connection: Upgrade",
        "Key": KEY,
        "Version": "Sec-WebSocket-Version: 13",
    }
    return request(
        *[line for name, line in lines.items() if name not in without],
        *more,
        method=method,
        host=host,
    )


HANDSHAKES = [  # row, what is sent, status, what the head or the body must name
    ("B1 plain GET", request(), 426, "upgrade: websocket"),
    ("B2 POST", request(method="POST / HTTP/1.1"), 405, "allow: GET"),
    ("B2 HTTP/1.0", request(method="GET / HTTP/1.0"), 505, ""),
    ("B2 HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, ""),
    ("B3 no Upgrade", upgrade(without=["Upgrade"]), 400, "Upgrade"),
    ("B3 no Connection", upgrade(without=["Connection"]), 400, "Connection"),
    ("B3 no key", upgrade(without=["Key"]), 400, "Sec-WebSocket-Key"),
    (
        "B3 key of 15 bytes",
        upgrade("Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2Rl", without=["Key"]),
        400,
        "Sec-WebSocket-Key",
    ),
    (
        "B3 key of 17 bytes",
        upgrade("Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZmc=", without=["Key"]),
        400,
        "Sec-WebSocket-Key",
    ),
    (
        "B3 key that is not base64",
        upgrade("Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==", without=["Key"]),
        400,
        "Sec-WebSocket-Key",
    ),
    ("B3 two keys", upgrade(KEY), 400, "Sec-WebSocket-Key"),
    (
        "B4 version 8",
        upgrade("Sec-WebSocket-Version: 8", without=["Version"]),
        426,
        "sec-websocket-version: 13",
    ),
    (
        "B4 version 99",
        upgrade("Sec-WebSocket-Version: 99", without=["Version"]),
        426,
        "sec-websocket-version: 13",
    ),
    ("B4 no version", upgrade(without=["Version"]), 426, "sec-websocket-version: 13"),
    ("B5 no Host", upgrade(host=None), 400, "Host"),
    ("B5 two Hosts", upgrade("Host: b"), 400, "Host"),
    ("B7 a header of 9 KiB", upgrade("X-Long: " + "x" * 9216), 431, ""),
    ("B7 101 headers", upgrade(*[f"X-{i}: 1" for i in range(101)]), 431, ""),
    ("B7 a path of 5 KiB", upgrade(method=f"GET /{'x' * 5120} HTTP/1.1"), 414, ""),
    ("B8 bare LF", upgrade().replace(b"\r\n", b"\n"), 400, ""),
    ("B8 one bare LF", upgrade("X: 1\nY: 2"), 400, ""),
    ("B8 folded line", upgrade("X: 1\r\n folded"), 400, ""),
    ("B8 NUL", upgrade("X: a\0b"), 400, ""),
    ("B8 lone CR", upgrade("X: a\rb"), 400, ""),
    ("B8 space before the colon", upgrade("X : 1"), 400, ""),
    ("B8 a name that is no token", upgrade("X(y): 1"), 400, ""),
    ("B8 a line without a colon", upgrade("nothing"), 400, ""),
    ("B8 no name", upgrade(": 1"), 400, ""),
    ("B8 a target that is no path", upgrade(method="GET nowhere HTTP/1.1"), 400, ""),
    ("B8 two spaces", upgrade(method="GET  / HTTP/1.1"), 400, ""),
    ("B9 Content-Length", upgrade("Content-Length: 5"), 400, "Content-Length"),
    ("B9 Transfer-Encoding", upgrade("Transfer-Encoding: chunked"), 400, "Transfer-Encoding"),
]


@pytest.mark.parametrize(
    "sent, status, names", [row[1:] for row in HANDSHAKES], ids=[row[0] for row in HANDSHAKES]
)
def test_a_handshake_that_is_wrong_is_refused_with(site, sent, status, names):
    client = site.client(handshake=False)
    client.send_bytes(sent)
    got, headers, body = client.read_response()
    assert got == status, body
    assert body, "the answer says what is wrong"
    text = client.response.decode().lower() + body.decode().lower()
    assert names.lower() in text, text
    client.expect_end()


@pytest.mark.parametrize(
    "sent",
    [
        bytes.fromhex("16030100c8010000c40303") + bytes(200),
        b"\0" * 200,
        b"\xff" * 9000,
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"*1\r\n$4\r\nPING\r\n\r\n",
    ],
    ids=["B10 TLS hello", "zeros", "ones", "SSH", "Redis"],
)
def test_what_is_not_http_is_refused_at_once(site, sent):
    client = site.client(handshake=False)
    client.send_bytes(sent)
    assert refused(client)


def refused(client):
    """An HTTP error or an end of the stream, and nothing else."""
    try:
        status, _, _ = client.read_response()
    except Closed:
        return True
    client.expect_end()
    return status in (400, 405, 414, 431, 505)


@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; nonsense",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_no_context_takeover=1",
        "x-webkit-deflate-frame",
        "",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
    ],
)
def test_b13_an_extension_with_odd_parameters_is_declined(site, offer):
    client = site.client(headers=[f"Sec-WebSocket-Extensions: {offer}"])
    assert "sec-websocket-extensions" not in client.headers
    client.join("b13")


def test_b12_without_our_subprotocol_none_is_chosen(site):
    client = site.client(headers=["Sec-WebSocket-Protocol: chat, superchat"])
    assert "sec-websocket-protocol" not in client.headers
    client.join("b12")


def test_b6_a_foreign_origin_is_refused():
    with Server(args=["--allow-origin", "https://game.example"]) as server:
        client = server.client(handshake=False)
        client.send_bytes(handshake_request(headers=["Origin: https://evil.example"])[1])
        assert client.read_response()[0] == 403
        server.client(headers=["Origin: https://game.example"]).join("b6")
        server.client().join("b6")  # no browser, no origin


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..\\x",
        "//etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/%00",
        "/.",
    ],
)
def test_b14_a_path_never_leaves_the_folder(tmp_path, path):
    (tmp_path / "www").mkdir()
    (tmp_path / "www/index.html").write_text("<p>in")
    (tmp_path / "secret").write_text("out")
    with Server(args=["--www", str(tmp_path / "www")]) as server:
        client = server.client(handshake=False)
        client.send_bytes(request(method="GET / HTTP/1.1"))
        status, _, body = client.read_response()
        assert (status, body) == (200, b"<p>in")
        client = server.client(handshake=False)
        client.send_bytes(request(method=f"GET {path} HTTP/1.1"))
        status, _, body = client.read_response()
        assert status in (400, 404) and b"root:" not in body and b"out" not in body
