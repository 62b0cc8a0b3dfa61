"""Several servers, one order (promises P1 to P6), on a real Redis."""

import os
import random
import signal
import time

from .player import Player, judge
from support.gavel import Server
from support.wait import stretched, wait_until


def say(client, text, **fields):
    client.send_json({"type": "say", "text": text, **fields})


def texts(messages):
    return [message["text"] for message in messages]


def test_members_on_two_servers_see_one_order(redis, room):
    with Server(store=redis.url) as one, Server(store=redis.url) as two:
        here, there = one.joined(room), two.joined(room)
        assert here.joined["epoch"] == there.joined["epoch"]
        assert here.joined["client_id"] != there.joined["client_id"]
        for i in range(100):
            say(here, f"h{i}")
            say(there, f"t{i}")
        seen = here.collect(200), there.collect(200)
        assert seen[0] == seen[1]
        assert [message["msg_id"] for message in seen[0]] == list(range(1, 201))
        assert [t for t in texts(seen[0]) if t[0] == "h"] == [f"h{i}" for i in range(100)]
        assert [t for t in texts(seen[0]) if t[0] == "t"] == [f"t{i}" for i in range(100)]


def test_a_player_comes_back_on_another_server_as_the_same_one(redis, room):
    with Server(store=redis.url) as one, Server(store=redis.url) as two:
        player = one.joined(room)
        for i in range(1, 6):
            say(player, f"m{i}", ref=i)
        player.collect(5)
        player.reset()
        joined = player.joined
        back = two.joined(
            room, {"since": 3, "epoch": joined["epoch"], "resume": joined["resume"]}
        )
        assert back.joined["client_id"] == joined["client_id"]
        assert back.joined["resumed"] and back.joined["recovered"]
        assert back.joined["last_ref"] == 5
        assert texts(back.collect(2)) == ["m4", "m5"]
        say(back, "m5", ref=5)
        assert back.until(lambda obj: obj["type"] == "duplicate")["ref"] == 5
        say(back, "m6", ref=6)
        assert texts(back.collect(1)) == ["m6"]


def test_a_server_that_comes_back_finds_everything(redis, room):
    with Server(store=redis.url) as server:
        client = server.joined(room)
        for i in range(50):
            say(client, f"m{i}")
        client.collect(50)
        epoch = client.joined["epoch"]
        server.restart()
        again = server.joined(room)
        assert again.joined["epoch"] == epoch
        assert texts(again.collect(50)) == [f"m{i}" for i in range(50)]


def test_a_paused_server_catches_up_before_it_shows_anything(redis, room):
    """SIGSTOP of a server while another one goes on in its rooms."""
    with Server(store=redis.url) as one, Server(store=redis.url) as two:
        here, there = one.joined(room), two.joined(room)
        say(here, "first")
        here.collect(1)
        there.collect(1)
        os.kill(one.pid, signal.SIGSTOP)
        for i in range(500):
            say(there, f"m{i}")
        there.collect(500)
        os.kill(one.pid, signal.SIGCONT)
        say(here, "last")
        here.collect(501)
        there.collect(1)
        assert [obj["msg_id"] for obj, _ in here.seen] == list(range(1, 503))
        assert [obj for obj, _ in here.seen] == [obj for obj, _ in there.seen]


def test_a_redis_that_hangs_stops_nothing_but_the_rooms(redis, room):
    """Nothing is shown meanwhile, and everything once afterwards."""
    with Server(store=redis.url, args=["--redis-timeout", "500ms"]) as server:
        client = server.joined(room)
        say(client, "before", ref=1)
        client.collect(1)
        redis.freeze()
        for i in range(2, 12):
            say(client, f"m{i}", ref=i)
        time.sleep(stretched(1))
        assert server.process.is_running()
        redis.thaw()
        assert texts(client.collect(10)) == [f"m{i}" for i in range(2, 12)]
        late = server.joined(room)
        assert texts(late.collect(11))[1:] == [f"m{i}" for i in range(2, 12)]


def progress(players):
    return sum(len(player.own) for player in players)


def test_kill_9_of_servers_and_redis_loses_nothing(safe_redis, room):
    """Players on two servers; one after the other, at random, is killed and started again."""
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    choice = random.Random(seed)
    with Server(store=safe_redis.url) as one, Server(store=safe_redis.url) as two:
        servers = [one, two]
        players = [
            Player(f"p{i}", [one.port, two.port], room, 500, seed=seed + i) for i in range(4)
        ]
        for player in players:
            player.start()
        for kill in range(8):
            wait_until(lambda: progress(players) > 200 * (kill + 1), "they play", 60)
            time.sleep(choice.uniform(0, 0.05))
            choice.choice([*servers, safe_redis]).restart()
        for player in players:
            player.join()
        contents = judge(players)
        assert len({epoch for epoch, _ in contents}) == 1
        # What anyone was shown is still there, under the same id.
        late = servers[0].joined(room)
        last = late.joined["msg_id"]
        for message in late.collect(last):
            key = (late.joined["epoch"], message["msg_id"])
            shown = contents.get(key)
            content = (message["client_id"], message["who"], message["n"])
            assert shown is None or shown == content
        assert max(number for _, number in contents) <= last
