"""Fixtures of the Redis suite."""

import pytest
from support.redis_server import RedisServer


@pytest.fixture
def room(request):
    """A room's name that no other test uses."""
    return request.node.name


@pytest.fixture
def redis():
    """A Redis server of this test alone."""
    with RedisServer(repl_diskless_sync_delay="0") as running:
        yield running


@pytest.fixture
def safe_redis():
    """One that forgets nothing that it accepted."""
    with RedisServer(appendonly="yes", appendfsync="always") as running:
        yield running
