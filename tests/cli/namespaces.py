# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A network namespace with a name, for the tests that look for one."""

import os
import subprocess
import sys

from cli import need_command
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

    def connect_once(self):
        """A connection to PORT, from its beginning to its end."""
        subprocess.run(["ip", "netns", "exec", self.name, "sh", "-c", f'ip link set lo up; exec {sys.executable} -c "$1"', "sh",
                        CONNECTION], check=True, timeout=30)
