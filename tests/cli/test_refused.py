#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A kernel that refuses one program: the tool lacks only what that program does, and reports the lack."""

import json
import os
import re
import socket
import sys

from cli import (CLIENT_FIRST, RTT_TOOL, TOOL, Trace, assert_diagnostics, assert_equal, assert_in, connect_once, main,
                 need_command, need_root, of_port, run, states)
from surroundings import PublicCopy, as_nobody, refusing
from test_rights import Namespaces
from this_machine import machine_refuses, need_machine, need_seeding

SECOND = "recover_cast", "recover_storage", "recover_hash"
STORAGE = "sockets remembered in socket storage"
# The hooks that show who accepts, the best first, and what the machine must allow.
ACCEPTS = {"accept_fexit": ("fexit/inet_csk_accept", "fexit"), "accept_kretprobe": ("kretprobe/inet_csk_accept", "kretprobe"),
           "accept_receive": ("tp_btf/tcp_rcv_space_adjust", None)}
NO_ACCEPT_HOOK = "tcpstates: the kernel refuses every accept hook: "


def need_refusals():
    need_root()
    need_machine("seccomp_notify", "socket_storage", "tp_btf/tcp_probe")
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
    refused = *SECOND, "destroy_storage", "seed_storage", "seed_rest", *ACCEPTS
    rows, port, errors = trace_one(refused=refused)
    assert_all_rows(rows, port, refused)
    assert_in(STORAGE, errors)
    assert_equal(len(said_of(errors)), 4, f"programs that are told of: {errors}")
    assert_in(NO_ACCEPT_HOOK, errors)


def test_accept():
    """The next best way, and a word where there is none left."""
    need_refusals()
    ways = [(program, way) for program, (way, need) in ACCEPTS.items() if not (need and machine_refuses(need))]
    for number in range(1, len(ways) + 1):
        for refused in both_ways(*(program for program, _ in ways[:number])):
            rows, port, errors = trace_one(refused=refused)
            assert_all_rows(rows, port, refused)
            assert_in(STORAGE, errors)
            best = ways[number][1] if number < len(ways) else "nothing"
            assert_in(f"tcpstates: {best} shows who accepts a connection", errors)
            assert_equal(NO_ACCEPT_HOOK in errors, best == "nothing", f"told without {refused}")


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
        for refused in ("no_such_program",), ("stuck_storage",), ("attach:stuck_storage",), ("iterate:stuck_storage",):
            result = run(*args, prefix=refusing(*refused))
            assert_equal((result.returncode, result.stderr), (1, ""), f"exit status and stderr without {refused}")


def test_iterator_of_stuck():
    """Owners are known, whatever goes through the connections."""
    need_refusals()
    with Established() as old:
        args = "-v", "-o", "json", "--stuck", "ESTABLISHED", "--longer", "0.1s", "--once", "-L", old.port
        for refused in *both_ways("stuck_storage"), ("iterate:stuck_storage",):
            result = run(*args, prefix=refusing(*refused))
            row = json.loads(result.stdout)
            assert_equal((result.returncode, row["pid"], row["owner"]), (1, os.getpid(), "seed"), f"without {refused}")
            for word in (STORAGE, "iter/tcp in each network namespace scans the connections",
                         "not usable here: stuck_storage: Operation not permitted"):
                assert_in(word, result.stderr)


def test_no_iterator_of_stuck():
    """Neither with socket storage nor with a hash."""
    need_refusals()
    for storage, programs in ("socket", ("stuck_storage", "stuck_tcp")), ("hash", ("stuck_hash",)):
        for refused in *both_ways(*programs), [f"iterate:{program}" for program in programs]:
            result = run("--stuck", "ESTABLISHED", "--longer", "0.1s", "--once", "--storage", storage, prefix=refusing(*refused))
            assert_equal((result.returncode, result.stdout), (2, ""), f"exit status and output without {refused}")
            assert_in(f"the kernel refuses the program {programs[-1]} (Operation not permitted), so the connections cannot be scanned; "
                      "try ss -tnp", result.stderr)
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
        walked = run(*args, prefix=refusing("seed_storage", "seed_rest", "stuck_storage"))
        assert_equal((walked.returncode, json.loads(walked.stdout)["owner"]), (1, "unknown"), "found by stuck_tcp")
        nobody = run(*args, "--pid", os.getpid(), prefix=refusing("seed_storage", "stuck_storage"))
        assert_equal((nobody.returncode, nobody.stdout), (3, ""), f"of one process, without owners: {nobody.stderr}")
        other = run("--stuck", "CLOSE_WAIT", "--longer", "0.1s", "--once", "-L", old.port, prefix=refusing("seed_storage"))
        assert_equal(other.returncode, 0, f"nobody asks for owners: {other.stderr}")


def test_older_sockets_in_storage():
    """The iterator over the storage meets those that seeding has found."""
    need_refusals()
    need_machine("iter/bpf_sk_storage_map")
    with Established() as old:
        args = "-o", "json", "--stuck", "ESTABLISHED", "--longer", "0.1s", "--once", "-L", old.port
        for refused in *both_ways("seed_storage", "seed_rest"), ("iterate:seed_storage", "iterate:seed_rest"):
            for more in (), ("--pid", os.getpid()):
                result = run(*args, *more, prefix=refusing(*refused))
                assert_equal((result.returncode, result.stdout), (3, ""), f"without {refused}, with {more}: {result.stderr}")
                assert_equal(len(result.stderr.splitlines()), 2, f"lines without {refused}: {result.stderr}")


def test_namespaces_out_of_reach():
    """stuck_tcp enters each network namespace: what it may not enter, or not even see, it has not looked at."""
    need_refusals()
    need_command("setpriv")
    capabilities = "+bpf,+perfmon"
    args = "--stuck", "CLOSE_WAIT", "--longer", "0.1s", "--once", "-L", 1
    with PublicCopy() as tool, Namespaces(2):
        for prefix, word in ((("setpriv", "--bounding-set=-sys_admin"), "cannot enter "),
                             (as_nobody(f"--inh-caps={capabilities}", f"--ambient-caps={capabilities}"),
                              "cannot read the network namespace of ")):
            result = run(*args, tool=tool, prefix=(*refusing("stuck_storage"), *prefix))
            assert_equal(result.returncode, 3, f"exit status: {result.stderr}")
            for part in word, "connections there are not scanned":
                assert_in(part, result.stderr)
        result = run(*args, tool=tool, prefix=refusing("stuck_storage"))
        assert_equal((result.returncode, result.stderr), (0, ""), "with all rights")


def test_sums_of_namespaces_out_of_reach():
    """--by looks at the connections of each network namespace."""
    need_refusals()
    need_command("setpriv")
    args = "--summary", "--by", "pid", "-d", "0.1", "-L", 1
    with PublicCopy() as tool, Namespaces(2):
        result = run(*args, tool=tool, prefix=("setpriv", "--bounding-set=-sys_admin"))
        assert_equal(result.returncode, 0, f"exit status: {result.stderr}")
        for part in "cannot enter ", "open connections there are not in the sums":
            assert_in(part, result.stderr)
        result = run(*args, tool=tool)
        assert_equal((result.returncode, result.stderr), (0, ""), "with all rights")


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
            assert_equal(result.stderr, f"{tool}: cannot load the BPF programs: the kernel refuses the program tree_fork (Operation not "
                         "permitted), so a command cannot be followed; select its connections with --comm or --pid\n", "the reason")


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
                # Who reads from a connection owns it: that is learnt from then on.
                assert_in(None, groups(trace))
                assert_equal(groups(trace) - {None, comm}, set(), f"owners without {refused}")
                assert_in(STORAGE, trace.err)
                assert_in("the owners of connections that are older than the tool are unknown", trace.err)
        with Trace("--by", "comm", "-o", "json", tool=RTT_TOOL, prefix=refusing(*refused)) as trace:
            with Established() as young:
                young.exchange()
            assert_equal(trace.stop(), 0, f"exit status: {trace.err}")
            assert_in(comm, groups(trace))


if __name__ == "__main__":
    main(globals())
