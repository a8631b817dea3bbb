# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Reads the use of memory: the kernel's objects by kind, a process, and its BPF maps."""

import pathlib
import time

from process import descriptors

# The kernel frees the memory of ended programs and sockets some time later: of a million sockets within two seconds.
SETTLED_S, SETTLE_LIMIT_S, SETTLED_KIB = 0.5, 10, 512


def _kib(path, key):
    for line in pathlib.Path(path).read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1])
    return 0


def available_kib():
    return _kib("/proc/meminfo", "MemAvailable")


def slab_kib():
    """All of the kernel's objects."""
    return _kib("/proc/meminfo", "Slab")


def settle():
    """Waits until the kernel's objects do not get fewer."""
    limit, before, now = time.monotonic() + SETTLE_LIMIT_S, None, slab_kib()
    while time.monotonic() < limit and (before is None or now < before - SETTLED_KIB):
        time.sleep(SETTLED_S)
        before, now = now, slab_kib()


def rss_kib(pid):
    return _kib(f"/proc/{pid}/status", "VmRSS")


def slab():
    """Kind of objects to how many there are and the bytes of one (/proc/slabinfo)."""
    lines = pathlib.Path("/proc/slabinfo").read_text(encoding="ascii").splitlines()
    return {words[0]: (int(words[1]), int(words[3])) for words in map(str.split, lines) if words[1].isdigit()}


def growth(before, after, at_least):
    """Kind to how many objects there are more, and the bytes of one; not of kinds that grew by less."""
    found = {kind: [count - before.get(kind, (0, size))[0], size] for kind, (count, size) in after.items()}
    return {kind: grown for kind, grown in found.items() if grown[0] >= at_least}


def map_bytes(pid):
    """Memory of all BPF maps that a process has a descriptor of, in the kernel's words, without the content of socket storage."""
    found = {fields["map_id"]: int(fields["memlock"]) for fields in descriptors(pid) if "map_id" in fields and "memlock" in fields}
    return sum(found.values())
