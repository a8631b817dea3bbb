#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpstates --live by group, with the names of --summary --by; and all that the screen has as text and JSON."""

import collections
import json
import os
import re
import socket
import subprocess
import time

from cli import END_LIMIT_S, TOOL, Trace, assert_equal, assert_in, main, run, wait_until
from live import RESET, Traffic, need_live
from surroundings import refusing
from terminals import Terminal, end
from this_machine import need_seeding


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


def reset(traffic):
    """One connection, two ends: reset-received and aborted."""
    client, server = traffic.connect()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    client.close()
    server.close()


def once(traffic, *args, ends=False):
    """The sections of --once. `ends`: connections end all the time."""
    process = subprocess.Popen([TOOL, "--live", "--once", "-i", "0.7", *traffic.scope, *args], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None:
        if ends:
            reset(traffic)
        time.sleep(.05)
    assert_equal((process.returncode, process.stderr.read()), (0, ""), "end of --once")
    return [section.split("\n") for section in process.stdout.read().rstrip("\n").split("\n\n")]


def test_live_once_sections():
    """All parts of the screen as text: header, rows, ended connections, listeners."""
    need_live()
    with Traffic() as traffic:
        header, rows, ended, listeners = once(traffic)
        assert re.match(r"tcpstates \d\d:\d\d:\d\d  every 700ms  by connection  rates$", header[0]), header
        assert_equal(header[1], "10 connections: 10 ESTABLISHED", "states")
        assert re.match(r"a second: 0 opened, 0 closed, \S+B in, \S+B out, 0 retransmitted$", header[2]), header
        assert_equal(len(rows), 11, "rows")
        assert re.match(r"no connection has ended in the \S+s that tcpstates has watched$", ended[0]) and len(ended) == 1, ended
        assert_equal(listeners[0].split(), "COMM PID LOCAL BACKLOG MAX HIGHEST ACCEPT/S DROPS SYNRECV COOKIES OVERFLOW".split(), "titles")
        assert_equal([line.split()[1:5] for line in listeners[1:]], [[str(os.getpid()), f"{traffic.address}:{traffic.port}", "0", "128"]],
                     "listeners")
        header, rows, ended, listeners = once(traffic, ends=True)
        count = int(re.match(r"(\d+)(?: connection has ended| connections have ended) in the \S+s that tcpstates has watched:$", ended[0]).group(1))
        assert_equal(ended[1].split(), "AGO COMM PID LOCAL REMOTE CAUSE LASTED IN OUT RETR LIMIT".split(), "titles")
        assert_equal(len(ended) - 2, count, "ended connections")
        assert_equal({line.split()[5] for line in ended[2:]}, {"reset-received", "aborted"}, "causes")


def test_live_once_by():
    need_live()
    with Traffic() as traffic:
        _, rows, _, _ = once(traffic, "--by", "laddr")
        assert_equal(rows[0].split(), "LADDR CONNS IN/s OUT/s RTT RETR RECVQ SENDQ LIMIT".split(), "titles")
        assert_equal([line.split()[:2] for line in rows[1:]], [[traffic.address, "10"]], "groups")
        # a scope with a remote end leaves listeners out
        result = run("--live", "--once", "-i", "0.3", "--raddr", traffic.address)
        assert_equal(result.stdout.rstrip("\n").split("\n\n")[-1], "no listener in scope", "listeners")


def test_live_names_only_if_asked():
    """A group by unit looks up names, which rows do not have without --names."""
    need_live()
    with Traffic() as traffic:
        for args, wanted in ((["--by", "unit"], False), (["--by", "unit", "--names"], True)):
            result = run("--live", "--once", "-i", "0.3", "-o", "json", *args, *traffic.scope)
            rows = [json.loads(line) for line in result.stdout.splitlines()]
            assert_equal({row["type"] for row in rows}, {"look", "live-group", "listener"}, f"types with {args}: {result.stderr}")
            assert_equal({"cgroup" in row for row in rows if row["type"] == "listener"}, {wanted}, f"names with {args}")


def test_live_unjudged_listener():
    """A listener whose owner is unknown may be in scope."""
    need_live()
    need_seeding()
    with Traffic() as traffic:
        result = run("--live", "--once", "-i", "0.3", "--pid", os.getpid(), *traffic.scope, prefix=refusing("seed_storage", "seed_hash"))
        assert_equal(result.stdout.rstrip("\n").split("\n\n")[-1], "no listener that is known to be in scope", "listeners")
        assert_equal(result.stderr.count("1 listener may be in scope: its owner is unknown"), 1, result.stderr)


def test_live_json_all():
    """Each line of the screen is an object; each end is written once, and the looks have counted it."""
    need_live()
    with Traffic() as traffic, Trace("--live", "-i", "0.3", "-o", "json", "--by", "laddr", *traffic.scope) as trace:
        wait_until(lambda: len(trace.rows()) >= 3, END_LIMIT_S, "no look")
        for _ in range(20):
            reset(traffic)
            time.sleep(.02)
        looks = len([row for row in trace.rows() if row["type"] == "look"])
        wait_until(lambda: len([row for row in trace.rows() if row["type"] == "look"]) >= looks + 2, END_LIMIT_S, "no more looks")
        assert_equal(trace.stop(), 0, "exit status")
        rows = collections.defaultdict(list)
        for row in trace.rows():
            rows[row["type"]].append(row)
        assert_equal(set(rows), {"look", "live-group", "connection", "listener"}, "types")
        ended = rows["connection"]
        assert_equal(len({(row["cookie"], row["conn_seq"]) for row in ended}), 40, "ended connections")
        assert_equal((len(ended), {row["final"] for row in ended}), (40, {True}), "their records")
        assert_equal(collections.Counter(row["cause"] for row in ended), {"reset-received": 20, "aborted": 20}, "causes")
        assert_equal(sum(row["closed"] for row in rows["look"]), 40, "closed in all looks")
        look = rows["look"][-1]
        assert_equal((look["connections"], look["states"], look["lost"]), (10, {"ESTABLISHED": 10}, 0), "the last look")
        assert look["interval_s"] > 0, look
        group = rows["live-group"][-1]
        assert_equal((group["by"], group["group"], group["connections"], group["unknown"]), ("laddr", {"laddr": traffic.address}, 10, False),
                     "the group")
        assert group["time"] == look["time"] and group["received_per_s"] > 1000 and group["srtt_us"] > 0, group
        assert_equal((rows["listener"][-1]["lport"], rows["listener"][-1]["backlog_max"]), (traffic.port, 128), "the listener")


def test_live_filter_by_cause():
    """A cause shows what has ended with it, and nothing that is open."""
    need_live()
    with Traffic() as traffic, Terminal(120, 30) as terminal:
        pid = terminal.start("--live", "-i", "0.3", *traffic.scope)
        reset(traffic)
        terminal.await_screen(lambda screen: "reset-received" in screen and "aborted" in screen, "not both ends")
        terminal.keys("/")
        terminal.type("cause reset-*")
        terminal.await_screen(lambda screen: "nothing passes the filter" in screen and "reset-received" in screen and "aborted" not in screen,
                              "not filtered by cause")
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
