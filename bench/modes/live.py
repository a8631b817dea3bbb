# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The cost of the live view on a screen, with few and with many connections open."""

import fcntl
import os
import pty
import statistics
import struct
import termios
import threading
import time

import load
import process
import table
from arguments import number
from modes.scale import held, reason_to_leave_out, sizes
from process import Failure

TITLE = "What the live view costs on a screen"

TOOL = load.ROOT / "build/tcpstates"
LINES, COLUMNS = 50, 200
SIZES = (0, 10000, 100000)
KIB_EACH = 5

READY_LIMIT_S, ANSWER_LIMIT_S, WARM_UP_S = 60, 30, 4
# Bytes that come with less time between them belong to one refresh.
PAUSE_S = 0.1
KEYS = 6  # an even number: ? shows the help, and hides it

# The view's own rule, of one CPU; beside it, what is not in a pass: keys and drawing.
CPU_GOAL = 0.06


def add_arguments(parser):
    parser.add_argument("--rounds", type=number(1, 100), default=3, metavar="N", help="of each number of sockets (default: 3)")
    parser.add_argument("--sockets", type=sizes, default=list(SIZES), metavar="N,N...",
                        help=f"to hold open (default: {','.join(map(str, SIZES))})")
    parser.add_argument("--seconds", type=number(1, 600), default=12, metavar="N", help="to look on in a round (default: 12)")


def problems(_options):
    return process.missing_files(TOOL, load.ROOT / "build/bench/hold")


class Screen:
    """The tool on a terminal, which takes all that the tool writes and notes when."""

    def __enter__(self):
        self.terminal, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self.written = []  # time, bytes
        # apart: a session of its own, which the terminal belongs to
        self.process = process.start([TOOL, "--live"], apart=True, stdin=inner, stdout=inner, stderr=inner,
                                     env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"})
        os.close(inner)
        threading.Thread(target=self._take, daemon=True).start()
        return self

    def __exit__(self, *_):
        process.end(self.process)
        os.close(self.terminal)

    def _take(self):
        try:
            while taken := os.read(self.terminal, 1 << 16):
                self.written.append((time.monotonic(), len(taken)))
        except OSError:
            pass  # the tool has ended

    def wait(self, count, limit_s):
        """Until more than so many pieces were written."""
        limit = time.monotonic() + limit_s
        while len(self.written) <= count:
            time.sleep(0.001)
            if self.process.poll() is not None or time.monotonic() > limit:
                raise Failure(f"--live does not draw within {limit_s} s")

    def refreshes(self, begin, end):
        """The bytes of each, between two times."""
        found, last = [], 0
        for at, size in list(self.written):
            if begin <= at < end:
                if at - last > PAUSE_S:
                    found.append(0)
                found[-1] += size
                last = at
        return found

    def answer_s(self):
        """Time from a key to the picture that it changes. A pass that is under way, or another refresh, may come between."""
        time.sleep(2 * PAUSE_S)
        count, begin = len(self.written), time.monotonic()
        os.write(self.terminal, b"?")
        self.wait(count, ANSWER_LIMIT_S)
        return self.written[count][0] - begin


def run_round(options):
    with Screen() as screen:
        pid = screen.process.pid
        screen.wait(0, READY_LIMIT_S)
        time.sleep(WARM_UP_S)
        begin, cpu_s = time.monotonic(), process.cpu_s(pid)
        time.sleep(options.seconds)
        end, cpu_s = time.monotonic(), process.cpu_s(pid) - cpu_s
        bytes_each = screen.refreshes(begin, end)
        return {"cpu_share": cpu_s / (end - begin), "refreshes_per_s": len(bytes_each) / (end - begin),
                "bytes_per_refresh": statistics.median(bytes_each) if bytes_each else None,
                "answer_s": [screen.answer_s() for _ in range(KEYS)], "peak_rss_kib": process.peak_rss_kib(pid)}


def measure(options, say):
    result = {"rounds": [], "skipped": {}}
    for sockets in options.sockets:
        why = reason_to_leave_out(sockets, KIB_EACH)
        if why:
            result["skipped"][f"{sockets:,} sockets"] = why
            continue
        say(f"{sockets:,} sockets")
        with held(sockets):
            for turn in range(1, options.rounds + 1):
                say(f"{sockets:,} sockets, round {turn} of {options.rounds}")
                result["rounds"].append({"sockets": sockets, **run_round(options)})
    return result


# ---- the report ----

def row(sockets, rounds):
    drawn = [one for one in rounds if one["refreshes_per_s"]]
    return [f"{sockets:,}", table.span([100 * one["cpu_share"] for one in rounds], 1),
            table.span([1 / one["refreshes_per_s"] for one in drawn], 1) if drawn else "none",
            table.span([one["bytes_per_refresh"] for one in drawn], 0) if drawn else "none",
            table.span([1000 * answer for one in rounds for answer in one["answer_s"]], 0),
            table.span([one["peak_rss_kib"] / 1024 for one in rounds], 1)]


def report(result):
    crowds = {}
    for one in result["rounds"]:
        crowds.setdefault(one["sockets"], []).append(one)
    text = f"{COLUMNS}x{LINES}, every second if a pass over the sockets takes less than 5 % of a CPU.\n\n"
    if crowds:
        text += table.rounds(len(next(iter(crowds.values())))) + ":\n\n"
        text += table.markdown(["idle sockets", "CPU, % of one", "seconds from refresh to refresh", "bytes a refresh",
                                "ms from a key to its picture", "peak memory, MiB"],
                               [row(sockets, rounds) for sockets, rounds in crowds.items()]) + "\n"
        most, rounds = max(crowds.items())
        text += table.at_most(f"CPU with {most:,} sockets, of one", statistics.median(one["cpu_share"] for one in rounds), CPU_GOAL, 3)
    return text + table.skipped(result["skipped"])
