"""The Python client against the real server."""

import asyncio
import random
import subprocess
import sys

import pytest
from gavel_client import GavelError, join
from support.gavel import ROOT, Server
from support.proxy import Plan, Proxy

PLAYERS, MESSAGES = 3, 60
FAST = {"backoff_s": (0.001, 0.02), "timeout_s": 60}


@pytest.fixture
def server():
    with Server() as running:
        yield running


def url(port):
    return f"ws://127.0.0.1:{port}/"


def record(room):
    room.seen, room.faults = [], []
    room.on("message", room.seen.append)
    room.on("error", room.faults.append)
    room.on("gap", room.faults.append)
    return room


async def until(room, msg_id):
    while room.last_id < msg_id:
        await asyncio.sleep(0.01)


def test_an_echo_settles_send_and_history_reaches_late_handlers(server):
    async def run():
        one = record(await join(url(server.port), "r", timeout_s=60))
        ids = await asyncio.gather(*(one.send({"type": "move", "n": n}) for n in range(50)))
        assert ids == list(range(1, 51))
        two = record(await join(url(server.port), "r", timeout_s=60))
        await until(two, 50)
        assert two.seen == one.seen
        await one.leave()
        with pytest.raises(GavelError):
            one.send({"type": "move"})
        assert await two.send({"type": "move"}) == 51
        assert one.faults == two.faults == []
        await two.leave()

    asyncio.run(run())


def test_p1_p4_p5_cut_at_random_bytes_all_see_the_same_and_each_message_once(server):
    numbers = random.Random(20201)
    plans = [Plan(cut_down=numbers.randint(600, 6000)) for _ in range(300)]

    async def run(proxy):
        rooms = [record(await join(url(proxy.port), "cut", **FAST)) for _ in range(PLAYERS)]

        async def play(player, room):
            sends = [room.send({"type": "move", "player": player, "n": n}) for n in range(MESSAGES)]
            return await asyncio.gather(*sends)

        ids = await asyncio.gather(*(play(n, room) for n, room in enumerate(rooms)))
        total = PLAYERS * MESSAGES
        assert sorted(sum(ids, [])) == list(range(1, total + 1))
        for room in rooms:
            await until(room, total)
            assert room.faults == []
            assert room.seen == rooms[0].seen
        assert max(room.attempts for room in rooms) > 1, "no connection was cut"
        for room in rooms:
            await room.leave()

    with Proxy(server.port, seed=1, plans=plans) as proxy:
        asyncio.run(run(proxy))


def test_faster_than_the_server_allows_nothing_is_lost():
    async def run(port):
        room = record(await join(url(port), "fast", timeout_s=60))
        sends = [room.send({"type": "move", "n": n}) for n in range(60)]
        assert await asyncio.gather(*sends) == list(range(1, 61))
        assert [message["n"] for message in room.seen] == list(range(60))
        await room.leave()

    with Server(args=["--rate-messages", "40", "--rate-burst", "1"]) as server:
        asyncio.run(run(server.port))


def test_a_join_that_can_not_succeed_raises(server):
    async def run():
        with pytest.raises(GavelError) as refused:
            await join(url(server.port), "")
        assert refused.value.code == "bad_room"

    asyncio.run(run())


def test_the_bot_plays_the_puzzle(server):
    async def run():
        room = await join(url(server.port), "bots", timeout_s=60)
        start = {"type": "start", "game": 1, "seed": 42, "size": 0}
        await room.send(start)
        command = [sys.executable, ROOT / "examples/bots/bot.py", "bots", url(server.port), "0.001"]
        bot = subprocess.Popen(command)
        try:
            dropped = set()
            async for message in room:
                if message["type"] == "drop":
                    dropped.add(message["piece"])
                if len(dropped) == 24:
                    break
        finally:
            bot.terminate()
            bot.wait()
        await room.leave()

    asyncio.run(asyncio.wait_for(run(), 60))
