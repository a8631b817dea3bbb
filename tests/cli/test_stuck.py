#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpstates --stuck: command line, answers, formats, scope, and more connections than there is room for."""

import collections
import csv
import io
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time

from cli import (Reader, Skip, Trace, assert_diagnostics, assert_equal, assert_in, assert_not_in, free_port, lost, main,
                 need_command, need_root, of_port, run, wait_until)
from commands import read_rows
from namespaces import NamedNetwork
from surroundings import as_nobody
from this_machine import machine_refuses, need_seeding

# The known time of a state that began with a segment is that much shorter than the truth, and some more when the FIN is
# acknowledged later (docs/accuracy.md).
SLACK_S = 0.4


class HalfClosed:
    """Connections whose client has closed its half: CLOSE_WAIT on the server's side, FIN_WAIT2 on the client's."""

    def __init__(self, count=1, family=socket.AF_INET, host="127.0.0.1"):
        self.pairs = []
        with socket.create_server((host, 0), family=family, backlog=128) as listener:
            self.port = listener.getsockname()[1]
            for _ in range(count):
                client = socket.create_connection((host, self.port))
                self.pairs.append((client, listener.accept()[0]))
                client.shutdown(socket.SHUT_WR)
                assert self.pairs[-1][1].recv(1) == b""
        self.since = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for client, server in self.pairs:
            client.close()
            server.close()

    def grow_old(self, age_s):
        time.sleep(max(0, self.since + age_s + SLACK_S - time.monotonic()))


def once(*args, longer="0.1s", states="CLOSE_WAIT", **kwargs):
    return run("--stuck", states, "--longer", longer, "--once", *args, **kwargs)


def test_answers():
    need_root()
    need_seeding()
    none = once("-L", free_port())
    assert_equal((none.returncode, len(none.stdout.splitlines())), (0, 1), "exit status of none, and lines")
    with HalfClosed() as stuck:
        stuck.grow_old(0.1)
        found = once("-L", stuck.port)
        assert_equal((found.returncode, len(found.stdout.splitlines())), (1, 2), "exit status of one, and lines")
        assert_equal(found.stderr, "", "nothing to say")
        # the other end, and both
        assert_equal(once("-D", stuck.port, states="fin_wait2").returncode, 1, "exit status of the client")
        assert_equal(once("-D", stuck.port).returncode, 0, "the client is in another state")
        both = once("-o", "json", states="CLOSE_WAIT,FIN_WAIT2")
        rows = of_port([json.loads(line) for line in both.stdout.splitlines()], stuck.port)
        assert_equal(sorted(row["state"] for row in rows), ["CLOSE_WAIT", "FIN_WAIT2"], "both")


def test_waits_until_it_can_tell():
    need_root()
    need_seeding()
    with HalfClosed() as stuck:
        found = once("-L", stuck.port, "-o", "json", "-v", longer="3s")
        took = time.monotonic() - stuck.since
        assert_equal(found.returncode, 1, "exit status")
        row = json.loads(found.stdout)
        assert_equal((row["since"], row["duration_us"]), (None, None), "since and duration")
        assert 3e6 <= row["at_least_us"] <= took * 1e6, (row, took)
        assert re.search(r"watching 1 connection for at most [123] s more: it is older than tcpstates, and its time in the state is unknown\n",
                         found.stderr), found.stderr
        if not machine_refuses("iter/bpf_sk_storage_map"):  # else libbpf has a word with -v, too
            assert_diagnostics(found.stderr)


def test_cannot_tell():
    """Ended before: 3, the rows are there, and stderr counts them. One that is known to be stuck is the answer all the same."""
    need_root()
    need_seeding()
    with HalfClosed(2) as stuck:
        for end in ("-d", "signal"):
            with Trace("--stuck", "CLOSE_WAIT", "--longer", "1h", "--once", "-L", stuck.port, "-o", "json",
                       *(["-d", "0.2"] if end == "-d" else [])) as trace:
                status = trace.wait() if end == "-d" else trace.stop(signal.SIGINT)
                assert_equal((status, len(trace.rows())), (3, 2), f"exit status and rows after {end}")
                assert {row["since"] for row in trace.rows()} == {None}, trace.rows()
                assert_in("the time in the state is unknown for 2 connections", trace.err)
    with HalfClosed() as old:
        old.grow_old(2)
        with HalfClosed() as young:
            text = once("-L", f"{old.port},{young.port}", "-d", "0.1", longer="2s")
            assert_equal((text.returncode, len(text.stdout.splitlines())), (1, 3), "exit status and lines")


def test_trouble_is_no_answer():
    """With --once errors end with 2, as grep's do; without, with 1, as ever."""
    with open("/dev/full", "wb") as full:
        result = once(stdout=full)
        assert_equal(result.returncode, 2, f"exit status with a full disk: {result.stderr}")
        if os.geteuid() == 0:
            assert_in("No space left on device", result.stderr)
    need_root()
    for args, status in ((["--once"], 2), ([], 1)):
        result = run("--stuck", "CLOSE_WAIT", *args, prefix=as_nobody())
        assert_equal(result.returncode, status, f"exit status without rights and with {args}: {result.stderr}")
        assert_in("cannot load", result.stderr)


def test_formats():
    need_root()
    need_seeding()
    with HalfClosed() as stuck:
        stuck.grow_old(0.1)
        server = stuck.pairs[0][1]
        lines = once("-L", stuck.port).stdout.splitlines()
        assert_equal(lines[0].split(), "PID COMM OWNER LADDR LPORT RADDR RPORT STATE SINCE ATLEAST".split(), "header")
        fields = lines[1].split()
        assert_equal(fields[3:9], ["127.0.0.1", str(stuck.port), "127.0.0.1", str(server.getpeername()[1]), "CLOSE_WAIT", "-"],
                     "row")
        assert float(fields[9]) >= 100, fields
        wide = once("-L", stuck.port, "-w", "-T", "-t").stdout.splitlines()
        assert_equal(wide[0].split()[:6], "TIME TIME(s) PID COMM OWNER IP".split(), "wide header")
        table = list(csv.DictReader(io.StringIO(once("-s", "-L", stuck.port).stdout), strict=True))
        assert_equal([(row["STATE"], row["SINCE"], row["IP"]) for row in table], [("CLOSE_WAIT", "", "4")], "CSV")
        chosen = once("-O", "STATE,NETNSNAME,UID,CGPATH", "-L", stuck.port).stdout.splitlines()
        assert_equal(chosen[1].split()[0:2], ["CLOSE_WAIT", chosen[1].split()[1]], "chosen columns")
        named = json.loads(once("-o", "json", "--names", "--services", "-L", stuck.port).stdout)
        for key in ("cgroup", "unit", "netns_name", "rservice"):
            assert key in named, named
        assert_equal((named["v"], named["type"], named["lport"]), (1, "stuck", stuck.port), "JSON")
    if os.path.exists("/proc/net/if_inet6"):
        with HalfClosed(family=socket.AF_INET6, host="::1") as stuck:
            stuck.grow_old(0.1)
            assert_equal(once("-6", "-L", stuck.port).returncode, 1, "IPv6")
            assert_equal(once("-4", "-L", stuck.port).returncode, 0, "IPv6 is not IPv4")


def test_scope():
    """Each filter with the connection, and without. Nothing tells the role of an older one whose listener is gone."""
    need_root()
    need_seeding()
    comm = open("/proc/self/comm", encoding="ascii").read().strip()
    netns = os.stat("/proc/self/ns/net").st_ino
    with HalfClosed() as stuck:
        stuck.grow_old(0.1)
        remote = stuck.pairs[0][1].getpeername()[1]
        for matching, other in (
                (["-D", remote], ["-D", f"!{remote}"]),
                (["--laddr", "127.0.0.0/8"], ["--laddr", "10.0.0.0/8"]),
                (["--raddr", "127.0.0.1"], ["--raddr", "!127.0.0.1"]),
                (["--pid", os.getpid()], ["--pid", 1]),
                (["--comm", comm], ["--comm", f"!{comm}"]),
                (["--user", os.geteuid()], ["--user", "nobody"]),
                (["--netns", netns], ["--netns", f"!{netns}"]),
                (["--role", "!client"], ["--role", "client"])):
            for storage in ("socket", "hash"):
                if storage == "hash" and matching[0] in ("--pid", "--comm"):
                    continue  # nobody knows the owner there
                args = ("-L", stuck.port, "--storage", storage)
                assert_equal(once(*args, *matching).returncode, 1, f"exit status with {matching} in {storage}")
                assert_equal(once(*args, *other).returncode, 3 if other[0] == "--role" else 0,
                             f"exit status with {other} in {storage}")


def test_looks_again_and_again():
    """A row at each look, until it is over; a reader that goes ends it, and so does a signal, with 0."""
    need_root()
    need_seeding()
    with HalfClosed() as stuck:
        with Trace("--stuck", "CLOSE_WAIT", "--longer", "0.2s", "--interval", "50ms", "-o", "json", "-L", stuck.port) as trace:
            wait_until(lambda: len(trace.rows()) >= 5, 10, "no rows")
            assert_equal(trace.stop(), 0, "exit status")
            times = [row["time"] for row in trace.rows()]
            assert_equal(times, sorted(set(times)), "one row at each look")
            assert_equal(lost(trace.err), (0, len(times)), "lost")
        result = subprocess.run(["sh", "-c", '"$@" | head -n 3', "sh", *Trace(
            "--stuck", "CLOSE_WAIT", "--longer", "0.2s", "--interval", "10ms", "-L", stuck.port).command],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=20, check=False)
        assert_equal(len(result.stdout.splitlines()), 3, "lines of head")
        assert_in("lost 0 of", result.stderr)


def test_default_times():
    """Ten seconds from look to look, and 60 s of age: this one is too young, and nothing is printed."""
    need_root()
    with HalfClosed() as stuck:
        result = run("--stuck", "CLOSE_WAIT", "-d", "0.3", "-L", stuck.port)
        assert_equal((result.returncode, len(result.stdout.splitlines())), (0, 1), "exit status and lines")


MANY = 3000


def test_many():
    """Each of them once. A ring that has no room for them all is a loss that is counted, and the answer is the same."""
    need_root()
    need_seeding()
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 2 * MANY + 100:
        raise Skip("too few descriptors for a process")
    resource.setrlimit(resource.RLIMIT_NOFILE, (2 * MANY + 100, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with HalfClosed(MANY) as stuck:
        stuck.grow_old(0.1)
        for storage in ("socket", "hash"):
            result = once("-o", "json", "-L", stuck.port, "--storage", storage)
            counts = collections.Counter(json.loads(line)["rport"] for line in result.stdout.splitlines())
            assert_equal((result.returncode, len(counts), set(counts.values())), (1, MANY, {1}), f"rows with {storage}")
        small = once("-o", "json", "-L", stuck.port, "--buffer-size", "64K", "-v")
        rows = len(small.stdout.splitlines())
        assert_equal(lost(small.stderr), (MANY - rows, MANY), "lost")
        assert_in("no room in the ring buffers", small.stderr)
        assert_equal(small.returncode, 1, "exit status")
        assert 0 < rows < MANY, "nothing was lost: this test has become pointless"
        behind(stuck.port)


def behind(port):
    """A reader that stops gets fewer looks, and whole lines."""
    with Reader() as reader:
        reader.stop()
        with Trace("--stuck", "CLOSE_WAIT", "--longer", "0.1s", "--interval", "20ms", "-o", "json", "-L", port,
                   stdout=reader.writer) as trace:
            reader.close_writer()
            time.sleep(0.5)
            reader.go_on()
            time.sleep(0.2)
            assert_equal(trace.stop(), 0, "exit status")
            missing, total = lost(trace.err)
            assert_not_in("no room in the ring buffers", trace.err)
        lines = reader.text().splitlines()
    assert_equal(len([json.loads(line) for line in lines]), total - missing, "rows that were read")


def test_command():
    """Just its connections, from now on: it is known since when."""
    need_root()
    script = ("import socket,time; l = socket.create_server(('127.0.0.1', 0)); c = socket.create_connection(l.getsockname()); "
              "s = l.accept()[0]; c.shutdown(socket.SHUT_WR); time.sleep(1); exit(7)")
    with HalfClosed(), tempfile.NamedTemporaryFile() as file:
        result = run("--stuck", "CLOSE_WAIT,FIN_WAIT2", "--longer", "0.1s", "--interval", "0.1s", "-o", "json", "--out",
                     file.name, "--", sys.executable, "-c", script)
        assert_equal((result.returncode, result.stdout), (7, ""), f"exit status and output: {result.stderr}")
        rows = read_rows(file.name)
    assert rows and len({frozenset((row["lport"], row["rport"])) for row in rows}) == 1, rows
    assert None not in {row["since"] for row in rows}, rows


def test_wrong():
    for args, words in (
            (["--stuck", "TIME_WAIT"], ['"TIME_WAIT"', "ss -tan state time-wait"]),
            (["--stuck", "CLOSE_WAIT,SYN_RECV"], ['"SYN_RECV"', "ss -tan state syn-recv"]),
            (["--stuck", "LISTEN"], ['"LISTEN"', "ss -tln"]),
            (["--stuck", "CLOSE"], ['"CLOSE"']),
            (["--stuck", "NOPE"], ['"NOPE"', "CLOSE_WAIT"]),
            (["--stuck", ""], ['""']),
            (["--longer", "1s"], ["--longer", "--stuck", "--min-duration"]),
            (["--interval", "1s"], ["--interval", "--stuck", "--summary"]),
            (["--once"], ["--once", "--stuck"]),
            (["--stuck", "CLOSING", "--longer", "60x"], ['"60x"', "unit"]),
            (["--stuck", "CLOSING", "--interval", "0s"], ['"0s"']),
            (["--stuck", "CLOSING", "--once", "--interval", "1s"], ["--once", "--interval"]),
            (["--stuck", "CLOSING", "-c"], ["-c"]),
            (["--stuck", "CLOSING", "--summary"], ["--summary"]),
            (["--stuck", "CLOSING", "-Y"], ["-Y"]),
            (["--stuck", "CLOSING", "--state", "CLOSING"], ["--state", "--stuck"]),
            (["--stuck", "CLOSING", "--min-duration", "1s"], ["--min-duration", "--longer"]),
            (["--stuck", "CLOSING", "--cause", "refused"], ["--cause"]),
            (["--stuck", "CLOSING", "--hook", "tracepoint"], ["--stuck", "--hook"]),
            (["--stuck", "CLOSING", "-O", "PID,OLDSTATE"], ['"OLDSTATE"', "STATE"]),
            (["-O", "PID,STATE"], ['"STATE"', "NEWSTATE"]),
            (["--stuck", "CLOSING", "--once", "--", "true"], ["--once", "command"])):
        result = run(*args)
        assert_equal(result.returncode, 2, f"exit status of {args}: {result.stderr}")
        assert_equal(result.stdout, "", f"output of {args}")
        for word in words:
            assert_in(word, result.stderr)


def test_namespaces_that_cannot_be_entered():
    """Then there may be a connection that nobody has seen: no answer, and a word why."""
    need_root()
    need_seeding()
    need_command("setpriv")
    with NamedNetwork():
        result = run("--stuck", "CLOSE_WAIT", "--longer", "0.1s", "--once", "-L", "1", prefix=("setpriv", "--bounding-set=-sys_admin"))
        assert_equal(result.returncode, 3, f"exit status: {result.stderr}")
        assert_in("cannot enter", result.stderr)
    result = run("--stuck", "CLOSE_WAIT", "--longer", "0.1s", "--once", "-L", "1")
    assert_equal((result.returncode, result.stderr.count("enter")), (0, 0), "with all rights")



if __name__ == "__main__":
    main(globals())
