#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The start of a command behind --: the caller's surroundings, its own descriptors, the user who called sudo, and commands
that cannot start."""

import os
import subprocess
import sys

from cli import (RTT_TOOL, TOOL, assert_diagnostics, assert_equal, assert_in, assert_not_in, besides_no_sample, main, need_root, run,
                 tool_command)
from commands import BOTH, read, temporary


def test_cannot_be_started():
    need_root()
    with temporary("true\n") as plain:
        for tool in BOTH:
            for command, status, why in (("no-such-command", 127, "No such file or directory"), ("./no/such", 127, "No such file"),
                                         (plain.name, 126, "Permission denied"), ("/etc", 126, "Permission denied"),
                                         ("x\x1b[31m", 127, "x\\x1B[31m: No such file")):
                result = run("--", command, tool=tool)
                assert_equal((result.returncode, result.stdout), (status, ""), f"exit status of {command}: {result.stderr}")
                assert_in(why, result.stderr)
                assert_diagnostics(result.stderr, os.path.basename(tool))


def test_refused():
    for tool in BOTH:
        for args, why in ((["--"], "a command must follow --"), (["stray", "--", "true"], "stray"), (["true"], "put a command after --"),
                          (["--run-as", "root"], "--run-as needs a command"), (["--linger", "1"], "--linger needs a command"),
                          (["--linger", "x", "--", "true"], '"x"'), (["--run-as", "no-such-user", "--", "true"], "no-such-user"),
                          (["-o", "--", "true"], "requires an argument")):
            result = run(*args, tool=tool)
            assert_equal((result.returncode, result.stdout), (2, ""), f"exit status of {args}: {result.stderr}")
            assert_in(why, result.stderr)
    result = run("--hook", "tracepoint", "--", "true")
    assert_equal((result.returncode, "a command" in result.stderr), (2, True), f"--hook tracepoint: {result.stderr}")
    result = run("--hook", "kprobe", "--", "true", tool=RTT_TOOL)
    assert_equal((result.returncode, "neither owners nor roles" in result.stderr), (2, True), f"--hook kprobe: {result.stderr}")


def test_descriptors_are_the_commands():
    need_root()
    data = bytes(range(256)) * 400
    for tool in BOTH:
        with temporary() as out:
            result = subprocess.run(tool_command("--out", out.name, "--", "sh", "-c", "cat; echo words >&2", tool=tool), input=data,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20, check=False)
            assert_equal((result.returncode, besides_no_sample(result.stderr)), (0, b"words\n"), "exit status and stderr")
            assert result.stdout == data, f"{len(data)} bytes became {len(result.stdout)}"
            assert_in("SKADDR" if tool == TOOL else "Tracing TCP RTT until the command ends.", read(out.name))
        result = run("--", "echo", "words", tool=tool)
        assert_equal((result.returncode, result.stdout), (0, "words\n"), "exit status and stdout")
        assert_in("SKADDR" if tool == TOOL else "Tracing TCP RTT until the command ends.", result.stderr)


def test_surroundings_are_the_callers():
    """Signals, limits, descriptors, directory and environment, as without the tool. SigQ is its user's, the tool's timer among it."""
    need_root()
    look = ("import os; print([l for l in open('/proc/self/status')"
            "if l.startswith(('SigP', 'SigB', 'SigI', 'SigC', 'Uid', 'Gid', 'Groups', 'Cap', 'NoNew'))],"
            "open('/proc/self/limits').read(), sorted(os.listdir('/proc/self/fd')), os.getcwd(), sorted(os.environ.items()))")
    plain = subprocess.run([sys.executable, "-c", look], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True).stdout
    for tool in BOTH:
        assert_equal(run("--", sys.executable, "-c", look, tool=tool).stdout, plain, "surroundings")
    for setting in ("trap '' INT HUP PIPE VTALRM", "ulimit -l 64"):
        shell = ("sh", "-c", f'{setting}; exec "$@"', "sh")
        plain = subprocess.run([*shell, sys.executable, "-c", look], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                               check=True).stdout
        assert_equal(run("--", sys.executable, "-c", look, prefix=shell).stdout, plain, f"surroundings after {setting}")


def test_user_behind_sudo():
    need_root()
    look = ("--", "sh", "-c", "id -u; id -g; id -G; echo $USER $HOME")
    groups = subprocess.run(["id", "-G", "nobody"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    home = subprocess.run(["sh", "-c", "echo ~nobody"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    nobody = f"65534\n65534\n{groups}\nnobody {home}\n"
    sudo = {**os.environ, "SUDO_UID": "65534", "SUDO_GID": "65534"}
    for tool in BOTH:
        for args, environment, expected in (([], sudo, nobody), (["--run-as", "nobody"], os.environ, nobody),
                                            (["--run-as", "65534"], os.environ, nobody)):
            result = run(*args, *look, tool=tool, env=environment)
            assert_equal((result.returncode, result.stdout), (0, expected), f"who it runs as with {args}: {result.stderr}")
        assert run("--run-as", "root", *look, tool=tool, env=sudo).stdout.startswith("0\n0\n"), "not as root"
        unknown = run(*look, tool=tool, env={**sudo, "SUDO_UID": "54321", "SUDO_GID": "54322"})
        assert unknown.stdout.startswith("54321\n54322\n54322\n"), f"who it runs as: {unknown.stdout}"
        for broken in ("", "0x0", "-1", "4294967295"):
            result = run(*look, tool=tool, env={**sudo, "SUDO_UID": broken})
            assert_equal((result.returncode, result.stdout), (2, ""), f"exit status with SUDO_UID={broken}")
            assert_in(f'SUDO_UID "{broken}"', result.stderr)


def test_output_to_a_file():
    need_root()
    for tool in BOTH:
        with temporary("old contents\n" * 1000) as out:
            result = run("-d", "0.1", "--out", out.name, tool=tool)
            assert_equal((result.returncode, result.stdout, besides_no_sample(result.stderr)), (0, "", ""),
                         "exit status, stdout and stderr")
            assert_in("SKADDR" if tool == TOOL else "Tracing TCP RTT for 0.1 secs.", read(out.name))
            assert_not_in("old", read(out.name))
        for path, why in (("/no/such/place", "cannot write to /no/such/place: No such file"),
                          ("/dev/full", "cannot write to /dev/full: No space left")):
            result = run("-d", "0.1", "--out", path, "--", "echo", "words", tool=tool)
            assert_equal(result.returncode, 1, f"exit status of --out {path}: {result.stderr}")
            assert_in(why, result.stderr)
            assert_equal(result.stdout, "" if path.startswith("/no") else "words\n", "whether it ran")


def test_output_between_the_commands():
    """A descriptor that we were given is not opened again: a file behind it would lose what is there, and lines of both."""
    need_root()
    for tool in BOTH:
        header = "SKADDR" if tool == TOOL else "Tracing TCP RTT until the command ends."
        for path in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
            with temporary("before\n") as out:
                out.seek(0, os.SEEK_END)
                result = run("--out", path, "--", "sh", "-c", "sleep 0.3; echo words", tool=tool, stdout=out)
                assert_equal((result.returncode, besides_no_sample(result.stderr)), (0, ""), "exit status and stderr")
                lines = read(out.name).splitlines()
                assert lines[0] == "before" and lines[1].startswith(header) and "words" in lines, f"--out {path}: {lines}"
        result = run("--out", "/dev/stderr", "-d", "0.1", tool=tool)
        assert_equal((result.returncode, result.stdout), (0, ""), "exit status and stdout")
        assert result.stderr.startswith("SKADDR" if tool == TOOL else "Tracing"), result.stderr
        result = run("--out", "/dev/fd/77", "--", "echo", "words", tool=tool)
        assert_equal((result.returncode, result.stdout), (1, ""), "exit status and stdout without that descriptor")
        assert_in("Bad file descriptor", result.stderr)


if __name__ == "__main__":
    main(globals())
