#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpstates --live by group: the lines and names of --summary --by."""

import json
import os
import re

from cli import assert_equal, assert_in, main, run
from terminals import Terminal, end
from test_live import Traffic, need_live


def titles_of(screen):
    return screen.split("\n")[3].split()


def groups_of(screen):
    """{name: CONNS}"""
    lines = screen.split("\n")[4:]
    ends = next(i for i, line in enumerate(lines) if re.search(r"\bLASTED\b", line))
    return {line.split()[0]: line.split()[1] for line in lines[:ends] if line.strip()}


def test_live_by():
    """--by is where the view begins; the key for the next kind of lines comes by it again."""
    need_live()
    with open("/proc/self/comm", encoding="ascii") as file:
        comm = file.read().strip()
    with Traffic() as traffic, Terminal(120, 24) as terminal:
        pid = terminal.start("--live", "-i", "0.3", "--by", "comm,raddr", *traffic.scope)
        expected = {f"{comm},{traffic.address}": "10"}
        names = {"comm,pid": f"{comm},{os.getpid()}", "prefix": traffic.address.rpartition(".")[0] + ".0/24"}
        terminal.await_screen(lambda screen: groups_of(screen) == expected, "not the groups")
        assert_equal(titles_of(terminal.screen())[:2], ["COMM,RADDR", "CONNS"], "titles")
        for words in ("connection", "comm,pid", "prefix", "unit", "container", "listener", "comm,raddr", "connection"):
            terminal.keys("v")
            terminal.await_screen(lambda screen, w=words: f"  by {w}  " in screen.split("\n")[0], f"no lines by {words}")
            if words in names:
                terminal.await_screen(lambda screen, n=names[words]: groups_of(screen) == {n: "10"}, f"lines by {words}")
        terminal.keys("7")
        terminal.await_screen(lambda screen: groups_of(screen) == expected, "not the groups by 7")
        end(pid)


def test_live_names_of_sums():
    """Each name is that of --summary --by, whatever the words."""
    need_live()
    with Traffic() as traffic:
        for words in ("comm,pid", "port", "lport,rport", "unit,comm", "cgroup", "prefix:8", "netns,role", "container", "pod,laddr"):
            result = run("--summary", "--by", words, "-d", "0.3", "-o", "json", *traffic.scope)
            sums = {json.loads(line)["key"] or "-": str(json.loads(line)["open"]) for line in result.stdout.splitlines()}
            assert sums, result
            with Terminal(200, 24) as terminal:
                pid = terminal.start("--live", "-i", "0.3", "--by", words, *traffic.scope)
                terminal.await_screen(lambda screen, s=sums: groups_of(screen) == s, f"not the names {sums} by {words}")
                end(pid)


def test_live_top_by():
    """--top without a number is --live, also with a group."""
    need_live()
    with Traffic() as traffic, Terminal() as terminal:
        pid = terminal.start("--top", "--by", "laddr", *traffic.scope)
        terminal.await_screen(lambda screen: groups_of(screen) == {traffic.address: "10"}, "not the group")
        end(pid)


def test_live_by_refused():
    for args, what in ((["--live", "--once", "--by", "nonsense"], 'grouping "nonsense": not one of laddr, raddr, '),
                       (["--live", "--once", "--by", "comm", "--sort", "rx"],
                        "--sort and --top=N are for sums; with --live, press < or > to choose the column"),
                       (["--live", "--once", "--by", "comm", "--top=3"],
                        "--sort and --top=N are for sums; with --live, press < or > to choose the column"),
                       (["--live", "--summary", "--by", "comm"], "--live shows connections now; it excludes -c"),
                       (["-c", "--sum", "comm", "--top"], "--top of groups needs a number, as in --top 5")):
        result = run(*args)
        assert_equal(result.returncode, 2, f"exit status of {args}")
        assert_in(what, result.stderr)


if __name__ == "__main__":
    main(globals())
