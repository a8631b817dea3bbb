#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The configurations of dist/shippers with the real programs: each record that tcpstates writes into files that are rotated
arrives once, although the receiver is away or refuses for a while. Vector and Fluent Bit are not in Debian."""

import http.server
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import urllib.parse

from cli import ROOT, Skip, Trace, assert_equal, assert_in, end_daemon, main, need_command, need_root, wait_until
from exporter import free_low_port
from postgresql import Postgres
from surroundings import folder
from test_exporter import close_client_first, exchange, listen, reset_by_client
from test_fleet import tables

CONNECTIONS = 40
ARRIVE_LIMIT_S = 30
REFUSALS = 2
DISCONNECT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tv' AND pid <> pg_backend_pid();"


def unpacked(name, *packages):
    """The packages in a folder of their own: Debian's syslog daemons exclude each other, and this machine may need the other."""
    need_command("apt-get")
    result = subprocess.run([ROOT / "tests/cli/unpack", name, *packages], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, timeout=80, check=False)
    if result.returncode:
        raise Skip(result.stderr.strip())
    return ROOT / ".cache/packages" / name


class Daemon:
    """A program of unpacked(), with the libraries from there."""

    def __init__(self, tree, program, *args):
        libraries = sorted({str(path.parent) for path in tree.rglob("*.so.*")})
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([tree / program, *args], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        env={**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end_daemon(self.process)
        self.log.close()

    def await_all(self, count, expected):
        """Waits until that many records have arrived."""
        wait_until(lambda: count() >= expected or self.process.poll() is not None, ARRIVE_LIMIT_S,
                   lambda: f"{count()} of {expected} records arrived: {os.pread(self.log.fileno(), 2000, 0).decode()}")
        assert self.process.poll() is None, f"it ended: {os.pread(self.log.fileno(), 2000, 0).decode()}"


def configuration(name, **places):
    """dist/shippers/NAME with other places; each must be in it."""
    text = (ROOT / "dist/shippers" / name).read_text(encoding="utf-8")
    for old, new in places.items():
        old = {"file": "/var/log/tcpvitals/connections.json"}.get(old, old)
        assert old in text, f"{name} has no {old}"
        text = text.replace(old, str(new))
    return text


class Records:
    """tcpstates as in dist/systemd, writing into a folder. Its file is rotated in the middle, as dist/logrotate does."""

    def __init__(self, path):
        self.file = path / "connections.json"
        self.rotated = path / "connections.json.1"
        self.port = free_low_port()

    def write(self, before_rotation):
        """Returns all lines."""
        need_root()
        with listen(self.port) as listener, Trace("-c", "-o", "json", "--fleet", "--names", "--out", self.file) as trace:
            self.play(listener)
            before_rotation()
            self.file.rename(self.rotated)
            self.play(listener)
            trace.process.send_signal(signal.SIGHUP)
            wait_until(self.file.exists, 5, lambda: "no new file")
            self.play(listener)
            assert_equal(trace.stop(), 0, "exit status")
        lines = [line for file in (self.rotated, self.file) for line in file.read_text(encoding="utf-8").splitlines()]
        own = [row for row in map(json.loads, lines) if self.port in (row["lport"], row["rport"])]
        assert_equal(len(own), 6 * CONNECTIONS, "records of the traffic")
        return lines

    def play(self, listener):
        for i in range(CONNECTIONS):
            (close_client_first if i % 4 else reset_by_client)(*exchange(listener, self.port))


class Receiver:
    """Takes what is posted, after it has refused some requests."""

    def __enter__(self):
        receiver = self
        self.lines, self.queries, self.refused = [], set(), 0

        class Handler(http.server.BaseHTTPRequestHandler):
            """One request."""
            def do_POST(self):  # pylint: disable=invalid-name
                """An INSERT of ClickHouse's HTTP interface."""
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                is_taken = receiver.refused >= REFUSALS
                if is_taken:
                    receiver.lines += body.splitlines()
                    receiver.queries.add(urllib.parse.urlsplit(self.path).query)
                receiver.refused += not is_taken
                self.send_response(200 if is_taken else 503)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):  # pylint: disable=arguments-differ
                """Is quiet."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def test_syslog_ng():
    need_root()
    tree = unpacked("syslog-ng", "syslog-ng-core", "syslog-ng-mod-http")
    with folder() as path, Receiver() as receiver:
        records = Records(path)
        config = path / "syslog-ng.conf"
        config.write_text("@version: 3.35\noptions { time-reopen(1); };\n"
                          + configuration("syslog-ng.conf", file=records.file,
                                          **{"clickhouse.example:8123": f"127.0.0.1:{receiver.port}"}))
        modules = next((tree / "usr/lib/syslog-ng").glob("*/libhttp.so")).parent
        with Daemon(tree, "usr/sbin/syslog-ng", "-F", "--no-caps", "-f", config, "--module-path", modules, "-R", path / "persist",
                    "-p", path / "pid", "-c", path / "control") as daemon:
            lines = records.write(lambda: daemon.await_all(lambda: len(receiver.lines), 2 * CONNECTIONS))
            daemon.await_all(lambda: len(receiver.lines), len(lines))
    assert_equal(receiver.lines, lines, "records")
    assert_equal(receiver.refused, REFUSALS, "requests that were refused")
    query, = receiver.queries
    assert_equal(urllib.parse.parse_qs(query)["query"], ["INSERT INTO tcp_connections FORMAT JSONEachRow"], "query")


def test_rsyslog():
    need_root()
    tree = unpacked("rsyslog", "rsyslog", "rsyslog-pgsql")
    with folder() as path, Postgres() as database:
        database.sql(tables("postgres"))
        records = Records(path)
        config = path / "rsyslog.conf"
        config.write_text(f'global(workDirectory="{path}")\n'
                          + configuration("rsyslog.conf", file=records.file,
                                          **{'"postgres.example"': '"127.0.0.1"', '"5432"': f'"{database.port}"',
                                             'db="tcpvitals"': 'db="postgres"', 'user="tcpvitals"': 'user="tv"'}))
        modules = next((tree / "usr/lib").glob("*/rsyslog"))
        with Daemon(tree, "usr/sbin/rsyslogd", "-n", "-f", config, "-i", path / "pid", "-M", modules) as daemon:
            def arrived():
                return int(database.sql("SELECT count(*) FROM tcp_connections;"))

            def disconnect():
                daemon.await_all(arrived, 1)
                assert_in("t", database.sql(DISCONNECT))

            lines = records.write(disconnect)
            daemon.await_all(arrived, len(lines))
        assert_equal(database.sql("SELECT * FROM tcp_missing;"), "", "records that were lost on their way")
        assert_equal(arrived(), len(lines), "records")
        own = f"(lport = {records.port} OR rport = {records.port})"
        for cause, part in (("fin-local", 3), ("fin-remote", 3), ("aborted", 1), ("reset-received", 1)):
            assert_equal(int(database.sql(f"SELECT count(*) FROM tcp_connections WHERE cause = '{cause}' AND {own};")),
                         3 * CONNECTIONS * part // 4, cause)


if __name__ == "__main__":
    main(globals())
