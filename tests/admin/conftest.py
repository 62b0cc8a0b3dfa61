"""Fixtures of the tests of the admin address."""

import zlib

import pytest
from admin.description import Api, Description
from admin.server import AdminServer


@pytest.fixture(scope="session")
def description():
    return Description()


@pytest.fixture(scope="module")
def server():
    """One for all tests of a module; each takes a room of its own."""
    with AdminServer() as running:
        yield running


@pytest.fixture
def api(server, description):
    return Api(server, description)


@pytest.fixture
def room(request):
    """A room's name that no other test uses."""
    return f"{request.node.originalname}-{zlib.crc32(request.node.name.encode()):x}"
