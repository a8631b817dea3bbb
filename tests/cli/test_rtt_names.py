#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcprtt --names: groups by real cgroups and network namespaces have familiar names beside their numbers."""

import csv
import io
import os
import signal
import subprocess
import time

from cgroups import CONTAINER, POD, Cgroup, connect_from
from cli import (RTT_TOOL, Trace, assert_equal, assert_in, assert_not_in, connect_once, free_port, main, need_command,
                 need_root, run)
from namespaces import PORT, NamedNetwork
from surroundings import HIDE_CGROUP2, OwnNetwork, in_mount_namespace

UNIT = f"cri-containerd-{CONTAINER}.scope"
CGROUP_FIELDS = ["cgroup", "systemd_unit", "container", "pod"]


def handshakes(port, *args, **kwargs):
    """A tool that counts the handshakes of clients of that port, by cgroup unless told otherwise."""
    by = () if "--by" in args else ("--by", "cgroup")
    return Trace("-P", port, "--sample", "handshake", *by, *args, tool=RTT_TOOL, **kwargs)


def only_row(trace):
    rows = trace.rows()
    assert_equal([row["count"] for row in rows], [1], f"samples of {rows}")
    return rows[0]


def headings(trace):
    return [line.rstrip() for line in trace.out.splitlines() if " = " in line]


def test_refused():
    for args in (["--names"], ["--names", "--by", "pid"], ["--names", "-B"], ["--names", "--heatmap"], ["--names", "--by", "conn"]):
        result = run(*args, tool=RTT_TOOL)
        assert_equal((result.returncode, result.stdout), (2, ""), f"{args}: {result.stderr}")
        assert_in("add --by cgroup or --by netns", result.stderr.splitlines()[0])


def test_cgroup():
    need_root()
    port = free_port()
    with Cgroup("kubepods.slice", f"kubepods-pod{POD.replace('-', '_')}.slice", UNIT) as cgroup, \
            handshakes(port, "--names") as text, handshakes(port, "--names", "-o", "json") as lines, \
            handshakes(port, "--names", "-o", "csv", "--by", "comm,cgroup") as table, \
            handshakes(port) as plain, handshakes(port, "-o", "json") as plain_lines:
        connect_from(cgroup, port)
        for trace in (text, lines, table, plain, plain_lines):
            assert_equal(trace.stop(), 0, "exit status")
        assert_equal(headings(text), [f"cgroup = {cgroup.path}"], "text with names")
        assert_equal(headings(plain), [f"cgroup = {cgroup.id}"], "text without")
        row, old = only_row(lines), only_row(plain_lines)
        assert_equal([row[field] for field in ("key", "cgroup_id", *CGROUP_FIELDS)],
                     [str(cgroup.id), cgroup.id, cgroup.path, UNIT, CONTAINER, POD], "names in JSON")
        assert_equal(sorted(set(row) - set(old)), sorted(["cgroup_id", *CGROUP_FIELDS]), "fields that --names adds")
        assert_equal([field for field in row if field not in ("cgroup_id", *CGROUP_FIELDS)], list(old), "the other fields")
        found = list(csv.DictReader(io.StringIO(table.out)))
        assert_equal([[row[name] for name in ("COUNT", "CGPATH", "SYSTEMD_UNIT", "CONTAINER", "POD")] for row in found],
                     [["1", cgroup.path, UNIT, CONTAINER, POD]], "names in CSV")
        assert found[0]["KEY"].endswith(f",{cgroup.id}"), found[0]["KEY"]
        assert_not_in("NETNSNAME", found[0])


def test_vanished():
    """Gone before anybody looked: the id. Seen by a tool that had a second for it: the name stays."""
    need_root()
    port = free_port()
    with Cgroup("gone.service") as gone, Cgroup("seen.service") as seen, handshakes(port, "--names") as text, \
            handshakes(port, "--names", "-o", "json") as lines:
        connect_from(seen, port)
        time.sleep(2.2)
        connect_from(gone, port)
        os.rmdir(seen.full)
        os.rmdir(gone.full)
        for trace in (text, lines):
            assert_equal(trace.stop(), 0, "exit status")
        shown = headings(text)
        assert_in(f"cgroup = {seen.path}", shown)
        # a tick may have come between the connection and the end of its cgroup
        assert f"cgroup = {gone.id}" in shown or f"cgroup = {gone.path}" in shown, shown
        rows = {row["cgroup_id"]: row for row in lines.rows()}
        assert_equal((rows[seen.id]["cgroup"], rows[seen.id]["systemd_unit"]), (seen.path, "seen.service"), "of the one seen")
        assert_equal(rows[gone.id]["key"], str(gone.id), "key of the one gone")
        assert rows[gone.id]["cgroup"] in (None, gone.path), rows[gone.id]


def test_gone_before_the_first_look():
    need_root()
    port = free_port()
    with Cgroup("gone.service") as gone, handshakes(port, "--names") as text, handshakes(port, "--names", "-o", "csv") as table:
        for trace in (text, table):
            trace.process.send_signal(signal.SIGSTOP)
        connect_from(gone, port)
        os.rmdir(gone.full)
        for trace in (text, table):
            trace.process.send_signal(signal.SIGCONT)
            assert_equal(trace.stop(), 0, "exit status")
        assert_equal(headings(text), [f"cgroup = {gone.id}"], "text")
        row = next(csv.DictReader(io.StringIO(table.out)))
        assert_equal([row[name] for name in ("KEY", "CGPATH", "SYSTEMD_UNIT")], [str(gone.id), str(gone.id), ""], "CSV")


def test_hostile_name():
    need_root()
    port = free_port()
    name = "\x1b[31m\",\\\x7f\udcff\u202e (deleted).service"
    with Cgroup(name) as cgroup, handshakes(port, "--names") as text, handshakes(port, "--names", "-o", "csv") as table, \
            handshakes(port, "--names", "-o", "json") as lines:
        connect_from(cgroup, port)
        for trace in (text, table, lines):
            assert_equal(trace.stop(), 0, "exit status")
            for byte in map(chr, [*range(0x20), 0x7F, 0x202E]):
                assert_not_in(byte, trace.out.replace("\n", ""))
        shown = r"\x1B[31m" + '",' + r"\\\x7F\xFF\xE2\x80\xAE (deleted).service"
        assert headings(text)[0].endswith(shown), text.out
        assert_equal([row["SYSTEMD_UNIT"] for row in csv.DictReader(io.StringIO(table.out))], [shown], "unit in CSV")
        assert_equal(only_row(lines)["systemd_unit"], name.replace("\udcff", "\ufffd"), "unit in JSON")


def test_unknown_and_other():
    """Groups that are none have no names; the second of two is beyond --max-keys."""
    need_root()
    port = free_port()
    with Cgroup("first.service") as first, Cgroup("second.service") as second, \
            handshakes(port, "--names", "--max-keys", "1", "-o", "json") as lines, \
            handshakes(port, "--names", "--max-keys", "1") as text:
        connect_from(first, port)
        connect_from(second, port)
        for trace in (lines, text):
            assert_equal(trace.stop(), 0, "exit status")
        rows = {row["key"]: row for row in lines.rows()}
        assert_equal(set(rows), {str(first.id), "other"}, "groups")
        assert_equal(rows[str(first.id)]["systemd_unit"], "first.service", "unit")
        assert_equal([rows["other"][field] for field in ("other", "cgroup_id", *CGROUP_FIELDS)], [True, *[None] * 5], "other")
        assert_in("cgroup = other", headings(text))


def test_network_namespace():
    need_root()
    with NamedNetwork() as network, \
            handshakes(PORT, "--names", "--by", "netns,comm", "--netns", network.name) as text, \
            handshakes(PORT, "--names", "--by", "netns", "--netns", network.name, "-o", "json") as lines, \
            handshakes(PORT, "--names", "--by", "netns", "--netns", network.name, "-o", "csv") as table:
        network.connect_once()
        for trace in (text, lines, table):
            assert_equal(trace.stop(), 0, "exit status")
        assert headings(text)[0].startswith(f"netns,comm = {network.name},"), text.out
        row, number = only_row(lines), network.number
        assert_equal((row["key"], row["netns"], row["netns_name"]), (str(number), number, network.name), "JSON")
        assert_not_in("cgroup", row)
        assert_equal([(row["KEY"], row["NETNSNAME"]) for row in csv.DictReader(io.StringIO(table.out))], [(str(number), network.name)],
                     "CSV")


def test_network_namespace_of_a_process():
    """Without a file in /run/netns a process tells; without one, the number remains."""
    need_root()
    port = free_port()
    with handshakes(port, "--names", "--by", "pid,netns") as by_process, handshakes(port, "--names", "--by", "netns") as alone:
        with OwnNetwork() as network:
            connect_once(port=port)
            for trace in (by_process, alone):
                assert_equal(trace.stop(), 0, "exit status")
        assert_equal(headings(by_process), [f"pid,netns = {os.getpid()},pid:{os.getpid()}"], "with a process")
        assert_equal(headings(alone), [f"netns = {network.number}"], "without")


def test_cgroup_v1_alone():
    need_root()
    need_command("unshare")
    port = free_port()
    with Cgroup("any.service") as cgroup, handshakes(port, "--names", prefix=in_mount_namespace(HIDE_CGROUP2)) as text:
        connect_from(cgroup, port)
        assert_equal(text.stop(), 0, f"exit status: {text.err}")
        assert_in("cannot read the names of cgroups, so numbers are shown: cgroup v2 is not mounted here", text.err)
        assert_equal(headings(text), [f"cgroup = {cgroup.id}"], "text")


def test_nothing_is_opened_without_being_asked():
    need_root()
    need_command("strace")
    for args, expected in (([], False), (["--names"], True)):
        port = free_port()
        with Cgroup("any.service") as cgroup, \
                handshakes(port, *args, prefix=("strace", "-e", "trace=openat,open_by_handle_at")) as trace:
            connect_from(cgroup, port)
            os.kill(int(subprocess.check_output(["pgrep", "-P", str(trace.pid)], text=True).split()[0]), signal.SIGINT)
            trace.wait()
            assert_equal("open_by_handle_at" in trace.err, expected, f"a cgroup's handle with {args}: {trace.err}")


if __name__ == "__main__":
    main(globals(), RTT_TOOL)
