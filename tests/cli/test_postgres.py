#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A real PostgreSQL under pgbench: the postmaster accepts, and a backend process of its own owns each connection."""

import collections
import contextlib
import os
import pathlib
import pwd
import re
import signal
import subprocess
import tempfile

from cli import RTT_TOOL, Skip, Trace, assert_equal, assert_in, free_port, main, need_command, need_root, wait_until
from surroundings import as_nobody
from this_machine import machine_refuses, need_seeding

CLIENTS = 4
TRANSACTIONS = 300
START_LIMIT_S = 30


def program(name):
    """Of the newest version that is there: Debian keeps the server's outside of PATH."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    if not found:
        raise Skip(f"needs {name} (package postgresql)")
    return str(found[-1])


class Postgres:
    """A server of the user nobody in a folder of its own; `log` says which process serves which client's port."""

    def __enter__(self):
        need_command("setpriv")
        initdb, postgres = program("initdb"), program("postgres")
        self.pgbench = program("pgbench")
        self.port = free_port()
        self.directory = tempfile.TemporaryDirectory(prefix="tcpvitals-postgres-")
        path = self.directory.name
        nobody = pwd.getpwuid(65534)
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
        self.log = pathlib.Path(path, "log")
        subprocess.run([*as_nobody(), initdb, "-D", f"{path}/data", "-U", "tv", "-A", "trust", "--no-sync", "--no-locale"],
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=path, timeout=60, check=True)
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": path, "fsync": "off",
                    "log_connections": "on", "log_line_prefix": "%p ", "shared_buffers": "16MB", "autovacuum": "off"}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([*as_nobody(), postgres, "-D", f"{path}/data",
                                             *(f"--{name}={value}" for name, value in settings.items())],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=path)
        wait_until(lambda: "ready to accept connections" in self.log.read_text() or self.process.poll() is not None,
                   START_LIMIT_S, lambda: f"not ready: {self.log.read_text()}")
        assert self.process.poll() is None, f"PostgreSQL ended: {self.log.read_text()}"
        return self

    def __exit__(self, *_):
        self.process.terminate()  # a "smart" shutdown: nobody is connected any more
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(10)
        self.directory.cleanup()

    def bench(self):
        """Four clients at the same time."""
        script = pathlib.Path(self.directory.name, "script")
        script.write_text("SELECT 1;\n")
        subprocess.run([self.pgbench, "-n", "-h", "127.0.0.1", "-p", str(self.port), "-U", "tv", "-c", str(CLIENTS), "-j", "2",
                        "-t", str(TRANSACTIONS), "-f", str(script), "postgres"],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=30, check=True)

    def backends(self):
        """Client's port: pid."""
        return {int(port): int(pid) for pid, port in
                re.findall(r"^(\d+) LOG:  connection received: host=\S+ port=(\d+)$", self.log.read_text(), re.MULTILINE)}


def test_pgbench():
    need_root()
    need_seeding()
    with Postgres() as server, Trace("-c", "-o", "json", "-L", server.port) as connections, \
            Trace("-o", "json", "-L", server.port) as rows, \
            Trace("-o", "json", "-p", server.port, "--by", "pid", tool=RTT_TOOL) as by_pid:
        server.bench()
        backends = server.backends()
        # pgbench looks at the server before, over a connection of its own
        busy = set(backends.values())
        wait_until(lambda: len(connections.rows()) >= len(backends), 5, "the ends of all connections")
        for trace in (connections, rows, by_pid):
            assert_equal(trace.stop(), 0, f"exit status: {trace.err}")
        assert CLIENTS <= len(busy) <= CLIENTS + 1 and server.process.pid not in busy, backends
        told = collections.Counter()
        for row in connections.rows():
            assert_equal(row["pid"], backends[row["rport"]], f"owner at the end: {row}")
            told[str(row["pid"])] += row["rtt_samples"]
        for row in rows.rows():
            if row["owner"] not in ("listener", "accept") and row["rport"]:
                assert_equal(row["pid"], backends[row["rport"]], f"owner of a row: {row}")
        counted = {row["key"]: row["count"] for row in by_pid.rows()}
        print(f"  postmaster {server.process.pid}, tcpstates {dict(told)}, tcprtt {counted}")
        # where the accept itself is seen, the postmaster has what comes before the backend's first read
        early = 0 if machine_refuses("fexit") and machine_refuses("kretprobe") else 2
        assert counted.pop(str(server.process.pid), 0) <= early * len(backends), "samples of the postmaster"
        assert_equal(set(counted), set(told), "processes with samples, against tcpstates")
        for pid, count in counted.items():
            assert told[pid] - early <= count <= told[pid], (pid, counted, told)
        assert_equal(len([count for count in counted.values() if count >= TRANSACTIONS - early]), CLIENTS, "backends of clients")
        assert_in("lost 0 of", by_pid.err)


if __name__ == "__main__":
    main(globals())
