#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpstates --live in a real terminal (tmux) while 5,000 connections come and go: no flicker, no torn line, right after a resize, and
the terminal as it was at each end."""

import os
import re
import signal

from cli import assert_equal, main, wait_until
from frames import END, bytes_a_refresh, frames_of
from live import Churn, Traffic, assert_whole_screen, await_whole_screen, need_live
from terminals import SCREEN_LIMIT_S, Terminal, await_end, end

SMALL, LARGE = (80, 24), (200, 50)
CONNECTIONS = 5000


def frames_in(file, sizes):
    """All that the tool has written until its end."""
    wait_until(lambda: END in file.read_bytes(), SCREEN_LIMIT_S, f"{file} has no end")
    return frames_of(file.read_bytes(), sizes)


def show_churn(terminal, traffic, other):
    """Looks at the screen all the time, and changes the size to `other` and back meanwhile. Returns the last screen."""
    size, captures = terminal.size, 0
    with Churn(traffic, CONNECTIONS) as churn:

        def look_until(condition):
            nonlocal captures
            while not condition():
                await_whole_screen(terminal, traffic)
                captures += 1

        # Each resize while a quarter of the connections comes and goes.
        for resized, begin in ((other, CONNECTIONS // 4), (size, CONNECTIONS // 2)):
            churn.limit = begin + CONNECTIONS // 4
            look_until(lambda begin=begin: churn.opened >= begin)
            terminal.resize(*resized)
            await_whole_screen(terminal, traffic)
        churn.limit = CONNECTIONS
        look_until(lambda: not churn.is_alive())
    assert_equal(churn.opened, CONNECTIONS, "connections")
    print(f"# {captures} screens of {size[0]}x{size[1]} captured")
    terminal.keys("p")
    terminal.await_screen(lambda screen: " PAUSED " in screen.split("\n")[0], "not paused")
    return await_whole_screen(terminal, traffic)


def check_churn(size, other):
    need_live()
    with Traffic() as traffic, Terminal(*size) as terminal:
        modes, file = terminal.modes(), terminal.record()
        pid = terminal.start("--live", *traffic.scope)
        last = show_churn(terminal, traffic, other)
        terminal.keys("q")
        await_end(pid, "q")
        terminal.assert_as_before(modes, "churn")
        frames = frames_in(file, [size, other, size])
    for frame in frames:
        assert_whole_screen(frame.text, *frame.size, traffic)
    assert_equal(frames[-1].text, last, "the terminal's screen, and that of the bytes")
    of_size = [frame for frame in frames if frame.size == size]
    median, most = bytes_a_refresh(of_size[1:])
    print(f"# {median} bytes a refresh at {size[0]}x{size[1]} under churn, {most} at most, in {len(of_size)} refreshes")
    whole = max(frame.bytes for frame in of_size if frame.is_cleared)
    assert median < whole and most < 2 * whole, f"a whole screen has {whole} bytes"


def test_live_churn_small():
    check_churn(SMALL, LARGE)


def test_live_churn_large():
    check_churn(LARGE, SMALL)


def test_live_quiet():
    """A look that finds nothing new writes the clock, and the ages of the lines."""
    need_live()
    for count, a_line in ((0, 0), (5, 20)):
        with Traffic(count, busy=0) as traffic, Terminal(*SMALL) as terminal:
            file = terminal.record()
            pid = terminal.start("--live", *traffic.scope)
            wait_until(lambda: len(frames_of(file.read_bytes(), [SMALL])) >= 4, SCREEN_LIMIT_S, "no refresh")
            end(pid)
            frames = frames_in(file, [SMALL])
        # The second look is the first one with rates.
        median, most = bytes_a_refresh(frames[2:-1])
        print(f"# {median} bytes a refresh of {2 * count} idle connections, {most} at most")
        assert most <= 30 + a_line * 2 * count, f"{most} bytes for {2 * count} lines"


def is_group_alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_live_churn_terminated():
    need_live()
    for size in (SMALL, LARGE):
        with Traffic() as traffic, Terminal(*size) as terminal, Churn(traffic, CONNECTIONS):
            modes = terminal.modes()
            pid = terminal.start("--live", "-i", "0.1", *traffic.scope)
            await_whole_screen(terminal, traffic)
            end(pid, signal.SIGTERM)
            terminal.assert_as_before(modes, "SIGTERM under churn")
            terminal.type("clear; echo status $?")
            terminal.await_screen(lambda screen: "status 0" in screen, "status after SIGTERM")


def test_live_churn_killed_shell():
    """SIGKILL of the shell that has started the tool: the shell above it has its terminal again. And of the only shell: the terminal
    is gone. In both cases the tool ends by itself."""
    need_live()
    for size, is_inner in ((SMALL, True), (LARGE, False)):
        with Traffic() as traffic, Terminal(*size) as terminal, Churn(traffic, CONNECTIONS):
            modes, shell = terminal.modes(), terminal.shell_pid
            if is_inner:
                terminal.type("bash --norc --noprofile")
                terminal.type(f"echo $$ >{terminal.path}/shell; PS1='inner '")
                terminal.await_screen(lambda screen: re.search("^inner", screen, re.MULTILINE), "no inner shell")
                shell = int((terminal.path / "shell").read_text(encoding="ascii"))
            pid = terminal.start("--live", "-i", "0.1", *traffic.scope)
            await_whole_screen(terminal, traffic)
            group = os.getpgid(pid)
            os.kill(shell, signal.SIGKILL)
            await_end(pid, f"SIGKILL of the shell, {is_inner=}")
            wait_until(lambda: not is_group_alive(group), SCREEN_LIMIT_S, f"processes of group {group} are left")
            if is_inner:
                terminal.assert_as_before(modes, "SIGKILL of the shell under churn")


if __name__ == "__main__":
    main(globals(), at_once=2)
