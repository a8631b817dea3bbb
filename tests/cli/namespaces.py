# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A network namespace with a name, for tests that look up the name."""

import contextlib
import ctypes
import os
import subprocess
import sys
import time

from cli import Skip, need_command
from this_machine import need_machine

PORT = 7001
CONNECTION = f"""
import socket
listener = socket.create_server(("127.0.0.1", {PORT}))
client = socket.create_connection(("127.0.0.1", {PORT}))
client.close()
listener.accept()[0].close()
"""


class NamedNetwork:
    """ip netns add; deleted at the end."""

    def __init__(self, suffix=""):
        self.name = f"tv-test-{os.getpid()}{suffix}"

    def __enter__(self):
        need_command("ip")
        need_machine("netns")
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.number = os.stat(f"/run/netns/{self.name}").st_ino
        return self

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "del", self.name], check=True)

    def run_python(self, code, *args):
        subprocess.run(["ip", "netns", "exec", self.name, sys.executable, "-c", code, *map(str, args)], check=True, timeout=30)

    @contextlib.contextmanager
    def start_python(self, code):
        """A process in the namespace, with a loopback device. Its end comes with the end of its standard input."""
        with subprocess.Popen(["ip", "netns", "exec", self.name, "sh", "-c", f'ip link set lo up; exec {sys.executable} -c "$1"',
                               "sh", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            yield process

    def connect_once(self):
        """A connection to PORT, from its beginning to its end."""
        subprocess.run(["ip", "netns", "exec", self.name, "sh", "-c", f'ip link set lo up; exec {sys.executable} -c "$1"', "sh",
                        CONNECTION], check=True, timeout=30)


CLONE_NEWUTS = 0x04000000
# Namespaces that are held at a time, and rounds: other programs may take a number away.
HELD_MAX, ROUNDS = 800, 20


class _Numbers:
    """The lowest free numbers of namespaces, taken one after the other: a UTS namespace needs just one."""

    def __init__(self):
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._home = os.open("/proc/self/ns/uts", os.O_RDONLY)
        self._held = {}

    def take_until(self, number):
        """Whether that one is the lowest free one now."""
        while len(self._held) < HELD_MAX:
            if self._libc.unshare(CLONE_NEWUTS):
                raise OSError(ctypes.get_errno(), "unshare")
            fd = os.open("/proc/self/ns/uts", os.O_RDONLY)
            taken = os.fstat(fd).st_ino
            self._libc.setns(self._home, CLONE_NEWUTS)
            if taken == number:
                os.close(fd)
                return True
            self._held[taken] = fd
        return False

    def give_back(self):
        for fd in self._held.values():
            os.close(fd)
        self._held = {}


@contextlib.contextmanager
def network_with(number):
    """A network namespace that the kernel gives that number, which one had that is gone."""
    numbers = _Numbers()
    with contextlib.ExitStack() as stack:
        stack.callback(numbers.give_back)
        for i in range(ROUNDS):
            if not numbers.take_until(number):
                numbers.give_back()
                time.sleep(0.2)  # until the kernel has cleaned up
                continue
            network = stack.enter_context(NamedNetwork(f"-{i}"))
            if network.number == number:
                numbers.give_back()
                yield network
                return
    raise Skip("the kernel does not give the number of a network namespace that is gone to another one")
