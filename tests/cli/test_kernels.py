#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Kernels that lack a feature, simulated in a mount namespace, and the choice of hooks and storages."""

import os

from cli import (CLIENT_FIRST, Trace, assert_diagnostics, assert_equal, assert_in, assert_not_in, connect_once,
                 main, need_root, of_port, run, states)
from surroundings import SHOW_TRACEFS, in_mount_namespace
from this_machine import need_machine, need_seeding

# libbpf looks for the kernel's BTF in these places.
HIDE_BTF = """
mount -t tmpfs tmpfs /mnt
mkdir /mnt/empty
for place in /sys/kernel/btf /boot "/lib/modules/$(uname -r)" "/usr/lib/debug"; do
    [ ! -d "$place" ] || mount --bind /mnt/empty "$place"
done
"""
HIDE_TRACEFS = """
for place in /sys/kernel/tracing /sys/kernel/debug; do
    [ ! -d "$place" ] || mount -t tmpfs tmpfs "$place"
done
"""
# Where it is when only debugfs is mounted; after HIDE_TRACEFS.
SHOW_IN_DEBUGFS = "mkdir /sys/kernel/debug/tracing; mount -t tracefs tracefs /sys/kernel/debug/tracing"


def need_tracefs():
    need_root()
    need_machine("tracefs", "tracepoint")


def need_btf():
    need_root()
    need_machine("btf", "tp_btf/inet_sock_set_state")


def trace_one(*args, prefix=()):
    with Trace("-o", "json", *args, prefix=prefix) as trace:
        port = connect_once()
        assert_equal(trace.stop(), 0, "exit status")
        assert_in("lost 0 of", trace.err)
        return of_port(trace.rows(), port), port, trace.err


def assert_one_connection(rows, port):
    assert_equal(len(rows), 12, "rows")
    client = [row for row in rows if row["rport"] == port]
    assert_equal(states(client), CLIENT_FIRST, "the client's transitions")
    assert_equal({row["pid"] for row in client}, {os.getpid()}, "owner")
    for row in client[1:]:
        assert row["duration_us"] is not None and row["duration_us"] >= 0, row


def test_best_hook_is_chosen_and_told():
    need_btf()
    need_seeding()
    rows, port, errors = trace_one()
    assert_one_connection(rows, port)
    assert_in("tp_btf", errors)
    assert_in("socket storage", errors)
    assert_diagnostics(errors)


def test_tp_btf_with_hash():
    need_btf()
    rows, port, errors = trace_one("--hook", "tp_btf", "--storage", "hash")
    assert_one_connection(rows, port)
    assert_in("hash", errors)


def test_tracepoint():
    """With tracefs mounted by us, mounted already, and in debugfs only."""
    need_tracefs()
    for setup in (SHOW_TRACEFS, SHOW_TRACEFS + SHOW_TRACEFS, SHOW_IN_DEBUGFS):
        rows, port, errors = trace_one("--hook", "tracepoint", prefix=in_mount_namespace(HIDE_TRACEFS + setup))
        assert_one_connection(rows, port)
        assert_in("tracepoint/", errors)
        assert_in("tcpstates: nothing shows why a connection ended\n", errors)


def test_no_btf_falls_back_to_the_tracepoint():
    need_tracefs()
    rows, port, errors = trace_one(prefix=in_mount_namespace(HIDE_BTF + HIDE_TRACEFS + SHOW_TRACEFS))
    assert_one_connection(rows, port)
    assert_in("tracepoint/", errors)
    assert_in(" of 65536 sockets, and fewer owners are known; -v shows more\n", errors)


def test_no_btf_filters_on_ports():
    """A client's SYN_SENT and its duration, also where the socket is remembered in a hash."""
    need_tracefs()
    prefix = in_mount_namespace(HIDE_BTF + HIDE_TRACEFS + SHOW_TRACEFS)
    with Trace("-o", "json", prefix=prefix) as trace:
        port = connect_once()
        assert_equal(trace.stop(), 0, "exit status")
        rows = of_port(trace.rows(), port)
    local = [row for row in rows if row["rport"] == port][1]["lport"]
    assert local, rows


def assert_says(result, *words):
    assert_equal((result.returncode, result.stdout), (1, ""), f"exit status and stdout ({result.stderr})")
    assert_diagnostics(result.stderr)
    for word in words:
        assert_in(word, result.stderr)
    assert_not_in("sudo", result.stderr)
    assert_not_in("libbpf", result.stderr)


def test_no_btf_and_no_tracefs():
    need_root()
    result = run("-d", "1", prefix=in_mount_namespace(HIDE_BTF + HIDE_TRACEFS))
    assert_says(result, "this kernel has no BTF (/sys/kernel/btf/vmlinux), and the classic tracepoint needs tracefs, which is not mounted; "
                "try: mount -t tracefs tracefs /sys/kernel/tracing")


def test_no_btf_with_hook_tp_btf():
    need_root()
    result = run("-d", "1", "--hook", "tp_btf", prefix=in_mount_namespace(HIDE_BTF))
    assert_says(result, "this kernel has no BTF (/sys/kernel/btf/vmlinux), which --hook tp_btf needs; try --hook tracepoint, or a kernel "
                "built with CONFIG_DEBUG_INFO_BTF")


def test_no_btf_with_what_needs_it():
    need_root()
    result = run("-d", "1", "--stuck", "CLOSE_WAIT", prefix=in_mount_namespace(HIDE_BTF))
    assert_says(result, "which --stuck needs; leave it out, or try a kernel built with CONFIG_DEBUG_INFO_BTF")


def test_tracepoint_without_tracefs():
    need_root()
    result = run("-d", "1", "--hook", "tracepoint", prefix=in_mount_namespace(HIDE_TRACEFS))
    assert_says(result, "cannot load the BPF programs: the classic tracepoint needs tracefs, which is not mounted; try: mount -t tracefs "
                "tracefs /sys/kernel/tracing")


if __name__ == "__main__":
    main(globals())
