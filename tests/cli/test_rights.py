#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Who may run it, and what those are told who may not."""

import os

from cli import (PublicCopy, Skip, Trace, as_nobody, assert_diagnostics, assert_equal, assert_in, assert_not_in, connect_once,
                 deny_bpf_by_seccomp, main, need_command, need_root, of_port, run)

CAPABILITIES = "+bpf,+perfmon"


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
    assert_in("root or CAP_BPF+CAP_PERFMON", result.stderr)
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


def test_seccomp():
    need_root()
    result = run("-d", "1", preexec_fn=deny_bpf_by_seccomp())
    assert_refused(result)
    assert_in("seccomp", result.stderr)
    assert_not_in("sudo", result.stderr)


def test_user_namespace():
    """Root of a user namespace has every capability, and none that counts."""
    need_command("unshare")
    if run("--version", prefix=("unshare", "--user", "--map-root-user")).returncode != 0:
        raise Skip("user namespaces are not allowed here")
    with PublicCopy() as tool:
        result = run("-d", "1", tool=tool, prefix=("unshare", "--user", "--map-root-user"))
    assert_refused(result)
    assert_in("user namespace", result.stderr)
    assert_not_in("sudo", result.stderr)


if __name__ == "__main__":
    main(globals())
