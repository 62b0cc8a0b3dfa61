"""One client that is slow, stuck, silent or gone changes nothing for the others (promise P7)."""

import json
import os
import socket
import threading

import pytest
from support.client import CLOSE, PING, Client, Timeout, close_payload, frame
from support.gavel import Server
from support.proxy import Proxy
from support.wait import wait_until

PAYLOAD = "x" * 2000


def chat(text=PAYLOAD):
    return frame(json.dumps({"type": "chat", "text": text}))


def stream(sender, watcher, count, batch=50):
    """Sends `count` messages; both must see all of them at once, whatever others do."""
    for _ in range(0, count, batch):
        sender.send_bytes(chat() * batch)
        sender.collect(batch)
        watcher.collect(batch)


def server_memory(server):
    for line in open(f"/proc/{server.pid}/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def descriptors(server):
    return len(os.listdir(f"/proc/{server.pid}/fd"))


def test_one_that_stops_reading_holds_nobody_up_and_gets_all_in_order_later(room):
    with Server() as server:
        stuck = server.joined(room, receive_buffer=4096)
        sender, watcher = server.joined(room), server.joined(room)
        stream(sender, watcher, 1500)  # 3 MB: more than its socket and the backlog hold
        stuck.collect(1500)
        assert [raw for _, raw in stuck.seen] == [raw for _, raw in watcher.seen]
        stream(sender, watcher, 50)
        stuck.collect(50)
        assert stuck.ids() == list(range(1, 1551))


def test_one_that_falls_behind_retention_is_closed_with_4000(room):
    with Server() as server:
        stuck = server.joined(room, receive_buffer=4096)
        sender, watcher = server.joined(room), server.joined(room)
        stream(sender, watcher, 6000)  # 12 MB through a room that keeps 4 MiB
        closed = stuck.expect_close()
        assert closed.code == 4000 and closed.reason, closed
        assert stuck.ids() == list(range(1, len(stuck.seen) + 1)), "in order up to the end"
        assert len(stuck.seen) < 6000


def test_a_slow_reader_that_makes_progress_stays(room):
    with Server(args=["--ping-interval", "300ms", "--ping-timeout", "300ms"]) as server:
        slow = server.joined(room, receive_buffer=4096)
        slow.answers_pings = False
        sender, watcher = server.joined(room), server.joined(room)
        stop = threading.Event()
        threads = [threading.Thread(target=keep_alive, args=(c, stop)) for c in (sender, watcher)]
        stream(sender, watcher, 500)
        for thread in threads:
            thread.start()
        # 1 MB at a rate that takes several ping times; every byte of progress is a sign of life.
        while len(slow.seen) < 500:
            slow.collect(5)
            stop.wait(0.02)
        stop.set()
        for thread in threads:
            thread.join()
        assert slow.ids() == list(range(1, 501))


def keep_alive(client, stop):
    while not stop.is_set():
        try:
            client.recv(0.05)
        except Timeout:
            pass


def test_one_that_vanishes_without_a_word_is_closed(room):
    with Server(args=["--ping-interval", "200ms", "--ping-timeout", "200ms"]) as server:
        with Proxy(server.port) as proxy:
            base = descriptors(server)
            gone = Client(proxy.port)
            gone.join(room)
            wait_until(lambda: descriptors(server) > base, "the server has it")
            proxy.freeze()
            wait_until(lambda: descriptors(server) == base, "the server has let go of it", 30)
            gone.drop()


def test_one_that_does_not_answer_pings_is_closed_with_4001(room):
    with Server(args=["--ping-interval", "200ms", "--ping-timeout", "200ms"]) as server:
        silent = server.joined(room)
        silent.answers_pings = False
        closed = silent.expect_close()
        assert closed.code == 4001, closed


def test_one_that_answers_pings_stays(room):
    with Server(args=["--ping-interval", "100ms", "--ping-timeout", "400ms"]) as server:
        client = server.joined(room)
        pings = 0
        while pings < 5:
            got = client.recv_frame()
            assert got.opcode == PING, got
            client.send_frame(got.payload, 10)
            pings += 1
        client.send_frame(json.dumps({"type": "chat", "text": "here"}))
        assert client.until(lambda obj: "msg_id" in obj)["text"] == "here"


def test_one_that_connects_and_says_nothing_is_closed_at_the_deadline():
    with Server(args=["--join-timeout", "300ms"]) as server:
        silent = server.client(handshake=False)
        assert silent.expect_end().code == 1006
        begun = server.client(handshake=False)
        begun.send_bytes(b"GET / HTTP/1.1\r\nHos")
        status, _, _ = begun.read_response()
        assert status == 408
        never_joins = server.client()
        assert never_joins.expect_close().code == 1008


def test_a_byte_now_and_then_does_not_move_the_deadline():
    with Server(args=["--join-timeout", "500ms"]) as server:
        drip = server.client(handshake=False)
        drip.sock.settimeout(0.05)
        request = b"GET / HTTP/1.1\r\n" + b"X-Long: " + b"y" * 4000
        for byte in request:
            try:
                drip.send_bytes(bytes([byte]))
                if drip.sock.recv(4096):
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            raise AssertionError("the server waited for every byte")


def test_a_flood_of_pings_from_one_that_does_not_read_keeps_one_pong(room):
    with Server() as server:
        flooder = server.joined(room, receive_buffer=4096)
        watcher, sender = server.joined(room), server.joined(room)
        before = server_memory(server)
        pings = b"".join(frame(b"%06d" % i + b"p" * 100, PING) for i in range(2000))
        flooder.sock.settimeout(0.5)
        sent = 0
        try:
            for _ in range(20):
                flooder.send_bytes(pings)
                sent += 2000
        except OSError:
            pass  # the server reads no more from it, or has closed it
        stream(sender, watcher, 100)
        assert server_memory(server) - before < 32 << 20
        assert sent > 0


def test_a_header_of_a_gibibyte_costs_its_sender_only(room):
    with Server() as server:
        watcher, sender = server.joined(room), server.joined(room)
        before = server_memory(server)
        greedy = [server.joined(room) for _ in range(20)]
        for client in greedy:
            client.send_bytes(frame(b"", length=1 << 30))
        for client in greedy:
            assert client.expect_close().code == 1009
        stream(sender, watcher, 50)
        assert server_memory(server) - before < 32 << 20


def test_resets_in_the_middle_of_frames_leave_nothing_behind(room):
    with Server() as server:
        watcher, sender = server.joined(room), server.joined(room)
        base = descriptors(server)
        for number in range(200):
            client = Client(server.port)
            client.send_bytes(frame(json.dumps({"type": "join", "room": room})))
            client.send_bytes(chat()[: number * 7])
            client.reset()
        stream(sender, watcher, 100)
        assert watcher.ids() == list(range(1, 101))
        wait_until(lambda: descriptors(server) == base, "all descriptors are back")


def test_a_half_closed_connection_is_let_go(room):
    with Server() as server:
        base = descriptors(server)
        client = server.joined(room)
        client.send_frame(json.dumps({"type": "chat", "text": "last words"}))
        client.sock.shutdown(socket.SHUT_WR)
        client.expect_close()
        wait_until(lambda: descriptors(server) == base, "its descriptor is back")
        late = server.joined(room)
        assert late.collect(1)[0]["text"] == "last words"


def test_many_room_names_are_refused_at_the_bound_and_given_back():
    args = ["--rooms-max", "50", "--linger", "100ms"]
    with Server(args=args) as server:
        clients = [server.joined(f"room-{i}") for i in range(50)]
        extra = server.client()
        extra.send_json({"type": "join", "room": "one-too-many"})
        assert extra.recv()["code"] == "too_many_rooms"
        extra.join("room-7")  # one that exists is no new room
        for client in clients:
            client.drop()
        extra.leave()

        def there_is_room():
            extra.send_json({"type": "join", "room": "now-there-is-room"})
            return extra.recv()["type"] == "joined"

        wait_until(there_is_room, "the empty rooms are given back", 30)


def test_a_full_room_says_so():
    with Server(args=["--room-members-max", "3"]) as server:
        members = [server.joined("small") for _ in range(3)]
        extra = server.client()
        extra.send_json({"type": "join", "room": "small"})
        assert extra.recv()["code"] == "room_full"
        assert extra.expect_close().code == 4103
        members[0].close()
        server.joined("small")


def test_who_sends_too_fast_is_told_and_then_closed(room):
    with Server(args=["--rate-messages", "10", "--rate-burst", "1"]) as server:
        watcher, fast = server.joined(room), server.joined(room)
        fast.send_bytes(
            b"".join(
                frame(json.dumps({"type": "chat", "text": str(i), "ref": i})) for i in range(1, 400)
            )
        )
        closed = fast.expect_close()
        assert closed.code == 4105, closed
        refusals = [obj for obj in fast.others if obj.get("code") == "rate_limited"]
        assert refusals and all(obj["retry_after_ms"] > 0 for obj in refusals)
        # What it was not told about is in the room: no hole in silence.
        kept = server.joined(room, {"since": "latest"}).joined["msg_id"]
        assert 10 <= kept < 100
        assert [obj["text"] for obj in watcher.collect(kept)] == [str(i + 1) for i in range(kept)]
        refused = [obj["ref"] for obj in fast.others if obj.get("type") == "error"]
        assert refused == list(range(kept + 1, kept + 1 + len(refused)))


def test_the_ninth_part_of_a_stream_is_as_good_as_the_first_with_a_crowd_of_bad_clients(room):
    """All kinds at once, and the two good ones see their stream whole."""
    with Server() as server:
        sender, watcher = server.joined(room), server.joined(room)
        stuck = [server.joined(room, receive_buffer=4096) for _ in range(10)]
        silent = [server.client(handshake=False) for _ in range(10)]
        for part in range(9):
            stream(sender, watcher, 200)
            noisy = server.joined(room, {"since": "latest"})
            noisy.send_frame(b"not json")
            noisy.send_frame(close_payload(1000), CLOSE)
            noisy.drop()
        assert watcher.ids() == sender.ids() == list(range(1, 1801))
        assert len(stuck) == len(silent) == 10


@pytest.mark.parametrize("kind", ["text", "ping"])
def test_a_fragment_flood_ends_at_its_bound(server, room, kind):
    client = server.joined(room)
    client.send_frame(b'{"type":"chat","text":"', fin=False)
    try:
        for _ in range(3000):
            client.send_frame(b"", 0, fin=False)
            if kind == "ping":
                client.send_frame(b"", PING)
    except OSError:
        pass
    closed = client.expect_close()
    assert closed.code in (1008, 1009, 1006), closed
