#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpstates --retransmits: command line, formats, endings, losses, and a kernel that refuses its programs.

A listener whose accept queue is full drops each SYN: the kernel sends it again after a second."""

import csv
import errno
import io
import json
import os
import re
import resource
import socket
import struct
import subprocess
import sys
import tempfile

from cli import (Reader, Skip, Trace, assert_diagnostics, assert_equal, assert_in, assert_not_in, lost, main, need_root, run,
                 wait_until)
from commands import read_rows
from surroundings import as_nobody, in_mount_namespace, refusing
from test_kernels import HIDE_BTF
from this_machine import need_machine, need_seeding

COLUMNS = "PID COMM LADDR LPORT RADDR RPORT STATE KIND SEQNO BYTES SEGS RETRANS".split()
# Waits for the first SYN to be sent again.
CLIENT = "import socket, sys; s = socket.socket(); s.settimeout(1.5); s.connect_ex(('127.0.0.1', int(sys.argv[1])))"


class Full:
    """A listener with a full accept queue, and clients that call connect()."""

    def __enter__(self):
        self.sockets = [socket.socket()]
        self.sockets[0].bind(("127.0.0.1", 0))
        self.sockets[0].listen(0)
        self.port = self.sockets[0].getsockname()[1]
        # the queue has room for one connection
        self.sockets.append(socket.create_connection(("127.0.0.1", self.port)))
        return self

    def connect(self, count=1):
        for _ in range(count):
            client = socket.socket()
            client.setblocking(False)
            assert_equal(client.connect_ex(("127.0.0.1", self.port)), errno.EINPROGRESS, "connect()")
            self.sockets.append(client)

    def sent_again(self):
        """By TCP_INFO, of all clients: tcpi_total_retrans."""
        return sum(struct.unpack_from("I", client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 100)[0]
                   for client in self.sockets[2:])

    def __exit__(self, *_):
        for one in self.sockets:
            one.close()


def shown(full, *args, count=1, **kwargs):
    """Output of the tool, until the SYN of each client was sent again."""
    with Trace("--retransmits", "-D", full.port, *args, **kwargs) as trace:
        full.connect(count)
        wait_until(lambda: trace.out.count(str(full.port)) >= count, 10, lambda: f"no row: {trace.out} {trace.err}")
        assert_equal(trace.stop(), 0, f"exit status: {trace.err}")
        assert_equal(lost(trace.err)[0], 0, "lost")
        return trace.out


def test_text():
    need_root()
    with Full() as full:
        lines = shown(full).splitlines()
        assert_equal(lines[0].split(), COLUMNS, "header")
        row = dict(zip(COLUMNS, lines[1].split()))
        assert_equal((row["PID"], row["RADDR"], row["RPORT"], row["STATE"], row["KIND"]),
                     (str(os.getpid()), "127.0.0.1", str(full.port), "SYN_SENT", "SYN"), "row")
        assert_equal((row["BYTES"], row["SEGS"], row["RETRANS"]), ("0", "1", "1"), "what is sent again")
        wide = shown(full, "-w", "-T", "-t").splitlines()
        assert_equal(wide[0].split(), ["TIME", "TIME(s)", "PID", "COMM", "IP", *COLUMNS[2:]], "wide header")
        assert re.match(r"\d\d:\d\d:\d\d \d+\.\d{6} ", wide[1]), wide
        chosen = shown(full, "-O", "kind,retrans,netnsname,rport", "--services").splitlines()
        assert_equal((chosen[0].split(), chosen[1].split()[0], chosen[1].split()[3]),
                     (["KIND", "RETRANS", "NETNSNAME", "RPORT"], "SYN", str(full.port)), "chosen columns")


def test_csv():
    need_root()
    with Full() as full:
        table = list(csv.DictReader(io.StringIO(shown(full, "-s")), strict=True))
        assert_equal((table[0]["PID"], table[0]["IP"], table[0]["KIND"]), (str(os.getpid()), "4", "SYN"), "row")
        named = list(csv.DictReader(io.StringIO(shown(full, "-o", "csv", "--names")), strict=True))
        assert_equal(list(named[0])[-6:], ["RETRANS", "CGPATH", "UNIT", "CONTAINER", "POD", "NETNSNAME"], "columns with --names")
        assert named[0]["NETNSNAME"], named


def test_json():
    need_root()
    with Full() as full:
        row = json.loads(shown(full, "-o", "json", "--names", "--services", "--fleet").splitlines()[0])
    assert_equal((row["v"], row["type"], row["pid"], row["owner"]), (1, "retransmission", os.getpid(), "connect"), "head")
    assert_equal((row["state"], row["kind"], row["bytes"], row["segments"], row["retransmits"]), ("SYN_SENT", "SYN", 0, 1, 1), "tail")
    for key in ("seq", "cgroup", "unit", "netns_name", "rservice", "host", "run"):
        assert key in row, row
    for key in ("oldstate", "newstate", "duration_us", "cause"):
        assert key not in row, row


def test_hash():
    """Without socket storage the same, but for the cookie."""
    need_root()
    with Full() as full:
        row = json.loads(shown(full, "-o", "json", "--storage", "hash").splitlines()[0])
    assert_equal((row["pid"], row["kind"], row["state"]), (os.getpid(), "SYN", "SYN_SENT"), "row")


def test_quiet():
    """Where nothing is sent again, there is nothing to see, whatever else happens."""
    need_root()
    with socket.create_server(("127.0.0.1", 0)) as listener, Trace("--retransmits", "-o", "json", "-D",
                                                                  listener.getsockname()[1], "--strict") as trace:
        with socket.create_connection(listener.getsockname()) as client, listener.accept()[0] as server:
            client.send(b"a")
            assert_equal(server.recv(1), b"a", "data")
        assert_equal((trace.stop(), trace.rows(), lost(trace.err)), (0, [], (0, 0)), "status, rows and losses")
        assert_equal(trace.err.count("gap"), 0, "gaps")


def test_command():
    """Only the command's connections; its exit status."""
    need_root()
    with Full() as full, tempfile.NamedTemporaryFile() as file:
        full.connect()
        result = run("--retransmits", "-o", "json", "--out", file.name, "--", sys.executable, "-c", CLIENT + "; exit(7)", full.port)
        assert_equal((result.returncode, result.stdout), (7, ""), f"exit status and output: {result.stderr}")
        rows = read_rows(file.name)
    assert_equal([(row["rport"], row["kind"]) for row in rows], [(full.port, "SYN")], "rows")
    assert rows[0]["pid"] != os.getpid(), rows


def test_duration():
    need_root()
    result = run("--retransmits", "-d", "0.2", "-D", "1")
    assert_equal((result.returncode, result.stdout.split(), result.stderr), (0, COLUMNS, ""), "status, header and stderr")


def test_head():
    need_root()
    with Full() as full:
        command = Trace("--retransmits", "-D", full.port).command
        with subprocess.Popen(["sh", "-c", '"$@" | head -n 3', "sh", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as process:
            for line in process.stderr:
                if "tracing" in line:
                    break
            full.connect(20)
            out, err = process.communicate(timeout=20)
    assert_equal(len(out.splitlines()), 3, "lines of head")
    assert_in("lost 0 of", err)


def test_full_disk():
    need_root()
    with Full() as full, open("/dev/full", "wb") as disk:
        result = run("--retransmits", "-D", full.port, stdout=disk)
        assert_equal(result.returncode, 1, f"exit status: {result.stderr}")
        assert_in("No space left on device", result.stderr)
        assert_diagnostics(result.stderr)


MANY = 3000


def test_ring_full():
    """Rows that find no room in the ring buffers are counted."""
    need_root()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if limit != resource.RLIM_INFINITY and limit < MANY + 100:
        raise Skip("too few descriptors for a process")
    resource.setrlimit(resource.RLIMIT_NOFILE, (MANY + 100, limit))
    with Full() as full, Reader() as reader:
        with Trace("--retransmits", "-o", "json", "-D", full.port, "--buffer-size", "64K", "--strict",
                   stdout=reader.writer) as trace:
            reader.close_writer()
            reader.stop()
            full.connect(MANY)
            wait_until(lambda: "no room in the ring buffers" in trace.err, 10, lambda: f"nothing is lost: {trace.err}")
            reader.go_on()
            least = full.sent_again()
            assert_equal(trace.stop(), 3, f"exit status: {trace.err}")
            most = full.sent_again()
            missing, total = lost(trace.err)
        rows = [json.loads(line) for line in reader.text().splitlines()]
    assert_equal(len(rows), total - missing, "rows that were read")
    # this machine may hide some events from BPF
    assert 0 < missing < total and least * 0.99 <= total <= most, (missing, total, least, most)


def test_refused():
    """By a kernel: the one program is the feature, the other is worth a word."""
    need_root()
    need_machine("seccomp_notify", "socket_storage")
    need_seeding()
    for programs in (("emit_retransmission", "emit_retransmission_err"),
                     ("attach:emit_retransmission", "attach:emit_retransmission_err")):
        result = run("--retransmits", "-d", "1", prefix=refusing(*programs))
        assert_equal((result.returncode, result.stdout), (1, ""), f"exit status and output: {result.stderr}")
        assert re.search(r"the kernel refuses the program emit_retransmission(_err)? \(Operation not permitted\), so "
                         r"retransmissions cannot be shown; nstat -a TcpRetransSegs counts them\n", result.stderr), result.stderr
        assert_diagnostics(result.stderr)
    with Full() as full, Trace("--retransmits", "-o", "json", "-D", full.port, prefix=refusing("emit_syn_ack")) as trace:
        full.connect()
        wait_until(trace.rows, 10, "no row")
        assert_equal(trace.stop(), 0, "exit status")
        assert_in("the kernel refuses the program emit_syn_ack (Operation not permitted): retransmitted SYN-ACKs are not shown\n",
                  trace.err)


def test_no_rights():
    need_root()
    result = run("--retransmits", "-d", "1", prefix=as_nobody())
    assert_equal(result.returncode, 1, f"exit status: {result.stderr}")
    assert_in("cannot load", result.stderr)
    assert_not_in("TcpRetransSegs", result.stderr)


def test_no_btf():
    need_root()
    result = run("--retransmits", "-d", "1", prefix=in_mount_namespace(HIDE_BTF))
    assert_equal((result.returncode, result.stdout), (1, ""), f"exit status and output: {result.stderr}")
    assert_in("which --retransmits needs; leave it out, or try a kernel built with CONFIG_DEBUG_INFO_BTF", result.stderr)


def test_wrong():
    for args, words in (
            (["-c"], ["-c", "--retransmits"]),
            (["--summary"], ["--summary", "--retransmits"]),
            (["--stuck", "CLOSE_WAIT"], ["--stuck", "--retransmits"]),
            (["-Y"], ["-Y", "--retransmits"]),
            (["-O", "PID,NEWSTATE"], ['"NEWSTATE"', "STATE"]),
            (["-s", "-O", "PID,LIMIT"], ['"LIMIT"', "KIND"]),
            (["-O", "PID,NOPE"], ['"NOPE"', "SEQNO,BYTES"]),
            (["-o", "json", "-O", "PID"], ["-O"]),
            (["-o", "json", "-T"], ["-T", "leave them out"]),
            (["--names"], ["--names", "-O CGPATH", "-o json"]),
            (["--fleet"], ["--fleet", "-o json"]),
            (["--min-duration", "1s"], ["--min-duration", "leave it out"]),
            (["--cause", "refused"], ["--cause", "leave it out"]),
            (["--longer", "1s"], ["--longer", "--stuck"]),
            (["--interval", "1s"], ["--interval"]),
            (["--once"], ["--once", "--stuck"]),
            (["--hook", "tracepoint"], ["--hook tracepoint does not support --retransmits; leave --hook out"])):
        result = run("--retransmits", *args)
        assert_equal((result.returncode, result.stdout), (2, ""), f"exit status and output of {args}: {result.stderr}")
        for word in words:
            assert_in(word, result.stderr)


if __name__ == "__main__":
    main(globals())
