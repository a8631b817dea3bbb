# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A real PostgreSQL, as a server whose connections tests look at, and as a database for records."""

import contextlib
import os
import pathlib
import pwd
import re
import signal
import subprocess
import tempfile

from cli import Skip, free_port, need_command, wait_until
from surroundings import as_nobody

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

    def sql(self, text):
        """Runs statements, and returns what the last one prints."""
        result = subprocess.run([program("psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "tv", "-d", "postgres", "-qtAX", "-v",
                                 "ON_ERROR_STOP=1", "-f", "-"], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, timeout=60, check=False)
        assert result.returncode == 0, f"{text[:200]}: {result.stderr}"
        return result.stdout.strip()

    def load(self, table, text):
        """Each line is a row of one column."""
        path = pathlib.Path(self.directory.name, "lines")
        path.write_text(text, encoding="utf-8")
        self.sql(f"\\copy {table} FROM {path} WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')\n")
