"""The console in a real browser (browser/console.mjs), over a server with players in it."""

import os
import subprocess
import threading

import pytest
from admin.description import ROOT
from admin.server import AdminServer
from support.wait import stretched

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


@pytest.fixture
def keyed(tmp_path):
    path = tmp_path / "admin.key"
    path.write_text(KEY + "\n")
    with AdminServer(args=["--admin-key-file", str(path)]) as running:
        running.find_admin_port()
        yield running


def test_the_console_works_in_a_browser(server, lively, keyed, playwright):
    server.joined("quiet")
    odd = [server.joined("odd/ä <b>") for _ in range(2)]
    odd[0].send_json({"type": "chat", "text": "<img src=x onerror=alert(1)>"})
    odd[0].send_json({"type": "chat", "text": "\u202ereversed"})
    odd[0].collect(2)
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
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=stretched(400),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # The slowest first, then by client_id: the first of two was kicked, after the notice.
    odd.sort(key=lambda client: client.joined["client_id"])
    closed = odd[0].expect_close()
    assert (closed.code, closed.reason) == (4101, "seen in a browser")
    notice = odd[1].until(lambda obj: obj.get("type") == "notice")
    assert (notice["client_id"], notice["text"]) == (0, "five minutes left")
