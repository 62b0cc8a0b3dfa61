"""A Redis server of a test's own, on a free port, in a folder of its own.

with RedisServer(appendonly="yes", appendfsync="always") as redis:
    redis.command("PING")
"""

import pathlib
import shutil
import signal
import socket
import tempfile

from support.process import Process, free_port
from support.wait import stretched, wait_until


class RedisError(Exception):
    pass


class RedisServer:
    """Keywords are lines of its configuration; underscores stand for dashes."""

    def __init__(self, program="redis-server", lines=(), **config):
        self.program = program
        self.lines = list(lines)
        self.config = {"save": '""', "appendonly": "no", **config}
        self.port = 0
        self.process = None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gavel-redis-"))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, error, trace):
        if self.process is not None:
            self.process.kill()
            if kind is not None:
                print(f"--- Redis's log:\n{self.process.stdout[-4000:]}")
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def start(self, tries=5):
        """On the port that it had before, if it had one; returns when it answers."""
        chosen = self.port or free_port()
        config = {"bind": "127.0.0.1", "port": chosen, "dir": self.folder, **self.config}
        text = [f"{name.replace('_', '-')} {value}" for name, value in config.items()]
        path = self.folder / "redis.conf"
        path.write_text("\n".join(text + self.lines) + "\n")
        extra = ["--sentinel"] if "sentinel" in str(self.program) else []
        self.process = Process([self.program, path, *extra])
        self.port = chosen
        try:
            wait_until(self.answers_or_ended, "Redis answers")
            if not self.process.is_running():
                raise AssertionError(f"Redis ended:\n{self.process.stdout}{self.process.stderr}")
        except AssertionError:
            self.process.kill()
            if "already in use" not in self.process.stdout or tries == 0:
                raise
            self.port = 0
            self.start(tries - 1)

    def answers_or_ended(self):
        return not self.process.is_running() or self.answers()

    def answers(self):
        try:
            return self.command("PING") == "PONG"
        except (OSError, RedisError):
            return False

    def kill9(self):
        self.process.kill()

    def restart(self):
        """kill -9, and a start on the same port and folder."""
        self.kill9()
        self.start()

    def freeze(self):
        self.process.signal(signal.SIGSTOP)

    def thaw(self):
        self.process.signal(signal.SIGCONT)

    def command(self, *words):
        """One command on a connection of its own; RedisError where Redis answers with one."""
        with socket.create_connection(("127.0.0.1", self.port), stretched(10)) as sock:
            parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
            request = b"*%d\r\n" % len(parts)
            request += b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
            sock.sendall(request)
            with sock.makefile("rb") as stream:
                return read_reply(stream)


def read_reply(stream):
    line = stream.readline()
    if not line.endswith(b"\r\n"):
        raise RedisError("the connection broke")
    kind, rest = line[:1], line[1:-2]
    if kind == b"+":
        return rest.decode()
    if kind == b"-":
        raise RedisError(rest.decode())
    if kind == b":":
        return int(rest)
    if kind == b"$":
        size = int(rest)
        return None if size < 0 else stream.read(size + 2)[:-2].decode(errors="surrogateescape")
    if kind == b"*":
        return None if int(rest) < 0 else [read_reply(stream) for _ in range(int(rest))]
    raise RedisError(f"not RESP: {line!r}")
