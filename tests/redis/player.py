"""A player who outlives connections, servers and stores: he sends numbered messages, comes back
with what he has, and writes down all that he saw."""

import random
import threading
import time

from support.client import Client, Closed, Timeout
from support.wait import stretched


class Player(threading.Thread):
    """Sends `count` messages with refs 1, 2, …, each when he has seen the one before.

    `ports`: the servers that he may connect to. Ends when he has seen all of his own, or at the
    deadline (`error`)."""

    def __init__(self, name, ports, room, count, seconds=120, seed=0):
        super().__init__(daemon=True)
        self.name_of_mine = name
        self.ports = list(ports)
        self.room = room
        self.count = count
        self.deadline = time.monotonic() + stretched(seconds)
        self.random = random.Random(seed)
        self.seen = {}  # (epoch, msg_id) -> raw bytes
        self.order = []  # (epoch, msg_id) as they came
        self.own = {}  # number of mine -> (epoch, msg_id)
        self.epoch = None
        self.last = 0
        self.resume = None
        self.client_ids = set()
        self.joins = []
        self.errors = []  # codes that the server answered
        self.error = None
        self.sent = 0  # the highest ref that may have been sent

    def run(self):
        try:
            while len(self.own) < self.count or self.last < self.target():
                if time.monotonic() > self.deadline:
                    raise AssertionError(
                        f"{self.name_of_mine}: own {len(self.own)} of {self.count}, "
                        f"last {self.last}, {self.errors[-3:]}"
                    )
                try:
                    self.play()
                except (Closed, OSError, Timeout):
                    time.sleep(0.02)
        except AssertionError as error:
            self.error = error

    def target(self):
        """How far he must read in the end; set from outside when all have sent."""
        return 0

    def play(self):
        client = Client(self.random.choice(self.ports))
        try:
            fields = {"since": self.last}
            if self.epoch:
                fields["epoch"] = self.epoch
            if self.resume:
                fields["resume"] = self.resume
            client.send_json({"type": "join", "room": self.room, **fields})
            joined = client.recv(5)
            if joined["type"] != "joined":
                self.errors.append(joined.get("code"))
                raise Timeout
            self.joined(joined)
            next_ref = joined["last_ref"] + 1
            while len(self.own) < self.count:
                if next_ref <= self.count:
                    client.send_json(
                        {"type": "say", "ref": next_ref, "who": self.name_of_mine, "n": next_ref}
                    )
                    self.sent = max(self.sent, next_ref)
                answer = self.wait_for(client, next_ref)
                if answer == "again":
                    raise Timeout
                next_ref += 1
            while time.monotonic() < self.deadline and self.last < self.target():
                self.take(client.recv(2))
        finally:
            client.drop()

    def joined(self, joined):
        self.joins.append(joined)
        if self.epoch == joined["epoch"]:
            assert joined["resumed"], f"not the same one: {joined}"
            assert joined["recovered"] or joined["first"] > self.last + 1, joined
            assert joined["msg_id"] >= self.last, f"{joined} though {self.last} was shown"
        else:
            self.own.clear()
            self.last = joined["first"] - 1
        self.epoch = joined["epoch"]
        self.resume = joined["resume"]
        self.client_ids.add(joined["client_id"])

    def wait_for(self, client, ref):
        while ref not in self.own and time.monotonic() < self.deadline:
            answer = client.recv(5)
            if "msg_id" in answer and answer["type"] != "joined":
                self.take(answer)
            elif answer["type"] == "duplicate":
                return "known"
            elif answer["type"] == "error":
                self.errors.append(answer["code"])
                return "again"
        return "seen"

    def take(self, message):
        if "msg_id" not in message or message["type"] == "joined":
            return
        number = message["msg_id"]
        assert number == self.last + 1, f"{self.name_of_mine}: {number} behind {self.last}"
        self.last = number
        content = (message["client_id"], message["who"], message["n"])
        self.order.append((self.epoch, number))
        self.seen[(self.epoch, number)] = content
        if message["who"] == self.name_of_mine:
            assert message["n"] not in self.own, f"{message} twice"
            self.own[message["n"]] = (self.epoch, number)


def judge(players):
    """One order, nothing twice, nothing missing: for every epoch that anybody saw."""
    contents = {}
    for player in players:
        assert player.error is None, player.error
        for key, content in player.seen.items():
            known = contents.setdefault(key, content)
            assert known == content, f"{key}: {content} and {known}"
    said = {}
    for (epoch, _), (_, who, number) in contents.items():
        where = (epoch, who, number)
        said[where] = said.get(where, 0) + 1
    twice = [where for where, times in said.items() if times > 1]
    assert not twice, f"kept twice: {twice[:5]}"
    return contents
