#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The messages of tcprtt at its end about connections and samples, word for word: one is one, and two are two."""

import contextlib
import pathlib
import socket
import struct

from cli import RTT_TOOL, Trace, assert_equal, assert_line, main, need_root
from surroundings import OwnNetwork
from this_machine import need_machine

# In a network namespace of the test's own.
PORTS = {1: 7101, 2: 7102}

NO_MINIMUM = {1: "1 connection without a measurement: it ended before the first one",
              2: "2 connections without a measurement: they ended before the first one"}
NO_SACK = {1: "1 connection without a measurement: it has no SACK", 2: "2 connections without a measurement: they have no SACK"}
NO_HANDSHAKE = {1: "1 connection without a measurement: a SYN was sent again, without timestamps",
                2: "2 connections without a measurement: a SYN was sent again, without timestamps"}
NO_SMOOTHED_TIME = {1: "1 segment without a measurement: it came before the first one of its connection",
                    2: "2 segments without a measurement: they came before the first one of their connections"}
OTHER = {1: '1 sample of groups beyond --max-keys is in the group "other"',
         2: '2 samples of groups beyond --max-keys are in the group "other"'}


def set_ipv4(name, value):
    pathlib.Path("/proc/sys/net/ipv4", name).write_text(str(value), encoding="ascii")


def trace(*args):
    return Trace(*args, tool=RTT_TOOL)


def assert_says(tool, line):
    assert_equal(tool.stop(), 0, "exit status")
    assert_line(f"tcprtt: {line}", tool.err)


def exchange(listener):
    """A connection, and a byte each way."""
    with socket.create_connection(listener.getsockname()) as client, listener.accept()[0] as server:
        for one, other in ((client, server), (server, client)):
            one.send(b"x")
            assert_equal(other.recv(1), b"x", "byte")


def test_no_sack():
    need_root()
    need_machine("netns")
    for count, words in NO_SACK.items():
        with trace("--sample", "rtt", "-L", PORTS[count]) as tool, OwnNetwork():
            set_ipv4("tcp_sack", 0)
            with socket.create_server(("127.0.0.1", PORTS[count])) as listener:
                for _ in range(count):
                    exchange(listener)
            assert_says(tool, words)


def connect_late(stack, port, count):
    """Clients whose first SYN finds the accept queue full. Then there is room."""
    listener = stack.enter_context(socket.socket())
    listener.bind(("127.0.0.1", port))
    listener.listen(0)
    stack.enter_context(socket.create_connection(listener.getsockname()))
    for _ in range(count):
        late = stack.enter_context(socket.socket())
        late.setblocking(False)
        late.connect_ex(listener.getsockname())
    listener.listen(count)
    return listener


def test_no_handshake():
    """Without timestamps nobody can tell which of two SYNs was answered."""
    need_root()
    need_machine("netns")
    with contextlib.ExitStack() as stack:
        tools = {count: stack.enter_context(trace("--sample", "handshake", "-D", port)) for count, port in PORTS.items()}
        stack.enter_context(OwnNetwork())
        set_ipv4("tcp_timestamps", 0)
        listeners = {count: connect_late(stack, port, count) for count, port in PORTS.items()}
        for count, listener in listeners.items():
            for _ in range(1 + count):
                stack.enter_context(listener.accept()[0])
        for count, words in NO_HANDSHAKE.items():
            assert_says(tools[count], words)


TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ, RECV_QUEUE, SEND_QUEUE = 19, 20, 21, 1, 2


@contextlib.contextmanager
def repaired_pair():
    """Two ends of a connection that had no handshake, and so has no round-trip time."""
    with socket.socket() as one, socket.socket() as other:
        for end in one, other:
            end.bind(("127.0.0.1", 0))
            end.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
            for queue in RECV_QUEUE, SEND_QUEUE:
                end.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, queue)
                end.setsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ, 1000)
        names = one.getsockname(), other.getsockname()
        one.connect(names[1])
        other.connect(names[0])
        for end in one, other:
            end.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 0)
        yield one, other


def test_no_minimum():
    """A reset before anything was acknowledged."""
    need_root()
    for count, words in NO_MINIMUM.items():
        with contextlib.ExitStack() as stack:
            servers = [stack.enter_context(repaired_pair())[1] for _ in range(count)]
            ports = ",".join(str(server.getsockname()[1]) for server in servers)
            tool = stack.enter_context(trace("--sample", "min", "-L", ports))
            for server in servers:
                server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                server.close()
            assert_says(tool, words)


def test_no_smoothed_time():
    """A side that only receives measures nothing."""
    need_root()
    for count, words in NO_SMOOTHED_TIME.items():
        with repaired_pair() as (client, server), trace("-L", server.getsockname()[1]) as tool:
            for _ in range(count):
                client.send(b"x")
                assert_equal(server.recv(1), b"x", "byte")
            assert_says(tool, words)


def test_groups_beyond_max_keys():
    need_root()
    for count, words in OTHER.items():
        with socket.create_server(("127.0.0.1", 0)) as listener, \
                trace("--sample", "handshake", "--by", "lport", "--max-keys", "1", "-D", listener.getsockname()[1]) as tool:
            for _ in range(1 + count):
                exchange(listener)
            assert_says(tool, words)


if __name__ == "__main__":
    main(globals(), RTT_TOOL)
