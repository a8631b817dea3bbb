#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Whose a connection is that nobody has accepted yet: its listener's owner, if that lives, else whoever accepts there."""

import contextlib

from cli import RTT_TOOL, Nginx, Trace, assert_equal, curl, main, need_root
from servers import OUTLIVED, WORKER, Server, talk
from this_machine import need_seeding

HANDSHAKE = (("LISTEN", "SYN_RECV"), ("SYN_RECV", "ESTABLISHED"))


def by_connection(rows, port):
    """The server's rows, one list for each connection in the order of their beginning."""
    connections = {}
    for row in rows:
        if row["lport"] == port and row["rport"]:
            connections.setdefault(row["cookie"], []).append(row)
    return list(connections.values())


def handshake(rows):
    return [row for row in rows if (row["oldstate"], row["newstate"]) in HANDSHAKE]


def owners(rows):
    return {(row["pid"], row["comm"]) for row in rows}


@contextlib.contextmanager
def began(kind, is_older):
    """A server and a tcpstates that knows who made the listener: from the LISTEN, or from the descriptors."""
    if is_older:
        with Server(kind) as server, Trace("-o", "json", "-L", server.port) as trace:
            yield server, trace
    else:
        with Trace("-o", "json") as trace, Server(kind) as server:
            yield server, trace


def test_first_process_ends():
    """No row shows it then: unknown until somebody was seen accepting, and that process from then on."""
    need_root()
    need_seeding()
    for kind in OUTLIVED:
        for is_older in (False, True):
            with began(kind, is_older) as (server, trace):
                server.end_first()
                gone, server_pid = server.pids
                talk(server.port)
                assert_equal(set(talk(server.port, connections=3)), {server_pid}, "who answers")
                assert_equal(trace.stop(), 0, "exit status")
                first, *others = by_connection(trace.rows(), server.port)
            what = f"{kind}, {'older' if is_older else 'younger'} than the tool"
            assert gone not in {row["pid"] for rows in (first, *others) for row in rows}, f"{what}: rows of the process that is gone"
            assert_equal(owners(handshake(first)), {(None, None)}, f"{what}: first handshake")
            assert_equal(owners(rows for rows in first if rows not in handshake(first)), {(server_pid, WORKER)}, f"{what}: the rest")
            assert_equal([owners(rows) for rows in others], [{(server_pid, WORKER)}] * 3, f"{what}: later connections")
            assert_equal({row["owner"] for rows in others for row in handshake(rows)}, {"listener"}, f"{what}: how that is known")


def test_samples_of_a_daemon():
    """tcprtt: all that it counts is the daemon's, the first connection included."""
    need_root()
    for args, key in ((("--by", "pid"), None), (("--by", "comm"), WORKER)):
        with Trace("-o", "json", *args, tool=RTT_TOOL) as trace, Server("daemonised") as server, \
                Trace("-o", "json", "-p", server.port, *args, tool=RTT_TOOL) as younger:
            server.end_first()
            talk(server.port, connections=2, exchanges=5)
            for tool in (trace, younger):
                assert_equal(tool.stop(), 0, "exit status")
            rows = {row["key"]: row["count"] for row in younger.rows()}
            assert_equal(set(rows), {key or str(server.pids[1])}, f"keys with {args}")
            assert str(server.first) not in {row["key"] for row in trace.rows()}, "samples of the process that is gone"


def test_listener_that_is_passed_on_and_kept():
    """As long as the process lives that listens, it has the connections that nobody has accepted: a master and its workers."""
    need_root()
    with Trace("-o", "json") as trace, Server("prefork") as server:
        talk(server.port, connections=10)
        assert_equal(trace.stop(), 0, "exit status")
        connections = by_connection(trace.rows(), server.port)
    assert_equal({row["pid"] for rows in connections for row in handshake(rows)}, {server.first}, "handshakes")
    ends = {row["pid"] for rows in connections for row in rows if row["oldstate"] == "LAST_ACK"}
    assert ends <= set(server.workers) and ends, (ends, server.pids)


def test_nginx_master():
    need_root()
    need_seeding()
    with contextlib.ExitStack() as stack:
        traces = [stack.enter_context(Trace("-o", "json"))]
        server = stack.enter_context(Nginx(workers=2))
        traces.append(stack.enter_context(Trace("-o", "json")))
        for _ in range(5):
            curl(server.port)
        for trace in traces:
            assert_equal(trace.stop(), 0, "exit status")
            rows = [row for rows in by_connection(trace.rows(), server.port)[-5:] for row in handshake(rows)]
            assert_equal(owners(rows), {(server.process.pid, "nginx")}, "owner of the handshakes")
            assert_equal({row["owner"] for row in rows}, {"listener"}, "how that is known")


if __name__ == "__main__":
    main(globals())
