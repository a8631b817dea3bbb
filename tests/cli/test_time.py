#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Times in rows: right also in a time namespace, and one moment always has the same time. tests/kernel/clock.c steps the
clock and suspends the machine."""

import collections
import contextlib
import csv
import datetime
import io
import json
import socket
import time

from cli import RTT_TOOL, Trace, assert_equal, connect_once, main, need_command, need_root, of_port, run
from this_machine import need_machine, need_seeding

# The greatest difference of two clocks, and of a row's time by rounding down.
CLOCK_S = 0.001


def in_time_namespace():
    """Prefix for a command: its clocks are eleven days ahead of the kernel's, and its uptime is some minutes."""
    need_root()
    need_machine("timens")
    need_command("unshare")
    return ("unshare", "--time", "--monotonic", "1000000", "--boottime", "-60", "--fork", "--kill-child")


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def assert_between(start, text, end, what):
    assert start - CLOCK_S <= seconds(text) <= end + CLOCK_S, f"{what} is {text}, {start - seconds(text):.6f} s too early at least"


class Connected:
    """A connection within this process, its port, and when it was made."""

    def __enter__(self):
        self.start = time.time()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            self.client = socket.create_connection(("127.0.0.1", self.port))
            self.server = listener.accept()[0]
        self.end = time.time()
        return self

    def __exit__(self, *_):
        self.client.close()
        self.server.close()


def stop(trace):
    """unshare passes no signal on: -d ends the tool."""
    assert_equal(trace.wait(20), 0, "exit status")


def test_rows_in_a_time_namespace():
    with Trace("-o", "json", "-d", "2", prefix=in_time_namespace()) as trace:
        start = time.time()
        port = connect_once()
        end = time.time()
        stop(trace)
        rows = of_port(trace.rows(), port)
    assert rows, "no rows"
    for row in rows:
        assert_between(start, row["time"], end, "a row")


def test_connections_in_a_time_namespace():
    with Trace("-c", "-o", "json", "-d", "2", prefix=in_time_namespace()) as trace:
        start = time.time()
        port = connect_once()
        end = time.time()
        stop(trace)
        rows = of_port(trace.rows(), port)
    assert_equal(len(rows), 2, "connections")
    for row in rows:
        assert_between(start, row["start"], end, "the start")
        assert_between(start, row["time"], end, "the end")
        assert "suspended_us" not in row, f"suspended: {row}"


def test_stuck_in_a_time_namespace():
    """The kernel compares with the time that the tool gives it."""
    prefix = in_time_namespace()
    with Trace("--stuck", "ESTABLISHED", "--longer", "300ms", "--interval", "100ms", "-o", "json", "-d", "3", prefix=prefix) as trace:
        with Connected() as connected:
            stop(trace)
        rows = of_port(trace.rows(), connected.port)
    assert len(rows) >= 2, f"{len(rows)} rows"
    for row in rows:
        assert_between(connected.start, row["since"], connected.end, "since")
        assert 300000 <= row["duration_us"] < 5e6, row["duration_us"]


def test_old_in_a_time_namespace():
    """Nothing is older there than here."""
    prefix = in_time_namespace()
    need_seeding()
    with Connected() as connected:
        result = run("--stuck", "ESTABLISHED", "--longer", "1h", "--once", "-d", "0.5", "-L", connected.port, "-o", "json", prefix=prefix)
        age_s = time.time() - connected.start
    assert_equal(result.returncode, 3, f"exit status, with {result.stdout}")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert_equal(len(rows), 1, "rows")
    assert rows[0]["at_least_us"] <= age_s * 1e6, f"{rows[0]['at_least_us']} us of {age_s} s"


def test_round_trips_in_a_time_namespace():
    with Trace("-o", "json", "-i", "0.5", "-d", "2", tool=RTT_TOOL, prefix=in_time_namespace()) as trace:
        start = time.time()
        stop(trace)
        end = time.time()
        rows = trace.rows()
    assert len(rows) >= 2, f"{len(rows)} rows"
    for row in rows:
        assert_between(start, row["time"], end, "the end of an interval")
        assert 0 < row["interval_s"] < 20, row["interval_s"]


def test_since_stays():
    """A state has begun at one moment, however often it is looked at, to the last digit."""
    need_root()
    with Trace("--stuck", "ESTABLISHED", "--longer", "100ms", "--interval", "50ms", "-o", "json") as trace:
        # Many, since a clock that is read again is a tenth of a microsecond off: few of them show it.
        with contextlib.ExitStack() as stack:
            ports = {stack.enter_context(Connected()).port for _ in range(50)}
            time.sleep(3.5)
        trace.stop()
        rows = [row for row in trace.rows() if ports & {row["lport"], row["rport"]}]
    told = collections.defaultdict(list)
    for row in rows:
        told[row["cookie"] or row["skaddr"]].append(row["since"])
    assert_equal(len(told), 100, "ends of connections")
    for since in told.values():
        assert len(since) > 10, f"{len(since)} rows"
        assert_equal(sorted(set(since)), [since[0]], "times since which it is established")


def test_since_is_the_last_row():
    """The row that told of the state before, to the last digit."""
    need_root()
    with Trace("-o", "csv", "-O", "SKADDR,TIMESTAMP,SINCE,LPORT,RPORT,NEWSTATE") as trace:
        ports = set()
        for _ in range(30):
            with Connected() as connected:
                ports.add(str(connected.port))
                time.sleep(0.05)
        trace.stop()
        rows = [row for row in csv.DictReader(io.StringIO(trace.out)) if ports & {row["LPORT"], row["RPORT"]}]
    last, compared = {}, 0
    for row in rows:
        # a server's time in SYN_RECV is the handshake's, most of which was before its socket
        if row["SINCE"] and row["SKADDR"] in last and last[row["SKADDR"]]["NEWSTATE"] != "SYN_RECV":
            assert_equal(row["SINCE"], last[row["SKADDR"]]["TIMESTAMP"], f"since when it was {last[row['SKADDR']]['NEWSTATE']}")
            compared += 1
        last[row["SKADDR"]] = row
    assert compared > 100, f"{compared} rows compared"


def test_durations_are_even():
    """
    The kept time of a state is even, in ns. Were a row's own time odd, it would differ by 1 ns from the one that the next
    row begins with, and in one of a thousand rows by a shown microsecond.
    """
    need_root()
    with Trace("-o", "json") as trace:
        ports = set()
        for _ in range(20):
            with Connected() as connected:
                ports.add(connected.port)
        trace.stop()
        rows = [row for row in trace.rows() if ports & {row["lport"], row["rport"]}]
    durations = [round(row["duration_us"] * 1000) for row in rows if row["duration_us"] is not None]
    assert len(durations) > 60, f"{len(durations)} durations"
    assert_equal([ns for ns in durations if ns % 2], [], "odd durations, in ns")


main(globals())
