#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Tools run before programs that keep all CPUs busy. The command behind -- does not, nor does a tool without the right to."""

import os
import sys

from cli import TOOL, Skip, Trace, assert_equal, assert_in, assert_not_in, besides_no_sample, main, need_command, need_root, run
from commands import BOTH
from surroundings import PublicCopy, as_nobody

RAISED = os.SCHED_RR | os.SCHED_RESET_ON_FORK
OWN = "import os; print(os.sched_getscheduler(0), os.sched_getparam(0).sched_priority, os.getpriority(os.PRIO_PROCESS, 0))"
CAPABILITIES = "+bpf,+perfmon"


def without_nice():
    """A preexec_fn: these tests may have been started with nice."""
    os.setpriority(os.PRIO_PROCESS, 0, 0)


def scheduling(pid):
    """(class, real-time priority, nice value) of its first thread."""
    return os.sched_getscheduler(pid), os.sched_getparam(pid).sched_priority, os.getpriority(os.PRIO_PROCESS, pid)


def need_real_time():
    need_root()
    pid = os.fork()
    if not pid:
        try:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        except OSError:
            os._exit(1)
        os._exit(0)
    if os.waitpid(pid, 0)[1]:
        raise Skip("needs the real-time class, which this machine or this cgroup does not give")


def trace(tool, *args, prefix=(), setup=without_nice):
    """The scheduling of the tool at work, and what it has said."""
    with Trace(*args, tool=tool, prefix=prefix, preexec_fn=setup) as at_work:
        found = scheduling(at_work.pid)
        assert_equal(at_work.stop(), 0, "exit status")
        return found, at_work.err


def test_raised():
    need_real_time()
    for tool in BOTH:
        found, said = trace(tool)
        assert_equal(found, (RAISED, 1, 0), f"scheduling of {tool}")
        assert_in("runs in the real-time class", said)


def test_not_wanted():
    need_root()
    for tool in BOTH:
        found, said = trace(tool, "--no-priority")
        assert_equal(found, (os.SCHED_OTHER, 0, 0), f"scheduling of {tool}")
        assert_not_in("real-time class", said)


def test_stuck():
    """Going through all connections may take the kernel long, and loses nothing when it has to wait."""
    need_root()
    found, said = trace(TOOL, "--stuck", "CLOSE_WAIT")
    assert_equal(found, (os.SCHED_OTHER, 0, 0), "scheduling with --stuck")
    assert_not_in("real-time class", said)


def test_chosen_by_the_caller():
    """A nice value or a class is somebody's choice."""
    need_root()
    need_command("chrt")
    for tool in BOTH:
        found, said = trace(tool, setup=lambda: os.setpriority(os.PRIO_PROCESS, 0, 7))
        assert_equal(found, (os.SCHED_OTHER, 0, 7), f"scheduling of {tool} with nice")
        assert_in("keeps the scheduling class and the nice value", said)
        found, _ = trace(tool, prefix=("chrt", "--batch", "0"))
        assert_equal(found, (os.SCHED_BATCH, 0, 0), f"scheduling of {tool} with chrt")


def test_without_the_right():
    need_root()
    need_command("setpriv")
    for tool in BOTH:
        with PublicCopy(tool) as copy:
            prefix = as_nobody(f"--inh-caps={CAPABILITIES}", f"--ambient-caps={CAPABILITIES}")
            found, said = trace(copy, prefix=prefix)
            assert_equal(found, (os.SCHED_OTHER, 0, 0), f"scheduling of {tool}")
            assert_in("cannot use the real-time class (needs CAP_SYS_NICE)", said)
            silent = run("-d", "0.1", tool=copy, prefix=prefix, preexec_fn=without_nice)
            assert_equal((silent.returncode, besides_no_sample(silent.stderr)), (0, ""), "exit status and stderr without -v")


def of_command(tool, *args, setup=without_nice):
    """The scheduling that a command finds."""
    result = run("--out", "/dev/null", *args, "--", sys.executable, "-c", OWN, tool=tool, preexec_fn=setup)
    assert_equal((result.returncode, besides_no_sample(result.stderr)), (0, ""), "exit status and stderr")
    return tuple(map(int, result.stdout.split()))


def test_command():
    """As the shell would have started it."""
    need_real_time()
    for tool in BOTH:
        for args in ((), ("--no-priority",)):
            assert_equal(of_command(tool, *args), (os.SCHED_OTHER, 0, 0), f"scheduling of a command of {tool} {args}")


def test_command_with_nice():
    need_root()
    for tool in BOTH:
        for nice in (5, -5):
            assert_equal(of_command(tool, setup=lambda value=nice: os.setpriority(os.PRIO_PROCESS, 0, value)),
                         (os.SCHED_OTHER, 0, nice), f"scheduling of a command of {tool} with nice {nice}")


if __name__ == "__main__":
    main(globals())
