"""A server that speaks MongoDB's protocol, on a free port, with its data in a folder of its own.

with MongoServer() as mongo:
    mongo.uri
    mongo.restart()

It is mongo-java-server: real files, no replica set, no users. What it acknowledged survives
kill9(). Its libraries are fetched with Maven, once, in the versions of support/mongo/pom.xml.
"""

import fcntl
import pathlib
import re
import shutil
import subprocess
import tempfile

from support.process import Process, free_port

HERE = pathlib.Path(__file__).resolve().parent / "mongo"
MADE = pathlib.Path(__file__).resolve().parents[2] / "build/test-mongo"
LISTENING = re.compile("^listening$")


def make():
    """The class path, made where it is missing or older than what it is made of."""
    MADE.mkdir(parents=True, exist_ok=True)
    done = MADE / "done"
    sources = [HERE / "pom.xml", HERE / "TestMongo.java"]
    with open(MADE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        newest = max(source.stat().st_mtime for source in sources)
        if not done.exists() or done.stat().st_mtime < newest:
            shutil.rmtree(MADE / "lib", ignore_errors=True)
            run("mvn", "-q", "-B", "-f", HERE / "pom.xml", "dependency:copy-dependencies",
                f"-DoutputDirectory={MADE / 'lib'}")  # fmt: skip
            run("javac", "-cp", f"{MADE / 'lib'}/*", "-d", MADE, HERE / "TestMongo.java")
            done.touch()
    return f"{MADE}:{MADE / 'lib'}/*"


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


class MongoServer:
    def __init__(self):
        self.port = 0
        self.process = None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gavel-mongo-"))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, error, trace):
        self.kill9()
        if kind is not None:
            print(f"--- MongoDB's log:\n{self.process.stderr[-4000:]}")
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def uri(self):
        return f"mongodb://127.0.0.1:{self.port}"

    def start(self, tries=5):
        """On the port that it had before, if it had one; returns when it listens."""
        port = self.port or free_port()
        command = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m"]
        self.process = Process([*command, "-cp", make(), "TestMongo", port, self.folder / "data"])
        try:
            self.process.wait_for_line(LISTENING, 60)
        except AssertionError:
            self.process.kill()
            if self.port or tries == 0:
                raise
            self.start(tries - 1)
            return
        self.port = port

    def kill9(self):
        self.process.kill()

    def restart(self):
        self.kill9()
        self.start()
