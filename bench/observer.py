# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A tracer at work: waits until it is ready, waits until it has nothing left to write, and measures what it took in between."""

import os
import re
import tempfile
import time

import process
from bpf_stats import held_programs, recursion_misses
from process import Failure

# Tools do not say in one way that they trace. They do so when they hold a BPF program and have slept for so long since: while
# they compile, attach and look for sockets they run, or wait for the kernel without sleeping.
ATTACHED_S = 1.0
READY_LIMIT_S = 60

# Nothing more written for so long: drained.
DRAINED_S = 0.4
DRAIN_LIMIT_S = 120

POLL_S = 0.05

# ours, then all in all; libbpf-tools, bcc and bpftrace, each time anew
LOST_IN_ALL = re.compile(rb"^tcp\w+: lost (\d+) of \d+", re.MULTILINE)
LOST_ANEW = re.compile(rb"\blost (\d+) (?:events|samples)", re.IGNORECASE)


class Observer:
    """Writes to files of its own, or to the descriptor that is given. Used in a with statement, it is gone after that."""

    def __init__(self, command, attached_s=ATTACHED_S, stdout=None):
        self.command = list(map(str, command))
        self.attached_s = attached_s
        self.stdout = stdout

    def __enter__(self):
        self.output = tempfile.TemporaryFile()
        self.errors = tempfile.TemporaryFile()
        self.process = process.start(self.command, stdout=self.output if self.stdout is None else self.stdout, stderr=self.errors)
        try:
            self._wait_until_attached()
            self.start_cpu_s = process.cpu_s(self.process.pid)
            self.start_misses = recursion_misses(self.process.pid)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait_until_attached(self):
        limit = time.monotonic() + READY_LIMIT_S
        slept_s = 0
        while slept_s < self.attached_s:
            time.sleep(POLL_S)
            if self.process.poll() is not None:
                raise Failure(f"{self.name()} ended with {self.process.returncode}: {self.last_words()}")
            if time.monotonic() > limit:
                raise Failure(f"{self.name()} is not ready within {READY_LIMIT_S} s: {self.last_words()}")
            if held_programs(self.process.pid) and process.sleeps(self.process.pid):
                slept_s += POLL_S

    def name(self):
        return " ".join(self.command)

    def last_words(self):
        """The first error that it names, as compilers do; else the last line."""
        lines = [line.strip() for line in self._all(self.errors).decode(errors="replace").splitlines() if line.strip()]
        errors = [line for line in lines if " error: " in line]
        return (errors[:1] or lines[-1:] or ["no word why"])[0]

    @staticmethod
    def _all(file):
        file.seek(0)
        return file.read()

    def wait_until_drained(self):
        """Until it has written nothing for a while, and not because it waits for a CPU."""
        size, quiet_since = -1, time.monotonic()
        limit = time.monotonic() + DRAIN_LIMIT_S
        while time.monotonic() < quiet_since + DRAINED_S:
            if time.monotonic() > limit:
                raise Failure(f"{self.name()} still writes after {DRAIN_LIMIT_S} s")
            now = os.fstat(self.output.fileno()).st_size
            if now != size or not process.sleeps(self.process.pid):
                size, quiet_since = now, time.monotonic()
            time.sleep(POLL_S)

    def usage(self):
        """Its cost: CPU time and skipped programs since it was ready, memory since it was started."""
        pid = self.process.pid
        return {"cpu_s": process.cpu_s(pid) - self.start_cpu_s, "peak_rss_kib": process.peak_rss_kib(pid),
                "recursion_misses": recursion_misses(pid) - self.start_misses}

    def stop(self, limit_s=process.END_LIMIT_S):
        process.end(self.process, limit_s=limit_s)

    def rows(self, pattern):
        """How many lines it has written that the pattern (of bytes) is found in; after stop()."""
        self.output.seek(0)
        return sum(1 for line in self.output if pattern.search(line))

    def lost(self):
        """How many events it has said to have lost; after stop()."""
        said = self._all(self.errors)
        in_all = LOST_IN_ALL.findall(said)
        if in_all:
            return int(in_all[-1])
        return sum(map(int, LOST_ANEW.findall(said + b"\n".join(self._diagnostics()))))

    def _diagnostics(self):
        """bpftrace says among its rows what it has lost."""
        self.output.seek(0)
        return [line for line in self.output if line.startswith(b"Lost ")]

    def __exit__(self, *_):
        self.stop()
        self.output.close()
        self.errors.close()
