"""`gavel rooms` and `gavel replay`, beside the server that uses the store."""

import json
import subprocess

import pytest
from support.gavel import Server, gavel_binary

ROOM = 'a "room"'


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A store that a server uses, and the 300 messages that it showed of a room."""
    store = f"rocks:{tmp_path_factory.mktemp('replay') / 'store'}"
    with Server(store=store) as server:
        client = server.joined(ROOM)
        for number in range(300):
            client.send_json({"type": "chat", "n": number})
        client.collect(300)
        yield store, client.joined["epoch"], [raw for _, raw in client.seen]


def gavel(*words):
    return subprocess.run([gavel_binary(), *words], capture_output=True, timeout=120)


def test_rooms_lists_them_while_the_server_runs(played):
    store, epoch, shown = played
    listed = gavel("rooms", "--store", store)
    assert listed.returncode == 0, listed.stderr
    room = json.loads(listed.stdout)
    assert (room["room"], room["epoch"], room["damaged"]) == (ROOM, epoch, False)
    assert (room["first"], room["msg_id"]) == (1, len(shown))


def test_replay_writes_the_very_bytes_that_were_shown(played):
    store, epoch, shown = played
    assert gavel("replay", ROOM, "--store", store).stdout.splitlines() == shown
    rest = gavel("replay", ROOM, "--store", store, "--since", "290", "--count", "5")
    assert rest.stdout.splitlines() == shown[290:295]
    same = gavel("replay", ROOM, "--store", store, "--epoch", epoch)
    assert same.stdout.splitlines() == shown


def test_replay_says_what_it_does_not_find(played, tmp_path):
    unknown = gavel("replay", "nowhere", "--store", played[0])
    assert unknown.returncode == 1 and b"knows no room" in unknown.stderr
    nothing = gavel("rooms", "--store", f"rocks:{tmp_path}")
    assert nothing.returncode == 1 and b"is not a gavel store" in nothing.stderr
