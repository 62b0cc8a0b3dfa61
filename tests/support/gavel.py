"""Runs the server under test.

    with Server(store="memory", threads=2, args=["--echo"]) as server:
        client = server.client()

GAVEL_BIN names the binary (build/dev/gavel by default). A server that leaves the `with` alive is
stopped with SIGTERM and must exit with 0; a sanitizer's report in its log fails the test.
"""

import json
import os
import pathlib
import re
import signal
import urllib.error
import urllib.request

from support.client import Client
from support.process import Process
from support.wait import stretched

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LISTENING = re.compile(r"^gavel: listening on wss?://([^:]+|\[.*\]):(\d+)")
ADMIN = re.compile(r"^gavel: admin on http://([^:]+|\[.*\]):(\d+)")
SANITIZER = re.compile(
    r"==\d+==(?:ERROR|WARNING): |runtime error: |ThreadSanitizer: |LeakSanitizer: "
)


def gavel_binary():
    return pathlib.Path(os.environ.get("GAVEL_BIN") or ROOT / "build/dev/gavel")


class Server:
    def __init__(self, store="memory", threads=2, args=(), env=None, cwd=None, binary=None):
        self.store = store
        self.threads = threads
        self.args = list(args)
        # GAVEL_… are options of the server; those of the tests are none of its business.
        own = {name: value for name, value in os.environ.items() if not name.startswith("GAVEL_")}
        self.env = {**own, **(env or {})}
        self.cwd = cwd
        self.binary = binary or gavel_binary()
        self.port = 0
        self.admin_port = 0
        self.process = None
        self.earlier_logs = []
        self.clients = []

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, error, trace):
        for client in self.clients:
            client.drop()
        if kind is not None:
            self.process.kill()
            print(f"--- the server's log:\n{self.log[-6000:]}")
            return
        if self.process.is_running():
            self.stop()
        self.check_log()

    def start(self):
        """Starts it, on the ports that it had before, if it had any; returns when it is ready."""
        command = [
            self.binary,
            "serve",
            "--listen",
            f"127.0.0.1:{self.port}",
            "--admin",
            f"127.0.0.1:{self.admin_port}",
            "--store",
            self.store,
            "--threads",
            self.threads,
            *self.args,
        ]
        self.process = Process(command, self.env, self.cwd)
        try:
            self.port = int(self.process.wait_for_line(LISTENING)[2])
        except BaseException:
            self.process.kill()
            raise

    def stop(self, seconds=20):
        """SIGTERM; it must exit with 0."""
        self.process.signal(signal.SIGTERM)
        status = self.process.wait(seconds)
        assert status == 0, f"exit status {status} after SIGTERM\n{self.log[-6000:]}"

    def kill9(self):
        self.process.kill()

    def restart(self, kill=True):
        """Ends it (kill -9, or a clean stop) and starts it again, on the same ports and store."""
        if kill:
            self.kill9()
        else:
            self.stop()
        self.earlier_logs.append(self.process.stderr)
        self.start()

    @property
    def pid(self):
        return self.process.pid

    @property
    def log(self):
        return "".join(self.earlier_logs) + self.process.stderr

    def check_log(self):
        report = SANITIZER.search(self.log)
        assert not report, f"a sanitizer's report:\n{self.log[report.start():][:6000]}"

    def client(self, **options):
        """A WebSocket client with its handshake done; dropped when the server ends."""
        client = Client(self.port, **options)
        self.clients.append(client)
        return client

    def joined(self, room, fields=None, **options):
        """A client that is in the room; what it was told stands in client.joined."""
        client = self.client(**options)
        client.join(room, **(fields or {}))
        return client

    def admin(self, path, method="GET", body=None, headers=None):
        """(status, text) of a request to the admin address."""
        if self.admin_port == 0:
            self.admin_port = int(self.process.wait_for_line(ADMIN)[2])
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.admin_port}{path}",
            method=method,
            data=body,
            headers=headers or {},
        )
        try:
            with urllib.request.urlopen(request, timeout=stretched(20)) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def stats(self):
        status, text = self.admin("/api/v1/stats")
        assert status == 200, text
        return json.loads(text)
