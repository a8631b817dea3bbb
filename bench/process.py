# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Processes that the benchmark starts. Each is in a process group of its own, which the benchmark ends as a whole."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess

END_LIMIT_S = 10


class Failure(Exception):
    """Something failed that a mode cannot go on without."""


def start(command, apart=False, stdin=subprocess.DEVNULL, **how):
    """Ctrl-C does not stop the process: its starter ends it. In this session, as from one shell, unless `apart`: the kernel
    schedules sessions against each other (autogroup), and a tracer alone in one waits most of the time that a load takes in another."""
    group = {"start_new_session": True} if apart else {"process_group": 0}
    return subprocess.Popen(list(map(str, command)), stdin=stdin, **group, **how)


def end(process, signal_number=signal.SIGINT, limit_s=END_LIMIT_S):
    """Asks a process to end, and makes what is left of its group."""
    try:
        if process.poll() is None:
            process.send_signal(signal_number)
            process.wait(limit_s)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def cpu_s(pid):
    """CPU time of a process, to the nanosecond where the kernel tells it."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # ended meanwhile
            total += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    return total / 1e9


def sleeps(pid):
    """Whether it waits for something else than a CPU."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return stat.rpartition(")")[2].split()[0] == "S"


def peak_rss_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise Failure(f"process {pid} does not show how much memory it took")


def machine_busy_s():
    """CPU time that the whole machine has spent: user, nice, system, irq, softirq."""
    with open("/proc/stat", encoding="ascii") as stat:
        ticks = list(map(int, stat.readline().split()[1:8]))
    return (sum(ticks[:3]) + ticks[5] + ticks[6]) / os.sysconf("SC_CLK_TCK")


# ---- what is missing ----

def missing_files(*paths):
    return [f"{path} is missing: type make all bench" for path in paths if not path.exists()]


def missing_commands(*names, packages="bench"):
    return [f"needs the command {name}: type scripts/install-packages bench/run {packages}" for name in names
            if not shutil.which(name)]


def descriptors(pid):
    """The kernel's words about each descriptor of a process: key to value, as text (/proc/PID/fdinfo)."""
    for entry in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            text = entry.read_text(encoding="ascii")
        except OSError:
            continue  # closed meanwhile
        yield dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
