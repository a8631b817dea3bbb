#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A command behind --: rows only of its connections and of its children, from the first SYN."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys

from cli import (CLIENT_FIRST, END_LIMIT_S, RTT_TOOL, TOOL, assert_equal, assert_in, besides_no_sample, free_port, main,
                 need_command, need_root, run, states, tool_command, wait_until)
from commands import BOTH, Server, read, read_rows, run_tree, temporary
from nginx import Nginx


def check_tree(*args, prefix=(), pids_differ=False):
    need_root()
    with Server(hammered=True) as server:
        rows, pids = run_tree(TOOL, server.port, *args, prefix=prefix)
        assert server.hits > 20, f"only {server.hits} other connections"
    for address, pid in pids.items():
        own = [row for row in rows if row["laddr"] == address]
        assert_equal(states(own), CLIENT_FIRST, f"transitions from {address} with {args}")
        assert pids_differ or {row["pid"] for row in own} == {int(pid)}, f"owners of {address}, which is {pid}'s: {own}"
    assert_equal([row for row in rows if row["laddr"] not in pids], [], f"others' rows with {args}")
    assert_equal(len({row["pid"] for row in rows}), 4, "processes")


def test_process_tree():
    check_tree()


def test_process_tree_in_a_hash():
    check_tree("--storage", "hash")


def test_process_tree_in_a_pid_namespace():
    need_command("unshare")
    check_tree(prefix=("unshare", "--pid", "--fork", "--mount-proc"), pids_differ=True)


def test_with_other_filters():
    """All must match."""
    need_root()
    with Server() as server:
        rows, pids = run_tree(TOOL, server.port, "--laddr", "127.88.2.2,127.88.2.4", "--state", "SYN_SENT")
    assert_equal(sorted(row["laddr"] for row in rows), ["127.88.2.2"] * 2 + ["127.88.2.4"] * 2, "addresses of rows")
    assert_equal({row["pid"] for row in rows}, {int(pids["127.88.2.2"]), int(pids["127.88.2.4"])}, "owners")


def test_whole_connections():
    need_root()
    with Server(hammered=True) as server:
        rows, pids = run_tree(TOOL, server.port, "-c")
    assert_equal(sorted(row["laddr"] for row in rows), sorted(pids), "connections")
    assert_equal({row["bytes_sent"] for row in rows}, {20}, "bytes sent")


def test_round_trips():
    """The same samples as of the addresses; each socket gets 20 answers in ESTABLISHED."""
    need_root()
    with Server(hammered=True) as server:
        rows, pids = run_tree(RTT_TOOL, server.port, "--by", "laddr")
    counts = {row["key"]: row["count"] for row in rows if row["count"]}
    assert_equal(sorted(counts), sorted(pids), "addresses")
    assert min(counts.values()) >= 20, f"samples: {counts}"


def test_round_trips_of_iperf3():
    need_root()
    need_command("iperf3")
    port = free_port()
    with subprocess.Popen(["iperf3", "-s", "-1", "-p", str(port)], stdout=subprocess.PIPE, text=True) as server, temporary() as out:
        try:
            wait_until(lambda: run("-Hltn", f"sport = :{port}", tool="ss").stdout, 10, "iperf3 -s does not listen")
            result = run("-o", "json", "--by", "pid", "--out", out.name, "--", "iperf3", "-c", "127.0.0.1", "-t", "1", "-p", port,
                         tool=RTT_TOOL)
            assert_equal((result.returncode, besides_no_sample(result.stderr)), (0, ""), "exit status and stderr")
            assert_in("iperf Done.", result.stdout)
            reports = read_rows(out.name)
            assert_equal(len(reports), 1, f"processes: {reports}")
            assert reports[0]["count"] > 0 and reports[0]["key"] != str(server.pid), f"not the client's: {reports}"
        finally:
            server.kill()
    args = ["iperf3", "-c", "127.0.0.1", "-p", str(free_port())]
    result = run("--", *args, tool=RTT_TOOL)
    assert_equal((result.returncode, "iperf3: error" in result.stderr), (run(*args[1:], tool=args[0]).returncode, True), "without a server")


def test_curl_beside_another():
    """Real programs: the same name, the same server, at the same time."""
    need_root()
    need_command("curl")
    with Nginx() as nginx, temporary() as out:
        url = f"http://127.0.0.1:{nginx.port}/"
        loop = f"while :; do curl -s -o /dev/null {url}; done"
        with subprocess.Popen(["sh", "-c", loop], start_new_session=True) as other:
            try:
                wait_until(lambda: len(nginx.served()) > 5, 10, "the other curl gets nothing")
                before = len(nginx.served())
                result = run("-o", "json", "--out", out.name, "--", "sh", "-c", f"sleep 0.3; exec curl -s {url}")
            finally:
                os.killpg(other.pid, signal.SIGKILL)
        assert_equal((result.returncode, result.stdout, besides_no_sample(result.stderr)), (0, "hello\n", ""),
                     "exit status, stdout and stderr")
        rows = read_rows(out.name)
        served = {port for port, _ in nginx.served()[before:]}
    assert len(served) > 5, f"only {served} beside it"
    assert_equal({(row["comm"], row["rport"]) for row in rows}, {("curl", nginx.port)}, "owner and server")
    assert_equal(len({row["cookie"] for row in rows}), 1, "connections")
    assert_equal(states(rows)[:2], CLIENT_FIRST[:2], "transitions")
    assert rows[1]["lport"] in served, f"{rows[1]} was not served"


def test_server():
    """Of the connections that come in it is the listener's from the first SYN on, then those of the one who accepted."""
    need_root()
    code = ("import os, socket, sys; l = socket.create_server(('127.0.0.1', int(sys.argv[1])));\n"
            "if not os.fork():\n c = l.accept()[0]; c.recv(1); c.recv(1); c.close(); os._exit(0)\n"
            "os.wait()")
    port = free_port()
    with temporary() as out:
        tool = subprocess.Popen(tool_command("-o", "json", "--out", out.name, "--", sys.executable, "-c", code, port))
        try:
            wait_until(lambda: '"newstate":"LISTEN"' in read(out.name), 20, "does not listen")
            with socket.create_connection(("127.0.0.1", port), 5) as client:
                client.send(b"x")
                client.shutdown(socket.SHUT_WR)
                client.recv(1)
                peer = client.getsockname()[1]
            assert_equal(tool.wait(END_LIMIT_S), 0, "exit status")
        finally:
            tool.kill()
            tool.wait()
        rows = read_rows(out.name)
    assert_equal({row["lport"] for row in rows}, {port}, "local ports")
    child = [row for row in rows if row["rport"] == peer]
    assert_equal(states(child), ["LISTEN>SYN_RECV", "SYN_RECV>ESTABLISHED", "ESTABLISHED>CLOSE_WAIT", "CLOSE_WAIT>LAST_ACK", "LAST_ACK>CLOSE"],
                 "transitions")
    assert child[0]["pid"] != child[-1]["pid"], f"accepted by the listener: {child}"


def test_connections_of_another_user():
    """Who has changed its user is followed all the same."""
    need_root()
    need_command("curl")
    with Server() as server, temporary() as out:
        run("-o", "json", "--out", out.name, "--run-as", "nobody", "--", "curl", "-s", "--max-time", "5", f"telnet://127.0.0.1:{server.port}")
        rows = read_rows(out.name)
    assert_equal({(row["comm"], row["uid"]) for row in rows}, {("curl", 65534)}, "owner")
    assert_equal(states(rows)[:2], CLIENT_FIRST[:2], "transitions")


def entries_of(pid, name):
    """Of the BPF map of that name that the process has open."""
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with contextlib.suppress(FileNotFoundError):
            found = [line.split()[1] for line in read(f"/proc/{pid}/fdinfo/{fd}").splitlines() if line.startswith("map_id:")]
            if found and json.loads(run("-j", "map", "show", "id", found[0], tool="bpftool").stdout).get("name") == name:
                return len(json.loads(run("-j", "map", "dump", "id", found[0], tool="bpftool").stdout))
    raise AssertionError(f"{pid} has no map {name}")


def test_ended_processes_are_forgotten():
    """So the table of processes is never full of those that were. (Not the last of 500: CI's machine hides some softirqs, in which
    the kernel frees whole batches of them, from BPF.)"""
    need_root()
    need_command("bpftool")
    code = "i=0; while [ $((i += 1)) -le 500 ]; do (:); done; echo done; exec sleep 60"
    for tool in BOTH:
        with subprocess.Popen(tool_command("--", "sh", "-c", code, tool=tool), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                assert_equal(process.stdout.readline(), b"done\n", "first line")
                wait_until(lambda: 1 <= entries_of(process.pid, "tree") <= 100, 20, lambda: f"still {entries_of(process.pid, 'tree')} processes")
            finally:
                process.terminate()
                assert_equal(process.wait(END_LIMIT_S), 143, "exit status")


if __name__ == "__main__":
    main(globals(), at_once=3)
