"""Rooms as players see them: one order, history, resume, refs, leaving, moving between threads."""

import json
import random
import threading

import pytest
from support.client import Closed, frame
from support.gavel import Server


def chat(text, **fields):
    return {"type": "chat", "text": text, **fields}


def texts(messages):
    return [obj["text"] for obj in messages]


# --- joining ---


def test_joined_is_the_first_frame_and_says_where_the_room_stands(shared_server, room):
    client = shared_server.joined(room)
    joined = client.joined
    assert joined["room"] == room
    assert joined["client_id"] > 0
    assert (joined["msg_id"], joined["first"], joined["last_ref"]) == (0, 1, 0)
    assert joined["recovered"] is True and joined["resumed"] is False
    assert isinstance(joined["epoch"], str) and int(joined["epoch"]) > 0
    assert isinstance(joined["resume"], str) and joined["resume"]


def test_a_message_comes_to_everybody_and_to_its_sender_with_the_stamp_in_front(
    shared_server, room
):
    one, two = shared_server.joined(room), shared_server.joined(room)
    one.send_frame(b'{ "type":"chat" , "x" : 1.50e+2, "s":"\\u00e9\xc3\xa9" }')
    for client in (one, two):
        obj = client.collect(1)[0]
        raw = client.seen[0][1]
        head = b'{"msg_id":1,"client_id":%d,"ts":%d,' % (one.joined["client_id"], obj["ts"])
        assert raw == head + b'"type":"chat" , "x" : 1.50e+2, "s":"\\u00e9\xc3\xa9" }'


def test_any_path_and_our_subprotocol_are_welcome(shared_server, room):
    for path in ("/", "/game/lobby?x=1"):
        client = shared_server.client(path=path)
        client.join(room)
    client = shared_server.client(headers=["Sec-WebSocket-Protocol: other, v1.json.gavel"])
    assert client.headers["sec-websocket-protocol"] == "v1.json.gavel"


def test_rooms_know_nothing_of_each_other(shared_server, room):
    one, two = shared_server.joined(room + "-1"), shared_server.joined(room + "-2")
    one.send_json(chat("to one"))
    two.send_json(chat("to two"))
    assert texts(one.collect(1)) == ["to one"] and texts(two.collect(1)) == ["to two"]
    assert one.ids() == two.ids() == [1]


# --- one order ---


def test_everybody_sees_the_same_order_and_each_sender_its_own(shared_server, room):
    count, each = 6, 300
    clients = [shared_server.joined(room) for _ in range(count)]

    def play(client, number):
        for start in range(0, each, 50):
            client.send_bytes(
                b"".join(frame(json.dumps(chat(f"{number}:{i}"))) for i in range(start, start + 50))
            )
        client.collect(count * each)

    threads = [threading.Thread(target=play, args=(c, n)) for n, c in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reference = [raw for _, raw in clients[0].seen]
    assert clients[0].ids() == list(range(1, count * each + 1))
    for client in clients[1:]:
        assert [raw for _, raw in client.seen] == reference
    for number in range(count):
        own = [obj["text"] for obj, _ in clients[0].seen if obj["text"].startswith(f"{number}:")]
        assert own == [f"{number}:{i}" for i in range(each)]


def test_ids_and_senders_are_the_servers_own(shared_server, room):
    one = shared_server.joined(room)
    one.send_frame(b'{"type":"chat","client_id":999,"msg_id":5,"ts":1,"text":"forged"}')
    obj = one.collect(1)[0]
    assert (obj["msg_id"], obj["client_id"]) == (1, one.joined["client_id"])
    assert one.seen[0][1].count(b"client_id") == 1


# --- history ---


def test_who_comes_late_gets_what_was_said_before(shared_server, room):
    early = shared_server.joined(room)
    for i in range(50):
        early.send_json(chat(str(i)))
    early.collect(50)
    late = shared_server.joined(room)
    assert (late.joined["msg_id"], late.joined["first"]) == (50, 1)
    early.send_json(chat("live"))
    late.collect(51)
    early.collect(1)
    assert [raw for _, raw in late.seen] == [raw for _, raw in early.seen]


def test_since_gives_what_stands_behind_it_and_latest_nothing_old(shared_server, room):
    early = shared_server.joined(room)
    for i in range(1, 21):
        early.send_json(chat(str(i)))
    early.collect(20)
    epoch = early.joined["epoch"]
    some = shared_server.joined(room, {"since": 15, "epoch": epoch})
    assert some.joined["recovered"] is True and some.joined["first"] == 16
    assert texts(some.collect(5)) == ["16", "17", "18", "19", "20"]
    none = shared_server.joined(room, {"since": "latest"})
    assert none.joined["first"] == 21
    early.send_json(chat("live"))
    assert texts(none.collect(1)) == ["live"] == texts(some.collect(1))


@pytest.mark.parametrize(
    "since, epoch, what",
    [
        (21, "same", "ahead of the room"),
        (99999999, "same", "far ahead of the room"),
        (5, "1", "another epoch"),
        (5, "18446744073709551615", "an epoch to come"),
    ],
)
def test_a_since_that_cannot_be_honoured_is_told(shared_server, room, since, epoch, what):
    early = shared_server.joined(room)
    for i in range(20):
        early.send_json(chat(str(i)))
    early.collect(20)
    epoch = early.joined["epoch"] if epoch == "same" else epoch
    late = shared_server.joined(room, {"since": since, "epoch": epoch})
    assert late.joined["recovered"] is False, what
    assert late.joined["first"] == 1, "the replay starts at the oldest that is kept"
    assert texts(late.collect(20)) == [str(i) for i in range(20)]


def test_joins_at_every_moment_of_a_stream_see_it_without_a_seam(shared_server, room):
    sender = shared_server.joined(room)
    total, done = 3000, threading.Event()

    def stream():
        for start in range(0, total, 20):
            sender.send_bytes(
                b"".join(frame(json.dumps(chat(str(i)))) for i in range(start, start + 20))
            )
            sender.collect(20)
        done.set()

    thread = threading.Thread(target=stream)
    thread.start()
    late = []
    while not done.is_set() and len(late) < 60:
        client = shared_server.joined(room)
        late.append(client)
        client.collect(client.joined["msg_id"])
    thread.join()
    assert sender.ids() == list(range(1, total + 1))
    reference = [raw for _, raw in sender.seen]
    for client in late:
        client.collect(total - len(client.seen))
        assert [raw for _, raw in client.seen] == reference


def test_history_that_is_no_longer_kept_is_told_by_first(room):
    with Server(threads=1) as server:
        sender = server.joined(room)
        payload = "x" * 10_000
        for _ in range(10):  # 6 MB into a room that keeps 4 MiB
            sender.send_bytes(b"".join(frame(json.dumps(chat(payload))) for _ in range(60)))
            sender.collect(60)
        late = server.joined(room, {"since": 5, "epoch": sender.joined["epoch"]})
        assert late.joined["recovered"] is False
        first = late.joined["first"]
        assert 6 < first < 600 and late.joined["msg_id"] == 600
        late.collect(600 - first + 1)
        assert late.ids() == list(range(first, 601))


# --- coming back ---


def test_who_resumes_is_the_same_one_and_misses_nothing(shared_server, room):
    other, player = shared_server.joined(room), shared_server.joined(room)
    other.send_json(chat("before"))
    player.collect(1)
    player.drop()
    other.send_json(chat("meanwhile"))
    other.collect(2)
    again = shared_server.joined(
        room, {"since": 1, "epoch": player.joined["epoch"], "resume": player.joined["resume"]}
    )
    assert again.joined["client_id"] == player.joined["client_id"]
    assert again.joined["resumed"] is True and again.joined["recovered"] is True
    assert texts(again.collect(1)) == ["meanwhile"]


def test_the_newer_connection_replaces_the_older(shared_server, room):
    player = shared_server.joined(room)
    again = shared_server.joined(room, {"resume": player.joined["resume"]})
    assert again.joined["client_id"] == player.joined["client_id"]
    assert player.expect_close().code == 4104
    again.send_json(chat("still here"))
    assert texts(again.collect(1)) == ["still here"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: "",
        lambda token: "x" * 60_000,
        lambda token: "A" * len(token),
        lambda token: token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1],
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: 5,
        lambda token: None,
    ],
    ids=["empty", "long", "other", "one letter", "short", "longer", "number", "null"],
)
def test_a_resume_token_that_is_not_ours_makes_a_new_player(shared_server, room, spoil):
    player = shared_server.joined(room)
    player.send_json(chat("one"))
    player.collect(1)
    other = shared_server.joined(
        room,
        {"resume": spoil(player.joined["resume"]), "since": 1, "epoch": player.joined["epoch"]},
    )
    assert other.joined["resumed"] is False
    assert other.joined["client_id"] != player.joined["client_id"]
    assert other.joined["recovered"] is True, "identity does not spoil the replay"
    player.send_json(chat("two"))
    assert texts(player.collect(1)) == texts(other.collect(1)) == ["two"]


def test_a_resume_token_of_another_room_makes_a_new_player(shared_server, room):
    player = shared_server.joined(room + "-1")
    other = shared_server.joined(room + "-2", {"resume": player.joined["resume"]})
    assert other.joined["resumed"] is False
    assert other.joined["client_id"] != player.joined["client_id"]


# --- refs ---


def test_a_repeated_ref_is_in_the_room_once(shared_server, room):
    one, two = shared_server.joined(room), shared_server.joined(room)
    for ref in (1, 2, 2, 1, 5, 4, 6):
        one.send_json(chat(f"r{ref}", ref=ref))
    assert texts(two.collect(4)) == ["r1", "r2", "r5", "r6"]
    one.until(lambda obj: obj.get("ref") == 6 and "msg_id" in obj)
    assert [obj for obj in one.others if obj["type"] == "duplicate"] == [
        {"type": "duplicate", "ref": 2},
        {"type": "duplicate", "ref": 1},
        {"type": "duplicate", "ref": 4},
    ]
    assert texts(obj for obj, _ in one.seen) == ["r1", "r2", "r5", "r6"]


def test_a_ref_is_remembered_over_a_lost_connection(shared_server, room):
    watcher, player = shared_server.joined(room), shared_server.joined(room)
    for ref in (1, 2, 3):
        player.send_json(chat(f"r{ref}", ref=ref))
    player.collect(3)
    player.reset()
    again = shared_server.joined(
        room, {"resume": player.joined["resume"], "since": 3, "epoch": player.joined["epoch"]}
    )
    assert again.joined["last_ref"] == 3
    for ref in (2, 3, 4):
        again.send_json(chat(f"r{ref}", ref=ref))
    assert texts(watcher.collect(4)) == ["r1", "r2", "r3", "r4"]
    assert [obj["ref"] for obj in (again.recv(), again.recv(), again.recv())] == [2, 3, 4]
    assert [obj["type"] for obj in again.others[1:]] == ["duplicate", "duplicate"]


# --- leaving ---


def test_who_leaves_sees_nothing_more_and_may_join_another_room(shared_server, room):
    one, two = shared_server.joined(room), shared_server.joined(room)
    one.leave()
    two.send_json(chat("without one"))
    two.collect(1)
    joined = one.join(room + "-other")
    assert joined["msg_id"] == 0
    one.send_json(chat("elsewhere"))
    assert texts(one.collect(1)) == ["elsewhere"]
    one.leave()
    one.join(room, since=1, epoch=two.joined["epoch"])
    two.send_json(chat("together"))
    assert texts(one.collect(1)) == ["together"] == texts(two.collect(1))


def test_pipelined_leaves_and_joins_are_done_in_order(shared_server, room):
    client = shared_server.client()
    client.send_bytes(
        b"".join(
            frame(json.dumps(obj))
            for obj in [
                {"type": "join", "room": room + "-1"},
                chat("a"),
                {"type": "leave"},
                {"type": "join", "room": room + "-2"},
                chat("b"),
                {"type": "leave"},
                {"type": "join", "room": room + "-1"},
                chat("c"),
            ]
        )
    )
    client.until(lambda obj: obj.get("text") == "c")
    assert [obj["type"] for obj in client.others] == ["joined", "left", "joined", "left", "joined"]
    # Who leaves right behind a message need not see it any more, but it is in the room.
    assert [obj["text"] for obj, _ in client.seen][-2:] == ["a", "c"]
    assert texts(shared_server.joined(room + "-2").collect(1)) == ["b"]


def test_a_room_that_was_empty_goes_on_counting(shared_server, room):
    one = shared_server.joined(room)
    one.send_json(chat("1"))
    one.collect(1)
    one.close()
    two = shared_server.joined(room, {"since": 1, "epoch": one.joined["epoch"]})
    assert two.joined["recovered"] is True and two.joined["msg_id"] == 1
    two.send_json(chat("2"))
    assert two.collect(1)[0]["msg_id"] == 2


# --- threads ---


def test_a_join_and_a_thousand_messages_in_one_write_arrive_in_order(room):
    with Server(threads=4) as server:
        for number in range(8):  # some of these rooms live on another thread than the connection
            client = server.client()
            client.send_bytes(
                frame(json.dumps({"type": "join", "room": f"{room}-{number}"}))
                + b"".join(frame(json.dumps(chat(str(i)))) for i in range(1000))
            )
            assert client.recv()["type"] == "joined"
            assert texts(client.collect(1000)) == [str(i) for i in range(1000)]
            assert client.ids() == list(range(1, 1001))


def test_a_join_with_messages_behind_it_may_come_in_any_pieces(room):
    pick = random.Random(7)
    with Server(threads=2) as server:
        for number in range(6):
            client = server.client()
            data = frame(json.dumps({"type": "join", "room": f"{room}-{number}"}))
            data += b"".join(frame(json.dumps(chat(str(i)))) for i in range(100))
            while data:
                size = pick.choice((1, 2, 3, 50, 1000))
                client.send_bytes(data[:size])
                data = data[size:]
            assert client.recv()["type"] == "joined"
            assert texts(client.collect(100)) == [str(i) for i in range(100)]


def test_a_connection_moves_as_often_as_its_room_changes(room):
    with Server(threads=2) as server:
        client = server.client()
        for number in range(40):
            client.send_bytes(
                frame(json.dumps({"type": "join", "room": f"{room}-{number}"}))
                + b"".join(frame(json.dumps(chat(f"{number}:{i}"))) for i in range(20))
            )
            assert client.recv()["room"] == f"{room}-{number}"
            assert texts(client.collect(20)) == [f"{number}:{i}" for i in range(20)]
            client.leave()


# --- the article's client ---


def test_the_articles_own_client_works_unchanged(shared_server, room):
    """It joins with nothing but a room, answers its own ping with the next seq, and compares."""
    client = shared_server.client()
    client.send_json({"type": "join", "room": room})
    joined = client.recv()
    assert joined["type"] == "joined"
    me, last = joined["client_id"], 0
    client.send_json({"type": "ping", "seq": 0})
    for seq in range(100):
        message = client.recv()
        assert message["msg_id"] == last + 1 and message["client_id"] == me
        assert message["type"] == "ping" and message["seq"] == seq
        last = message["msg_id"]
        client.send_json({"type": "ping", "seq": seq + 1})
    assert client.close().code == 1000


# --- the end ---


def test_a_close_is_answered_with_its_code(shared_server, room):
    for code in (1000, 1001, 3000, 4999):
        client = shared_server.joined(room)
        assert client.close(code).code == code


def test_a_stop_delivers_what_was_taken_and_says_restart(room):
    with Server(args=["--drain", "10s"]) as server:
        clients = [server.joined(room) for _ in range(5)]
        clients[0].send_bytes(b"".join(frame(json.dumps(chat(str(i)))) for i in range(500)))
        clients[0].collect(1)
        server.process.signal(15)
        reached = 0
        for client in clients:
            closed = client.expect_close()
            assert closed.code == 1012, closed
            assert client.ids() == list(range(1, len(client.seen) + 1))
            reached = max(reached, len(client.seen))
            client.drop()
        assert all(len(client.seen) == reached for client in clients), "all saw the same"
        assert server.process.wait() == 0
        with pytest.raises(OSError):
            server.client()


def test_a_stop_does_not_wait_longer_than_told_for_one_that_does_not_read(room):
    with Server(args=["--drain", "1s"]) as server:
        stuck = server.joined(room, receive_buffer=4096)
        sender = server.joined(room)
        payload = "x" * 8000
        for _ in range(40):
            sender.send_bytes(b"".join(frame(json.dumps(chat(payload))) for _ in range(10)))
            sender.collect(10)
        server.stop()
        assert stuck.expect_close().code in (1006, 1012)


def test_a_second_signal_ends_it_at_once(room):
    with Server(args=["--drain", "10m"]) as server:
        stuck = server.joined(room, receive_buffer=4096)
        sender = server.joined(room)
        payload = "x" * 8000
        for _ in range(40):
            sender.send_bytes(b"".join(frame(json.dumps(chat(payload))) for _ in range(10)))
            sender.collect(10)
        server.process.signal(15)
        sender.expect_close()
        server.process.signal(15)
        server.process.wait()
        assert isinstance(stuck.expect_close(), Closed)
