#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpstates --summary: its counts in the kernel, compared with the rows of a second tcpstates."""

import collections
import contextlib
import csv
import fcntl
import io
import json
import math
import os
import signal
import sys
import time

from cli import ROOT, Reader, Trace, assert_equal, assert_in, churn, free_port, lost, main, need_root, run

sys.path.insert(0, str(ROOT / "bench"))
import mounts  # pylint: disable=wrong-import-position
import witness  # pylint: disable=wrong-import-position

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


@contextlib.contextmanager
def hidden_from_bpf(port):
    """Counts the transitions to that remote port that the machine may hide from every BPF program, without a counter."""
    mounts.mount_tracefs()
    with witness.hidden(("dport",), [port]) as hidden:
        yield hidden


def assert_all(found, expected, hidden, what):
    """All of them, or all but some of those that may be hidden."""
    assert expected - hidden.count() <= found <= expected, f"{what}: {found} of {expected}, hidden at most {hidden.count()}"


def test_against_rows():
    need_root()
    for storage in STORAGES:
        port = free_port()
        with hidden_from_bpf(port) as hidden, Trace("--summary", "-o", "json", "-D", port, *storage) as summary, \
                Trace("-o", "json", "-D", port, *storage) as rows:
            churn(CONNECTIONS, "--port", port)
            assert_equal((summary.stop(), rows.stop()), (0, 0), "exit statuses")
            assert_equal(lost(summary.err), lost(rows.err), "lost")
            missing, total = lost(summary.err)
            assert_equal(missing, 0, "lost")
            assert_all(total, 5 * CONNECTIONS, hidden, "transitions")
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
        assert_equal(sum(row["count"] for row in shown.values()), total, f"{shown}")


def test_intervals_add_up():
    """Nothing is lost or counted twice between two of them, and there is a last one."""
    need_root()
    port = free_port()
    with hidden_from_bpf(port) as hidden, Trace("--summary=0.1", "-o", "json", "-D", port) as summary:
        for connections in (CONNECTIONS, 10, 10):
            churn(connections, "--port", port)
            time.sleep(0.2)
        assert_equal(summary.stop(), 0, "exit status")
        rows = summary.rows()
        hidden_count = hidden.count()
    per_kind = collections.Counter()
    for row in rows:
        per_kind[row["oldstate"], row["newstate"]] += row["count"]
        assert row["count"] and row["interval_s"] > 0, row
    for kind, count in per_kind.items():
        assert CONNECTIONS + 20 - hidden_count <= count <= CONNECTIONS + 20, f"{kind} in {per_kind}, hidden at most {hidden_count}"
    assert len({row["time"] for row in rows}) >= 3, "hardly any intervals"


ROUNDS = 80


def behind(form, **kwargs):
    """A summary every 10 ms that soon fills a small pipe; on its transitions: 5 * 10 of them in each of ROUNDS rounds."""
    port = free_port()
    fcntl.fcntl(kwargs["stdout"], fcntl.F_SETPIPE_SZ, 4096)
    with hidden_from_bpf(port) as hidden, Trace("--summary=0.01", "-o", form, "-D", port, **kwargs) as summary:
        for _ in range(ROUNDS):
            churn(10, "--port", port)
            time.sleep(0.01)
        yield summary, hidden


def counts(form, text):
    """The transitions in what was read of it."""
    assert not text or text.endswith("\n"), f"ends in the middle of a line: {text[-80:]!r}"
    lines = text.splitlines()
    if form == "json":
        return sum(json.loads(line)["count"] for line in lines)
    if form == "csv":
        return sum(int(row["COUNT"]) for row in csv.DictReader(lines, strict=True))
    return sum(int(line.split()[3]) for line in lines if line and not line.startswith("OLDSTATE"))


def test_reader_that_never_reads():
    """The transitions that are said to be written were written, and the others are counted as lost."""
    need_root()
    for form in ("text", "csv", "json"):
        reader, writer = os.pipe()
        for summary, hidden in behind(form, stdout=writer):
            assert_equal(summary.stop(), 0, "exit status")
            missing, total = lost(summary.err)
            assert_all(total, 5 * 10 * ROUNDS, hidden, f"{form}: all transitions")
            assert_in("could not be written", summary.err)
        os.close(writer)
        with open(reader, encoding="ascii") as pipe:
            read = counts(form, pipe.read())
        assert_equal(read, total - missing, f"{form}: transitions that were read")
        assert missing, "nothing was lost: this test has become pointless"


def test_reader_that_goes_on_at_the_end():
    """The last interval waits for it."""
    need_root()
    for form in ("text", "csv", "json"):
        with Reader() as reader:
            reader.stop()
            for summary, hidden in behind(form, stdout=reader.writer):
                reader.close_writer()
                summary.process.send_signal(signal.SIGINT)
                time.sleep(0.3)
                assert summary.process.poll() is None, "it has not waited"
                reader.go_on()
                assert_equal(summary.wait(), 0, "exit status")
                missing, total = lost(summary.err)
                assert_equal(missing, 0, f"{form}: lost")
                assert_all(total, 5 * 10 * ROUNDS, hidden, f"{form}: all transitions")
            assert_equal(counts(form, reader.text()), total, f"{form}: transitions read")


def test_full_device():
    """Transitions, not rows, are what was not written."""
    need_root()
    port = free_port()
    with open("/dev/full", "wb") as full, Trace("--summary", "-o", "json", "-D", port, stdout=full) as summary:
        churn(20, "--port", port)
        assert_equal(summary.stop(), 1, "exit status")
        assert_equal(lost(summary.err), (100, 100), "lost")
        assert_in("lost 100 of 100 transitions: 100 could not be written", summary.err)


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
