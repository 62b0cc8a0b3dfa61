"""Power cuts and disks that fail (rows F4, F5, F27, F28), with a libc that is in trouble."""

import pytest
from support.client import Closed
from support.crash import CrashRun
from support.power import FaultyServer
from support.wait import wait_until


def test_synced_a_power_cut_loses_nothing_that_was_shown(tmp_path):
    """F5, P3: at `synced` what anyone saw is on the disk."""
    with FaultyServer(tmp_path, args=["--durability", "synced"]) as server:
        run = CrashRun(server, rooms=3, players=3, seed=5)
        run.play(kills=8)
        run.judge()
        assert server.power_cuts >= 8


def test_written_a_power_cut_begins_a_new_epoch_and_says_so(tmp_path):
    """F4, P6: at `written` the tail may be gone; an id is never used for another message."""
    with FaultyServer(tmp_path, args=["--durability", "written"]) as server:
        seen = {}  # text by (epoch, msg_id)
        epoch, last, resume = None, 0, None
        for life in range(4):
            client = server.client()
            join = {"since": last, "epoch": epoch, "resume": resume} if epoch else {}
            joined = client.join("power", **join)
            if epoch:
                assert joined["epoch"] != epoch
                assert joined["recovered"] is False
            epoch, resume = joined["epoch"], joined["resume"]
            last = joined["msg_id"]
            for number in range(200):
                client.send_json({"type": "move", "text": f"{life}:{number}"})
                message = client.recv()
                while message.get("text") != f"{life}:{number}":
                    message = client.recv()
                assert message["msg_id"] == last + 1
                last = message["msg_id"]
                assert seen.setdefault((epoch, last), message["text"]) == message["text"]
            server.power_cut()
        assert server.bytes_lost > 0, "nothing was cut off: the test tests nothing"


def test_an_fsync_that_fails_ends_the_server_and_nothing_shown_is_lost(tmp_path):
    """F27: a second fsync may lie, so there is none."""
    with FaultyServer(
        tmp_path, faults={"FAULTY_SYNC_EIO": "60"}, args=["--durability", "synced"]
    ) as server:
        client = server.joined("eio")
        seen = []
        try:
            for number in range(1000):
                client.send_json({"type": "move", "text": str(number)})
                seen.append(client.recv()["text"])
        except (Closed, OSError):
            pass
        assert 0 < len(seen) < 1000
        wait_until(lambda: not server.process.is_running(), "the end of the server", 60)
        assert server.process.popen.returncode != 0
        assert "fsync failed, so what is on the disk can't be known" in server.log
        del server.env["FAULTY_SYNC_EIO"]
        server.power_cut()
        again = server.client()
        assert again.join("eio")["msg_id"] >= len(seen)
        assert [again.recv()["text"] for _ in seen] == seen


def test_a_slow_disk_delays_and_loses_nothing(tmp_path):
    with FaultyServer(
        tmp_path, faults={"FAULTY_SYNC_MS": "50"}, args=["--durability", "synced"]
    ) as server:
        run = CrashRun(server, rooms=2, players=2, seed=7)
        run.play(kills=2)
        run.judge()


@pytest.mark.parametrize("durability", ["written", "synced"])
def test_short_and_interrupted_calls_are_invisible(tmp_path, durability):
    """F28: a call that does less than it was asked for is an ordinary thing."""
    with FaultyServer(
        tmp_path,
        faults={"FAULTY_SHORT": "3"},
        restart_cuts=False,
        args=["--durability", durability],
    ) as server:
        run = CrashRun(server, rooms=3, players=3, seed=28)
        run.play(kills=3)
        run.judge()
