"""kill -9 at any moment (promises P1 to P6): what anybody saw stays, and what was sent is there
once. tools/crash-test runs the same for as long as one likes."""

import os
import signal
import subprocess

import pytest
from support.client import Closed
from support.crash import CrashRun
from support.gavel import Server, gavel_binary


@pytest.fixture
def store(tmp_path):
    return f"rocks:{tmp_path / 'store'}"


@pytest.mark.parametrize(("durability", "kills"), [("written", 20), ("synced", 8)])
def test_players_notice_no_more_of_kills_than_a_lost_connection(store, durability, kills):
    with Server(store=store, args=["--durability", durability]) as server:
        run = CrashRun(server, rooms=3, players=2, seed=kills)
        run.play(kills=kills)
        run.judge()
        assert run.kills >= kills and all(player.sent for player in run.players)
        print(run.summary())


def test_a_clean_stop_loses_nothing_either(store):
    with Server(store=store) as server:
        client = server.joined("room")
        for number in range(200):
            client.send_json({"type": "chat", "n": number})
        shown = [obj for obj in client.collect(200)]
        server.restart(kill=False)
        newcomer = server.joined("room")
        assert newcomer.joined["epoch"] == client.joined["epoch"]
        assert newcomer.collect(200) == shown


def test_a_ref_is_remembered_across_a_kill(store):
    with Server(store=store) as server:
        client = server.joined("room")
        for ref in (1, 2, 3):
            client.send_json({"type": "chat", "ref": ref})
        client.collect(3)
        server.restart()
        again = server.client()
        joined = again.join(
            "room", since=3, epoch=client.joined["epoch"], resume=client.joined["resume"]
        )
        assert joined["resumed"] and joined["last_ref"] == 3
        assert joined["client_id"] == client.joined["client_id"]
        again.send_json({"type": "chat", "ref": 3})
        assert again.recv() == {"type": "duplicate", "ref": 3}
        again.send_json({"type": "chat", "ref": 4})
        assert again.collect(1)[0]["msg_id"] == 4


def test_a_directory_that_was_deleted_means_another_epoch(tmp_path):
    store = f"rocks:{tmp_path / 'store'}"
    with Server(store=store) as server:
        client = server.joined("room")
        client.send_json({"type": "chat"})
        client.collect(1)
        server.stop()
        subprocess.run(["rm", "-r", tmp_path / "store"], check=True)
        server.start()
        again = server.client()
        joined = again.join("room", since=1, epoch=client.joined["epoch"])
        assert joined["epoch"] != client.joined["epoch"]
        assert joined["recovered"] is False and joined["first"] == 1


def test_a_second_server_on_the_directory_is_refused(store):
    with Server(store=store) as server:
        second = subprocess.run(
            [gavel_binary(), "serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
            + ["--store", store],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert second.returncode == 1
        assert f"in use by process {server.pid}" in second.stderr


def test_a_slow_reader_gets_everything_from_the_store(store):
    with Server(store=store, args=["--backlog-bytes", "64KiB"]) as server:
        slow = server.joined("room", receive_buffer=4096)
        sender = server.joined("room", {"since": "latest"})
        count, text = 6000, "x" * 500  # 3 MB: far more than the backlog and the socket hold
        for number in range(count):
            sender.send_json({"type": "chat", "n": number, "text": text})
            if number % 50 == 49:
                sender.collect(50)
        assert [obj["n"] for obj in slow.collect(count)] == list(range(count))
        sender.send_json({"type": "chat", "n": "live"})
        assert slow.collect(1)[0]["n"] == "live"


def test_a_full_disk_refuses_messages_and_recovers(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("may not mount here")
    try:
        fill_and_recover(disk)
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def fill_and_recover(disk):
    text = "x" * 2000
    with Server(store=f"rocks:{disk / 'store'}") as server:
        client = server.joined("room")
        refused = None
        number = 0
        while not refused:
            number += 1
            assert number < 20_000, "8 MB took 40 MB"
            client.send_json({"type": "chat", "text": text})
            answer = client.recv()
            refused = answer if answer["type"] == "error" else None
        assert refused["code"] == "store_full"
        kept = len(client.seen)
        assert server.joined("room").collect(kept)[-1]["msg_id"] == kept, "reading goes on"
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        while len(client.seen) == kept:
            client.send_json({"type": "chat", "text": "again"})
            client.recv()
        assert client.seen[-1][0]["msg_id"] == kept + 1


def test_a_server_that_is_stopped_by_the_kernel_for_a_while_loses_nothing(store):
    with Server(store=store) as server:
        client = server.joined("room")
        client.send_json({"type": "chat", "n": 1})
        client.collect(1)
        server.process.signal(signal.SIGSTOP)
        client.send_json({"type": "chat", "n": 2})
        server.process.signal(signal.SIGCONT)
        try:
            assert client.collect(1)[0]["msg_id"] == 2
        except Closed as closed:
            raise AssertionError("closed though it was away for a moment only") from closed
