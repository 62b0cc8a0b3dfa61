#!/usr/bin/env -S /usr/bin/python3
"""A small server that is right, or wrong in one way once: what `gavel bench` is tested against.

    faulty_server.py MODE

The fault happens in the first room, at its message AT. The victim is the room's last member, so it
should be one that only listens.
"""

import asyncio
import itertools
import sys
import time

import websockets

AT = 50
MODES = {
    "correct": "no fault",
    "skip": "an id is left out",
    "repeat": "a message is delivered twice, under one id",
    "reorder": "two messages of one sender change places, for all alike",
    "swap": "two messages change places, but only for the victim",
    "lose": "a message reaches nobody, and the ids go on as if it had never been",
    "drop": "a message does not reach the victim",
    "withhold": "from then on the victim gets nothing",
    "forge": "a message comes under the client_id of another member",
    "leak": "a message of another room comes in between",
    "twice": "a message is delivered twice, under two ids",
    "alter": "the victim gets a message with a changed byte",
    "refuse": "a message is answered with an error",
    "close": "the victim's connection is closed",
}


class Room:
    def __init__(self, server, mode):
        self.server = server
        self.mode = mode
        self.members = {}  # client_id -> connection
        self.last_id = 0
        self.count = 0
        self.last_text = None
        self.held = None

    @property
    def victim(self):
        return next(reversed(self.members.values()))

    def stamp(self, client_id, text, msg_id=None):
        if msg_id is None:
            self.last_id += 1
            msg_id = self.last_id
        ts = int(time.time() * 1000)
        return f'{{"msg_id":{msg_id},"client_id":{client_id},"ts":{ts},{text[1:]}'

    def deliver(self, stamped, but=None):
        others = [member for member in self.members.values() if member is not but]
        websockets.broadcast(others, stamped)

    async def take(self, client_id, text):
        self.count += 1
        self.last_text = text
        fault = getattr(self, self.mode, None)
        if fault is None or self.count < AT or not await fault(client_id, text):
            self.deliver(self.stamp(client_id, text))

    # Each is asked from message AT on, and says whether it has dealt with the message.

    async def skip(self, client_id, text):
        self.last_id += self.count == AT
        return False

    async def repeat(self, client_id, text):
        if self.count == AT:
            stamped = self.stamp(client_id, text)
            self.deliver(stamped)
            self.deliver(stamped)
        return self.count == AT

    async def twice(self, client_id, text):
        if self.count == AT:
            self.deliver(self.stamp(client_id, text))
        return False

    async def reorder(self, client_id, text):
        if self.count == AT:
            self.held = (client_id, text)
            return True
        if self.held is not None and self.held[0] == client_id:
            self.deliver(self.stamp(client_id, text))
            self.deliver(self.stamp(*self.held))
            self.held = None
            return True
        return False

    async def swap(self, client_id, text):
        if self.count == AT:
            self.held = (client_id, text)
            self.deliver(self.stamp(client_id, text), but=self.victim)
        elif self.count == AT + 1:
            self.deliver(self.stamp(client_id, text), but=self.victim)
            websockets.broadcast([self.victim], self.stamp(client_id, text, self.last_id - 1))
            websockets.broadcast([self.victim], self.stamp(*self.held, self.last_id))
        return self.count <= AT + 1

    async def lose(self, client_id, text):
        return self.count == AT

    async def drop(self, client_id, text):
        if self.count == AT:
            self.deliver(self.stamp(client_id, text), but=self.victim)
        return self.count == AT

    async def withhold(self, client_id, text):
        self.deliver(self.stamp(client_id, text), but=self.victim)
        return True

    async def forge(self, client_id, text):
        if self.count == AT:
            other = next(one for one in self.members if one != client_id)
            self.deliver(self.stamp(other, text))
        return self.count == AT

    async def leak(self, client_id, text):
        other = next((room for room in self.server.rooms.values() if room is not self), None)
        if self.held is None and other is not None and other.last_text is not None:
            self.held = True
            self.deliver(self.stamp(client_id, other.last_text))
        return False

    async def alter(self, client_id, text):
        if self.count == AT:
            stamped = self.stamp(client_id, text)
            self.deliver(stamped, but=self.victim)
            websockets.broadcast([self.victim], stamped[:-3] + "!" + stamped[-2:])
        return self.count == AT

    async def refuse(self, client_id, text):
        if self.count == AT:
            refusal = '{"type":"error","code":"store_full","message":"no space left"}'
            websockets.broadcast([self.members[client_id]], refusal)
        return self.count == AT

    async def close(self, client_id, text):
        if self.count == AT:
            victim = self.victim
            self.members.popitem()
            await victim.close(4000, "on purpose")
        return False


class Server:
    def __init__(self, mode):
        self.mode = mode
        self.rooms = {}
        self.client_ids = itertools.count(1)

    async def serve(self, connection, path):
        room, client_id = None, next(self.client_ids)
        try:
            async for text in connection:
                if room is None:
                    room = self.join(connection, client_id, text)
                else:
                    await room.take(client_id, text)
        except websockets.ConnectionClosed:
            pass
        finally:
            if room is not None:
                room.members.pop(client_id, None)

    def join(self, connection, client_id, text):
        name = text.split('"room":"')[1].split('"')[0]
        if name not in self.rooms:
            self.rooms[name] = Room(self, "correct" if self.rooms else self.mode)
        room = self.rooms[name]
        joined = (
            f'{{"type":"joined","client_id":{client_id},"room":"{name}","epoch":"1",'
            f'"msg_id":{room.last_id},"first":{room.last_id + 1},"last_ref":0,"recovered":true}}'
        )
        websockets.broadcast([connection], joined)
        room.members[client_id] = connection
        return room


async def main(mode):
    server = Server(mode)
    listening = await websockets.serve(server.serve, "127.0.0.1", 0, compression=None)
    port = listening.sockets[0].getsockname()[1]
    print(f"faulty: listening on ws://127.0.0.1:{port}", flush=True)
    await asyncio.Future()


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in MODES:
        sys.exit(f"usage: faulty_server.py {'|'.join(MODES)}")
    asyncio.run(main(sys.argv[1]))
