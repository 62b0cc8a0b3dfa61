"""Ending a server by the API, and operators' questions while the store is away."""

from admin.description import Api
from admin.server import AdminServer
from support.redis_server import RedisServer
from support.wait import wait_until

JSON = {"Content-Type": "application/json"}


def test_drain_ends_the_server_as_sigterm_does(description):
    with AdminServer() as server:
        clients = [server.joined("drained") for _ in range(3)]
        clients[0].send_json({"type": "m"})
        for client in clients:
            client.collect(1)
        assert Api(server, description).call("POST", "/api/v1/drain", {}) == (
            202,
            {"draining": True},
        )
        for client in clients:
            assert client.expect_close().code == 1012
        assert server.process.wait() == 0


def test_drain_needs_an_object_and_json(server):
    for body in (b"[]", b"x", b'{"now":true}'):
        assert server.admin_answer("/api/v1/drain", "POST", body, JSON)[0] == 400
    assert server.admin_answer("/ready")[0] == 200


def test_health_metrics_and_stats_answer_while_the_store_is_away(description):
    with RedisServer() as redis, AdminServer(store=redis.url) as server:
        api = Api(server, description)
        client = server.joined("away")
        assert api.publish("away", {"type": "m"})[0] == 201
        client.collect(1)
        redis.freeze()
        # Not known to be kept, and it may be yet: the key tells which, as soon as the store does.
        key = {"Idempotency-Key": "a"}
        status, answer = api.publish("away", {"type": "n"}, headers=key)
        assert (status, answer["error"]["code"]) == (504, "timed_out")
        assert api.publish("away", {"type": "n"}, headers=key)[0] == 409
        wait_until(lambda: server.admin_answer("/ready")[0] == 503, "not ready")
        assert server.admin_answer("/health")[0] == 200
        stats = api.get("/api/v1/stats")
        assert stats["store"]["ok"] is False and stats["store"]["detail"]
        assert "\ngavel_store_up 0\n" in server.admin_answer("/metrics")[2]

        redis.thaw()
        answers = []

        def settled():
            answers.append(api.publish("away", {"type": "n"}, headers=key))
            return answers[-1][0] not in (409, 503, 504)

        wait_until(settled, "the store answers", 60)
        assert answers[-1][0] == 201
        assert answers[-1][1]["msg_id"] == 2
        assert api.publish("away", {"type": "last"})[1]["msg_id"] == 3
        page = api.messages("away")[1]
        assert [one["type"] for one in page["messages"]] == ["m", "n", "last"]
