#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""How a run of tcprtt ends: -d, a reader that goes, stops or is a full disk, and closed descriptors."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

from cli import (END_LIMIT_S, RTT_TOOL, PublicCopy, Reader, Trace, as_nobody, assert_diagnostics, assert_equal, assert_in,
                 free_port, main, need_command, need_root, run)
from test_rtt_output import Exchanges, assert_table

# to start and to end
START_TO_END_S = 20


def shell(script, **kwargs):
    return subprocess.Popen(["bash", "-c", script], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **kwargs)


def test_signals():
    """Each ends it with 0 and one summary of what had been seen by then."""
    need_root()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        port = free_port()
        with Trace("-p", port, tool=RTT_TOOL) as trace:
            with Exchanges(port) as connection:
                connection.go()
                assert_equal(trace.out, "Tracing TCP RTT... Hit Ctrl-C to end.\n", "output so far")
                start = time.monotonic()
                assert_equal(trace.stop(number), 0, f"exit status after {number.name}")
                assert time.monotonic() - start < 2, f"{number.name} took {time.monotonic() - start:.2f} s"
            assert assert_table(trace.out.split("\n")[3:-1]) > 0, trace.out
            assert_diagnostics(trace.err, "tcprtt")


def test_signal_right_at_the_start():
    """Before, while and after it attaches."""
    need_root()
    for delay in (0, 0.02, 0.05, 0.1, 0.2, 0.4):
        process = subprocess.Popen([RTT_TOOL, "-P", str(free_port())], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        try:
            time.sleep(delay)
            process.send_signal(signal.SIGTERM)
            errors = process.communicate(timeout=END_LIMIT_S)[1]
        finally:
            process.kill()
        # before main() has run a signal kills as ever
        assert process.returncode == 0 or (process.returncode == -signal.SIGTERM and delay < 0.05), \
            f"{process.returncode} after {delay} s: {errors}"


def test_duration():
    need_root()
    for args, seconds, summaries in ((["-d", "2"], 2, 1), (["--duration", "0.5"], 0.5, 1), (["-i", "1", "-d", "3"], 3, 3),
                                     (["-i", "5", "-d", "0.5"], 0.5, 1)):
        with Trace("-P", free_port(), *args, tool=RTT_TOOL) as trace:
            start = time.monotonic()
            assert_equal(trace.wait(seconds + END_LIMIT_S), 0, "exit status")
            took = time.monotonic() - start
            assert seconds - 0.3 <= took <= seconds + 1.5, f"{args} took {took:.2f} s"
            assert_equal(trace.out.count("All Addresses"), summaries, f"summaries of {args}")


def test_quiet_without_losses():
    need_root()
    result = run("-d", "0.3", "-P", free_port(), tool=RTT_TOOL)
    assert_equal((result.returncode, result.stderr), (0, ""), "exit status and stderr")


def test_intervals_come_as_they_are_due():
    """Through a pipe, too, and each of them whole."""
    need_root()
    reader, writer = os.pipe()
    with Trace("-i", "0.3", "-o", "json", "-P", free_port(), tool=RTT_TOOL, stdout=writer) as trace:
        os.close(writer)
        for _ in range(3):
            chunk = os.read(reader, 65536).decode()
            assert chunk.endswith("}\n"), f"torn: {chunk!r}"
        assert_equal(trace.stop(), 0, "exit status")
    os.close(reader)


def test_timeout_to_a_file():
    need_root()
    port = free_port()
    with tempfile.NamedTemporaryFile() as file:
        process = shell(f'timeout 3 "{RTT_TOOL}" -p {port} > "{file.name}"')
        time.sleep(1.5)
        with Exchanges(port) as connection:
            connection.go()
        process.communicate(timeout=3 + END_LIMIT_S)
        text = pathlib.Path(file.name).read_text()
    # timeout's own status
    assert_equal(process.returncode, 124, "exit status of timeout")
    assert assert_table(text.split("\n")[3:-1]) >= 40, text


def test_head():
    """It ends when head has what it wants: with the next histogram at the latest, and without one at once."""
    need_root()
    for args in ("-i 0.2", "-i 0.2 -o json", "-i 0.2 -o csv", "--heatmap -i 0.2"):
        process = shell(f'"{RTT_TOOL}" -P {free_port()} {args} | head -2; exit "${{PIPESTATUS[0]}}"', stdout=subprocess.PIPE)
        try:
            out, errors = process.communicate(timeout=START_TO_END_S)
        finally:
            process.kill()
        assert_equal((process.returncode, errors), (0, ""), f"exit status and stderr of {args}")
        assert_equal(len(out.splitlines()), 2, f"lines of {args}")


def test_idle_when_the_reader_goes():
    """No summary is due for long, and yet it notices."""
    need_root()
    for args in ([], ["-i", "60"], ["-o", "json"]):
        reader, writer = os.pipe()
        with Trace("-P", free_port(), *args, tool=RTT_TOOL, stdout=writer) as trace:
            os.close(writer)
            time.sleep(0.3)
            os.close(reader)
            assert_equal(trace.wait(), 0, "exit status")
            assert_diagnostics(trace.err, "tcprtt")


def test_reader_is_gone_from_the_start():
    need_root()
    reader, writer = os.pipe()
    os.close(reader)
    try:
        result = run("-i", "0.2", tool=RTT_TOOL, stdout=writer)
    finally:
        os.close(writer)
    assert_equal(result.returncode, 0, "exit status")


def test_full_device():
    need_root()
    for args in (["-d", "5"], ["-d", "0.3", "-o", "json"], ["-i", "0.2", "-o", "csv"], ["--heatmap", "-i", "0.2"]):
        with open("/dev/full", "wb") as full:
            result = run("-P", free_port(), *args, tool=RTT_TOOL, stdout=full, timeout=20)
        assert_equal(result.returncode, 1, f"exit status of {args}")
        assert_in("No space left on device", result.stderr)
        assert_diagnostics(result.stderr, "tcprtt")


def test_closed_stdout():
    need_root()
    process = subprocess.run(["sh", "-c", f'"{RTT_TOOL}" -d 2 >&-'], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                             text=True, timeout=20, check=False)
    assert_equal(process.returncode, 1, "exit status")
    assert_diagnostics(process.stderr, "tcprtt")


def test_reader_that_never_reads():
    """A signal and -d end it all the same, and what could not be written is told."""
    need_root()
    port = free_port()
    for args, ends_itself in (([], False), (["-d", "2"], True)):
        reader, writer = os.pipe()
        with Trace("-P", port, "-i", "0.001", "-o", "json", *args, tool=RTT_TOOL, stdout=writer) as trace:
            time.sleep(1)
            status = trace.wait(2 + END_LIMIT_S) if ends_itself else trace.stop(signal.SIGTERM)
            assert_equal(status, 0, f"exit status with {args}")
            assert_diagnostics(trace.err, "tcprtt")
            assert_in("reader", trace.err)
        for descriptor in (reader, writer):
            os.close(descriptor)


def test_stopped_reader_that_goes_on():
    """What was measured meanwhile is in the next histogram: none is torn, and no sample is lost or counted twice."""
    need_root()
    port = free_port()
    with Reader() as reader:
        with Trace("-p", port, "-i", "0.01", "-o", "json", tool=RTT_TOOL, stdout=reader.writer) as trace, \
                Trace("-p", port, "-o", "json", tool=RTT_TOOL) as whole:
            reader.close_writer()
            reader.stop()
            with Exchanges(port) as connection:
                for _ in range(60):
                    connection.go()
                    time.sleep(0.04)
            reader.go_on()
            time.sleep(0.5)
            assert_equal((trace.stop(), whole.stop()), (0, 0), "exit status")
            total = sum(row["count"] for row in whole.rows())
        rows = [json.loads(line) for line in reader.text().splitlines()]
    assert total >= 60 * 40, f"{total} samples"
    assert_equal(sum(row["count"] for row in rows), total, f"sum of {len(rows)} intervals")


def test_shared_stdout_stays_as_it_was():
    """The others that write to the same pipe or terminal would not expect O_NONBLOCK."""
    need_root()
    reader, writer = os.pipe()
    try:
        with Trace("-P", free_port(), tool=RTT_TOOL, stdout=writer) as trace:
            assert os.get_blocking(writer), "O_NONBLOCK while it runs"
            assert_equal(trace.stop(), 0, "exit status")
        assert os.get_blocking(writer), "O_NONBLOCK is left behind"
    finally:
        os.close(reader)
        os.close(writer)


def test_pipe_of_another_user():
    """Who may not open the pipe by its name in /proc may still write to it."""
    need_root()
    need_command("setpriv")
    prefix = as_nobody("--inh-caps=+bpf,+perfmon", "--ambient-caps=+bpf,+perfmon")
    reader, writer = os.pipe()
    try:
        with PublicCopy(RTT_TOOL) as tool, \
                Trace("-d", "0.5", "-P", free_port(), tool=tool, prefix=prefix, stdout=writer) as trace:
            assert_equal(trace.wait(), 0, f"exit status ({trace.err})")
        assert_in(b"All Addresses", os.read(reader, 65536))
    finally:
        os.close(reader)
        os.close(writer)


if __name__ == "__main__":
    main(globals(), RTT_TOOL)
