#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcprtt and tcpstates side by side over the same load: a sample belongs to the process that tcpstates names as owner."""

import collections
import contextlib
import http.client
import os
import socket
import subprocess

from cgroups import Cgroup
from cli import RTT_TOOL, Trace, assert_equal, assert_in, main, need_root, wait_until
from nginx import Nginx
from servers import NAME, REPLY, WORKER, Server, fork, serve, talk
from this_machine import need_machine, need_seeding


def samples(port, *args, side="-p"):
    """A tcprtt that counts the samples of the server's side, or of the client's."""
    return Trace("-o", "json", side, port, *args, tool=RTT_TOOL)


def groups(trace):
    """Samples by key."""
    return {row["key"]: row["count"] for row in trace.rows() if row["count"]}


def total(trace):
    return sum(row["count"] for row in trace.rows())


def stop(*traces):
    for trace in traces:
        assert_equal(trace.stop(), 0, f"exit status: {trace.err}")


def told_by(connections, port, field="pid", side="lport"):
    """Samples of the connections of each owner, according to tcpstates -c."""
    counts = collections.Counter()
    for row in connections.rows():
        if row[side] == port:
            counts[str(row[field])] += row["rtt_samples"]
    return dict(counts)


@contextlib.contextmanager
def watch(port, *args, side="-p"):
    """tcpstates -c, and tcprtt by process and as a whole."""
    with Trace("-c", "-o", "json", *args) as connections, samples(port, "--by", "pid", *args, side=side) as by_pid, \
            samples(port, *args, side=side) as whole:
        yield connections, by_pid, whole


def open_at(port):
    """The connections of a server that have not ended."""
    command = ["ss", "-Htn", "state", "connected", "exclude", "time-wait", f"( sport = :{port} or dport = :{port} )"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def check(connections, by_pid, whole, port, side="lport"):
    """The same sums from both tools, and no sample without a process."""
    told, counted = told_by(connections, port, side=side), groups(by_pid)
    print(f"  tcpstates {told}, tcprtt {counted}")
    assert_equal(counted, told, "samples of each process, against tcpstates")
    assert_equal(sum(counted.values()), total(whole), "samples by process, against all")
    assert_in("lost 0 of", by_pid.err)
    return counted


def test_nginx():
    """The master listens, two workers accept: the worker that wrote the line of the access log has the samples."""
    need_root()
    need_seeding()
    requests = 20
    with Nginx(workers=2) as server, watch(server.port) as (connections, by_pid, whole), \
            samples(server.port, "--comm", "nginx", "--by", "comm") as by_comm:
        for _ in range(20):
            client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            for _ in range(requests):
                client.request("GET", "/")
                client.getresponse().read()
            client.close()
        wait_until(lambda: not open_at(server.port), 10, "nginx keeps a connection open")
        stop(connections, by_pid, whole, by_comm)
        answered = collections.Counter(str(pid) for _, pid in server.served())
        counted = check(connections, by_pid, whole, server.port)
        assert_equal(groups(by_comm), {"nginx": sum(counted.values())}, "by name")
    assert_equal(set(counted), set(answered), "processes with samples, and those with a line in the log")
    for pid, count in answered.items():
        assert counted[pid] >= count, (pid, counted, answered)


def test_workers():
    """--by and the filters of owners. The workers have their own name, and a cgroup of their own."""
    need_root()
    need_machine("cgroup2")
    with Cgroup("tv-workers.service") as cgroup, Server("prefork", cgroup.full) as server, contextlib.ExitStack() as stack:
        port = server.port
        connections = stack.enter_context(Trace("-c", "-o", "json"))
        traces = {name: stack.enter_context(samples(port, *args)) for name, args in {
            "all": (), "pid": ("--by", "pid"), "comm": ("--by", "comm"), "cgroup": ("--by", "cgroup"),
            "worker": ("--pid", server.workers[0]), "named": ("--comm", WORKER), "in cgroup": ("--cgroup", cgroup.path),
            "master": ("--pid", server.first), "master's name": ("--comm", NAME)}.items()}
        answered = talk(port, connections=10, exchanges=10)
        stop(connections, *traces.values())
        counted = check(connections, traces["pid"], traces["all"], port)
        assert_equal(set(counted), set(map(str, answered)), "processes with samples, and those that answered")
        everything = total(traces["all"])
        assert_equal(groups(traces["comm"]), {WORKER: everything}, "by name")
        assert_equal(groups(traces["cgroup"]), {str(cgroup.id): everything}, "by cgroup")
        assert_equal(total(traces["worker"]), counted.get(str(server.workers[0]), 0), "--pid of a worker")
        for name in ("named", "in cgroup"):
            assert_equal(total(traces[name]), everything, name)
        for name in ("master", "master's name"):
            assert_equal(total(traces[name]), 0, f"samples of the {name}, which never had a connection")


def test_inherited():
    """A server that forks for each connection: the child has the samples, the parent, which accepted, none."""
    need_root()
    with Server("inherited") as server, watch(server.port, "--accept", "receive") as traces:
        answered = talk(server.port, connections=5, exchanges=10)
        stop(*traces)
        counted = check(*traces, server.port)
    assert_equal(set(counted), set(map(str, answered)), "processes with samples, and those that answered")
    assert len(counted) == 5 and min(counted.values()) >= 10, counted


def test_inherited_by_the_clients_child():
    """Connected by the parent, which never uses it again; the child talks."""
    need_root()
    exchanges = 20
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with watch(port, "--accept", "receive", side="-P") as (connections, by_pid, whole):
            client = socket.create_connection(("127.0.0.1", port))
            server = listener.accept()[0]
            child = fork(lambda: (server.close(), serve(client)))
            client.close()
            with server:
                for _ in range(exchanges):
                    server.sendall(b"?")
                    assert_equal(int(server.recv(REPLY, socket.MSG_WAITALL)), child, "who answers")
            os.waitpid(child, 0)
            stop(connections, by_pid, whole)
            told, counted, everything = told_by(connections, port, side="rport"), groups(by_pid), total(whole)
    assert_equal(set(told), {str(child)}, "owner at the end, by tcpstates")
    # until it is read from, it is the parent's
    assert set(counted) <= {str(os.getpid()), str(child)} and counted[str(child)] >= exchanges - 1, (counted, child)
    assert_equal(sum(counted.values()), everything, "samples by process, against all")


def test_passed():
    """Over a UNIX socket: samples go with the connection, from the first use on."""
    need_root()
    exchanges = 20
    with Server("passed") as server, Trace("-o", "json", "-L", server.port) as rows, \
            watch(server.port, "--accept", "receive") as (connections, by_pid, whole):
        answered = talk(server.port, connections=5, exchanges=exchanges)
        stop(rows, connections, by_pid, whole)
        acceptor, holder = server.pids
        assert_equal(answered, {acceptor: 5, holder: 5 * (exchanges - 1)}, "answers")
        counted, told, everything = groups(by_pid), told_by(connections, server.port), total(whole)
        ends = {row["pid"] for row in rows.rows() if row["oldstate"] == "ESTABLISHED"}
    assert_equal((ends, set(told)), ({holder}, {str(holder)}), "owner at the end, by tcpstates")
    assert_equal(set(counted), {str(acceptor), str(holder)}, "processes with samples")
    assert counted[str(acceptor)] >= 5 and counted[str(holder)] >= 5 * (exchanges - 2), (counted, acceptor, holder)
    assert_equal(sum(counted.values()), everything, "samples by process, against all")


if __name__ == "__main__":
    main(globals())
