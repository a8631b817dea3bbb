#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Completion for bash: options, words of options, lists."""

import shlex
import subprocess

from cli import ROOT, RTT_TOOL, TOOL, assert_equal, assert_in, main

SCRIPT = ROOT / "dist/completion/tcpvitals.bash"


def complete(*words, tool=TOOL):
    """The offers of bash for the last word."""
    script = f"""source {shlex.quote(str(SCRIPT))}
        COMP_WORDS=({" ".join(map(shlex.quote, (tool, *words)))}); COMP_CWORD={len(words)}
        _tcpvitals {shlex.quote(tool)} {shlex.quote(words[-1])} {shlex.quote(words[-2] if len(words) > 1 else tool)}
        printf '%s\\n' "${{COMPREPLY[@]}}" """
    result = subprocess.run(["bash", "-c", script], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False)
    assert_equal(result.stderr, "", f"stderr of {words}")
    return result.stdout.split()


def test_options():
    assert_equal(complete("--retr"), ["--retransmits"], "--retr")
    assert_equal(complete("--s", tool=RTT_TOOL), sorted(complete("--s", tool=RTT_TOOL)), "in the order of --help")
    assert_in("--sample", complete("--s", tool=RTT_TOOL))


def test_words():
    assert_equal(complete("--state", "SYN"), ["SYN_SENT", "SYN_RECV"], "--state SYN")
    assert_equal(complete("--state", "=", "LA"), ["LAST_ACK"], "--state=LA")
    assert_equal(complete("--sample", "h", tool=RTT_TOOL), ["handshake"], "--sample h")


def test_lists():
    assert_equal(complete("-O", "PID,COM"), ["PID,COMM"], "the second of a list")
    assert_equal(complete("-O", "LIM"), [], "no column of transitions")
    assert_equal(complete("-c", "-O", "LIM"), ["LIMIT"], "a column of -c")


def test_nothing_runs():
    """Options that take any word, as a command or a file, are left to the shell."""
    for words in (("--", "t"), ("--out", "x"), ("--comm", "n")):
        assert_equal(complete(*words), [], words)


if __name__ == "__main__":
    main(globals())
