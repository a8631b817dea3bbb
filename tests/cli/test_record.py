#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Files with JSON Lines: the first and the last line, and FILE.zst."""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess

from cli import CHURN, END_LIMIT_S, RTT_TOOL, TOOL, Trace, assert_equal, assert_in, connect_once, lost, main, need_command, need_root, of_port, run, wait_until
from commands import BOTH
from surroundings import folder, in_mount_namespace

TRANSITIONS = 12  # of a connection and its listener


def unpacked(path):
    """The lines of a compressed file, which zstd(1) finds complete."""
    need_command("zstd")
    result = subprocess.run(["zstd", "-dcq", path], stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in result.stdout.decode().splitlines()]


def check_run(first, last, tool, arguments):
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot_id = file.read().strip()
    assert_equal([first["type"], last["type"]], ["start", "end"], "types")
    for line in (first, last):
        assert_equal([line["host"], line["boot_id"], line["run"]], [os.uname().nodename, boot_id, first["run"]], "the run")
    assert_equal(first["tool"], pathlib.Path(tool).name, "tool")
    assert_equal(first["kernel"], os.uname().release, "kernel")
    # Trace adds -v
    assert_equal(first["arguments"][2:], list(map(str, arguments)), "arguments")
    version = run("--version", tool=tool).stdout
    assert_in(first["version"], version)
    assert first["time"] < last["time"], (first, last)


def test_first_and_last_line():
    need_root()
    for tool in BOTH:
        with folder() as path:
            arguments = ["-o", "json", "--out", path / "rows"]
            with Trace(*arguments, tool=tool) as trace:
                port = connect_once()
                assert_equal(trace.stop(), 0, "exit status")
            lines = [json.loads(line) for line in (path / "rows").read_text().splitlines()]
        check_run(lines[0], lines[-1], tool, arguments)
        assert_equal(lines[-1]["lost"], 0, "lost")
        if tool == TOOL:
            assert_equal(lines[-1]["delivered"], len(lines) - 2, "rows")
            assert_equal(len(of_port(lines[1:-1], port)), TRANSITIONS, "rows of the connection")
        else:
            assert_equal(lines[-1]["delivered"], sum(line["count"] for line in lines[1:-1]), "samples")


def test_standard_output_has_rows_only():
    need_root()
    with Trace("-o", "json") as trace:
        connect_once()
        assert_equal(trace.stop(), 0, "exit status")
        assert_equal({json.loads(line)["type"] for line in trace.out.splitlines()}, {"transition"}, "types")


def test_fleet():
    """A file for a database has rows only: each of them tells its run."""
    need_root()
    with folder() as path:
        with Trace("-o", "json", "--fleet", "--out", path / "rows") as trace:
            connect_once()
            assert_equal(trace.stop(), 0, "exit status")
        lines = [json.loads(line) for line in (path / "rows").read_text().splitlines()]
    assert_equal([line["seq"] for line in lines], list(range(len(lines))), "seq")
    assert_equal({line["type"] for line in lines}, {"transition"}, "types")


def test_compressed():
    need_root()
    for tool in BOTH:
        with folder() as path:
            arguments = ["-o", "json", "--out", path / "rows.zst"]
            with Trace(*arguments, tool=tool) as trace:
                connect_once()
                assert_equal(trace.stop(), 0, "exit status")
            lines = unpacked(path / "rows.zst")
        check_run(lines[0], lines[-1], tool, arguments)
        assert len(lines) > 2, lines


def test_compressed_text():
    """Other formats have no first and last line."""
    need_root()
    with folder() as path:
        with Trace("-O", "LPORT,RPORT,NEWSTATE", "--out", path / "rows.zst") as trace:
            port = connect_once()
            assert_equal(trace.stop(), 0, "exit status")
        text = subprocess.run(["zstd", "-dcq", path / "rows.zst"], stdout=subprocess.PIPE, check=True).stdout.decode()
    assert_equal(text.splitlines()[0], "LPORT RPORT NEWSTATE", "first line")
    assert_equal(sum(str(port) in line.split()[:2] for line in text.splitlines()), TRANSITIONS, "rows")


def test_killed():
    """Rows of more than a second before can be read."""
    need_root()
    with folder() as path:
        file = path / "rows.zst"
        with Trace("-o", "json", "--out", file) as trace:
            port = connect_once()
            size = file.stat().st_size
            wait_until(lambda: file.stat().st_size > size, END_LIMIT_S, "nothing is written")
            # the rows may have come in the middle of a drain
            wait_until(lambda: len(of_port(unpacked(file), port)) ==
                       TRANSITIONS, END_LIMIT_S, "rows are missing")
            trace.process.kill()
            trace.process.wait()
        lines = unpacked(file)
    assert_equal(lines[0]["type"], "start", "first line")
    assert_equal(len(of_port(lines, port)), TRANSITIONS, "rows")


def test_rotation():
    """Renamed with SIGHUP, then emptied: each file can be read, and begins with the first line."""
    need_root()
    with folder() as path:
        file, old = path / "rows.zst", path / "rows.1.zst"
        with Trace("-o", "json", "--out", file) as trace:
            ports = [connect_once()]
            file.rename(old)
            trace.process.send_signal(signal.SIGHUP)
            wait_until(lambda: file.exists() and file.stat().st_size, END_LIMIT_S, "no new file")
            before = unpacked(old)
            ports.append(connect_once())
            wait_until(lambda: any(ports[1] == line.get("lport") for line in unpacked(file)), END_LIMIT_S, "no rows")
            os.truncate(file, 0)
            ports.append(connect_once())
            assert_equal(trace.stop(), 0, "exit status")
            assert_equal(lost(trace.err)[0], 0, "lost")
        after = unpacked(file)
    assert_equal([before[0], after[0]["type"], after[-1]["type"]], [after[0], "start", "end"], "first and last lines")
    assert_equal([len(of_port(lines, ports[0])) for lines in (before, after)],
                 [TRANSITIONS, 0], "rows of the first connection")
    assert_equal(len(of_port(after, ports[2])), TRANSITIONS, "rows of the last one")


def test_full_disk():
    need_root()
    need_command("zstd")
    with folder() as path:
        disk = path / "disk"
        disk.mkdir()
        keep = path / "kept.zst"
        prefix = in_mount_namespace(f"mount -t tmpfs -o size=64k tmpfs {disk}")
        prefix += ("sh", "-c", f'"$@"; status=$?; cp {disk}/rows.zst {keep}; exit $status', "sh")
        result = run("-o", "json", "--out", disk / "rows.zst", "-v", "--", CHURN, "--connections", "20000", prefix=prefix, timeout=60)
        assert_equal(result.returncode, 1, "exit status")
        assert_in("No space left on device", result.stderr)
        lines = unpacked(keep)
    unwritten = re.search(r"lost (\d+) of (\d+) rows.*?(\d+) could not be written", result.stderr)
    assert unwritten, result.stderr
    assert_equal(int(unwritten[2]) - int(unwritten[3]), len([line for line in lines if line["type"] == "transition"]), "rows in the file")


def test_what_is_no_file():
    need_root()
    with folder() as path:
        fifo = path / "rows.zst"
        os.mkfifo(fifo)
        with contextlib.closing(os.fdopen(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK))):
            for tool in (TOOL, RTT_TOOL):
                result = run("-o", "json", "--out", fifo, "-d", "1", tool=tool)
                assert_equal(result.returncode, 1, "exit status")
                assert_in(f"cannot compress {fifo}: not a regular file; write to standard output and pipe it into zstd", result.stderr)


if __name__ == "__main__":
    main(globals())
