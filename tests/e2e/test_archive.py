"""`gavel archive` beside the server that uses the store: what it copies, and what it says of it."""

import json
import random
import subprocess
import time

import pytest
from support.gavel import Server, gavel_binary
from support.mongo_server import MongoServer

MESSAGES = 1500
ODD = {"a.b": 1, "$where": "x", "big": 2**70, "nested": [[{"": None}]]}


@pytest.fixture(scope="module")
def mongo():
    with MongoServer() as running:
        yield running


def archive(store, mongo, *words):
    command = [gavel_binary(), "archive", "--store", store, "--archive-uri", mongo.uri]
    return subprocess.run([*command, *words], capture_output=True, timeout=120, text=True)


def play(server, room, count):
    client = server.joined(room)
    for number in range(count):
        client.send_json({"type": "odd", "n": number, **ODD})
    client.collect(count)


def assert_whole(store, mongo, room, count):
    compared = archive(store, mongo, "--verify", room)
    assert compared.returncode == 0, compared
    found = json.loads(compared.stdout)
    assert found["archived"] == count
    assert [found[what] for what in ("missing", "doubled", "different", "waiting")] == [0] * 4


def test_all_is_archived_and_what_comes_later_too(tmp_path, mongo, room):
    store = f"rocks:{tmp_path / 'store'}"
    with Server(store=store) as server:
        play(server, room, MESSAGES)
        first = archive(store, mongo, "--once")
        assert first.returncode == 0, first.stderr
        assert_whole(store, mongo, room, MESSAGES)
        play(server, room, 3)
        compared = archive(store, mongo, "--verify", room)
        assert json.loads(compared.stdout)["waiting"] == 3
        assert archive(store, mongo, "--once").returncode == 0
        assert_whole(store, mongo, room, MESSAGES + 3)
        replay = [gavel_binary(), "replay", room]
        kept = subprocess.run([*replay, "--store", store], capture_output=True, timeout=120)
        archived = subprocess.run([*replay, "--from", mongo.uri], capture_output=True, timeout=120)
        assert len(kept.stdout.splitlines()) == MESSAGES + 3
        assert archived.stdout == kept.stdout, archived.stderr
        listed = subprocess.run(
            [gavel_binary(), "rooms", "--from", mongo.uri], capture_output=True, timeout=120
        )
        rooms = [json.loads(line) for line in listed.stdout.splitlines()]
        assert (room, MESSAGES + 3) in [(one["room"], one["msg_id"]) for one in rooms]


def test_killed_at_random_it_doubles_and_misses_nothing(tmp_path, mongo, room):
    store = f"rocks:{tmp_path / 'store'}"
    rand = random.Random(43)
    with Server(store=store) as server:
        play(server, room, MESSAGES)
        command = [gavel_binary(), "archive", "--once", "--store", store]
        command += ["--archive-uri", mongo.uri]
        for _ in range(20):
            with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
                # Where it is killed is what varies; the test is true wherever that is.
                time.sleep(rand.uniform(0, 0.6))
                process.kill()
        last = archive(store, mongo, "--once")
        assert last.returncode == 0, last.stderr
        assert_whole(store, mongo, room, MESSAGES)


def test_two_at_once_are_harmless(tmp_path, mongo, room):
    store = f"rocks:{tmp_path / 'store'}"
    with Server(store=store) as server:
        play(server, room, MESSAGES)
        command = [gavel_binary(), "archive", "--once", "--store", store]
        command += ["--archive-uri", mongo.uri]
        both = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(2)]
        assert [one.wait(120) for one in both] == [0, 0]
        assert_whole(store, mongo, room, MESSAGES)


def test_a_room_that_nobody_knows_is_told(tmp_path, mongo, room):
    store = f"rocks:{tmp_path / 'store'}"
    with Server(store=store) as server:
        play(server, room, 1)
        unknown = archive(store, mongo, "--verify", "nobody")
        assert unknown.returncode == 1
        assert "neither store nor archive" in unknown.stderr


def test_a_password_is_not_shown(tmp_path):
    class Away:
        uri = "mongodb://me:s3cret@127.0.0.1:1/?serverSelectionTimeoutMS=500"

    store = f"rocks:{tmp_path / 'store'}"
    with Server(store=store):
        refused = archive(store, Away, "--once")
    assert refused.returncode == 1
    assert "archive is away" in refused.stderr
    assert "s3cret" not in refused.stderr
    assert "me:***@" in refused.stderr
