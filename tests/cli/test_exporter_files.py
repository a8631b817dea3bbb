#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpvitals-exporter --textfile, and the sockets of systemd."""

import os
import pathlib
import socket
import subprocess
import tempfile

from cli import Trace, assert_equal, assert_in, assert_not_in, main, need_root, run, wait_until
from exporter import EXPORTER, Metrics


def test_textfile():
    """The file is always a whole one, and nothing is served."""
    need_root()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "tcp.prom"
        with Trace("--interval", "1s", "--textfile", path, tool=EXPORTER, preexec_fn=lambda: os.umask(0o077)) as exporter:
            wait_until(path.exists, 10, "no file")
            assert_equal(path.stat().st_mode & 0o777, 0o644, "mode: node_exporter is another user")
            for _ in range(200):
                assert_in("tcpvitals_scrape_duration_seconds", path.read_text())
            first = path.stat().st_ino
            wait_until(lambda: path.stat().st_ino != first, 10, "not written again")
            assert_equal(Metrics(path.read_text()).get("tcpvitals_groups_in_other") is None, False, "a metric")
            assert_equal(os.listdir(folder), ["tcp.prom"], "files")
            assert_not_in("live page", exporter.err)
            assert_equal(exporter.stop(), 0, "exit status")


def test_full_disk():
    """The old file stays, and one line says why."""
    need_root()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "gone" / "tcp.prom"
        with Trace("--interval", "1s", "--textfile", path, tool=EXPORTER) as exporter:
            wait_until(lambda: "cannot write " in exporter.err, 10, "no message")
            path.parent.mkdir()
            wait_until(path.exists, 10, "not written when it was possible")
            assert_equal(exporter.err.count("; trying again"), 1, "messages")


def test_device():
    """A device is not replaced by a file."""
    need_root()
    for path in ("/dev/null", "/tmp"):
        result = run("--textfile", path, "-d", 1, tool=EXPORTER)
        assert_equal(result.returncode, 1, "exit status")
        assert_in(f"cannot write {path}: not a regular file; give another --textfile", result.stderr)
    assert pathlib.Path("/dev/null").is_char_device()


def listening():
    """A socket as descriptor 3 of the child, as systemd gives it."""
    listener = socket.create_server(("127.0.0.1", 0))
    return listener, listener.getsockname()[1]


def test_systemd_socket():
    need_root()
    listener, port = listening()
    script = f'exec 3<&{listener.fileno()}; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"'
    with subprocess.Popen(["sh", "-c", script, "sh", EXPORTER, "--web.systemd-socket", "-d", "20"], stderr=subprocess.PIPE,
                          pass_fds=[listener.fileno()], text=True) as exporter:
        listener.close()
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.settimeout(15)
            client.sendall(b"GET /-/healthy HTTP/1.0\r\n\r\n")
            assert_in("200 OK", client.recv(1000).decode())
        exporter.terminate()
        assert_equal(exporter.wait(10), 0, "exit status")


def test_no_systemd_socket():
    need_root()
    result = run("--web.systemd-socket", tool=EXPORTER)
    assert_equal(result.returncode, 1, "exit status")
    assert_in("systemd has opened no socket; start the socket unit, or use --web.listen-address", result.stderr)


def test_too_many_sockets():
    need_root()
    listener, _ = listening()
    script = f'exec 3<&{listener.fileno()}; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"'
    more = [f"--web.listen-address=127.0.0.1:{port}" for port in range(10440, 10448)]
    result = subprocess.run(["sh", "-c", script, "sh", EXPORTER, "--web.systemd-socket", *more], stderr=subprocess.PIPE,
                            pass_fds=[listener.fileno()], text=True, timeout=20, check=False)
    listener.close()
    assert_equal(result.returncode, 1, "exit status")
    assert_in("too many sockets to serve on; leave some out", result.stderr)


if __name__ == "__main__":
    main(globals(), tool=EXPORTER)
