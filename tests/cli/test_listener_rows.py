#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpstates --listeners: agreement with ss, owners, tables, formats, scope, namespaces, command line."""

import contextlib
import csv
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

from cli import (Reader, Trace, assert_diagnostics, assert_equal, assert_in, assert_not_in, lost, main, need_command, need_root, run,
                 tool_command, wait_until)
from commands import read_rows
from namespaces import NamedNetwork
from queues import HOST, Queue, listen, listeners, port_of
from this_machine import need_seeding

HEADER = "PID COMM LADDR LPORT BACKLOG MAX HIGHEST ACCEPT/S DROPS SYNRECV COOKIES OVERFLOW".split()
COMM = open("/proc/self/comm", encoding="ascii").read().strip()


def ss_rows(ports):
    """(address, port, queue, limit) of each listener, as ss shows them."""
    rows = []
    for line in subprocess.run(["ss", "-ltnH"], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines():
        _, queue, limit, local = line.split()[:4]
        address, _, port = local.rpartition(":")
        if int(port) in ports:
            rows.append((address.strip("[]"), int(port), int(queue), int(limit)))
    return sorted(rows)


def test_agrees_with_ss():
    need_root()
    need_command("ss")
    with contextlib.ExitStack() as stack:
        sockets = [listen(7), listen(300, host="0.0.0.0"), listen(1, shared=True)]
        sockets.append(listen(2, port=port_of(sockets[-1]), shared=True))
        if os.path.exists("/proc/net/if_inet6"):
            sockets.append(listen(9, host="::1", family=socket.AF_INET6))
        for listener in sockets:
            stack.enter_context(listener)
        busy = stack.enter_context(Queue(5, 3))
        ports = {port_of(listener) for listener in sockets} | {busy.port}
        status, rows = listeners("-L", ",".join(map(str, ports)))
        ours = sorted((row["laddr"], row["lport"], row["backlog"], row["backlog_max"]) for row in rows)
        assert_equal(ours, ss_rows(ports), "listeners, beside those of ss")
        assert_equal((status, len(rows)), (0, len(sockets) + 1), "exit status and rows")
        assert_equal([row["lport"] for row in rows], sorted(row["lport"] for row in rows), "order")
        assert_equal({(row["v"], row["type"], row["raddr"] in ("0.0.0.0", "::"), row["rport"]) for row in rows},
                     {(1, "listener", True, 0)}, "what is the same in all rows")


def test_owner():
    """Of an older listener, and of one that another process has begun meanwhile."""
    need_root()
    need_seeding()
    code = ("import socket, sys; l = socket.create_server(('127.0.0.1', 0)); print(l.getsockname()[1], flush=True); "
            "sys.stdin.read()")
    with listen(1) as older, Trace("--listeners", "-i", "50ms", "-o", "json") as trace:
        with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            port = int(child.stdout.readline())
            wait_until(lambda: [row for row in trace.rows() if row["lport"] == port], 10, "no row")
            assert_equal(trace.stop(), 0, "exit status")
            mine = [row for row in trace.rows() if row["lport"] == port_of(older)][0]
            other = [row for row in trace.rows() if row["lport"] == port][0]
            assert_equal((mine["pid"], mine["comm"], mine["owner"]), (os.getpid(), COMM, "seed"), "the older listener's owner")
            assert_equal((other["pid"], other["owner"]), (child.pid, "listen"), "the other one's owner")
            assert_equal((mine["interval_s"], mine["accepted"], mine["dropped"]), (None, None, None), "unknown at first")
            assert other["interval_s"] is not None and other["accepted"] == 0, other


def test_tables():
    """Once every --interval, in text with a header each; a signal ends it with 0."""
    need_root()
    with Queue(5, 1) as queue:
        with Trace("--listeners", "-i", "50ms", "-L", queue.port) as trace:
            wait_until(lambda: len(trace.out.splitlines()) >= 8, 10, "no tables")
            assert_equal(trace.stop(), 0, "exit status")
            lines = trace.out.splitlines()
            assert_equal([lines[0].split(), lines[2], lines[3].split(), lines[5]], [HEADER, "", HEADER, ""], "headers and blank lines")
            first, second = lines[1].split(), lines[4].split()
            assert_equal(first[2:9], [HOST, str(queue.port), "1", "5", "1", "-", "0"], "the first row")
            assert_equal(second[2:9], [HOST, str(queue.port), "1", "5", "1", "0.0", "0"], "the second row")
            rows = len([line for line in lines if line and line.split() != HEADER])
            assert_equal(lost(trace.err), (0, rows), "lost")
        with Trace("--listeners", "-o", "json", "-d", "2500ms", "-L", queue.port) as trace:
            assert_equal(trace.wait(), 0, "exit status after -d")
            rows = trace.rows()
            assert 2 <= len(rows) <= 3, rows
            assert 0.9 < rows[1]["interval_s"] < 2, "the default interval is a second"
            assert_equal(len({row["time"] for row in rows}), len(rows), "times")


def test_counts():
    """The sum of the rows is all that happened."""
    need_root()
    with listen(64) as listener, Trace("--listeners", "-i", "20ms", "-o", "json", "-L", port_of(listener)) as trace:
        wait_until(trace.rows, 10, "no row")
        for _ in range(300):
            with socket.create_connection((HOST, port_of(listener)), 10):
                listener.accept()[0].close()
        wait_until(lambda: sum(row["queued"] or 0 for row in trace.rows()) >= 300, 10, lambda: f"too few: {trace.out}")
        time.sleep(0.1)
        assert_equal(trace.stop(), 0, "exit status")
        rows = trace.rows()
    assert_equal(sum(row["queued"] or 0 for row in rows), 300, "queued")
    assert_equal(sum(row["accepted"] or 0 for row in rows), 300, "accepted")
    assert_equal(rows[-1]["highest_ever"], 1, "highest")


def test_formats():
    need_root()
    need_seeding()
    with Queue(5, 2) as queue:
        lines = run("--listeners", "--once", "-L", queue.port).stdout.splitlines()
        assert_equal([line.split() for line in lines], [HEADER, [str(os.getpid()), COMM[:10], HOST, str(queue.port), "2", "5", "2",
                                                                 "-", "0", "0", "no", "no"]], "text")
        wide = run("--listeners", "--once", "-L", queue.port, "-w", "-T", "-t").stdout.splitlines()
        assert_equal(wide[0].split(), ["TIME", "TIME(s)", "PID", "COMM", "IP", *HEADER[2:]], "wide header")
        (row,) = csv.DictReader(io.StringIO(run("--listeners", "--once", "-s", "--names", "-L", queue.port).stdout), strict=True)
        assert_equal((row["BACKLOG"], row["MAX"], row["ACCEPT/S"], row["DROPPED"], row["OVERFLOW"]), ("2", "5", "", "", "no"), "CSV")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", row["TIMESTAMP"]), row
        assert row["NETNSNAME"], row
        chosen = run("--listeners", "--once", "-O", "lport,backlog,queued,uid", "-L", queue.port).stdout.splitlines()
        assert_equal([line.split() for line in chosen], [["LPORT", "BACKLOG", "QUEUED", "UID"], [str(queue.port), "2", "-", "0"]],
                     "chosen columns")
        _, (named,) = listeners("--names", "--services", "--fleet", "-L", queue.port)
        for key in ("cgroup", "netns_name", "lservice", "host", "seq"):
            assert key in named, named
        assert_equal((named["syn_recv"], named["syn_cookies"], named["syn_cookie_age_s"]), (0, False, None), "SYNs")
        assert named["tcp_syncookies"] in (0, 1, 2), named


def test_scope():
    need_root()
    need_seeding()
    netns = os.stat("/proc/self/ns/net").st_ino
    with Queue(5, 0) as queue:
        for matching, other in (
                (["--laddr", "127.0.0.0/8"], ["--laddr", "10.0.0.0/8"]),
                (["--pid", os.getpid()], ["--pid", 1]),
                (["--comm", COMM], ["--comm", f"!{COMM}"]),
                (["--user", os.geteuid()], ["--user", "nobody"]),
                (["--netns", netns], ["--netns", f"!{netns}"]),
                (["-4"], ["-6"])):
            for storage in ("auto", "hash"):
                args = ("-L", queue.port, "--storage", storage)
                assert_equal((listeners(*args, *matching)[0], len(listeners(*args, *matching)[1])), (0, 1), f"with {matching}")
                assert_equal(listeners(*args, *other), (0, []), f"with {other}")


def test_two_namespaces():
    need_root()
    need_command("ip")
    code = f"import socket, sys, time; l = socket.create_server(('{HOST}', int(sys.argv[1]))); print('up', flush=True); time.sleep(30)"
    with NamedNetwork() as network, listen(5) as here:
        port = port_of(here)
        with subprocess.Popen(["ip", "netns", "exec", network.name, sys.executable, "-c", code, str(port)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True) as child:
            assert_equal(child.stdout.readline(), "up\n", "the other listener's word")
            status, rows = listeners("-L", port)
            child.send_signal(signal.SIGKILL)
        own = os.stat("/proc/self/ns/net").st_ino
        assert_equal((status, sorted(row["netns"] for row in rows)), (0, sorted([own, network.number])), "namespaces")


def test_reader_that_leaves_or_stops():
    """`| head` ends it at once; a reader that stops gets whole lines and fewer tables."""
    need_root()
    with Queue(5, 0) as queue:
        result = subprocess.run(["sh", "-c", '"$@" | head -n 5', "sh", *tool_command("--listeners", "-i", "10ms", "-L", queue.port)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=20, check=False)
        assert_equal((len(result.stdout.splitlines()), result.stderr), (5, ""), "lines of head, and messages")


MANY = 600


def test_many():
    """A table that is larger than the buffer and the pipe, while the reader stops: each row whole, none lost."""
    need_root()
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(listen(1, shared=True))
        for _ in range(MANY - 1):
            stack.enter_context(listen(1, port=port_of(first), shared=True))
        assert_equal(len(listeners("-L", port_of(first))[1]), MANY, "rows")
        reader = stack.enter_context(Reader())
        reader.stop()
        with Trace("--listeners", "-i", "20ms", "-o", "json", "-L", port_of(first), stdout=reader.writer) as trace:
            reader.close_writer()
            time.sleep(0.5)
            reader.go_on()
            time.sleep(0.5)
            assert_equal(trace.stop(), 0, "exit status")
            missing, total = lost(trace.err)
        rows = [json.loads(line) for line in reader.text().splitlines()]
        assert_equal((missing, len(rows), total % MANY), (0, total, 0), "lost, rows, and rows of a part of a table")
        assert_equal({len([row for row in rows if row["time"] == moment]) for moment in {row["time"] for row in rows}}, {MANY},
                     "rows of each table")


def test_command():
    """Just its listeners, from their beginning."""
    need_root()
    script = ("import socket, time; l = socket.create_server(('127.0.0.1', 0)); c = socket.create_connection(l.getsockname()); "
              "time.sleep(1); exit(7)")
    with listen(1), tempfile.NamedTemporaryFile() as file:
        result = run("--listeners", "-i", "0.1s", "-o", "json", "--out", file.name, "--", sys.executable, "-c", script)
        assert_equal((result.returncode, result.stdout, result.stderr), (7, "", ""), "exit status, output and messages")
        rows = read_rows(file.name)
    assert rows and len({row["lport"] for row in rows}) == 1, rows
    assert_equal((rows[-1]["owner"], rows[-1]["backlog"], rows[-1]["highest_ever"]), ("listen", 1, 1), "the last row")


def test_quiet():
    need_root()
    with listen(1) as listener:
        result = run("--listeners", "-d", "0.1", "-L", port_of(listener))
        assert_equal((result.returncode, result.stderr, len(result.stdout.splitlines())), (0, "", 2), "nothing to say")
        with Trace("--listeners", "--once", "-L", port_of(listener)) as trace:
            assert_equal(trace.wait(), 0, "exit status")
            assert_diagnostics(trace.err)
            assert_not_in("quiet so far", trace.err)


def test_wrong():
    for args, words in (
            (["-c"], ["--listeners", "-c"]),
            (["--summary"], ["--listeners", "--summary"]),
            (["--stuck", "CLOSING"], ["--listeners", "--stuck"]),
            (["-Y"], ["--listeners", "-Y"]),
            (["-D", "80"], ["-D", "-L"]),
            (["--raddr", "10.0.0.1"], ["--raddr", "--laddr"]),
            (["--role", "server"], ["--role"]),
            (["--state", "LISTEN"], ["--state"]),
            (["--min-duration", "1"], ["--min-duration"]),
            (["--cause", "refused"], ["--cause"]),
            (["--longer", "1"], ["--longer", "--stuck"]),
            (["-i", "1us"], ["--interval", "1ms"]),
            (["-i", "0"], ['"0"']),
            (["--names"], ["--names", "-O"]),
            (["-O", "RADDR"], ['"RADDR"', "--listeners"]),
            (["-O", "BACKLOGG"], ['"BACKLOGG"', "BACKLOG"]),
            (["--hook", "tracepoint"], ["--hook", "--listeners"]),
            (["--once", "--", "true"], ["--once", "command"])):
        result = run("--listeners", *args)
        assert_equal((result.returncode, result.stdout), (2, ""), f"exit status and output of {args}: {result.stderr}")
        for word in words:
            assert_in(word, result.stderr)


if __name__ == "__main__":
    main(globals())
