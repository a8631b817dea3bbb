#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpstates --summary --by and -c --sum: sums of connections by group, compared with the traffic made and with rows of -c."""

import collections
import contextlib
import csv
import io
import json
import socket
import subprocess
import sys
import threading
import time

from cgroups import Cgroup
from cli import RTT_TOOL, Reader, Trace, assert_equal, assert_in, free_port, lost, main, need_root, run, wait_until
from namespaces import NamedNetwork
from this_machine import need_seeding

SUMS = ("closed", "open_us", "bytes_sent", "bytes_acked", "bytes_received", "bytes_retrans", "segs_out", "segs_in", "retransmits")
GREETING = 10
# Runs the lines that it reads, and says when each is done.
CLIENT = "import os, socket, sys\nopened = []\nfor line in sys.stdin:\n  exec(line)\n  print('done', flush=True)\n"


class Server:
    """Says GREETING bytes to each client, and reads until the client closes."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self.listener.accept()[0],), daemon=True).start()

    @staticmethod
    def _serve(connection):
        with connection:
            connection.sendall(b"g" * GREETING)
            while connection.recv(1 << 16):
                pass

    def __exit__(self, *_):
        self.listener.close()


class Client:
    """A process with connections of its own."""

    def __init__(self, port, setup=""):
        self.port = port
        self.process = subprocess.Popen([sys.executable, "-c", CLIENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if setup:
            self.do(setup)

    @property
    def pid(self):
        return self.process.pid

    def do(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        assert_equal(self.process.stdout.readline(), "done\n", f"answer to {line}")

    def open(self):
        self.do(f"opened.append(socket.create_connection(('127.0.0.1', {self.port}))); opened[-1].recv({GREETING}, socket.MSG_WAITALL)")

    def send(self, size):
        """The kernel here has it when it is acknowledged: until then the sums may lack it."""
        self.do(f"opened[-1].sendall(b'x' * {size})\nimport fcntl, struct, termios, time".replace("\n", "; "))
        self.do("while struct.unpack('i', fcntl.ioctl(opened[-1], 0x5411, b'1234'))[0]: time.sleep(0.001)")

    def close(self):
        self.do("opened.pop().close()")

    def once(self, size):
        self.open()
        self.send(size)
        self.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def add_up(rows):
    """The sums of each group's intervals."""
    sums = collections.defaultdict(collections.Counter)
    for row in rows:
        for key in ("opened", "unmeasured", *SUMS):
            sums[row["key"]][key] += row[key] or 0
    return sums


def assert_totals(rows):
    """The last total of a group is the sum of its intervals."""
    sums, last = add_up(rows), {row["key"]: row["total"] for row in rows}
    for key, total in last.items():
        for name, value in total.items():
            # decimals of microseconds
            assert abs((value or 0) - sums[key][name]) < 0.5, (key, name, value, sums[key][name])


def all_closed(trace, count):
    return lambda: sum(row["closed"] for row in trace.rows()) >= count


def test_two_processes():
    """Known numbers of connections and bytes, in intervals, beside the rows of -c."""
    need_root()
    with Server() as server, Client(server.port) as a, Client(server.port) as b, \
            Trace("--summary=0.1", "--by", "pid", "-o", "json", "-D", server.port) as trace, \
            Trace("-c", "-o", "json", "-D", server.port) as whole:
        for _ in range(10):
            a.once(1000)
            b.once(20000)
            b.once(3)
        a.open()
        wait_until(all_closed(trace, 30), 10, lambda: f"not all closed: {trace.rows()}")
        wait_until(lambda: sum(row["opened"] for row in trace.rows()) >= 31, 10, lambda: f"not all opened: {trace.rows()}")
        assert_equal((trace.stop(), whole.stop()), (0, 0), "exit statuses")
        assert_equal(lost(trace.err), (0, 30), "lost, of connections that have ended")
        assert_in("lost 0 of 30 connections", trace.err)
        rows, ends = trace.rows(), whole.rows()
    assert_totals(rows)
    sums = add_up(rows)
    assert_equal(sorted(sums), sorted((str(a.pid), str(b.pid))), "groups")
    for client, opened, closed, sent in ((a, 11, 10, 10000), (b, 20, 20, 200030)):
        found, mine = sums[str(client.pid)], [row for row in ends if row["pid"] == client.pid]
        assert_equal((found["opened"], found["closed"]), (opened, closed), "connections")
        assert_equal(found["bytes_sent"], sent, "bytes sent")
        assert_equal(found["unmeasured"], 0, "connections without a measurement")
        assert_equal(len(mine), closed, "rows of -c")
        assert_equal(found["bytes_sent"], sum(row["bytes_sent"] for row in mine), "bytes sent in rows of -c")
        # the last one of a is open: its greeting is in, its end is not
        assert_equal(found["bytes_received"] - sum(row["bytes_received"] for row in mine), GREETING * (opened - closed), "received")
    last = [row for row in rows if row["key"] == str(a.pid)][-1]
    assert_equal((last["open"], last["by"], last["group"]), (1, "pid", {"pid": a.pid}), "the last row")
    assert_equal((last["other"], last["unknown"], last["type"]), (False, False, "sum"), "marks")


def test_long_connection():
    """Its bytes show while it is open, and do not count again at its end."""
    need_root()
    with Server() as server, Client(server.port) as client, \
            Trace("--summary=0.1", "--by", "comm,rport", "-o", "json", "-D", server.port) as trace:
        client.open()
        for done in range(1, 4):
            client.send(50000)
            wait_until(lambda: trace.rows() and trace.rows()[-1]["total"]["bytes_sent"] >= 50000 * done, 10,
                       lambda: f"the bytes do not show: {trace.rows()}")
            last = trace.rows()[-1]
            assert_equal((last["open"], last["closed"], last["total"]["opened"]), (1, 0, 1), f"connections in {last}")
            assert_equal(last["total"]["bytes_sent"], 50000 * done, "bytes so far")
        client.close()
        wait_until(all_closed(trace, 1), 10, lambda: f"not closed: {trace.rows()}")
        assert_equal(trace.stop(), 0, "exit status")
        rows = trace.rows()
    assert_totals(rows)
    assert_equal({row["key"] for row in rows}, {f"python3,{server.port}"}, "groups")
    assert_equal(rows[-1]["group"], {"comm": "python3", "rport": server.port}, "values")
    total = rows[-1]["total"]
    assert_equal((total["opened"], total["closed"], total["bytes_sent"]), (1, 1, 150000), f"in {total}")
    assert_equal(rows[-1]["open"], 0, "open")
    # it was open for at least the intervals between its first and its last row
    assert total["open_us"] >= 1e6 * sum(row["interval_s"] for row in rows[1:-1]), rows


def test_older_connection():
    """Traffic from before the start does not count; the end does."""
    need_root()
    need_seeding()
    with Server() as server, Client(server.port) as client:
        client.open()
        client.send(70000)
        with Trace("--summary", "--by", "pid", "-o", "json", "-D", server.port) as trace:
            client.send(1234)
            client.close()
            assert_equal(trace.stop(), 0, "exit status")
            rows = trace.rows()
    assert_equal(len(rows), 1, "rows")
    found = rows[0]
    assert_equal((found["key"], found["opened"], found["closed"], found["open"]), (str(client.pid), 0, 1, 0), f"in {found}")
    assert_equal((found["bytes_sent"], found["unmeasured"]), (1234, 0), f"bytes in {found}")
    assert_totals(rows)


def test_sums_of_ends():
    """-c --sum is the sum of the rows of -c, without a walk."""
    need_root()
    with Server() as server, Client(server.port) as a, Client(server.port) as b, \
            Trace("-c", "--sum", "pid", "-o", "json", "-D", server.port) as trace, \
            Trace("-c", "-o", "json", "-D", server.port) as whole:
        for _ in range(5):
            a.once(100)
            b.once(2000)
        a.open()
        a.send(5000)
        wait_until(lambda: len(whole.rows()) == 10, 10, lambda: f"not all closed: {whole.rows()}")
        assert_equal((trace.stop(), whole.stop()), (0, 0), "exit statuses")
        rows, ends = trace.rows(), whole.rows()
    assert_equal([row["key"] for row in rows], [str(b.pid), str(a.pid)], "groups, the greatest first")
    for row in rows:
        mine = [end for end in ends if str(end["pid"]) == row["key"]]
        assert_equal((row["closed"], len(mine)), (5, 5), "connections")
        assert_equal((row["open"], row["opened"], row["unmeasured"]), (None, None, None), "what only walks tell")
        for key in set(SUMS[2:]) & set(mine[0]):
            assert_equal(row[key], sum(end[key] for end in mine), f"{key} of {row['key']}")
        # two tools, each with its own readings of the clock
        assert abs(row["open_us"] - sum(end["total_us"] for end in mine)) < 20000, (row, mine)


def test_top():
    """The rest is one row, so that the sums stay right."""
    need_root()
    with Server() as server, Client(server.port) as a, Client(server.port) as b, Client(server.port) as c:
        with Trace("-c", "--sum", "pid", "--top", 1, "--sort", "closed", "-o", "json", "-D", server.port) as trace, \
                Trace("-c", "-o", "json", "-D", server.port) as whole:
            for client, times in ((a, 2), (b, 3), (c, 1)):
                for _ in range(times):
                    client.once(100)
            wait_until(lambda: len(whole.rows()) == 6, 10, lambda: f"not all closed: {whole.rows()}")
            assert_equal(trace.stop(), 0, "exit status")
            first, rest = trace.rows()
    assert_equal((first["key"], first["closed"], first["bytes_sent"]), (str(b.pid), 3, 300), "the first")
    assert_equal((rest["key"], rest["group"], rest["other"]), ("other", None, True), "the rest's name")
    assert_equal((rest["closed"], rest["bytes_sent"]), (3, 300), "the rest")


def test_units():
    """Cgroups of one unit are one group."""
    need_root()
    with Cgroup("one.service", "a") as first, Cgroup("one.service", "b") as second, Server() as server, \
            Client(server.port) as a, Client(server.port) as b, \
            Trace("--summary", "--by", "unit,container", "-o", "json", "-D", server.port) as trace:
        for client, cgroup in ((a, first), (b, second)):
            client.do(f"open({cgroup.full + '/cgroup.procs'!r}, 'w').write('0')")
            client.once(100)
        assert_equal(trace.stop(), 0, "exit status")
        rows = trace.rows()
        for client in (a, b):
            client.__exit__()
    assert_equal([(row["key"], row["group"], row["closed"]) for row in rows],
                 [("one.service,none", {"unit": "one.service", "container": "none"}, 2)], "groups")


def test_same_keys_as_tcprtt():
    """One language: the kernel's groups, and those of user space."""
    need_root()
    words = ("raddr,rport", "laddr,port", "comm,pid", "role,prefix:8", "netns,lport")
    for by in words:
        with Server() as server, Client(server.port) as client, \
                Trace("--by", by, "-o", "json", "-D", server.port, tool=RTT_TOOL) as kernel, \
                Trace("-c", "--sum", by, "-o", "json", "-D", server.port) as user, \
                Trace("-c", "-o", "json", "-D", server.port) as whole:
            for _ in range(3):
                client.once(100)
            wait_until(lambda: len(whole.rows()) == 3, 10, lambda: f"not all closed: {whole.rows()}")
            assert_equal((kernel.stop(), user.stop()), (0, 0), "exit statuses")
            expected, found = ({row["key"] for row in trace.rows()} for trace in (kernel, user))
        if "netns" in by:  # tcpstates has the names of groups
            expected, found = ({key.split(",")[1] for key in keys} for keys in (expected, found))
        assert_equal(found, expected, f"keys by {by}")


def test_zone():
    """A link-local address has its zone, and JSON the network namespace."""
    need_root()
    code = ("import socket; s = socket.create_server(('::', 7001), family=socket.AF_INET6); import subprocess, time; "
            "a = 'fe80::1%lo'; subprocess.run(['ip', 'addr', 'add', 'fe80::1/64', 'dev', 'lo', 'nodad'], check=True); "
            "subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True); "
            "c = socket.create_connection((a, 7001)); c.close(); s.accept()[0].close()")
    with NamedNetwork() as network, Trace("--summary", "--by", "raddr,role", "-o", "json", "--netns", network.name) as trace:
        network.run_python(code)
        assert_equal(trace.stop(), 0, "exit status")
        rows = trace.rows()
    assert_equal(sorted((row["key"], row["netns"]) for row in rows),
                 [("fe80::1%lo,client", network.number), ("fe80::1%lo,server", network.number)], "groups")


def test_prefix_and_namespace():
    """A connection in another network namespace counts; by prefix of the peer."""
    need_root()
    with NamedNetwork() as network, Trace("--summary", "--by", "prefix:8,netns", "-o", "json", "--netns", network.name) as trace:
        network.connect_once()
        assert_equal(trace.stop(), 0, "exit status")
        rows = trace.rows()
    assert_equal([row["group"] for row in rows], [{"prefix": "127.0.0.0/8", "netns": network.name}], "groups")
    assert_equal((rows[0]["opened"], rows[0]["closed"]), (2, 2), "both ends")


def test_formats():
    need_root()
    with Server() as server, Client(server.port) as client:
        with Trace("--summary", "--by", "comm,pid", "-D", server.port) as text, \
                Trace("--summary", "--by", "comm,pid", "-s", "-D", server.port) as table:
            client.once(2048)
            assert_equal((text.stop(), table.stop()), (0, 0), "exit statuses")
            lines, rows = text.out.splitlines(), list(csv.DictReader(io.StringIO(table.out), strict=True))
    assert_equal(lines[0].split(), "OPEN OPENED CLOSED TX_KB RX_KB RETRANS OPEN_S COMM,PID".split(), "header")
    assert_equal(len(lines), 2, "lines")
    cells = lines[1].split()
    assert_equal((cells[:5], cells[-1]), (["0", "1", "1", "2", "0"], f"python3,{client.pid}"), "the row")
    assert_equal(len(rows), 1, "rows of CSV")
    assert_equal((rows[0]["KEY"], rows[0]["SENT"], rows[0]["TOTAL_SENT"]), (f"python3,{client.pid}", "2048", "2048"), "CSV")


def test_interval_of_text():
    """Totals beside the interval, an empty line behind it."""
    need_root()
    with Server() as server, Client(server.port) as client, \
            Trace("--summary=0.2", "--by", "pid", "-T", "-D", server.port) as trace:
        client.open()
        wait_until(lambda: str(client.pid) in trace.out, 10, lambda: f"no row: {trace.out}")
        assert_equal(trace.stop(), 0, "exit status")
        lines = trace.out.splitlines()
    assert_equal(lines[0].split(), "TIME OPEN OPENED CLOSED TX_KB RX_KB RETRANS OPEN_S TX_SUM RX_SUM PID".split(), "header")
    assert_equal(lines[-1], "", "last line")


def test_reader_that_goes_on_at_the_end():
    """Many groups, more than the sink holds: none is missing."""
    need_root()
    groups = 700
    with Reader() as reader, Server() as server:
        reader.stop()
        with Trace("-c", "--sum", "lport", "-o", "json", "-D", server.port, stdout=reader.writer) as trace:
            reader.close_writer()
            for _ in range(groups):
                with socket.create_connection(("127.0.0.1", server.port)) as client:
                    client.recv(GREETING)
            time.sleep(0.2)
            trace.process.send_signal(2)
            time.sleep(0.3)
            assert trace.process.poll() is None, "it has not waited"
            reader.go_on()
            assert_equal(trace.wait(), 0, "exit status")
            assert_equal(lost(trace.err), (0, groups), "lost")
        rows = [row for row in reader.text().splitlines() if row]
    assert len(rows) > groups / 2, "too few ports: this test has become pointless"
    assert_equal(sum(json.loads(row)["closed"] for row in rows), groups, "connections")


def test_reader_that_never_reads():
    """The connections of rows that were not written are counted."""
    need_root()
    port = free_port()
    with open("/dev/full", "wb") as full, socket.create_server(("127.0.0.1", port)) as listener, \
            Trace("-c", "--sum", "pid", "-D", port, stdout=full) as trace:
        for _ in range(7):
            socket.create_connection(("127.0.0.1", port)).close()
            listener.accept()[0].close()
        assert_equal(trace.stop(), 1, "exit status")
        assert_in("lost 7 of 7 connections: 7 could not be written", trace.err)


def test_wrong():
    for args, words in (
            (["--by", "pid"], "--by groups a summary; add --summary or --live, or use -c --sum GROUP"),
            (["--sum", "pid"], "--sum adds up the rows of -c; add -c, or use --summary --by GROUP"),
            (["-c", "--sum", "pid", "--every", "1"],
             "--every is for rows of -c, and --sum prints none; use --summary=TIME --by GROUP"),
            (["-c", "--top", "3"], "--top and --sort need groups; add --summary --by GROUP or -c --sum GROUP"),
            (["--summary", "--sort", "tx"], "--top and --sort need groups; add --summary --by GROUP or -c --sum GROUP"),
            (["--summary", "--by", "conn"], 'grouping "conn": not one of laddr, raddr, lport, rport, port, role, pid, comm, cgroup, '
             "unit, container, pod, netns, prefix:LEN[/LEN6]"),
            (["--summary", "--by", "pid,pid"], 'grouping "pid": give one or two different words'),
            (["-c", "--sum", "pid", "--sort", "x"],
             'sort "x": not one of bytes, tx, rx, open, opened, closed, retrans, time'),
            (["--summary", "--by", "pid", "--top", "0"], 'number of groups "0": not a number from 1 to 10240'),
            (["-c", "--sum", "pid", "-w"], "sums have fixed columns; leave -O, -t and -w out"),
            (["--summary", "--by", "pid", "--names", "-o", "json"], "groups have their names anyway; leave --names and --services out"),
            (["--summary", "--by", "pid", "--storage", "hash"], "--by needs socket storage; leave --hook and --storage out"),
            (["--summary", "--by", "pid", "--cause", "refused"], "--state, --min-duration and --cause select transitions; with --by "
             "the summary counts connections (--cause: use -c --sum GROUP)")):
        result = run(*args)
        assert_equal(result.returncode, 2, f"exit status of {args}")
        assert_in(words, result.stderr)


def test_nothing():
    for args in (["--summary", "--by", "pid"], ["-c", "--sum", "unit,raddr"]):
        result = run(*args, "-d", "0.1", "-o", "json", "-L", str(free_port()))
        assert_equal((result.returncode, result.stdout, result.stderr), (0, "", ""), f"{args} on an idle port")


if __name__ == "__main__":
    main(globals())
