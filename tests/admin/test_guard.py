"""Who may ask the admin address: rows B67 to B69, and the key."""

import json
import socket
import subprocess

import pytest
from admin.server import AdminServer
from support.gavel import gavel_binary
from support.wait import stretched

JSON = {"Content-Type": "application/json"}
PATHS = ["/", "/health", "/metrics", "/api/v1/stats", "/api/v1/rooms/x", "/nothing"]


def code_of(text):
    return json.loads(text)["error"]["code"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[::1", "10.0.0.1"]
)
def test_b67_a_foreign_host_is_403(server, path, host):
    status, _, text = server.admin_answer(path, headers={"Host": host})
    assert (status, code_of(text)) == (403, "foreign_host")


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:1234", "127.0.0.1", "[::1]:80", "LOCALHOST", "127.1.2.3"]
)
def test_b67_any_name_of_the_loopback_is_ours(server, host):
    assert server.admin_answer("/api/v1/stats", headers={"Host": host})[0] == 200


def test_b67_two_hosts_are_none(server):
    server.find_admin_port()
    with socket.create_connection(("127.0.0.1", server.admin_port)) as sock:
        sock.sendall(b"GET /api/v1/stats HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n")
        assert sock.recv(4096).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost.evil.example", "http://localhost:1"],
)
def test_b67_a_foreign_origin_is_403_whatever_it_asks(server, origin):
    headers = {"Host": "localhost", "Origin": origin, **JSON}
    for method, path in (
        ("GET", "/api/v1/stats"),
        ("POST", "/api/v1/drain"),
        ("OPTIONS", "/api/v1/stats"),
    ):
        status, got, text = server.admin_answer(path, method, b"{}", headers)
        assert (status, code_of(text)) == (403, "foreign_origin")
        assert not [name for name in got if name.startswith("access-control-")]


def test_b67_the_consoles_own_origin_is_taken(server):
    headers = {"Host": "localhost:9", "Origin": "http://localhost:9"}
    status, got, _ = server.admin_answer("/api/v1/stats", headers=headers)
    assert status == 200
    assert not [name for name in got if name.startswith("access-control-")]


def test_b67_a_page_of_another_site_gets_nothing_even_without_an_origin(server):
    assert (
        server.admin_answer("/api/v1/stats", headers={"Sec-Fetch-Site": "cross-site"})[0] == 403
    )
    assert (
        server.admin_answer("/api/v1/stats", headers={"Sec-Fetch-Site": "same-origin"})[0] == 200
    )


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/jsonp",
    ],
)
def test_b67_what_a_form_can_send_is_415(server, room, kind):
    client = server.joined("guarded")
    headers = {"Content-Type": kind} if kind else {}
    for path in (
        "/api/v1/rooms/guarded/close",
        "/api/v1/drain",
        "/api/v1/rooms/guarded/messages",
    ):
        status, _, text = server.admin_answer(path, "POST", b'{"type":"m"}', headers)
        assert (status, code_of(text)) == (415, "not_json")
    assert client.leave()["type"] == "left"


def test_b68_an_unknown_path_is_404(server):
    for path in (
        "/nothing",
        "/api",
        "/api/v2/stats",
        "/api/v1/rooms/a/b/c",
        "/console/none.js",
        "/console/..%2Fx",
    ):
        status, _, text = server.admin_answer(path)
        assert (status, code_of(text)) == (404, "unknown_path"), path


@pytest.mark.parametrize(
    "path", ["/api/v1/rooms/%", "/api/v1/rooms/%zz", "/api/v1/rooms/%ff", "/api/v1/rooms?x=%"]
)
def test_b68_a_broken_escape_is_400(server, path):
    assert server.admin_answer(path)[0] == 400


def test_b68_a_body_of_10_mb_is_413_and_is_not_waited_for(server):
    body = b'{"type":"m","x":"' + b"a" * 10_000_000 + b'"}'
    status, _, text = server.admin_answer("/api/v1/rooms/x/messages", "POST", body, JSON)
    assert (status, code_of(text)) == (413, "too_big")


def test_b68_a_chunked_body_of_10_mb_is_413(server):
    server.find_admin_port()
    with socket.create_connection(
        ("127.0.0.1", server.admin_port), timeout=stretched(30)
    ) as sock:
        sock.sendall(
            b"POST /api/v1/drain HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        for _ in range(160):
            sock.sendall(chunk)
        assert sock.recv(4096).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "request_bytes, status",
    [
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", 431),
        (b"POST /api/v1/drain HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET /api/v1/stats HTTP/1.1\r\n\r\n", 403),
    ],
)
def test_b68_what_is_no_request_is_refused(server, request_bytes, status):
    server.find_admin_port()
    with socket.create_connection(
        ("127.0.0.1", server.admin_port), timeout=stretched(30)
    ) as sock:
        sock.sendall(request_bytes)
        assert sock.recv(4096).startswith(b"HTTP/1.1 %d " % status)


def test_answers_are_not_kept_not_guessed_at_and_not_framed(server):
    for path in ("/", "/api/v1/stats", "/nothing"):
        _, headers, _ = server.admin_answer(path)
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]


def test_one_connection_serves_many_requests_and_head_has_no_body(server):
    server.find_admin_port()
    with socket.create_connection(
        ("127.0.0.1", server.admin_port), timeout=stretched(30)
    ) as sock:
        for _ in range(3):
            sock.sendall(b"HEAD /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = sock.recv(4096)
            assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"\r\n\r\n")
            assert b"Content-Length: 3\r\n" in answer


# --- the key ---


@pytest.fixture(scope="module")
def keyed(tmp_path_factory):
    path = tmp_path_factory.mktemp("key") / "admin.key"
    path.write_text("correct horse battery staple\n")
    with AdminServer(args=["--admin-key-file", str(path)]) as running:
        yield running


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "Bearer ",
        "Bearer correct horse battery stapl",
        "Bearer correct horse battery staple1",
        "Basic correct horse battery staple",
        "correct horse battery staple",
        "Bearer x",
    ],
)
def test_without_the_key_there_are_no_answers(keyed, value):
    headers = {} if value is None else {"Authorization": value}
    for path in ("/metrics", "/api/v1/stats", "/api/v1/rooms/x", "/nothing"):
        status, got, text = keyed.admin_answer(path, headers=headers)
        assert (status, code_of(text)) == (401, "unauthorized")
        assert got["www-authenticate"].startswith("Bearer")
    status, _, _ = keyed.admin_answer("/api/v1/drain", "POST", b"{}", {**headers, **JSON})
    assert status == 401


def test_with_the_key_there_are_and_health_and_the_consoles_files_need_none(keyed):
    key = {"Authorization": "Bearer correct horse battery staple"}
    for path in ("/metrics", "/api/v1/stats"):
        assert keyed.admin_answer(path, headers=key)[0] == 200
    for path in ("/health", "/ready", "/", "/console/app.js"):
        assert keyed.admin_answer(path)[0] == 200


def test_an_address_that_others_can_reach_needs_a_key():
    answer = subprocess.run(
        [
            gavel_binary(),
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--admin",
            "0.0.0.0:0",
            "--store",
            "memory",
        ],
        capture_output=True,
        text=True,
        timeout=stretched(30),
    )
    assert answer.returncode in (1, 2)
    assert "admin-key-file" in answer.stderr


def test_a_key_that_is_too_short_is_refused(tmp_path):
    path = tmp_path / "key"
    path.write_text("short\n")
    answer = subprocess.run(
        [
            gavel_binary(),
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--admin",
            "127.0.0.1:0",
            "--store",
            "memory",
            "--admin-key-file",
            str(path),
        ],
        capture_output=True,
        text=True,
        timeout=stretched(30),
    )
    assert answer.returncode == 1
    assert "16 characters" in answer.stderr
    assert "short" not in answer.stderr.replace("shorter", "")


def test_an_admin_port_that_is_in_use_is_an_error_that_says_so():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = subprocess.run(
            [
                gavel_binary(),
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--admin",
                f"127.0.0.1:{port}",
                "--store",
                "memory",
            ],
            capture_output=True,
            text=True,
            timeout=stretched(30),
        )
    assert answer.returncode == 1
    assert str(port) in answer.stderr and "--admin" in answer.stderr
