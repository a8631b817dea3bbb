#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The end of a run: signals, -d, a reader that leaves, stops or is a full disk, and what the tool leaves behind."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time

from cli import (END_LIMIT_S, TOOL, Reader, Trace, assert_diagnostics, assert_equal, assert_in, assert_whole_rows, churn, connect_once,
                 free_port, lost, main, need_command, need_root, of_port, run, wait_until)
from surroundings import PublicCopy, as_nobody, in_mount_namespace
from this_machine import need_seeding

# to start and to end
START_TO_END_S = 20


def test_signals():
    """Each ends it with 0, and what had been seen by then is written."""
    need_root()
    need_seeding()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with Trace("-o", "json") as trace:
            port = connect_once()
            assert_equal(trace.stop(number), 0, f"exit status after {number.name}")
            assert_equal(len(of_port(trace.rows(), port)), 12, f"rows after {number.name}")
            assert_equal(lost(trace.err)[0], 0, "lost")
            assert_diagnostics(trace.err)


def test_signal_right_at_the_start():
    """Before, while and after it attaches."""
    need_root()
    for delay in (0, 0.02, 0.05, 0.1, 0.2, 0.4):
        process = subprocess.Popen([TOOL], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            time.sleep(delay)
            process.send_signal(signal.SIGTERM)
            errors = process.communicate(timeout=END_LIMIT_S)[1]
        finally:
            process.kill()
        # before main() has run a signal kills as ever
        assert process.returncode == 0 or (process.returncode == -signal.SIGTERM and delay < 0.05), \
            f"{process.returncode} after {delay} s: {errors}"


def test_signal_under_load():
    need_root()
    with Trace() as trace:
        load = subprocess.Popen(["sh", "-c", 'exec "$@" >/dev/null 2>&1', "sh", str(pathlib.Path(TOOL).parent / "bench/churn"),
                                 "--connections", "100000", "--threads", "2"], stdin=subprocess.DEVNULL)
        try:
            time.sleep(0.7)
            assert_equal(trace.stop(signal.SIGINT), 0, "exit status")
        finally:
            load.terminate()
            load.wait()
        assert_whole_rows(trace.out)
        assert len(trace.out.splitlines()) > 1000, "rows"


def test_ignored_signals_stay_ignored():
    """nohup: a SIGHUP that was ignored at the start does not end it."""
    need_root()

    def ignore():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with Trace(preexec_fn=ignore) as trace:
        trace.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert trace.process.poll() is None, "ended by an ignored SIGHUP"
        assert_equal(trace.stop(), 0, "exit status")


def test_duration():
    need_root()
    for option, seconds in (("-d", "1"), ("--duration", "0.5")):
        with Trace(option, seconds) as trace:
            start = time.monotonic()
            port = connect_once()
            assert_equal(trace.wait(), 0, "exit status")
            took = time.monotonic() - start
            assert float(seconds) - 0.3 <= took <= float(seconds) + 1.5, f"{option} {seconds} took {took:.2f} s"
            assert_in(str(port), trace.out)


def test_quiet_without_losses():
    need_root()
    need_seeding()
    result = run("-d", "0.3", "-L", free_port())
    assert_equal((result.returncode, result.stderr), (0, ""), "exit status and stderr")


def test_timeout_to_a_file():
    need_root()
    with tempfile.NamedTemporaryFile() as file:
        process = subprocess.Popen(["bash", "-c", f'timeout 3 "{TOOL}" > "{file.name}"'], stderr=subprocess.PIPE)
        time.sleep(1.5)
        port = connect_once()
        process.communicate(timeout=3 + END_LIMIT_S)
        text = pathlib.Path(file.name).read_text()
    # timeout's own status
    assert_equal(process.returncode, 124, "exit status of timeout")
    assert_whole_rows(text)
    assert_equal(len([line for line in text.splitlines() if re.search(rf"\b{port}\b", line)]), 12, "rows")


def test_head_with_traffic():
    need_root()
    need_seeding()
    process = subprocess.Popen(["bash", "-c", f'"{TOOL}" | head -3; exit "${{PIPESTATUS[0]}}"'], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(20):
            connect_once()
            time.sleep(0.1)
            if process.poll() is not None:
                break
        out, errors = process.communicate(timeout=END_LIMIT_S)
    finally:
        process.kill()
    assert_equal((process.returncode, errors), (0, ""), "the tool's exit status and stderr")
    assert_equal(len(out.splitlines()), 3, "lines")


def test_head_then_nothing_more():
    """head ends with the third line; no row comes after that to be refused."""
    need_root()
    need_seeding()
    port = free_port()
    process = subprocess.Popen(["bash", "-c", f'"{TOOL}" -D {port} | head -3; exit "${{PIPESTATUS[0]}}"'],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        time.sleep(1)
        connect_once(port=port)
        out, errors = process.communicate(timeout=END_LIMIT_S)
    finally:
        process.kill()
    assert_equal((process.returncode, errors), (0, ""), "the tool's exit status and stderr")
    assert_equal(len(out.splitlines()), 3, "lines")


def test_idle_when_the_reader_goes():
    """Nothing is printed any more, and yet it notices."""
    need_root()
    need_seeding()
    for args in (["-L", str(free_port())], ["-o", "json", "-L", str(free_port())]):
        reader, writer = os.pipe()
        with Trace(*args, stdout=writer) as trace:
            os.close(writer)
            time.sleep(0.3)
            os.close(reader)
            assert_equal(trace.wait(), 0, "exit status")
            assert_diagnostics(trace.err)


def test_reader_is_gone_from_the_start():
    need_root()
    reader, writer = os.pipe()
    os.close(reader)
    try:
        result = run(stdout=writer)
    finally:
        os.close(writer)
    assert_equal(result.returncode, 0, "exit status")


def test_sigpipe_ignored():
    """As started by a service manager or by python."""
    need_root()
    need_seeding()
    process = subprocess.Popen(["bash", "-c", f'trap "" PIPE; "{TOOL}" | head -1 >/dev/null; exit "${{PIPESTATUS[0]}}"'],
                               stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        errors = process.communicate(timeout=START_TO_END_S)[1]
    finally:
        process.kill()
    assert_equal((process.returncode, errors), (0, ""), "the tool's exit status and stderr")


def test_full_device():
    need_root()
    need_seeding()
    with open("/dev/full", "wb") as full:
        result = run("-d", "5", stdout=full, timeout=20)
    assert_equal((result.returncode, result.stderr), (1, "tcpstates: cannot write to standard output: No space left on device\n"),
                 "exit status and stderr")


def test_shared_stdout_stays_as_it_was():
    """The others that write to the same pipe or terminal would not expect O_NONBLOCK."""
    need_root()
    reader, writer = os.pipe()
    try:
        with Trace("-L", free_port(), stdout=writer) as trace:
            assert os.get_blocking(writer), "O_NONBLOCK while it runs"
            assert_equal(trace.stop(), 0, "exit status")
        assert os.get_blocking(writer), "O_NONBLOCK is left behind"
    finally:
        os.close(reader)
        os.close(writer)


def test_closed_stdout():
    need_root()
    process = subprocess.run(["sh", "-c", f'"{TOOL}" -d 2 >&-'], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                             timeout=20, check=False)
    assert_equal(process.returncode, 1, "exit status")
    assert_diagnostics(process.stderr)


def test_full_disk():
    """A small file system fills up: whole rows in the file, the others counted."""
    need_root()
    prefix = in_mount_namespace("mount -t tmpfs -o size=64k tmpfs /mnt\nexec >/mnt/out")
    with Trace(prefix=prefix) as trace:
        with open(f"/proc/{trace.pid}/root/mnt/out", "rb") as file:
            try:
                churn(2000)
            finally:
                status = trace.wait()
            text = file.read().decode()
        errors = trace.err
    assert_equal(status, 1, f"exit status ({errors})")
    assert_in("No space left on device", errors)
    assert_whole_rows(text)
    missing, total = lost(errors)
    assert_in("could not be written", errors)
    assert missing > 0, "rows counted as lost"
    assert_equal(len(text.splitlines()) - 1, total - missing, "rows in the file against those reported as printed")


def test_stopped_reader():
    """More rows than a pipe holds, and a reader that does not read: SIGTERM still ends it, and nothing is torn."""
    need_root()
    need_seeding()
    with Reader() as reader:
        with Trace(stdout=reader.writer) as trace:
            reader.close_writer()
            time.sleep(0.2)
            reader.stop()
            report = churn(3000)
            time.sleep(0.3)
            assert_equal(trace.stop(signal.SIGTERM), 0, "exit status")
            errors = trace.err
        reader.go_on()
        text = reader.text()
    assert_diagnostics(errors)
    assert_in("could not be written", errors)
    assert_whole_rows(text)
    missing, total = lost(errors)
    assert missing > 0, "rows counted as lost"
    assert total >= report["transitions"] * 0.99, f"{total} of {report['transitions']} transitions accounted for"
    assert_equal(len(text.splitlines()) - 1, total - missing, "rows read against those reported as printed")


def fill_and_end(writer, **kwargs):
    """Nobody reads the other end; a signal ends the tool all the same, and what was not written is told."""
    with Trace(stdout=writer, **kwargs) as trace:
        churn(3000)
        assert_equal(trace.stop(signal.SIGTERM), 0, "exit status")
        assert lost(trace.err)[0] > 0, trace.err


def test_reader_that_never_reads():
    """Of each kind of stdout, also of one that cannot be opened a second time in order not to block."""
    need_root()
    reader, writer = os.pipe()
    fill_and_end(writer)
    need_command("setpriv")
    with PublicCopy() as tool:
        fill_and_end(writer, tool=tool, prefix=as_nobody("--inh-caps=+bpf,+perfmon", "--ambient-caps=+bpf,+perfmon"))
    for descriptor in (reader, writer):
        os.close(descriptor)

    ours, theirs = socket.socketpair()
    with ours, theirs:
        fill_and_end(theirs.fileno())

    ours, theirs = os.openpty()
    fill_and_end(theirs)
    for descriptor in (ours, theirs):
        os.close(descriptor)


def test_duration_with_a_stopped_reader():
    need_root()
    reader, writer = os.pipe()
    with Trace("-d", "2", stdout=writer) as trace:
        churn(2000)
        assert_equal(trace.wait(2 + END_LIMIT_S), 0, "exit status")
    for descriptor in (reader, writer):
        os.close(descriptor)


def test_stopped_reader_that_goes_on():
    """Nothing is lost when the reader takes a rest that the buffers can bear."""
    need_root()
    with Reader() as reader:
        with Trace("-o", "json", stdout=reader.writer) as trace:
            reader.close_writer()
            reader.stop()
            report = churn(1000)
            time.sleep(0.3)
            reader.go_on()
            time.sleep(0.5)
            assert_equal(trace.stop(signal.SIGTERM), 0, "exit status")
            assert_equal(lost(trace.err)[0], 0, "lost")
        rows = [json.loads(line) for line in reader.text().splitlines()]
    mine = of_port(rows, report["port"])
    assert len(mine) >= report["transitions"] * 0.99, f"{len(mine)} of {report['transitions']} rows"


def fdinfo_numbers(pid, name):
    numbers = set()
    for path in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
        numbers.update(map(int, re.findall(rf"^{name}:\s+(\d+)$", path.read_text(), re.MULTILINE)))
    return numbers


def test_kill_leaves_nothing():
    need_root()
    need_command("bpftool")

    def is_loaded(number):
        return subprocess.run(["bpftool", "prog", "show", "id", str(number)], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=10, check=False).returncode == 0

    with Trace() as trace:
        programs = fdinfo_numbers(trace.pid, "prog_id")
        assert programs and all(map(is_loaded, programs)), f"programs {programs} while it runs"
        assert_equal(trace.stop(signal.SIGKILL), -signal.SIGKILL, "exit status")
    # The kernel frees them after a grace period. One that is attached or pinned would stay.
    wait_until(lambda: not any(map(is_loaded, programs)), 10, f"programs {programs} are still loaded after kill -9")


def test_hostile_program_name():
    """argv[0] is the caller's: any length, any bytes."""
    for name in ("A" * 1030, "\033[31mfoo", "B" * 5000):
        result = subprocess.run([name, "-v", "-d", "0.1"], executable=TOOL, stdin=subprocess.DEVNULL,
                                capture_output=True, timeout=20, check=False)
        assert result.returncode in (0, 1), f"{name[:10]!r}: {result.returncode}"
        assert b"\033" not in result.stderr, result.stderr


def test_closed_stderr():
    """With 2>&-, diagnostics must not land among the rows."""
    need_root()
    result = subprocess.run(["sh", "-c", '"$0" -v -d 0.3 2>&- | cat', TOOL], stdin=subprocess.DEVNULL,
                            capture_output=True, timeout=20, check=False)
    assert b"tcpstates:" not in result.stdout, result.stdout[:300]
    assert result.stdout.startswith(b"SKADDR"), result.stdout[:300]


if __name__ == "__main__":
    main(globals())
