# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A reader of 10 KiB/s behind a pipe: compares the rows it reads and the reported losses with the events that happened."""

import json
import os
import re
import tempfile
import threading
import time

import account
import load
import peers
import process
import table
import witness
from arguments import number
from observer import Observer

TITLE = "A slow reader behind a pipe"

TOOL = load.ROOT / "build/tcpstates"
OURS = {"ours": [TOOL], "ours `-o json`": [TOOL, "-o", "json"]}
PEER = "libbpf-tools tcpstates"

# The tools are asked for these alone, and filter in the kernel: whose events those are that were lost, nobody could tell.
FIRST_PORT = 9989

READ_BYTES = 1024
READ_EVERY_S = 0.1
# After the load, while events wait in all buffers.
REST_S = 1.0
# For the peer, which waits until its reader has taken all that is left in the kernel's buffers.
END_LIMIT_S = 60

HEADER = b"SKADDR "
# SKADDR PID COMM LADDR LPORT RADDR RPORT OLDSTATE -> NEWSTATE MS, COMM being any ten characters
WHOLE_ROW = re.compile(rb"[0-9a-f]{16} [\d -]{7} .{10} [\d.]+ +\d+ +[\d.]+ +(?P<rport>\d+) +[A-Z0-9_]+ +-> [A-Z0-9_]+ +"
                       rb"(\d+\.\d{3}|-)\n")


def add_arguments(parser):
    parser.add_argument("--rounds", type=number(1, 20), default=2, metavar="N", help="of each observer (default: 2)")
    parser.add_argument("--connections", type=number(len(load.CPUS), 100000), default=10000, metavar="N",
                        help="per round (default: 10000)")


def problems(_options):
    return process.missing_files(TOOL, load.CHURN) + process.missing_commands("taskset")


class SlowReader:
    """Reads from a pipe into a file; for Observer(stdout=reader.writer)."""

    def __enter__(self):
        self.reader, self.writer = os.pipe()
        self.file = tempfile.TemporaryFile()
        self.hurry = threading.Event()
        self.thread = threading.Thread(target=self._read)
        self.thread.start()
        return self

    def _read(self):
        while chunk := os.read(self.reader, READ_BYTES):
            self.file.write(chunk)
            self.hurry.wait(READ_EVERY_S)

    def close_writer(self):
        """Ours, once the observer has its own."""
        if self.writer >= 0:
            os.close(self.writer)
        self.writer = -1

    def all(self):
        """When the writer has ended: what is left in the pipe does not depend on the speed any more."""
        self.hurry.set()
        self.thread.join()
        self.file.seek(0)
        return self.file.read()

    def __exit__(self, *_):
        self.close_writer()
        self.all()
        os.close(self.reader)
        self.file.close()


def is_row_of_json(line):
    try:
        return line.endswith(b"\n") and json.loads(line)["rport"] in load.ports(FIRST_PORT)
    except (ValueError, KeyError, TypeError):
        return False


def is_row_of_text(line):
    row = WHOLE_ROW.fullmatch(line)
    return row is not None and int(row["rport"]) in load.ports(FIRST_PORT)


def count_lines(text, is_row):
    lines = text.splitlines(keepends=True)
    if lines and lines[0].startswith(HEADER) and lines[0].endswith(b"\n"):
        lines = lines[1:]
    printed = sum(map(is_row, lines))
    return {"printed": printed, "torn": len(lines) - printed}


def run_round(command, is_row, options):
    loads = load.on_each_cpu(load.CHURN, ["--connections", options.connections // len(load.CPUS)], FIRST_PORT)
    hidden = witness.hidden(("dport",), load.ports(FIRST_PORT))
    with hidden, SlowReader() as reader, Observer(command, stdout=reader.writer) as observer:
        reader.close_writer()
        figures = load.total(load.run(loads), "client_transitions")
        time.sleep(REST_S)
        start = time.monotonic()
        observer.stop(END_LIMIT_S)
        end_s = time.monotonic() - start
        return {"expected": figures["client_transitions"], **count_lines(reader.all(), is_row),
                "reported_lost": observer.lost(), "hidden_at_most": hidden.count(), "end_s": end_s}


def measure(options, say):
    found, notes, skipped = peers.usable({PEER: peers.libbpf_tool("tcpstates")}, say)
    of_load = ["-D", ",".join(map(str, load.ports(FIRST_PORT)))]
    rounds = []
    for turn in range(1, options.rounds + 1):
        for name, command in {**OURS, **found}.items():
            say(f"round {turn} of {options.rounds}: {name}")
            is_row = is_row_of_json if "json" in command else is_row_of_text
            rounds.append({"observer": name, **run_round([*command, *of_load], is_row, options)})
    return {"connections": options.connections, "rounds": rounds, "notes": notes, "skipped": skipped}


# ---- the report ----

def torn(rounds):
    return sum(one["torn"] for one in rounds)


def report(result):
    found = account.by_observer(result["rounds"])
    text = (f"{result['connections']} connections a round, whose clients' transitions are asked for (`-D`). The reader takes "
            f"{READ_BYTES / READ_EVERY_S / 1024:.0f} KiB/s until the tool has ended, which it is asked to (SIGINT) {REST_S:.0f} s "
            "after the load. The counts are those of all rounds together.\n\n")
    text += table.markdown([*account.HEADER, "torn lines", "s until it ended"],
                           [[*account.row(name, rounds), torn(rounds), table.span([one["end_s"] for one in rounds], 1)]
                            for name, rounds in found.items()])
    text += account.LEGEND + "\n"
    for name in OURS:
        text += account.goal(name, found)
        if name in found:
            text += table.at_most(f"{name}: torn lines", torn(found[name]), 0, 0)
    return text + table.notes(result["notes"]) + table.skipped(result["skipped"])
