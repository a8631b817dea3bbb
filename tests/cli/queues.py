# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Listening sockets with connections in their accept queues, and rows of tcpstates --listeners."""

import json
import socket
import sys

from cli import run, wait_until

HOST = "127.0.0.1"


def listen(backlog, port=0, host=HOST, family=socket.AF_INET, shared=False):
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shared)
    listener.bind((host, port))
    listener.listen(backlog)
    return listener


def port_of(listener):
    return listener.getsockname()[1]


def drops_of(listener):
    """SO_MEMINFO, SK_MEMINFO_DROPS."""
    return int.from_bytes(listener.getsockopt(socket.SOL_SOCKET, 55, 36)[32:36], sys.byteorder)


def queue_of(listener):
    """The accept queue: tcpi_unacked of a listener."""
    return int.from_bytes(listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)[24:28], sys.byteorder)


class Queue:
    """A listener with this backlog, and so many connections in its accept queue."""

    def __init__(self, backlog, count):
        self.listener = listen(backlog)
        self.port = port_of(self.listener)
        self.clients = [socket.create_connection((HOST, self.port), 10) for _ in range(count)]
        wait_until(lambda: queue_of(self.listener) == count, 10, "not in the accept queue")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.close()
        self.listener.close()

    def overflow(self):
        """One connect() that the kernel drops."""
        before = drops_of(self.listener)
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex((HOST, self.port))
        self.clients.append(client)
        wait_until(lambda: drops_of(self.listener) > before, 10, "nothing was dropped")

    def empty(self):
        """No connection is left, and no client tries again."""
        for client in self.clients:
            client.close()
        self.clients = []
        for _ in range(queue_of(self.listener)):
            self.listener.accept()[0].close()


def listeners(*args, **kwargs):
    """Exit status and rows of one table."""
    result = run("--listeners", "--once", "-o", "json", *args, **kwargs)
    return result.returncode, [json.loads(line) for line in result.stdout.splitlines()]
