#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpstates -c: each connection once, at its end, compared with TCP_INFO, the clock and Debian's tcplife."""

import csv
import io
import os
import pathlib
import re
import socket
import struct
import subprocess
import tempfile
import time

from cli import Skip, Trace, assert_equal, assert_in, lost, main, need_root, of_port, run, wait_until
from surroundings import SHOW_TRACEFS, OwnNetwork, in_mount_namespace
from this_machine import need_machine, need_seeding

TCPLIFE = "/usr/sbin/tcplife"
HELD_S = 0.1


def tcp_info(sock):
    """Members of struct tcp_info (include/uapi/linux/tcp.h), by offset."""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    words = struct.unpack_from("<I", info, 100)
    return {"retransmits": words[0], "bytes_acked": struct.unpack_from("<Q", info, 120)[0],
            "bytes_received": struct.unpack_from("<Q", info, 128)[0], "segs_out": struct.unpack_from("<I", info, 136)[0],
            "segs_in": struct.unpack_from("<I", info, 140)[0], "bytes_sent": struct.unpack_from("<Q", info, 200)[0]}


def receive(sock, length):
    while length:
        length -= len(sock.recv(length))


class Pair:
    """A client that says `up` bytes and a server that says `down` bytes, held open for a while."""

    def __init__(self, up=3000, down=200000, family=socket.AF_INET):
        host = "127.0.0.1" if family == socket.AF_INET else "::1"
        self.listener = socket.socket(family)
        self.listener.bind((host, 0))
        self.listener.listen(4)
        self.port = self.listener.getsockname()[1]
        self.start = time.monotonic()
        self.client = socket.create_connection((host, self.port))
        self.server = self.listener.accept()[0]
        self.client.sendall(b"u" * up)
        receive(self.server, up)
        self.server.sendall(b"d" * down)
        receive(self.client, down)
        time.sleep(HELD_S)
        self.info = {"client": tcp_info(self.client), "server": tcp_info(self.server)}

    def close(self):
        """The client first."""
        self.client.close()
        assert_equal(self.server.recv(1), b"", "end of the stream")
        self.server.close()
        self.listener.close()
        self.total_us = (time.monotonic() - self.start) * 1e6


def one_pair(*args, **kwargs):
    need_root()
    with Trace("-c", "-o", "json", *args) as trace:
        pair = Pair(**kwargs)
        pair.close()
        assert_equal(trace.stop(), 0, "exit status")
        rows = of_port(trace.rows(), pair.port)
    return rows, pair


def by_role(rows):
    assert_equal(sorted(row["role"] for row in rows), ["client", "server"], "roles")
    return {row["role"]: row for row in rows}


def test_one_record_for_each_end():
    for family in (socket.AF_INET, socket.AF_INET6):
        rows, pair = one_pair(family=family)
        ends = by_role(rows)
        assert_equal({row["type"] for row in rows}, {"connection"}, "type")
        assert_equal({row["pid"] for row in rows}, {os.getpid()}, "pid")
        assert_equal({row["family"] for row in rows}, {4 if family == socket.AF_INET else 6}, "family")
        assert_equal(ends["client"]["rport"], pair.port, "the client's remote port")
        assert_equal(ends["server"]["lport"], pair.port, "the server's port")
        assert_equal(ends["client"]["cause"], "fin-local", "the client's cause")
        assert_equal(ends["server"]["cause"], "fin-remote", "the server's cause")


def test_counters_are_the_kernel_s():
    """As TCP_INFO (ss -ti) had them right before close(): what comes after is the FIN, a sequence number, and its ACK."""
    rows, pair = one_pair()
    for role, row in by_role(rows).items():
        before = pair.info[role]
        for key in ("bytes_sent", "retransmits"):
            assert_equal(row[key], before[key], f"{role}: {key}")
        assert 0 <= row["bytes_acked"] - before["bytes_acked"] <= 1, (role, row, before)
        # nothing but the other side's FIN is left to come
        assert 0 <= row["bytes_received"] - before["bytes_received"] <= 1, (role, row, before)
        for key in ("segs_out", "segs_in"):
            assert 0 <= row[key] - before[key] <= 3, (role, key, row, before)
        assert row["min_rtt_us"] <= row["srtt_us"] and row["rtt_samples"] > 0 and row["rtt_mean_us"] > 0, row


def test_times():
    rows, pair = one_pair()
    for row in rows:
        assert HELD_S * 1e6 <= row["total_us"] <= pair.total_us, (row, pair.total_us)
        states = row["states_us"]
        assert states["ESTABLISHED"] >= HELD_S * 1e6, states
        # an accepted connection's SYN_RECV is the handshake's, which began before its socket did
        lived = sum(us for state, us in states.items() if row["role"] == "client" or state != "SYN_RECV")
        # the kernel side keeps even nanoseconds; a server's socket is in SYN_RECV while the kernel completes it
        assert -0.1 < row["total_us"] - lived < (0.1 if row["role"] == "client" else 5000), (row, lived)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", row["start"]), row


def test_transition_to_itself():
    """shutdown(), then close(): FIN_WAIT2 -> FIN_WAIT2 does not count its time twice."""
    need_root()
    with Trace("-c", "-o", "json") as trace:
        pair = Pair()
        pair.client.shutdown(socket.SHUT_WR)
        time.sleep(HELD_S)
        pair.close()
        assert_equal(trace.stop(), 0, "exit status")
        row = by_role(of_port(trace.rows(), pair.port))["client"]
    # the ACK of the FIN may be a delayed one
    assert row["states_us"]["FIN_WAIT1"] + row["states_us"]["FIN_WAIT2"] >= HELD_S * 0.9e6, row
    assert sum(row["states_us"].values()) <= row["total_us"] + 0.1, row


def test_older_connection():
    """No start, no total, of the client no role; but the time that it is known to have lasted."""
    need_root()
    need_seeding()
    pair = Pair()
    with Trace("-c", "-o", "json") as trace:
        time.sleep(HELD_S)
        pair.close()
        assert_equal(trace.stop(), 0, "exit status")
        rows = of_port(trace.rows(), pair.port)
    assert_equal(len(rows), 2, "records")
    for row in rows:
        # its listener is still there
        role = "server" if row["lport"] == pair.port else None
        assert_equal((row["start"], row["total_us"], row["role"]), (None, None, role), f"what nobody saw of {row}")
        assert HELD_S * 1e6 <= row["at_least_us"] < pair.total_us, (row, pair.total_us)
        assert_equal(row["bytes_sent"], pair.info["client" if row["rport"] == pair.port else "server"]["bytes_sent"], "bytes")


def test_older_connection_by_role():
    need_root()
    need_seeding()
    pair = Pair()
    with Trace("-c", "-o", "json", "--role", "server") as trace:
        pair.close()
        assert_equal(trace.stop(), 0, "exit status")
        rows = of_port(trace.rows(), pair.port)
    assert_equal([(row["lport"], row["role"]) for row in rows], [(pair.port, "server")], "records of a server")


def test_older_connection_is_sampled():
    """From the start of the tool on, not from its next transition."""
    need_root()
    need_seeding()
    exchanges = 20
    pair = Pair()
    with Trace("-c", "-o", "json") as trace:
        for _ in range(exchanges):
            pair.client.sendall(b"?")
            receive(pair.server, 1)
            pair.server.sendall(b"!")
            receive(pair.client, 1)
        pair.close()
        assert_equal(trace.stop(), 0, "exit status")
        rows = of_port(trace.rows(), pair.port)
    assert_equal(len(rows), 2, "records")
    for row in rows:
        before = pair.info["client" if row["rport"] == pair.port else "server"]
        assert exchanges <= row["rtt_samples"] <= row["segs_in"] - before["segs_in"], (row, before)
        assert row["rtt_mean_us"] > 0, row


def test_used_socket_begins_anew():
    """connect(AF_UNSPEC), then another connection on the same socket: two records, and nothing of the first in the second."""
    need_root()
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    with Trace("-c", "-o", "json", "-D", port) as trace:
        client = socket.create_connection(("127.0.0.1", port))
        first = listener.accept()[0]
        time.sleep(HELD_S)
        unspec = struct.pack("=H14x", socket.AF_UNSPEC)
        libc_connect(client, unspec)
        client.connect(("127.0.0.1", port))
        second = listener.accept()[0]
        client.close()
        second.close()
        first.close()
        assert_equal(trace.stop(), 0, "exit status")
        rows = of_port(trace.rows(), port)
    assert_equal([row["conn_seq"] for row in rows], [0, 1], f"connections of one socket: {rows}")
    assert_equal(rows[0]["cause"], "aborted", "the first one's end")
    assert rows[0]["total_us"] >= HELD_S * 1e6 > rows[1]["total_us"], rows
    assert rows[1]["states_us"]["ESTABLISHED"] < HELD_S * 1e6, rows[1]


def libc_connect(sock, address):
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    assert_equal(libc.connect(sock.fileno(), address, len(address)), 0, "connect(AF_UNSPEC)")


def unstored(text):
    """The number of rows without owner and duration in the last line about losses."""
    found = re.search(r"(\d+) rows? (?:is|are) without owner and duration", text.splitlines()[-1])
    return int(found[1]) if found else 0


def with_option_memory(size, *args):
    """One connection in a namespace with so much memory for socket storage: its records, the pair, what the tool said."""
    with Trace("-c", "-o", "json", *args) as trace, OwnNetwork() as network:
        network.set_option_memory(size)
        pair = Pair()
        pair.close()
        assert_equal(trace.stop(), 0, f"exit status with {size} bytes")
        rows = trace.rows()
        assert_equal(lost(trace.err), (0, len(rows)), f"lost with {size} bytes")
        return [row for row in rows if row["netns"] == network.number], pair, trace.err


def test_no_memory_for_storage():
    """Nothing is remembered of the sockets: a record all the same, of what the kernel keeps itself, and a count."""
    need_root()
    rows, pair, errors = with_option_memory(1, "--storage", "socket")
    assert_equal(len(rows), 2, "records")
    assert unstored(errors) >= 2, errors
    for row in rows:
        info = pair.info["client" if row["rport"] == pair.port else "server"]
        assert_equal((row["bytes_sent"], row["retransmits"]), (info["bytes_sent"], info["retransmits"]), "counters")
        assert_equal([row[key] for key in ("role", "start", "total_us", "syn_retrans", "rtt_mean_us", "pid", "comm")], [None] * 7,
                     f"what was not remembered of {row}")
        assert_equal((row["states_us"], row["owner"]), ({}, "unknown"), f"what was not remembered of {row}")
    assert_equal({row["cause"] for row in rows if row["lport"] == pair.port}, {"fin-remote"}, "the server's cause")


def test_no_memory_behind_table():
    """The table takes none of it: owner, role and times have their places there."""
    need_root()
    rows, _, errors = with_option_memory(1)
    assert_equal(len(rows), 2, "records")
    assert_equal([row["pid"] for row in rows], [os.getpid()] * 2, "owners")
    assert_equal({row["role"] for row in rows}, {"client", "server"}, "roles")
    assert all(row["total_us"] > 0 for row in rows), rows
    assert_equal(unstored(errors), 0, errors)


def test_little_memory_for_storage():
    """Enough for the state or not, and for the connection's times or not: two records, and those without times counted."""
    need_root()
    kinds = set()
    for size in range(200, 701, 50):
        rows, _, errors = with_option_memory(size, "--storage", "socket")
        assert_equal(len(rows), 2, f"records with {size} bytes")
        bare = [row for row in rows if row["total_us"] is None]
        assert unstored(errors) >= len(bare), (size, bare, errors)
        kinds.update((row["total_us"] is not None, row["pid"] is not None) for row in rows)
    assert_equal(kinds, {(False, False), (False, True), (True, True)}, "with times, and with an owner")


def test_no_memory_for_storage_filtered():
    """With -L, a client's first row is held back until its port is known: of a connection there is nothing to hold back."""
    need_root()
    with Trace("-c", "-o", "json", "-L", "50000-50001") as trace, OwnNetwork() as network:
        network.set_option_memory(1)
        pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("50000 50001")
        with socket.create_server(("127.0.0.1", 1000)):
            socket.create_connection(("127.0.0.1", 1000)).close()
        assert_equal(trace.stop(), 0, "exit status")
        assert_equal([row["netns"] for row in trace.rows()], [network.number], "records")
        assert "held back" not in trace.err, trace.err


def test_refused():
    need_root()
    with socket.socket() as reserved, Trace("-c", "-o", "json") as trace:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", port)) != 0, "connected to a closed port"
        assert_equal(trace.stop(), 0, "exit status")
        rows = of_port(trace.rows(), port)
    assert_equal([(row["role"], row["cause"], row["bytes_sent"]) for row in rows], [("client", "refused", 0)], "records")


def test_text_and_csv():
    need_root()
    pair = None
    with Trace("-c") as text, Trace("-c", "-s") as table:
        pair = Pair(up=5000, down=100000)
        pair.close()
        assert_equal((text.stop(), table.stop()), (0, 0), "exit statuses")
        out, rows = text.out, list(csv.DictReader(io.StringIO(table.out), strict=True))
    lines = [line.split() for line in out.splitlines()]
    assert_equal(lines[0], "PID COMM LADDR LPORT RADDR RPORT TX_KB RX_KB MS CAUSE LIMIT".split(), "header")
    client = [line for line in lines if line[5] == str(pair.port)]
    assert_equal([(line[0], line[6], line[7]) for line in client], [(str(os.getpid()), "4", "97")], "the client's line")
    server = [row for row in rows if row["LPORT"] == str(pair.port)]
    assert_equal([(row["ROLE"], row["RX"], row["IP"]) for row in server], [("server", "5001", "4")], "the server's row")
    assert HELD_S * 1000 <= float(server[0]["MS"]) <= pair.total_us / 1000, server


def test_beside_tcplife():
    """Every connection that libbpf-tools' tcplife shows, with the same bytes and a duration within 5 %."""
    need_root()
    need_machine("tracefs")
    if not os.access(TCPLIFE, os.X_OK):
        raise Skip("tcplife (package libbpf-tools) is not there")
    pairs = []
    with tempfile.TemporaryFile() as out, Trace("-c", "-o", "json") as ours:
        def shown():
            """Its whole lines of our connections; its header before there is one."""
            text = os.pread(out.fileno(), 1 << 28, 0).decode()
            lines = [line.split() for line in text[:text.rfind("\n") + 1].splitlines()]
            return [line for line in lines if any(str(pair.port) in line for pair in pairs)] if pairs else lines

        theirs = subprocess.Popen([*in_mount_namespace(SHOW_TRACEFS), "stdbuf", "-oL", TCPLIFE], stdin=subprocess.DEVNULL,
                                  stdout=out, stderr=subprocess.PIPE, text=True)
        try:
            wait_until(lambda: shown() or theirs.poll() is not None, 15, "tcplife does not begin")
            assert theirs.poll() is None, f"tcplife does not run: {theirs.stderr.read().strip()}"
            for size in (0, 3000, 50000):
                pairs.append(Pair(up=2000, down=size))
                pairs[-1].close()
            wait_until(lambda: len(shown()) >= 2 * len(pairs), 15, lambda: f"connections that tcplife shows: {shown()}")
        finally:
            theirs.terminate()
            theirs.communicate(timeout=10)
        assert_equal(ours.stop(), 0, "exit status")
        rows, lines = ours.rows(), shown()
    assert_equal(len(lines), 2 * len(pairs), f"connections that both show: {lines}")
    for line in lines:
        row, = [row for row in rows if row["lport"] == int(line[3]) and row["rport"] == int(line[5])]
        # theirs is rounded down to KiB
        assert_equal((int(float(line[6])), int(float(line[7]))),
                     (row["bytes_acked"] // 1024, row["bytes_received"] // 1024), f"KiB of {line}")
        assert abs(float(line[8]) * 1000 - row["total_us"]) <= max(0.05 * row["total_us"], 1000), (line, row)


def test_combinations():
    for args, word in ((["-c", "-O", "NEWSTATE"], "NEWSTATE"), (["-c", "-Y"], "-Y"), (["-c", "--storage", "hash"], "socket storage"),
                       (["-c", "--hook", "tracepoint"], "socket storage")):
        result = run(*args)
        assert_equal(result.returncode, 2, f"exit status of {args}")
        assert_in(word, result.stderr)


def test_filtered():
    """-L and -D look at a connection's ports as they are at its end."""
    need_root()
    pair = Pair()
    pair.close()
    with Trace("-c", "-o", "json", "-L", str(pair.port)) as left, Trace("-c", "-o", "json", "-D", str(pair.port)) as right:
        listener = socket.create_server(("127.0.0.1", pair.port))
        client = socket.create_connection(("127.0.0.1", pair.port))
        server = listener.accept()[0]
        server.close()
        client.close()
        listener.close()
        wait_until(lambda: len(left.rows()) == 1 and len(right.rows()) == 1, 5, "a record each")
        assert_equal((left.stop(), right.stop()), (0, 0), "exit statuses")
        assert_equal([row["role"] for row in left.rows()], ["server"], "-L")
        assert_equal([row["role"] for row in right.rows()], ["client"], "-D")


if __name__ == "__main__":
    main(globals())
