#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections in an accept queue: they belong to their listener's owner, by its present name, if it is known which listener."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

from cli import RTT_TOOL, Trace, assert_equal, assert_not_in, main, need_root, of_port, run, wait_until
from servers import HOST, NAME, WORKER, Server, fork, rename
from this_machine import need_seeding

# --stuck: longer than that, and some more for the kernel's clock of segments.
LONGER_S, SLACK_S = 0.1, 0.4
SHARING = 16
BYTES = 10
# Of one connection, 16 samples can wait for an owner (docs/accuracy.md).
EARLY_BYTES = 40

# Listens on that port, of which others have listeners, too; so often.
SHARED_LISTENER = """
import socket, sys
listeners = []
for _ in range(int(sys.argv[2])):
    listeners.append(socket.socket())
    listeners[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listeners[-1].bind(("127.0.0.1", int(sys.argv[1])))
    listeners[-1].listen(64)
print("listening", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def shared_port(*counts):
    """A port with so many listeners in each of some processes, which never accept: the port and the pids."""
    with contextlib.ExitStack() as stack, socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind((HOST, 0))
        port = holder.getsockname()[1]
        pids = []
        for count in counts:
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", SHARED_LISTENER, str(port), str(count)],
                                                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            assert_equal(process.stdout.readline(), "listening\n", "the listener's word")
            pids.append(process.pid)
        for _ in range(SHARING):
            client = stack.enter_context(socket.create_connection((HOST, port)))
            client.shutdown(socket.SHUT_WR)
        time.sleep(LONGER_S + SLACK_S)
        yield port, pids


def once(port, *args):
    """Exit status and owners of the old connections in CLOSE_WAIT on that port."""
    result = run("--stuck", "CLOSE_WAIT", "--longer", f"{LONGER_S}s", "--once", "-o", "json", "-L", port, *args)
    return result.returncode, {row["pid"] for row in map(json.loads, result.stdout.splitlines())}


def test_listeners_of_one_process():
    need_root()
    need_seeding()
    with shared_port(3) as (port, (pid,)):
        assert_equal(once(port, "--pid", pid), (1, {pid}), "connections of the process with all listeners")


def test_listeners_of_two_processes():
    """Nothing shows in which process's queue a connection is: its owner is unknown, and that is no answer."""
    need_root()
    need_seeding()
    with shared_port(1, 1) as (port, pids):
        assert_equal(once(port), (1, {None}), "owners")
        for pid in pids:
            assert_equal(once(port, "--pid", pid), (3, set()), "connections of one of two processes")
        assert_equal(once(port, "--role", "server"), (1, {None}), "connections by role")


def send_one_by_one(client, count):
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for _ in range(count):
        client.sendall(b"x")
        time.sleep(0.005)


def test_samples_of_older_connections():
    """A server that hangs since before the tool was started: the same owner as tcpstates shows, and the same role."""
    need_root()
    need_seeding()
    with Server("hung") as server, socket.create_connection((HOST, server.port)) as client:
        with Trace("--by", "pid", "-o", "json", "-L", server.port, tool=RTT_TOOL) as by_pid, \
                Trace("--pid", server.first, "-o", "json", "-L", server.port, tool=RTT_TOOL) as of_pid, \
                Trace("--role", "server", "-o", "json", "-L", server.port, tool=RTT_TOOL) as of_role:
            send_one_by_one(client, BYTES)
            for trace in (by_pid, of_pid, of_role):
                assert_equal(trace.stop(), 0, f"exit status: {trace.err}")
            assert_equal({row["key"] for row in by_pid.rows()}, {str(server.first)}, "owner of the samples")
            for trace in (by_pid, of_pid, of_role):
                count = sum(row["count"] for row in trace.rows())
                assert count >= BYTES, f"{count} samples: {trace.err}"


def test_samples_before_the_accept():
    """More than can wait for an owner: the first ones wait, and the others are counted as not taken."""
    need_root()
    told, tell = os.pipe()
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]

        def accept_late():
            os.read(told, 1)
            with listener.accept()[0] as connection:
                while connection.recv(100):
                    pass

        worker = fork(accept_late)
        with Trace("--pid", worker, "--strict", "-o", "json", "-L", port, tool=RTT_TOOL) as trace:
            with socket.create_connection((HOST, port)) as client:
                send_one_by_one(client, EARLY_BYTES)
                os.write(tell, b"x")
                time.sleep(0.2)
                send_one_by_one(client, BYTES)
            os.waitpid(worker, 0)
            assert_equal(trace.stop(), 3, f"exit status: {trace.err}")
            found = re.search(r"^tcprtt: (\d+) samples came before the accept, and found no room to wait for it: not taken$", trace.err,
                              re.MULTILINE)
            count = sum(row["count"] for row in trace.rows())
            assert_not_in("no sample", trace.err)
            errors = trace.err
    os.close(told)
    os.close(tell)
    assert found, f"not a word of them: {errors}"
    assert 0 < int(found[1]) < EARLY_BYTES <= int(found[1]) + count - BYTES + 1, (found[1], count)


def test_listener_with_another_name():
    """Its children have the name that the process has now, before anybody accepts them."""
    need_root()
    reader, writer = os.pipe()
    told, tell = os.pipe()

    def hang():
        rename(NAME)
        with socket.create_server((HOST, 0)) as listener:
            os.write(writer, b"%d\n" % listener.getsockname()[1])
            os.read(told, 1)
            rename(WORKER)
            os.write(writer, b"renamed\n")
            time.sleep(20)

    with Trace("-o", "json") as trace:
        child = fork(hang)
        port = int(os.read(reader, 10))
        os.write(tell, b"x")
        assert_equal(os.read(reader, 10), b"renamed\n", "the server's word")
        with socket.create_connection((HOST, port)):
            wait_until(lambda: len(of_port(trace.rows(), port)) >= 5, 5, lambda: f"rows: {trace.out}")
            assert_equal(trace.stop(), 0, "exit status")
        rows = of_port(trace.rows(), port)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    for descriptor in (reader, writer, told, tell):
        os.close(descriptor)
    named = [(row["newstate"], row["comm"]) for row in rows if row["lport"] == port]
    assert_equal(named[:3], [("LISTEN", NAME), ("SYN_RECV", WORKER), ("ESTABLISHED", WORKER)], "names of the server's rows")


if __name__ == "__main__":
    main(globals())
