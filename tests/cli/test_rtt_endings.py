#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The end of a run of tcprtt: -d, a reader that leaves, stops or is a full disk, and closed descriptors."""

import json
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import tempfile
import threading
import time

from cli import (END_LIMIT_S, RTT_TOOL, Reader, Trace, assert_diagnostics, assert_equal, assert_in, assert_not_in,
                 besides_no_sample, free_port, main, need_command, need_root, run)
from surroundings import PublicCopy, as_nobody
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
    assert_equal((result.returncode, besides_no_sample(result.stderr)), (0, ""), "exit status and stderr")


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


class SlowReader:
    """Takes so many bytes, then pauses, until it is told to stop or the other side has gone."""

    def __init__(self, size, pause):
        self.reader, self.writer = os.pipe()
        self.size, self.pause = size, pause
        self.chunks = []
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while chunk := os.read(self.reader, self.size):
            self.chunks.append(chunk)
            time.sleep(self.pause)

    def __enter__(self):
        self.thread.start()
        return self

    def close_writer(self):
        os.close(self.writer)
        self.writer = -1

    def text(self):
        """All of it; the tool has ended."""
        self.thread.join(30)
        assert not self.thread.is_alive(), "the pipe does not end"
        return b"".join(self.chunks).decode()

    def __exit__(self, *_):
        if self.writer >= 0:
            self.close_writer()
        self.thread.join(30)
        os.close(self.reader)


def connect_often(port, count):
    """Connections one after the other, each a group of --by conn."""
    with socket.create_server(("127.0.0.1", port), backlog=16) as listener:
        for _ in range(count):
            client = socket.create_connection(("127.0.0.1", port), 10)
            server = listener.accept()[0]
            client.close()
            assert server.recv(1) == b""
            server.close()


def losses(text):
    """(lost, of) of the last line about losses."""
    found = re.findall(r"^tcprtt: lost (\d+) of (\d+)", text, re.MULTILINE)
    assert found, f"no line about losses in {text!r}"
    return tuple(map(int, found[-1]))


def test_slow_reader_at_the_end():
    """A reader that goes on reading gets the last summary, however long that takes: the clocks of the tool are no excuse."""
    need_root()
    count = 1500
    for args, size, pause in (([], 16384, 0.1), (["-i", "1"], 65536, 0.7)):
        port = free_port()
        with SlowReader(size, pause) as reader:
            with Trace("-p", port, "--by", "conn", "-o", "json", *args, tool=RTT_TOOL, stdout=reader.writer) as trace:
                reader.close_writer()
                connect_often(port, count)
                assert_equal(trace.stop(limit=30), 0, f"exit status with {args}")
                assert_diagnostics(trace.err, "tcprtt")
                assert_not_in("not written", trace.err)
                rows = [json.loads(line) for line in reader.text().splitlines()]
                assert len(json.dumps(rows)) > 128 * 1024, "this test has become pointless"
                assert_equal(len({row["key"] for row in rows}), count, f"groups with {args}")
                assert_equal(losses(trace.err), (0, sum(row["count"] for row in rows)), "(lost, of)")


def test_reader_that_stops_at_the_end():
    """Each row and each sample is either read or said to be missing."""
    need_root()
    port = free_port()
    reader, writer = os.pipe()
    with Trace("-p", port, "--by", "conn", "-o", "json", tool=RTT_TOOL, stdout=writer) as trace, \
            Trace("-p", port, "-o", "json", tool=RTT_TOOL) as whole:
        os.close(writer)
        connect_often(port, 1000)
        assert_equal((trace.stop(), whole.stop()), (0, 0), "exit status")
        text = os.read(reader, 1 << 20).decode()
        found = re.search(r"the reader of the output stopped; histograms not written: (\d+) \(samples: (\d+)\)", trace.err)
        assert found, f"nothing is said: {trace.err}"
        rows = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
        assert 0 < len(rows) < 1000, f"{len(rows)} rows"
        assert_equal(len(rows) + int(found[1]), 1000, "rows")
        assert_equal(sum(row["count"] for row in rows) + int(found[2]), whole.rows()[0]["count"], "samples")
    os.close(reader)


def test_losses_of_output_are_counted():
    """Each sample that was taken is in a row that could be read, or lost: a reader that stops, and a full file."""
    need_root()
    for full in (False, True):
        port = free_port()
        reader, writer = os.pipe()
        with tempfile.TemporaryFile() as file:
            limit = (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))) if full else None
            with Trace("-p", port, "--by", "conn", "-o", "json", tool=RTT_TOOL, stdout=file if full else writer,
                       preexec_fn=limit) as trace, Trace("-p", port, "-o", "json", tool=RTT_TOOL) as whole:
                os.close(writer)
                connect_often(port, 1000)
                assert_equal((trace.stop(), whole.stop()), (1 if full else 0, 0), f"exit status ({trace.err})")
                text = (os.pread(file.fileno(), 1 << 20, 0) if full else os.read(reader, 1 << 20)).decode()
                read = sum(json.loads(line)["count"] for line in text.splitlines() if line.endswith("}"))
                lost, of = losses(trace.err)
                assert read > 0 and lost > 0, trace.err
                assert_equal((lost + read, of), (of, whole.rows()[0]["count"]), f"samples lost and read, of ({trace.err})")
                assert_in(f": {lost} could not be written", trace.err)
                assert_equal("File too large; histograms not written: " in trace.err, full, f"the reason ({trace.err})")
        os.close(reader)


def test_strict():
    """Status 3 when something was lost, and only then; a runtime error stays one."""
    need_root()
    port = free_port()
    assert_equal(run("--strict", "-d", "0.2", "-P", port, tool=RTT_TOOL).returncode, 0, "exit status without a loss")
    with open("/dev/full", "wb") as full:
        assert_equal(run("--strict", "-d", "0.2", "-P", port, tool=RTT_TOOL, stdout=full).returncode, 1, "with an error")
    for args, status in ((["--strict"], 3), ([], 0)):
        reader, writer = os.pipe()
        with Trace("-p", port, "--by", "conn", "-o", "json", *args, tool=RTT_TOOL, stdout=writer) as trace:
            os.close(writer)
            connect_often(port, 600)
            assert_equal(trace.stop(), status, f"exit status with {args} ({trace.err})")
            assert losses(trace.err)[0] > 0, trace.err
        os.close(reader)
    reader, writer = os.pipe()
    with Trace("-p", port, "--strict", tool=RTT_TOOL, stdout=writer) as trace:
        os.close(writer)
        connect_often(port, 3)
        os.close(reader)
        assert_equal(trace.wait(), 0, "exit status when the reader has left")


def test_top_loses_nothing():
    """Groups that --top leaves out were measured, and are no losses."""
    need_root()
    port = free_port()
    with Trace("-p", port, "--by", "conn", "--top", "1", "-o", "json", tool=RTT_TOOL) as trace, \
            Trace("-p", port, "-o", "json", tool=RTT_TOOL) as whole:
        connect_often(port, 50)
        assert_equal((trace.stop(), whole.stop()), (0, 0), "exit status")
        assert_equal(len(trace.rows()), 1, "rows")
        assert_equal(losses(trace.err), (0, whole.rows()[0]["count"]), "(lost, of)")


def test_second_signal():
    """A second signal ends the wait for a slow reader."""
    need_root()
    port = free_port()
    with SlowReader(4096, 0.3) as reader:
        with Trace("-p", port, "--by", "conn", "-o", "json", tool=RTT_TOOL, stdout=reader.writer) as trace:
            reader.close_writer()
            connect_often(port, 1000)
            trace.process.send_signal(signal.SIGINT)
            time.sleep(1)
            assert_equal(trace.process.poll(), None, "exit status before the second one")
            assert_equal(trace.stop(limit=2), 0, "exit status")
            assert_in("not written", trace.err)
            reader.size = 1 << 20


def test_stopped_reader_that_goes_on():
    """Samples of the meantime are in the next histogram: none is torn, and no sample is lost or counted twice."""
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
    main(globals(), RTT_TOOL, at_once=3)
