#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpstates --stuck and older connections: an unknown role or owner is reported as such, and a hung server owns the
connections in its accept queue."""

import contextlib
import json
import os
import re
import socket
import time

from cli import Trace, assert_equal, assert_in, main, need_root, run, wait_until
from servers import HOST, NAME, Server
from surroundings import refusing
from this_machine import need_machine, need_seeding

# A state that began with a segment is known to have lasted that much less than the truth (docs/accuracy.md).
SLACK_S = 0.4
LONGER_S = 0.1
STATE = ("--stuck", "CLOSE_WAIT")
CANNOT_TELL = "tcpstates: 1 stuck connection may be in scope: it is older than tcpstates, and its owner or role is unknown\n"
CANNOT_TELL_2 = ("tcpstates: 2 stuck connections may be in scope: they are older than tcpstates, and their owners or roles are "
                 "unknown\n")
# The ladder of --stuck, with what the kernel has to refuse for each step.
WAYS = {"storage": ("--storage", "socket"), "tcp": ("--storage", "socket"), "hash": ("--storage", "hash")}
REFUSED = {"tcp": "stuck_storage"}


def prefix_of(way, *more):
    refused = [REFUSED[way]] if way in REFUSED else []
    if refused or more:
        need_machine("seccomp_notify")
    return refusing(*refused, *more) if refused or more else ()


def once(*args, way="storage", refused=(), states=STATE):
    """Exit status, what stderr says, and the rows."""
    result = run(*states, "--longer", f"{LONGER_S}s", "--once", "-o", "json", *WAYS[way], *args, prefix=prefix_of(way, *refused))
    # sockets in others' namespaces may have no memory for what is to be remembered
    said = re.sub(r"^tcpstates: lost 0 of .*\n", "", result.stderr, flags=re.MULTILINE)
    return result.returncode, said, [json.loads(line) for line in result.stdout.splitlines()]


class HalfClosed:
    """Connections whose client has closed its half, grown old; the listener stays, or is closed."""

    def __init__(self, count=1, keeps_listener=True):
        self.pairs = []
        self.listener = socket.create_server((HOST, 0))
        self.port = self.listener.getsockname()[1]
        for _ in range(count):
            client = socket.create_connection((HOST, self.port))
            self.pairs.append((client, self.listener.accept()[0]))
            client.shutdown(socket.SHUT_WR)
            assert self.pairs[-1][1].recv(1) == b""
        if not keeps_listener:
            self.listener.close()
        time.sleep(LONGER_S + SLACK_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for sock in (self.listener, *(sock for pair in self.pairs for sock in pair)):
            sock.close()


def test_role_that_nothing_tells():
    """Its listener is gone: 3, and a line that says how many."""
    need_root()
    need_seeding()
    with HalfClosed(keeps_listener=False) as stuck:
        for way in WAYS:
            for role in ("server", "client"):
                assert_equal(once("-L", stuck.port, "--role", role, way=way), (3, CANNOT_TELL, []), f"--role {role} by {way}")
    with HalfClosed(2, keeps_listener=False) as stuck:
        assert_equal(once("-L", stuck.port, "--role", "server"), (3, CANNOT_TELL_2, []), "two connections")


def test_role_that_nothing_tells_at_each_scan():
    """Without --once it is said once."""
    need_root()
    need_seeding()
    with HalfClosed(keeps_listener=False) as stuck:
        with Trace(*STATE, "--longer", f"{LONGER_S}s", "-i", "50ms", "-L", stuck.port, "--role", "server", "-o", "json") as trace:
            wait_until(lambda: CANNOT_TELL in trace.err, 5, lambda: f"not a word: {trace.err}")
            time.sleep(0.3)
            assert_equal(trace.stop(), 0, "exit status")
            assert_equal((trace.rows(), trace.err.count(CANNOT_TELL)), ([], 1), "rows, and times that it is said")


def test_role_by_the_listener():
    """One that listens on its port: a connection from there was accepted. Its client's role is not known."""
    need_root()
    need_seeding()
    with HalfClosed() as stuck:
        for way in WAYS:
            status, said, rows = once("-L", stuck.port, "--role", "server", way=way)
            assert_equal((status, said, [row["lport"] for row in rows]), (1, "", [stuck.port]), f"--role server by {way}")
            assert_equal(once("-L", stuck.port, "--role", "client", way=way), (0, "", []), f"--role client by {way}")
        assert_equal(once("-D", stuck.port, "--role", "client", states=("--stuck", "FIN_WAIT2")), (3, CANNOT_TELL, []), "the client")


def test_owner_that_nothing_tells():
    """Where the kernel lets nobody look for owners."""
    need_root()
    need_seeding()
    with HalfClosed() as stuck:
        for way, refused in (("storage", ["seed_storage"]), ("tcp", ["seed_storage"]), ("tcp", ["seed_storage", "seed_rest"]),
                             ("hash", ["seed_hash"]), ("hash", ["seed_hash", "seed_rest_hash"])):
            for owner in (("--pid", os.getpid()), ("--comm", "python*")):
                status, said, rows = once("-L", stuck.port, *owner, way=way, refused=refused)
                assert_equal((status, rows), (3, []), f"{owner} by {way}: {said}")
                assert_in(CANNOT_TELL, said)
            status, _, rows = once("-L", stuck.port, way=way, refused=refused)
            assert_equal((status, [row["pid"] for row in rows]), (1, [None]), f"any owner by {way}")


@contextlib.contextmanager
def hung_server(states):
    """A server that never accepts, with an old connection in each of CLOSE_WAIT and ESTABLISHED in its queue."""
    with Server("hung") as server, contextlib.ExitStack() as stack:
        for state in states:
            client = stack.enter_context(socket.create_connection((HOST, server.port)))
            if state == "CLOSE_WAIT":
                client.shutdown(socket.SHUT_WR)
        time.sleep(LONGER_S + SLACK_S)
        yield server


def test_hung_server():
    """Connections in the accept queue are their listener's, also by --pid and --comm."""
    need_root()
    need_seeding()
    states = ["CLOSE_WAIT", "ESTABLISHED"]
    with hung_server(states) as server:
        for way in WAYS:
            for scope in ((), ("--pid", server.first), ("--comm", NAME), ("--role", "server")):
                status, said, rows = once("-L", server.port, *scope, way=way, states=("--stuck", ",".join(states)))
                assert_equal((status, said), (1, ""), f"{scope} by {way}")
                assert_equal(sorted((row["state"], row["pid"], row["comm"], row["owner"]) for row in rows),
                             [(state, server.first, NAME, "listener") for state in states], f"{scope} by {way}")
            for scope in (("--pid", os.getpid()), ("--comm", f"!{NAME}"), ("--role", "client")):
                assert_equal(once("-L", server.port, *scope, way=way), (0, "", []), f"{scope} by {way}")


def test_server_that_hangs_now():
    """The same for connections that begin while the tool looks."""
    need_root()
    with Server("hung") as server, Trace(*STATE, "--longer", f"{LONGER_S}s", "--interval", "50ms", "-o", "json", "--pid",
                                         server.first) as trace, socket.create_connection((HOST, server.port)) as client:
        client.shutdown(socket.SHUT_WR)
        wait_until(trace.rows, 10, lambda: f"no rows: {trace.err}")
        assert_equal(trace.stop(), 0, "exit status")
        assert_equal({(row["lport"], row["pid"], row["comm"], row["owner"]) for row in trace.rows()},
                     {(server.port, server.first, NAME, "listener")}, "rows")


if __name__ == "__main__":
    main(globals())
