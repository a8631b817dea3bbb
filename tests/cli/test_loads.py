#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The benchmark's loads: which arguments they refuse, and the bytes that they report (transitions:
tests/kernel/bench_churn.c)."""

import json
import subprocess

from cli import ROOT, Trace, assert_equal, assert_in, free_port, lost, main, need_root

CHURN = ROOT / "build/bench/churn"
PINGPONG = ROOT / "build/bench/pingpong"

CONNECTIONS = 10


def load(program, *args):
    return subprocess.run([program, *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          check=False)


def payload(kind, exchanges, large):
    """By hand: of four rounds on each connection, one is large."""
    requests = {"pingpong": exchanges, "bulk": exchanges * large, "mixed": exchanges // 4 * (large + 3)}
    return requests[kind] + exchanges


def test_payload():
    """Each kind moves the bytes that it says; the clients' connections count their SYN and both FINs, too."""
    need_root()
    exchanges, large = 8 * CONNECTIONS, 300000
    for kind in ("pingpong", "bulk", "mixed"):
        port = free_port()
        with Trace("-c", "-o", "json", "-D", port) as trace:
            result = load(PINGPONG, "--exchanges", exchanges, "--kind", kind, "--bytes", large, "--connections",
                          CONNECTIONS, "--threads", 3, "--port", port)
            assert_equal((result.returncode, result.stderr), (0, ""), f"exit status and stderr of {kind}")
            assert_equal(trace.stop(), 0, "exit status")
            assert_equal(lost(trace.err)[0], 0, "lost")
            rows = trace.rows()
        report = json.loads(result.stdout)
        assert_equal(report["payload_bytes"], payload(kind, exchanges, large), f"payload of {kind}")
        assert_equal(len(rows), CONNECTIONS, "connections")
        moved = sum(row["bytes_acked"] - 2 + row["bytes_received"] - 1 for row in rows)
        assert_equal(moved, report["payload_bytes"], f"bytes of {kind}")


def test_wrong_arguments():
    """Exit status 2, and a line with the word and what is allowed."""
    for program, args, word, allowed in (
            (CHURN, ["--connections", "3x"], '"3x"', "from 1 to 10000000"),
            (CHURN, ["--connections", "10", "--order", "both"], '"both"', "client, server, rst"),
            (CHURN, ["--connections", "10", "--family", "5"], '"5"', "4, 6"),
            (PINGPONG, ["--exchanges", "10", "--kind", "flood"], '"flood"', "pingpong, bulk, mixed"),
            (PINGPONG, ["--exchanges", "10", "--bytes", "1048577"], '"1048577"', "from 1 to 1048576"),
            (PINGPONG, [], "Usage: pingpong", "--kind"),
            (CHURN, ["--connections", "10", "more"], "Usage: churn", "--order")):
        result = load(program, *args)
        assert_equal((result.returncode, result.stdout), (2, ""), f"exit status and stdout of {program.name} {args}")
        assert_in(word, result.stderr)
        assert_in(allowed, result.stderr)


def test_deadline():
    """More than a second's work, and a second."""
    for program, args in ((CHURN, ["--connections", 10000000]), (PINGPONG, ["--exchanges", 1000000000])):
        result = load(program, *args, "--deadline", 1)
        assert result.returncode != 0, f"{program.name} with a deadline: {result.returncode}, {result.stdout}"
        assert_equal(result.stdout, "", f"report of {program.name}, which has not done its work")


if __name__ == "__main__":
    main(globals())
