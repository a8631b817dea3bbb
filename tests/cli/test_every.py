#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpstates -c --every TIME: what open connections did since their last record, and that the parts add up to the whole."""

import collections
import csv
import decimal
import io
import json
import os
import resource
import socket
import struct
import subprocess
import time

from cli import (END_LIMIT_S, Reader, Trace, assert_equal, assert_in, churn, free_port, lost, main, need_command, need_root, of_port, run,
                 wait_until)
from surroundings import OwnNetwork, PublicCopy, as_nobody, refusing
from test_connections import libc_connect, receive, tcp_info
from test_refused import need_refusals
from test_rights import Namespaces
from this_machine import need_seeding

# Counters and times, of which each part has its own.
SUMMED = ["bytes_sent", "bytes_acked", "bytes_received", "segs_out", "segs_in", "retransmits", "rtt_samples", "busy_us",
          "rwnd_limited_us", "sndbuf_limited_us", "zero_windows", "bytes_retrans", "segs_lost", "dsack_dups", "reord_seen", "rto",
          "rto_recoveries", "rto_us", "delivered", "delivered_ce"]
LONG = "1h"


def exact(text):
    """The records, with exact numbers."""
    return [json.loads(line, parse_float=decimal.Decimal) for line in text[:text.rfind("\n") + 1].splitlines()]


def connections(rows):
    """The records of each connection's socket, in their order."""
    found = collections.defaultdict(list)
    for row in rows:
        found[row["cookie"], row["conn_seq"]].append(row)
    return list(found.values())


def total(rows, key):
    return sum(row[key] or 0 for row in rows)


def states_of(rows):
    """Time in each state, summed up."""
    found = collections.Counter()
    for row in rows:
        found.update(row["states_us"])
    return +found


def assert_whole(rows):
    """Of a connection that has ended: its parts, then their sum."""
    *parts, last = rows
    assert_equal([row["final"] for row in rows], [False] * len(parts) + [True], f"the order of {rows}")
    if not parts:
        return
    for key in SUMMED:
        assert_equal(total(parts, key), last[key] or 0, f"sum of {key} in {rows}")
    assert_equal(states_of(parts), states_of([last]), f"sums of the times of {rows}")
    assert_equal([row["syn_retrans"] for row in parts if row["syn_retrans"] is not None] or [None], [last["syn_retrans"]],
                 "SYNs sent again")
    assert_equal({row["cause"] for row in parts}, {None}, "causes of parts")
    assert_equal([row.get("since") for row in rows], [None, *(row["time"] for row in parts[:-1]), None], "since")
    assert_equal([row["time"] for row in rows], sorted(row["time"] for row in rows), "times")


class Open:
    """`count` connections to a listener of our own, open on both ends."""

    def __init__(self, count=1, family=socket.AF_INET):
        self._limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (self._limits[1], self._limits[1]))
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.port = self.listener.getsockname()[1]
        self.pairs = []
        for _ in range(count):
            client = socket.create_connection(("127.0.0.1", self.port))
            self.pairs.append((client, self.listener.accept()[0]))

    def exchange(self, up, down=0):
        """Over the first of them."""
        client, server = self.pairs[0]
        client.sendall(b"u" * up)
        receive(server, up)
        server.sendall(b"d" * down)
        receive(client, down)

    def close(self):
        """The clients first."""
        for client, server in self.pairs:
            client.close()
            assert_equal(server.recv(1), b"", "end of the stream")
            server.close()
        self.pairs = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for ends in self.pairs:
            for end in ends:
                end.close()
        self.listener.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, self._limits)


class Every(Trace):
    def __init__(self, time_between, *args, **kwargs):
        super().__init__("-c", "--every", time_between, "-o", "json", *args, **kwargs)

    def rows(self):
        return exact(self.out)


def await_sum(trace, port, key, client, server):
    """Waits until the parts of both ends of the connections to the port say so much."""
    def have():
        parts = [row for row in of_port(trace.rows(), port) if not row["final"]]
        return tuple(total([row for row in parts if row[side] == port], key) for side in ("rport", "lport"))
    wait_until(lambda: all(map(int.__ge__, have(), (client, server))), END_LIMIT_S, lambda: f"{key}: {have()}, not {(client, server)}")
    assert_equal(have(), (client, server), key)


def test_sums():
    """Known sizes at known times: each is told while the connection is open, and all add up to the last record."""
    need_root()
    with Every("50ms") as trace, Open() as pair:
        for step in range(1, 6):
            pair.exchange(1000 * step, 10000)
            await_sum(trace, pair.port, "bytes_sent", 500 * step * (step + 1), 10000 * step)
        pair.close()
        assert_equal(trace.stop(), 0, "exit status")
        assert_equal(lost(trace.err)[0], 0, "lost")
        rows = connections(of_port(trace.rows(), pair.port))
    assert_equal(len(rows), 2, "connections")
    for ends in rows:
        assert_whole(ends)
        assert len(ends) > 6, ends
        assert_equal(ends[-1]["bytes_sent"], 15000 if ends[-1]["role"] == "client" else 50000, "bytes")
        assert_equal({row["oldstate"] for row in ends[1:-2]}, {"ESTABLISHED"}, "states")
        assert_equal({(row["pid"], row["start"]) for row in ends}, {(os.getpid(), ends[-1]["start"])}, "owner and start")


def test_older():
    """The first part of a connection that is older than the tool has all that the kernel counted before."""
    need_root()
    need_seeding()
    with Open() as pair:
        pair.exchange(5000, 7000)
        with Every("50ms") as trace:
            await_sum(trace, pair.port, "bytes_sent", 5000, 7000)
            first = of_port(trace.rows(), pair.port)[:2]
            pair.exchange(300)
            await_sum(trace, pair.port, "bytes_sent", 5300, 7000)
            pair.close()
            assert_equal(trace.stop(), 0, "exit status")
            rows = connections(of_port(trace.rows(), pair.port))
    assert_equal(sorted(row["bytes_sent"] for row in first), [5000, 7000], "the first parts")
    assert_equal(len(rows), 2, "connections")
    for ends in rows:
        assert_whole(ends)
        assert_equal({(row["start"], row["total_us"]) for row in ends}, {(None, None)}, "unknown times")


def test_open_at_end():
    """At the start and at the end there are parts, too: together they have all that was seen of a connection that stays open."""
    need_root()
    with Open() as older, Every(LONG) as trace, Open() as pair:
        older.exchange(100)
        wait_until(lambda: of_port(trace.rows(), older.port), END_LIMIT_S, "no part at the start")
        older.exchange(20)
        pair.exchange(7, 9)
        assert_equal(trace.stop(), 0, "exit status")
        assert_equal(lost(trace.err)[0], 0, "lost")
        rows = trace.rows()
        assert_equal({row["final"] for row in of_port(rows, pair.port) + of_port(rows, older.port)}, {False}, "final")
        for open_ones, counts in (older, [2, 2]), (pair, [1, 1]):
            ends = connections(of_port(rows, open_ones.port))
            assert_equal([len(parts) for parts in ends], counts, "parts")
            for parts in ends:
                info = tcp_info_of(open_ones, parts[0])
                for key in ("bytes_sent", "bytes_acked", "bytes_received", "segs_out", "segs_in"):
                    assert_equal(total(parts, key), info[key], f"{key} of {parts}")


def test_duration():
    """-d shorter than --every: one record for each open connection, at the end."""
    need_root()
    with Open() as pair:
        result = run("-c", "--every", LONG, "-d", "0.2", "-o", "json", "-L", pair.port)
        assert_equal(result.returncode, 0, result.stderr)
        assert_equal([row["final"] for row in exact(result.stdout)], [False] * 2, "parts at the start and at the end")


def test_names():
    """A row with names needs more than half of the room for rows: the last part and the end do not fit at once."""
    need_root()
    with Open(20) as many, Every(LONG, "--names") as trace:
        wait_until(lambda: len(of_port(trace.rows(), many.port)) == 40, END_LIMIT_S, "no parts")
        many.close()
        assert_equal(trace.stop(), 0, "exit status")
        assert_equal(lost(trace.err)[0], 0, "lost")
        rows = connections(of_port(trace.rows(), many.port))
    assert_equal([[row["final"] for row in ends] for ends in rows], [[False, False, True]] * 40, "records")
    for ends in rows:
        assert_whole(ends)


def test_short():
    """A connection that no walk has found has one record, as without --every."""
    need_root()
    with Every(LONG) as trace, Open() as pair:
        pair.exchange(10)
        pair.close()
        assert_equal(trace.stop(), 0, "exit status")
        rows = of_port(trace.rows(), pair.port)
    assert_equal([row["final"] for row in rows], [True, True], "records")


def test_used_socket_begins_anew():
    """The second connection of a socket has parts of its own."""
    need_root()
    with Every("50ms") as trace, Open() as pair:
        pair.exchange(1000)
        await_sum(trace, pair.port, "bytes_sent", 1000, 0)
        client, server = pair.pairs[0]
        libc_connect(client, struct.pack("=H14x", socket.AF_UNSPEC))
        server.close()
        client.connect(("127.0.0.1", pair.port))
        pair.pairs[0] = client, pair.listener.accept()[0]
        pair.exchange(30)
        await_sum(trace, pair.port, "bytes_sent", 1030, 0)
        pair.close()
        assert_equal(trace.stop(), 0, "exit status")
        rows = connections(of_port(trace.rows(), pair.port))
    assert_equal(sorted(ends[-1]["bytes_sent"] for ends in rows if ends[0]["role"] == "client"), [30, 1000], "connections")
    for ends in rows:
        assert_whole(ends)


def tcp_info_of(open_ones, row):
    for ends in open_ones.pairs:
        for end in ends:
            if end.getsockname()[1] == row["lport"]:
                return tcp_info(end)
    raise AssertionError(f"no socket of {row}")


def test_other_namespaces():
    need_root()
    with Every(LONG) as trace, OwnNetwork() as network, Open() as pair:
        pair.exchange(10)
        assert_equal(trace.stop(), 0, "exit status")
        rows = of_port(trace.rows(), pair.port)
    assert_equal({(row["netns"], row["final"]) for row in rows}, {(network.number, False)}, "records")


MANY = 2000


def test_slow_reader():
    """A reader that stands still: walks wait for it, no row is lost, and what happens meanwhile is in later parts."""
    need_root()
    with Reader() as reader, Open(MANY) as many:
        reader.stop()
        with Trace("-c", "--every", "50ms", "-o", "json", "-L", many.port, "--buffer-size", "16M", stdout=reader.writer) as trace:
            reader.close_writer()
            for client, _ in many.pairs:
                client.sendall(b"x" * 10)
            time.sleep(1)  # many times --every, while nothing is read
            for client, _ in many.pairs:
                client.sendall(b"x" * 5)
            for client, server in many.pairs[:MANY // 2]:
                client.close()
                receive(server, 15)
                server.close()
            reader.go_on()
            time.sleep(0.5)
            assert_equal(trace.stop(), 0, "exit status")
            assert_equal(lost(trace.err)[0], 0, "lost")
        rows = connections(exact(reader.text()))
    assert_equal(len(rows), MANY, "connections")
    assert_equal(sum(ends[-1]["final"] for ends in rows), MANY // 2, "ended")
    for ends in rows:
        if ends[-1]["final"]:
            assert_whole(ends)
        assert_equal(total([row for row in ends if not row["final"]], "bytes_received"), 15 + ends[-1]["final"], f"bytes of {ends}")


def test_reader_gone():
    """`tcpstates -c --every 1 | head`"""
    need_root()
    with Open(50) as many:
        head = subprocess.Popen(["head", "-n3"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        result = run("-c", "--every", "10ms", "-o", "json", "-L", many.port, stdout=head.stdin)
        head.stdin.close()
        assert_equal((result.returncode, result.stderr), (0, ""), "status and messages")
        assert_equal([row["final"] for row in exact(head.stdout.read())], [False] * 3, "rows")
        head.stdout.close()
        head.wait()


def test_full_disk():
    need_root()
    with Open() as pair, open("/dev/full", "wb") as full:
        result = run("-c", "--every", "10ms", "-o", "json", "-L", pair.port, stdout=full)
    assert_equal(result.returncode, 1, "exit status")
    assert_in("cannot write to standard output: No space left on device", result.stderr)
    missing, rows = lost(result.stderr)
    assert missing == rows >= 1, result.stderr


def test_ends_during_walks():
    """One walk after another through many connections, while others begin and end: no part comes behind an end."""
    need_root()
    port, count = free_port(), 500
    with Open(count) as many, Every("10ms", "-L", f"{port},{many.port}", "--buffer-size", "256K") as trace:
        report = churn(5000, "--port", port, "--threads", 2)
        many.close()
        assert_equal(trace.stop(), 0, "exit status")
        missing = lost(trace.err)[0]
        rows = connections(trace.rows())
    have = [ends for ends in rows if any(row["final"] for row in ends)]
    print(f"  {sum(map(len, rows))} rows of {len(rows)} connections, {missing} rows lost")
    assert report["connections"] + count - missing <= len(have) <= report["connections"] + count, f"connections: {len(have)}"
    for ends in have:
        assert_whole(ends)


def test_text():
    """A part has its state in CAUSE."""
    need_root()
    with Open() as pair, Trace("-c", "--every", LONG, "-L", pair.port) as trace:
        wait_until(lambda: "ESTABLISHED" in trace.out, END_LIMIT_S, "no part")
        pair.exchange(2048)
        pair.close()
        assert_equal(trace.stop(), 0, "exit status")
        lines = [line.split() for line in trace.out.splitlines()]
    column = lines[0].index("CAUSE")
    assert_equal([line[column] for line in lines[1:]], ["ESTABLISHED", "LAST_ACK", "fin-remote"], "CAUSE")
    assert_equal([line[lines[0].index("RX_KB")] for line in lines[1:]], ["0", "2", "2"], "RX_KB")


def test_csv():
    """The column FINAL is there with --every only."""
    need_root()
    with Open() as pair:
        with Trace("-c", "--every", LONG, "-o", "csv", "-L", pair.port) as trace, Trace("-c", "-o", "csv", "-L", pair.port) as usual:
            wait_until(lambda: "ESTABLISHED" in trace.out, END_LIMIT_S, "no part")
            pair.exchange(2048)
            pair.close()
            assert_equal((trace.stop(), usual.stop()), (0, 0), "exit statuses")
            rows, others = [list(csv.DictReader(io.StringIO(each.out), strict=True)) for each in (trace, usual)]
    assert_equal([(row["FINAL"], row["RX"], row["CAUSE"]) for row in rows],
                 [("false", "0", "ESTABLISHED"), ("false", "2049", "LAST_ACK"), ("true", "2049", "fin-remote")], "rows")
    assert_equal([("FINAL" in row, row["CAUSE"]) for row in others], [(False, "fin-remote")], "without --every")


def test_without():
    """-c alone: each record is final."""
    need_root()
    with Trace("-c", "-o", "json") as trace, Open() as pair:
        pair.close()
        assert_equal(trace.stop(), 0, "exit status")
        assert_equal([row["final"] for row in of_port(trace.rows(), pair.port)], [True, True], "final")


def test_namespaces_out_of_reach():
    """Connections that the walk cannot see are told of once; their last records come."""
    need_root()
    need_command("setpriv")
    capabilities = "+bpf,+perfmon"
    with PublicCopy() as tool, Namespaces(2):
        for prefix, word in ((("setpriv", "--bounding-set=-sys_admin"), "cannot enter "),
                             (as_nobody(f"--inh-caps={capabilities}", f"--ambient-caps={capabilities}"),
                              "cannot read the network namespace of ")):
            result = run("-c", "--every", "50ms", "-d", "0.5", "-L", 1, tool=tool, prefix=prefix)
            assert_equal(result.returncode, 0, f"exit status: {result.stderr}")
            assert_in(word, result.stderr)
            assert_in("connections there have no record before their end", result.stderr)
            assert_equal(sorted(result.stderr.splitlines()), sorted(set(result.stderr.splitlines())), "lines, each once")


def test_refused():
    """The kernel refuses the iterator: that is said at once."""
    need_refusals()
    for refused in "take_snapshot", "iterate:take_snapshot":
        result = run("-c", "--every", LONG, prefix=refusing(refused))
        assert_equal((result.returncode, result.stdout), (1, ""), f"status and output without {refused}: {result.stderr}")
        assert_in("the kernel refuses the program take_snapshot", result.stderr)
        assert_in("so open connections cannot be read; try ss -tnp", result.stderr)


def test_command_lines():
    for args, part in ((["--every", "5"], "--every is for records of connections; add -c"),
                       (["-c", "--every", "5", "--summary"], "--summary prints no transitions: it excludes -c"),
                       (["-c", "--every", "5", "--stuck", "CLOSE_WAIT"], "it excludes -c"),
                       (["-c", "--every", "1us"], "not a time from 1ms"), (["-c", "--every"], "requires an argument"),
                       (["-c", "--evry", "5"], "--evry")):
        result = run(*args)
        assert_equal((result.returncode, result.stdout), (2, ""), f"status and output of {args}")
        assert_in(part, result.stderr)


if __name__ == "__main__":
    main(globals())
