#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The end of a command behind --: exit status, signals, and processes that it leaves behind."""

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import time

from cli import (CLIENT_FIRST, END_LIMIT_S, RTT_TOOL, assert_equal, assert_in, main, need_command, need_root, run, states, tool_command,
                 wait_until)
from commands import BOTH, COUNTER, Server, read, read_rows, temporary


def test_exit_statuses():
    need_root()
    for tool in BOTH:
        for command, status in ((["true"], 0), (["sh", "-c", "exit 1"], 1), (["sh", "-c", "exit 255"], 255),
                                (["sh", "-c", "kill -TERM $$"], 143), (["sh", "-c", "kill -KILL $$"], 137)):
            assert_equal(run("--", *command, tool=tool).returncode, status, f"exit status of {tool} -- {command}")


def test_signals_are_passed_on():
    need_root()
    for tool in BOTH:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with subprocess.Popen(tool_command("--", sys.executable, "-c", COUNTER, tool=tool), stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE) as process:
                assert_equal(process.stdout.readline(), b"ready\n", "first line")
                process.send_signal(number)
                assert_equal(process.wait(END_LIMIT_S), 41, f"exit status after {number}")
    with subprocess.Popen(tool_command("--", "sh", "-c", "echo ready; exec sleep 60"), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert_equal(process.stdout.readline(), b"ready\n", "first line")
        process.terminate()
        assert_equal(process.wait(END_LIMIT_S), 143, "exit status")


def test_signals_that_the_command_sends_to_its_group():
    """We are in it, too: the command has had its signal already, and we live on."""
    need_root()
    code = COUNTER.replace("while not count:", "import os\nos.kill(0, signal.SIGTERM)\nwhile not count:")
    for tool in BOTH:
        result = run("--", sys.executable, "-c", code, tool=tool, start_new_session=True)
        assert_equal((result.returncode, result.stdout), (41, "ready\n"), f"exit status: {result.stderr}")


def test_stopped_and_continued():
    """A stop is no end."""
    need_root()
    for tool in BOTH:
        with subprocess.Popen(tool_command("--", sys.executable, "-c", COUNTER, tool=tool), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            assert_equal(process.stdout.readline(), b"ready\n", "first line")
            command = int(children_of(process.pid)[0])
            os.kill(command, signal.SIGSTOP)
            wait_until(lambda: "(stopped)" in read(f"/proc/{command}/status"), 10, "does not stop")
            process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            assert process.poll() is None, f"ended with {process.returncode}"
            os.kill(command, signal.SIGCONT)
            assert_equal(process.wait(END_LIMIT_S), 41, "exit status")


def test_interrupt_from_the_terminal():
    """Goes to both: the command gets it once, and the tool ends after it."""
    need_root()
    for tool in BOTH:
        with temporary() as out, temporary() as script:
            script.write(COUNTER)
            script.flush()
            pid, terminal = pty.fork()
            if not pid:
                os.execv(tool, tool_command("-v", "--out", out.name, "--", sys.executable, script.name, tool=tool))
            try:
                text = b""
                while b"ready" not in text and select.select([terminal], [], [], 20)[0]:
                    text += os.read(terminal, 4096)
                os.write(terminal, b"\x03")
                end = time.monotonic() + END_LIMIT_S
                while time.monotonic() < end and select.select([terminal], [], [], END_LIMIT_S)[0]:
                    try:
                        text += os.read(terminal, 4096)
                    except OSError:  # the last one has closed the terminal
                        break
                assert_equal(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 41, f"exit status: {text}")
                assert_in(b"lost 0 of", text)
            finally:
                with contextlib.suppress(ProcessLookupError, ChildProcessError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                os.close(terminal)


def test_end_of_tracing_is_not_the_commands():
    """The end of -d, and a reader that leaves."""
    need_root()
    for tool in BOTH:
        start = time.monotonic()
        result = run("-d", "0.1", "--", "sh", "-c", "sleep 1; echo done; exit 6", tool=tool)
        assert_equal((result.returncode, result.stdout), (6, "done\n"), f"exit status and stdout: {result.stderr}")
        assert time.monotonic() - start > 1, "did not wait"
    reader, writer = os.pipe()
    with subprocess.Popen(tool_command("-i", "0.1", "--", "sh", "-c", "sleep 1; exit 6", tool=RTT_TOOL), stderr=writer) as process:
        os.close(writer)
        os.close(reader)
        assert_equal(process.wait(END_LIMIT_S), 6, "exit status without a reader")


def test_daemon_does_not_keep_us():
    need_root()
    for tool in BOTH:
        with temporary() as pids:
            try:
                code = f"setsid sh -c 'echo $$ >{pids.name}; exec sleep 60' <&- >&- 2>&- & while ! [ -s {pids.name} ]; do :; done; exit 3"
                assert_equal(run("--", "sh", "-c", code, tool=tool).returncode, 3, "exit status")
                os.kill(int(read(pids.name)), 0)
            finally:
                os.kill(int(read(pids.name)), signal.SIGKILL)


def children_of(pid):
    return read(f"/proc/{pid}/task/{pid}/children").split()


def test_lingering():
    """Connections that the command leaves behind are seen only for the time of --linger; a signal ends it."""
    need_root()
    need_command("curl")
    with Server() as server:
        for linger, count in ((("--linger", "3"), 2), ((), 0)):
            with temporary() as out:
                leave = f"(sleep 0.3; exec curl -s --max-time 1 telnet://127.0.0.1:{server.port}) <&- >&- 2>&- & exit 4"
                start = time.monotonic()
                assert_equal(run(*linger, "-o", "json", "--out", out.name, "--", "sh", "-c", leave).returncode, 4, "exit status")
                assert count == 0 or time.monotonic() - start > 3, "did not linger"
                assert_equal(states(read_rows(out.name))[:2], CLIENT_FIRST[:count], f"transitions with {linger}")
                time.sleep(0.5)
    for tool in BOTH:
        with subprocess.Popen(tool_command("--linger", "60", "--", "echo", "done", tool=tool), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            assert_equal(process.stdout.readline(), b"done\n", "stdout")
            wait_until(lambda: "(zombie)" in read(f"/proc/{children_of(process.pid)[0]}/status"), 10, "no end of echo")
            time.sleep(0.2)
            process.terminate()
            assert_equal(process.wait(END_LIMIT_S), 0, "exit status")


if __name__ == "__main__":
    main(globals(), at_once=3)
