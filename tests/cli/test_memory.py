#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What reading the kernel's types takes at the start is given back before anything is traced."""

import os
import re

from cli import RTT_TOOL, TOOL, Trace, main, need_root

TYPES = "/sys/kernel/btf/vmlinux"


def anonymous_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"^RssAnon:\s+(\d+) kB", status.read(), re.MULTILINE).group(1)) * 1024


def assert_gives_back(tool):
    need_root()
    with Trace(tool=tool) as trace:
        kept = anonymous_bytes(trace.process.pid)
        assert kept < os.path.getsize(TYPES) / 2, f"{kept} bytes"


def test_tcpstates():
    assert_gives_back(TOOL)


def test_tcprtt():
    assert_gives_back(RTT_TOOL)


if __name__ == "__main__":
    main(globals())
