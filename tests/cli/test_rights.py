#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The rights that tcpstates needs, and its messages to users without them."""

import os
import re
import subprocess

from cli import (TOOL, Trace, assert_diagnostics, assert_equal, assert_in, assert_not_in, connect_once, main,
                 need_command, need_root, of_port, run)
from surroundings import Inside, PidNamespace, PublicCopy, as_nobody, deny_bpf_by_seccomp, in_mount_namespace
from this_machine import need_machine

CAPABILITIES = "+bpf,+perfmon"
# For in_mount_namespace(): no network namespace has a name.
HIDE_NAMES = "mkdir -p /run/netns; mount -t tmpfs tmpfs /run/netns\n"


def assert_refused(result):
    assert_equal((result.returncode, result.stdout), (1, ""), f"exit status and stdout ({result.stderr})")
    assert_diagnostics(result.stderr)


def without_rights(tool, *args, prefix=()):
    if os.geteuid() == 0:
        need_command("setpriv")
        prefix = as_nobody(*prefix)
    return run("-d", "1", *args, tool=tool, prefix=prefix)


def test_nobody():
    with PublicCopy() as tool:
        result = without_rights(tool)
    assert_refused(result)
    assert_in("needs root or CAP_BPF+CAP_PERFMON; try sudo", result.stderr)
    assert_in("sudo", result.stderr)


def test_nobody_json():
    """Nothing on stdout, no header either."""
    with PublicCopy() as tool:
        assert_refused(without_rights(tool, "-s"))


def test_one_capability_of_the_two():
    need_root()
    need_command("setpriv")
    with PublicCopy() as tool:
        for capability in ("+bpf", "+perfmon"):
            result = without_rights(tool, prefix=(f"--inh-caps={capability}", f"--ambient-caps={capability}"))
            assert_refused(result)
            assert_in("CAP_", result.stderr)


def test_both_capabilities_are_enough():
    need_root()
    need_command("setpriv")
    prefix = as_nobody(f"--inh-caps={CAPABILITIES}", f"--ambient-caps={CAPABILITIES}")
    with PublicCopy() as tool, Trace("-o", "json", tool=tool, prefix=prefix) as trace:
        port = connect_once()
        assert_equal(trace.stop(), 0, "exit status")
        assert_equal(len(of_port(trace.rows(), port)), 12, "rows")
        assert_in("lost 0 of", trace.err)


def test_root_without_capabilities():
    """Who is root already is not sent to sudo for what the capabilities in effect lack."""
    need_root()
    need_command("setpriv")
    result = run("-d", "1", prefix=("setpriv", "--bounding-set=-bpf,-perfmon,-sys_admin"))
    assert_refused(result)
    assert_in("CAP_BPF", result.stderr)


def omitted(text):
    """How many (namespaces, processes) were not looked at for sockets that are older than the tool."""
    return tuple(
        sum(map(int, re.findall(rf"^tcpstates: cannot {what}", text, re.MULTILINE)))
        for what in (r"enter (\d+) network namespaces? \(needs CAP_SYS_ADMIN\)",
                     r"read the network namespace of (\d+) process(?:es)? \(needs CAP_SYS_PTRACE")
    )


def first_look(*prefix, tool=TOOL, place=Trace):
    with place(tool=tool, prefix=prefix) as trace:
        assert_equal(trace.stop(), 0, "exit status")
        if any(omitted(trace.err)):
            assert_in("connections there that no process has open are unknown at first", trace.err)
        return omitted(trace.err)


class Namespaces:
    """Some network namespaces, each with a process of root's that does nothing else. `prefix` leads to where."""

    def __init__(self, count, *prefix):
        self.count = count
        self.prefix = prefix

    def __enter__(self):
        need_command("unshare")
        command = [*self.prefix, "unshare", "--net", "sh", "-c", "echo in; exec sleep 60"]
        self.processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(self.count)]
        for process in self.processes:
            assert_equal(process.stdout.readline(), b"in\n", "the namespace's process")

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()
            process.stdout.close()


def test_namespaces_that_root_may_not_enter():
    need_root()
    need_command("setpriv")
    with Namespaces(3):
        namespaces, _ = first_look("setpriv", "--bounding-set=-sys_admin")
    assert namespaces >= 3, f"{namespaces} namespaces not entered, of at least 3"


def test_processes_that_hide_their_namespace():
    """Not told by anything else: the namespaces cannot even be counted. No other process or name is there to tell one."""
    need_root()
    need_command("setpriv")
    rights = as_nobody(f"--inh-caps={CAPABILITIES}", f"--ambient-caps={CAPABILITIES}")
    with PublicCopy() as tool, PidNamespace() as inside, Namespaces(3, *inside.prefix):
        prefix = (*inside.prefix, *in_mount_namespace(HIDE_NAMES), *rights)
        namespaces, processes = first_look(*prefix, tool=tool, place=Inside)
    assert_equal(namespaces, 0, "namespaces not entered")
    assert processes >= 3, f"{processes} processes do not show theirs, of at least 3"


def test_a_file_that_is_no_namespace():
    """`ip netns` keeps its names where other files may be, too."""
    need_root()
    prefix = in_mount_namespace(HIDE_NAMES + "echo 1 >/run/netns/file")
    assert_equal(first_look(*prefix)[0], 0, "namespaces not entered")


def test_seccomp():
    need_root()
    result = run("-d", "1", preexec_fn=deny_bpf_by_seccomp())
    assert_refused(result)
    assert_in("Operation not permitted: a seccomp filter is active and may forbid bpf(2) (a container's default profile does); "
              "allow bpf and perf_event_open", result.stderr)
    assert_not_in("sudo", result.stderr)


def test_user_namespace():
    """Root of a user namespace has every capability, and none that counts."""
    need_command("unshare")
    need_machine("userns")
    with PublicCopy() as tool:
        result = run("-d", "1", tool=tool, prefix=("unshare", "--user", "--map-root-user"))
    assert_refused(result)
    assert_in("capabilities count only inside this user namespace", result.stderr)
    assert_not_in("sudo", result.stderr)


if __name__ == "__main__":
    main(globals())
