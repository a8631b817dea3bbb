#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Why connections end: -c beside the transitions, sockets in repair mode, and connect() that leaves no trace."""

import json
import os
import socket
import subprocess
import sys
import time

from cli import RTT_TOOL, Skip, Trace, assert_equal, assert_not_in, main, need_command, need_root, of_port, wait_until
from namespaces import NamedNetwork
from this_machine import need_machine

TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ = 19, 20, 21
RECV_QUEUE, SEND_QUEUE = 1, 2


def connect():
    """A listener, and both ends of a connection to it."""
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    return listener, client, listener.accept()[0]


def port_of(listener):
    return listener.getsockname()[1]


def is_gone(port):
    """Whether no socket with the port is in a state other than TIME_WAIT."""
    text = subprocess.run(["ss", "-Htan", "exclude", "time-wait", f"( sport = :{port} or dport = :{port} )"],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    return not text.strip()


def ends_of(trace, port):
    assert_equal(trace.stop(), 0, "exit status")
    return [row for row in of_port(trace.rows(), port) if row.get("newstate", "CLOSE") == "CLOSE"]


def test_who_closed_first():
    """The kernel's move of an orphan in FIN_WAIT2 is of the socket. Of the connection it counts who closed first."""
    need_root()
    need_machine("socket_storage")
    with Trace("-o", "json") as transitions, Trace("-c", "-o", "json") as connections, \
            Trace("-c", "-o", "json", "--cause", "fin-local") as chosen, \
            Trace("-c", "-o", "json", "--cause", "!fin-*") as others:
        listener, client, server = connect()
        port = port_of(listener)
        client.close()
        assert_equal(server.recv(1), b"", "the client's FIN")
        time.sleep(0.1)  # FIN_WAIT2 of an orphan: the ACK of its FIN may be a delayed one
        server.close()
        listener.close()
        wait_until(lambda: is_gone(port), 5, "the connection does not end")
        causes = {row["oldstate"]: row["cause"] for row in ends_of(transitions, port)}
        assert_equal(causes, {"FIN_WAIT2": "fin-wait2-orphan", "LAST_ACK": "fin-remote", "LISTEN": "closed"}, "transitions")
        causes = {row["role"]: row["cause"] for row in ends_of(connections, port)}
        assert_equal(causes, {"client": "fin-local", "server": "fin-remote"}, "connections")
        assert_equal([row["role"] for row in ends_of(chosen, port)], ["client"], "those that --cause fin-local chooses")
        assert_equal(ends_of(others, port), [], "those that end in another way")


def test_killed_listener():
    """ss -K closes a listener twice: that is no connection."""
    need_root()
    need_command("ss")
    need_machine("socket_storage")
    with Trace("-c", "-o", "json") as trace, socket.create_server(("127.0.0.1", 0)) as listener:
        port = port_of(listener)
        subprocess.run(["ss", "-K", "-ltn", "sport", "=", f":{port}"], stdout=subprocess.DEVNULL, check=True)
        if not is_gone(port):
            raise Skip("needs SOCK_DESTROY (CONFIG_INET_DIAG_DESTROY)")
        assert_equal(ends_of(trace, port), [], "connections")


class Restored:
    """A connection whose client is taken away in repair mode and given back to another socket, as CRIU does."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = port_of(self.listener)
        taken = socket.socket()
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.connect(("127.0.0.1", self.port))
        self.server = self.listener.accept()[0]
        name = taken.getsockname()
        try:
            taken.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        except OSError as error:
            raise Skip(f"needs TCP_REPAIR: {error}") from None
        sequences = {}
        for queue in (RECV_QUEUE, SEND_QUEUE):
            taken.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, queue)
            # getsockopt() gives a signed number
            sequences[queue] = taken.getsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ)
        taken.close()
        self.client = socket.socket()
        self.client.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        for queue, sequence in sequences.items():
            self.client.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, queue)
            self.client.setsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ, sequence)
        self.client.bind(name)
        self.client.connect(("127.0.0.1", self.port))
        self.client.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 0)
        self.client.send(b"x")
        assert_equal(self.server.recv(1), b"x", "what comes through the restored connection")
        return self

    def close(self):
        self.client.shutdown(socket.SHUT_WR)
        assert_equal(self.server.recv(1), b"", "the client's FIN")
        self.server.close()
        assert_equal(self.client.recv(1), b"", "the server's FIN")
        self.client.close()
        self.listener.close()
        wait_until(lambda: is_gone(self.port), 5, "the connection does not end")

    def __exit__(self, *_):
        for each in (self.client, self.server, self.listener):
            each.close()


def test_repair():
    """A connection that is taken away ends by repair; the one that is given back had no handshake, and ends as any other."""
    need_root()
    need_machine("socket_storage")
    with Trace("-c", "-o", "json") as trace, Restored() as restored:
        restored.close()
        taken, given = [row for row in ends_of(trace, restored.port) if row["role"] == "client"]
    assert_equal((taken["cause"], taken["syn_retrans"], "SYN_SENT" in taken["states_us"]), ("repair", 0, True), "taken away")
    assert_equal((given["cause"], given["syn_retrans"], "SYN_SENT" in given["states_us"]), ("fin-local", None, False),
                 "given back")


def test_repair_has_no_handshake_sample():
    """tcprtt counts the server's handshake and the first client's: the restored one neither as a sample nor as missed."""
    need_root()
    need_machine("socket_storage")
    own = ("--pid", os.getpid())
    with Trace("--sample", "handshake", "--by", "lport", "-o", "json", *own, tool=RTT_TOOL) as trace, Restored() as restored:
        client_port = restored.client.getsockname()[1]
        restored.close()
        assert_equal(trace.stop(), 0, "exit status")
        errors = trace.err
        samples = {row["key"]: row["count"] for row in map(json.loads, trace.out.splitlines())}
    counts = {port: samples.get(str(port), 0) for port in (restored.port, client_port)}
    assert_equal(counts, {restored.port: 1, client_port: 1}, "samples")
    assert_not_in("without a measurement", errors)


# Prints what connect() says, and how far two counters of the kernel have moved.
ATTEMPT = """
import socket, subprocess, sys
def counters():
    text = subprocess.run(["nstat", "-asz", "IpOutNoRoutes", "TcpAttemptFails"], stdout=subprocess.PIPE, text=True).stdout
    return [int(float(line.split()[1])) for line in text.splitlines() if not line.startswith("#")]
before = counters()
try:
    socket.create_connection((sys.argv[1], 80))
except OSError as error:
    print(error.errno, *(now - then for now, then in zip(counters(), before)))
"""


def test_attempts_that_nothing_shows():
    """As the manual has it: no row, and the counter of failed attempts stands still."""
    need_root()
    need_command("nstat")
    expected = {"10.98.0.1": "101 1 0", "10.99.1.1": "113 0 0", "10.99.2.1": "13 0 0"}
    with NamedNetwork() as network, Trace("-o", "json", "--netns", network.name) as trace:
        inside = ["ip", "netns", "exec", network.name]
        subprocess.run([*inside, "sh", "-ec", "ip link set lo up; ip route add unreachable 10.99.1.0/24; "
                        "ip route add prohibit 10.99.2.0/24"], check=True)
        for address, words in expected.items():
            said = subprocess.run([*inside, sys.executable, "-c", ATTEMPT, address], stdout=subprocess.PIPE, text=True,
                                  check=True, timeout=30).stdout.strip()
            assert_equal(said, words, f"errno, IpOutNoRoutes and TcpAttemptFails for {address}")
        assert_equal(trace.stop(), 0, "exit status")
        assert_equal(trace.rows(), [], "rows")


if __name__ == "__main__":
    main(globals())
