#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The rights that tcprtt needs, its hooks, and its messages to users without rights."""

import ctypes
import errno
import json
import os
import re
import resource
import struct

from cli import (RTT_TOOL, Skip, Trace, assert_diagnostics, assert_equal, assert_in, assert_not_in, free_port, main,
                 need_command, need_root, run)
from surroundings import PublicCopy, as_nobody, deny_bpf_by_seccomp, in_mount_namespace
from test_kernels import HIDE_BTF
from test_rtt_output import Exchanges
from this_machine import machine_refuses

NAMES = {"tp_btf": "tp_btf/tcp_probe", "fentry": "fentry", "kprobe": "kprobe"}  # of hooks, in tests/machine
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
        assert_in("this kernel has no BTF (/sys/kernel/btf/vmlinux); tcprtt needs a kernel built with CONFIG_DEBUG_INFO_BTF", result.stderr)
        assert_not_in("sudo", result.stderr)


def measure_with(hook):
    """It must have measured by that hook."""
    port = free_port()
    with Trace("--hook", hook, "-o", "json", "-p", port, tool=RTT_TOOL) as trace:
        with Exchanges(port) as connection:
            connection.go()
        assert_equal(trace.stop(), 0, "exit status")
        row = json.loads(trace.out)
        assert_equal(row["hook"], hook, "hook")
        assert row["count"] >= 40, row


def test_hooks():
    """One that this machine allows measures; one that it refuses gives the reason and an alternative."""
    need_root()
    for hook, missing in (("tp_btf", "BTF"), ("fentry", "trampoline"), ("kprobe", "kprobe")):
        if not machine_refuses(NAMES[hook]):
            measure_with(hook)
            continue
        result = run("-d", "0.2", "--hook", hook, "-o", "json", "-P", free_port(), tool=RTT_TOOL)
        assert_refused(result)
        for word in (missing, "try --hook"):
            assert_in(word, result.stderr)
        assert_not_in("sudo", result.stderr)


ENOTSUPP = 524  # the kernel's own
BPF_MAP_CREATE, BPF_RAW_TRACEPOINT_OPEN, BPF_LINK_CREATE = 0, 17, 28


def refuse(error, *commands):
    """A preexec_fn: these commands of bpf(2) fail with that errno, and so does perf_event_open(2) where links do."""
    if os.uname().machine != "x86_64":
        raise Skip("knows the system calls of x86_64 only")
    load_number, load_command = struct.pack("HBBI", 0x20, 0, 0, 0), struct.pack("HBBI", 0x20, 0, 0, 16)
    last = len(commands)
    program = [load_number, struct.pack("HBBI", 0x15, last + 3 if BPF_LINK_CREATE in commands else last + 2, 0, 298),
               struct.pack("HBBI", 0x15, 0, last + 1, 321), load_command]
    program += [struct.pack("HBBI", 0x15, last - i, 0, command) for i, command in enumerate(commands)]
    program += [struct.pack("HBBI", 0x06, 0, 0, 0x7fff0000), struct.pack("HBBI", 0x06, 0, 0, 0x00050000 | error)]
    code = b"".join(program)

    def install():
        libc = ctypes.CDLL(None, use_errno=True)
        memory = ctypes.create_string_buffer(code)
        if libc.prctl(22, 2, struct.pack("HxxxxxxP", len(program), ctypes.addressof(memory)), 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")

    return install


def test_what_cannot_be_attached_falls_through():
    """Every program there is, for each kind of sample, loads here; where it does not attach the next one is tried."""
    need_root()
    everything = ["-p", "1-9", "-P", "80", "-a", "127.0.0.0/8,::1", "-A", "0.0.0.0/0,::/0"]
    for args, ways in ((["-e"], 6), (["-B"], 6), (["--by", "conn"], 6), (["--by", "prefix:24,rport", *everything], 6),
                       (["--by", "comm,netns", *everything], 5), (["--sample", "rtt", *everything], 5),
                       (["--sample", "rtt", "--by", "cgroup,raddr", *everything], 5), (["--sample", "min", "-B"], 3),
                       (["--sample", "handshake", "--by", "pid,laddr", *everything], 3)):
        result = run("-v", "-d", "0.1", *args, tool=RTT_TOOL, preexec_fn=refuse(ENOTSUPP, BPF_RAW_TRACEPOINT_OPEN, BPF_LINK_CREATE))
        assert_equal((result.returncode, result.stdout), (1, ""), f"exit status and stdout of {args}")
        tried = re.findall(r"^tcprtt: not usable here: (.* with .*): (.*)$", result.stderr, re.MULTILINE)
        assert_equal(len(tried), ways, f"ways of {args}: {tried}")
        for way, reason in tried:
            # what this machine refuses does not even load
            assert reason == "not supported" or machine_refuses(NAMES[way.split()[0]]), f"{way} does not load: {reason}"


def test_reasons():
    """Each failure has its own message, the ladder ends where no other way would help, and there is always an alternative."""
    need_root()
    memory, links = refuse(errno.ENOMEM, BPF_MAP_CREATE), (BPF_RAW_TRACEPOINT_OPEN, BPF_LINK_CREATE)
    for args, setup, words, never in (
            (["-B", "--max-keys", "500000"], memory, ["not enough memory: --max-keys 500000 takes 1533 MiB; try a lower one"], "trampoline"),
            (["-B", "--hook", "fentry"], memory, ["memory", "--max-keys"], "trampoline"),
            (["-B", "--max-keys", "1"], memory, ["not enough memory: groups take ", "MiB on this machine's CPUs"], "--max-keys"),
            (["--hook", "fentry"], memory, ["not enough memory for the BPF maps"], "--max-keys"),
            (["--hook", "kprobe"], memory, ["memory"], "kprobe"),
            (["--hook", "fentry"], few_files, ["too many open files for this process; try: ulimit -n 64"], "trampoline"),
            (["--hook", "kprobe"], few_files, ["open files"], "kprobe"),
            (["--hook", "fentry"], deny_bpf_by_seccomp(), ["seccomp"], "trampoline"),
            (["--hook", "tp_btf"], refuse(ENOTSUPP, *links),
             ["this kernel has no BTF-typed tracepoints or denies them (not supported); -v shows more; try --hook fentry or --hook kprobe"],
             "sudo"),
            (["--hook", "fentry"], refuse(ENOTSUPP, *links), ["this kernel has no BPF trampolines or denies them ("], "sudo"),
            (["--hook", "kprobe"], refuse(ENOTSUPP, *links), ["this kernel has no kprobe on tcp_rcv_established or denies it ("], "sudo"),
            (["--hook", "tp_btf", "--storage", "socket"], refuse(ENOTSUPP, *links), ["--hook fentry or --storage hash"], "kprobe"),
            (["--hook", "tp_btf", "--by", "pid"], refuse(ENOTSUPP, *links), ["try --hook fentry"], "kprobe"),
            ([], refuse(ENOTSUPP, *links), ["none of the hooks", "not supported"], "sudo")):
        result = run("-d", "0.1", *args, tool=RTT_TOOL, preexec_fn=setup)
        assert_refused(result)
        for word in words:
            assert_in(word, result.stderr)
        assert never not in result.stderr.split("cannot load")[1], f"{args}: {result.stderr}"
        if setup is memory:
            result = run("-v", "-d", "0.1", *args, tool=RTT_TOOL, preexec_fn=setup)
            assert_equal(result.stderr.count("not usable here"), 1, f"ways that were tried with {args}")


def few_files():
    resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))


def test_best_hook_is_chosen_and_told():
    need_root()
    result = run("-d", "0.2", "-v", "-P", free_port(), tool=RTT_TOOL)
    assert_equal(result.returncode, 0, "exit status")
    assert_in("tp_btf", result.stderr)


if __name__ == "__main__":
    main(globals(), RTT_TOOL)
