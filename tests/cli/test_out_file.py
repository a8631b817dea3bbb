#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""--out FILE in a long run: rotation with and without SIGHUP, and the other effects of SIGHUP."""

import contextlib
import csv
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

from cli import (END_LIMIT_S, RTT_TOOL, TOOL, Trace, assert_diagnostics, assert_equal, assert_in, assert_not_in, churn,
                 connect_once, free_port, lost, main, need_root, run, tool_command, wait_until)
from commands import BOTH, COUNTER, Server, read
from surroundings import await_text, folder, in_mount_namespace
from this_machine import need_seeding

# tcprtt prints a row in each of its intervals, whatever happens.
ARGUMENTS = {TOOL: ("-o", "json"), RTT_TOOL: ("-o", "json", "-i", "0.1")}


def traffic(tool):
    """Makes each tool print something; the port."""
    port = connect_once()
    if tool == RTT_TOOL:
        time.sleep(0.3)
    return port


def test_copytruncate():
    """Rows after the file was emptied begin at its start, behind a header of their own."""
    need_root()
    with folder() as path:
        file = path / "rows"
        with Trace("-s", "-O", "LPORT,RPORT,NEWSTATE", "--out", file) as trace:
            first = connect_once()
            await_text(file, str(first), "first rows")
            os.truncate(file, 0)
            second = connect_once()
            assert_equal(trace.stop(), 0, "exit status")
        text = file.read_bytes()
    assert b"\0" not in text, text[:100]
    rows = list(csv.reader(text.decode().splitlines()))
    assert_equal(rows[0], ["LPORT", "RPORT", "NEWSTATE"], "first line")
    assert_equal(len([row for row in rows if str(second) in row[:2]]), 12, "rows")


def test_copytruncate_of_tcprtt():
    need_root()
    with folder() as path:
        file = path / "rows"
        with Server(hammered=True) as load, Trace("-o", "csv", "-i", "0.1", "-p", load.port, "--out", file, tool=RTT_TOOL) as trace:
            await_text(file, "\n20", "first row")
            os.truncate(file, 0)
            await_text(file, "\n20", "row after it was emptied")
            assert_equal(trace.stop(), 0, "exit status")
        text = file.read_text()
    assert text.startswith("TIMESTAMP,"), text[:100]
    assert_not_in("\0", text)


def test_standard_output_that_is_appended_to():
    """>>, as of a service manager: emptied while it runs, it is as the file of --out."""
    need_root()
    with folder() as path:
        file = path / "rows"
        with open(file, "ab") as end, Trace("-O", "LPORT,RPORT,NEWSTATE", stdout=end) as trace:
            await_text(file, "LPORT", "header")
            os.truncate(file, 0)
            port = connect_once()
            assert_equal(trace.stop(), 0, "exit status")
        lines = file.read_text().splitlines()
    assert_equal(lines[0], "LPORT RPORT NEWSTATE", "first line")
    assert_equal(len([line for line in lines if str(port) in line.split()[:2]]), 12, "rows")


def test_an_old_file_is_emptied_at_the_start():
    need_root()
    for tool in BOTH:
        with folder() as path:
            file = path / "rows"
            file.write_text("was here\n")
            with Trace(*ARGUMENTS[tool], "--out", file, tool=tool) as trace:
                traffic(tool)
                assert_equal(trace.stop(), 0, "exit status")
            for line in file.read_text().splitlines():
                json.loads(line)


def test_rename_and_hangup():
    """logrotate's usual way; then again, without a rename: nothing is emptied."""
    need_root()
    need_seeding()
    with folder() as path:
        file, old = path / "rows", path / "rows.1"
        with Trace("-O", "LPORT,RPORT,NEWSTATE", "--out", file) as trace:
            ports = [connect_once()]
            file.rename(old)
            ports.append(connect_once())
            await_text(old, str(ports[1]), "rows before SIGHUP")
            trace.process.send_signal(signal.SIGHUP)
            await_text(file, "LPORT", "header of the new file")
            ports.append(connect_once())
            await_text(file, str(ports[2]), "rows after SIGHUP")
            trace.process.send_signal(signal.SIGHUP)
            ports.append(connect_once())
            assert_equal(trace.stop(), 0, "exit status")
            assert_equal(lost(trace.err)[0], 0, "lost")
            assert_not_in("SIGHUP", trace.err)
        texts = [old.read_text(), file.read_text()]
    for text in texts:
        assert_equal(text.splitlines()[0], "LPORT RPORT NEWSTATE", "first line")
        assert_equal(text.count("LPORT"), 1, "headers")
    for i, port in enumerate(ports):
        rows = [[line for line in text.splitlines() if str(port) in line.split()[:2]] for text in texts]
        assert_equal(list(map(len, rows)), [12, 0] if i < 2 else [0, 12], f"rows of connection {i} in the files")


def test_rename_and_hangup_of_tcprtt():
    """Each format, and the heat map: the new file begins as the first one did."""
    need_root()
    for args in (["-o", "csv"], ["-o", "json"], ["-o", "text"], ["--heatmap"]):
        with folder() as path, Server(hammered=True) as load:
            file, old = path / "rows", path / "rows.1"
            with Trace(*args, "-i", "0.1", "-p", load.port, "--out", file, tool=RTT_TOOL) as trace:
                wait_until(lambda: len(read(file).splitlines()) > 5, END_LIMIT_S, "no rows")
                file.rename(old)
                trace.process.send_signal(signal.SIGHUP)
                wait_until(lambda: file.exists() and len(read(file).splitlines()) > 5, END_LIMIT_S, "no rows in the new file")
                assert_equal(trace.stop(), 0, "exit status")
            before, after = old.read_text(), file.read_text()
        assert before.endswith("\n") and after.endswith("\n"), f"{args}: ends in the middle of a line"
        if "json" in args:
            for text in (before, after):
                first, *rest = [json.loads(line)["type"] for line in text.splitlines()]
                assert_equal([first, set(rest) - {"end"}], ["start", {"rtt"}], "types")
        else:
            # the heat map's says how many are the most, as soon as that is known
            first = [re.sub(r"most so far: \d+$", "most so far", text.splitlines()[0]) for text in (before, after)]
            assert_equal(first[1], first[0], f"first line of {args}")


def test_rotated_under_load():
    """Many times, with rows in every buffer: each is in one of the files, whole."""
    need_root()
    need_seeding()
    with folder() as path:
        file = path / "rows"
        with Trace("-s", "--out", file) as trace:
            load = subprocess.Popen([str(pathlib.Path(TOOL).parent / "bench/churn"), "--connections", "20000"],
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            for i in range(20):
                time.sleep(0.1)
                file.rename(path / f"rows.{i}")
                trace.process.send_signal(signal.SIGHUP)
                wait_until(file.exists, END_LIMIT_S, "not opened again")
            load.wait(60)
            assert_equal(trace.stop(), 0, "exit status")
            missing, total = lost(trace.err)
        files = sorted(path.iterdir())
        assert_equal(len(files), 21, "files")
        rows = 0
        for text in map(read, files):
            lines = text.splitlines()
            assert text.endswith("\n"), f"ends in the middle of a line: {text[-80:]!r}"
            assert_equal(lines[0], "SKADDR,PID,COMM,IP,LADDR,LPORT,RADDR,RPORT,OLDSTATE,NEWSTATE,MS", "first line")
            assert all(re.match(r"^[0-9a-f]{16},(.*,){9}[0-9.]*$", line) for line in lines[1:]), text[:500]
            rows += len(lines) - 1
    assert_equal(rows, total - missing, "rows in the files against those reported as printed")


def test_what_cannot_be_opened_again():
    """It says why and what to do, goes on in the old file, and takes the next SIGHUP."""
    need_root()
    for tool in BOTH:
        with folder() as path:
            file, old = path / "rows", path / "rows.1"
            with Trace(*ARGUMENTS[tool], "--out", file, tool=tool) as trace:
                file.rename(old)
                file.mkdir()
                trace.process.send_signal(signal.SIGHUP)
                wait_until(lambda: "again" in trace.err, END_LIMIT_S, lambda: f"not a word: {trace.err}")
                assert_in(f"cannot open {file} again: Is a directory; output still goes to the old file; correct this and "
                          "send SIGHUP again\n", trace.err)
                port = traffic(tool)
                await_text(old, str(port) if tool == TOOL else '"rtt"', "rows in the old file")
                file.rmdir()
                trace.process.send_signal(signal.SIGHUP)
                wait_until(file.exists, END_LIMIT_S, "not opened again")
                port = traffic(tool)
                await_text(file, str(port) if tool == TOOL else '"rtt"', "rows in the new file")
                assert_equal(trace.stop(), 0, "exit status")
                assert_diagnostics(trace.err, os.path.basename(tool))


def test_full_disk_after_reopening():
    """As at the start: whole rows in the file, the others counted, and the name of the file in the message."""
    need_root()
    prefix = in_mount_namespace("mount -t tmpfs -o size=64k tmpfs /mnt")
    with Trace("-s", "--out", "/mnt/rows", prefix=prefix) as trace:
        root = pathlib.Path(f"/proc/{trace.pid}/root/mnt")
        wait_until((root / "rows").exists, END_LIMIT_S, "not opened")
        (root / "rows").rename(root / "old")
        trace.process.send_signal(signal.SIGHUP)
        wait_until((root / "rows").exists, END_LIMIT_S, "not opened again")
        with open(root / "old", encoding="utf-8") as old, open(root / "rows", encoding="utf-8") as new:
            try:
                churn(2000)
            finally:
                status = trace.wait()
            texts = [old.read(), new.read()]
        errors = trace.err
    assert_equal(status, 1, f"exit status ({errors})")
    assert_in("cannot write to /mnt/rows: No space left on device", errors)
    missing, total = lost(errors)
    assert missing > 0, errors
    assert texts[1].startswith("SKADDR,") and texts[1].endswith("\n"), texts[1][-80:]
    assert_equal(sum(len(text.splitlines()) - 1 for text in texts), total - missing, "rows in the files")


def test_full_disk_at_reopening():
    """The new file has no room for its header: the tool ends and says so, also when nothing happens later."""
    need_root()
    with Trace("-s", "-L", free_port(), "--out", "/mnt/rows", prefix=in_mount_namespace("mount -t tmpfs -o size=64k tmpfs /mnt")) as trace:
        root = pathlib.Path(f"/proc/{trace.pid}/root/mnt")
        (root / "rows").rename(root / "old")
        with open(root / "filler", "wb", buffering=0) as filler, contextlib.suppress(OSError):
            while filler.write(bytes(4096)):
                pass
        trace.process.send_signal(signal.SIGHUP)
        assert_equal(trace.wait(), 1, "exit status")
        assert_in("cannot write to /mnt/rows: No space left on device", trace.err)


def test_hangup_without_a_file():
    """It ends with 0, and one line says why."""
    need_root()
    need_seeding()
    line = "ended by SIGHUP; with --out FILE, SIGHUP opens FILE again instead\n"
    for tool in BOTH:
        for args in ((), ("--out", "/dev/stdout"), ("--out", "/dev/fd/1")):
            with Trace(*args, tool=tool) as trace:
                assert_equal(trace.stop(signal.SIGHUP), 0, f"exit status with {args}")
                assert_in(f"{os.path.basename(tool)}: {line}", trace.err)
        for number in (signal.SIGINT, signal.SIGTERM):
            with Trace(tool=tool) as trace:
                trace.stop(number)
                assert_not_in("ended by", trace.err)


def test_hangup_under_nohup():
    """nohup protects the tool from the end of the terminal, and logrotate's SIGHUP still works."""
    need_root()

    def ignore():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    for tool in BOTH:
        with folder() as path:
            file = path / "rows"
            with Trace(*ARGUMENTS[tool], "--out", file, tool=tool, preexec_fn=ignore) as trace:
                file.rename(path / "old")
                trace.process.send_signal(signal.SIGHUP)
                wait_until(file.exists, END_LIMIT_S, "not opened again")
                assert_equal(trace.stop(), 0, "exit status")


def test_hangup_is_not_the_commands():
    """With --out it is about the file; without, the command gets it as it does the other signals."""
    need_root()
    for tool in BOTH:
        with folder() as path:
            file = path / "rows"
            command = tool_command(*ARGUMENTS[tool], "--out", file, "--", sys.executable, "-c", COUNTER, tool=tool)
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                assert_equal(process.stdout.readline(), b"ready\n", "first line")
                file.rename(path / "old")
                process.send_signal(signal.SIGHUP)
                wait_until(file.exists, END_LIMIT_S, "not opened again")
                process.send_signal(signal.SIGTERM)
                assert_equal(process.wait(END_LIMIT_S), 41, "exit status: one signal for the command")


def test_command_that_rotates():
    """A script may send it to the tool that runs it."""
    need_root()
    with folder() as path:
        file = path / "rows"
        script = 'mv "$0" "$0.1"; kill -HUP $PPID; while [ ! -e "$0" ]; do sleep 0.05; done; exit 7'
        result = run("--out", file, "--", "sh", "-c", script, file)
        assert_equal((result.returncode, result.stderr), (7, ""), "exit status and stderr")


def test_a_fifo_is_opened_again():
    """A reader that was started anew gets what comes then."""
    need_root()
    port = free_port()
    with folder() as path:
        fifo = path / "fifo"
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        with Trace("-o", "json", "-D", port, "--out", fifo) as trace:
            fifo.rename(path / "old")
            os.mkfifo(fifo)
            second = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
            trace.process.send_signal(signal.SIGHUP)
            # nobody has the first one any more: its end can be read
            wait_until(lambda: at_end(reader), END_LIMIT_S, "still has the old FIFO")
            connect_once(port=port)
            time.sleep(0.3)
            # the second one's reader leaves, which ends the tool
            text = os.read(second, 65536)
            os.close(second)
            assert_equal(trace.wait(), 0, "exit status")
        os.close(reader)
    assert_equal(len([json.loads(line) for line in text.splitlines()]), 5, "rows")


def at_end(descriptor):
    try:
        return os.read(descriptor, 65536) == b""
    except BlockingIOError:
        return False


if __name__ == "__main__":
    main(globals())
