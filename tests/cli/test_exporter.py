#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpvitals-exporter: what it counts, compared with connections of known causes and sizes, and wrong command lines."""

import contextlib
import itertools
import os
import pathlib
import socket
import struct
import subprocess
import time

from cli import ROOT, Skip, Trace, assert_equal, assert_in, main, need_root, run, wait_until
from exporter import ALL_SERIES, EXPORTER, Exporter, free_low_port
from surroundings import refusing
from this_machine import need_machine

UP, DOWN = 1000, 5000
HOLD_S = 0.001  # connections last longer


def receive(sock, length):
    while length:
        piece = sock.recv(length)
        assert piece, "ended early"
        length -= len(piece)


def listen(port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(64)
    return listener


def exchange(listener, port):
    client = socket.create_connection(("127.0.0.1", port))
    server = listener.accept()[0]
    client.sendall(b"u" * UP)
    receive(server, UP)
    server.sendall(b"d" * DOWN)
    receive(client, DOWN)
    return client, server


def close_client_first(client, server):
    client.close()
    assert_equal(server.recv(1), b"", "end of the stream")
    server.close()


def reset_by_client(client, server):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    try:
        server.recv(1)
        raise AssertionError("no reset")
    except ConnectionResetError:
        server.close()


def closed_all(exporter, port, count):
    """A scrape in which that many connections have ended on both sides."""
    seen = [None]

    def is_done():
        seen[0] = exporter.scrape()
        return seen[0].sum("tcpvitals_connections_closed_total", port=port) >= count

    wait_until(is_done, 10, lambda: "not all connections ended")
    return seen[0]


def check_times(metrics, elapsed):
    """The histograms of test_known_connections: each time is in them once, and their sums are in seconds."""
    for label, counts in (("tcpvitals_handshake_duration_seconds", {"client": 1000, "server": 1000}),
                          ("tcpvitals_connection_duration_seconds", {"client": 1050, "server": 1000}),
                          ("tcpvitals_state_duration_seconds",
                           {"SYN_SENT": 1050, "SYN_RECV": 1000, "ESTABLISHED": 2000, "FIN_WAIT1": 750, "FIN_WAIT2": 750,
                            "CLOSE_WAIT": 750, "LAST_ACK": 750})):
        for value, count in counts.items():
            labels = {"state" if "state" in label else "role": value}
            assert_equal(metrics.get(f"{label}_count", **labels), count, f"{label}, {value}")
            assert_equal(metrics.get(f"{label}_bucket", le="+Inf", **labels), count, f"{label}, {value}, last bucket")
    total = metrics.get("tcpvitals_connection_duration_seconds_sum", role="client")
    assert 1000 * HOLD_S <= total <= elapsed, (total, elapsed)


def test_known_connections():
    """Each connection is in each counter and histogram once, with its cause, its bytes and its times."""
    need_root()
    port, refusing = free_low_port(), free_low_port()
    exporter = Exporter("--pid", str(os.getpid()), *ALL_SERIES)
    exporter.command += ["--rport", f"!{exporter.port}"]  # without the scrapes
    with exporter, listen(port) as listener:
        start = time.monotonic()
        for i in range(1000):
            client, server = exchange(listener, port)
            time.sleep(HOLD_S)
            (close_client_first if i % 4 else reset_by_client)(client, server)
        for _ in range(50):
            with socket.socket() as s:
                assert s.connect_ex(("127.0.0.1", refusing)), "not refused"
        metrics = closed_all(exporter, port, 2000)
        elapsed = time.monotonic() - start
        assert_equal(exporter.stop(), 0, "exit status")
    check_times(metrics, elapsed)
    closed = "tcpvitals_connections_closed_total"
    assert_equal(metrics.get("tcpvitals_connections_opened_total", role="client", port=port), 1000, "opened by clients")
    assert_equal(metrics.get("tcpvitals_connections_opened_total", role="server", port=port), 1000, "opened at the listener")
    assert_equal(metrics.get(closed, role="client", cause="fin-local", port=port), 750, "closed first")
    assert_equal(metrics.get(closed, role="server", cause="fin-remote", port=port), 750, "closed second")
    assert_equal(metrics.get(closed, role="client", cause="aborted", port=port), 250, "aborted")
    assert_equal(metrics.get(closed, role="server", cause="reset-received", port=port), 250, "reset by the client")
    assert_equal(metrics.sum(closed, port=port), 2000, "no other ends")
    assert_equal(metrics.get(closed, role="client", cause="refused", port=refusing), 50, "refused")
    assert_equal(metrics.get("tcpvitals_sent_bytes_total", port=port), 1000 * (UP + DOWN), "bytes sent")
    assert_equal(metrics.get("tcpvitals_received_bytes_total", port=port), 1000 * (UP + DOWN), "bytes received")
    assert_equal(metrics.get("tcpvitals_rtt_seconds_count", port=port) > 2000, True, "round trips")
    assert_equal(metrics.get("tcpvitals_resets_received_total", port=port), 250, "resets received")
    assert_equal(metrics.get("tcpvitals_resets_sent_total", port=port), 250, "resets sent")


def local_ports(first, last):
    """Ports of the range that /proc/net has."""
    lines = [line for name in ("tcp", "tcp6") for line in pathlib.Path("/proc/net", name).read_text(encoding="ascii").splitlines()[1:]]
    return {port for port in (int(line.split()[1].rpartition(":")[2], 16) for line in lines) if first <= port <= last}


def test_ephemeral_ports():
    """The range of this network namespace, and connections that hold ports of it."""
    need_root()
    first, last = map(int, open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii").read().split())
    port = free_low_port()
    with Exporter() as exporter, listen(port) as listener:
        assert_equal(exporter.scrape().get("tcpvitals_ephemeral_ports"), last - first + 1, "range")
        pairs = [exchange(listener, port) for _ in range(200)]
        # Ports of other tests' connections in TIME_WAIT are freed meanwhile.
        wait_until(lambda: exporter.scrape().get("tcpvitals_ephemeral_ports_used") >= len(local_ports(first, last)), 15,
                   "the ports do not count")
        assert len(local_ports(first, last)) >= 200, local_ports(first, last)
        for sock in itertools.chain(*pairs):
            sock.close()


def test_samples():
    """--sample rtt: one for each acknowledged exchange, of the connection's port."""
    need_root()
    port = free_low_port()
    with Exporter("--sample", "rtt", "--lport", str(port), *ALL_SERIES) as exporter, listen(port) as listener:
        for _ in range(50):
            close_client_first(*exchange(listener, port))
        metrics = exporter.scrape()
    count, total = (metrics.get(f"tcpvitals_rtt_seconds_{which}", port=port) for which in ("count", "sum"))
    assert 50 <= count <= 250, count
    assert 0 < total < 50, total


def test_run_prints_the_address():
    """One command to the first output: ./run builds what is stale, and the exporter says where its page is."""
    need_root()
    port = free_low_port()
    result = subprocess.run([ROOT / "run", "tcpvitals-exporter", "-d", "100ms", "--web.listen-address", f"127.0.0.1:{port}"],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=100)
    assert_equal((result.returncode, result.stdout), (0, ""), f"status and output: {result.stderr}")
    assert_in(f"live page at http://127.0.0.1:{port}/, metrics at /metrics", result.stderr)


def test_open_connection():
    """The bytes of an open connection count before it ends, and it is in its state."""
    need_root()
    port = free_low_port()
    with Exporter(*ALL_SERIES) as exporter, listen(port) as listener:
        client, server = exchange(listener, port)
        with client, server:
            wait_until(lambda: exporter.scrape().get("tcpvitals_sent_bytes_total", port=port) == UP + DOWN, 15,
                       "an open connection's bytes do not count")
            assert exporter.scrape().get("tcpvitals_sockets", state="ESTABLISHED") >= 2


def test_older_connection():
    """Bytes and connections from before the exporter do not count."""
    need_root()
    port = free_low_port()
    with listen(port) as listener:
        client, server = exchange(listener, port)
        with client, server, Exporter(*ALL_SERIES) as exporter:
            client.sendall(b"more")
            receive(server, 4)
            close_client_first(client, server)
            metrics = closed_all(exporter, port, 2)
    assert_equal(metrics.get("tcpvitals_sent_bytes_total", port=port), 4, "bytes sent")
    assert_equal(metrics.sum("tcpvitals_connections_opened_total", port=port), 0, "opened")


def test_stuck():
    """A connection that its process does not close, begun before or while the exporter runs."""
    need_root()
    port = free_low_port()
    with listen(port) as listener:
        older, kept = exchange(listener, port)
        older.close()
        with Exporter("--stuck-longer", "1s") as exporter:
            before = exporter.scrape().get("tcpvitals_stuck_sockets", state="CLOSE_WAIT")
            newer, too = exchange(listener, port)
            newer.close()
            wait_until(lambda: exporter.scrape().get("tcpvitals_stuck_sockets", state="CLOSE_WAIT") >= before + 2, 15,
                       "not both are stuck")
        kept.close()
        too.close()


def test_backlog():
    """A full accept queue: its length, limit and drops; beside it another listener on the port, with a longer queue."""
    need_root()
    port = free_low_port()
    with Exporter(*ALL_SERIES) as exporter, listen(port) as listener, socket.socket() as beside:
        beside.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.listen(2)
        beside.bind(("127.0.0.9", port))
        beside.listen(100)
        clients = [socket.socket() for _ in range(6)]
        for client in clients:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        wait_until(lambda: exporter.scrape().get("tcpvitals_listener_backlog", port=port) == 3, 25, "no backlog")
        metrics = exporter.scrape()
        assert_equal(metrics.get("tcpvitals_listener_backlog_limit", port=port), 2, "limit")
        assert_equal(metrics.get("tcpvitals_listener_backlog_highest", port=port), 3, "highest")
        assert metrics.get("tcpvitals_listener_drops_total", port=port) > 0
        for client in clients:
            client.close()


def test_bad_addresses():
    for address, why in (("127.0.0.1", "not HOST:PORT, [IPV6]:PORT, :PORT or unix:PATH"), ("::1:80", "not HOST:PORT"),
                         ("1.2.3.4:99999", "the port is not a number from 1 to 65535"), ("[::1]", "not HOST:PORT"),
                         ("unix:", "a path has 1 to 107 bytes"), ("unix:" + 200 * "x", "a path has 1 to 107 bytes")):
        result = run("--web.listen-address", address, tool=EXPORTER)
        assert_equal(result.returncode, 1, f"exit status for {address}")
        assert_in(f'cannot listen: address "{address[:20]}', result.stderr)
        assert_in(why, result.stderr)
    result = run(*9 * ["--web.listen-address=:1"], tool=EXPORTER)
    assert_equal(result.returncode, 2, "exit status")
    assert_in("at most 8 addresses; leave some --web.listen-address out", result.stderr)


def test_address_in_use():
    need_root()
    with Exporter() as exporter:
        result = run("--web.listen-address", f"127.0.0.1:{exporter.port}", tool=EXPORTER)
    assert_equal(result.returncode, 1, "exit status")
    assert_in("in use; choose another port", result.stderr)


def test_limits():
    """The time in which a connection cannot send: the receiver does not read; then there is nothing to send."""
    need_root()
    port, name = free_low_port(), "tcpvitals_limited_seconds_total"
    with Exporter(*ALL_SERIES) as exporter, listen(port) as listener:
        client, server = exchange(listener, port)
        with client, server:
            time.sleep(2)
            wait_until(lambda: (exporter.scrape().get(name, by="application", port=port) or 0) > 1.5, 10, "no time without data")
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    client.send(b"x" * 100000)
            wait_until(lambda: exporter.scrape().get(name, by="receiver", port=port) > 1, 15, "no time limited by the receiver")


def test_bad_options():
    for args, said in ((("--max-series", "100"), "--max-series is too small for one group; give at least 400"),
                       (("--label", "pid"), 'label "pid": not one of'), (("--label", "port,port"), 'label "port": give one'),
                       (("--max-series", "0"), 'number of series "0": not'), (("--max-groups", "0"), 'number of groups "0": not'),
                       (("--sample", "min"), 'sample "min": not one of srtt, rtt'), (("--stuck-longer", "x"), 'time "x": not'),
                       (("--interval", "1ms"), 'interval "1ms": not'), (("--hook", "kprobe"), 'hook "kprobe": not one of')):
        result = run(*args, tool=EXPORTER)
        assert_equal(result.returncode, 2, f"exit status of {args}")
        assert_in(said, result.stderr)


def test_refused_programs():
    """A kernel that refuses some programs: the rest works, and hook_up says which do not."""
    need_root()
    need_machine("seccomp_notify", "socket_storage", "tp_btf/tcp_probe")
    refused = {"count_syn_ack": "retransmitted SYN-ACKs are not counted",
               "count_reset_received": "received resets are not counted", "count_reset_sent": "sent resets are not counted"}
    port = free_low_port()
    either = "count_retransmission", "count_retransmission_err"  # the second one since 6.17
    with Exporter(*ALL_SERIES, prefix=refusing(*refused, *either)) as exporter, listen(port) as listener:
        reset_by_client(*exchange(listener, port))
        metrics = closed_all(exporter, port, 2)
        for program, without in refused.items():
            assert_in(f"the kernel refuses the program {program} ", exporter.err)
            assert_in(without, exporter.err)
        assert_in("retransmitted segments are not counted", exporter.err)
    assert_equal(metrics.get("tcpvitals_hook_up", hook="tcp_retransmit_skb"), 0, "a refused hook")
    assert_equal(metrics.get("tcpvitals_hook_up", hook="tcp_destroy_sock"), 1, "a hook in use")


def test_all_addresses():
    """:PORT, and the page of each kind of address in a message."""
    need_root()
    port = free_low_port()
    with Trace("--web.listen-address", f":{port}", tool=EXPORTER) as exporter:
        wait_until(lambda: f"live page at http://localhost:{port}/, metrics at /metrics" in exporter.err, 10, exporter.err)
        for host in ("127.0.0.1", "::1"):
            socket.create_connection((host, port)).close()


def test_without_rights():
    if os.geteuid() == 0 and not os.path.exists("/usr/bin/setpriv"):
        raise Skip("needs setpriv")
    prefix = ("setpriv", "--reuid=65534", "--clear-groups") if os.geteuid() == 0 else ()
    result = run(tool=EXPORTER, prefix=prefix)
    assert_equal(result.returncode, 1, "exit status")
    assert_in("CAP_BPF", result.stderr)


if __name__ == "__main__":
    main(globals(), tool=EXPORTER, at_once=3)
