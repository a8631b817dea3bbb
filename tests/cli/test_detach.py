#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The end of tracing while connections begin and end: all programs stop at the same event, however long their detachment
takes."""

import contextlib
import os
import signal
import socket
import subprocess
import threading

from cli import Trace, assert_equal, main, need_command, need_root, run, wait_until
from this_machine import need_machine

# Between the programs that are detached: some hundred connections.
PAUSE_US = 150000


class Worker:
    """A process of its own that accepts from our listener, answers one byte and closes after its client."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        self.pid = os.fork()
        if not self.pid:
            with contextlib.suppress(BaseException):
                while True:
                    with self.listener.accept()[0] as connection:
                        connection.send(connection.recv(1))
                        connection.recv(1)
            os._exit(0)
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.listener.close()


class Loops:
    """Connections to the port as fast as they come, until the end of `with`; or, without a port, each loop's own."""

    def __init__(self, count, port=None):
        self.ending = False
        self.threads = [threading.Thread(target=self._loop, args=(port,)) for _ in range(count)]

    def _loop(self, port):
        with socket.create_server(("127.0.0.1", 0)) as own:
            while not self.ending:
                with socket.create_connection(("127.0.0.1", port or own.getsockname()[1]), 10) as client:
                    if port:
                        client.send(b"x")
                        client.recv(1)
                    else:
                        own.accept()[0].close()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending = True
        for thread in self.threads:
            thread.join(20)


@contextlib.contextmanager
def slow_to_close(pid):
    """The process sleeps in front of each close(): that is how it detaches a program."""
    need_command("strace")
    process = subprocess.Popen(
        ["strace", "-f", "-p", str(pid), "-e", "trace=close", "-e", f"inject=close:delay_enter={PAUSE_US}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        assert "attached" in process.stderr.readline(), "strace does not attach"
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield
    finally:
        process.kill()
        process.wait()


def test_owners_until_the_end():
    """A connection that its worker has answered is the worker's: no row comes from when nobody saw who accepts."""
    need_root()
    need_machine("socket_storage")
    with Worker() as worker, \
            Trace("-o", "json", "-L", worker.port, "--strict", "--buffer-size", "64M") as trace, \
            Loops(2, worker.port):
        wait_until(lambda: len(trace.out.splitlines()) > 200, 10, "no rows")
        with slow_to_close(trace.pid):
            assert_equal(trace.stop(limit=30), 0, f"exit status; it said {trace.err}")
        owners = {row["pid"] for row in trace.rows() if row["oldstate"] == "ESTABLISHED"}
    assert_equal(owners, {worker.pid}, "who owns answered connections")


def test_no_gap():
    """Each row of a connection leaves the state that the one before it has entered."""
    need_root()
    with Loops(3):
        for _ in range(6):
            result = run("--strict", "-o", "json", "--buffer-size", "64M", "-d", "0.4", timeout=30)
            assert_equal((result.returncode, result.stderr), (0, ""), "exit status and stderr")


if __name__ == "__main__":
    main(globals())
