#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Memory that the start needs to read the kernel's types (BTF) is given back before tracing begins."""

import os
import pathlib
import re

from cli import RTT_TOOL, TOOL, Trace, main, need_root

HASH_BYTES = 4 << 20
TYPES = "/sys/kernel/btf/vmlinux"


def anonymous_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"^RssAnon:\s+(\d+) kB", status.read(), re.MULTILINE).group(1)) * 1024


def assert_gives_back(tool):
    need_root()
    with Trace(tool=tool) as trace:
        kept = anonymous_bytes(trace.process.pid)
        assert kept < os.path.getsize(TYPES) / 2, f"{kept} bytes"


def map_bytes(pid):
    """Of all maps of the process, as the kernel counts them."""
    total = 0
    for entry in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
        text = entry.read_text(encoding="ascii")
        found = re.search(r"^memlock:\s+(\d+)$", text, re.MULTILINE)
        total += int(found[1]) if found and "map_type:" in text else 0
    return total


def test_no_hash_without_memory():
    """Where nothing is remembered of a socket there is no map for it."""
    need_root()
    sizes = {}
    for args in (), ("--by", "pid"):
        with Trace("--storage", "hash", *args, tool=RTT_TOOL) as trace:
            sizes[args] = map_bytes(trace.pid)
    assert sizes[()] < HASH_BYTES < sizes[("--by", "pid")], sizes


def test_tcpstates():
    assert_gives_back(TOOL)


def test_tcprtt():
    assert_gives_back(RTT_TOOL)


if __name__ == "__main__":
    main(globals())
