# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Surroundings that a tool runs in: namespaces of its own, no rights, or no bpf()."""

import contextlib
import ctypes
import errno
import fcntl
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

from cli import END_LIMIT_S, ROOT, TOOL, Skip, Trace, assert_equal, need_command, need_root, wait_until
from this_machine import need_machine


@contextlib.contextmanager
def folder():
    """A folder of the test's own."""
    with tempfile.TemporaryDirectory(prefix="tcpvitals-out-") as path:
        yield pathlib.Path(path)


def await_text(path, text, what):
    wait_until(lambda: path.exists() and text in path.read_text(), END_LIMIT_S, lambda: f"{what}: no {text!r} in {path}")


def in_mount_namespace(script):
    """Prefix for a command: it runs in a mount namespace of its own after that script has set it up."""
    return ("unshare", "--mount", "--propagation", "private", "sh", "-ec", script + '\nexec "$@"', "sh")


# Scripts for in_mount_namespace().
# systemd has tracefs mounted already, and mounting it twice fails.
SHOW_TRACEFS = """
[ -d /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing
"""
# All mounts of cgroup v2, with the mounts below them. v1 stays.
HIDE_CGROUP2 = "umount --all --lazy --types cgroup2"


def child_of(pid):
    return int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()[0])


class PidNamespace:
    """A pid namespace with a /proc of its own: a container's. `prefix` leads into it."""

    def __enter__(self):
        need_root()
        need_command("nsenter")
        self._holder = subprocess.Popen(["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", "echo in; exec cat"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert_equal(self._holder.stdout.readline(), b"in\n", "the first process's word")
        self.prefix = ("nsenter", f"--target={child_of(self._holder.pid)}", "--pid", "--mount")
        return self

    def __exit__(self, *_):
        self._holder.communicate(timeout=20)


class Inside(Trace):
    """The tool in a namespace: nsenter is between us."""

    def stop(self, number=signal.SIGINT, limit=6):
        os.kill(child_of(self.pid), number)
        return self.wait(limit)


def refusing(*programs):
    """Prefix for a command: the kernel refuses it these BPF programs (tests/refuse)."""
    return (str(ROOT / "build/tests/refuse/refuse_bpf"), ",".join(programs))


class Fifo:
    """A FIFO that tells refuse_bpf to go on (tests/refuse). For commands that are started inside `with`."""

    def __enter__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="tcpvitals-")
        self.path = os.path.join(self._directory.name, "fifo")
        os.mkfifo(self.path)
        os.environ["REFUSE_BPF_FIFO"] = self.path
        return self

    def __exit__(self, *_):
        del os.environ["REFUSE_BPF_FIFO"]
        self._directory.cleanup()

    def write(self):
        """Returns when there is no reader any more."""
        fifo = os.open(self.path, os.O_WRONLY)
        try:
            while os.write(fifo, b"x"):
                time.sleep(0.01)
        except BrokenPipeError:
            pass
        finally:
            os.close(fifo)


class OwnNetwork:
    """This process is in a network namespace with nothing but loopback; what it started before is not."""

    CLONE_NEWNET = 0x40000000

    def __init__(self):
        self._libc = ctypes.CDLL(None, use_errno=True)

    def __enter__(self):
        need_machine("netns")
        self._home = os.open("/proc/self/ns/net", os.O_RDONLY)
        if self._libc.unshare(self.CLONE_NEWNET):
            os.close(self._home)
            raise OSError(ctypes.get_errno(), "unshare")
        self.number = os.stat("/proc/self/ns/net").st_ino
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            fcntl.ioctl(control, 0x8914, struct.pack("16sh14x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
        return self

    def __exit__(self, *_):
        failed = self._libc.setns(self._home, self.CLONE_NEWNET)
        os.close(self._home)
        if failed:
            sys.exit("cannot come home from a network namespace")

    @staticmethod
    def set_option_memory(size):
        """net.core.optmem_max, from which socket storage is taken: of a namespace since 6.9."""
        try:
            pathlib.Path("/proc/sys/net/core/optmem_max").write_text(str(size))
        except FileNotFoundError:
            raise Skip("net.core.optmem_max is not a network namespace's own (before 6.9)") from None


def as_nobody(*more):
    return ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *more)


class PublicCopy:
    """A copy of the tool that a user without rights can reach."""

    def __init__(self, tool=TOOL):
        self.tool = tool

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="tcpvitals-")
        os.chmod(self.directory.name, 0o755)
        copy = os.path.join(self.directory.name, os.path.basename(self.tool))
        shutil.copy(self.tool, copy)
        os.chmod(copy, 0o755)
        return copy

    def __exit__(self, *_):
        self.directory.cleanup()


# Of system calls, by machine.
NUMBERS = {
    "bpf": {"x86_64": 321, "aarch64": 280},
    "epoll_ctl": {"x86_64": 233, "aarch64": 21},
    "membarrier": {"x86_64": 324, "aarch64": 283},
    "sched_setscheduler": {"x86_64": 144, "aarch64": 119},
}


class _SockFilter(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32)]


class _SockFprog(ctypes.Structure):
    _fields_ = [("len", ctypes.c_uint16), ("filter", ctypes.POINTER(_SockFilter))]


def deny_by_seccomp(call, error=errno.EPERM, argument=None):
    """A preexec_fn: the system call fails with that errno. With `argument`, (index, value), only where that is the value."""
    number = NUMBERS[call].get(os.uname().machine)
    if number is None:
        raise Skip(f"does not know the number of {call}() on {os.uname().machine}")
    index, value = argument or (0, 0)

    def install():
        filters = [
            _SockFilter(0x20, 0, 0, 0),  # load the number of the system call
            _SockFilter(0x15, 0, 3 if argument else 1, number),  # another one: allow
            _SockFilter(0x20, 0, 0, 16 + 8 * index),  # load the lower half of the argument
            _SockFilter(0x15, 0, 1, value),  # another one: allow
            _SockFilter(0x06, 0, 0, 0x00050000 | error),
            _SockFilter(0x06, 0, 0, 0x7FFF0000),  # allow
        ]
        if not argument:
            del filters[2:4]
        program = _SockFprog(len(filters), (_SockFilter * len(filters))(*filters))
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(22, 2, ctypes.byref(program), 0, 0):  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
            raise OSError(ctypes.get_errno(), "prctl")

    return install


def deny_bpf_by_seccomp():
    """A preexec_fn: bpf() fails with EPERM, as in a container with the usual seccomp profile."""
    return deny_by_seccomp("bpf")
