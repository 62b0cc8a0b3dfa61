#!/usr/bin/env -S /usr/bin/python3
"""Joins a room of the puzzle and puts one piece after the other in its place.

bot.py [ROOM [URL [SECONDS]]]   SECONDS: how long a move takes
"""

import asyncio
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "sdk/python"))
from gavel_client import join  # noqa: E402

PIECES = [24, 54, 96]


async def main(room_name="puzzle-1", url="ws://127.0.0.1:8765/", seconds="1.5"):
    room = await join(url, room_name)
    loose = []
    new = asyncio.Event()

    def on_message(message):
        if message["type"] == "start":  # the room's history, too: a late bot knows the game
            loose[:] = random.sample(range(PIECES[message["size"]]), PIECES[message["size"]])
            new.set()

    room.on("message", on_message)
    room.on("state", lambda state: print(state, file=sys.stderr))
    await room.send({"type": "hello", "name": "Robot"})
    while room.state != "closed":
        await new.wait()
        while loose:
            piece = loose.pop()
            await room.send({"type": "grab", "piece": piece})
            await asyncio.sleep(float(seconds))
            await room.send({"type": "drop", "piece": piece, "x": 0, "y": 0})
        new.clear()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
