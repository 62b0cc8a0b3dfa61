"""Fixtures of the conformance suite: a server that echoes what it is sent on /echo.

GAVEL_PORT names the port of an outside server; else GAVEL_BIN is started.
"""

import os

import pytest
from echo_client import EchoClient
from support.gavel import Server


@pytest.fixture(scope="session")
def port():
    if os.environ.get("GAVEL_PORT"):
        yield int(os.environ["GAVEL_PORT"])
        return
    with Server(args=["--echo", "--deflate"]) as server:
        yield server.port


@pytest.fixture
def connect(port):
    """Makes clients of /echo, and drops them at the test's end."""
    clients = []

    def make(**options):
        clients.append(EchoClient(port, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.drop()


@pytest.fixture
def echo(connect):
    """A client without extensions."""
    return connect()
