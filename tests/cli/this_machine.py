# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The answers of tests/machine about this machine. A test that needs more is skipped, with the name of what is missing.

The file with the answers is $TCPVITALS_MACHINE. If that variable is not set, build/tests/machine/machine runs once.
"""

import functools
import os
import pathlib
import subprocess

from cli import ROOT, Skip

PROGRAM = str(ROOT / "build/tests/machine/machine")


def parse(text):
    """{name: (yes, no or unknown, why or where)}"""
    answers = {}
    for line in text.splitlines():
        name, verdict, why = line.split("\t")
        assert name not in answers and verdict in ("yes", "no", "unknown"), f"not understood: {line!r}"
        answers[name] = (verdict, why)
    return answers


def ask(**kwargs):
    """Runs the program now."""
    result = subprocess.run([PROGRAM], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=60, check=True, **kwargs)
    return parse(result.stdout)


@functools.lru_cache(maxsize=None)
def answers():
    path = os.environ.get("TCPVITALS_MACHINE")
    return parse(pathlib.Path(path).read_text(encoding="utf-8")) if path else ask()


def machine_refuses(name):
    """None, or a sentence with the reason. "unknown" is no refusal: the test goes on and finds out."""
    assert name in answers(), f"tests/machine has no answer named {name}"
    verdict, why = answers()[name]
    return f"this machine has no {name}: {why}" if verdict == "no" else None


def need_machine(*names):
    for name in names:
        if machine_refuses(name):
            raise Skip(machine_refuses(name))


def need_seeding():
    """For a test of sockets that are older than the tool, or of a tool that has nothing to say: else it says what it misses."""
    need_machine("iter/task_file", "iter/tcp")
