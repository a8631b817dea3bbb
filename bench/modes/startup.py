# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The time from the start of tcpstates to its first row on a terminal, beside the peers."""

import os
import re
import select
import signal
import statistics
import subprocess
import sys
import time

import bcc
import load
import peers
import process
import table
from arguments import number
from process import Failure

TITLE = "From start to the first row"

TOOL = load.ROOT / "build/tcpstates"
PEER = "libbpf-tools tcpstates"
PEER_THERE_MS = 48

# Two transitions a millisecond, in a network namespace of their own: as early as it traces there is something to show. Bounded.
EVENTS = """
import socket, time
print("ready", flush=True)
for _ in range(600000):
    with socket.socket() as one:
        one.connect_ex(("127.0.0.1", 9))
    time.sleep(0.001)
"""
ROW = re.compile(rb"(?:CLOSE|SYN_SENT) +-> (?:SYN_SENT|CLOSE)\b")
LIMIT_S = 60


def add_arguments(parser):
    parser.add_argument("--rounds", type=number(1, 1000), default=15, metavar="N", help="of each (default: 15)")


def problems(_options):
    return process.missing_files(TOOL)


def wait_for_row(terminal, limit):
    """When the first one was there."""
    shown = b""
    while not ROW.search(shown):
        readable, _, _ = select.select([terminal], [], [], max(limit - time.monotonic(), 0))
        if not readable:
            raise Failure(f"no row within {LIMIT_S} s, but: {shown[:200]!r}")
        shown += os.read(terminal, 65536)
    return time.monotonic()


def run_round(command):
    terminal, inside = os.openpty()
    try:
        start = time.monotonic()
        tool = process.start(command, stdout=inside, stderr=subprocess.DEVNULL)
        try:
            end = wait_for_row(terminal, start + LIMIT_S)
            return {"wall_ms": (end - start) * 1e3, "cpu_ms": process.cpu_s(tool.pid) * 1e3}
        finally:
            process.end(tool, signal.SIGKILL)
    finally:
        os.close(terminal)
        os.close(inside)


def measure(options, say):
    found, notes, skipped = peers.usable({
        PEER: peers.libbpf_tool("tcpstates"),
        "bcc tcpstates": bcc.ways("tcpstates"),
        "bpftrace script": peers.bpftrace("tcpstates"),
    }, say)
    commands = {"ours": [TOOL], **found}
    rounds = []
    with load.running([[sys.executable, "-c", EVENTS]]) as events:
        events.stdout.readline()
        for turn in range(1, options.rounds + 1):
            say(f"round {turn} of {options.rounds}")
            for name in [name for name in commands if name not in skipped]:
                try:
                    rounds.append({"observer": name, "round": turn, **run_round(commands[name])})
                except Failure as failure:
                    if name not in found:
                        raise
                    skipped[name] = f"failed in round {turn}: {failure}"
        if events.poll() is not None:
            raise Failure("what makes events has ended early")
    return {"rounds": rounds, "notes": notes, "skipped": skipped}


# ---- the report ----

def column(rounds, name, key):
    return [figures[key] for figures in rounds if figures["observer"] == name]


def goals(rounds):
    """Both ways to read "no slower than libbpf-tools": than where the goal was set, and than here."""
    ours, peer = (column(rounds, name, "wall_ms") for name in ("ours", PEER))
    text = table.at_most(f"from start to the first row (where the goal was set, {PEER} took that)", statistics.median(ours),
                         PEER_THERE_MS, 0, " ms")
    what = f"the same, of the time of {PEER} here"
    if not peer:
        return text + table.unknown(what, "it did not run")
    return text + table.at_most(what, statistics.median(a / b for a, b in zip(ours, peer)), 1, 2)


def report(result):
    rounds = result["rounds"]
    names = dict.fromkeys(figures["observer"] for figures in rounds)
    rows = [[name, *(table.span(column(rounds, name, key), 1) for key in ("wall_ms", "cpu_ms"))] for name in names]
    text = f"{table.rounds(len(column(rounds, 'ours', 'wall_ms')))}, on a terminal.\n\n"
    text += table.markdown(["observer", "from exec to the first row, ms", "CPU time of it, ms"], rows)
    return text + "\n" + goals(rounds) + table.notes(result["notes"]) + table.skipped(result["skipped"])
