#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""bench/run slow and extreme: which rows are whole, the account of lost events, and the witness that the account uses."""

import json
import pathlib
import signal
import sys

from cli import ROOT, assert_equal, churn, main, need_command, need_root
from test_bench import assert_ends_all, assert_line, lines_with

sys.path.insert(0, str(ROOT / "bench"))
import account  # pylint: disable=wrong-import-position
import load  # pylint: disable=wrong-import-position
import mounts  # pylint: disable=wrong-import-position
import witness  # pylint: disable=wrong-import-position
from modes import extreme, slow  # pylint: disable=wrong-import-position

HEADER = b"SKADDR           PID     COMM       LADDR           LPORT RADDR           RPORT OLDSTATE    -> NEWSTATE    MS\n"
ROW = b"ffff8881494fa500 7269    two words  127.1.0.1       0     127.0.0.1       %d  CLOSE       -> SYN_SENT    0.133\n"
OTHER = b"ffff8881494fa500 -       -          10.0.0.1        0     10.0.0.2        443   SYN_SENT    -> ESTABLISHED -\n"
PORT = load.ports(slow.FIRST_PORT)[0]


def test_whole_rows_of_text():
    row = ROW % PORT
    for text, printed, torn in ((HEADER + row + row, 2, 0), (HEADER, 0, 0), (b"", 0, 0), (HEADER + row + row[:40], 1, 1),
                                (HEADER + row[:-1], 0, 1), (HEADER + row[20:] + row, 1, 1), (HEADER + row[:30] + row, 0, 1),
                                (HEADER[:20], 0, 1), (HEADER + row + OTHER, 1, 1)):
        counted = slow.count_lines(text, slow.is_row_of_text)
        assert_equal(counted, {"printed": printed, "torn": torn}, f"lines of {text}")


def test_whole_rows_of_json():
    row = json.dumps({"lport": 0, "rport": PORT}).encode() + b"\n"
    for text, printed, torn in ((row + row, 2, 0), (row[:-1], 0, 1), (row + row[5:], 1, 1), (row + b"[]\n{}\n7\n", 1, 3)):
        counted = slow.count_lines(text, slow.is_row_of_json)
        assert_equal(counted, {"printed": printed, "torn": torn}, f"lines of {text}")


def one(**figures):
    return {"observer": "ours", "expected": 100, "printed": 60, "reported_lost": 40, "hidden_at_most": 0, "torn": 0, "end_s": 5.0,
            "connections_per_s": 90, **figures}


def test_account():
    for figures, unaccounted in (({}, 0), ({"printed": 57}, 3), ({"printed": 57, "hidden_at_most": 2}, 1),
                                 ({"printed": 57, "hidden_at_most": 9}, 0), ({"printed": 63}, 3),
                                 ({"printed": 63, "others_at_most": 2}, 1), ({"hidden_at_most": 9, "others_at_most": 9}, 0)):
        assert_equal(account.unaccounted([one(**figures)]), unaccounted, f"unaccounted for in {figures}")
    # one too many does not make up for one too few
    assert_equal(account.unaccounted([one(printed=59), one(printed=61)]), 2, "unaccounted for")


def test_report_of_slow():
    rounds = [one(), one(printed=57, hidden_at_most=1, end_s=2.0), one(observer=slow.PEER, printed=20, reported_lost=10, torn=1)]
    text = slow.report({"connections": 10, "rounds": rounds, "notes": {}, "skipped": {"nobody": "no reason"}})
    assert_line(text, "| ours | 200 | 117 | 80 | 0 | 1 | 2 | 0 | 3.5 (2.0 to 5.0) |")
    assert_line(text, f"| {slow.PEER} | 100 | 20 | 10 | 0 | 0 | 70 | 1 |")
    assert_line(text, "ours: neither printed nor counted: 2, goal at most 0: **missed**")
    assert_line(text, "ours: torn lines: 0, goal at most 0: met")
    assert_line(text, "ours `-o json`", "not measured")
    assert_line(text, "not measured: nobody: no reason")


def test_report_of_extreme():
    rounds = [one(others_at_most=3, reported_lost=42), one(observer=extreme.PEER, connections_per_s=30, others_at_most=0)]
    setting = {"alone_connections_per_s": [100, 80, 70], "rounds": rounds}
    text = extreme.report({"connections": 10, "hogs": 8, "threads": 4, "settings": {"together": setting, "apart": setting},
                           "notes": {}, "skipped": {}})
    assert_equal(len(lines_with(text, "| ours |")), 2, "settings")
    assert_line(text, "| ours | 100 | 60 | 42 | 2 | 0 | 0 | 60.0 (60.0 to 60.0) | 1.00 (1.00 to 1.00)x |")
    assert_line(text, f"| {extreme.PEER} |", "0.40 (0.40 to 0.40)x |")
    assert_line(text, "ours: neither printed nor counted: 0, goal at most 0: met")
    assert_line(text, "ours: printed with hogs in other sessions: 60.0 %, goal at least 99.0 %: **missed**")
    assert_equal(len(lines_with(text, "ours: printed with hogs")), 1, "settings with that goal")
    setting["rounds"] = [one(printed=99)]
    text = extreme.report_setting("apart", setting)
    assert_line(text, "ours: printed with hogs in other sessions: 99.0 %, goal at least 99.0 %: met")


def test_witness():
    """It counts what a load causes, however much that is."""
    need_root()
    mounts.mount_tracefs()
    ports = [9969, 9968]
    with witness.Witness("all", "sport == 9969 || dport == 9969") as events, witness.hidden(("sport", "dport"), ports) as hidden:
        report = churn(20000, "--port", ports[0])
        assert_equal(events.count(), report["transitions"], "events")
        assert hidden.count() <= report["transitions"] / 100, f"{hidden.count()} on threads of PID 1"
    with witness.Witness("pid", "sport == 9968 || dport == 9968") as events, witness.others([9969]) as others:
        report = churn(100, "--port", ports[1])
        assert_equal(events.count(), report["transitions"], "events")
        assert others.count() >= report["transitions"], f"{others.count()} of others"


def test_signals_end_all():
    """And no instance is left in tracefs."""
    need_root()
    need_command("taskset")
    mounts.mount_tracefs()
    assert_ends_all("slow", signal.SIGTERM)
    assert_ends_all("extreme", signal.SIGINT)
    left = [path.name for path in pathlib.Path(witness.INSTANCES).iterdir()]
    assert_equal(lines_with("\n".join(left), "tcpvitals-bench"), [], "instances")


if __name__ == "__main__":
    main(globals())
