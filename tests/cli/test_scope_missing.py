#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A filter that names processes which do not exist: a tool that can show nothing reports that at the start."""

import os
import threading

from cli import RTT_TOOL, TOOL, assert_diagnostics, assert_equal, assert_in, free_port, main, need_root, run
from test_pid_namespace import PidNamespace
from this_machine import need_seeding

BOTH = (TOOL, RTT_TOOL)
# More than any process has (PID_MAX_LIMIT), and the greatest that is taken.
NOBODY = 4194304


def ask(*args, prefix=()):
    return run("--stuck", "CLOSE_WAIT", "--once", *args, prefix=prefix)


def test_number_of_nobody():
    need_root()
    need_seeding()
    for tool in BOTH:
        name = os.path.basename(tool)
        result = run("-d", "0.1", "--pid", str(NOBODY), tool=tool)
        assert_equal(result.returncode, 0, "exit status")
        assert_diagnostics(result.stderr, name)
        assert_in(f"{name}: --pid {NOBODY}: no process has this number\n", result.stderr)
    result = ask("--pid", str(NOBODY))
    assert_equal(result.returncode, 3, f"exit status of --once: {result.stderr}")
    result = ask("--pid", f"{NOBODY},{os.getpid()}", "--lport", str(free_port()))
    assert_equal(result.returncode, 0, f"exit status of --once with one that is there: {result.stderr}")
    assert_in("no process has this number", result.stderr)
    result = run("-d", "0.1", "--pid", f"!{NOBODY}")
    assert_equal((result.returncode, result.stderr), (0, ""), "exit status and stderr when it is left out")


def test_number_of_a_thread():
    need_root()
    event = threading.Event()
    thread = threading.Thread(target=event.wait)
    thread.start()
    try:
        result = run("-d", "0.1", "--pid", str(thread.native_id))
        assert_in(f"--pid {thread.native_id}: this is a thread; give the pid of its process", result.stderr)
    finally:
        event.set()
        thread.join()


def test_many_numbers_of_nobody():
    need_root()
    result = run("-d", "0.1", "--pid", ",".join(str(NOBODY - i) for i in range(20)))
    assert_equal(result.stderr.count("no process has this number"), 8, "lines about one")
    assert_in("--pid: no process has 12 more numbers\n", result.stderr)
    result = run("-d", "0.1", "--pid", ",".join(str(NOBODY - i) for i in range(9)))
    assert_in("--pid: no process has 1 more number\n", result.stderr)


def test_number_of_the_host_in_a_container():
    with PidNamespace() as space:
        number = str(os.getpid())
        result = run("-d", "0.1", "--pid", number, prefix=space.prefix)
        assert_in(f"--pid {number}: no process has this number in this pid namespace", result.stderr)
        assert_equal(ask("--pid", number, prefix=space.prefix).returncode, 3, "exit status of --once")


if __name__ == "__main__":
    main(globals())
