# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Shared by the tests of names: cgroups of their own, and connections of processes in these cgroups."""

import os
import socket
import subprocess
import sys

from cli import ROOT, assert_equal, need_root
from this_machine import need_machine

sys.path.insert(0, str(ROOT / "bench"))
from mounts import Failure, mount_privately  # pylint: disable=wrong-import-position

CONTAINER = "4f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
POD = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
FIELDS = ["cgroup", "unit", "systemd_unit", "container", "pod", "netns_name"]

# The client's side of a connection to us, from a cgroup that it moves to when it has been told to.
CLIENT = ("import os, socket, sys; sys.stdin.readline(); open(sys.argv[2].encode(errors='surrogateescape') + b'/cgroup.procs', 'w').write('0');"
          "c = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); c.recv(1)")


def cgroup2_mount():
    """The mount point of cgroup v2. Where there is only v1, this process and those that it starts get a mount of v2."""
    need_machine("cgroup2")
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        for line in mounts:
            if line.split()[2] == "cgroup2":
                return line.split()[1]
    need_root()
    place = "/sys/fs/cgroup"
    try:
        mount_privately("cgroup2", place)
    except Failure as failure:
        raise AssertionError(failure) from None
    return place


class Cgroup:
    """A cgroup of the test's with everything above it; `path` is what the tool is to show."""

    def __init__(self, *names):
        self.mount = cgroup2_mount()
        self.path = os.sep + os.path.join(f"tcpvitals-names-{os.getpid()}", *names)
        self.full = self.mount + self.path

    def __enter__(self):
        os.makedirs(self.full)
        self.id = os.stat(self.full).st_ino
        return self

    def remove(self):
        """With everything above it that no other cgroup is in."""
        path = self.full
        while path != self.mount:
            try:
                os.rmdir(path)
            except FileNotFoundError:
                pass
            except OSError:
                assert path != self.full, f"somebody is in {path}"
                break
            path = os.path.dirname(path)

    def __exit__(self, *_):
        self.remove()


def connect_from(cgroup, port=0):
    """One connection whose client is in that cgroup; returns the port of our listener."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        number = listener.getsockname()[1]
        with subprocess.Popen([sys.executable, "-c", CLIENT, str(number), cgroup.full], stdin=subprocess.PIPE) as client:
            client.stdin.write(b"go\n")
            client.stdin.flush()
            listener.settimeout(20)
            listener.accept()[0].close()
            assert_equal(client.wait(20), 0, "the client's exit status")
    return number
