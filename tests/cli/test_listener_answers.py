#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpstates --listeners --once: does an accept queue overflow? And what there is no answer to."""

import os
import socket
import time

from cli import Trace, assert_equal, assert_in, free_port, main, need_command, need_root, run, wait_until
from namespaces import NamedNetwork
from queues import HOST, Queue, drops_of, listen, listeners, port_of, queue_of
from surroundings import as_nobody, refusing
from this_machine import need_seeding

COMM = open("/proc/self/comm", encoding="ascii").read().strip()


def test_answers():
    """Without --interval: full now, or ever dropped anything."""
    need_root()
    with Queue(2, 2) as queue:
        assert_equal([row["overflow"] for row in listeners("-L", queue.port)[1]], ["no"], "two of three")
        assert_equal(listeners("-L", queue.port)[0], 0, "exit status")
        queue.clients.append(socket.create_connection((HOST, queue.port), 10))
        wait_until(lambda: queue_of(queue.listener) == 3, 10, "not full")
        status, (row,) = listeners("-L", queue.port)
        assert_equal((status, row["overflow"], row["backlog"], row["backlog_max"]), (1, "full", 3, 2), "full")
        queue.overflow()
        for _ in range(3):
            queue.listener.accept()[0].close()
        status, (row,) = listeners("-L", queue.port)
        assert_equal((status, row["overflow"], row["backlog"], row["drops"]), (1, "past", 0, drops_of(queue.listener)), "past")
        text = run("--listeners", "--once", "-L", queue.port)
        assert_equal((text.returncode, text.stderr), (1, ""), "exit status and messages in text")
    assert_equal(listeners("-L", free_port()), (0, []), "no listener")


def test_answers_about_an_interval():
    """With --interval: what happens meanwhile."""
    need_root()
    with Queue(0, 1) as queue:
        queue.overflow()
        queue.empty()
        with Trace("--listeners", "--once", "-i", "1s", "-o", "json", "-L", queue.port) as trace:
            assert_equal(trace.wait(), 0, f"exit status: {trace.err}")
            (row,) = trace.rows()
            assert_equal((row["overflow"], row["dropped"]), ("past", 0), "nothing happened")
            assert_equal((row["queued"], row["accepted"]), (0, 0), "counts")
            assert 0.9 < row["interval_s"] < 20, row
        with Trace("--listeners", "--once", "-i", "3s", "-o", "json", "-L", queue.port) as trace:
            queue.clients.append(socket.create_connection((HOST, queue.port), 10))
            queue.overflow()
            queue.empty()
            assert_equal(trace.wait(), 1, f"exit status: {trace.err}")
            (row,) = trace.rows()
            assert_equal((row["overflow"], row["queued"], row["accepted"], row["highest"], row["backlog"]), ("yes", 1, 1, 1, 0),
                         f"what happened: {trace.err}")
            assert row["dropped"] >= 1, row
        with Trace("--listeners", "--once", "-i", "1h", "-L", queue.port) as trace:
            time.sleep(0.1)
            assert_equal(trace.stop(), 3, "exit status when it is ended before")
            assert_in("ended before the end of --interval", trace.err)
            assert_equal(len(trace.out.splitlines()), 2, "lines")


# The kernel drops the last ACK of the handshake: it waits for data. sk_drops counts that.
DEFERRED = """
import socket, sys
listener = socket.socket()
listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 30)
listener.bind(("127.0.0.1", 0))
listener.listen(4)
client = socket.create_connection(listener.getsockname(), 10)
while not listener.getsockopt(socket.SOL_SOCKET, 55, 36)[32:36].strip(b"\\0"):
    pass
print(listener.getsockname()[1], flush=True)
waiting = [socket.create_connection(listener.getsockname(), 10) for _ in range(2) if sys.stdin.readline()]
for client in waiting:
    client.send(b"x")
sys.stdin.readline()
"""


def test_other_drops():
    """Drops for other reasons are no overflow, while no queue of the network namespace has overflowed."""
    need_root()
    with NamedNetwork() as network, network.start_python(DEFERRED) as server:
        port = server.stdout.readline().strip()
        status, (row,) = listeners("-L", port)
        assert_equal((status, row["overflow"], row["drops"]), (0, "no", 1), "a healthy server with TCP_DEFER_ACCEPT")
        with Trace("--listeners", "-i", "0.2s", "-o", "json", "-L", port) as trace:
            wait_until(trace.rows, 30, "no row")
            server.stdin.write("\n\n")
            server.stdin.flush()
            wait_until(lambda: sum(row["dropped"] or 0 for row in trace.rows()) == 2, 30, "not two drops more")
            assert_equal({row["overflow"] for row in trace.rows()}, {"no"}, "while it drops")


def test_unknown_owner():
    """A filter by owner cannot judge a listener whose owner is unknown: no answer, and a word why."""
    need_root()
    need_seeding()
    with Queue(5, 0) as queue:
        result = run("--listeners", "--once", "-L", queue.port, "--pid", os.getpid(), prefix=refusing("seed_storage", "seed_hash"))
        assert_equal((result.returncode, len(result.stdout.splitlines())), (3, 1), f"exit status and lines: {result.stderr}")
        assert_in("1 listener may be in scope: its owner is unknown", result.stderr)
        with listen(1) as other:
            both = run("--listeners", "-d", "0.1", "-L", f"{queue.port},{port_of(other)}", "--comm", COMM,
                       prefix=refusing("seed_storage", "seed_hash"))
            assert_equal((both.returncode, both.stderr.count("2 listeners may be in scope: their owners are unknown")), (0, 1),
                         f"exit status and messages: {both.stderr}")
        shown = run("--listeners", "--once", "-L", queue.port, prefix=refusing("seed_storage", "seed_hash")).stdout.splitlines()
        assert_equal(shown[1].split()[:2], ["-", "-"], "an unknown owner")


def test_refused_iterator():
    """Without the iterator there is nothing to show: an error that says so."""
    need_root()
    for program in "take_listeners", "iterate:take_listeners":
        result = run("--listeners", "--once", prefix=refusing(program))
        assert_equal((result.returncode, result.stdout), (2, ""), f"exit status and output: {result.stderr}")
        assert_in("the kernel refuses the program take_listeners", result.stderr)
        assert_in("try ss -ltnp", result.stderr)


def test_namespaces_that_cannot_be_entered():
    need_root()
    need_command("setpriv")
    with NamedNetwork():
        result = run("--listeners", "--once", "-L", "1", prefix=("setpriv", "--bounding-set=-sys_admin"))
        assert_equal(result.returncode, 3, f"exit status: {result.stderr}")
        assert_in("listeners there are not shown", result.stderr)


def test_trouble_is_no_answer():
    """With --once errors end with 2."""
    need_root()
    for args, status in ((["--once"], 2), ([], 1)):
        result = run("--listeners", *args, prefix=as_nobody())
        assert_equal(result.returncode, status, f"exit status without rights and with {args}: {result.stderr}")
        assert_in("cannot load", result.stderr)


if __name__ == "__main__":
    main(globals())
