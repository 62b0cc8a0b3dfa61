"""A membership that outlives its connections: asyncio, on the package websockets."""

import asyncio
import inspect
import json
import random

import websockets

from .codes import CLOSE_CODES, ERROR_CODES
from .errors import GavelError
from .outbox import Outbox

LATER_S, STEADY_S, LEAVE_S = 1, 5, 2
EVENTS = ("message", "joined", "gap", "state", "error")
MESSAGE_BYTES_MAX = 16 << 20
LOST = 1006
END = object()


def may_reconnect(code):
    if code in CLOSE_CODES:
        return CLOSE_CODES[code].reconnect
    if 4100 <= code < 4200:
        return "no"
    return "resume" if 4000 <= code < 4100 else "yes"


async def join(url, room, **options):
    """Returns at the first `joined`; raises GavelError where joining can't succeed. Options: token
    (a string, or a function that gets one, asked before each connection), since (a msg_id or
    "latest"), epoch, resume, timeout_s, answer_s, backoff_s (first, most), queue_max."""
    joining = Room(url, room, **options)
    try:
        await asyncio.wait_for(asyncio.shield(joining.started), joining.timeout_s)
    except asyncio.TimeoutError:
        joining.end(GavelError("timeout", f"no answer from {url} in time"))
        await joining.started
    except asyncio.CancelledError:
        joining.end(None)
        raise
    joining.loop.call_soon(joining.release)  # when the caller has put up its handlers
    return joining


class Room:
    def __init__(
        self,
        url,
        name,
        *,
        token=None,
        since=0,
        epoch="",
        resume=None,
        timeout_s=10,
        answer_s=10,
        backoff_s=(0.25, 10),
        queue_max=1000,
    ):
        self.url, self.name, self.token = url, name, token
        self.since, self.epoch, self.resume = since, epoch, resume
        self.timeout_s, self.answer_s, self.backoff_s = timeout_s, answer_s, backoff_s
        self.client_id = self.last_id = 0
        self.state = "connecting"
        self.held, self.released = [], asyncio.Event()  # what comes before the handlers are up
        self.writing = asyncio.Lock()  # messages go out in the order of their refs
        self.outbox = Outbox(queue_max)
        self.handlers = {event: [] for event in EVENTS}
        self.readers = []
        self.loop = asyncio.get_running_loop()
        self.started = self.loop.create_future()
        self.socket = None
        self.left = None
        self.attempts = 0
        self.joined_at = self.heard_at = 0.0
        self.caught_up_at, self.past_is_known, self.caught_up = 0, True, False
        self.blocked = None
        self.echoed = 0
        self.last_error = ""
        self.retry_after_s = 0.0
        self.task = self.loop.create_task(self.run())

    def on(self, event, handler):
        """Returns a function that takes the handler away again."""
        self.handlers[event].append(handler)
        return lambda: self.handlers[event].remove(handler)

    def send(self, message):
        """A future: the message's msg_id, when it came back in the room's order."""
        if self.state == "closed":
            raise GavelError("closed", "the room was left")
        echo = self.outbox.add(message)
        self.flush()
        return echo

    async def leave(self):
        """Leaves for good. What has not come back by now is refused."""
        if self.state == "joined" and self.socket:
            self.left = self.loop.create_future()
            self.transmit('{"type":"leave"}')
            ends = [self.left, self.task]
            await asyncio.wait(ends, timeout=LEAVE_S, return_when=asyncio.FIRST_COMPLETED)
        self.end(None)
        await asyncio.wait([self.task])

    @property
    def session(self):
        """To come back as the same player later: join(url, room, **session)."""
        return {"epoch": self.epoch, "since": self.last_id, "resume": self.resume}

    async def __aiter__(self):
        unread = asyncio.Queue()
        self.readers.append(unread)
        try:
            while self.state != "closed" or not unread.empty():
                message = await unread.get()
                if message is END:
                    return
                if isinstance(message, GavelError):
                    raise message
                yield message
        finally:
            if unread in self.readers:
                self.readers.remove(unread)

    # --- connections ---

    async def run(self):
        while self.state != "closed":
            code, reason = await self.connection()
            self.socket, self.caught_up = None, False
            if self.blocked:
                self.blocked.cancel()
                self.blocked = None
            if self.state == "closed" or self.left:
                return self.end(None)
            how = may_reconnect(code)
            if how == "no":
                row = CLOSE_CODES.get(code)
                name, meaning = (row.name, row.meaning) if row else (str(code), "closed")
                return self.end(GavelError(name, reason or meaning))
            self.outbox.lost()
            if self.joined_at and self.loop.time() - self.joined_at > STEADY_S:
                self.attempts = 0
            self.joined_at = 0
            if self.started.done():
                self.set_state("reconnecting")
            first, most = self.backoff_s
            wait = min(most, first * 2 ** min(max(0, self.attempts - 1), 16))
            wait *= random.uniform(0.5, 1)
            await asyncio.sleep(wait + max(self.retry_after_s, LATER_S if how == "yes" else 0))
            self.retry_after_s = 0

    async def connection(self):
        """One connection; how it ended."""
        self.attempts += 1
        try:
            token = self.token() if callable(self.token) else self.token
            token = await token if inspect.isawaitable(token) else token
            self.socket = await asyncio.wait_for(
                websockets.connect(self.url, max_size=MESSAGE_BYTES_MAX, max_queue=None),
                self.timeout_s,
            )
            fields = {"room": self.name, "since": self.since, "epoch": self.epoch}
            fields.update(resume=self.resume, token=token)
            given = {name: value for name, value in fields.items() if value not in (None, "")}
            await self.socket.send(json.dumps({"type": "join", **given}))
            self.heard_at = self.loop.time()
            while True:
                over = await self.read_some()
                if over:
                    return over
                if self.joined_at:
                    await self.released.wait()
        except websockets.ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else LOST
            return code, (closed.rcvd.reason if closed.rcvd else "") or self.last_error
        except (OSError, asyncio.TimeoutError, websockets.WebSocketException) as error:
            return LOST, str(error)
        finally:
            if self.socket:
                self.loop.create_task(self.socket.close())

    async def read_some(self):
        """Handles one message; (code, reason) where the connection is to be given up."""
        try:
            text = await asyncio.wait_for(self.socket.recv(), self.answer_s)
        except asyncio.TimeoutError:
            is_due = not self.joined_at or self.outbox.is_waiting()
            return (LOST, "no answer") if is_due else None
        self.heard_at = self.loop.time()
        return self.receive(text)

    def end(self, error):
        if self.state == "closed":
            return
        refusal = error or GavelError("closed", "the room was left")
        self.outbox.refuse(refusal)
        if not self.started.done():
            self.started.set_exception(refusal)
        elif error:
            self.emit("error", error)
        self.set_state("closed")
        for unread in self.readers:
            unread.put_nowait(error or END)
        if asyncio.current_task() is not self.task:
            self.task.cancel()

    def set_state(self, state):
        if self.state != state:
            self.state = state
            self.emit("state", state)

    def release(self):
        held, self.held = self.held, None
        for event, detail in held:
            self.emit(event, detail)
        self.released.set()

    def emit(self, event, detail):
        if self.held is not None:
            self.held.append((event, detail))
            return
        for handler in list(self.handlers[event]):
            handler(detail)

    def transmit(self, text):
        self.loop.create_task(self.write(self.socket, [text]))

    async def write(self, socket, texts):
        try:
            async with self.writing:
                for text in texts:
                    await socket.send(text)
        except websockets.ConnectionClosed:
            pass  # the reader sees it, too

    # --- what the server says ---

    def receive(self, text):
        try:
            message = json.loads(text)
        except ValueError:
            return self.violation("bad_frame", "the server sent what is not JSON")
        kind = message.get("type")
        if kind == "joined":
            self.on_joined(message)
        elif kind == "left":
            if self.left and not self.left.done():
                self.left.set_result(None)
        elif kind == "duplicate":
            self.outbox.duplicate(message["ref"])
        elif kind == "error" and "msg_id" not in message:
            return self.on_error(message)
        else:
            return self.on_message(message)
        return None

    def on_joined(self, joined):
        first, since = joined["first"], self.since
        after = self.last_id or (first - 1 if since == "latest" else since)
        epoch_changed = self.epoch not in ("", joined["epoch"])
        is_gap = epoch_changed or first != after + 1
        if is_gap and joined["recovered"] and after > 0:
            self.violation("order", f"recovered behind {after}, but goes on at {first}")
        if epoch_changed or joined["client_id"] != self.client_id or first <= self.last_id:
            self.echoed = 0
        self.client_id, self.epoch = joined["client_id"], joined["epoch"]
        self.resume = joined["resume"] or None
        self.since = self.last_id = first - 1
        self.caught_up_at = joined["msg_id"]
        self.past_is_known = joined["recovered"] or epoch_changed
        self.joined_at = self.loop.time()
        self.outbox.joined(self.client_id, joined["last_ref"])
        self.set_state("joined")
        self.emit("joined", joined)
        if is_gap or not joined["recovered"]:
            gap = {"after": after, "next": first, "epoch_changed": epoch_changed}
            self.emit("gap", {**gap, "epoch": self.epoch})
        if not self.started.done():
            self.started.set_result(self)
        self.check_caught_up()

    def on_message(self, message):
        msg_id, client, ref = message["msg_id"], message["client_id"], message.get("ref")
        if msg_id <= self.last_id:
            return self.violation("repeat", f"message {msg_id} came again after {self.last_id}")
        if msg_id != self.last_id + 1:
            self.violation("order", f"message {msg_id} came after {self.last_id}")
            return LOST, "a hole in the room's order"  # what is missing comes on the next one
        self.since = self.last_id = msg_id
        is_own = client == self.client_id and ref is not None
        if is_own and ref <= self.echoed:
            self.violation("sender_order", f"own message {ref} came after {self.echoed}")
        elif is_own:
            self.echoed = ref
        self.emit("message", message)
        for unread in self.readers:
            unread.put_nowait(message)
        if ref is not None:
            self.outbox.echo(client, ref, msg_id)
        if not self.caught_up:
            self.check_caught_up()
        elif is_own:
            self.flush()
        return None

    def check_caught_up(self):
        if self.last_id >= self.caught_up_at:
            self.caught_up = True
            self.outbox.caught_up(self.client_id, self.past_is_known)
            self.flush()

    def on_error(self, error):
        code, ref, row = error["code"], error.get("ref"), ERROR_CODES.get(error["code"])
        self.last_error = error["message"]
        wait = error.get("retry_after_ms", 0) / 1000
        if row and row.close:
            return None  # the close code decides
        if not self.joined_at:
            if row and row.retry:
                self.retry_after_s = wait
                return 1013, error["message"]
            self.end(GavelError(code, error["message"]))
            return 1000, ""
        if ref is not None and row and row.retry:
            self.outbox.again(ref)
            if not self.blocked:
                self.blocked = self.loop.call_later(wait or self.backoff_s[0], self.unblock)
            return None
        refusal = GavelError(code, error["message"], ref)
        if ref is not None:
            self.outbox.refuse(refusal)
        self.emit("error", refusal)
        return None

    def unblock(self):
        self.blocked = None
        self.flush()

    def flush(self):
        if self.state == "joined" and self.caught_up and not self.blocked:
            texts = self.outbox.take(self.client_id)
            if texts:
                self.loop.create_task(self.write(self.socket, texts))

    def violation(self, code, text):
        self.emit("error", GavelError(code, text))
