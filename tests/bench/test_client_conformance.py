"""`gavel bench --client-conformance` lets a good client pass, and catches each kind of bad one."""

import asyncio
import json
import re
import subprocess

import pytest
import websockets
from support.gavel import gavel_binary
from support.process import Process
from support.wait import wait_until

FINAL = range(4100, 4200)
LISTENING = re.compile(r"waiting for a client on (ws://127\.0\.0\.1:\d+)")


class PlainClient:
    """Keeps the rules of docs/protocol.md, but for the one named by `fault`."""

    def __init__(self, fault):
        self.fault = fault
        self.last, self.epoch, self.resume = 0, None, None
        self.unanswered = {}
        self.next_ref = 1
        self.socket = None

    async def run(self, url):
        while True:
            try:
                async with websockets.connect(url, close_timeout=1) as self.socket:
                    await self.play()
            except (OSError, websockets.InvalidMessage):
                return  # the judge has seen enough
            except websockets.ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 1006
                if code in FINAL and self.fault != "comes back after a kick":
                    return
            await asyncio.sleep(0.01)

    async def tell(self, message):
        await self.socket.send(json.dumps(message))

    async def play(self):
        join = {"type": "join", "room": "r", "since": self.last}
        if self.epoch:
            join |= {"epoch": self.epoch, "resume": self.resume}
        if self.fault == "forgets who it was":
            join.pop("resume", None)
        if self.fault == "forgets what it saw":
            join["since"] = 0
        if self.fault == "forgets the epoch":
            join.pop("epoch", None)
        await self.tell(join)
        async for text in self.socket:
            if not await self.on_message(json.loads(text)):
                return

    async def on_message(self, message):
        """False where a new connection is wanted."""
        if message["type"] == "joined":
            self.last = message["first"] - 1
            self.epoch, self.resume = message["epoch"], message["resume"]
            await self.send_again(message["last_ref"])
        elif message["type"] == "error":
            if message["code"] == "rate_limited":
                await asyncio.sleep(message["retry_after_ms"] / 1000)
                await self.send_again(0)
        elif message["msg_id"] <= self.last:
            if self.fault == "passes repeats on":
                await self.hand_on(message)
        elif message["msg_id"] > self.last + 1 and self.fault != "passes over holes":
            return False
        else:
            self.last = message["msg_id"]
            await self.hand_on(message)
        return True

    async def send_again(self, last_ref):
        kept = [ref for ref in self.unanswered if ref <= last_ref]
        if self.fault != "sends kept messages again":
            for ref in kept:
                del self.unanswered[ref]
        if self.fault == "sends again under new refs":
            again, self.unanswered = list(self.unanswered.values()), {}
            for answer in again:
                await self.send_new(answer)
            return
        answers = sorted(self.unanswered.items())
        if self.fault == "sends again in the wrong order":
            answers.reverse()
        for ref, answer in answers:
            await self.tell({**answer, "ref": ref})

    async def send_new(self, answer):
        ref, self.next_ref = self.next_ref, self.next_ref + 1
        self.unanswered[ref] = answer
        await self.tell({**answer, "ref": ref})

    async def hand_on(self, message):
        if message["type"] == "answer":
            self.unanswered.pop(message["ref"], None)
        if message["type"] == "ask":
            await self.send_new({"type": "answer", "n": message["n"]})


def judge(fault):
    process = Process([gavel_binary(), "bench", "--client-conformance", "0"])
    try:
        url = wait_until(lambda: LISTENING.search(process.stdout), "its port", 30)[1]

        async def run():
            with_end = asyncio.create_task(PlainClient(fault).run(url))
            await asyncio.to_thread(process.wait, 100)
            with_end.cancel()

        asyncio.run(run())
        return process.popen.returncode, process.stdout
    finally:
        if process.is_running():
            process.kill()


def test_a_client_that_keeps_the_rules_passes():
    status, output = judge(None)
    assert status == 0, output
    assert output.count("\nkept    ") == 10, output


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("forgets who it was", "order, and resume after a lost connection"),
        ("forgets what it saw", "order, and resume after a lost connection"),
        ("forgets the epoch", "order, and resume after a lost connection"),
        ("sends again under new refs", "a lost message comes again under its ref"),
        ("sends kept messages again", "a kept message does not, though its echo was lost"),
        ("passes repeats on", "a repeat is not passed on"),
        ("passes over holes", "a hole is not passed over"),
        ("sends again in the wrong order", "a refusal is tried again, in order"),
        ("comes back after a kick", "a kick is final"),
    ],
)
def test_a_client_that_breaks_a_rule_is_caught(fault, rule):
    status, output = judge(fault)
    assert status == 3, output
    assert f"\nbroken  {rule}: " in output, output


def test_a_port_that_is_taken_is_said():
    with_port = Process([gavel_binary(), "bench", "--client-conformance", "0"])
    port = wait_until(lambda: LISTENING.search(with_port.stdout), "its port", 30)[1].split(":")[2]
    done = subprocess.run(
        [gavel_binary(), "bench", "--client-conformance", port], capture_output=True, text=True
    )
    with_port.kill()
    assert done.returncode == 1
    assert f"can't listen on 127.0.0.1:{port}: Address already in use" in done.stderr
