"""The console in a real browser (browser/console.mjs), over a server with players in it."""

import os
import shutil
import subprocess
import threading

import pytest
from admin.description import ROOT
from admin.server import AdminServer
from support.client import Closed
from support.wait import stretched, wait_until

BROWSER = ROOT / "tests/admin/browser"
KEY = "a key of the console's test"


@pytest.fixture(scope="module")
def playwright():
    if not (BROWSER / "node_modules/playwright-core").exists():
        command = ["npm", "ci", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=BROWSER, check=True, timeout=stretched(300))


@pytest.fixture
def lively(server):
    """Three players who talk until the test ends."""
    clients = [server.joined("lively") for _ in range(3)]
    over = threading.Event()

    def talk():
        while not over.wait(0.05):
            for client in clients:
                client.send_json({"type": "move", "x": 1})
            for client in clients:
                client.collect(3)

    thread = threading.Thread(target=talk)
    thread.start()
    yield clients
    over.set()
    thread.join()


class Watcher:
    """A player who only listens (and so answers pings) until he is closed."""

    def __init__(self, client):
        self.client = client
        self.closed = None
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        try:
            while True:
                self.client.recv(600)
        except Closed as closed:
            self.closed = closed
        except OSError:
            pass  # the test dropped the connection


@pytest.fixture
def keyed(tmp_path):
    path = tmp_path / "admin.key"
    path.write_text(KEY + "\n")
    with AdminServer(args=["--admin-key-file", str(path)]) as running:
        running.find_admin_port()
        yield running


def test_the_console_works_in_a_browser(server, lively, keyed, playwright):
    Watcher(server.joined("quiet"))
    odd = [server.joined("odd/ä <b>") for _ in range(2)]
    odd[0].send_json({"type": "chat", "text": "<img src=x onerror=alert(1)>"})
    odd[0].send_json({"type": "chat", "text": "\u202ereversed"})
    watchers = [Watcher(client) for client in odd]
    server.find_admin_port()
    done = subprocess.run(
        [
            "node",
            "console.mjs",
            f"http://127.0.0.1:{server.admin_port}",
            f"http://127.0.0.1:{keyed.admin_port}",
            KEY,
        ],
        cwd=BROWSER,
        env={"CHROMIUM": shutil.which("chromium"), **os.environ},
        capture_output=True,
        text=True,
        timeout=stretched(400),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # The slowest first, then by client_id: the first of two was kicked, after the notice.
    watchers.sort(key=lambda watcher: watcher.client.joined["client_id"])
    kicked, other = watchers
    closed = wait_until(lambda: kicked.closed, "kicked")
    assert (closed.code, closed.reason) == (4101, "seen in a browser")
    notices = [obj for obj, _ in list(other.client.seen) if obj["type"] == "notice"]
    assert [(obj["client_id"], obj["text"]) for obj in notices] == [(0, "five minutes left")]
    assert other.closed is None
