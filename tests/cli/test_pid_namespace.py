#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The pid namespace of the pids that a tool takes and prints: its own, or the host's."""

import csv
import io
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading

from cli import (RTT_TOOL, TOOL, Trace, assert_equal, assert_in, main, need_root, of_port, run)
from surroundings import Inside, PidNamespace, child_of, in_mount_namespace
from this_machine import need_machine, need_seeding

BOTH = (TOOL, RTT_TOOL)

# Says its number in its own pid namespace, connects when told to, sends ten bytes that are echoed, and closes.
CLIENT = """
import os, socket, sys
print(os.getpid(), flush=True)
sys.stdin.readline()
c = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
for _ in range(10):
    c.send(b"x"); c.recv(1)
c.close()
"""


def numbers_of(pid):
    """From the test's pid namespace down to the process's own."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("NSpid:"):
            return list(map(int, line.split()[1:]))
    raise AssertionError("no NSpid")


class Client:
    """A process that connects once; `prefix` leads to where. `numbers`: from ours down to its own."""

    def __init__(self, port, *prefix):
        self._process = subprocess.Popen([*prefix, sys.executable, "-c", CLIENT, str(port)], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        own, pid = int(self._process.stdout.readline()), self._process.pid
        while pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip() in ("nsenter", "unshare"):
            pid = child_of(pid)
        self.numbers = numbers_of(pid)
        assert_equal(self.numbers[-1], own, "its own number")

    def go(self):
        self._process.communicate("go\n", timeout=20)
        assert_equal(self._process.returncode, 0, "the client's exit status")


class Echo:
    """Answers each byte, in a process (and a thread) of the test."""

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def _serve(self):
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            with connection:
                while byte := connection.recv(1):
                    connection.send(byte)

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


class Scene:
    """Clients in a container, in one inside that, and outside."""

    def __init__(self, space, port):
        self.inner = Client(port, *space.prefix)
        self.nested = Client(port, *space.prefix, "unshare", "--pid", "--fork")
        self.outer = Client(port)
        assert_equal([len(c.numbers) for c in self.clients()], [2, 3, 1], "depths")

    def clients(self):
        return self.inner, self.nested, self.outer

    def go(self):
        for client in self.clients():
            client.go()


def pids_of(rows, port):
    """Of the clients' sides, in order, each once."""
    pids = [(row["pid"], row.get("pid_host")) for row in rows if row["rport"] == port]
    return [pid for i, pid in enumerate(pids) if not i or pids[i - 1] != pid]


def check_rows(*args):
    with PidNamespace() as space, Echo() as echo, Inside("-o", "json", *args, prefix=space.prefix) as own, \
            Inside("-o", "json", "--pid-namespace=host", *args, prefix=space.prefix) as host:
        scene = Scene(space, echo.port)
        scene.go()
        assert_equal((own.stop(), host.stop()), (0, 0), f"exit statuses: {own.err}{host.err}")
        assert_equal(["pids are of this pid namespace" in trace.err for trace in (own, host)], [True, False], "what -v says")
        assert_equal(pids_of(own.rows(), echo.port),
                     [(scene.inner.numbers[1], None), (scene.nested.numbers[1], None), (None, scene.outer.numbers[0])],
                     "numbers of the container")
        assert_equal(pids_of(host.rows(), echo.port), [(c.numbers[0], None) for c in scene.clients()], "numbers of the host")


def test_rows():
    check_rows()


def test_rows_without_socket_storage():
    check_rows("--storage", "hash")


def test_whole_connections():
    need_machine("socket_storage")
    check_rows("-c")


def test_the_classic_tracepoint():
    """Without BTF it knows the processes of its own pid namespace only."""
    need_machine("tracefs")
    with PidNamespace() as space, Echo() as echo:
        mount = in_mount_namespace("[ -d /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing")
        with Trace("-o", "json", "--hook", "tracepoint", prefix=(*space.prefix, *mount)) as trace:
            inner, outer = Client(echo.port, *space.prefix), Client(echo.port)
            inner.go()
            outer.go()
            os.kill(child_of(trace.pid), signal.SIGINT)
            assert_equal(trace.wait(), 0, f"exit status: {trace.err}")
            assert_equal(pids_of(trace.rows(), echo.port), [(inner.numbers[1], None), (None, outer.numbers[0])], "numbers")


def test_text_and_csv():
    with PidNamespace() as space, Echo() as echo, \
            Inside("-O", "PID,COMM,RPORT", prefix=space.prefix) as text, Inside("-s", prefix=space.prefix) as table:
        scene = Scene(space, echo.port)
        scene.go()
        assert_equal((text.stop(), table.stop()), (0, 0), "exit statuses")
        inner, nested = scene.inner.numbers[1], scene.nested.numbers[1]
        lines = [line.split() for line in text.out.splitlines()]
        assert_equal({line[0] for line in lines if line[-1] == str(echo.port)}, {str(inner), str(nested), "-"}, "PID in text")
        rows = list(csv.DictReader(io.StringIO(table.out)))
        assert_equal({row["PID"] for row in rows if row["RPORT"] == str(echo.port)}, {str(inner), str(nested), ""}, "PID in CSV")
        assert all(row["COMM"].startswith("python3") for row in rows if row["RPORT"] == str(echo.port)), table.out


def test_filters():
    """A number that the container shows chooses its process, and no other one."""
    with PidNamespace() as space, Echo() as echo:
        scene = Scene(space, echo.port)
        inner, nested, outer = (client.numbers for client in scene.clients())
        expected = {
            ("--pid", inner[1]): [(inner[1], None)],
            ("--pid", f"{inner[1]},{nested[1]}"): [(inner[1], None), (nested[1], None)],
            ("--pid", f"!{inner[1]}"): [(nested[1], None), (None, outer[0])],
            ("--pid", outer[0]): [],
            ("--pid-namespace", "host", "--pid", outer[0]): [(outer[0], None)],
            ("--pid-namespace", "host", "--pid", nested[0]): [(nested[0], None)],
        }
        traces = {args: Inside("-o", "json", *args, prefix=space.prefix).__enter__() for args in expected}
        try:
            scene.go()
            for args, pids in expected.items():
                assert_equal(traces[args].stop(), 0, f"exit status of {args}")
                assert_equal(pids_of(traces[args].rows(), echo.port), pids, f"with {args}")
        finally:
            for trace in traces.values():
                trace.__exit__()


def test_older_connections():
    """Found by their descriptors, which the kernel shows a container of its own processes only."""
    need_seeding()
    with PidNamespace() as space, socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        client = Client(port, *space.prefix)
        thread = threading.Thread(target=client.go)
        thread.start()
        server = listener.accept()[0]
        assert_equal(server.recv(1), b"x", "the first byte")
        with Inside("-o", "json", "--pid", str(client.numbers[1]), prefix=space.prefix) as trace:
            for _ in range(9):
                server.send(b"x")
                server.recv(1)
            server.send(b"x")
            thread.join(20)
            server.close()
            assert_equal(trace.stop(), 0, "exit status")
            assert_equal(pids_of(trace.rows(), port), [(client.numbers[1], None)], f"numbers: {trace.out}")


def test_round_trips():
    need_seeding()
    with PidNamespace() as space, Echo() as echo:
        scene = Scene(space, echo.port)
        inner, nested, outer = (client.numbers for client in scene.clients())
        with Inside("--by", "pid", "-o", "json", "--rport", str(echo.port), tool=RTT_TOOL, prefix=space.prefix) as groups, \
                Inside("--pid", str(inner[1]), "-o", "json", "--rport", str(echo.port), tool=RTT_TOOL, prefix=space.prefix) as one:
            scene.go()
            assert_equal((groups.stop(), one.stop()), (0, 0), "exit statuses")
            counts = {report["key"]: report["count"] for report in map(json.loads, groups.out.splitlines()) if report["count"]}
            assert_equal(set(counts), {str(inner[1]), str(nested[1]), f"host:{outer[0]}"}, "groups")
            assert_equal(json.loads(one.out)["count"], counts[str(inner[1])], "samples of one process")


def test_names():
    """A network namespace is called after a process as the container calls it, and never after another one's number."""
    with PidNamespace() as space, Echo() as echo, \
            Inside("-o", "json", "--names", prefix=space.prefix) as own, \
            Inside("-o", "json", "--names", "--pid-namespace=host", prefix=space.prefix) as host:
        Client(echo.port, *space.prefix).go()
        Client(echo.port).go()
        assert_equal((own.stop(), host.stop()), (0, 0), "exit statuses")
        assert_equal({row["netns_name"] for row in of_port(own.rows(), echo.port)}, {"pid:1"}, "of the container")
        assert_equal({row["netns_name"] for row in of_port(host.rows(), echo.port)}, {None}, "where /proc has other numbers")


def test_on_the_host_both_are_the_same():
    need_root()
    with Echo() as echo, Trace("-o", "json", "--pid-namespace=own") as own, Trace("-o", "json", "--pid-namespace=host") as host:
        client = Client(echo.port)
        client.go()
        assert_equal((own.stop(), host.stop()), (0, 0), "exit statuses")
        for trace in (own, host):
            assert_equal(pids_of(trace.rows(), echo.port), [(client.numbers[0], None)], "numbers")


def test_wrong_namespace():
    for tool in BOTH:
        result = run("--pid-namespace", "mine", tool=tool)
        assert_equal((result.returncode, result.stdout), (2, ""), "exit status")
        assert_in('pid namespace "mine": not one of own, host', result.stderr)


if __name__ == "__main__":
    main(globals())
