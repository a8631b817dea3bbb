#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A socket's owner has the present name of its process, while that process exists."""

import contextlib
import os
import signal
import socket
import subprocess
import sys

from cli import RTT_TOOL, TOOL, Trace, assert_equal, main, need_root, wait_until
from servers import NAME, WORKER, spawn_as
from this_machine import need_seeding

BYTES = 10
HERE = os.path.dirname(os.path.realpath(__file__))

# Connects, and takes another name when it is told to. Its child, if it has one, has the socket, too, and leaves it alone.
CLIENT = """
import os, select, socket, sys, threading
sys.path.insert(0, sys.argv[3])
from servers import NAME, WORKER, rename
rename(NAME)
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
client.set_inheritable(True)
if sys.argv[2] == "fork" and not os.fork():
    os.write(1, b"%d\\n" % os.getpid())
    end = select.poll()
    end.register(0, 0) # to read would take the other's word
    end.poll(60000)
    os._exit(0)
os.write(1, b"ready\\n")
sys.stdin.readline()
if sys.argv[2] == "exec":
    os.execvp("cat", ["cat"])
if sys.argv[2] == "thread":
    thread = threading.Thread(target=rename, args=(WORKER,))
    thread.start()
    thread.join()
if sys.argv[2] == "prctl":
    rename(WORKER)
if sys.argv[2] != "fork":
    os.write(1, b"done\\n")
    sys.stdin.read()
"""


def comm_of(pid):
    with open(f"/proc/{pid}/comm", encoding="ascii") as file:
        return file.read().strip()


class Client:
    """A process that has connected to a listener of ours, and this side of the connection."""

    def __init__(self, how):
        self.how = how

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.stack = contextlib.ExitStack()
        return self

    def begin(self):
        """After the tools have been attached to the port."""
        self.process = subprocess.Popen([sys.executable, "-B", "-c", CLIENT, str(self.port), self.how, HERE],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.stack.callback(self._end)
        self.server = self.stack.enter_context(self.listener.accept()[0])
        lines = [self.process.stdout.readline() for _ in range(2 if self.how == "fork" else 1)]
        assert_equal("ready\n" in lines, True, f"ready among {lines}")
        return self.process.pid

    def take_name(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        if self.how == "exec":
            wait_until(lambda: comm_of(self.process.pid) == "cat", 5, "exec")
        else:
            assert_equal(self.process.stdout.readline(), "done\n", "answer")

    def _end(self):
        """With stdin, which its child has, too."""
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)

    def send(self):
        """A segment at a time, each of which the client's kernel acknowledges."""
        for _ in range(BYTES):
            self.server.sendall(b"x")

    def leave(self):
        """The client's side is told, and does nothing."""
        self.server.shutdown(socket.SHUT_WR)

    def __exit__(self, *_):
        self.stack.close()
        self.listener.close()


def watch(stack, port):
    """Rows, looks, and samples by name, of the client's side."""
    return [stack.enter_context(Trace("-o", "json", *args, port, tool=tool)) for tool, args in (
        (TOOL, ("-D",)), (TOOL, ("--stuck", "ESTABLISHED", "--longer", "1ms", "--interval", "50ms", "-D")),
        (RTT_TOOL, ("--by", "comm", "-P")))]


def looks_after(looks):
    """Rows of looks that began after this."""
    known = len(looks.rows())
    wait_until(lambda: len(looks.rows()) >= known + 3, 10, lambda: f"no looks: {looks.err}")
    return looks.rows()[known + 1:]


def check(how, name):
    """Before the client changes its name, and after."""
    with Client(how) as client, contextlib.ExitStack() as stack:
        rows, looks, samples = watch(stack, client.port)
        pid = client.begin()
        assert_equal({(row["pid"], row["comm"]) for row in looks_after(looks)}, {(pid, NAME)}, f"{how}: looks before")
        client.take_name()
        assert_equal({(row["pid"], row["comm"]) for row in looks_after(looks)}, {(pid, name)}, f"{how}: looks after")
        client.send()
        client.leave()
        wait_until(lambda: any(row["oldstate"] == "ESTABLISHED" for row in rows.rows()), 5, "the row that we cause")
        for trace in (rows, looks, samples):
            assert_equal(trace.stop(), 0, f"exit status: {trace.err}")
        named = [(row["newstate"], row["pid"], row["comm"]) for row in rows.rows()]
        assert_equal(named, [("SYN_SENT", pid, NAME), ("ESTABLISHED", pid, NAME), ("CLOSE_WAIT", pid, name)], f"{how}: rows")
        assert_equal({row["key"] for row in samples.rows()}, {name}, f"{how}: samples by name")


def test_exec():
    need_root()
    check("exec", "cat")


def test_prctl():
    need_root()
    check("prctl", WORKER)


def test_name_of_a_thread():
    """That of a thread which is not the leader is not the process's."""
    need_root()
    check("thread", NAME)


def test_filter():
    """--comm goes by the name of now: what had the name is out of scope when it has another."""
    need_root()
    with Client("prctl") as client, contextlib.ExitStack() as stack:
        rows, samples = [stack.enter_context(Trace("-o", "json", option, client.port, "--comm", NAME, tool=tool))
                         for tool, option in ((TOOL, "-D"), (RTT_TOOL, "-P"))]
        client.begin()
        client.take_name()
        client.send()
        client.leave()
        for trace in (rows, samples):
            assert_equal(trace.stop(), 0, f"exit status: {trace.err}")
        assert_equal([row["newstate"] for row in rows.rows()], ["SYN_SENT", "ESTABLISHED"], "rows")
        assert_equal(sum(row["count"] for row in samples.rows()), 0, "samples")


def test_older_connection():
    need_root()
    need_seeding()
    with Client("exec") as client, contextlib.ExitStack() as stack:
        pid = client.begin()
        rows, looks, samples = watch(stack, client.port)
        client.take_name()
        assert_equal({(row["pid"], row["comm"]) for row in looks_after(looks)}, {(pid, "cat")}, "looks")
        client.send()
        client.leave()
        for trace in (rows, looks, samples):
            assert_equal(trace.stop(), 0, f"exit status: {trace.err}")
        assert_equal([(row["newstate"], row["pid"], row["comm"]) for row in rows.rows()], [("CLOSE_WAIT", pid, "cat")], "rows")
        assert_equal({row["key"] for row in samples.rows()}, {"cat"}, "samples by name")


def test_number_that_is_used_again():
    """The process has ended, and its socket lives on in its child. Another with its number does not lend its name."""
    need_root()
    with Client("fork") as client, contextlib.ExitStack() as stack:
        rows, looks, samples = watch(stack, client.port)
        pid = client.begin()
        client.process.stdin.write("go\n")
        client.process.stdin.flush()
        client.process.wait(10)
        spawn_as(pid, "sleep", "60")
        try:
            wait_until(lambda: comm_of(pid) == "sleep", 5, "exec")
            assert_equal({(row["pid"], row["comm"]) for row in looks_after(looks)}, {(pid, NAME)}, "looks")
            client.send()
            client.leave()
            for trace in (rows, looks, samples):
                assert_equal(trace.stop(), 0, f"exit status: {trace.err}")
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        assert_equal({row["comm"] for row in rows.rows()}, {NAME}, "names in rows")
        assert_equal({row["key"] for row in samples.rows()}, {NAME}, "samples by name")


if __name__ == "__main__":
    main(globals())
