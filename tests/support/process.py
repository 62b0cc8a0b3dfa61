"""A process of a test: it ends with the test, whatever happens to that."""

import ctypes
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading

from support.wait import stretched, wait_until

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def end_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port():
    """A port that nobody listens on now. Somebody else may take it: who uses it tries again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A started command. Its stdout is gathered line by line, its stderr lies in a file."""

    def __init__(self, command, env=None, cwd=None):
        self.command = [str(word) for word in command]
        # A file and not a pipe: a pipe that nobody empties would stop the process.
        self._stderr = tempfile.NamedTemporaryFile(prefix="gavel-test-", suffix=".log")
        self.popen = subprocess.Popen(
            self.command,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
            errors="replace",
            preexec_fn=end_with_parent,
        )
        self.stdout_lines = []
        self._reader = threading.Thread(target=self._read_stdout, daemon=True)
        self._reader.start()

    def _read_stdout(self):
        for line in self.popen.stdout:
            self.stdout_lines.append(line.rstrip("\n"))

    @property
    def pid(self):
        return self.popen.pid

    @property
    def stdout(self):
        return "".join(line + "\n" for line in list(self.stdout_lines))

    @property
    def stderr(self):
        return pathlib.Path(self._stderr.name).read_text(errors="replace")

    def is_running(self):
        return self.popen.poll() is None

    def signal(self, number):
        self.popen.send_signal(number)

    def wait(self, seconds=20):
        """Its exit status; AssertionError with the end of its log when it does not end."""
        try:
            status = self.popen.wait(stretched(seconds))
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.command[0]} did not end\n{self.stderr[-4000:]}") from None
        self._reader.join(stretched(seconds))
        return status

    def wait_for_line(self, pattern, seconds=20):
        """The match of a compiled pattern in a line of stdout, as soon as there is one."""

        def look():
            for line in list(self.stdout_lines):
                match = pattern.search(line)
                if match:
                    return match
            if not self.is_running():
                self._reader.join(1)
                if not any(pattern.search(line) for line in self.stdout_lines):
                    raise AssertionError(
                        f"{' '.join(self.command)}: ended with status {self.popen.returncode}\n"
                        f"{self.stdout}{self.stderr[-4000:]}"
                    )
            return None

        return wait_until(look, f"a line with {pattern.pattern!r}\n{self.stderr[-2000:]}", seconds)

    def kill(self):
        """kill -9, and waits until it is gone."""
        if self.is_running():
            self.popen.kill()
        self.popen.wait()
