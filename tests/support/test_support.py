"""What the suites stand on is itself tested, against another WebSocket implementation."""

import asyncio
import threading

import pytest
import websockets
from support.client import BINARY, CLOSE, CONTINUATION, PING, TEXT, Client, Closed, close_payload
from support.client import frame
from support.process import Process
from support.proxy import Plan, Proxy
from support.redis_server import RedisError, RedisServer


@pytest.fixture
def echo_port():
    """An echo server of the websockets package, on a thread and loop of its own."""
    loop, ready, stop, port = asyncio.new_event_loop(), threading.Event(), asyncio.Event(), []

    async def echo(connection):
        async for message in connection:
            await connection.send(message)

    async def serve():
        async with websockets.serve(echo, "127.0.0.1", 0, max_size=None) as server:
            port.append(server.sockets[0].getsockname()[1])
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait()
    yield port[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 300_000])
def test_the_client_speaks_websocket_at_every_length(echo_port, size):
    client = Client(echo_port)
    payload = bytes(i % 251 for i in range(size))
    client.send_frame(payload, BINARY)
    assert client.recv_message().payload == payload
    client.drop()


def test_the_client_sends_fragments_and_answers_a_close(echo_port):
    client = Client(echo_port)
    client.send_frame(b"one ", TEXT, fin=False)
    client.send_frame(b"ping", PING)
    client.send_frame(b"two", CONTINUATION)
    assert client.recv_message().payload == b"one two"
    assert client.pongs == [b"ping"]
    client.send_frame(close_payload(4001, b"bye"), CLOSE)
    with pytest.raises(Closed) as closed:
        client.recv_message()
    assert (closed.value.code, closed.value.reason) == (4001, "bye")
    assert not client.expect_end().reset
    client.drop()


def test_frames_can_lie_about_their_length():
    assert frame(b"ab", mask=None, length=3) == b"\x81\x03ab"
    assert frame(b"ab", mask=None, length_bytes=2) == b"\x81\x7e\x00\x02ab"
    assert frame(b"", mask=None, length=2**63) == b"\x81\x7f\x80" + b"\0" * 7


def test_the_proxy_passes_everything_in_small_pieces(echo_port):
    with Proxy(echo_port, Plan(chunk_max=7), seed=3) as proxy:
        client = Client(proxy.port)
        payload = bytes(range(256)) * 20
        client.send_frame(payload, BINARY)
        assert client.recv_message().payload == payload
        client.drop()


@pytest.mark.parametrize("how", ["reset", "close"])
def test_the_proxy_cuts_at_a_byte(echo_port, how):
    with Proxy(echo_port, plans=[Plan(cut_down=1000, how=how)]) as proxy:
        client = Client(proxy.port)
        client.send_frame(b"x" * 5000, BINARY)
        with pytest.raises(Closed) as closed:
            client.recv_message()
        assert closed.value.reset == (how == "reset")
        whole = Client(proxy.port)  # the next connection has the plan of all later ones
        whole.send_frame(b"y" * 5000, BINARY)
        assert whole.recv_message().payload == b"y" * 5000
        whole.drop()


def test_the_proxy_freezes_and_thaws(echo_port):
    with Proxy(echo_port) as proxy:
        client = Client(proxy.port)
        proxy.freeze()
        client.send_frame(b"later")
        with pytest.raises(AssertionError):
            client.recv_message(0.1)
        proxy.thaw()
        assert client.recv_message().payload == b"later"
        client.drop()


def test_redis_restarts_with_what_it_kept():
    with RedisServer(appendonly="yes", appendfsync="always") as redis:
        redis.command("SET", "a", "1")
        redis.restart()
        assert redis.command("GET", "a") == "1"
        with pytest.raises(RedisError):
            redis.command("NO-SUCH")


def test_a_process_that_ends_early_tells_why():
    import re

    process = Process(["/bin/sh", "-c", "echo out; echo why >&2; exit 3"])
    with pytest.raises(AssertionError, match="status 3[\\s\\S]*why"):
        process.wait_for_line(re.compile("never"))
