#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The answers of tests/machine about this machine, and the effect of an answer on the tests."""

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile

from cli import ROOT, assert_equal, assert_in, main, need_command, need_root
from surroundings import PublicCopy, as_nobody, deny_bpf_by_seccomp
from this_machine import PROGRAM, answers, ask, machine_refuses, parse

HOOKS = ["tp_btf/inet_sock_set_state", "tp_btf/tcp_probe", "socket_storage", "fentry", "fexit", "kprobe", "kretprobe", "tracepoint",
         "iter/task_file", "iter/tcp", "iter/bpf_sk_storage_map"]
PLACES = ["tracefs", "netns", "timens", "netem", "tun"]
BY_ANYONE = ["btf", "cgroup2", "userns", "seccomp_notify"]
CONSUMER = """
from cli import main
from this_machine import need_machine

def test_refused():
    need_machine("netns", "netem")

def test_allowed():
    need_machine("netns")

def test_not_known():
    need_machine("tun")

def test_misnamed():
    need_machine("net_em")

main(globals())
"""


@contextlib.contextmanager
def forged(**changes):
    """Environment with this machine's answers, but for those changed: a text or, to leave a line out, None."""
    lines = {name: f"{verdict}\t{why}" for name, (verdict, why) in answers().items()}
    lines.update(changes)
    with tempfile.NamedTemporaryFile("w") as file:
        file.writelines(f"{name}\t{text}\n" for name, text in lines.items() if text)
        file.flush()
        yield {**os.environ, "TCPVITALS_MACHINE": file.name, "PYTHONPATH": str(ROOT / "tests/cli")}


def mounted(kind):
    mounts = [line.split() for line in pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    return next((where for _, where, found, *_ in mounts if found == kind), None)


def test_names():
    assert_equal(sorted(ask()), sorted(HOOKS + PLACES + BY_ANYONE), "names")


def test_agrees_with_what_is_seen():
    need_root()
    said = ask()
    assert_equal(said["btf"][0] == "yes", os.path.exists("/sys/kernel/btf/vmlinux"), "BTF")
    place = mounted("tracefs")
    if said["tracefs"][0] == "yes":
        assert_equal(said["tracefs"][1], f"mounted on {place}" if place else "not mounted, but can be", "tracefs")
    place, version = mounted("cgroup2"), said["cgroup2"][1]
    assert_equal(f"v2 on {place}" in version, place is not None, f"cgroup: {version}")
    assert_equal(version.startswith("v1"), mounted("cgroup") is not None, f"cgroup: {version}")
    if not os.path.exists("/sys/bus/event_source/devices/kprobe"):
        assert_equal((said["kprobe"][0], said["kretprobe"][0]), ("no", "no"), "kprobes")


def test_nobody_knows_less():
    need_root()
    need_command("setpriv")
    with PublicCopy(PROGRAM) as copy:
        said = parse(subprocess.run(as_nobody(copy), stdout=subprocess.PIPE, text=True, timeout=60, check=True).stdout)
    for name in HOOKS + PLACES:
        assert_equal(said[name], ("unknown", "needs root"), name)
    assert_equal(said["cgroup2"][0], "unknown", "cgroup2")


def test_programs_are_really_tried():
    need_root()
    said = ask(preexec_fn=deny_bpf_by_seccomp())
    for name in HOOKS:
        assert_equal(said[name][0], "no", name)


def test_leaves_nothing():
    need_root()
    before = mounted("tracefs"), mounted("cgroup2")
    ask()
    assert_equal((mounted("tracefs"), mounted("cgroup2")), before, "mounts")
    for path in pathlib.Path(mounted("cgroup2") or "/nowhere").glob("tcpvitals-machine-*"):
        in_use = os.path.exists(f"/proc/{path.name.split('-')[2]}")  # of another one that runs
        assert in_use or not path.exists(), f"{path} is left"


def test_python_tests():
    with forged(netns="yes\t", netem="no\tforged", tun="unknown\tforged") as environment:
        result = subprocess.run([sys.executable, "-B", "-c", CONSUMER], stdout=subprocess.PIPE, text=True, env=environment, timeout=60,
                                check=False)
    lines = [line for line in result.stdout.splitlines() if not line.startswith("#")]
    assert_equal(lines, ["skip test_refused: this machine has no netem: forged", "ok test_allowed", "ok test_not_known",
                         "not ok test_misnamed"], "lines")
    assert_in("no answer named net_em", result.stdout)
    assert_equal(result.returncode, 1, "exit status")


def run_netem(**changes):
    with forged(**changes) as environment:
        return subprocess.run([str(ROOT / "build/tests/kernel/netem")], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env=environment, timeout=60, check=False)


def test_kernel_tests():
    need_root()
    result = run_netem(netem="no\tforged")
    assert_equal(result.returncode, 0, "exit status of a skipped test")
    assert_in("skipped: this machine has no netem: forged\n[  SKIPPED ]", result.stdout)
    result = run_netem(netem=None)
    assert result.returncode, "exit status of a test that asks by a wrong name"
    assert_in("tests/machine has no answer named netem", result.stdout)
    # A feature that the machine refuses, but is said to have, is a failure.
    if machine_refuses("netem"):
        result = run_netem(netem="yes\t")
        assert result.returncode, "exit status of a test that is refused what it was told to have"
        assert_in("netem is not taken", result.stdout)


if __name__ == "__main__":
    main(globals(), PROGRAM)
