# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the kernel says of BPF programs: which ones a process holds attached, how often they ran and for how long."""

import json
import pathlib
import re
import subprocess

STATS = pathlib.Path("/proc/sys/kernel/bpf_stats_enabled")


class Statistics:
    """The kernel's clock around each run of a BPF program, on as long as this is entered."""

    def __enter__(self):
        self.before = STATS.read_text(encoding="ascii")
        STATS.write_text("1", encoding="ascii")

    def __exit__(self, *_):
        STATS.write_text(self.before, encoding="ascii")


def attached_programs(pid):
    """Numbers of the programs that a process holds attached."""
    found = set()
    for entry in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            text = entry.read_text(encoding="ascii")
        except OSError:
            continue  # closed meanwhile
        number = re.search(r"^prog_id:\t(\d+)$", text, re.MULTILINE)
        if number and "link_id:" in text:
            found.add(int(number.group(1)))
    return found


def program_info(number):
    result = subprocess.run(["bpftool", "--json", "prog", "show", "id", str(number)], stdout=subprocess.PIPE, check=True)
    return json.loads(result.stdout)
