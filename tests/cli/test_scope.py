#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The scope language of both tools: refused values and their messages, names to look up, whole connections, and round trips."""

import contextlib
import itertools
import json
import os
import socket
import subprocess
import sys

from cgroups import cgroup2_mount
from cli import (RTT_TOOL, TOOL, Trace, assert_diagnostics, assert_equal, assert_in, free_port, lost, main,
                 need_command, need_root, of_port, run)
from namespaces import PORT, NamedNetwork
from surroundings import HIDE_CGROUP2, in_mount_namespace
from this_machine import need_seeding

BOTH = (TOOL, RTT_TOOL)

# option, value, and what the error says besides quoting the value
WRONG = [
    ("--lport", "!", "a number from 1 to 65535"),
    ("--rport", "80,!90", "a number from 1 to 65535"),
    ("--laddr", "!localhost", "not an IPv4 or IPv6 address or prefix"),
    ("--pid", "0", "a number from 1 to 4194304"),
    ("--pid", "nginx", "a number from 1 to 4194304"),
    ("--comm", "", "the name is empty"),
    ("--comm", "[a", "the [ has no closing ]"),
    ("--comm", "sixteen-letters-", "longer than 15 bytes"),
    ("--netns", "no-such-netns", "not a name in /run/netns"),
    ("--netns", "4194304", "no process has this number"),
    ("--user", "no-such-user-here", "no such user"),
    ("--role", "peer", "client, server"),
    ("--state", "SYN", "SYN_SENT, SYN_RECV, ESTABLISHED"),
    ("--state", "TIME_WAIT", "--cause time-wait"),
    ("--cause", "bad-luck", "reset-received, refused, timeout"),
    ("--min-duration", "100x", "us, ms, s, m, h or d"),
    ("--min-duration", "!1s", "cannot be negated"),
]

# command lines that nothing could match, and the reason
IMPOSSIBLE = [
    (["-4", "-6"], "exclude each other"),
    (["-4", "--raddr", "2001:db8::/32"], "-4 excludes all selected addresses"),
    (["--laddr", "10.0.0.0/8", "--raddr", "::1"], "no connection has both"),
    (["--lport", "80-90", "--lport", "!1-1000"], "all selected ports are excluded"),
    (["--raddr", "10.0.0.0/8", "--raddr", "!10.0.0.0/8"], "both selected and excluded"),
    (["--pid", "7", "--pid", "!7"], "both selected and excluded"),
    (["--user", "0", "--user", "!0"], "both selected and excluded"),
    (["--role", "client", "--role", "!client"], "excluded"),
]
IMPOSSIBLE_TRANSITIONS = [
    (["--state", "LISTEN", "--state", "!LISTEN"], "all selected states are excluded"),
    (["--cause", "refused", "--cause", "!re*"], "all selected causes are excluded"),
    (["--cause", "refused", "--state", "!CLOSE"], "--state excludes them"),
    (["--cause", "fin-local"], "time-wait"),
    (["--cause", "fin-both"], "fin-wait2-orphan"),
    (["-c", "--cause", "time-wait"], "fin-local and fin-both"),
    (["-c", "--cause", "fin-wait2-orphan"], "fin-local and fin-both"),
    (["-c", "--state", "CLOSE"], "-c shows whole connections"),
    (["-c", "--min-duration", "1s"], "-c shows whole connections"),
    (["--role", "client", "--state", "LISTEN"], "never in LISTEN"),
    (["--hook", "tracepoint", "--netns", "4026531840"], "--hook tracepoint does not support --netns"),
    (["--hook", "tracepoint", "--user", "0"], "--user"),
    (["--hook", "tracepoint", "--cause", "refused"], "--cause"),
]
RTT_ONLY = [
    (["--state", "LISTEN"], "see tcpstates"),
    (["--min-duration", "1s"], "see tcpstates"),
    (["--cause", "refused"], "see tcpstates"),
    (["--hook", "kprobe", "--pid", "1"], "kprobe"),
    (["--hook", "kprobe", "--role", "client"], "kprobe"),
]


def assert_refused(tool, args, *parts):
    result = run(*args, tool=tool)
    assert_equal((result.returncode, result.stdout), (2, ""), f"{args}: {result.stderr.strip()}")
    assert_diagnostics(result.stderr.splitlines()[0], os.path.basename(tool))
    for part in parts:
        assert_in(part, result.stderr.splitlines()[0])


def test_wrong_values():
    for tool in BOTH:
        for option, value, why in WRONG:
            assert_refused(tool, [option, value], '"', why)


def test_wrong_cgroups():
    cgroup2_mount()
    for tool in BOTH:
        for value in ("no-such-unit-or-so", "/no/such/path", ""):
            assert_refused(tool, ["--cgroup", value], '"', "has this path, unit or container id")


def test_impossible_combinations():
    for tool in BOTH:
        for args, why in IMPOSSIBLE:
            assert_refused(tool, args, why)
    for args, why in IMPOSSIBLE_TRANSITIONS:
        assert_refused(TOOL, args, why)
    for args, why in RTT_ONLY:
        assert_refused(RTT_TOOL, args, why)


def test_same_words_for_both():
    """And the letters of both; -p and -P are those of bcc's tcprtt."""
    need_root()
    port = free_port()
    both = [("-L", port), ("-D", port), ("-a", "::1"), ("-A", "::1")]
    for tool, letters in ((TOOL, both), (RTT_TOOL, [*both, ("-p", port), ("-P", port)])):
        for option, value in [("--lport", port), ("--localport", port), ("--rport", port), ("--remoteport", f"!{port}"),
                              ("--laddr", "!10.0.0.0/8"), ("--raddr", "10.0.0.0/8,::1"), ("--pid", os.getpid()), ("--comm", "!*x"),
                              ("--netns", os.getpid()), ("--user", "root,54321"), ("--role", "!client"), *letters]:
            result = run("-d", "0.05", option, value, tool=tool)
            assert_equal(result.returncode, 0, f"exit status of {tool} {option} {value}: {result.stderr}")


def test_help_has_the_words():
    for tool in BOTH:
        result = run("--help", tool=tool)
        for word in ("--lport", "--localport", "--rport", "--remoteport", "--laddr", "--raddr", "--pid", "--comm", "--cgroup", "--netns",
                     "--user", "--role"):
            assert_in(word, result.stdout)
        for word in ("--state", "--min-duration", "--cause"):
            assert_equal(word in result.stdout, tool == TOOL, f"{word} in {tool} --help")


def test_netns_by_name():
    need_root()
    with NamedNetwork() as network, Trace("-o", "json", "--netns", network.name) as inside, \
            Trace("-o", "json", "--netns", f"!{network.name}", "--lport", str(PORT)) as outside:
        network.connect_once()
        assert_equal((inside.stop(), outside.stop()), (0, 0), "exit statuses")
        rows = inside.rows()
        assert of_port(rows, PORT) == rows and len(rows) >= 10 - lost(inside.err)[0], f"not the namespace's: {inside.out}"
        assert_equal(outside.rows(), [], "rows of all other namespaces")


def test_cgroup_v1_alone():
    need_root()
    need_command("unshare")
    another = "mount -t cgroup2 none /mnt\nmount --bind /dev/null /mnt/cgroup.procs\n"
    for tool, before in itertools.product(BOTH, ("", another)):
        result = run("--cgroup", "/system.slice", tool=tool, prefix=in_mount_namespace(before + HIDE_CGROUP2))
        assert_equal(result.returncode, 2, f"exit status ({result.stderr})")
        assert_in("cgroup v2 is not mounted here, and v1 alone is not enough; try: mount -t cgroup2 none DIRECTORY", result.stderr)


class Peer:
    """A process called tv-peer that connects to us, from a user of its own, and answers each byte until we close."""

    CODE = ("import ctypes, os, socket, sys; ctypes.CDLL(None).prctl(15, b'tv-peer', 0, 0, 0); os.setresuid(54321, 54321, 54321);"
            "sys.stdin.readline(); c = socket.socket(); c.bind(('127.88.1.2', 0)); c.connect(('127.88.1.1', int(sys.argv[1])));\n"
            "while (b := c.recv(1)): c.send(b)\n")

    def __init__(self):
        self.listener = socket.create_server(("127.88.1.1", 0))
        self.port = self.listener.getsockname()[1]
        self.process = subprocess.Popen([sys.executable, "-c", self.CODE, str(self.port)], stdin=subprocess.PIPE, text=True)
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def exchange(self, count=50):
        """We close first."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        server = self.listener.accept()[0]
        server.settimeout(20)
        for _ in range(count):
            server.send(b"x")
            assert_equal(server.recv(1), b"x", "echo")
        server.close()
        assert_equal(self.process.wait(20), 0, "the peer's exit status")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
        self.listener.close()


def own_comm():
    with open("/proc/self/comm", encoding="utf-8") as comm:
        return comm.read().strip()


def test_whole_connections():
    """With -c under a filter is what -c prints without and the filter admits."""
    need_root()
    with Peer() as peer, contextlib.ExitStack() as stack:
        admitted = {
            ("--role", "client"): lambda row: row["role"] == "client",
            ("--role", "!client"): lambda row: row["role"] != "client",
            ("--pid", str(peer.pid)): lambda row: row["pid"] == peer.pid,
            ("--pid", f"!{peer.pid}"): lambda row: row["pid"] != peer.pid,
            ("--comm", "tv-p*r"): lambda row: row["comm"] == "tv-peer",
            ("--comm", "!tv-p*r"): lambda row: row["comm"] != "tv-peer",
            ("--user", "54321"): lambda row: row["pid"] == peer.pid,
            ("--cause", "fin-local"): lambda row: row["cause"] == "fin-local",
            ("--cause", "!fin-local"): lambda row: row["cause"] != "fin-local",
            ("--cause", "refused"): lambda row: row["cause"] == "refused",
        }
        unfiltered = stack.enter_context(Trace("-c", "-o", "json"))
        traces = {args: stack.enter_context(Trace("-c", "-o", "json", *args)) for args in admitted}
        peer.exchange()
        assert_equal(unfiltered.stop(), 0, "exit status")
        rows = of_port(unfiltered.rows(), peer.port)
        assert_equal(len(rows), 2, f"connections: {unfiltered.err}")

        def essence(rows):
            return sorted((row["cookie"], row["pid"], row["cause"], row["role"], row["bytes_sent"]) for row in rows)

        for args, admits in admitted.items():
            assert_equal(traces[args].stop(), 0, f"exit status of {args}")
            expected = [row for row in rows if admits(row)]
            assert_equal(essence(of_port(traces[args].rows(), peer.port)), essence(expected), f"connections with {args}")
            assert_equal(len(expected), 0 if args[1] == "refused" else 1, f"connections that {args} admits")


def counts_of(trace):
    """Name of the group to number of samples."""
    assert_equal(trace.stop(), 0, "exit status")
    assert_in("tcprtt: lost 0 of ", trace.err)
    return {report["key"]: report["count"] for report in map(json.loads, trace.out.splitlines()) if report["count"]}


def process_filters(ours, theirs, port):
    """Filters, each with the process whose samples it admits."""
    return {
        ("--pid", theirs): theirs, ("--pid", f"!{theirs}"): ours, ("--comm", "tv-peer"): theirs, ("--comm", f"!{own_comm()}"): theirs,
        ("--role", "server"): ours, ("--role", "!server"): theirs, ("--user", "54321"): theirs, ("--user", "!54321"): ours,
        ("--rport", f"!{port}"): ours,
    }


def cgroup_filters(ours, *_):
    return {("--cgroup", "/", "--pid", ours): ours, ("--cgroup", "!/"): None}


def check_round_trips(*common, filters=process_filters):
    """Under a filter is counted what falls into the group of that name without."""
    need_root()
    base = ["-o", "json", "--laddr", "127.88.0.0/16", *common]
    with Peer() as peer, contextlib.ExitStack() as stack:
        def trace(*args):
            return stack.enter_context(Trace(*base, *args, tool=RTT_TOOL))

        by_pid = trace("--by", "pid")
        ours, theirs = str(os.getpid()), str(peer.pid)
        expected = filters(ours, theirs, peer.port)
        traces = {args: trace(*args) for args in expected}
        peer.exchange()
        counts = counts_of(by_pid)
        assert set(counts) == {ours, theirs} and counts[ours] != counts[theirs] or "--sample" in common, f"groups: {counts}"
        for args, key in expected.items():
            assert_equal(sum(counts_of(traces[args]).values()), counts.get(key, 0), f"samples with {args}; groups: {counts}")


def test_round_trips():
    need_seeding()
    check_round_trips()


def test_each_measurement():
    need_seeding()
    check_round_trips("--sample", "rtt")


def test_handshakes():
    need_seeding()
    check_round_trips("--sample", "handshake")


def test_cgroups():
    need_seeding()
    cgroup2_mount()
    for sample in ([], ["--sample", "rtt"], ["--sample", "handshake"]):
        check_round_trips(*sample, filters=cgroup_filters)


if __name__ == "__main__":
    main(globals())
