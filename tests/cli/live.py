# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Shared by the tests of tcpstates --live: connections over an address of their own, and screens without a torn line."""

import collections
import random
import re
import socket
import struct
import threading
import time

from cli import assert_equal, need_command, need_root
from terminals import SCREEN_LIMIT_S
from this_machine import need_machine

HELP_LINE = "q quit ? help / filter Enter details <> sort v group t totals p pause Tab ended"
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close() sends a reset
PLACE = r"(\S+|):\d+"
ROW = re.compile(rf"\S+ +(\d+ +)?({PLACE} +{PLACE}) +[A-Z_0-9]+ +>?[0-9.]+[a-z]+ +\S+ +\S+ +\S+ .*\S$")
ENDED_ROW = re.compile(rf" *[0-9.]+[a-z]+ \S+ +(\d+ +)?{PLACE} +{PLACE} +[a-z+-]+ +[>0-9.a-z-]+ +[0-9.]+[KMG]? +[0-9.]+[KMG]?\b.*$")


def need_live():
    need_root()
    need_command("tmux")
    need_machine("iter/tcp")


class Traffic:
    """Connections over a loopback address of their own, which both ends have. Each of the first `busy` ones carries bytes."""

    def __init__(self, count=5, busy=2):
        self.count, self.busy = count, busy
        self.address = f"127.{random.randint(1, 254)}.{random.randint(1, 254)}.{random.randint(2, 254)}"
        self.scope = ["--laddr", self.address]
        self._ends = threading.Event()

    def __enter__(self):
        self.listener = socket.create_server((self.address, 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.pairs = [self.connect() for _ in range(self.count)]
        self._thread = threading.Thread(target=self._talk)
        self._thread.start()
        return self

    def connect(self):
        client = socket.create_connection((self.address, self.port), source_address=(self.address, 0))
        return client, self.listener.accept()[0]

    def _talk(self):
        while not self._ends.wait(.05):
            for i, (client, server) in enumerate(self.pairs[:self.busy]):
                client.sendall(b"x" * 1000 * (i + 1))
                server.recv(100000)

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join()
        for pair in self.pairs:
            for one in pair:
                one.close()
        self.listener.close()


class Churn(threading.Thread):
    """Opens and closes connections of a Traffic, at most `a_second`, with up to `OPEN_MAX` at a time and ends of several kinds. It waits
    when it has opened `limit`, and ends after `count`, or early at the end of `with`."""

    OPEN_MAX = 60

    def __init__(self, traffic, count, a_second=900):
        super().__init__()
        self.traffic, self.count, self.limit, self.a_second = traffic, count, count, a_second
        self.opened = 0
        self._ends = threading.Event()

    def run(self):
        pairs, begin = collections.deque(), time.monotonic()
        while self.opened < self.count and not self._ends.wait(max(0, begin + self.opened / self.a_second - time.monotonic())):
            if self.opened == self.limit:
                begin = time.monotonic() + .01 - self.opened / self.a_second
                continue
            pairs.append(self.traffic.connect())
            pairs[-1][0].sendall(b"x" * random.randint(1, 3000))
            self.opened += 1
            while len(pairs) > random.randint(1, self.OPEN_MAX):
                self.close(*pairs.popleft())
        for pair in pairs:
            self.close(*pair)

    @staticmethod
    def close(client, server):
        kind = random.randrange(4)
        if kind == 0:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        if kind != 1:
            server.recv(100000)
        for one in (server, client) if kind == 2 else (client, server):
            one.close()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        self.join()


def sections_of(screen):
    """The lines of open connections, and those of ended ones: each section after its titles."""
    lines = screen.split("\n")
    titles = [i for i, line in enumerate(lines) if re.search(r"\bLOCAL +REMOTE\b", line)]
    assert_equal(len(titles), 2, f"lines of titles in\n{screen}")
    return lines[titles[0] + 1:titles[1]], lines[titles[1] + 1:-1]


def rows_of(screen, traffic):
    return [line for line in sections_of(screen)[0] if str(traffic.port) in line]


def assert_whole_screen(screen, width, height, traffic):
    """No torn line: each line is one that the tool draws, and is as wide as the screen at most."""
    lines = screen.split("\n")
    assert len(lines) == height and all(len(line) <= width for line in lines), screen
    assert re.match(r"tcpstates \d\d:\d\d:\d\d  (every [0-9.]+m?s| PAUSED )( \(stretched: [0-9.]+m?s CPU\))?  by connection  rates$",
                    lines[0]), screen
    assert re.match(r"[0-9.]+K? connections?:( [0-9.]+K? [A-Z_0-9]+)+$", lines[1]), screen
    assert re.match(r"a second: [0-9.]+K? opened, [0-9.]+K? closed, [0-9.]+[KMG]?B in, [0-9.]+[KMG]?B out, [0-9.]+K? retransmitted"
                    r"(; [0-9.]+K? lost)?(; [0-9.]+[KM]? ended not kept)?$", lines[2]), screen
    assert_equal(lines[-1], HELP_LINE, "the last line")
    rows, ended = sections_of(screen)
    matches = [ROW.match(line) for line in rows if line]
    assert matches and all(matches), screen
    assert all(ENDED_ROW.match(line) for line in ended if line), screen
    # A line left from an earlier look would be a second one of its connection, or stand after an empty line.
    assert_equal(len({match[2] for match in matches}), len(matches), f"connections in\n{screen}")
    for section in (rows, ended):
        assert all(section[:len([line for line in section if line])]), screen


def await_whole_screen(terminal, traffic, limit=SCREEN_LIMIT_S):
    """Of the terminal's size. A terminal can be asked while it has only a part of what the tool has written."""
    last = time.monotonic() + limit
    while True:
        screen = terminal.screen()
        try:
            # A wide screen has more columns.
            assert_equal("RECVQ SENDQ" in screen, terminal.size[0] >= 100, f"wide columns in\n{screen}")
            assert_whole_screen(screen, *terminal.size, traffic)
            return screen
        except AssertionError:
            if time.monotonic() > last:
                raise
        time.sleep(.01)
