"""History that the store let go comes from the archive, and its absence hurts only who wants it."""

import subprocess

import pytest
from support.client import Closed
from support.gavel import Server, gavel_binary
from support.mongo_server import MongoServer
from support.wait import wait_until

OLD = 1500
NEW = 60


def texts(client):
    return [raw for _, raw in client.seen]


@pytest.fixture(scope="module")
def mongo():
    with MongoServer() as running:
        yield running


@pytest.fixture
def archived(tmp_path, mongo, room):
    """A server whose store keeps the end of the room only, and what was played in all."""
    store = f"rocks:{tmp_path / 'store'}"
    with Server(store=store) as server:
        player = server.joined(room)
        for number in range(OLD):
            player.send_json({"type": "chat", "n": number, "nul": "\0", "a.b": 2**70})
        player.collect(OLD)
        shown = texts(player)
        command = [gavel_binary(), "archive", "--once", "--store", store]
        command += ["--archive-uri", mongo.uri]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
    args = ["--retain-messages", "100", "--archive-uri", mongo.uri, "--archive-timeout", "1s"]
    with Server(store=store, args=args) as server:
        yield server, room, shown


def play_on(server, room, shown):
    """More messages, so that the store trims; gives the player, who is up to date."""
    player = server.joined(room, {"since": OLD})
    for number in range(NEW):
        player.send_json({"type": "chat", "more": number})
    player.collect(NEW)
    shown += texts(player)
    return player


def test_who_joins_anywhere_gets_the_gapless_log_while_play_goes_on(archived):
    server, room, shown = archived
    play_on(server, room, shown)
    old = server.joined(room, {"since": 0})
    middle = server.joined(room, {"since": OLD // 2})
    assert old.joined["first"] == 1 and old.joined["recovered"]
    assert middle.joined["first"] == OLD // 2 + 1
    shown_before = len(shown)
    player = server.joined(room, {"since": shown_before})
    for number in range(NEW):
        player.send_json({"type": "chat", "still": number})
    player.collect(NEW)
    shown += texts(player)
    old.collect(len(shown))
    middle.collect(len(shown) - OLD // 2)
    assert texts(old) == shown
    assert texts(middle) == shown[OLD // 2 :]


def test_without_mongodb_only_old_history_is_missing_and_it_comes_back(archived, mongo):
    server, room, shown = archived
    play_on(server, room, shown)
    server.restart(kill=False)
    mongo.kill9()
    try:
        live = server.joined(room, {"since": len(shown) - 1})
        live.send_json({"type": "chat", "while": "away"})
        live.collect(2)
        old = server.joined(room, {"since": 0})
        assert old.expect_close().code == 4002
        shown += texts(live)[1:]
    finally:
        mongo.start()
    # A pause after a failure may still hold: who is sent away comes back, as clients do.
    whole = come_back_until_whole(server, room, len(shown))
    assert whole == shown


def come_back_until_whole(server, room, count):
    def whole():
        client = server.client()
        try:
            client.join(room, since=0)
            client.collect(count)
            return texts(client)
        except Closed as closed:
            assert closed.code == 4002, closed
            return None

    return wait_until(whole, "the old history", 60)
