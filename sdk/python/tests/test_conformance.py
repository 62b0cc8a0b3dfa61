"""The client against `gavel bench --client-conformance`, which cuts, repeats and forgets."""

import asyncio
import re
import subprocess

from gavel_client import join
from support.gavel import gavel_binary


def test_it_keeps_every_rule():
    judge = subprocess.Popen(
        [gavel_binary(), "bench", "--client-conformance", "0"], stdout=subprocess.PIPE, text=True
    )
    port = re.search(r":(\d+)$", judge.stdout.readline())[1]

    async def run():
        room = await join(f"ws://127.0.0.1:{port}/", "r", backoff_s=(0.001, 0.02), timeout_s=60)

        def on_message(message):
            if message["type"] == "ask":
                room.send({"type": "answer", "n": message["n"]})

        room.on("message", on_message)
        await asyncio.wait([room.task])

    try:
        asyncio.run(asyncio.wait_for(run(), 60))
        output = judge.communicate(timeout=60)[0]
    finally:
        judge.kill()
    assert judge.returncode == 0, output
    assert output.count("kept    ") == 10, output
