#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The owner of a connection in an accept queue: the listener's owner while that process lives, else the next process that
accepts there."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys

from cli import RTT_TOOL, Skip, Trace, assert_equal, main, need_root, of_port, wait_until
from nginx import Nginx, curl
from servers import OUTLIVED, WORKER, Server, spawn_as, talk
from surroundings import OwnNetwork
from this_machine import need_seeding

HANDSHAKE = (("LISTEN", "SYN_RECV"), ("SYN_RECV", "ESTABLISHED"))
# Listens on a port of its own, says so, and waits.
LISTENER = """
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
sys.stdin.read()
"""

# Listens beside other processes on the same port (0: a port of its own), and answers one connection for each line of stdin.
BESIDE = """
import pathlib, socket, sys
name, port = sys.argv[1:]
pathlib.Path("/proc/self/comm").write_text(name)
with socket.socket() as listener:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", int(port)))
    listener.listen()
    print(listener.getsockname()[1], flush=True)
    for _ in sys.stdin:
        with listener.accept()[0] as connection:
            connection.sendall(connection.recv(1))
            connection.recv(1)
"""


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


@contextlib.contextmanager
def listening_beside(name, port):
    process = subprocess.Popen([sys.executable, "-c", BESIDE, name, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True)
    with process:
        yield process, int(process.stdout.readline())


def end_of_input(process):
    process.stdin.close()
    assert_equal(process.wait(10), 0, "exit status of a listener")


def test_queue_moves_to_another_listener():
    """net.ipv4.tcp_migrate_req: the closed listener's connections end nowhere, and then belong to who accepts them."""
    need_root()
    setting = pathlib.Path("/proc/sys/net/ipv4/tcp_migrate_req")
    with contextlib.ExitStack() as stack:
        trace = stack.enter_context(Trace("-o", "json"))
        stack.enter_context(OwnNetwork())
        if not setting.exists():
            raise Skip("no net.ipv4.tcp_migrate_req (before 5.14)")
        setting.write_text("1")
        old, port = stack.enter_context(listening_beside("tv-old", 0))
        clients = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 10)) for _ in range(2)]
        new, _ = stack.enter_context(listening_beside("tv-new", port))
        end_of_input(old)
        for client in clients:
            client.sendall(b"x")
            new.stdin.write("\n")
            new.stdin.flush()
            assert_equal(client.recv(1), b"x", "answer")
            client.close()
        end_of_input(new)
        assert_equal(trace.stop(), 0, "exit status")
        connections = by_connection(trace.rows(), port)
    assert_equal([owners(handshake(rows)) for rows in connections], [{(old.pid, "tv-old")}] * 2, "handshakes")
    for rows in connections:
        rest = [row for row in rows if row not in handshake(rows)]
        assert_equal(owners(rest), {(new.pid, "tv-new")}, "its end")
        assert_equal([row["cause"] for row in rest if row["newstate"] == "CLOSE"], ["fin-remote"], "cause")


@contextlib.contextmanager
def listening_as(pid):
    """Another process with that number, which has a listener of its own."""
    reader, writer = os.pipe()
    stdin, end = os.pipe()
    os.set_inheritable(writer, True)
    os.set_inheritable(stdin, True)
    spawn_as(pid, sys.executable, "-c", f"import os; os.dup2({writer}, 1); os.dup2({stdin}, 0)\n{LISTENER}")
    try:
        yield int(os.read(reader, 16))
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        for descriptor in (reader, writer, stdin, end):
            os.close(descriptor)


def test_number_that_is_used_again():
    """A process with the number of the one that listened, and with a listener of its own, does not bring that back to life."""
    need_root()
    with Trace("-o", "json") as trace, Server("daemonised") as server:
        server.end_first()
        with listening_as(server.first) as port:
            wait_until(lambda: of_port(trace.rows(), port), 5, "its LISTEN")
            talk(server.port, connections=2)
            assert_equal(trace.stop(), 0, "exit status")
        first, second = by_connection(trace.rows(), server.port)
    assert_equal(owners(handshake(first)), {(None, None)}, "first handshake")
    assert_equal(owners(second), {(server.pids[1], WORKER)}, "the second connection")


if __name__ == "__main__":
    main(globals())
