#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The answers of tcpvitals-exporter: formats, wrong requests, silent clients and many, a UNIX socket."""

import contextlib
import gzip
import http.client
import os
import socket
import sys
import tempfile
import threading

from cli import assert_equal, assert_in, main, need_root
from exporter import EXPORTER, Exporter, Metrics


def test_formats():
    """The format is the one that the client asks for, compressed if the client wants it."""
    need_root()
    with Exporter() as exporter:
        status, headers, body = exporter.request()
        assert_equal((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"), "text")
        assert Metrics(body.decode()).series() <= 450, "series by default"
        _, headers, body = exporter.request(Accept="application/openmetrics-text;version=1.0.0")
        assert_in("openmetrics", headers["Content-Type"])
        assert body.endswith(b"# EOF\n"), body[-40:]
        _, headers, body = exporter.request(Accept_Encoding="gzip")
        assert_equal(headers["Content-Encoding"], "gzip", "encoding")
        assert_in("tcpvitals_sockets", gzip.decompress(body).decode())
        _, headers, body = exporter.request(Accept_Encoding="gzip;q=0")
        assert "Content-Encoding" not in headers
        status, _, body = exporter.request(method="HEAD")
        assert_equal((status, body), (200, b""), "HEAD")


def test_requests():
    """Other requests are refused with a status."""
    need_root()
    with Exporter() as exporter:
        assert_equal(exporter.request("/nothing")[0], 404, "unknown path")
        status, headers, _ = exporter.request(method="POST")
        assert_equal((status, headers["Allow"]), (405, "GET, HEAD"), "POST")
        assert_equal(exporter.request("/-/healthy")[0], 200, "health")
        assert_equal(exporter.request(X_Long="a" * 60000)[0] in (413, 431), True, "long header")
        with socket.create_connection(("127.0.0.1", exporter.port), timeout=10) as upload:
            upload.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n")
            assert_in(b"405", upload.recv(1000).split(b"\r\n")[0])  # before the body
        with socket.create_connection(("127.0.0.1", exporter.port)) as broken:
            broken.sendall(b"\0\xff no HTTP\r\n\r\n")
            assert_equal(exporter.request()[0], 200, "beside nonsense")
        assert_equal(exporter.stop(), 0, "exit status")


def test_silent_clients():
    """Clients that say nothing, or ask for more than their buffers hold and do not read, keep no other address waiting, also
    with descriptors above the soft limit that systemd sets."""
    need_root()
    crowded = ("import os, resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 4096)); "
               "[os.set_inheritable(os.dup(0), True) for _ in range(900)]; os.execvp(sys.argv[1], sys.argv[1:])")
    with Exporter(prefix=(sys.executable, "-c", crowded)) as exporter:
        silent = [socket.create_connection(("127.0.0.1", exporter.port)) for _ in range(600)]
        for client in silent[:5]:
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                for _ in range(500):
                    client.send(1000 * b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
                raise AssertionError("the exporter reads without an end from a client that reads nothing")
        assert_equal(exporter.request(source="127.0.0.2")[0], 200, "beside them")
        assert max(map(int, os.listdir(f"/proc/{exporter.process.pid}/fd"))) > 1024, "no descriptor above 1024"
        for client in silent:
            client.close()


def test_many_clients():
    """100 at the same time, each on one connection: each answer is whole."""
    need_root()
    with Exporter() as exporter:
        barrier = threading.Barrier(100, timeout=20)

        def ask(results):
            connection = http.client.HTTPConnection("127.0.0.1", exporter.port, timeout=20)
            barrier.wait()
            for _ in range(5):
                connection.request("GET", "/metrics")
                response = connection.getresponse()
                text = response.read().decode()
                results.append((response.status, text.endswith("\n"), Metrics(text).get("tcpvitals_hook_up", hook="tp_btf")))
            connection.close()

        results = [[] for _ in range(100)]
        threads = [threading.Thread(target=ask, args=(place,)) for place in results]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        first = results[0][0]
        assert_equal(first[:2], (200, True), "first answer")
        assert_equal(results, 100 * [5 * [first]], "answers")


def test_unix_socket():
    need_root()
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/exporter.sock"
        for _ in range(2):  # the second finds the file of the first
            with Exporter("--web.listen-address", f"unix:{path}") as exporter, socket.socket(socket.AF_UNIX) as client:
                client.connect(path)
                client.sendall(b"GET /-/healthy HTTP/1.0\r\n\r\n")
                assert_in("200 OK", client.recv(1000).decode())
                assert_in(f"live page at unix:{path}, path /", exporter.err)
                assert_equal(exporter.stop(), 0, "exit status")


if __name__ == "__main__":
    main(globals(), tool=EXPORTER, at_once=3)
