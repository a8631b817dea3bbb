# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Runs programs in a virtual machine (tests/vm): for features that this machine's kernel lacks, or for more CPUs.

The guest is emulated, so its nanoseconds are longer than real ones. Compare them only with each other.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import process
from process import Failure

ROOT = pathlib.Path(__file__).resolve().parents[1]
BOOT = ROOT / "tests/vm/boot"
PLAN = ROOT / "bench/guest/account"
PROGRAMS = {"tcpstates": ROOT / "build/tcpstates", "tcprtt": ROOT / "build/tcprtt",
            **{name: ROOT / "build/bench" / name for name in ("attach", "bracket", "churn", "pingpong")}}
OBJECTS = ROOT / "build/bench/bpf"

# The exit status of tests/vm/boot when the kernel cannot be had.
NO_KERNEL = 77


def problems():
    missing = [f"needs the command {name}: type scripts/install-packages bench/run vm" for name in ("cpio", "zstd")
               if not shutil.which(name)]
    return process.missing_files(*PROGRAMS.values()) + missing


class Observer:
    """The script for the guest: a command, while one load after the other runs: a number of CPUs, and what runs on each."""

    def __init__(self, name, command, loads, bracket=""):
        """bracket: "state" or "segment" where each run of what it attaches there is to be timed, too; "running" where the process
        is not to be stopped meanwhile."""
        self.words = [name, bracket, command, *loads]
        self.loads = len(loads)

    def line(self):
        return "|".join(self.words) + "\n"


def _boot(kernel, cpus, limit_s, files):
    """The guest's output."""
    kind = {"GUEST_CPUS": str(cpus)} if cpus else {"GUEST_COUNTS": "1"}
    guest = process.start([BOOT, kernel, limit_s, PLAN, *files], stdout=subprocess.PIPE, env={**os.environ, **kind})
    try:
        output, _ = guest.communicate()
    finally:
        process.end(guest)
        guest.stdout.close()
    text = output.decode(errors="replace")
    if guest.returncode == NO_KERNEL:
        raise Failure(f"no Linux {kernel}: {text.strip().splitlines()[-1]}")
    if guest.returncode != 0:
        raise Failure(f"a guest with Linux {kernel} has failed: {text.strip()[-1000:]}")
    return text


def account(kernel, cpus, turns, observers, peers=(), limit_s=600):
    """Everything once per turn: a list of one dict for each load of each observer, with its programs' ns and runs.

    With `cpus` of None, there is one that takes a nanosecond for each instruction: what is shown as ns are instructions.
    """
    # on the PATH before the peers' of the same names, which are called by their paths
    places = {path: f"/usr/local/sbin/{name}" for name, path in PROGRAMS.items()}
    places |= {path: path.name for path in OBJECTS.glob("*.bpf.o")}
    files = [f"{path}={place}" for path, place in places.items()] + list(map(str, peers))
    with tempfile.TemporaryDirectory() as folder:
        observed = pathlib.Path(folder) / "observers"
        observed.write_text("".join(observer.line() for observer in observers) * turns, encoding="ascii")
        text = _boot(kernel, cpus, limit_s, [*files, f"{observed}=observers"])
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    failed = [f"{line['observer']}: {line['failed']}" for line in lines if "failed" in line]
    if not failed and len(lines) != turns * sum(observer.loads for observer in observers):
        failed = [text.strip()[-1000:]]
    if failed:
        raise Failure(f"in a guest with Linux {kernel}: {'; '.join(failed)}")
    return lines
