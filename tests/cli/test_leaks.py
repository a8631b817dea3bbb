#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A build with the address and undefined-behaviour sanitizers ends in every way without a leak or a complaint."""

import os
import signal
import tempfile

from cgroups import cgroup2_mount
from cli import (SANITIZED_TOOL, Reader, Skip, Trace, assert_equal, churn, connect_once, free_port, main, need_command,
                 need_root, run)
from surroundings import SHOW_TRACEFS, PublicCopy, as_nobody, in_mount_namespace
from test_kernels import HIDE_BTF, HIDE_TRACEFS

COMPLAINTS = ("AddressSanitizer", "LeakSanitizer", "runtime error")


def assert_clean(text):
    for complaint in COMPLAINTS:
        assert complaint not in text, text


def sanitized(*args, status, **kwargs):
    if not os.access(SANITIZED_TOOL, os.X_OK):
        raise Skip("needs make SANITIZE=address,undefined")
    kwargs.setdefault("tool", SANITIZED_TOOL)
    result = run(*args, **kwargs)
    assert_clean(result.stderr)
    assert_equal(result.returncode, status, f"exit status of {args} ({result.stderr})")


def test_command_lines():
    sanitized("--help", status=0)
    sanitized("--version", status=0)
    for args in (["-Q"], ["-L", "80abc"], ["-O", "NOPE"], ["-o", "xml"], ["-d", "0"], ["-4", "-6"], ["stray"],
                 ["--buffer-size", "10T"], ["-o", "json", "-O", "PID"], ["--hook", "x"],
                 ["--names"], ["--cgroup", "no-such"], ["--comm", "a,!b"], ["--"], ["--run-as", "no-such", "--", "true"]):
        sanitized(*args, status=2)


def test_no_rights():
    need_root()
    need_command("setpriv")
    with PublicCopy(SANITIZED_TOOL) as tool:
        sanitized("-d", "1", tool=tool, prefix=as_nobody(), status=1)


def test_kernels_without():
    need_root()
    sanitized("-d", "1", prefix=in_mount_namespace(HIDE_BTF + HIDE_TRACEFS), status=1)
    sanitized("-d", "1", "--hook", "tp_btf", prefix=in_mount_namespace(HIDE_BTF), status=1)
    sanitized("-d", "0.5", "-v", prefix=in_mount_namespace(HIDE_BTF + HIDE_TRACEFS + SHOW_TRACEFS), status=0)
    sanitized("-d", "0.5", "--storage", "hash", status=0)


def test_no_journald():
    need_root()
    sanitized("-Y", "-d", "1", prefix=in_mount_namespace("mount -t tmpfs tmpfs /run"), status=1)


def test_full_device():
    need_root()
    with open("/dev/full", "wb") as full:
        sanitized("-d", "5", stdout=full, status=1)


def trace_churn(*args, number=signal.SIGTERM, status=0, load=300):
    with Trace(*args, tool=SANITIZED_TOOL) as trace:
        churn(load)
        actual = trace.stop(number, limit=15)
        assert_clean(trace.err)
        assert_equal(actual, status, f"exit status ({trace.err})")
        return trace.out


def test_formats():
    need_root()
    for args in ([], ["-T", "-t"], ["-w"], ["-s"], ["-o", "json"], ["-O", "COMM,MS"], ["-6"], ["-L", "1-32000"],
                 ["-D", "40000-50000"], ["--strict"], ["-4", "--storage", "hash"],
                 ["-c"], ["-c", "-s", "--names"], ["-o", "json", "--names", "--services"], ["--summary"],
                 ["-O", "CGPATH,UNIT,CONTAINER,POD,NETNSNAME", "--services"]):
        assert trace_churn(*args) or args, "no output"


def test_scope():
    need_root()
    cgroup2_mount()
    trace_churn("--cgroup", "/", "--comm", "c*", "--user", "0")


def test_signals():
    need_root()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        trace_churn(number=number)


def test_reader_goes():
    need_root()
    reader, writer = os.pipe()
    with Trace("-L", free_port(), tool=SANITIZED_TOOL, stdout=writer) as trace:
        os.close(writer)
        os.close(reader)
        assert_equal(trace.wait(15), 0, "exit status")
        assert_clean(trace.err)


def test_reader_stops():
    need_root()
    with Reader() as reader, Trace("--buffer-size", "64K", "--strict", tool=SANITIZED_TOOL, stdout=reader.writer) as trace:
        reader.close_writer()
        reader.stop()
        churn(3000)
        status = trace.stop(limit=15)
        assert_clean(trace.err)
        assert_equal(status, 3, f"exit status ({trace.err})")


def test_commands():
    need_root()
    for command, status in ((["true"], 0), (["sh", "-c", "kill -TERM $$"], 143), (["no-such-command"], 127), (["/etc"], 126)):
        sanitized("--out", "/dev/null", "--", *command, status=status)
    sanitized("--run-as", "nobody", "--", "true", status=0)


def test_duration():
    need_root()
    with tempfile.TemporaryFile() as file, Trace("-d", "1", tool=SANITIZED_TOOL, stdout=file) as trace:
        connect_once()
        assert_equal(trace.wait(15), 0, "exit status")
        assert_clean(trace.err)


if __name__ == "__main__":
    main(globals())
