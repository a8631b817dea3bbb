#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Who may run tcprtt, with which hook, and what those are told who may not."""

import json
import os

from cli import (RTT_TOOL, PublicCopy, Trace, as_nobody, assert_diagnostics, assert_equal, assert_in, assert_not_in,
                 deny_bpf_by_seccomp, free_port, in_mount_namespace, main, need_command, need_root, run)
from test_kernels import HIDE_BTF
from test_rtt_output import Exchanges

CAPABILITIES = "+bpf,+perfmon"


def assert_refused(result):
    assert_equal((result.returncode, result.stdout), (1, ""), f"exit status and stdout ({result.stderr})")
    assert_diagnostics(result.stderr, "tcprtt")
    assert_not_in("libbpf", result.stderr)


def without_rights(tool, *args, prefix=()):
    if os.geteuid() == 0:
        need_command("setpriv")
        prefix = as_nobody(*prefix)
    return run("-d", "1", *args, tool=tool, prefix=prefix)


def test_nobody():
    with PublicCopy(RTT_TOOL) as tool:
        for args in ([], ["-o", "json"], ["-o", "csv", "--by", "comm"], ["--heatmap"], ["--hook", "fentry"]):
            result = without_rights(tool, *args)
            assert_refused(result)
            assert_in("root or CAP_BPF+CAP_PERFMON", result.stderr)
            assert_in("sudo", result.stderr)


def test_one_capability_of_the_two():
    need_root()
    need_command("setpriv")
    with PublicCopy(RTT_TOOL) as tool:
        for capability in ("+bpf", "+perfmon"):
            result = without_rights(tool, prefix=(f"--inh-caps={capability}", f"--ambient-caps={capability}"))
            assert_refused(result)
            assert_in("CAP_", result.stderr)


def test_both_capabilities_are_enough():
    need_root()
    need_command("setpriv")
    prefix = as_nobody(f"--inh-caps={CAPABILITIES}", f"--ambient-caps={CAPABILITIES}")
    for args in ([], ["-a", "127.0.0.0/8", "--by", "comm,raddr"], ["--sample", "rtt"], ["--sample", "handshake"]):
        port = free_port()
        with PublicCopy(RTT_TOOL) as tool, Trace("-p", port, "-o", "json", *args, tool=tool, prefix=prefix) as trace:
            with Exchanges(port) as connection:
                connection.go()
            assert_equal(trace.stop(), 0, f"exit status of {args}")
            assert sum(json.loads(line)["count"] for line in trace.out.splitlines()) > 0, f"{args}: {trace.out}"
            assert_in("lost 0 of", trace.err)


def test_root_without_capabilities():
    need_root()
    need_command("setpriv")
    result = run("-d", "1", tool=RTT_TOOL, prefix=("setpriv", "--bounding-set=-bpf,-perfmon,-sys_admin"))
    assert_refused(result)
    assert_in("CAP_BPF", result.stderr)


def test_seccomp():
    need_root()
    result = run("-d", "1", tool=RTT_TOOL, preexec_fn=deny_bpf_by_seccomp())
    assert_refused(result)
    assert_in("seccomp", result.stderr)
    assert_not_in("sudo", result.stderr)


def test_no_btf():
    need_root()
    for args in ([], ["--hook", "tp_btf"], ["--by", "comm"]):
        result = run("-d", "1", *args, tool=RTT_TOOL, prefix=in_mount_namespace(HIDE_BTF))
        assert_refused(result)
        for word in ("BTF", "/sys/kernel/btf/vmlinux", "CONFIG_DEBUG_INFO_BTF"):
            assert_in(word, result.stderr)
        assert_not_in("sudo", result.stderr)


def measure_with(hook):
    """The tool's exit status and what it says; where it works, it must have measured by that hook."""
    port = free_port()
    result = run("-d", "0.2", "--hook", hook, "-o", "json", "-P", port, tool=RTT_TOOL)
    if result.returncode == 0:
        with Trace("--hook", hook, "-o", "json", "-p", port, tool=RTT_TOOL) as trace:
            with Exchanges(port) as connection:
                connection.go()
            assert_equal(trace.stop(), 0, "exit status")
            row = json.loads(trace.out)
            assert_equal(row["hook"], hook, "hook")
            assert row["count"] >= 40, row
    return result


def test_hooks():
    """One that this kernel has measures; one that it has not gives the reason and an alternative."""
    need_root()
    for hook, missing in (("tp_btf", "BTF"), ("fentry", "trampoline"), ("kprobe", "kprobe")):
        result = measure_with(hook)
        if result.returncode:
            assert_equal((result.returncode, result.stdout), (1, ""), f"exit status and stdout of {hook}")
            for word in (missing, "try --hook"):
                assert_in(word, result.stderr)
            assert_not_in("sudo", result.stderr)
            assert_diagnostics(result.stderr, "tcprtt")


def test_best_hook_is_chosen_and_told():
    need_root()
    result = run("-d", "0.2", "-v", "-P", free_port(), tool=RTT_TOOL)
    assert_equal(result.returncode, 0, "exit status")
    assert_in("tp_btf", result.stderr)


if __name__ == "__main__":
    main(globals(), RTT_TOOL)
