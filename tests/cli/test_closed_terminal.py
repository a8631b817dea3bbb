#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The terminal of a tool is closed: the tool ends and says so, unless nohup keeps it running."""

import contextlib
import os
import pty
import signal
import sys

from cli import READY_LIMIT_S, assert_equal, assert_in, connect_once, main, need_root, of_port, tool_command, wait_until
from commands import read, read_rows
from surroundings import await_text, folder
from this_machine import need_seeding

# A session of its own on the terminal it is given, as a shell: the tool is its child, and gets the SIGHUP that it gets.
SHELL = """
import os, signal, subprocess, sys, time
ours = []
def pass_on(*_):
    ours.append(1)
signal.signal(signal.SIGHUP, pass_on)
tool = subprocess.Popen(sys.argv[1:], process_group=0)
while not ours:
    time.sleep(0.01)
tool.send_signal(signal.SIGHUP)
sys.exit(tool.wait(20))
"""


def hang_up(file, errors, prefix=(), ignored=False):
    """Runs the tool on a terminal that is closed then; what it is called by, as a child that can be waited for."""
    pid, terminal = pty.fork()
    if not pid:
        if ignored:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
        command = tool_command("-v", "-o", "json", "--out", file, prefix=prefix)
        os.execvp(command[0], command)
    wait_until(lambda: errors.exists() and "tracing" in read(errors), READY_LIMIT_S, "not tracing")
    os.close(terminal)
    return pid


@contextlib.contextmanager
def ended(pid):
    """Kills it, whatever happens."""
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def wait_for(pid):
    status = []

    def is_over():
        status[:] = os.waitpid(pid, os.WNOHANG)
        return status[0] == pid

    wait_until(is_over, READY_LIMIT_S, "it lives on when its terminal is closed")
    return os.waitstatus_to_exitcode(status[1])


def test_closed_terminal():
    """Its SIGHUP is not about the file: the kernel's own, and that of a shell that passes its own on."""
    need_root()
    need_seeding()
    for prefix in ((), (sys.executable, "-c", SHELL)):
        with folder() as path:
            pid = hang_up(path / "rows", path / "errors", prefix)
            with ended(pid):
                assert_equal(wait_for(pid), 0, f"exit status under {prefix[:1]}")
            assert_in("tcpstates: ended by SIGHUP: the terminal was closed; nohup(1) keeps the tool running\n",
                      read(path / "errors"))


def test_closed_terminal_under_nohup():
    need_root()
    with folder() as path:
        file = path / "rows"
        pid = hang_up(file, path / "errors", ignored=True)
        with ended(pid):
            port = connect_once()
            await_text(file, str(port), "rows after the terminal was closed")
            os.kill(pid, signal.SIGTERM)
            assert_equal(wait_for(pid), 0, "exit status")
        assert_equal(len(of_port(read_rows(file), port)), 12, "rows")


if __name__ == "__main__":
    main(globals())
