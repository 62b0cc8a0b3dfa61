"""`gavel bench` notices each fault of a server that is wrong on purpose, and no fault of one that
is right."""

import json
import pathlib
import re
import signal
import subprocess
import sys

import pytest
from support.gavel import Server, gavel_binary
from support.process import Process
from support.wait import stretched, wait_until

FAULTY = pathlib.Path(__file__).resolve().parent / "faulty_server.py"
LISTENING = re.compile(r"listening on (ws://\S+)")

# What the server does wrong, and what bench must count because of it.
FAULTS = [
    ("skip", "skipped", "ids are missing"),
    ("repeat", "repeated", "an id came again"),
    ("reorder", "reordered", "a sender's own messages changed places"),
    ("swap", "differed", "different messages under one id"),
    ("alter", "differed", "different messages under one id"),
    ("lose", "lost", "sent, and not arrived"),
    ("withhold", "lost", "sent, and not arrived"),
    ("drop", "skipped", "ids are missing"),
    ("forge", "forged", "another client_id"),
    ("leak", "foreign", "a message of another room"),
    ("twice", "doubled", "came twice, under two ids"),
    ("refuse", "refused", "no space left"),
    ("close", "broken", "4000 on purpose"),
]


@pytest.fixture
def faulty():
    """Starts a server with a fault; its address."""
    running = []

    def start(mode):
        process = Process([sys.executable, FAULTY, mode])
        running.append(process)
        return process.wait_for_line(LISTENING)[1]

    yield start
    for process in running:
        process.kill()


def bench(*args):
    """(exit status, stdout, stderr)"""
    command = [str(word) for word in (gavel_binary(), "bench", *args)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=stretched(60))
    return done.returncode, done.stdout, done.stderr


def run_against(url, tmp_path, *args):
    """(exit status, table, figures) of a short run in which the last of three members listens."""
    figures = tmp_path / "figures.json"
    status, out, err = bench(
        *("--url", url, "--json", figures, "--rooms", 2, "--clients", 3, "--senders", 2),
        *("--window", 4, "--messages", 100, "--drain", "500ms", *args),
    )
    assert figures.exists(), out + err
    return status, out, json.loads(figures.read_text())


@pytest.mark.parametrize(("mode", "kind", "words"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_fault_is_counted_under_its_name_and_ends_with_status_3(
    faulty, tmp_path, mode, kind, words
):
    status, out, figures = run_against(faulty(mode), tmp_path)
    assert status == 3, out
    assert figures["violations"][kind] >= 1, out
    assert words in out, out


def test_a_server_that_is_right_ends_with_status_0(faulty, tmp_path):
    status, out, figures = run_against(faulty("correct"), tmp_path)
    assert status == 0, out
    assert figures["violations"]["total"] == 0
    assert figures["sent"] == 2 * 2 * 100
    assert "violations      none" in out


def test_gavel_is_right_under_a_closed_loop(tmp_path):
    with Server() as server:
        status, out, figures = run_against(f"ws://127.0.0.1:{server.port}/", tmp_path)
    assert status == 0, out
    assert figures["sent"] == 2 * 2 * 100


def test_gavel_is_right_under_churn_with_slow_and_stuck_members(tmp_path):
    with Server() as server:
        figures = tmp_path / "figures.json"
        status, out, err = bench(
            *("--url", f"ws://127.0.0.1:{server.port}/", "--json", figures),
            *("--rooms", 3, "--clients", 4, "--rate", 100, "--duration", "2s", "--warmup", "100ms"),
            *("--churn", 40, "--slow", 1, "--stuck", 1, "--threads", 2),
        )
        assert status == 0, out + err
        got = json.loads(figures.read_text())
    assert got["resumed"] >= 1
    assert got["left"] >= 1
    assert got["latency_ms"]["p50"] > 0


def test_the_servers_cpu_time_and_memory_are_measured(tmp_path):
    with Server() as server:
        _, out, figures = run_against(
            f"ws://127.0.0.1:{server.port}/", tmp_path, "--server-pid", server.pid
        )
    assert figures["server_rss_bytes"] > 1_000_000
    assert figures["server_cpu_s"] > 0
    assert "server CPU" in out


def test_ctrl_c_ends_the_run_with_its_report(tmp_path):
    with Server() as server:
        figures = tmp_path / "figures.json"
        url = f"ws://127.0.0.1:{server.port}/"
        running = Process(
            [gavel_binary(), "bench", "--url", url, "--duration", "1h", "--json", figures]
        )
        wait_for_members(server)
        running.signal(signal.SIGINT)
        assert running.wait() == 0, running.stderr
        assert "(interrupted)" in running.stdout
        assert json.loads(figures.read_text())["violations"]["total"] == 0


def wait_for_members(server):
    """Until the bench's ten clients are in their room."""
    wait_until(lambda: '"members":10' in server.admin("/api/v1/rooms")[1], "ten members")


def test_no_server_is_status_1_and_says_so():
    status, _, err = bench("--url", "ws://127.0.0.1:1/")
    assert status == 1
    assert "Connection refused" in err
    assert "is the server running?" in err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--url", "http://x"], "does not begin with ws://"),
        (["--url", "wss://x"], "TLS"),
        (["--url", "ws://x:port/"], "no number as its port"),
        (["--clients", "2", "--senders", "3"], "only so many --clients"),
        (["--payload", "10"], "--payload"),
        (["--duration", "5"], "--duration"),
        (["--rate", "5", "--messages", "5"], "goes with --window"),
    ],
)
def test_wrong_options_are_status_2(args, words):
    status, _, err = bench(*args)
    assert status == 2
    assert words in err
