"""All parts of the server at once, as fast as the clients can. Also the run for ThreadSanitizer.

Clients on threads send blocks of frames into rooms on all of the server's threads, while others
join, leave, resume and vanish, and the admin address is asked for figures. What every member saw is
compared in the end, byte for byte.
"""

import json
import re
import threading

from support.client import Client, Closed, frame
from support.gavel import Server

ROOMS, MEMBERS, BLOCKS, BLOCK = 6, 3, 20, 100
MESSAGE_ID = re.compile(rb'\{"msg_id":(\d+),')


class Member(threading.Thread):
    """Sends its blocks, each when the one before has come back; keeps what it saw."""

    def __init__(self, server, room):
        super().__init__()
        self.client = server.joined(room)
        self.error = None

    def run(self):
        try:
            block = frame(json.dumps({"type": "chat", "text": "x" * 60})) * BLOCK
            own = f'"client_id":{self.client.joined["client_id"]},'.encode()
            for _ in range(BLOCKS):
                self.client.send_bytes(block)
                back = 0
                while back < BLOCK:
                    self.client.recv()
                    back += own in self.client.seen[-1][1][:60]
            while len(self.client.seen) < MEMBERS * BLOCKS * BLOCK:
                self.client.recv()
        except (AssertionError, Closed) as error:
            self.error = error


class Churn(threading.Thread):
    """Joins rooms that are in use, leaves, resumes, vanishes, and asks for figures."""

    def __init__(self, server, stop):
        super().__init__()
        self.server, self.stop = server, stop
        self.error = None
        self.rounds = 0

    def run(self):
        try:
            while not self.stop.is_set():
                self.play(f"load-{self.rounds % ROOMS}", f"load-{(self.rounds + 1) % ROOMS}")
                self.rounds += 1
        except (AssertionError, Closed) as error:
            self.error = error

    def play(self, room, other):
        client = Client(self.server.port)
        joined = client.join(room, since="latest")
        client.leave()
        client.join(other, since="latest")
        client.drop()
        again = Client(self.server.port)
        again.join(room, resume=joined["resume"], since="latest")
        again.reset()
        assert self.server.admin("/api/v1/stats")[0] == 200
        assert self.server.admin("/api/v1/rooms")[0] == 200


def test_full_load_on_all_threads_keeps_every_room_in_one_order():
    with Server(threads=3) as server:
        members = [[Member(server, f"load-{r}") for _ in range(MEMBERS)] for r in range(ROOMS)]
        stop = threading.Event()
        churn = [Churn(server, stop) for _ in range(2)]
        everybody = [member for room in members for member in room]
        for thread in everybody + churn:
            thread.start()
        for thread in everybody:
            thread.join()
        stop.set()
        for thread in churn:
            thread.join()
        assert [thread.error for thread in everybody + churn if thread.error] == []
        assert all(thread.rounds > 0 for thread in churn)
        for room in members:
            streams = [[raw for _, raw in member.client.seen] for member in room]
            assert streams[0] == streams[1] == streams[2]
            ids = [int(MESSAGE_ID.match(raw)[1]) for raw in streams[0]]
            assert ids == list(range(1, MEMBERS * BLOCKS * BLOCK + 1))
        server.stop()
