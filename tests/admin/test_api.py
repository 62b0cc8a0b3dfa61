"""What operators can ask and do. The `api` fixture compares every answer with docs/openapi.yaml."""

import json

import pytest
from support.client import Closed
from support.wait import wait_until


def test_stats_count_what_came_and_went(server, api, room):
    before = api.get("/api/v1/stats")
    a, b = server.joined(room), server.joined(room)
    for i in range(5):
        a.send_json({"type": "m", "i": i})
    a.collect(5)
    b.collect(5)
    after = api.get("/api/v1/stats")
    assert after["joins"] - before["joins"] == 2
    assert after["messages_in"] - before["messages_in"] == 5
    wait_until(
        lambda: api.get("/api/v1/stats")["messages_out"] - before["messages_out"] == 10,
        "delivered",
    )
    assert after["store"] == {"name": "memory", "ok": True, "detail": ""}


def test_rates_and_latencies_come_with_the_second_look(server, api, room):
    client = server.joined(room)

    def sent_and_measured():
        client.send_json({"type": "m"})
        client.collect(1)
        stats = api.get("/api/v1/stats")
        return (
            stats["rates"] and stats["rates"]["messages_in"] > 0 and stats["latency"]["delivery"]
        )

    latency = wait_until(sent_and_measured, "rates of all")
    assert latency["count"] > 0
    assert latency["p50_ms"] <= latency["p90_ms"] <= latency["p99_ms"]

    def room_measured():
        client.send_json({"type": "m"})
        client.collect(1)
        page = api.get("/api/v1/rooms", query={"filter": room})
        return page["rooms"][0]["rates"] and page["rooms"][0]["rates"]["messages_in"] > 0

    wait_until(room_measured, "rates of the room")


def test_rooms_are_filtered_sorted_and_paged(server, api):
    for name, members in (("list-a", 1), ("list-b", 3), ("list-c", 2)):
        for _ in range(members):
            server.joined(name)

    def names(**query):
        page = api.get("/api/v1/rooms", query={"filter": "list-", **query})
        assert page["total"] == 3
        return [one["name"] for one in page["rooms"]]

    wait_until(
        lambda: api.get("/api/v1/rooms", query={"filter": "list-"})["total"] == 3, "three rooms"
    )
    wait_until(lambda: names(sort="members") == ["list-b", "list-c", "list-a"], "six members")
    assert names(sort="name") == ["list-a", "list-b", "list-c"]
    assert names(sort="name", limit=1, offset=1) == ["list-b"]
    assert names(sort="name", offset=7) == []


@pytest.mark.parametrize(
    "query",
    [
        "sort=colour",
        "limit=0",
        "limit=1001",
        "limit=-1",
        "limit=1e1",
        "offset=x",
        "offset=99999999",
    ],
)
def test_a_bad_query_is_400(api, query):
    name, value = query.split("=")
    status, answer = api.call("GET", "/api/v1/rooms", query={name: value})
    assert status == 400
    assert name in answer["error"]["message"]


def test_a_room_shows_its_members_and_their_lag(server, api, room):
    clients = [server.joined(room) for _ in range(3)]
    view = api.room(room)
    assert sorted(one["client_id"] for one in view["member_list"]) == sorted(
        client.joined["client_id"] for client in clients
    )
    assert {one["address"] for one in view["member_list"]} == {"127.0.0.1"}
    assert view["epoch"] == clients[0].joined["epoch"]


def test_a_rooms_name_may_hold_a_slash_a_space_and_any_letters(server, api):
    name = "späte runde/1?a=b&c#d %41"
    server.joined(name)
    assert api.room(name)["name"] == name
    assert api.publish(name, {"type": "m"})[0] == 201


@pytest.mark.parametrize("name", ["x" * 129, "a\x1bb", "\u202eb"])
def test_a_name_that_no_room_can_have_is_400(api, name):
    assert api.call("GET", "/api/v1/rooms/{room}", room=name)[0] == 400
    assert api.publish(name, {"type": "m"}, query={"create": "true"})[0] == 400
    assert api.set_room(name, locked=True)[0] == 400


def test_b68_what_is_asked_of_an_unknown_room_is_404(api):
    name = "nobody-was-ever-here"
    answers = [
        api.call("GET", "/api/v1/rooms/{room}", room=name),
        api.messages(name),
        api.publish(name, {"type": "m"}),
        api.close(name),
        api.kick(name, 7),
    ]
    assert [(status, answer["error"]["code"]) for status, answer in answers] == [
        (404, "unknown_room")
    ] * 5
    assert api.get("/api/v1/rooms", query={"filter": name})["total"] == 0


# --- publish and history ---


def test_a_published_message_goes_to_everyone_under_the_id_that_was_answered(server, api, room):
    a, b = server.joined(room), server.joined(room)
    a.send_json({"type": "m"})
    a.collect(1)
    status, answer = api.publish(
        room, '{"type":"notice","n":1e999,"client_id":5,"client\\u005fid":6,"msg_id":9}'
    )
    assert (status, answer) == (201, {"epoch": a.joined["epoch"], "msg_id": 2})
    for client in (a, b):
        message, raw = client.until(lambda obj: obj["msg_id"] == 2), client.seen[-1][1]
        assert message["client_id"] == 0
        assert raw.endswith(b'"type":"notice","n":1e999}'), raw


def test_publish_makes_a_room_only_where_it_is_told_to(server, api, room):
    assert api.publish(room, {"type": "m"})[0] == 404
    assert api.publish(room, {"type": "m", "n": 1}, query={"create": "true"})[0] == 201
    assert api.publish(room, {"type": "m", "n": 2})[1]["msg_id"] == 2
    late = server.joined(room)
    assert [obj["n"] for obj in late.collect(2)] == [1, 2]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "nonsense",
        '{"type":7}',
        "{}",
        '{"type":"join","room":"x"}',
        '{"type":"leave"}',
        '{"type":"joined"}',
        '{"type":"gavel.x"}',
        '{"type":"m","ref":1}',
        '{"type":"m","x":' + "[" * 70 + "]" * 70 + "}",
        '{"type":"m","x":"' + "a" * 70_000 + '"}',
    ],
)
def test_a_message_that_no_player_could_send_is_400(server, api, room, body):
    client = server.joined(room)
    status, answer = api.publish(room, body)
    assert (status, answer["error"]["code"]) == (400, "bad_message")
    assert api.publish(room, {"type": "fine"})[1]["msg_id"] == 1
    client.collect(1)


def test_bytes_that_are_no_utf8_are_refused(server, room):
    server.joined(room)
    status, _, text = server.admin_answer(
        f"/api/v1/rooms/{room}/messages",
        "POST",
        b'{"type":"m","x":"\xff"}',
        {"Content-Type": "application/json"},
    )
    assert (status, json.loads(text)["error"]["code"]) == (400, "bad_message")


def test_an_idempotency_key_publishes_once(server, api, room):
    client = server.joined(room)
    key = {"Idempotency-Key": "k-1"}
    first = api.publish(room, {"type": "a"}, headers=key)
    assert api.publish(room, {"type": "a"}, headers=key) == first
    assert api.publish(room, {"type": "b"}, headers=key)[0] == 422
    assert api.publish(room, {"type": "b"}, headers={"Idempotency-Key": "k-2"})[1]["msg_id"] == 2
    assert [obj["type"] for obj in client.collect(2)] == ["a", "b"]
    assert api.publish(room, {"type": "a"}, headers={"Idempotency-Key": "x" * 129})[0] == 400


def test_a_refused_message_does_not_use_up_its_key(server, api, room):
    key = {"Idempotency-Key": f"again-{room}"}
    assert api.publish(room, {"type": "a"}, headers=key)[0] == 404
    server.joined(room)
    assert api.publish(room, {"type": "a"}, headers=key)[0] == 201


def test_history_is_paged_byte_for_byte(server, api, room):
    client = server.joined(room)
    for i in range(25):
        client.send_frame(f'{{"type":"m","i":{i}, "big":123456789012345678901234567890.50}}')
    client.collect(25)
    got, after = [], 0
    while True:
        status, page = api.messages(room, after=after, limit=10)
        assert status == 200
        got += page["messages"]
        after = page["next_after"]
        if after == page["last"]:
            break
    assert [one["msg_id"] for one in got] == list(range(1, 26))
    _, _, text = server.admin_answer(f"/api/v1/rooms/{room}/messages?last=1")
    assert client.seen[-1][1].decode() in text
    assert [one["msg_id"] for one in api.messages(room, last=3)[1]["messages"]] == [23, 24, 25]
    assert api.messages(room, after=25)[1]["messages"] == []
    assert api.messages(room, after=10**9)[1]["next_after"] == 25


@pytest.mark.parametrize(
    "query",
    [{"after": "x"}, {"limit": 0}, {"last": 1001}, {"last": 5, "after": 1}, {"after": -1}],
)
def test_a_bad_page_is_400(server, api, room, query):
    server.joined(room)
    assert api.messages(room, **query)[0] == 400


# --- what is done to players and rooms ---


def expect_close(client, code, reason):
    closed = client.expect_close()
    assert (closed.code, closed.reason) == (code, reason)


def test_a_kicked_member_is_closed_with_the_reason_and_may_come_back(server, api, room):
    bad, good = server.joined(room), server.joined(room)
    status, answer = api.kick(room, bad.joined["client_id"], reason="rude")
    assert (status, answer["banned"]) == (200, None)
    expect_close(bad, 4101, "rude")
    assert api.kick(room, bad.joined["client_id"])[1]["error"]["code"] == "unknown_member"
    server.joined(room).send_json({"type": "m"})
    good.collect(1)


def test_a_banned_address_does_not_come_in_again_neither_as_itself_nor_anew(server, api, room):
    bad = server.joined(room)
    status, answer = api.kick(room, bad.joined["client_id"], reason="cheats", ban_seconds=3600)
    assert answer["banned"] == {"address": "127.0.0.1", "seconds": 3600}
    expect_close(bad, 4102, "cheats")
    for fields in ({}, {"resume": bad.joined["resume"], "epoch": bad.joined["epoch"]}):
        again = server.client()
        again.send_json({"type": "join", "room": room, **fields})
        assert again.recv()["code"] == "banned"
        assert again.expect_close().code == 4102
    assert api.room(room)["settings"]["bans"] == 1
    server.joined(room + "-other")


def test_a_closed_room_puts_all_out_and_keeps_what_was_said(server, api, room):
    clients = [server.joined(room) for _ in range(3)]
    clients[0].send_json({"type": "m"})
    for client in clients:
        client.collect(1)
    assert api.close(room, reason="over", lock=True)[1] == {"members": 3, "locked": True}
    for client in clients:
        expect_close(client, 4101, "over")
    assert len(api.messages(room)[1]["messages"]) == 1
    late = server.client()
    late.send_json({"type": "join", "room": room})
    assert late.recv()["code"] == "room_locked"


def test_a_locked_room_takes_those_who_resume_and_nobody_else(server, api, room):
    inside = server.joined(room)
    assert api.set_room(room, locked=True)[1]["locked"] is True
    other = server.client()
    other.send_json({"type": "join", "room": room})
    assert other.recv()["code"] == "room_locked"
    inside.drop()
    wait_until(lambda: api.room(room)["members"] == 0, "gone")
    back = server.joined(
        room, {"resume": inside.joined["resume"], "epoch": inside.joined["epoch"]}
    )
    assert back.joined["client_id"] == inside.joined["client_id"]
    assert api.set_room(room, locked=False)[1]["locked"] is False
    assert other.join(room)["type"] == "joined"


def test_a_rooms_capacity_is_kept_and_can_be_taken_off(server, api, room):
    assert api.set_room(room, capacity=2)[1]["capacity"] == 2
    server.joined(room)
    server.joined(room)
    third = server.client()
    third.send_json({"type": "join", "room": room})
    assert third.recv()["code"] == "room_full"
    assert third.expect_close().code == 4103
    assert api.set_room(room, capacity=0)[0] == 200
    server.joined(room)


def test_metadata_is_kept_whole_and_can_be_removed(server, api, room):
    server.joined(room)
    meta = {"map": "ice", "nested": {"a": [1, 2.5, None, "ü"]}}
    assert api.set_room(room, metadata=meta)[1]["metadata"] == meta
    assert api.set_room(room, locked=False)[1]["metadata"] == meta
    assert api.room(room)["settings"]["metadata"] == meta
    assert api.set_room(room, metadata={})[1]["metadata"] == {}


@pytest.mark.parametrize(
    "change",
    [
        {"capacity": -1},
        {"capacity": 1.5},
        {"capacity": "2"},
        {"capacity": 1_000_001},
        {"locked": 1},
        {"metadata": []},
        {"metadata": {"x": "a" * 4100}},
        {"colour": "red"},
    ],
)
def test_b68_a_bad_change_is_400_and_changes_nothing(api, room, change):
    status, answer = api.set_room(room, **change)
    assert (status, answer["error"]["code"]) == (400, "bad_body")
    assert api.call("GET", "/api/v1/rooms/{room}", room=room)[0] == 404


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '{"reason":7}', '{"reason":"' + "x" * 101 + '"}']
)
def test_b68_a_bad_body_is_400_and_nobody_is_kicked(server, api, room, body):
    client = server.joined(room)
    path = "/api/v1/rooms/{room}/members/{client_id}/kick"
    expected = 200 if body == "" else 400
    if expected == 400:
        status, _ = api.call("POST", path, body, room=room, client_id=client.joined["client_id"])
        assert status == 400
        assert api.room(room)["members"] == 1
        return
    # No body is an empty one: nothing to say about the kick.
    assert api.call("POST", path, body, room=room, client_id=client.joined["client_id"])[0] == 200
    with pytest.raises(Closed):
        client.until(lambda obj: False)


def test_a_client_id_that_is_none_is_400(server, api, room):
    server.joined(room)
    assert api.kick(room, "x")[0] == 400
    assert api.kick(room, 2**64)[0] == 400
