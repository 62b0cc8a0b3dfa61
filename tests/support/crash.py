"""Players who go on playing while their server is killed, and the judge of what they saw.

    run = CrashRun(server, rooms=3, players=4, seed=1)
    run.play(kills=20)
    run.judge()

The judge wants of every room: ids without a gap; every message that was sent, once; no ref of a
client twice; and at every player, under the same id, the very bytes that a newcomer is shown.
"""

import json
import random
import threading
import time

from support.client import Client, Closed
from support.wait import stretched, wait_until

UNDER_WAY_MAX = 8  # messages that a player sends before it has seen its first one
PACE_S = 0.002  # between two messages: all players and their judge share one interpreter


class Player(threading.Thread):
    """Sends and receives until it is told to stop and all that it sent has come back. A lost
    connection is made anew, with what an honest client remembers."""

    def __init__(self, run, room, number):
        super().__init__(daemon=True)
        self.run_of = run
        self.room = room
        self.name = f"{room}-{number}"
        self.seen = {}  # raw bytes by msg_id
        self.last = 0
        self.epoch = None
        self.token = None
        self.ref = 0
        self.under_way = {}  # text by ref, in the order in which it was sent
        self.sent = []
        self.reconnects = 0
        self.failure = None

    def run(self):
        try:
            while not self.done():
                self.play_one_connection()
        except BaseException as error:  # told by the judge, on the test's thread
            self.failure = error

    def done(self):
        return self.run_of.stopping.is_set() and not self.under_way

    def play_one_connection(self):
        client = None
        try:
            client = Client(self.run_of.server.port)
            self.enter(client)
            while not self.done():
                self.send_some(client)
                self.take(client.recv())
        except (Closed, OSError):
            self.reconnects += 1
            time.sleep(0.02)  # the server may be away; an honest client doesn't hammer it
        finally:
            if client:
                client.drop()

    def enter(self, client):
        fields = {"since": self.last}
        if self.epoch:
            fields.update(epoch=self.epoch, resume=self.token)
        joined = client.join(self.room, **fields)
        if self.epoch and joined["epoch"] != self.epoch:
            # A room that nobody ever saw a message of may begin anew, and nothing else.
            assert self.last == 0, f"{self.name}: another epoch behind message {self.last}"
            joined["last_ref"] = 0
        elif self.epoch:
            assert joined["recovered"], f"{self.name}: not recovered: {joined}"
            assert joined["resumed"], f"{self.name}: not the same player any more: {joined}"
        assert joined["first"] == self.last + 1, f"{self.name}: a gap: {joined}"
        self.epoch, self.token = joined["epoch"], joined["resume"]
        for ref, text in self.under_way.items():
            if ref > joined["last_ref"]:
                self.send(client, ref, text)

    def send(self, client, ref, text):
        client.send_json({"type": "move", "ref": ref, "text": text})

    def send_some(self, client):
        time.sleep(PACE_S)
        while len(self.under_way) < UNDER_WAY_MAX and not self.run_of.stopping.is_set():
            self.ref += 1
            text = f"{self.name}:{self.ref}"
            self.under_way[self.ref] = text
            self.sent.append(text)
            self.send(client, self.ref, text)

    def take(self, message):
        if message.get("type") == "duplicate":
            return
        assert "msg_id" in message, f"{self.name}: {message}"
        number = message["msg_id"]
        assert number == self.last + 1, f"{self.name}: {number} after {self.last}"
        self.last = number
        self.seen[number] = json.dumps(message)
        if self.under_way.get(message["ref"]) == message["text"]:
            del self.under_way[message["ref"]]


class CrashRun:
    def __init__(self, server, rooms=3, players=4, seed=1):
        self.server = server
        self.random = random.Random(seed)
        self.stopping = threading.Event()
        self.kills = 0
        self.players = [
            Player(self, f"room-{room}", number)
            for room in range(rooms)
            for number in range(players)
        ]

    def play(self, kills=0, seconds=0):
        """Kills the server `kills` times, or for so many seconds, and lets the players finish."""
        for player in self.players:
            player.start()
        end = time.monotonic() + seconds
        while self.kills < kills or time.monotonic() < end:
            self.kill_once()
            if any(player.failure for player in self.players):
                break
        self.stopping.set()
        for player in self.players:
            player.join(stretched(60))

    def kill_once(self):
        """At any moment: now under load, now while it starts or recovers."""
        time.sleep(self.random.uniform(0, 1.0))
        self.server.restart()
        self.kills += 1
        if self.random.random() < 0.3:
            self.server.restart()
            self.kills += 1

    def judge(self):
        for player in self.players:
            if player.failure:
                raise player.failure
            assert not player.is_alive(), f"{player.name} waits for {player.under_way}"
        for room in {player.room for player in self.players}:
            self.judge_room(room)

    def judge_room(self, room):
        truth = self.read(room)
        assert [message["msg_id"] for message in truth] == list(range(1, len(truth) + 1))
        texts = [message["text"] for message in truth]
        sent = [text for player in self.players if player.room == room for text in player.sent]
        assert len(set(texts)) == len(texts), "a message twice"
        assert set(texts) == set(sent), "a message is missing, or was never sent"
        keys = {(message["client_id"], message["ref"]) for message in truth}
        assert len(keys) == len(truth), "a ref twice"
        for player in self.players:
            if player.room != room:
                continue
            for number, raw in player.seen.items():
                assert raw == json.dumps(truth[number - 1]), f"{player.name} saw another {number}"
            own = [text for text in texts if text.startswith(player.name + ":")]
            assert own == player.sent, f"{player.name}'s messages are not in its order"

    def read(self, room):
        """All that a newcomer is shown."""
        client = Client(self.server.port)
        joined = client.join(room)
        messages = client.collect(joined["msg_id"], 60)
        client.drop()
        return messages

    def wait_for_messages(self, count):
        wait_until(lambda: sum(p.last for p in self.players) >= count, f"{count} messages")

    def summary(self):
        messages = sum(len(player.sent) for player in self.players)
        reconnects = sum(player.reconnects for player in self.players)
        return (
            f"{self.kills} kills, {messages} messages of {len(self.players)} players, "
            f"{reconnects} reconnects: none lost, doubled, moved or changed"
        )
