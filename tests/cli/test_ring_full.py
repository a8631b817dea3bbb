#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Ring buffers that are full: every lost row is counted, and reported while it happens. --strict turns losses into status 3."""

import re
import time

from cli import (Reader, Trace, assert_diagnostics, assert_equal, assert_in, assert_whole_rows, churn, connect_once, lost, main,
                 need_root, run, wait_until)
from this_machine import need_seeding


def smallest_buffer():
    """The least that --buffer-size takes, by its own words."""
    result = run("--buffer-size", "1")
    found = re.search(r"from (\d+)([KMG]?)", result.stderr)
    return found[1] + found[2] if found else "64K"


def ring_full(*args):
    """Status, stderr and the load's report of a trace whose reader rests while more happens than the ring holds."""
    with Reader() as reader:
        with Trace("--buffer-size", smallest_buffer(), *args, stdout=reader.writer) as trace:
            reader.close_writer()
            reader.stop()
            report = churn(6000, "--threads", 2)
            wait_until(lambda: "lost" in trace.err, 3, lambda: f"no word of the loss: {trace.err}")
            reader.go_on()
            time.sleep(0.5)
            status = trace.stop()
            errors = trace.err
        text = reader.text()
    assert_diagnostics(errors)
    assert_whole_rows(text)
    missing, total = lost(errors)
    assert missing > 0, errors
    assert_equal(len(text.splitlines()) - 1, total - missing, "rows read against those reported as printed")
    return status, errors, report


def test_ring_full():
    need_root()
    need_seeding()
    status, errors, report = ring_full()
    assert_equal(status, 0, "exit status")
    assert_in("no room in the ring buffers", errors)
    total = lost(errors)[1]
    assert total >= report["transitions"] * 0.99, f"{total} of {report['transitions']} transitions accounted for"


def test_ring_full_strict():
    need_root()
    need_seeding()
    status, errors, _ = ring_full("--strict")
    assert_equal(status, 3, f"exit status with --strict ({errors})")


def test_strict_without_losses():
    need_root()
    with Trace("--strict") as trace:
        connect_once()
        assert_equal(trace.stop(), 0, "exit status")


def test_losses_once_a_second():
    """A line when it begins, then at most one a second."""
    need_root()
    need_seeding()
    start = time.monotonic()
    _, errors, _ = ring_full()
    lines = [line for line in errors.splitlines() if "lost" in line]
    assert 1 <= len(lines) <= time.monotonic() - start + 3, errors


if __name__ == "__main__":
    main(globals())
