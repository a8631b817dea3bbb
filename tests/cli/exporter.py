# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpvitals-exporter for tests: starts it on a port of its own, scrapes it, and reads the text format."""

import contextlib
import http.client
import random
import re
import socket

from cli import ROOT, Trace, wait_until

EXPORTER = str(ROOT / "build/tcpvitals-exporter")

# Enough for each port of a busy machine to have its own series.
ALL_SERIES = ("--max-series", 20000)


def free_low_port():
    """A free port below the ephemeral ones, which the exporter does not tell apart."""
    for _ in range(1000):
        port = random.randint(15000, 30000)
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


class Metrics:
    """A scrape in text format: {name: {frozenset of labels: value}}."""

    LINE = re.compile(r"^([a-z0-9_]+)(?:\{(.*)\})? ([0-9.e+-]+|NaN|\+Inf)$")
    LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')

    def __init__(self, text):
        self.text = text
        self.values = {}
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            match = self.LINE.match(line)
            assert match, f"not a sample: {line!r}"
            labels = frozenset(self.LABEL.findall(match[2] or ""))
            assert labels not in self.values.setdefault(match[1], {}), f"twice: {line!r}"
            self.values[match[1]][labels] = float(match[3])

    def get(self, name, **labels):
        """The value with exactly these labels; None: there is none."""
        return self.values.get(name, {}).get(frozenset((k, str(v)) for k, v in labels.items()))

    def sum(self, name, **labels):
        """Of all samples that have these labels, among others."""
        wanted = {(k, str(v)) for k, v in labels.items()}
        return sum(value for have, value in self.values.get(name, {}).items() if wanted <= have)

    def series(self):
        return sum(map(len, self.values.values()))


class Exporter(Trace):
    """Between `with` and stop(). It serves on self.port."""

    def __init__(self, *args, tool=EXPORTER, **kwargs):
        self.port = free_low_port()
        super().__init__("--web.listen-address", f"127.0.0.1:{self.port}", "--interval", "1s", *args, tool=tool, **kwargs)

    def __enter__(self):
        super().__enter__()
        wait_until(lambda: "live page at " in self.err, 15, lambda: f"does not serve: {self.err}")
        return self

    def request(self, path="/metrics", method="GET", source="127.0.0.1", **headers):
        """(status, headers, body); `source` is the client's address."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10, source_address=(source, 0))
        try:
            connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def scrape(self):
        status, _, body = self.request()
        assert status == 200, f"status {status}: {body!r}"
        return Metrics(body.decode())
