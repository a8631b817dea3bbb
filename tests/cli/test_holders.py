#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Owners of rows, compared with the servers' own record of which process held which of 10,000 connections."""

import array
import collections
import os
import socket
import socketserver
import subprocess
import sys
import threading
import time

from cli import END_LIMIT_S, Trace, assert_equal, main, need_root, of_port
from nginx import Nginx
from this_machine import need_seeding

NGINX_CONNECTIONS = 7000
OTHER_CONNECTIONS = 1000

def ask(port):
    """One short conversation; this side closes first, or, with nginx and without keep-alive, the other one."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        reply = b""
        while piece := client.recv(4096):
            reply += piece
            if not reply.startswith(b"HTTP"):
                break
        return client.getsockname()[1], reply


def ask_all(port, count, clients=4):
    """From several threads; client port and reply of each."""
    said = []

    def work(share):
        for _ in range(share):
            said.append(ask(port))

    threads = [threading.Thread(target=work, args=(count // clients,)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def holders_by_socket(rows, port, served):
    """The cookie of each server socket and who served it: a client port may be used again, one after the other."""
    per_port = collections.defaultdict(list)
    for number, pid in served:
        per_port[number].append(pid)
    sockets = collections.defaultdict(dict)
    for row in rows:
        if row["lport"] == port and row["rport"]:
            sockets[row["rport"]][row["cookie"]] = None
    holders = {}
    for number, cookies in sockets.items():
        if len(cookies) == len(per_port[number]):
            holders |= dict(zip(cookies, per_port[number]))
    return holders


def check(rows, port, served, listeners, closers=frozenset()):
    """
    Each row of the server's side names the process that held the connection then. A row marked `listener` names a holder
    of the listening socket, and one marked `accept` who accepted it. `closers` may have had the last descriptor.
    """
    holders = holders_by_socket(rows, port, served)
    counts = collections.Counter()
    for row in rows:
        if row["rport"] == port:
            assert_equal(row["pid"], os.getpid(), f"the client's row {row}")
            counts["client"] += 1
        elif row["cookie"] not in holders:
            counts["others"] += 1  # the listener itself, and the test's look whether the server answers
        elif row["owner"] in ("unknown", "listener", "accept"):
            holder = holders[row["cookie"]]
            assert row["owner"] == "unknown" or row["pid"] in listeners or row["pid"] == holder, (row, holder, listeners)
            counts[row["owner"]] += 1
        else:
            last = row["newstate"] in ("LAST_ACK", "FIN_WAIT1") or row["oldstate"] in ("LAST_ACK", "FIN_WAIT1", "FIN_WAIT2")
            if not (last and row["pid"] in closers):
                assert_equal(row["pid"], holders[row["cookie"]], f"a row marked {row['owner']}: {row}")
            counts["exact"] += 1
    print(f"  {dict(counts)}")
    assert counts["unknown"] == 0 and counts["others"] <= 20, counts
    return counts


def test_nginx_with_two_workers():
    need_root()
    need_seeding()
    with Nginx(workers=2) as server, Trace("-o", "json") as trace:
        ask_all(server.port, NGINX_CONNECTIONS)
        time.sleep(0.5)
        assert_equal(trace.stop(limit=END_LIMIT_S), 0, "exit status")
        served = server.served()
        counts = check(of_port(trace.rows(), server.port), server.port, served, set(server.pids()))
    assert len({pid for _, pid in served}) == 2, "one worker served them all"
    # all but the two of the handshake
    assert counts["exact"] >= 3 * NGINX_CONNECTIONS, counts


class Server:
    """A Python server in a process of its own, which prints its port."""

    def __init__(self, kind):
        self.kind = kind

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, "-B", __file__, "--serve", self.kind], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        words = self.process.stdout.readline().split()
        self.port, self.pids = int(words[0]), {self.process.pid, *map(int, words[1:])}
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def run_server(kind):
    need_root()
    with Server(kind) as server, Trace("-o", "json") as trace:
        said = ask_all(server.port, OTHER_CONNECTIONS)
        time.sleep(0.5)
        assert_equal(trace.stop(limit=END_LIMIT_S), 0, "exit status")
        served = [(number, int(reply)) for number, reply in said]
        # who accepts has a descriptor, too, until it closes it: sometimes the last one
        closers = {server.process.pid}
        counts = check(of_port(trace.rows(), server.port), server.port, served, server.pids, closers)
    assert counts["exact"] >= 2 * OTHER_CONNECTIONS, counts
    return {pid for _, pid in served}


def test_forking_server():
    need_seeding()
    servers = run_server("forking")
    assert len(servers) == OTHER_CONNECTIONS, "a process for each connection"


def test_threaded_server():
    need_seeding()
    servers = run_server("threaded")
    assert_equal(len(servers), 1, "processes")


def test_descriptors_handed_over():
    """Accepted by one process, served by another that got it over a UNIX socket."""
    need_seeding()
    servers = run_server("handing")
    assert_equal(len(servers), 1, "processes")


class Handler(socketserver.BaseRequestHandler):
    """Says who it is, and waits for the other side's end."""

    def handle(self):
        serve(self.request)


def serve(connection):
    connection.recv(4096)
    connection.sendall(b"%d" % os.getpid())
    connection.recv(1)
    connection.close()


def serve_handed_over(channel):
    while True:
        message, ancillary, _, _ = channel.recvmsg(1, socket.CMSG_SPACE(4))
        if not message:
            return
        serve(socket.socket(fileno=array.array("i", ancillary[0][2])[0]))


def hand_over(listener):
    """The parent accepts, the child serves. As many at a time as the channel takes."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        listener.close()
        serve_handed_over(theirs)
        os._exit(0)
    theirs.close()

    def accept_all():
        while True:
            connection = listener.accept()[0]
            ours.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [connection.fileno()]))])
            connection.close()

    threading.Thread(target=accept_all, daemon=True).start()
    return pid


def serve_as(kind):
    """Until stdin ends."""
    if kind == "handing":
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        child = hand_over(listener)
        print(listener.getsockname()[1], child, flush=True)
        sys.stdin.read()
        os._exit(0)
    base = socketserver.ForkingTCPServer if kind == "forking" else socketserver.ThreadingTCPServer
    base.request_queue_size = 128
    base.max_children = 64
    with base(("127.0.0.1", 0), Handler) as server:
        print(server.server_address[1], flush=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()
        os._exit(0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve_as(sys.argv[2])
    else:
        main(globals())
