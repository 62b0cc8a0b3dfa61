"""Fixtures of the end-to-end suite."""

import pytest
from support.gavel import Server
from support.redis_server import RedisServer


@pytest.fixture
def server():
    """A server with two threads and the memory store, of this test alone."""
    with Server() as running:
        yield running


@pytest.fixture(scope="module")
def shared_server():
    """A server for all tests of a module; each takes a room of its own."""
    with Server() as running:
        yield running


@pytest.fixture
def room(request):
    """A room's name that no other test uses."""
    return request.node.name


@pytest.fixture
def redis():
    """A Redis server of this test alone, empty, without persistence."""
    with RedisServer() as running:
        yield running


@pytest.fixture(scope="module")
def site():
    """A server for all rows of a table of bad inputs."""
    with Server() as server:
        yield server


@pytest.fixture(scope="module")
def neighbours(site):
    """Two members of a room that has nothing to do with what the others send."""
    pair = site.joined("neighbours"), site.joined("neighbours")
    yield pair
    for client in pair:
        assert client.ids() == list(range(1, len(client.seen) + 1))
        assert {obj["text"] for obj, _ in client.seen} == {"fine"}
        assert [obj["type"] for obj in client.others] == ["joined"]


@pytest.fixture
def neighbours_are_fine(neighbours):
    """After each test that uses it, a well-behaved room must have seen nothing of it."""
    yield
    neighbours[0].send_json({"type": "chat", "text": "fine"})
    for client in neighbours:
        client.collect(1)
