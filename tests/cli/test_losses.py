#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Messages at the end of a run: rows held back, sockets without memory, runs without a sample. Cases that are no loss have
no message."""

import contextlib
import os
import re
import socket
import sys

from cli import RTT_TOOL, Trace, assert_diagnostics, assert_equal, assert_in, assert_not_in, free_port, main, need_root, run
from namespaces import NamedNetwork
from this_machine import need_machine, need_seeding

CONNECTIONS = 10

# Many processes, and then a few exchanges over a connection.
FORKS = """
import os, socket
for _ in range(300):
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
server = listener.accept()[0]
for _ in range(10):
    client.send(b"x")
    server.send(server.recv(1))
    client.recv(1)
"""

NONE = {
    "srtt": "no sample: no connection in scope received a segment",
    "rtt": "no sample: no connection in scope had its round-trip time measured",
    "min": "no sample: no connection in scope ended",
    "handshake": "no sample: no connection in scope was established",
}


def converse(port, connections=1):
    """Connections at the same time, to whose clients a byte is sent."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        pairs = [(socket.create_connection(("127.0.0.1", port)), listener.accept()[0]) for _ in range(connections)]
        for client, server in pairs:
            server.send(b"x")
            client.recv(1)
            client.close()
            server.close()


def test_listener_without_a_port():
    """With -L its row waits for the port. Its children, which are out of scope, have nothing that waits."""
    need_root()
    need_machine("socket_storage")
    with Trace("--storage", "socket", "-o", "json", "-L", free_port()) as trace:
        with socket.socket() as listener:
            listener.listen()
            for _ in range(3):
                socket.create_connection(("127.0.0.1", listener.getsockname()[1])).close()
        assert_equal(trace.stop(), 0, "exit status")
        assert_equal(trace.rows(), [], "rows")
        assert_not_in("held back", trace.err)


def test_samples_without_storage():
    """A hash with room for one socket: samples whose process nobody could remember are counted, whatever the kind."""
    need_root()
    for kind in ("handshake", "min", "srtt"):
        port = free_port()
        with Trace("--storage", "hash", "--hash-size", "1", "--sample", kind, "--by", "pid", "-o", "json", "-P", port,
                   tool=RTT_TOOL) as trace:
            # one of them may have the one place
            converse(port, CONNECTIONS)
            assert_equal(trace.stop(), 0, "exit status")
            errors = trace.err
            nobodys = sum(row["count"] for row in trace.rows() if row["key"] is None)
            found = re.search(r"tcprtt: (\d+) samples are in incomplete groups, or not taken, for lack of memory", errors)
        assert found, f"--sample {kind}: not a word about memory: {errors}"
        assert nobodys >= CONNECTIONS - 1 and int(found[1]) >= nobodys, (kind, nobodys, errors)


def unjudged(text):
    found = re.search(r"(\d+) changes? of state could not be filtered for lack of memory", text)
    return int(found[1]) if found else 0


def test_filters_without_storage():
    """A connection that nothing was remembered of has an unknown owner: it counts as missed, not as "none"."""
    need_root()
    args = "--strict", "--storage", "hash", "--hash-size", "1", "-o", "json", "--pid", os.getpid()
    for more in ("--sample", "handshake"), ("--sample", "min"), ("--sample", "srtt"):
        port = free_port()
        with Trace(*args, *more, "-P", port, tool=RTT_TOOL) as trace:
            converse(port, CONNECTIONS)
            assert_equal(trace.stop(), 3, f"exit status with {more}: {trace.err}")
            assert unjudged(trace.err) >= CONNECTIONS - 1, (more, trace.err)
            assert_not_in("no sample", trace.err)
    port = free_port()
    with Trace(*args, "-D", port) as trace:
        converse(port, CONNECTIONS)
        assert_equal(trace.stop(), 3, f"exit status: {trace.err}")
        assert unjudged(trace.err) >= CONNECTIONS - 1, trace.err


def test_others_without_storage():
    """Older sockets that there is no room for are out of scope when they are another process's."""
    need_root()
    need_seeding()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        pairs = [(socket.create_connection(listener.getsockname()), listener.accept()[0]) for _ in range(CONNECTIONS)]
        port = listener.getsockname()[1]
        for args, mine in (("--pid", os.getpid()), True), (("--pid", f"!{os.getpid()}"), False), (("--comm", "no-such-name"), False):
            with Trace("--storage", "hash", "--hash-size", "1", "-L", port, *args) as trace:
                assert_equal(trace.stop(), 0, f"exit status with {args}")
                # the ends of connections, and the listener
                assert_equal(unjudged(trace.err), CONNECTIONS + 1 if mine else 0, f"older sockets not judged with {args}")
        for pair in pairs:
            for end in pair:
                end.close()


def test_others_in_another_network_namespace():
    """They take no room in the hash, and are no loss."""
    need_root()
    need_seeding()
    need_machine("netns")
    with NamedNetwork() as network, socket.create_server(("127.0.0.1", 0)) as listener, contextlib.ExitStack() as stack:
        for _ in range(CONNECTIONS):
            stack.enter_context(socket.create_connection(listener.getsockname()))
            stack.enter_context(listener.accept()[0])
        with Trace("--storage", "hash", "--hash-size", "1", "--strict", "--netns", network.name, "--pid", os.getpid()) as trace:
            assert_equal(trace.stop(), 0, f"exit status: {trace.err}")


def test_stuck_without_storage():
    """The same for a look at connections, also at older ones."""
    need_root()
    need_seeding()
    port = free_port()
    with socket.create_server(("127.0.0.1", port)) as listener:
        pairs = [(socket.create_connection(("127.0.0.1", port)), listener.accept()[0]) for _ in range(CONNECTIONS)]
        result = run("--stuck", "ESTABLISHED", "--longer", "1h", "--once", "-d", "0.5", "--storage", "hash",
                     "--hash-size", "1", "--pid", os.getpid(), "-D", port)
        for pair in pairs:
            for end in pair:
                end.close()
    assert_equal(result.returncode, 3, f"exit status: {result.stderr}")
    assert unjudged(result.stderr) >= CONNECTIONS - 1, result.stderr


def test_forks_are_no_samples():
    """A command that forks all the time, and samples of which none is lost."""
    need_root()
    result = run("--strict", "-v", "--by", "pid", "-o", "json", "--out", "/dev/null", "--", sys.executable, "-c", FORKS, tool=RTT_TOOL)
    assert_equal(result.returncode, 0, f"exit status: {result.stderr}")
    assert re.search(r"^tcprtt: lost 0 of \d\d+ samples: nothing was missed$", result.stderr, re.MULTILINE), result.stderr


def test_no_sample():
    """One line says so, and why; with a sample, none does."""
    need_root()
    for kind, line in NONE.items():
        port = free_port()
        result = run("-d", "0.1", "-P", port, "--sample", kind, "-o", "json", tool=RTT_TOOL)
        assert_equal((result.returncode, result.stderr), (0, f"tcprtt: {line}\n"), f"--sample {kind}")
        assert_equal(len(result.stdout.splitlines()), 1, f"rows with --sample {kind}")
        with Trace("-P", port, "--sample", kind, tool=RTT_TOOL) as trace:
            converse(port)
            assert_equal(trace.stop(), 0, "exit status")
            assert_not_in("no sample", trace.err)
            assert_diagnostics(trace.err, "tcprtt")


def test_no_sample_of_that_process():
    """There was traffic, and none of it in scope."""
    need_root()
    port = free_port()
    with Trace("-P", port, "--comm", "no-such-name", tool=RTT_TOOL) as trace:
        converse(port)
        assert_equal(trace.stop(), 0, "exit status")
        assert_in(f"tcprtt: {NONE['srtt']}\n", trace.err)


if __name__ == "__main__":
    main(globals())
