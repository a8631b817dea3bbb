# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Describes the machine of a run, and the versions of the software that took part."""

import os
import pathlib
import platform
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGES = ("libbpf-tools", "bpfcc-tools", "bpftrace", "clang", "gcc", "libbpf1", "qemu-system-x86")


def _first(path, key, separator=":"):
    for line in pathlib.Path(path).read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.partition(separator)
        if name.strip() == key:
            return value.strip().strip('"')
    return "unknown"


def _said_by(*command):
    if not shutil.which(command[0]):
        return ""
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=False).stdout.decode(errors="replace").strip()


def _packages():
    said = _said_by("dpkg-query", "--show", "--showformat", "${Package} ${Version} ${db:Status-Status}\n", *PACKAGES)
    lines = [line.split() for line in said.splitlines()]
    return {words[0]: words[1] for words in lines if words[2:] == ["installed"]}


def facts():
    changed = "-dirty" if _said_by("git", "status", "--porcelain", "--untracked-files=no") else ""
    return {"commit": _said_by("git", "rev-parse", "--short=12", "HEAD") + changed, "kernel": platform.release(),
            "system": _first("/etc/os-release", "PRETTY_NAME", "="), "architecture": platform.machine(),
            "cpu": _first("/proc/cpuinfo", "model name"), "cpus": len(os.sched_getaffinity(0)),
            "memory_kib": int(_first("/proc/meminfo", "MemTotal").split()[0]), "load_average": os.getloadavg()[0],
            "packages": _packages()}
