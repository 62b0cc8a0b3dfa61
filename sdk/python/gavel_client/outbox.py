"""What was sent and has not come back yet, in the order of its refs."""

import asyncio
import json
from dataclasses import dataclass

from .errors import GavelError

# As many messages are on their way at once; each echo allows one more. After a refusal for being
# too fast it starts again with one, so that what is sent again is not refused again.
WINDOW_FIRST, WINDOW_MAX = 32, 256


@dataclass
class Item:
    ref: int
    text: str
    echo: asyncio.Future
    client: int = 0  # the player under whose id it was sent; 0: it was never sent
    sent: bool = False  # it is on its way on the present connection
    kept: bool = False  # the server has it; its echo is still to come


class Outbox:
    def __init__(self, most):
        self.most = most
        self.items = []
        self.window = WINDOW_FIRST
        self.last_ref = 0

    def add(self, message):
        """A future: the message's msg_id, or 0 where it is kept but its echo is trimmed."""
        if len(self.items) >= self.most:
            raise GavelError("queue_full", f"{self.most} messages wait for an answer already")
        self.last_ref += 1
        text = json.dumps({**message, "ref": self.last_ref}, separators=(",", ":"))
        echo = asyncio.get_running_loop().create_future()
        echo.add_done_callback(lambda done: done.cancelled() or done.exception())
        self.items.append(Item(self.last_ref, text, echo))
        return echo

    def take(self, client):
        """The texts that may go out now, as player `client`."""
        room, texts = self.window, []
        for item in self.items:
            if item.kept:
                continue
            if room <= 0:
                break
            room -= 1
            if not item.sent:
                item.sent, item.client = True, client
                texts.append(item.text)
        return texts

    def is_waiting(self):
        return any(item.sent or item.kept for item in self.items)

    def lost(self):
        for item in self.items:
            item.sent = False

    def joined(self, client, last_ref):
        self.last_ref = max(self.last_ref, last_ref)
        for item in self.items:
            item.kept = item.client == client and item.ref <= last_ref

    def caught_up(self, client, past_is_known):
        """All that was in the room at the join has been seen."""
        left = []
        for item in self.items:
            if item.kept:
                settle(item, 0)
            elif item.client not in (0, client) and not past_is_known:
                refuse(item, GavelError("fate_unknown", "nobody can tell", item.ref))
            else:
                left.append(item)
        self.items = left

    def echo(self, client, ref, msg_id):
        for at, item in enumerate(self.items):
            if item.ref == ref and item.client == client:
                break
        else:
            return
        self.window = min(self.window + 1, WINDOW_MAX)
        # A sender's messages keep their order: earlier ones that are kept have gone by.
        for earlier in self.items[:at]:
            if earlier.kept:
                settle(earlier, 0)
        self.items = [i for i in self.items[:at] if not i.kept] + self.items[at + 1 :]
        settle(item, msg_id)

    def duplicate(self, ref):
        for item in self.items:
            item.kept = item.kept or item.ref == ref

    def again(self, ref):
        """To be sent again, and all behind it."""
        self.window = 1
        for item in self.items:
            if item.ref >= ref:
                item.sent = False

    def refuse(self, error):
        """The message that the error names; all, where it names none."""
        for item in self.items:
            if error.ref in (None, item.ref):
                refuse(item, error)
        self.items = [item for item in self.items if error.ref not in (None, item.ref)]


def settle(item, msg_id):
    if not item.echo.done():
        item.echo.set_result(msg_id)


def refuse(item, error):
    if not item.echo.done():
        item.echo.set_exception(error)
