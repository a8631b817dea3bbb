#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The beginning of tracing: all programs start with the same event, however long their attachment takes."""

import threading

from cli import RTT_TOOL, Trace, assert_equal, connect_once, main, need_root, of_port
from surroundings import Fifo, refusing
from this_machine import need_machine, need_seeding

HELD = tuple(f"hold:recover_{way}" for way in ("cast", "storage", "hash"))
HELD_SAMPLES = "hold:sample_cast", "hold:sample_call"


class Connecting(threading.Thread):
    """One connection, when one program is attached and another one is not."""

    def __init__(self, fifo):
        super().__init__(daemon=True)
        self._fifo = fifo
        self.port = None

    def run(self):
        with open(self._fifo.path, "wb"):  # waits until the tool waits
            self.port = connect_once()


def test_rows():
    need_root()
    need_machine("seccomp_notify")
    need_seeding()
    for args in (), ("--without-casts",), ("--storage", "hash"):
        with Fifo() as fifo:
            between = Connecting(fifo)
            between.start()
            with Trace("--strict", "-o", "json", *args, prefix=refusing(*HELD)) as trace:
                between.join(20)
                after = connect_once()
                assert_equal(trace.stop(), 0, f"exit status with {args}: {trace.err}")
                rows = trace.rows()
        assert_equal([len(of_port(rows, port)) for port in (between.port, after)], [0, 12], f"rows with {args}")


def test_samples():
    need_root()
    need_machine("seccomp_notify")
    need_seeding()
    for storage in "auto", "hash":
        args = "--sample", "rtt", "--by", "rport,comm", "-o", "json", "--storage", storage
        with Fifo() as fifo:
            between = Connecting(fifo)
            between.start()
            with Trace(*args, tool=RTT_TOOL, prefix=refusing(*HELD_SAMPLES)) as trace:
                between.join(20)
                after = connect_once()
                assert_equal(trace.stop(), 0, f"exit status with {args}: {trace.err}")
                ports = {int(row["key"].split(",")[0]) for row in trace.rows() if row["key"]}
        assert_equal([port in ports for port in (between.port, after)], [False, True], f"ports with samples with {args}")


if __name__ == "__main__":
    main(globals())
