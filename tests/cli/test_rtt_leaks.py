#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcprtt with the address and undefined-behaviour sanitizers ends in every way without a complaint."""

import os
import signal

from cli import SANITIZED_RTT_TOOL, Reader, Skip, Trace, assert_equal, free_port, main, need_command, need_root, run
from surroundings import PublicCopy, as_nobody, in_mount_namespace
from test_kernels import HIDE_BTF
from test_leaks import assert_clean
from test_rtt_output import Exchanges


def sanitized(*args, status, **kwargs):
    if not os.access(SANITIZED_RTT_TOOL, os.X_OK):
        raise Skip("needs make SANITIZE=address,undefined")
    kwargs.setdefault("tool", SANITIZED_RTT_TOOL)
    result = run(*args, **kwargs)
    assert_clean(result.stderr)
    assert_equal(result.returncode, status, f"exit status of {args} ({result.stderr})")


def test_command_lines():
    sanitized("--help", status=0)
    sanitized("--version", status=0)
    for args in (["-Q"], ["-p", "80abc"], ["-a", "1.2.3"], ["-A", "::/129"], ["--by", "conn,pid"], ["--by", "prefix:99"],
                 ["-o", "xml"], ["-d", "0"], ["-4", "-6"], ["stray"], ["--top", "x", "-b"], ["--heatmap", "-b"], ["--names"], ["--"]):
        sanitized(*args, status=2)


def test_no_rights():
    need_root()
    need_command("setpriv")
    with PublicCopy(SANITIZED_RTT_TOOL) as tool:
        sanitized("-d", "1", tool=tool, prefix=as_nobody(), status=1)


def test_no_btf():
    need_root()
    sanitized("-d", "1", prefix=in_mount_namespace(HIDE_BTF), status=1)


def test_full_device():
    need_root()
    with open("/dev/full", "wb") as full:
        sanitized("-d", "5", "-P", free_port(), stdout=full, status=1)


def measure(*args, number=signal.SIGTERM):
    port = free_port()
    with Trace("-p", port, *args, tool=SANITIZED_RTT_TOOL) as trace:
        with Exchanges(port) as connection:
            connection.go()
        actual = trace.stop(number, limit=15)
        assert_clean(trace.err)
        assert_equal(actual, 0, f"exit status ({trace.err})")
        return trace.out


def test_formats():
    need_root()
    for args in ([], ["-e"], ["-e", "-m", "-T"], ["-i", "0.1"], ["-b", "-B", "-e"], ["-o", "json"], ["-o", "csv", "-m"],
                 ["--heatmap", "-i", "0.1"], ["--by", "comm,pid", "-o", "csv"], ["--by", "conn", "--max-keys", "1"],
                 ["--by", "prefix:24", "--top", "1", "--sort", "mean"], ["--by", "cgroup,netns"], ["--sample", "rtt"],
                 ["--by", "cgroup,netns", "--names", "-i", "0.1"], ["--by", "netns,pid", "--names", "-o", "json"],
                 ["--by", "comm,cgroup", "--names", "-o", "csv"],
                 ["--sample", "min", "-o", "json"], ["--sample", "handshake", "--by", "comm"],
                 ["-a", "127.0.0.0/8,::/0", "-A", "127.0.0.1"]):
        assert measure(*args), f"no output of {args}"


def test_signals():
    need_root()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        measure(number=number)


def test_commands():
    need_root()
    for command, status in ((["true"], 0), (["sh", "-c", "kill -TERM $$"], 143), (["no-such-command"], 127)):
        sanitized("--out", "/dev/null", "--", *command, status=status)


def test_reader_goes():
    need_root()
    reader, writer = os.pipe()
    with Trace("-P", free_port(), tool=SANITIZED_RTT_TOOL, stdout=writer) as trace:
        os.close(writer)
        os.close(reader)
        assert_equal(trace.wait(15), 0, "exit status")
        assert_clean(trace.err)


def test_reader_stops():
    need_root()
    with Reader() as reader, Trace("-P", free_port(), "-i", "0.001", "-o", "json", "-d", "1.5", tool=SANITIZED_RTT_TOOL,
                                   stdout=reader.writer) as trace:
        reader.close_writer()
        reader.stop()
        assert_equal(trace.wait(15), 0, f"exit status ({trace.err})")
        assert_clean(trace.err)


if __name__ == "__main__":
    main(globals(), SANITIZED_RTT_TOOL)
