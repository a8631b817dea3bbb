# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Counts transitions in the kernel's own log (tracefs), where the load's own count is not enough."""

import os
import pathlib
import re

INSTANCES = pathlib.Path("/sys/kernel/tracing/instances")
EVENT = "events/sock/inet_sock_set_state"

IPPROTO_TCP = 6


class Witness:
    """Counts from when it is entered, in an instance of its own. `condition` is in the language of the kernel's event filters."""

    def __init__(self, name, condition):
        self.instance = INSTANCES / f"tcpvitals-bench-{os.getpid()}-{name}"
        self.condition = f"protocol == {IPPROTO_TCP} && ({condition})"

    def _write(self, name, text):
        (self.instance / name).write_text(text, encoding="ascii")

    def __enter__(self):
        self.instance.mkdir()
        try:
            self._write(f"{EVENT}/filter", self.condition)
            self._write(f"{EVENT}/enable", "1")
        except BaseException:
            self.__exit__()
            raise
        return self

    def count(self):
        """Number of events: those in the log, and those without room in it, together."""
        said = "".join(path.read_text(encoding="ascii") for path in self.instance.glob("per_cpu/cpu*/stats"))
        return sum(map(int, re.findall(r"^(?:entries|overrun|dropped events): (\d+)$", said, re.MULTILINE)))

    def __exit__(self, *_):
        self._write(f"{EVENT}/enable", "0")
        self.instance.rmdir()


def hidden(fields, ports):
    """
    One machine's kernel hides from every BPF program, in silence, some of what happens in softirqs that interrupt a thread of
    PID 1: at most all that happens on one. Of those with a port in one of the fields, of sport and dport.
    """
    of_load = " || ".join(f"{field} == {port}" for field in fields for port in ports)
    on_thread = " || ".join(f"common_pid == {thread}" for thread in os.listdir("/proc/1/task"))
    return Witness("hidden", f"({of_load}) && ({on_thread})")


def others(ports):
    """A witness of the events that are not the load's."""
    return Witness("others", " && ".join(f"{field} != {port}" for field in ("sport", "dport") for port in ports))
