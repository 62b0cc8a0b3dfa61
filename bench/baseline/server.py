#!/usr/bin/env -S /usr/bin/python3
"""The usual design of such a server in Python, to compare with: asyncio and `websockets`.

A room has a queue, and a task that takes messages off it, gives each the next msg_id and sends it
to all members. It speaks enough of gavel's protocol for `gavel bench` to drive and check it: join,
joined, room messages. It is as fast as this design gets without changing it: JSON is encoded once
a message, and websockets.broadcast() (made for this) sends it. It keeps nothing, and has no limits.

    bench/baseline/server.py [--port N]
"""

import argparse
import asyncio
import itertools
import json
import time

import websockets


class Room:
    def __init__(self, name):
        self.name = name
        self.members = {}  # client_id -> connection
        self.queue = asyncio.Queue()
        self.last_id = 0
        self.task = asyncio.create_task(self.listen())

    async def listen(self):
        while True:
            client_id, fields = await self.queue.get()
            self.last_id += 1
            message = {
                "msg_id": self.last_id,
                "client_id": client_id,
                "ts": int(time.time() * 1000),
                **fields,
            }
            text = json.dumps(message, separators=(",", ":"), ensure_ascii=False)
            websockets.broadcast(self.members.values(), text)


class Server:
    def __init__(self):
        self.rooms = {}
        self.client_ids = itertools.count(1)

    async def serve(self, connection, path):
        room = client_id = None
        try:
            async for text in connection:
                fields = json.loads(text)
                if room is not None:
                    for reserved in ("msg_id", "client_id", "ts"):
                        fields.pop(reserved, None)
                    room.queue.put_nowait((client_id, fields))
                elif fields.get("type") == "join":
                    client_id = next(self.client_ids)
                    room = await self.join(connection, client_id, fields["room"])
        except websockets.ConnectionClosed:
            pass
        finally:
            if room is not None:
                self.leave(room, client_id)

    async def join(self, connection, client_id, name):
        room = self.rooms.get(name)
        if room is None:
            room = self.rooms[name] = Room(name)
        joined = {
            "type": "joined",
            "client_id": client_id,
            "room": name,
            "msg_id": room.last_id,
            "first": room.last_id + 1,
        }
        # Written at once, and a member from then on: nothing can come in between.
        websockets.broadcast([connection], json.dumps(joined))
        room.members[client_id] = connection
        return room

    def leave(self, room, client_id):
        del room.members[client_id]
        if not room.members:
            room.task.cancel()
            del self.rooms[room.name]


async def main(port):
    server = Server()
    listening = await websockets.serve(
        server.serve, "127.0.0.1", port, compression=None, max_queue=1024, backlog=4096
    )
    port = listening.sockets[0].getsockname()[1]
    print(f"baseline: listening on ws://127.0.0.1:{port}", flush=True)
    await asyncio.Future()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="The usual design, in Python")
    options.add_argument("--port", type=int, default=0, help="0: a free one [0]")
    try:
        asyncio.run(main(options.parse_args().port))
    except KeyboardInterrupt:
        pass
