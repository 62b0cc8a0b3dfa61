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
