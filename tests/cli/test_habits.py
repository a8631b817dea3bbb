#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Habits of one tool work with the other: letters of options, times, and errors that name the other tool's letter."""

import json
import os
import re
import socket
import subprocess
import time

from cli import RTT_TOOL, TOOL, assert_equal, assert_in, connect_once, free_port, main, need_root, read_terminal, run, tool_command
from commands import BOTH

# One syntax for every option that takes a time.
TIMES = ("0.05", "50ms", "50000us", "0.05s", ".00001d", "0.0001m")
GOOD_TIMES = [time for time in TIMES if not time.startswith(".")]

FOREIGN = {
    TOOL: {"p": "-L PORTS", "P": "-D PORTS", "b": "tcprtt", "B": "tcprtt", "e": "tcprtt", "m": "tcprtt"},
    RTT_TOOL: {letter: "tcpstates" for letter in "ctwOY"},
}

STATES = ("ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN",
          "CLOSING")
CAUSES = ("fin-local", "fin-remote", "reset-sent", "refused", "timeout-keepalive", "listener-closed", "address-in-use")

SCREEN = 50  # lines
# From the connect to the hint, and from the start to the connect: who types it needs a while.
HINT_S = 3
LATER_S = 4


def test_letters_of_the_other_tool():
    for tool, letters in FOREIGN.items():
        for letter, remedy in letters.items():
            for words in ([f"-{letter}"], [f"-{letter}", "80"], [f"-{letter}80"]):
                result = run(*words, tool=tool)
                assert_equal((result.returncode, result.stdout), (2, ""), f"{tool} {words}")
                assert_in(f"invalid option -- '{letter}': ", result.stderr.splitlines()[0])
                assert_in(remedy, result.stderr.splitlines()[0])


def test_one_syntax_for_times():
    need_root()
    for tool in BOTH:
        for text in GOOD_TIMES:
            for option in ("-d", "--duration="):
                words = [option + text] if option.endswith("=") else [option, text]
                assert_equal(run(*words, tool=tool).returncode, 0, f"{tool} {words}")
        refused = run("-d", ".00001d", tool=tool)
        assert_equal(refused.returncode, 2, f"{tool}: a time without a digit in front of the point")
        assert_in("or with a unit us, ms, s, m, h or d", refused.stderr)
    for words in (["--min-duration", "5"], ["--min-duration", "100ms"], ["--stuck", "CLOSE_WAIT", "--longer", "5", "--interval", "1"],
                  ["--stuck", "CLOSE_WAIT", "--longer", "1.5d", "-i", "0.5h"]):
        assert_equal(run("-d", "50ms", *words).returncode, 0, f"{words}")
    assert_equal(run("-i", "20ms", "-d", "0.05", tool=RTT_TOOL).returncode, 0, "-i 20ms")
    for tool in BOTH:
        assert_equal(run("--linger", "10ms", "--", "true", tool=tool).returncode, 0, f"{tool} --linger 10ms")


def intervals_of(*words):
    """The lengths of the intervals that were printed while there were connections."""
    command = tool_command("-d", "0.6", "-o", "json", "--pid", os.getpid(), *words)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            connect_once()
            time.sleep(0.02)
        lines = [json.loads(line) for line in process.stdout.read().splitlines()]
        assert_equal((process.returncode, process.stderr.read()), (0, ""), f"{words}")
    return [seconds for _, seconds in sorted({(line["time"], line["interval_s"]) for line in lines})]


def test_summary_takes_its_time_in_four_ways():
    need_root()
    for words in (["--summary=0.2"], ["--summary", "0.2"], ["--summ", "200ms"], ["--summary", "-i", "0.2"], ["-i", "0.2", "--summary"],
                  ["--summary", "--summary", "0.2"]):
        found = intervals_of(*words)
        assert len(found) >= 2 and abs(found[0] - 0.2) < 0.1, f"intervals of {words}: {found}"
    assert_equal(len(intervals_of("--summary")), 1, "summaries without a time")
    for word in "x5", ".5":
        refused = run("--summary", word)
        assert_equal(refused.returncode, 2, "a word that is no time")
        assert_in(f'summary interval "{word}"', refused.stderr)
    refused = run("--summary", "0.2", "7")
    assert_equal(refused.returncode, 2, "a second word")
    assert_in('"7"', refused.stderr)
    for words, why in ((["--summary=5", "-i", "3"], "--summary=TIME and --interval TIME say different times; leave one out"),
                       (["--summary", "-i", "1us"], "--interval of a summary is at least 1ms")):
        refused = run(*words)
        assert_equal(refused.returncode, 2, f"{words}")
        assert_in(why, refused.stderr)
    refused = run("--summary", "5x")
    assert_equal(refused.returncode, 2, "a time with a wrong unit")
    assert_in('summary interval "5x"', refused.stderr)


def test_csv_has_one_letter():
    need_root()
    for tool in BOTH:
        short, long = (run("-d", "0.05", *words, "-L", free_port(), tool=tool) for words in (["-s"], ["-o", "csv"]))
        assert_equal((short.returncode, short.stdout.splitlines()[:1]), (0, long.stdout.splitlines()[:1]), f"{tool} -s")
        assert_equal(run("-s", "-o", "json", tool=tool).returncode, 2, f"{tool} -s -o json")


def test_help():
    for tool in BOTH:
        text = run("--help", tool=tool).stdout
        assert len(text.splitlines()) <= 2 * SCREEN, f"{tool} --help has {len(text.splitlines())} lines"
        for letter in "LDaAdiosTv":
            assert re.search(rf"^ +-{letter}\b", text, re.MULTILINE), f"{tool} --help has no line of -{letter}"
    for word in STATES + CAUSES:
        assert re.search(rf"(?<![\w-]){word}(?![\w-])", run("--help").stdout), f"{word} is not in --help"


def test_quiet_with_a_local_port_while_a_connect_hangs():
    """The row has no local port yet: it is held back, and a person is told so. A log is not."""
    need_root()
    with socket.socket() as listener, socket.socket() as queued, socket.socket() as hanging:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        queued.connect(listener.getsockname())
        terminal, end = os.openpty()
        command = tool_command("-L", "1", "--pid", os.getpid(), "-d", LATER_S + HINT_S + 1.5)
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=end) as shown, \
                subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as logged:
            os.close(end)
            time.sleep(LATER_S)
            hanging.setblocking(False)
            hanging.connect_ex(listener.getsockname())
            said = read_terminal(terminal)
            os.close(terminal)
            assert_equal((shown.wait(), logged.stderr.read(), logged.wait()), (0, "", 0), "exit status, log")
    assert_in("quiet so far: 1 row is held back, because the local port that -L asks for is not known yet; "
              "a connect() may be waiting for its answer", said)


if __name__ == "__main__":
    main(globals())
