#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Who may run tcprtt, with which hook, and what those are told who may not."""

import ctypes
import json
import os
import re
import struct

from cli import (RTT_TOOL, PublicCopy, Skip, Trace, as_nobody, assert_diagnostics, assert_equal, assert_in, assert_not_in,
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


def deny_attaching():
    """A preexec_fn: programs load, and cannot be attached (ENOTSUPP, as fentry on arm64 before 6.4)."""
    if os.uname().machine != "x86_64":
        raise Skip("knows the system calls of x86_64 only")
    bpf, perf_event_open, raw_tracepoint_open, link_create, enotsupp = 321, 298, 17, 28, 524
    allow, refuse = struct.pack("HBBI", 0x06, 0, 0, 0x7fff0000), struct.pack("HBBI", 0x06, 0, 0, 0x00050000 | enotsupp)
    program = b"".join([
        struct.pack("HBBI", 0x20, 0, 0, 0),  # the number of the system call
        struct.pack("HBBI", 0x15, 4, 0, perf_event_open),
        struct.pack("HBBI", 0x15, 0, 4, bpf),
        struct.pack("HBBI", 0x20, 0, 0, 16),  # its first argument
        struct.pack("HBBI", 0x15, 1, 0, raw_tracepoint_open),
        struct.pack("HBBI", 0x15, 0, 1, link_create),
        refuse, allow])

    def install():
        libc = ctypes.CDLL(None, use_errno=True)
        memory = ctypes.create_string_buffer(program)
        filters = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(memory))
        if libc.prctl(22, 2, filters, 0, 0):  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
            raise OSError(ctypes.get_errno(), "prctl")

    return install


def test_what_cannot_be_attached_falls_through():
    """Every program there is, for each kind of sample, loads here; where it does not attach the next one is tried."""
    need_root()
    everything = ["-4", "-p", "1-9", "-P", "80", "-a", "127.0.0.0/8", "-A", "::/0"]
    for args, ways in ((["-e"], 6), (["-B"], 6), (["--by", "conn"], 6), (["--by", "prefix:24,rport", *everything], 6),
                       (["--by", "comm,netns", *everything], 5), (["--sample", "rtt", *everything], 5),
                       (["--sample", "rtt", "--by", "cgroup,raddr", *everything], 5), (["--sample", "min", "-B"], 3),
                       (["--sample", "handshake", "--by", "pid,laddr", *everything], 3)):
        result = run("-v", "-d", "0.1", *args, tool=RTT_TOOL, preexec_fn=deny_attaching())
        assert_equal((result.returncode, result.stdout), (1, ""), f"exit status and stdout of {args}")
        tried = re.findall(r"^tcprtt: not usable here: (.*): (.*)$", result.stderr, re.MULTILINE)
        assert_equal(len(tried), ways, f"ways of {args}: {tried}")
        for way, reason in tried:
            # no kprobes, or trampolines denied: what this machine has not got it cannot load either
            assert "524" in reason or not way.startswith("tp_btf"), f"{way} does not load: {reason}"


def test_best_hook_is_chosen_and_told():
    need_root()
    result = run("-d", "0.2", "-v", "-P", free_port(), tool=RTT_TOOL)
    assert_equal(result.returncode, 0, "exit status")
    assert_in("tp_btf", result.stderr)


if __name__ == "__main__":
    main(globals(), RTT_TOOL)
