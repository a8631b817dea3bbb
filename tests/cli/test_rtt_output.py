#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The output of tcprtt: the peer's text, JSON Lines, CSV and the heat map."""

import csv
import fcntl
import io
import json
import os
import re
import signal
import socket
import struct
import subprocess
import termios
import time

from cli import (RTT_TOOL, Trace, assert_equal, assert_in, assert_not_in, free_port, main, need_command, need_root, run)

EXCHANGES = 40
ROW = re.compile(r"^ *(\d+) -> (\d+) +: (\d+) +\|(\**) *\|$")
STATISTICS = ("mean", "jitter", "min", "p50", "p90", "p99", "p999", "max")


class Exchanges:
    """A connection over loopback that goes to and fro when told to."""

    def __init__(self, port, host="127.0.0.1", family=socket.AF_INET):
        self.address = (host, port)
        self.family = family

    def __enter__(self):
        self.listener = socket.socket(self.family)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(self.address)
        self.listener.listen()
        self.client = socket.create_connection(self.address, 10)
        self.server = self.listener.accept()[0]
        return self

    def go(self, count=EXCHANGES):
        for _ in range(count):
            self.client.sendall(b"x")
            assert self.server.recv(1) == b"x"
            self.server.sendall(b"y")
            assert self.client.recv(1) == b"y"

    def __exit__(self, *_):
        for s in (self.client, self.server, self.listener):
            s.close()


def trace(*args, exchanges=EXCHANGES, before_stop=0, **kwargs):
    """The tool's output about one connection's server side, and its messages."""
    need_root()
    port = free_port()
    with Trace("-p", port, *args, tool=RTT_TOOL, **kwargs) as tool:
        with Exchanges(port) as connection:
            connection.go(exchanges)
        time.sleep(before_stop)
        assert_equal(tool.stop(), 0, "exit status")
        return tool.out, tool.err


def assert_table(lines, unit="usecs"):
    """The heading and the rows of one log2 table; returns their sum."""
    assert_equal(lines[0], f"     {unit}               : count    distribution", "heading")
    total = 0
    for power, line in enumerate(lines[1:]):
        found = ROW.match(line)
        assert found, f"not a row: {line!r}"
        low, high, count, stars = found.groups()
        assert_equal((int(low), int(high)), ((1 << power) if power else 0, (2 << power) - 1), "bounds")
        assert_equal(line, f"{int(low):>10} -> {int(high):<10} : {int(count):<8} |{stars:<40}|", "row")
        total += int(count)
    most = max(int(ROW.match(line)[3]) for line in lines[1:])
    for line in lines[1:]:
        found = ROW.match(line)
        assert_equal(len(found[4]), int(found[3]) * 40 // most, f"stars of {line!r}")
    return total


def test_text():
    """Byte for byte what libbpf-tools' prints."""
    out, _ = trace()
    lines = out.split("\n")
    assert_equal(lines[:3], ["Tracing TCP RTT... Hit Ctrl-C to end.", "", "All Addresses = ****** "], "first lines")
    assert_equal(lines[-1], "", "the last line's end")
    assert assert_table(lines[3:-1]) >= EXCHANGES, out



def test_order_of_means_in_text():
    """Text shows no means, but may be sorted by them: like JSON, which does."""
    need_root()
    ports = [free_port() for _ in range(6)]
    common = ("-p", ",".join(map(str, ports)), "--by", "lport", "--sort", "mean")
    with Trace(*common, tool=RTT_TOOL) as text, Trace(*common, "-o", "json", tool=RTT_TOOL) as data:
        for port in ports:
            with Exchanges(port) as connection:
                connection.go()
        for tool in (text, data):
            assert_equal(tool.stop(), 0, "exit status")
        groups = [json.loads(line) for line in data.out.splitlines()]
        headings = re.findall(r"^lport = (\d+) $", text.out, re.M)
    assert_equal(len(groups), len(ports), "groups")
    assert_equal(headings, [group["key"] for group in groups], "groups, by their means")


def test_text_in_milliseconds():
    out, _ = trace("-m")
    lines = out.split("\n")
    assert assert_table(lines[3:-1], "msecs") >= EXCHANGES, out


def test_text_with_duration():
    need_root()
    result = run("-d", "0.2", "-p", free_port(), tool=RTT_TOOL)
    assert_equal(result.stdout, "Tracing TCP RTT for 0.2 secs.\n\nAll Addresses = ****** \n", "stdout")
    result = run("-d", "1", "-p", free_port(), tool=RTT_TOOL)
    assert_equal(result.stdout.split("\n")[0], "Tracing TCP RTT for 1 secs.", "first line")


def test_text_extended():
    out, _ = trace("-e")
    lines = out.split("\n")
    found = re.fullmatch(r"All Addresses = \*{6} \[AVG (\d+)\]", lines[2])
    assert found, lines[2]
    count = assert_table(lines[3:-2])
    number = r"\d+(?:\.\d+)?"
    statistics = re.fullmatch(rf"     count {count}, mean ({number}), jitter {number}, min ({number}), p50 ({number}), "
                              rf"p90 ({number}), p99 ({number}), p99.9 ({number}), max ({number}) usecs", lines[-2])
    assert statistics, lines[-2]
    mean, *values = map(float, statistics.groups())
    assert int(found[1]) <= mean < int(found[1]) + 1.1, f"AVG {found[1]}, mean {mean}"
    assert_equal(values, sorted(values), "min, p50, p90, p99, p99.9, max")
    assert values[0] <= mean <= values[-1], lines[-2]


def test_text_extended_in_milliseconds():
    """The statistics are not floored to whole milliseconds."""
    out, _ = trace("-e", "-m")
    statistics = out.split("\n")[-2]
    assert_in(" msecs", statistics)
    assert float(re.search(r"p99 ([\d.]+),", statistics)[1]) > 0, statistics


def test_timestamp():
    out, _ = trace("-T")
    lines = out.split("\n")
    assert re.fullmatch(r"\d\d:\d\d:\d\d", lines[2].strip()), lines[:4]
    assert_equal(lines[3], "All Addresses = ****** ", "heading")


def test_group_headings():
    for option, heading in (("-b", "Local Address = 127.0.0.1 "), ("-B", "Remote Address = 127.0.0.1 "),
                            (("--by", "comm"), "comm = "), (("--by", "raddr,lport"), "raddr,lport = 127.0.0.1,")):
        out, _ = trace(*([option] if isinstance(option, str) else option))
        assert_in(f"\n{heading}", out)
        assert_not_in("All Addresses", out)


def test_intervals():
    out, _ = trace("-i", "0.2", before_stop=0.5)
    assert out.count("All Addresses") >= 3, out
    assert_equal(out.count("Tracing TCP RTT"), 1, "first lines")


def test_json():
    need_command("jq")
    for args in ([], ["-m"], ["-e"], ["-i", "0.2"], ["-B"], ["--by", "comm,pid"], ["--sample", "rtt"], ["--sample", "min"],
                 ["--sample", "handshake", "--by", "conn"]):
        out, _ = trace("-o", "json", *args)
        assert out.endswith("}\n"), f"{args}: {out!r}"
        seen = subprocess.run(["jq", "-c", "[.v, .type, .unit, .count]"], input=out, text=True, stdout=subprocess.PIPE,
                              timeout=10, check=True).stdout.splitlines()
        assert_equal(len(seen), len(out.splitlines()), f"lines of {args}")
        rows = [json.loads(line) for line in out.splitlines()]
        assert sum(row["count"] for row in rows) >= 1, f"{args}: {out}"
        for row in rows:
            assert_equal((row["v"], row["type"], row["hook"]), (1, "rtt", "tp_btf"), f"{args}")
            assert_equal(row["unit"], "ms" if "-m" in args else "us", f"unit of {args}")
            assert_equal(row["sample"], args[args.index("--sample") + 1] if "--sample" in args else "srtt", "sample")
            assert_equal(sum(bucket[2] for bucket in row["buckets"]), row["count"], f"buckets of {args}")
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", row["time"]), row["time"]


def test_jitter_is_exact():
    """After the first measurement the mean deviation is half of it (RFC 6298): half a microsecond is not cut off."""
    need_root()
    port = free_port()
    with Trace("-p", port, "-o", "json", "--sample", "handshake", "--by", "conn", tool=RTT_TOOL) as tool:
        for _ in range(30):
            with Exchanges(port):
                pass
        assert_equal(tool.stop(), 0, "exit status")
        rows = tool.rows()
    assert len(rows) > 20, f"{len(rows)} handshakes"
    assert any(row["mean"] % 2 for row in rows), "this test has become pointless"
    for row in rows:
        assert_equal(row["jitter"], row["mean"] / 2, f"jitter of {row}")


def test_json_of_nothing():
    need_root()
    result = run("-d", "0.2", "-o", "json", "-p", free_port(), tool=RTT_TOOL)
    row = json.loads(result.stdout)
    assert_equal((row["count"], row["buckets"]), (0, []), "count and buckets")
    assert_equal({row[name] for name in STATISTICS}, {None}, "statistics")


def test_csv():
    out, _ = trace("-o", "csv", "-i", "0.2", "--by", "comm,raddr", before_stop=0.3)
    rows = list(csv.DictReader(io.StringIO(out, newline="")))
    assert_equal(out.count("TIMESTAMP,"), 1, "headings")
    assert rows, out
    for row in rows:
        assert_equal(row["BY"], "comm,raddr", "BY")
        assert_equal(row["KEY"].split(",")[-1], "127.0.0.1", "KEY")
        assert_equal((row["SAMPLE"], row["HOOK"], row["UNIT"]), ("srtt", "tp_btf", "us"), "SAMPLE, HOOK, UNIT")
        assert int(row["COUNT"]) > 0, row
        values = [float(row[name]) for name in ("MIN", "P50", "P90", "P99", "P999", "MAX")]
        assert_equal(values, sorted(values), "quantiles")
        assert None not in row and None not in row.values(), f"columns: {row}"
    assert sum(int(row["COUNT"]) for row in rows) >= EXCHANGES, out


def test_csv_of_strange_names():
    """Comma, quotes and control bytes in a name: still one field of one row."""
    need_root()
    port = free_port()
    script = ("import ctypes, sys; sys.path.insert(0, sys.argv[1]); from test_rtt_output import Exchanges\n"
              "ctypes.CDLL(None).prctl(15, b'a,\"b\\n\\x1b[2J')\n"
              "with Exchanges(int(sys.argv[2])) as c: c.go(20)\n")
    with Trace("-o", "csv", "--by", "comm", "-p", port, tool=RTT_TOOL) as tool, \
            Trace("--by", "comm", "-p", port, tool=RTT_TOOL) as text:
        subprocess.run(["python3", "-B", "-c", script, os.path.dirname(os.path.abspath(__file__)), str(port)], timeout=20,
                       check=True)
        assert_equal((tool.stop(), text.stop()), (0, 0), "exit status")
        rows = list(csv.DictReader(io.StringIO(tool.out, newline="")))
        assert_equal(len(rows), 1, f"rows of {tool.out!r}")
        assert rows[0]["KEY"].startswith('a,"b'), rows[0]
        for out in (tool.out, text.out):
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", out), f"control bytes: {out!r}"
        assert_in('\ncomm = a,"b', text.out)


# ---- the heat map ----

COLOR = "\x1b["


def heatmap(*args, columns=None, environment=None):
    """The output on a terminal of that width, or in a file."""
    need_root()
    port = free_port()
    ours, theirs = os.openpty() if columns else (None, None)
    variables = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "TERM")}
    variables |= {"TERM": "xterm-256color"} | (environment or {})

    prefix = ("env", "-i", *(f"{name}={value}" for name, value in variables.items()))
    if columns:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    try:
        with Trace("--heatmap", "-i", "0.2", "-p", port, *args, tool=RTT_TOOL, prefix=prefix, stdout=theirs) as tool:
            with Exchanges(port) as connection:
                for _ in range(5):
                    connection.go()
                    time.sleep(0.15)
            assert_equal(tool.stop(signal.SIGINT), 0, "exit status")
            if not columns:
                return tool.out
        os.close(theirs)
        theirs = None
        chunks = []
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:
                break
            if not chunk:
                break
            chunks.append(chunk)
        return b"".join(chunks).decode().replace("\r\n", "\n")
    finally:
        for descriptor in (ours, theirs):
            if descriptor is not None:
                os.close(descriptor)


def visible(line):
    return re.sub(r"\x1b\[[0-9;]*m", "", line)


def assert_heatmap(out, columns):
    lines = out.splitlines()
    longest = max(map(visible, lines), key=len)
    assert len(longest) <= columns, f"{len(longest)} columns in {columns}: {longest!r}"
    maps = [line for line in map(visible, lines) if re.match(r"\d\d:\d\d:\d\d ", line)]
    assert len(maps) >= 4, out
    for line in maps:
        assert_equal(len(line), min(len(longest), columns), f"columns of {line!r}")
    assert_in("COUNT", visible(out))
    assert_in("P99", visible(out))
    assert any(re.search(r" [1-9]\d* +[\d.]+(us|ms)$", line) for line in maps), out
    assert not re.sub(r"\x1b\[[0-9;]*m", "", out).count("\x1b"), f"other escapes: {out!r}"


def test_heatmap_on_a_terminal():
    for columns in (80, 60, 132):
        out = heatmap(columns=columns)
        assert_in(COLOR + "48;5;", out)
        assert_heatmap(out, columns)
        for line in out.splitlines():
            assert COLOR not in line or line.rindex(COLOR + "0m") > line.rindex(COLOR + "48;5;"), f"not reset: {line!r}"


def test_heatmap_on_a_terminal_that_changes():
    """The next line fits, under a new scale; no line wraps on a narrow one either."""
    need_root()
    port = free_port()
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    with Trace("--heatmap", "-i", "0.1", "-p", port, tool=RTT_TOOL, stdout=theirs) as tool:
        time.sleep(0.3)
        assert_equal(visible(os.read(ours, 65536).decode()).count("TIME "), 1, "scales without a change")
        for columns in (60, 34, 25, 120):
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            time.sleep(0.5)
            out = visible(os.read(ours, 65536).decode()).replace("\r\n", "\n")
            scale, lines = out.rsplit("TIME ", 1)
            ruler, *lines = lines.splitlines()
            assert len(lines) >= 2, f"{columns} columns: {out}"
            assert_equal({len(line) for line in lines} | {len(ruler) + 5}, {columns}, f"lengths in {columns} columns")
            assert len(scale.splitlines()[-1]) <= columns, f"{columns} columns: {scale}"
        assert_equal(tool.stop(signal.SIGINT), 0, "exit status")
    os.close(theirs)
    os.close(ours)


def test_heatmap_no_color():
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        out = heatmap(columns=80, environment=environment)
        assert_not_in("\x1b", out)
        assert_heatmap(out, 80)
        assert re.search(r"[.:\-=+*#%@]", out), out


def test_heatmap_to_a_file():
    out = heatmap()
    assert_not_in("\x1b", out)
    assert_heatmap(out, 80)
    assert out.isascii(), out


def test_heatmap_in_milliseconds():
    assert_heatmap(heatmap("-m"), 80)


if __name__ == "__main__":
    main(globals(), RTT_TOOL, at_once=3)
