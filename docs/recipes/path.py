# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A path through a wide network: carries the packets of two TUN devices, with the delay, the rate and the losses of each peer.

Linux has netem for that. Many small kernels have no netem, and no rule there loses just the first SYN.
"""

import contextlib
import dataclasses
import fcntl
import heapq
import os
import select
import socket
import struct
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
PACKET_MAX = 2048
IPV4, TCP, FLAG_SYN, FLAG_ACK = 4, 6, 0x02, 0x10


@dataclasses.dataclass
class Link:
    """The way to one peer. `lose_every`: one of so many segments with data on the way there; the same for `rate_mbit`."""
    round_trip_ms: float = 0
    rate_mbit: float = 0
    lose_every: int = 0
    loses_first_syn: bool = False
    is_silent: bool = False
    free_at: float = 0
    data: int = 0
    syns: set = dataclasses.field(default_factory=set)

    def loses(self, packet):
        """A packet on the way there."""
        header = (packet[0] & 15) * 4
        segment = packet[header:]
        if self.is_silent:
            return True
        if packet[9] != TCP or len(segment) < 20:
            return False
        if segment[13] & (FLAG_SYN | FLAG_ACK) == FLAG_SYN and self.loses_first_syn:
            source = segment[:2]
            is_first = source not in self.syns
            self.syns.add(source)
            return is_first
        if self.lose_every and len(segment) > (segment[12] >> 4) * 4:
            self.data += 1
            return self.data % self.lose_every == 0
        return False

    def arrival(self, packet, is_outward):
        now = time.monotonic()
        if is_outward and self.rate_mbit:
            now = self.free_at = max(now, self.free_at) + len(packet) * 8 / (self.rate_mbit * 1e6)
        return now + self.round_trip_ms / 2000


def open_tun(name):
    """In the network namespace of this process."""
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return tun


def carry(here, there, links):
    """Without an end. `links` has a Link for each address on the other side; without one, the packet goes at once."""
    poll = select.epoll()
    outward = {here: True, there: False}
    for tun in outward:
        poll.register(tun, select.EPOLLIN)
    links = {socket.inet_aton(address): link for address, link in links.items()}
    at_once, under_way, number = Link(), [], 0
    while True:
        wait_s = max(0, under_way[0][0] - time.monotonic()) if under_way else -1
        for tun, _ in poll.poll(wait_s):
            with contextlib.suppress(BlockingIOError):
                while packet := os.read(tun, PACKET_MAX):
                    if packet[0] >> 4 != IPV4:
                        continue
                    link = links.get(packet[16:20] if outward[tun] else packet[12:16], at_once)
                    if outward[tun] and link.loses(packet):
                        continue
                    number += 1
                    heapq.heappush(under_way, (link.arrival(packet, outward[tun]), number, there if outward[tun] else here, packet))
        while under_way and under_way[0][0] <= time.monotonic():
            _, _, tun, packet = heapq.heappop(under_way)
            # A full device loses a packet, as a router does.
            with contextlib.suppress(BlockingIOError):
                os.write(tun, packet)
