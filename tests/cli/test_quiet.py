#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A usual run writes nothing to stderr. Messages of -v use singular and plural correctly."""

import re
import subprocess
import time

from cli import RTT_TOOL, TOOL, assert_equal, assert_in, connect_once, main, need_root, tool_command
from commands import BOTH

# Each way to show it.
MODES = {
    TOOL: ((), ("-c",), ("--summary",), ("-o", "json"), ("-s",), ("-L", "1-65535"), ("-c", "-o", "json"),
           ("--stuck", "CLOSE_WAIT"), ("--stuck", "CLOSE_WAIT", "-o", "json"), ("--retransmits",)),
    RTT_TOOL: ((), ("--by", "comm"), ("-e", "-b"), ("-o", "json", "--by", "conn"), ("--sample", "min"), ("--sample", "handshake"),
               ("--sample", "rtt"), ("-i", "0.2")),
}

# A transition that the machine hides from BPF makes a run that is not a usual one.
TRIES = 3


def said_by(tool, *args):
    """The lines on stderr while there is a connection from time to time."""
    command = tool_command("-d", "0.7", *args, tool=tool)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            while process.poll() is None:
                connect_once()
                time.sleep(0.05)
            said = process.stderr.read()
        finally:
            process.kill()
        assert_equal(process.wait(), 0, f"exit status of {command}: {said}")
        return said


def assert_quiet(tool, *args):
    for _ in range(TRIES):
        said = said_by(tool, *args)
        if not said:
            return
        assert re.fullmatch(r"tcp\w+: lost \d+ of [^\n]*\n", said), f"stderr of {tool} {args}: {said}"
    raise AssertionError(f"stderr of {tool} {args}: {said}")


def test_usual_runs():
    need_root()
    for tool, modes in MODES.items():
        for args in modes:
            assert_quiet(tool, *args)


def test_verbose():
    """One is one."""
    need_root()
    for tool in BOTH:
        said = said_by(tool, "-v")
        assert_in(": lost 0 of ", said)
        assert_equal(re.findall(r"(?<![\d.])1 (?:rows|samples|processes|connections|sockets|segments)\b", said), [], said)


if __name__ == "__main__":
    main(globals())
