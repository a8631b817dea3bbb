#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Process names on a terminal: columns stay aligned, a cut name is marked, and an empty name differs from an unknown one."""

import csv
import ctypes
import io
import os
import socket
import unicodedata

from cgroups import Cgroup, connect_from
from cli import RTT_TOOL, Trace, assert_equal, free_port, main, need_root
from surroundings import in_mount_namespace

# Names of processes, and what ten cells show of each.
NAMES = [
    ("plain", "plain"),
    ("ten-bytes.", "ten-bytes."),
    ("eleven-byte", "eleven-by+"),
    ("two words", "two words"),
    ("", '""'),
    ("-", "\\x2D"),
    ('""', "\\x22\\x22"),
    ("-bash", "-bash"),
    ("   ", "\\x20  "),
    ("\u202ehidden", "\\xE2\\x80+"),
    ("\u200b", "\\xE2\\x80+"),
    ("a\x1b[2J", "a\\x1B[2J"),
    ("\u65e5\u672c\u8a9e", "\u65e5\u672c\u8a9e"),
    ("\u65e5\u672c\u8a9e\u65e5\u672c", "\u65e5\u672c\u8a9e\u65e5\u672c"),
    ("x\u65e5\u672c\u8a9e\u65e5", "x\u65e5\u672c\u8a9e\u65e5"),
    ("xyz\u65e5\u672c\u8a9e\u65e5", "xyz\u65e5\u672c\u8a9e+"),
    ("e\u0301te\u0301", "e\u0301te\u0301"),
    ("\u0301x", "\\xCC\\x81x"),
]


def cells(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def connect_as(name, port):
    """A process of that name that calls connect()."""
    child = os.fork()
    if not child:
        try:
            ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)
            socket.socket().connect_ex(("127.0.0.1", port))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    return child


def play(port):
    return [connect_as(name, port) for name, _ in NAMES]


def lines_of(trace, children):
    """Of text that begins with the pid: that of each process's last row."""
    lines = {line.split()[0]: line for line in trace.out.splitlines()}
    return [lines[str(child)] for child in children]


def test_text():
    """Each name is where it was, and as wide; the next column begins in one place."""
    need_root()
    port = free_port()
    with Trace("-D", port, "-O", "PID,COMM,LADDR") as rows, Trace("-D", port, "-w", "-O", "PID,COMM,LADDR") as wide:
        children = play(port)
        assert_equal((rows.stop(), wide.stop()), (0, 0), "exit status")
        for (name, shown), line, full in zip(NAMES, lines_of(rows, children), lines_of(wide, children)):
            assert line.startswith(f"{line.split()[0]:7} {shown} "), f"{name!r}: {line!r}"
            assert_equal(cells(line[:line.index("127.0.0.1")]), 8 + 11, f"cells before LADDR of {line!r}")
            # the wide column has no cut: a longer name pushes the rest
            assert not full[8:].startswith(" "), f"{name!r}: {full!r}"
            assert_equal(cells(full[:full.index("127.0.0.1")]), 8 + max(16, cells(full[8:full.index(" 127")].rstrip())) + 1,
                         f"cells before LADDR of {full!r}")


def test_connections():
    need_root()
    port = free_port()
    with Trace("-D", port, "-c") as trace:
        children = play(port)
        assert_equal(trace.stop(), 0, "exit status")
        for (name, shown), line in zip(NAMES, lines_of(trace, children)):
            assert line[8:].startswith(f"{shown} "), f"{name!r}: {line!r}"
            assert_equal(cells(line[:line.index("127.0.0.1")]), 8 + 11, f"cells before LADDR of {line!r}")


def test_csv_and_json():
    """An empty name is an empty string, and no null; in CSV it is in quotes, which what is not known is not."""
    need_root()
    port = free_port()
    with Trace("-D", port, "-s", "-O", "PID,COMM,LPORT") as table, Trace("-D", port, "-o", "json") as objects:
        children = play(port)
        assert_equal((table.stop(), objects.stop()), (0, 0), "exit status")
        lines = {line.split(",")[0]: line for line in table.out.splitlines()}
        cells_of = {row[0]: row[1] for row in csv.reader(io.StringIO(table.out), strict=True)}
        comms = {row["pid"]: row["comm"] for row in objects.rows()}
    for (name, _), child in zip(NAMES, children):
        assert_equal(comms[child], name, "comm in JSON")
        if name.isascii() and name.isprintable():
            assert_equal(cells_of[str(child)], name, "COMM in CSV")
        if not name:
            assert lines[str(child)].startswith(f'{child},"",'), lines[str(child)]


def test_groups_of_tcprtt():
    need_root()
    for name, text, table in (("", '""', '""'), ("-", "\\x2D", "-"), ("plain", "plain", "plain")):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            common = ("-P", port, "--sample", "handshake", "--by", "comm")
            with Trace(*common, tool=RTT_TOOL) as plain, Trace(*common, "-o", "csv", tool=RTT_TOOL) as fields, \
                    Trace(*common, "-o", "json", tool=RTT_TOOL) as objects:
                connect_as(name, port)
                for trace in (plain, fields, objects):
                    assert_equal(trace.stop(), 0, "exit status")
                assert f"\ncomm = {text} \n" in plain.out, plain.out
                assert f",comm,{table},handshake," in fields.out, fields.out
                assert_equal([(row["key"], row["unknown"]) for row in objects.rows()], [(name, False)], "key and unknown")


def test_paths_of_cgroups():
    """Not cut, but as wide as they are."""
    need_root()
    with Cgroup("\u65e5\u672c", "e\u0301") as cgroup, Trace("-O", "CGPATH,RPORT,NEWSTATE") as trace:
        port = connect_from(cgroup)
        assert_equal(trace.stop(), 0, "exit status")
        lines = [line for line in trace.out.splitlines() if line.startswith(cgroup.path) and f" {port} " in line]
    assert lines, trace.out
    for line in lines:
        assert_equal(cells(line[:line.index(f" {port} ")]), 40, f"cells of CGPATH in {line!r}")


def test_without_a_locale():
    """Where the C library knows no UTF-8 names are shown all the same."""
    need_root()
    port = free_port()
    hide = "for place in /usr/lib/locale /usr/local/lib/locale; do [ ! -d $place ] || mount -t tmpfs tmpfs $place; done"
    with Trace("-D", port, "-O", "PID,COMM,LADDR", prefix=in_mount_namespace(hide)) as trace:
        child = connect_as("\u65e5\u672c\u8a9e", port)
        assert_equal(trace.stop(), 0, "exit status")
        # one cell each, as far as it knows
        assert_equal(lines_of(trace, [child]), [f"{child:<7} \u65e5\u672c\u8a9e{' ' * 8}127.0.0.1"], "row")


if __name__ == "__main__":
    main(globals())
