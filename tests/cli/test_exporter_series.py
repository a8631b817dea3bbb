#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The labels of tcpvitals-exporter, and how many series there are."""

import collections
import concurrent.futures
import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

from cli import ROOT, assert_equal, main, need_root
from cgroups import POD, Cgroup
from exporter import ALL_SERIES, EXPORTER, Exporter, free_low_port
from test_exporter import close_client_first, exchange, listen, reset_by_client

sys.path.insert(0, str(ROOT / "bench"))
from bpf_stats import Statistics  # pylint: disable=wrong-import-position


def connect_from(cgroup, listener, port):
    """One connection of a process in that cgroup."""
    script = (f"import socket; open({cgroup.full + '/cgroup.procs'!r}, 'w').write('0'); "
              f"socket.create_connection(('127.0.0.1', {port})).recv(1)")
    with subprocess.Popen([sys.executable, "-c", script]) as client:
        listener.accept()[0].close()
        assert_equal(client.wait(20), 0, "exit status of the client")


def test_labels():
    """--label comm: the owner; two labels; the group of a hostile name is escaped."""
    need_root()
    port = free_low_port()
    script = f"import socket; [socket.create_connection(('127.0.0.1', {port})).close() for _ in range(20)]"
    with tempfile.TemporaryDirectory() as folder:
        os.symlink("/usr/bin/python3", f"{folder}/a\"\\\nb")
        with Exporter("--label", "comm,role", *ALL_SERIES) as exporter, listen(port) as listener:
            child = subprocess.Popen([f"{folder}/a\"\\\nb", "-c", script])
            for _ in range(20):
                listener.accept()[0].close()
            child.wait(20)
            metrics = exporter.scrape()
    comm = 'a\\"' + '\\\\' * 3 + 'x0Ab'  # escaped for a terminal, then for the format
    assert_equal(metrics.get("tcpvitals_connections_opened_total", role="client", comm=comm), 20, "connections")
    assert_equal(metrics.get("tcpvitals_sent_bytes_total", role="client", comm=comm), 0, "bytes")


def test_cgroup_labels():
    """--label unit,container: names of the owner's cgroup, also after the cgroup is gone; two cgroups of a unit are one series."""
    need_root()
    port, name = free_low_port(), "tcpvitals_connections_opened_total"
    with Cgroup("tv-exporter.service", "one") as one, Cgroup("tv-exporter.service", "two") as two, listen(port) as listener:
        with Exporter("--label", "unit,container", *ALL_SERIES) as exporter:
            for cgroup in (one, two):
                connect_from(cgroup, listener, port)
            metrics = exporter.scrape()
            assert_equal(metrics.get(name, role="client", unit="tv-exporter.service", container="none"), 2, "connections of the unit")
            for cgroup in (one, two):
                cgroup.remove()
            metrics = exporter.scrape()
            assert_equal(metrics.get(name, role="client", unit="tv-exporter.service", container="none"), 2, "after its end")


def test_place_labels():
    """--label cgroup,netns and pod: the cgroup's path, the namespace's number, the pod's id."""
    need_root()
    port, name = free_low_port(), "tcpvitals_connections_opened_total"
    pod = f"kubepods-pod{POD.replace('-', '_')}.slice"
    with Cgroup(pod, "app") as cgroup, listen(port) as listener:
        for label, values in (("cgroup,netns", {"cgroup": cgroup.path, "netns": os.stat("/proc/self/ns/net").st_ino}),
                              ("pod", {"pod": POD})):
            with Exporter("--label", label, *ALL_SERIES) as exporter:
                connect_from(cgroup, listener, port)
                metrics = exporter.scrape()
                assert_equal(metrics.get(name, role="client", **values), 1, f"{label}: {metrics.values[name].keys()}")


def test_role_alone():
    """--label role: each label set once, at each moment, and nothing is lost from the sums."""
    need_root()
    port = free_low_port()
    with Exporter("--label", "role") as exporter, listen(port) as listener:
        name, before = "tcpvitals_connections_opened_total", exporter.scrape()
        for _ in range(5):
            for _ in range(10):
                close_client_first(*exchange(listener, port))
            after = exporter.scrape()
        assert after.sum(name) - before.sum(name) >= 100, after.values[name]
        assert after.sum("tcpvitals_sent_bytes_total") >= before.sum("tcpvitals_sent_bytes_total"), "a sum fell"


def test_many_ports():
    """300 listening ports: a walk ends, and the listeners beyond the shown ones are in `other`."""
    need_root()
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        with Exporter() as exporter:
            metrics = exporter.scrape()
            assert metrics.get("tcpvitals_sockets", state="LISTEN") >= 300, metrics.values["tcpvitals_sockets"]
            assert 0 < metrics.get("tcpvitals_listener_backlog_limit", port="other") <= 128, "not the limit of one listener"
            assert len(metrics.values["tcpvitals_listener_drops_total"]) <= 4
            assert_equal(exporter.stop(), 0, "exit status")


def test_series_are_bounded():
    """With many ports and few series, the rest is in `other`, and no connection is lost from the sum."""
    need_root()
    ports = [free_low_port() for _ in range(30)]
    with Exporter("--max-series", 460) as exporter:
        before = exporter.scrape()
        for port in ports:
            with listen(port) as listener:
                for _ in range(10):
                    close_client_first(*exchange(listener, port))
        after = exporter.scrape()
        again = exporter.scrape()
    name = "tcpvitals_connections_opened_total"
    assert after.series() <= 460, after.series()
    assert after.sum(name) - before.sum(name) >= 600
    assert after.get("tcpvitals_groups_in_other") > 20
    assert again.sum(name) >= after.sum(name), "a sum fell"


def test_places_stay():
    """Two ports alike, and scrapes in both formats, of which one has no room for both: no place changes hands, each count grows."""
    need_root()
    ports, seen = [free_low_port() for _ in range(2)], []
    native = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(listen(port)) for port in ports]
        exporter = stack.enter_context(Exporter("--pid", str(os.getpid())))
        for _ in range(12):
            for listener, port in zip(listeners, ports):
                for close in (close_client_first, reset_by_client):
                    close(*exchange(listener, port))
                    close(*reversed(exchange(listener, port)))
            assert_equal(exporter.request(Accept=native)[0], 200, "status")
            metrics = exporter.scrape()
            assert metrics.series() <= 450, metrics.series()
            seen.append(metrics.values["tcpvitals_sent_bytes_total"])
    for earlier, later in zip(seen[2:], seen[3:]):
        assert earlier.keys() == later.keys(), (earlier, later)
        assert all(later[labels] > count for labels, count in earlier.items()), (earlier, later)


def test_groups_beyond_the_limit():
    """--max-groups: connections of further groups are counted, and in `other`."""
    need_root()
    ports = [free_low_port() for _ in range(5)]
    exporter = Exporter("--max-groups", "2", "--pid", str(os.getpid()), *ALL_SERIES)
    exporter.command += ["--rport", f"!{exporter.port}"]  # without the scrapes
    with exporter:
        for port in ports:
            with listen(port) as listener:
                for _ in range(10):
                    close_client_first(*exchange(listener, port))
        metrics = exporter.scrape()
    assert_equal(metrics.get("tcpvitals_ungrouped_connections_total"), 60, "connections")
    assert_equal(metrics.sum("tcpvitals_connections_opened_total", port="other"), 60, "in other")
    assert_equal(metrics.sum("tcpvitals_connections_opened_total"), 100, "in all")


def test_programs_are_counted():
    """kernel.bpf_stats_enabled: the runs of the programs, in two series."""
    need_root()
    port = free_low_port()
    with Statistics(), Exporter("--max-series", 400) as exporter, listen(port) as listener:
        before = exporter.scrape()
        for _ in range(100):
            close_client_first(*exchange(listener, port))
        after = exporter.scrape()
    names = ("tcpvitals_program_runs_total", "tcpvitals_program_run_seconds_total")
    runs, seconds = (after.get(name) - before.get(name) for name in names)
    assert runs >= 500, runs
    assert 0 < seconds < 1, seconds
    assert after.series() <= 400, after.series()


def test_series_of_each_metric():
    """No more of them than docs/metrics.md says, in a group if the metric has groups."""
    need_root()
    port = free_low_port()
    with Exporter(*ALL_SERIES) as exporter, listen(port) as listener:
        for close in (close_client_first, reset_by_client):
            close(*exchange(listener, port))
        metrics = exporter.scrape()
    bounds = re.findall(r"^### `(\w+)`$(?:\n(?!#).*)*?\n- series: (?:at most )?(\d+)( for each group)?$",
                        (ROOT / "docs/metrics.md").read_text(), re.MULTILINE)
    assert len(bounds) > 20, bounds
    for name, most, group in bounds:
        groups = collections.Counter(dict(labels).get("port") if group else None
                                     for labels in metrics.values.get(name, metrics.values.get(name + "_count", ())))
        assert max(groups.values(), default=0) <= int(most), (name, most, groups)
        assert not group or str(port) in groups, (name, groups)


def churn(port, end):
    """Connections one after the other, at most some thousand: other tests run beside this one. Returns how many."""
    count = 0
    with listen(port) as listener:
        while time.monotonic() < end and count < 3000:
            client = socket.create_connection(("127.0.0.1", port))
            close_client_first(client, listener.accept()[0])
            count += 1
            time.sleep(0.001)
    return count


def test_no_counter_falls():
    """Under load, read as often as it can be: events lost by place are differences of counters that are read one after the other."""
    need_root()
    ports = [free_low_port() for _ in range(3)]
    with Exporter(*ALL_SERIES) as exporter, concurrent.futures.ThreadPoolExecutor(len(ports)) as pool:
        end = time.monotonic() + 3
        loads = [pool.submit(churn, port, end) for port in ports]
        before, scrapes = exporter.scrape(), 0
        while not all(load.done() for load in loads):
            now = exporter.scrape()
            for name, samples in now.values.items():
                if not re.search("_(total|count|sum|bucket)$", name):
                    continue
                for labels, value in samples.items():
                    last = before.values.get(name, {}).get(labels, 0)
                    assert value >= last, f"{name}{dict(labels)} fell from {last} to {value}"
            before, scrapes = now, scrapes + 1
        count = sum(load.result() for load in loads)
        assert scrapes > 20 and count > 300, f"only {scrapes} scrapes and {count} connections"
        assert len(before.values["tcpvitals_lost_events_total"]) > 5, "places"


if __name__ == "__main__":
    main(globals(), tool=EXPORTER, at_once=3)
