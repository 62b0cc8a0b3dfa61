"""`gavel tail` and `gavel send` against a server, as a script and as a terminal sees them."""

import json
import os
import pty
import re
import select
import subprocess
import time

import pytest
from support.gavel import Server, gavel_binary
from support.process import Process
from support.wait import stretched, wait_until


@pytest.fixture
def server():
    with Server() as running:
        yield running


def url_of(server):
    return ["--url", f"ws://127.0.0.1:{server.port}/"]


def send(server, *args, stdin=None):
    """Its status and output: as text, or as bytes where `stdin` is given."""
    command = [gavel_binary(), "send", *url_of(server), *args]
    return subprocess.run(
        command, input=stdin, capture_output=True, timeout=stretched(30), text=stdin is None
    )


def tail(server, *args):
    return Process([gavel_binary(), "tail", *url_of(server), *args])


def test_send_prints_the_msg_ids_and_tail_shows_the_messages_as_json_lines(server):
    done = send(server, "room", "hello", '{"type":"move","x":1}')
    assert (done.returncode, done.stdout) == (0, "1\n2\n"), done.stderr
    shown = tail(server, "room", "--since", "0", "--count", "2")
    assert shown.wait() == 0, shown.stderr
    first, second = [json.loads(line) for line in shown.stdout_lines]
    assert (first["msg_id"], first["type"], first["text"]) == (1, "chat", "hello")
    assert (second["msg_id"], second["type"], second["x"]) == (2, "move", 1)


def test_send_takes_lines_from_stdin(server):
    lines = b'one\n\n{"type":"move","x":2}\r\nlast without an end'
    done = send(server, "room", stdin=lines)
    assert (done.returncode, done.stdout) == (0, b"1\n2\n3\n"), done.stderr
    watcher = server.joined("room", {"since": 0})
    got = watcher.collect(3)
    assert [message.get("text", message.get("x")) for message in got] == [
        "one",
        2,
        "last without an end",
    ]


def test_tail_begins_behind_since_and_shows_what_comes_live(server):
    send(server, "room", "one", "two", "three")
    shown = tail(server, "room", "--since", "2", "--count", "2")
    shown.wait_for_line(re.compile('"msg_id":3'))
    send(server, "room", "four")
    assert shown.wait() == 0, shown.stderr
    assert [json.loads(line)["msg_id"] for line in shown.stdout_lines] == [3, 4]


def test_invalid_utf8_is_status_2_with_its_position(server):  # B72
    done = subprocess.run(
        [gavel_binary(), "send", *url_of(server), "room", b"caf\xe9 au lait"], capture_output=True
    )
    assert done.returncode == 2
    assert b"message 1 is not valid UTF-8 at byte 3" in done.stderr
    done = subprocess.run(
        [gavel_binary(), "tail", *url_of(server), b"r\xff"], capture_output=True
    )
    assert done.returncode == 2
    assert b"ROOM is not valid UTF-8 at byte 1" in done.stderr


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ('{"type":"x"', "at byte 11"),
        ('{"type":"join","room":"r"}', "this command's own business"),
        ('{"type":"x","ref":7}', "leave out ref"),
        ('{"x":1}', "type"),
        ('{"type":"joined"}', "server"),
    ],
)
def test_a_message_that_the_server_would_refuse_is_status_2(server, message, words):
    done = send(server, "room", message)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_bad_line_is_told_and_the_others_are_sent(server):
    done = send(server, "room", stdin=b'good\n{"type":\nbetter\n')
    assert (done.returncode, done.stdout) == (1, b"1\n2\n")
    assert b"message 2 at byte 8" in done.stderr


def test_no_server_is_status_1(server):
    for command in ("tail", "send"):
        done = subprocess.run(
            [gavel_binary(), command, "--url", "ws://127.0.0.1:1/", "room"],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 1
        assert "is the server running?" in done.stderr


def test_tail_comes_back_when_the_server_was_restarted(server):
    shown = tail(server, "room", "--count", "2")
    wait_until(lambda: '"members":1' in server.admin("/api/v1/rooms")[1], "tail's join")
    send(server, "room", "before")
    shown.wait_for_line(re.compile("before"))
    server.restart(kill=False)
    wait_until(lambda: "coming back" in shown.stderr, "the lost connection")
    wait_until(lambda: '"members":1' in server.admin("/api/v1/rooms")[1], "tail's return")
    send(server, "room", "behind")
    assert shown.wait() == 0, shown.stderr
    assert [json.loads(line)["text"] for line in shown.stdout_lines] == ["before", "behind"]
    assert "begun anew" in shown.stderr  # the memory store forgets


def test_tail_gives_up_where_the_close_code_says_so(server):
    shown = tail(server, "room")
    wait_until(lambda: '"members":1' in server.admin("/api/v1/rooms")[1], "tail's join")
    client_id = members(server, "room")[0]["client_id"]
    status, text = server.admin(
        f"/api/v1/rooms/room/members/{client_id}/kick",
        method="POST",
        body=b"{}",
        headers={"Content-Type": "application/json"},
    )
    assert status < 300, text
    assert shown.wait() == 1
    assert "4101" in shown.stderr


def members(server, room):
    status, text = server.admin(f"/api/v1/rooms/{room}")
    assert status == 200, text
    return json.loads(text)["member_list"]


def on_terminal(command, until, seconds=20):
    """What a command writes to a terminal, up to the bytes `until`."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.pop("NO_COLOR", None)
        os.execv(command[0], command)
    out = b""
    deadline = time.monotonic() + stretched(seconds)
    try:
        while until not in out:
            ready, _, _ = select.select([terminal], [], [], deadline - time.monotonic())
            assert ready, out
            out += os.read(terminal, 4096)
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)
    return out


def test_what_players_wrote_does_not_steer_the_terminal(server):  # B71
    player = server.joined("room")
    player.send_json({"type": "chat", "text": "\x1b[2J\x1b]0;owned\x07 \u202eevil"})
    player.send_json({"type": "a\x1bb", "key\x1b": "\x1b[31m\x9b", "end": "here"})
    player.collect(2)
    url = url_of(server)
    command = [str(word) for word in (gavel_binary(), "tail", *url, "room", "--since", "0")]
    out = on_terminal([*command, "--count", "2"], b"here")
    text = re.sub(rb"\x1b\[\d+m", b"", out)  # our own colours, and nothing else
    assert b"\x1b" not in text
    assert b"\x07" not in text
    assert b"\xc2\x9b" not in text
    assert "\u202e".encode() not in text
    assert rb"\u{1b}[2J" in text
    assert b"chat" in text
