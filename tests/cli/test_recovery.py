#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The kernel skips a program that interrupts itself: the second program on the hook records what the first one missed."""

import os
import re

from cli import CLIENT_FIRST, Trace, assert_equal, connect_once, main, need_root, of_port, states
from surroundings import Fifo, OwnNetwork, refusing
from this_machine import need_machine, need_seeding

FIRST = tuple(f"skip:set_state_{way}" for way in ("cast", "storage", "hash"))
WAYS = (), ("--without-casts",), ("--storage", "socket"), ("--storage", "hash")


def need_skipping():
    need_root()
    need_machine("seccomp_notify", "socket_storage")
    need_seeding()


def assert_all_rows(rows, port, which):
    client = [row for row in rows if row["rport"] == port]
    assert_equal((len(rows), states(client)), (12, CLIENT_FIRST), f"rows {which}")
    assert_equal({row["pid"] for row in rows}, {os.getpid()}, f"owners {which}")


def test_rows():
    need_skipping()
    for args in WAYS:
        with Trace("-o", "json", *args, prefix=refusing(*FIRST)) as trace:
            port = connect_once()
            assert_equal(trace.stop(), 0, f"exit status with {args}")
            assert_all_rows(of_port(trace.rows(), port), port, f"with {args}")
            told = re.search(r"lost 0 of (\d+) rows: nothing was missed; \1 were recorded by the second program", trace.err)
            assert told, trace.err


def test_whole_connections():
    need_skipping()
    with Trace("-c", "-o", "json", prefix=refusing(*FIRST)) as trace:
        port = connect_once()
        assert_equal(trace.stop(), 0, "exit status")
        rows = of_port(trace.rows(), port)
    assert_equal({row["role"]: row["cause"] for row in rows}, {"client": "fin-local", "server": "fin-remote"}, "records")
    assert all(row["total_us"] > 0 and row["pid"] == os.getpid() for row in rows), rows


def test_after_a_failed_allocation():
    """Events that the first program had no memory for are not the second one's, but those that it misses from then on are."""
    need_skipping()
    with Fifo() as fifo, Trace("-o", "json", "--storage", "socket", prefix=refusing(*FIRST)) as trace, OwnNetwork() as network:
        network.set_option_memory(1)
        without = connect_once()
        network.set_option_memory(20480)
        before = connect_once()
        fifo.write()
        after = connect_once()
        assert_equal(trace.stop(), 0, "exit status")
        rows = [row for row in trace.rows() if row["netns"] == network.number]
        errors = trace.err
    unowned = of_port(rows, without)
    assert_equal((len(unowned), {row["pid"] for row in unowned}), (12, {None}), "rows without memory")
    assert_all_rows(of_port(rows, before), before, "by the first program")
    assert_all_rows(of_port(rows, after), after, "by the second program")
    for what in "rows are without owner and duration", "were recorded by the second program":
        found = re.findall(rf"(\d+) {what}", errors)  # the last line has them all
        assert found and int(found[-1]) >= 12, errors  # other connections of the machine's may be among them


if __name__ == "__main__":
    main(globals())
