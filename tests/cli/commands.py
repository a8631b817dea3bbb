# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Shared by the tests of commands behind --: a server to talk to, a tree of processes, and files for their output."""

import contextlib
import json
import socket
import sys
import tempfile
import threading
import time

from cli import RTT_TOOL, TOOL, assert_equal, run

BOTH = (TOOL, RTT_TOOL)


class Server:
    """Answers each byte, and closes after the client. Where `hammered`, this process connects to it again and again, too: not as fast
    as it can, or the accept queue overflows and the tests' own connections wait for seconds."""

    def __init__(self, hammered=False):
        self.hammered = hammered
        self.ending = False
        self.hits = 0

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self._serve)]
        if self.hammered:
            self.threads.append(threading.Thread(target=self._hammer))
        for thread in self.threads:
            thread.start()
        return self

    def _serve(self):
        while not self.ending:
            with contextlib.suppress(OSError), self.listener.accept()[0] as server:
                while byte := server.recv(1):
                    server.send(byte)

    def _hammer(self):
        while not self.ending:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5) as client:
                client.send(b"x")
                client.recv(1)
                self.hits += 1
            time.sleep(0.002)

    def __exit__(self, *_):
        self.ending = True
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 5).close()
        for thread in self.threads:
            thread.join(10)
        self.listener.close()


# Each process connects from an address of its own and prints that with its pid.
TREE = """
import os, socket, subprocess, sys, threading
port = int(sys.argv[1])
def connect(host):
    with socket.socket() as s:
        s.bind((f"127.88.2.{host}", 0))
        s.connect(("127.0.0.1", port))
        for _ in range(20):
            s.send(b"x")
            s.recv(1)
        s.shutdown(socket.SHUT_WR)
        s.recv(1)
    os.write(1, f"127.88.2.{host} {os.getpid()}\\n".encode())
if len(sys.argv) > 2:
    connect(int(sys.argv[2]))
    sys.exit(5)
connect(1)
if not os.fork():
    connect(2)
    os._exit(0)
os.wait()
subprocess.run(["sh", "-c", '"$@"; true', "sh", sys.executable, sys.argv[0], sys.argv[1], "3"])
reader, writer = os.pipe()
if not os.fork():
    os.setsid()
    middle = os.getpid()
    if os.fork():
        os._exit(0)
    os.close(reader)
    while os.getppid() == middle:
        pass
    connect(4)
    os._exit(0)
os.close(writer)
os.wait()
os.read(reader, 1)
thread = threading.Thread(target=connect, args=(5,))
thread.start()
thread.join()
# From a thread that is not the first one: exec() gives it the number of that.
threading.Thread(target=lambda: os.execv(sys.executable, [sys.executable, *sys.argv, "6"])).start()
threading.Event().wait()
"""


# Says when it is ready, and ends after the first signal, with 40 and the number of signals.
COUNTER = """
import signal, sys, time
count = 0
def note(*_):
    global count
    count += 1
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, note)
print("ready", flush=True)
while not count:
    time.sleep(0.01)
time.sleep(0.3)
sys.exit(40 + count)
"""


@contextlib.contextmanager
def temporary(text=""):
    with tempfile.NamedTemporaryFile("w+", prefix="tcpvitals-") as file:
        file.write(text)
        file.flush()
        yield file


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def read_rows(path):
    """A file with JSON Lines, without its first and last line, which tell the run."""
    lines = [json.loads(line) for line in read(path).splitlines()]
    return [line for line in lines if line["type"] not in ("start", "end")]


def run_tree(tool, port, *args, prefix=()):
    """The tool's output, and each address's pid."""
    with temporary(TREE) as script, temporary() as out:
        result = run("-o", "json", "--out", out.name, *args, "--", sys.executable, script.name, port, tool=tool, prefix=prefix)
        assert_equal((result.returncode, result.stderr), (5, ""), f"exit status and stderr of {args}")
        pids = dict(line.split() for line in result.stdout.splitlines())
        assert_equal(sorted(pids), [f"127.88.2.{host}" for host in range(1, 7)], "addresses")
        return read_rows(out.name), pids
