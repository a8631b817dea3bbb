#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A kernel that refuses one program: that costs what the program does, and the user is told."""

import json
import os
import re
import socket
import sys

from cli import (CLIENT_FIRST, RTT_TOOL, TOOL, Trace, assert_diagnostics, assert_equal, assert_in, connect_once, main, need_root,
                 of_port, run, states)
from this_machine import need_machine, need_seeding
from surroundings import refusing

SECOND = "recover_cast", "recover_storage", "recover_hash"
STORAGE = "sockets remembered in socket storage"


def need_refusals():
    need_root()
    need_machine("seccomp_notify")
    need_seeding()


def both_ways(*programs):
    """Refused at their load, and only when they are attached."""
    return programs, tuple(f"attach:{program}" for program in programs)


class Established:
    """A connection that is older than the tool."""

    def __enter__(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            self.client = socket.create_connection(("127.0.0.1", self.port))
            self.server = listener.accept()[0]
        return self

    def exchange(self, times=20):
        for _ in range(times):
            self.client.send(b"a")
            self.server.send(self.server.recv(1))
            self.client.recv(1)

    def __exit__(self, *_):
        self.client.close()
        self.server.close()


def said_of(text, tool="tcpstates"):
    """Programs that the tool says it does without, without -v's other words."""
    return re.findall(rf"^{tool}: the kernel refuses the program (\w+) \(Operation not permitted\): .", text, re.MULTILINE)


def trace_one(*args, refused, **kwargs):
    """One connection while the tool runs: its rows, and stderr, which names what was refused and nothing else."""
    with Trace("-o", "json", *args, prefix=refusing(*refused), **kwargs) as trace:
        port = connect_once()
        assert_equal(trace.stop(), 0, f"exit status without {refused}: {trace.err}")
        assert_in("lost 0 of", trace.err)
        return of_port(trace.rows(), port), port, trace.err


def assert_all_rows(rows, port, refused):
    client = [row for row in rows if row["rport"] == port]
    assert_equal((len(rows), states(client)), (12, CLIENT_FIRST), f"rows without {refused}")
    assert_equal({row["pid"] for row in client}, {os.getpid()}, f"the client's owner without {refused}")


def test_transitions():
    """Every row, with its owner, from socket storage; not a step down the ladder."""
    need_refusals()
    for programs in (SECOND, ("destroy_storage",), ("seed_storage",), ("seed_rest",)):
        for refused in both_ways(*programs) if programs[0][:4] != "seed" else (programs,):
            rows, port, errors = trace_one(refused=refused)
            assert_all_rows(rows, port, refused)
            assert_in(STORAGE, errors)
            assert_equal([program in programs for program in said_of(errors)], [True], f"what is told of {refused}: {errors}")
            assert_equal("behind a table" in errors, "destroy_storage" not in programs, f"table without {refused}")


def test_all_at_once():
    need_refusals()
    refused = *SECOND, "destroy_storage", "seed_storage", "seed_rest", "accept_fexit", "accept_kretprobe", "accept_receive"
    rows, port, errors = trace_one(refused=refused)
    assert_all_rows(rows, port, refused)
    assert_in(STORAGE, errors)
    assert_in("nothing tells who accepts a connection", errors)
    assert_equal(len(said_of(errors)), 4, f"programs that are told of: {errors}")


def test_second_program_of_a_hash():
    need_refusals()
    rows, port, errors = trace_one("--storage", "hash", refused=("recover_hash",))
    assert_all_rows(rows, port, "recover_hash")
    assert_equal(said_of(errors), ["recover_hash"], "told")


def test_usual_run_is_silent():
    """But for -v, the program whose work another does is not worth a word."""
    need_refusals()
    with Established() as old:
        args = "--stuck", "ESTABLISHED", "--longer", "0.1s", "--once", "-L", old.port
        for refused in ("no_such_program",), ("stuck_storage",), ("attach:stuck_storage",):
            result = run(*args, prefix=refusing(*refused))
            assert_equal((result.returncode, result.stderr), (1, ""), f"exit status and stderr without {refused}")


def test_iterator_of_stuck():
    """Owners are known, whatever goes through the connections."""
    need_refusals()
    with Established() as old:
        args = "-v", "-o", "json", "--stuck", "ESTABLISHED", "--longer", "0.1s", "--once", "-L", old.port
        for refused in both_ways("stuck_storage"):
            result = run(*args, prefix=refusing(*refused))
            row = json.loads(result.stdout)
            assert_equal((result.returncode, row["pid"], row["owner"]), (1, os.getpid(), "seed"), f"without {refused}")
            for word in (STORAGE, "iter/tcp in each network namespace goes through the connections",
                         "not usable here: stuck_storage: Operation not permitted"):
                assert_in(word, result.stderr)


def test_no_iterator_of_stuck():
    """Neither with socket storage nor with a hash."""
    need_refusals()
    for storage, programs in ("socket", ("stuck_storage", "stuck_tcp")), ("hash", ("stuck_hash",)):
        for refused in both_ways(*programs):
            result = run("--stuck", "ESTABLISHED", "--longer", "0.1s", "--once", "--storage", storage, prefix=refusing(*refused))
            assert_equal((result.returncode, result.stdout), (2, ""), f"exit status and output without {refused}")
            assert_in(f"the kernel refuses the program {programs[-1]} (Operation not permitted)", result.stderr)
            assert_diagnostics(result.stderr)


def test_older_sockets():
    """--once does not take a connection that it could not see for none."""
    need_refusals()
    with Established() as old:
        args = "-o", "json", "--stuck", "ESTABLISHED", "--longer", "0.1s", "--once", "-L", old.port
        ownerless = run(*args, prefix=refusing("seed_storage"))
        assert_equal((ownerless.returncode, json.loads(ownerless.stdout)["owner"]), (1, "unknown"), "without seed_storage")
        owned = run(*args, prefix=refusing("seed_rest"))
        assert_equal((owned.returncode, json.loads(owned.stdout)["pid"]), (1, os.getpid()), "without seed_rest")
        for refused in both_ways("seed_storage", "seed_rest"):
            result = run(*args, prefix=refusing(*refused, "stuck_tcp"))
            assert_equal((result.returncode, result.stdout), (3, ""), f"without {refused}: {result.stderr}")
            result = run(*args, "--pid", os.getpid(), prefix=refusing(*refused, "stuck_tcp"))
            assert_equal((result.returncode, result.stdout), (3, ""), f"of one process, without {refused}: {result.stderr}")


def test_mean_rtt():
    need_refusals()
    for refused in both_ways("sample_rtt"):
        with Trace("-c", "-o", "json", prefix=refusing(*refused)) as trace:
            with Established() as connection:
                connection.exchange()
            assert_equal(trace.stop(), 0, "exit status")
            rows = of_port(trace.rows(), connection.port)
            assert_equal(said_of(trace.err), ["sample_rtt"], "told")
        assert_equal({(row["rtt_mean_us"], row["rtt_samples"]) for row in rows}, {(None, 0)}, f"RTT without {refused}")
        assert_equal([row["srtt_us"] is not None for row in rows], [True, True], "the kernel's own RTT")


def test_command():
    need_refusals()
    script = "import socket; socket.socket().connect_ex(('127.0.0.1', 9))"
    for tool, path in (("tcpstates", TOOL), ("tcprtt", RTT_TOOL)):
        args = "--", sys.executable, "-c", script
        for refused in both_ways("tree_free"):
            result = run(*args, tool=path, prefix=refusing(*refused))
            assert_equal((result.returncode, said_of(result.stderr, tool)), (0, ["tree_free"]), f"{tool}: {result.stderr}")
            assert_equal(result.stderr.count("-> SYN_SENT "), tool == "tcpstates", f"rows without {refused}: {result.stderr}")
        result = run(*args, tool=path, prefix=refusing("seed_storage", "seed_rest"))
        assert_equal(said_of(result.stderr, tool), [], f"nothing older is a command's: {result.stderr}")
        for refused in both_ways("tree_fork"):
            result = run(*args, tool=path, prefix=refusing(*refused))
            assert_equal(result.returncode, 1, f"exit status of {tool} without {refused}: {result.stderr}")
            assert_equal(result.stderr, f"{tool}: cannot load: the kernel refuses the program tree_fork (Operation not permitted), "
                         "without which nothing follows a command; choose its connections with --comm or --pid\n", "the reason")


def groups(trace):
    """Of `tcprtt --by comm -o json`: the owners that there are samples of, None where nobody knows."""
    return {None if row["unknown"] else row["key"] for row in trace.rows() if row["count"]}


def test_rtt_owners():
    """Samples go on, and who owns a connection that begins now is known."""
    need_refusals()
    comm = open("/proc/self/comm", encoding="ascii").read().strip()
    for refused in both_ways("seed_storage"):
        with Established() as old:
            with Trace("--by", "comm", "-o", "json", "-P", old.port, tool=RTT_TOOL, prefix=refusing(*refused)) as trace:
                old.exchange()
                assert_equal(trace.stop(), 0, f"exit status: {trace.err}")
                assert_equal(groups(trace), {None}, f"owners without {refused}")
                assert_in(STORAGE, trace.err)
                assert_in("the owners of connections that are older than tcprtt are not known", trace.err)
        with Trace("--by", "comm", "-o", "json", tool=RTT_TOOL, prefix=refusing(*refused)) as trace:
            with Established() as young:
                young.exchange()
            assert_equal(trace.stop(), 0, f"exit status: {trace.err}")
            assert_in(comm, groups(trace))


if __name__ == "__main__":
    main(globals())
