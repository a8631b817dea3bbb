#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcprtt --sample rtt, compared with tshark's tcp.analysis.ack_rtt over a wire with a known delay.

The wire is a TUN device in each of two network namespaces, and a process that carries packets between them.
"""

import ctypes
import fcntl
import heapq
import ipaddress
import json
import os
import select
import signal
import socket
import struct
import subprocess
import tempfile
import time

from cli import RTT_TOOL, Skip, Trace, assert_equal, free_port, main, need_command, need_root, wait_until
from this_machine import need_machine

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x1001
TOLERANCE = 0.1

libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result:
        raise OSError(ctypes.get_errno(), what)


class Wire:
    """192.0.2.1 and 192.0.2.2, each in a namespace of its own, and delay_ms for each direction between them."""

    def __init__(self, delay_ms):
        self.delay = delay_ms / 1000
        self.namespaces, self.devices = [], []
        self.carrier = 0

    def __enter__(self):
        need_machine("tun")
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)
        try:
            for address in ("192.0.2.1", "192.0.2.2"):
                check(libc.unshare(CLONE_NEWNET), "no network namespace")
                self.namespaces.append(os.open("/proc/self/ns/net", os.O_RDONLY))
                self.devices.append(self._device(address))
        finally:
            check(libc.setns(self.home, CLONE_NEWNET), "cannot come home")
        self.carrier = os.fork()
        if not self.carrier:
            try:
                self._carry()
            finally:
                os._exit(1)
        return self

    @staticmethod
    def _device(address):
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"wire", IFF_TUN_NO_PI))
        packed = struct.pack("HH4s8x", socket.AF_INET, 0, ipaddress.ip_address(address).packed)
        mask = struct.pack("HH4s8x", socket.AF_INET, 0, b"\xff\xff\xff\0")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            fcntl.ioctl(control, 0x8916, struct.pack("16s16s8x", b"wire", packed))  # SIOCSIFADDR
            fcntl.ioctl(control, 0x891C, struct.pack("16s16s8x", b"wire", mask))  # SIOCSIFNETMASK
            fcntl.ioctl(control, 0x8914, struct.pack("16sH22x", b"wire", 1))  # SIOCSIFFLAGS, IFF_UP
        return device

    def _carry(self):
        """In a process of its own."""
        libc.prctl(1, signal.SIGKILL)  # with its parent
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        except OSError:
            pass
        under_way, number = [], 0
        while True:
            left = max(0, under_way[0][0] - time.monotonic()) if under_way else None
            ready = select.select(self.devices, [], [], left)[0]
            for device in ready:
                other = self.devices[1 - self.devices.index(device)]
                number += 1
                heapq.heappush(under_way, (time.monotonic() + self.delay, number, other, os.read(device, 65536)))
            while under_way and under_way[0][0] <= time.monotonic():
                _, _, other, packet = heapq.heappop(under_way)
                try:
                    os.write(other, packet)
                except OSError:
                    pass  # lost, which TCP knows how to live with

    def enter(self, end):
        """Until home() everything that is opened or started is in that end's namespace."""
        check(libc.setns(self.namespaces[end], CLONE_NEWNET), "cannot enter a namespace")

    def go_home(self):
        check(libc.setns(self.home, CLONE_NEWNET), "cannot come home")

    def socket(self, end):
        self.enter(end)
        try:
            s = socket.socket()
            s.settimeout(20)
            return s
        finally:
            self.go_home()

    def __exit__(self, *_):
        if self.carrier:
            os.kill(self.carrier, signal.SIGKILL)
            os.waitpid(self.carrier, 0)
        for descriptor in (*self.devices, *self.namespaces, self.home):
            os.close(descriptor)


class Capture:
    """dumpcap at one end of the wire, and what tshark makes of it."""

    def __init__(self, wire, end, file):
        self.wire, self.end, self.file = wire, end, file

    def __enter__(self):
        self.wire.enter(self.end)
        try:
            self.process = subprocess.Popen(["dumpcap", "-q", "-i", "wire", "-f", "tcp", "-w", self.file],
                                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        finally:
            self.wire.go_home()
        os.set_blocking(self.process.stderr.fileno(), False)
        said = b""

        def ready():
            nonlocal said
            said += self.process.stderr.read() or b""
            return b"File:" in said or self.process.poll() is not None

        wait_until(ready, 20, lambda: f"dumpcap does not begin: {said}")
        if self.process.poll() is not None:
            raise Skip(f"dumpcap does not capture here: {said}")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)

    def ack_rtts(self):
        """In microseconds, sorted, of what this end sent (dumpcap has ended)."""
        result = subprocess.run(["tshark", "-r", self.file, "-o", "tcp.relative_sequence_numbers:FALSE", "-Y",
                                 f"tcp.analysis.ack_rtt && ip.dst == 192.0.2.{self.end + 1}", "-T", "fields", "-e",
                                 "tcp.analysis.ack_rtt"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True, timeout=60, check=True)
        return sorted(float(line) * 1e6 for line in result.stdout.split())


def quantile(values, q):
    """Nearest rank."""
    return values[max(0, -int(-len(values) * q // 1) - 1)]


def exchange(client, server, count, think=0.0):
    for _ in range(count):
        client.sendall(b"x")
        assert server.recv(1) == b"x"
        time.sleep(think)
        server.sendall(b"y")
        assert client.recv(1) == b"y"


def bulk(client, server, size):
    client.setblocking(False)
    sent = received = 0
    data = bytes(65536)
    while received < size:
        readable, writable, _ = select.select([server], [client] if sent < size else [], [], 20)
        assert readable or writable, "the transfer hangs"
        if writable:
            sent += client.send(data[: min(len(data), size - sent)])
        if readable:
            received += len(server.recv(1 << 20))
    client.settimeout(20)


def compare(delay_ms, traffic, complete=True):
    """Client and server side of one connection: the tool's p50 and p99 and tshark's."""
    need_root()
    need_command("tshark")
    need_command("dumpcap")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="tcpvitals-") as directory, Wire(delay_ms) as wire:
        # dumpcap may run as another user
        os.chmod(directory, 0o777)
        with Trace("--sample", "rtt", "-P", port, "-o", "json", tool=RTT_TOOL) as client_side, \
                Trace("--sample", "rtt", "-p", port, "-o", "json", tool=RTT_TOOL) as server_side, \
                Capture(wire, 0, f"{directory}/client.pcapng") as client_capture, \
                Capture(wire, 1, f"{directory}/server.pcapng") as server_capture:
            with wire.socket(1) as listener, wire.socket(0) as client:
                listener.bind(("192.0.2.2", port))
                listener.listen()
                client.connect(("192.0.2.2", port))
                server = listener.accept()[0]
                with server:
                    server.settimeout(20)
                    traffic(client, server)
                    client.shutdown(socket.SHUT_WR)
                    assert server.recv(1) == b""
                assert client.recv(1) == b""
            # the last ACK has to get across
            time.sleep(4 * wire.delay + 0.5)
            assert_equal((client_side.stop(), server_side.stop()), (0, 0), "exit status")
            measured = [json.loads(trace.out) for trace in (client_side, server_side)]
        for side, row, capture in zip(("client", "server"), measured, (client_capture, server_capture)):
            expected = capture.ack_rtts()
            if len(expected) < 20:
                continue  # a side that only receives
            assert expected[0] >= 2000 * delay_ms, f"the wire was too quick: {expected[0]} us"
            print(f"# {side}: count {row['count']}, tshark {len(expected)}")
            # tshark has the server's SYN-ACK, too, which belongs to a request socket. The kernel merges acknowledgements that
            # wait for a busy socket (tcp_add_to_backlog), so that it may see fewer.
            assert row["count"] <= len(expected) + 1, f"{side}: {row['count']} measurements, tshark {len(expected)}"
            assert not complete or row["count"] >= len(expected) - 1 - TOLERANCE * len(expected), \
                f"{side}: {row['count']} measurements, tshark {len(expected)}"
            for name, q in (("p50", 0.5), ("p99", 0.99)):
                theirs = quantile(expected, q)
                print(f"# {side}: {name} {row[name]} us, tshark {theirs:.0f} us")
                assert abs(row[name] - theirs) <= TOLERANCE * theirs, f"{side}: {name} {row[name]} us, tshark {theirs:.0f} us"


def test_5_ms():
    compare(5, lambda client, server: exchange(client, server, 150))


def test_40_ms():
    compare(40, lambda client, server: exchange(client, server, 30))


def test_delayed_acknowledgements():
    """The response comes 60 ms late, so that the acknowledgement comes before it."""
    compare(5, lambda client, server: (exchange(client, server, 20), exchange(client, server, 30, 0.06)))


def test_bulk():
    compare(10, lambda client, server: bulk(client, server, 600000), complete=False)


if __name__ == "__main__":
    main(globals(), RTT_TOOL)
