# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Reads the kernel's figures about BPF programs: which ones a process holds, how often they ran, and for how long."""

import ctypes
import json
import os
import subprocess

from process import Failure, descriptors

BPF_STATS_RUN_TIME = 0


class Statistics:
    """The kernel's clock around each run of a BPF program, on as long as this is entered, or until this process ends anyhow."""

    def __enter__(self):
        libbpf = ctypes.CDLL("libbpf.so.1", use_errno=True)
        self.fd = libbpf.bpf_enable_stats(BPF_STATS_RUN_TIME)
        if self.fd < 0:
            raise Failure(f"cannot have BPF programs timed (bpf_enable_stats): {os.strerror(-self.fd)}")

    def __exit__(self, *_):
        os.close(self.fd)


def held_programs(pid):
    """Numbers of the programs that a process has a descriptor of, itself or by a link."""
    return {int(fields["prog_id"]) for fields in descriptors(pid) if "prog_id" in fields}


def attached_programs(pid):
    """Numbers of the programs that a process holds attached by a link."""
    return {int(fields["prog_id"]) for fields in descriptors(pid) if "prog_id" in fields and "link_id" in fields}


def program_info(number):
    result = subprocess.run(["bpftool", "--json", "prog", "show", "id", str(number)], stdout=subprocess.PIPE, check=True)
    return json.loads(result.stdout)


def recursion_misses(pid):
    """How often a process's programs were skipped since they had interrupted themselves."""
    return sum(program_info(number).get("recursion_misses", 0) for number in held_programs(pid))
