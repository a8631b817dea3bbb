#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A real Prometheus scrapes tcpvitals-exporter, with native histograms and without; promtool reads everything."""

import json
import pathlib
import re
import subprocess
import tempfile
import urllib.parse
import urllib.request

from cli import ROOT, assert_equal, assert_in, main, need_command, need_root, wait_until
from exporter import EXPORTER, Exporter, free_low_port
from test_exporter import close_client_first, exchange, listen

CONNECTIONS = 100


class Server:
    """Scrapes one exporter each second, and answers queries."""

    def __init__(self, exporter):
        self.exporter, self.port = exporter, free_low_port()

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        config = pathlib.Path(self.folder.name) / "prometheus.yml"
        config.write_text("global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: tcpvitals\n    static_configs:\n"
                          f"      - targets: ['127.0.0.1:{self.exporter.port}']\n")
        command = self.command(config)
        need_command(command[0])
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        cwd=self.folder.name)
        wait_until(lambda: self.value("up") == 1, 30, f"{command[0]} does not scrape")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    def value(self, query):
        """The only value of a query; None: there is none yet."""
        try:
            result = self.ask(query)
        except OSError:
            return None
        return float(result[0]["value"][1]) if result else None

    def ask(self, query):
        """The result of a query. OSError: no answer, or the query is wrong."""
        url = f"http://127.0.0.1:{self.port}/api/v1/query?" + urllib.parse.urlencode({"query": query})
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.load(answer)["data"]["result"]


class Prometheus(Server):
    def __init__(self, exporter, *features):
        super().__init__(exporter)
        self.features = features

    def command(self, config):
        return ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.folder.name}/data",
                f"--web.listen-address=127.0.0.1:{self.port}", *self.features]


class VictoriaMetrics(Server):
    def command(self, config):
        return ["victoria-metrics", f"-promscrape.config={config}", f"-storageDataPath={self.folder.name}/data",
                f"-httpListenAddr=127.0.0.1:{self.port}", "-search.latencyOffset=0s", "-search.disableCache"]


def make_connections(port):
    with listen(port) as listener:
        for _ in range(CONNECTIONS):
            close_client_first(*exchange(listener, port))


def check_counts(prometheus, port):
    for role in ("client", "server"):
        query = f'tcpvitals_connections_opened_total{{role="{role}",port="{port}"}}'
        wait_until(lambda query=query: prometheus.value(query) == CONNECTIONS, 15, lambda query=query: f"{query}: {prometheus.value(query)}")


def check_panels(prometheus):
    """Prometheus reads each query of the dashboard, and quantiles have a value in either kind of histogram."""
    for panel in json.loads((ROOT / "dist/grafana/tcpvitals.json").read_text())["panels"]:
        for target in panel.get("targets", ()):
            query = target["expr"].replace("$instance", ".*").replace("$__rate_interval", "30s")
            prometheus.ask(query)
            if "histogram_quantile" in query:
                wait_until(lambda query=query: prometheus.value(query) is not None, 10, f"nothing: {query}")


def test_classic():
    need_root()
    port = free_low_port()
    with Exporter("--max-series", 5000) as exporter, Prometheus(exporter) as prometheus:
        make_connections(port)
        check_counts(prometheus, port)
        assert_equal(prometheus.value(f'tcpvitals_rtt_seconds_count{{port="{port}"}}') > CONNECTIONS, True, "samples")
        p99 = prometheus.value(f'histogram_quantile(.99, tcpvitals_rtt_seconds_bucket{{port="{port}"}})')
        assert 0 < p99 < 1, p99
        check_panels(prometheus)
        # Another program's connection may bring a new series between two scrapes.
        wait_until(lambda: prometheus.value("scrape_samples_scraped") == exporter.scrape().series(), 10, "samples of a scrape")


def test_victoria_metrics():
    need_root()
    port = free_low_port()
    with Exporter("--max-series", 5000) as exporter, VictoriaMetrics(exporter) as victoria:
        make_connections(port)
        check_counts(victoria, port)
        p99 = victoria.value(f'histogram_quantile(.99, tcpvitals_rtt_seconds_bucket{{port="{port}"}})')
        assert 0 < p99 < 1, p99


def test_native():
    """The same with native histograms: Prometheus asks for protobuf, and computes from the buckets."""
    need_root()
    port = free_low_port()
    with Exporter("--max-series", 5000) as exporter:
        with Prometheus(exporter, "--enable-feature=native-histograms") as prometheus:
            make_connections(port)
            check_counts(prometheus, port)
            count = prometheus.value(f'histogram_count(tcpvitals_rtt_seconds{{port="{port}"}})')
            wait_until(lambda: prometheus.value(f'histogram_count(tcpvitals_rtt_seconds{{port="{port}"}})')
                       == exporter.scrape().get("tcpvitals_rtt_seconds_count", port=port), 10, f"native count {count}")
            p99 = prometheus.value(f'histogram_quantile(.99, tcpvitals_rtt_seconds{{port="{port}"}})')
            assert 0 < p99 < 1, p99
            check_panels(prometheus)


def test_default_series():
    """The default has at most 450 series in text, and 120 with native histograms."""
    need_root()
    with Exporter() as exporter:
        for _ in range(20):
            port = free_low_port()
            with listen(port) as listener:
                close_client_first(*exchange(listener, port))
        assert exporter.scrape().series() <= 450, exporter.scrape().series()
        with Prometheus(exporter, "--enable-feature=native-histograms") as prometheus:
            wait_until(lambda: prometheus.value("scrape_samples_scraped"), 10, "no scrape")
            assert prometheus.value("scrape_samples_scraped") <= 120, prometheus.value("scrape_samples_scraped")


def promtool(*args, **kwargs):
    need_command("promtool")
    return subprocess.run(["promtool", *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
                          **kwargs)


def test_restart():
    """The counters begin anew, and Prometheus sees a reset: rate() and increase() count what happened on both sides of it."""
    need_root()
    port = free_low_port()
    series = f'tcpvitals_connections_opened_total{{role="client",port="{port}"}}'
    with Exporter("--max-series", 5000) as exporter, Prometheus(exporter) as prometheus:
        for times in (1, 2):
            make_connections(port)
            wait_until(lambda times=times: prometheus.value(series) == times * CONNECTIONS, 15, "not scraped before")
        assert_equal(exporter.stop(), 0, "exit status")
        again = Exporter("--max-series", 5000)
        again.command[again.command.index(f"127.0.0.1:{again.port}")] = f"127.0.0.1:{exporter.port}"
        with again:
            make_connections(port)
            wait_until(lambda: prometheus.value(series) == CONNECTIONS, 20, "not scraped after")
            assert_equal(prometheus.value(f"resets({series}[5m])"), 1, "resets")
            # Two hundred at least: one before the restart, one after it. Of the very first hundred, those after the first
            # scrape; and increase() extrapolates to the ends of its time.
            increase = prometheus.value(f"increase({series}[5m])")
            assert 2 * CONNECTIONS <= increase <= 3.5 * CONNECTIONS, increase


def test_lint():
    """promtool finds nothing to complain about in a scrape."""
    need_root()
    with Exporter() as exporter:
        result = promtool("check", "metrics", input=exporter.request()[2].decode())
    assert_equal((result.returncode, result.stdout), (0, ""), "promtool check metrics")


def test_rules():
    folder = ROOT / "dist/prometheus"
    result = promtool("check", "rules", "tcpvitals.rules.yml", cwd=folder)
    assert_equal(result.returncode, 0, result.stdout)
    result = promtool("test", "rules", "tcpvitals.test.yml", cwd=folder)
    assert_equal(result.returncode, 0, result.stdout)
    rules, tests = ((folder / name).read_text() for name in ("tcpvitals.rules.yml", "tcpvitals.test.yml"))
    for alert in re.findall(r"alert: (\w+)", rules):
        cases = re.findall(rf"alertname: {alert}\b.*?exp_alerts:(.*?)\n", tests, re.DOTALL)
        assert any("[]" in case for case in cases), f"{alert} has no test in which it does not fire"
        assert any("[]" not in case for case in cases), f"{alert} has no test in which it fires"


def test_dashboard():
    """The file is what its script writes, and each metric is in a panel or a rule."""
    folder = ROOT / "dist/grafana"
    written = subprocess.run([folder / "make-dashboard"], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert_equal((folder / "tcpvitals.json").read_text(), written, "tcpvitals.json")
    dashboard = json.loads(written)
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    used = " ".join(target["expr"] for panel in panels for target in panel["targets"])
    rules = (ROOT / "dist/prometheus/tcpvitals.rules.yml").read_text()
    used += rules + json.dumps(dashboard["templating"])
    for name in re.findall(r"^### `(tcpvitals_\w+)`", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE):
        assert_in(name, used)
    assert_equal(len({panel["id"] for panel in dashboard["panels"]}), len(dashboard["panels"]), "numbers of panels")
    for panel in panels:
        for target in panel["targets"]:
            for recorded in re.findall(r"\w+:tcpvitals_\w+:\w+", target["expr"]):
                assert_in(f"record: {recorded}\n", rules)
            for name in re.findall(r"(?<![\w:])tcpvitals_\w+", target["expr"]):
                base = re.sub(r"_(bucket|count|sum)$", "", name)
                assert_in(f"### `{base}`", (ROOT / "docs/metrics.md").read_text())


if __name__ == "__main__":
    main(globals(), tool=EXPORTER, at_once=3)
