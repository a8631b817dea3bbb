# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A real web server, and a real client."""

import os
import pathlib
import socket
import subprocess
import tempfile

from cli import end_daemon, free_port, need_command, wait_until


class Nginx:
    """A real web server on a port of its own, from a configuration of its own."""

    def __init__(self, workers=1):
        self.workers = workers

    def __enter__(self):
        need_command("nginx")
        self.port = free_port()
        self.directory = tempfile.TemporaryDirectory(prefix="tcpvitals-nginx-")
        path = self.directory.name
        os.chmod(path, 0o755)
        temporary = "".join(
            f"  {kind}_temp_path {path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        pathlib.Path(path, "nginx.conf").write_text(
            f"daemon off; master_process on; worker_processes {self.workers}; pid {path}/pid; error_log stderr;\n"
            f"events {{ worker_connections 512; }}\n"
            f"http {{\n{temporary}  log_format who '$pid $remote_port'; access_log {path}/access who;\n"
            f"  server {{ listen 127.0.0.1:{self.port}; location / {{ return 200 'hello\\n'; }} }}\n}}\n"
        )
        self.process = subprocess.Popen(
            ["nginx", "-e", "stderr", "-p", path, "-c", f"{path}/nginx.conf"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._answers, 10, "nginx does not answer")
        return self

    def _answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def __exit__(self, *_):
        end_daemon(self.process)
        self.directory.cleanup()

    def served(self):
        """Client port and pid of the worker, in the order of the requests."""
        log = pathlib.Path(self.directory.name, "access").read_text(encoding="ascii")
        return [(int(port), int(pid)) for pid, port in map(str.split, log.splitlines())]

    def pids(self):
        """Of master and workers."""
        pid = self.process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        return {pid, *map(int, children.split())}


def curl(port, *args):
    """One request by a real curl; returns its pid."""
    need_command("curl")
    process = subprocess.Popen(
        ["curl", "-sS", "-o", "/dev/null", "--max-time", "10", *args, f"http://127.0.0.1:{port}/"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    errors = process.communicate(timeout=15)[1]
    assert process.returncode == 0, f"curl: {errors}"
    return process.pid
