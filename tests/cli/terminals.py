# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A terminal that a test can look at: a window of tmux, with a shell of its own and a server of its own."""

import os
import pathlib
import re
import shlex
import signal
import subprocess
import tempfile
import time

from cli import ROOT, TOOL, assert_equal, need_command, wait_until

SCREEN_LIMIT_S = 15


class Terminal:
    """`env` is added to the environment of the shell."""

    def __init__(self, width=80, height=24, term="tmux-256color", env=()):
        need_command("tmux")
        self.size = (width, height)
        self._settings = [f"TERM={term}", "LC_ALL=C.UTF-8", *env]

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="tcpvitals-tmux-")
        self.path = pathlib.Path(self._folder.name)
        self._name = f"tcpvitals-{os.getpid()}-{self.path.name[-8:]}"
        shell = f"env -u NO_COLOR {' '.join(map(shlex.quote, self._settings))} PS1='$ ' bash --norc --noprofile"
        self.tmux("new-session", "-d", "-x", str(self.size[0]), "-y", str(self.size[1]), shell)
        self.tmux("set-option", "-g", "window-size", "manual")
        self.await_screen(lambda screen: screen.startswith("$"), "no prompt")
        self.shell_pid = int(self.tmux("display-message", "-p", "#{pane_pid}"))
        return self

    def __exit__(self, *_):
        self.tmux("kill-server", check=False)
        self._folder.cleanup()

    def tmux(self, *args, check=True):
        result = subprocess.run(["tmux", "-L", self._name, "-f", "/dev/null", *args], stdin=subprocess.DEVNULL, capture_output=True,
                                text=True, timeout=20, check=check, cwd=ROOT)
        return result.stdout.rstrip("\n")

    def keys(self, *keys):
        """Names of keys as tmux has them, or text."""
        self.tmux("send-keys", *keys)

    def type(self, line):
        self.tmux("send-keys", "-l", line)
        self.keys("Enter")

    def resize(self, width, height):
        self.size = (width, height)
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def screen(self, colors=False):
        """`colors`: with the sequences for them, also for blanks at the end of a line."""
        return self.tmux("capture-pane", "-p", *(["-e", "-N"] if colors else []))

    def await_screen(self, condition, what, limit=SCREEN_LIMIT_S):
        wait_until(lambda: condition(self.screen()), limit, lambda: f"{what}:\n{self.screen()}")

    def shows_cursor(self):
        return self.tmux("display-message", "-p", "#{cursor_flag}#{alternate_on}") == "10"

    def modes(self):
        """The output of stty -a in the shell."""
        file = self.path / f"modes-{time.monotonic_ns()}"
        self.type(f"stty -a >{file}.new; mv {file}.new {file}")
        wait_until(file.exists, SCREEN_LIMIT_S, lambda: f"the shell does not answer:\n{self.screen()}")
        return file.read_text(encoding="ascii")

    def start(self, *args, wait_for="q quit"):
        """Begins the tool in the shell, and waits for its screen. Returns its pid."""
        file = self.path / f"pid-{time.monotonic_ns()}"
        self.type(f"sh -c 'echo $$ >{file}; exec \"$@\"' sh {shlex.join([TOOL, *args])}")
        self.await_screen(lambda screen: wait_for in screen, f"no screen of {args}")
        return int(file.read_text(encoding="ascii"))

    def record(self):
        """A file with all bytes that are written to the terminal from now on."""
        file = self.path / "bytes"
        self.tmux("pipe-pane", f"exec cat >>{file}")
        wait_until(file.exists, SCREEN_LIMIT_S, "pipe-pane does not begin")
        return file

    def assert_as_before(self, modes, what):
        self.await_screen(lambda screen: re.search(r"^\$ *$", screen, re.MULTILINE), f"no prompt after {what}")
        assert self.shows_cursor(), f"after {what}: no cursor, or the alternate screen"
        assert_equal(self.modes(), modes, f"stty -a after {what}")


def is_alive(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def await_end(pid, what):
    wait_until(lambda: not is_alive(pid), SCREEN_LIMIT_S, f"still running: {what}")


def end(pid, number=signal.SIGTERM):
    os.kill(pid, number)
    await_end(pid, signal.Signals(number).name)
