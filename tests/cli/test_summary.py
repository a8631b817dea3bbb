#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpstates --summary: what it counts in the kernel against the rows of a second tcpstates that prints them."""

import collections
import csv
import io
import json
import math
import time

from cli import Trace, assert_equal, assert_in, churn, free_port, lost, main, need_root, run

CONNECTIONS = 2000
STORAGES = (("--storage", "socket"), ("--storage", "hash"))


def kinds(rows):
    """Transitions by their states, each with its durations in whole microseconds and how many are not known."""
    found = collections.defaultdict(lambda: ([], []))
    for row in rows:
        known = row["duration_us"] is not None
        found[row["oldstate"], row["newstate"]][not known].append(math.floor(row["duration_us"]) if known else None)
    return found


def check_quantile(shown, durations, q):
    """Nearest rank, as the middle of a slot that is 1/16 wide; the summary and the rows have clocks of their own."""
    exact = sorted(durations)[math.ceil(q * len(durations)) - 1]
    spread = sorted(durations)[min(len(durations) - 1, math.ceil(min(1, q + 0.01) * len(durations)))]
    least = sorted(durations)[max(0, math.ceil((q - 0.01) * len(durations)) - 1)]
    assert least * 0.93 - 20 <= shown <= spread * 1.07 + 20, (shown, exact, least, spread)


def test_against_rows():
    need_root()
    for storage in STORAGES:
        port = free_port()
        with Trace("--summary", "-o", "json", "-D", port, *storage) as summary, \
                Trace("-o", "json", "-D", port, *storage) as rows:
            churn(CONNECTIONS, "--port", port)
            assert_equal((summary.stop(), rows.stop()), (0, 0), "exit statuses")
            assert_equal((lost(summary.err), lost(rows.err)), ((0, 5 * CONNECTIONS),) * 2, "lost")
            shown = {(row["oldstate"], row["newstate"]): row for row in summary.rows()}
            expected = kinds(rows.rows())
        assert_equal(sorted(shown), sorted(expected), f"kinds of transitions with {storage}")
        for kind, (durations, unknown) in expected.items():
            row = shown[kind]
            assert_equal(row["type"], "summary", "type")
            assert_equal((row["count"], row["unknown"]), (len(durations) + len(unknown), len(unknown)), f"counts of {kind}")
            if not durations:
                assert_equal(row["mean_us"], None, f"mean of {kind}")
                continue
            mean = sum(durations) / len(durations)
            assert abs(row["mean_us"] - mean) <= max(0.1 * mean, 20), (kind, row["mean_us"], mean)
            for key, q in (("p50_us", 0.5), ("p90_us", 0.9)):
                check_quantile(row[key], durations, q)
        assert sum(row["count"] for row in shown.values()) == 5 * CONNECTIONS, shown


def test_intervals_add_up():
    """Nothing is lost or counted twice between two of them, and there is a last one."""
    need_root()
    port = free_port()
    with Trace("--summary=0.1", "-o", "json", "-D", port) as summary:
        churn(CONNECTIONS, "--port", port)
        time.sleep(0.2)
        churn(10, "--port", port)
        assert_equal(summary.stop(), 0, "exit status")
        rows = summary.rows()
    per_kind = collections.Counter()
    for row in rows:
        per_kind[row["oldstate"], row["newstate"]] += row["count"]
        assert row["count"] and row["interval_s"] > 0, row
    assert_equal(set(per_kind.values()), {CONNECTIONS + 10}, f"of each kind: {per_kind}")
    assert len({row["time"] for row in rows}) >= 3, "hardly any intervals"


def test_formats():
    need_root()
    port = free_port()
    with Trace("--summary", "-D", port) as text, Trace("--summary", "-s", "-D", port) as table:
        churn(20, "--port", port)
        assert_equal((text.stop(), table.stop()), (0, 0), "exit statuses")
        lines, rows = text.out.splitlines(), list(csv.DictReader(io.StringIO(table.out), strict=True))
    assert_equal(lines[0].split(), "OLDSTATE -> NEWSTATE COUNT UNKNOWN MEAN P50 P90 P99 P99.9 MAX".split(), "header")
    assert_equal(len(lines), 6, "lines")
    for line in lines[1:]:
        assert_equal(line[12:14], "->", "the arrow")
        assert_equal(line.split()[3], "20", f"count in {line}")
    assert_equal({row["COUNT"] for row in rows}, {"20"}, "counts")
    assert_equal({row["UNKNOWN"] for row in rows if row["OLDSTATE"] == "CLOSE"}, {"20"}, "CLOSE of new sockets")


def test_nothing():
    result = run("--summary", "-d", "0.1", "-o", "json", "-L", str(free_port()))
    assert_equal((result.returncode, result.stdout), (0, ""), "exit status and rows of an idle port")


def test_wrong():
    for args, word in ((["--summary=0"], '"0"'), (["--summary=x"], '"x"'), (["--summary", "-c"], "-c"),
                       (["--summary", "-O", "PID"], "-O"), (["--summary", "-Y"], "-Y"), (["--summary", "-w"], "-w")):
        result = run(*args)
        assert_equal(result.returncode, 2, f"exit status of {args}")
        assert_in(word, result.stderr)


def test_json_is_one_object_per_line():
    need_root()
    with Trace("--summary", "-o", "json") as trace:
        churn(5)
        trace.stop()
        for line in trace.out.splitlines():
            assert_equal(json.loads(line)["v"], 1, "v")


if __name__ == "__main__":
    main(globals())
