# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The peers, which are the tools that ours are compared with: finds them, and checks whether they run here."""

import os
import pathlib
import shutil

from observer import Observer
from process import Failure

HERE = pathlib.Path(__file__).resolve().parent

# Debian's package has them in /usr/sbin under their own names, other distributions' with a prefix.
LIBBPF_TOOLS = ("/usr/sbin/{}", "/usr/sbin/libbpf-{}", "/usr/sbin/bpf-{}", "/usr/share/bcc/libbpf-tools/{}")


# A function that finds a peer yields the ways to run it, each with a word on it, the best first. Without any it raises Failure.

def libbpf_tool(name):
    for place in LIBBPF_TOOLS:
        path = place.format(name)
        if os.access(path, os.X_OK):
            yield [path], ""
            return
    raise Failure("not installed (Debian: libbpf-tools)")


def bpftrace(script):
    if not shutil.which("bpftrace"):
        raise Failure("not installed (Debian: bpftrace)")
    yield ["bpftrace", HERE / "peers" / f"{script}.bt"], ""


def _first_that_runs(ways):
    failures = []
    try:
        for command, note in ways:
            try:
                with Observer(command):
                    return command, note
            except Failure as failure:
                failures.append(f"with {note}: {failure}" if note else str(failure))
    except Failure as failure:
        failures.append(str(failure))
    raise Failure("; ".join(failures))


def usable(peers, say):
    """Name to command of those that run here, name to a word on some of them, and name to reason of those that do not run."""
    commands, notes, skipped = {}, {}, {}
    for name, ways in peers.items():
        say(f"trying {name}")
        try:
            commands[name], note = _first_that_runs(ways)
            if note:
                notes[name] = note
        except Failure as failure:
            skipped[name] = str(failure)
    return commands, notes, skipped
