"""A TCP proxy that stands between client and server and does to the bytes what networks do.

    with Proxy(server.port, seed=1) as proxy:
        client = Client(proxy.port)
        proxy.freeze()             # half-open: nothing passes any more, and nobody is told
        proxy.cut("reset")         # both sides see a reset; "close": both see an end of stream

Each direction is "up" (to the server) or "down". A `Plan` says what happens to one connection.
"""

import random
import socket
import struct
import threading
from dataclasses import dataclass


@dataclass
class Plan:
    """chunk_max: pieces of 1 to so many random bytes are passed on. delay_s: before each piece.
    cut_up, cut_down: after so many bytes that way the connection is cut as `how` says: "close",
    "reset", or "freeze" (half-open)."""

    chunk_max: int = 65536
    delay_s: float = 0
    cut_up: int | None = None
    cut_down: int | None = None
    how: str = "reset"


class Proxy:
    def __init__(self, target_port, plan=None, plans=(), seed=0):
        """plans: of the first connections, one each; plan: of all later ones."""
        self.target_port = target_port
        self.plan = plan or Plan()
        self.plans = list(plans)
        self.seed = seed
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.listener.getsockname()[1]
        self.links = []
        self.is_closed = False
        self.thread = threading.Thread(target=self.accept, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_closed = True
        # accept() does not notice a close of its socket: this wakes it.
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            pass
        self.thread.join(5)
        self.listener.close()
        for link in self.links:
            link.cut("close")

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            if self.is_closed:
                near.close()
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.target_port))
            except OSError:
                near.close()  # the server is away: so is the proxy
                continue
            number = len(self.links)
            plan = self.plans[number] if number < len(self.plans) else self.plan
            self.links.append(Link(near, far, plan, self.seed * 1_000_003 + number))

    def cut(self, how="reset"):
        for link in self.links:
            link.cut(how)

    def freeze(self):
        for link in self.links:
            link.flows.clear()

    def thaw(self):
        for link in self.links:
            link.flows.set()


class Link:
    """One connection through the proxy: a thread each way."""

    def __init__(self, near, far, plan, seed):
        self.near, self.far, self.plan = near, far, plan
        self.flows = threading.Event()
        self.flows.set()
        self.lock = threading.Lock()
        self.is_cut = threading.Event()
        for sock in (near, far):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ways = ((near, far, plan.cut_up, seed * 2), (far, near, plan.cut_down, seed * 2 + 1))
        for way in ways:
            threading.Thread(target=self.pump, args=way, daemon=True).start()

    def pump(self, source, target, cut_at, seed):
        pick = random.Random(seed)
        passed = 0
        try:
            while data := source.recv(65536):
                while data:
                    size = pick.randint(1, self.plan.chunk_max)
                    if cut_at is not None:
                        size = min(size, cut_at - passed)
                    # One that waits on an event wakes up at once when the link is cut.
                    if self.plan.delay_s and self.is_cut.wait(self.plan.delay_s):
                        return
                    self.flows.wait()
                    if self.is_cut.is_set():
                        return
                    target.sendall(data[:size])
                    passed += len(data[:size])
                    data = data[size:]
                    if passed == cut_at:
                        self.cut(self.plan.how)
                        self.flows.wait()
                        return
            self.flows.wait()
            if not self.is_cut.is_set():
                target.shutdown(socket.SHUT_WR)
        except OSError:
            self.cut("close")

    def cut(self, how):
        if how == "freeze":
            self.flows.clear()
            return
        with self.lock:
            if self.is_cut.is_set():
                return
            self.is_cut.set()
        self.flows.set()
        for sock in (self.near, self.far):
            try:
                if how == "reset":
                    linger = struct.pack("ii", 1, 0)
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                # Wakes the thread that reads it: until then the kernel does not close it.
                sock.shutdown(socket.SHUT_RD if how == "reset" else socket.SHUT_RDWR)
                sock.close()
            except OSError:
                pass
