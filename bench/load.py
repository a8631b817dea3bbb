# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Runs loads in a network namespace of their own: nothing else sees their traffic, and no connection in TIME_WAIT is left
for the next load."""

import contextlib
import json
import os
import pathlib
import shlex
import subprocess

import process
from process import Failure

ROOT = pathlib.Path(__file__).resolve().parents[1]
CHURN = ROOT / "build/bench/churn"
PINGPONG = ROOT / "build/bench/pingpong"

LIMIT_S = 120

# A connection's client and server stay on one CPU: left to the scheduler, the load's own cost differs from one round to the next
# by more than a tracer adds, with every connection whose two ends happen to be on two.
CPUS = sorted(os.sched_getaffinity(0))


def ports(first=9999):
    """A server's port for each CPU."""
    return [first - number for number in range(len(CPUS))]


def _script(commands):
    """They run side by side; the first that fails is what it ends with."""
    starts = "".join(f'{shlex.join(map(str, command))} & pids="$pids $!"; ' for command in commands)
    return f"ip link set lo up; {starts} for pid in $pids; do wait $pid; done"


@contextlib.contextmanager
def running(commands, apart=False):
    """Commands side by side in a new namespace, each of which prints a line of JSON; none is left after the with statement."""
    load = process.start(["unshare", "--net", "sh", "-ec", _script(commands)], apart, stdout=subprocess.PIPE)
    try:
        yield load
    finally:
        process.end(load)
        load.stdout.close()


def finish(load, limit_s=LIMIT_S):
    """The commands' output, when all have ended."""
    try:
        output, _ = load.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"a load took more than {limit_s} s") from error
    if load.returncode != 0:
        raise Failure(f"a load has failed (exit status {load.returncode})")
    return [json.loads(line) for line in output.splitlines()]


def run(commands, limit_s=LIMIT_S, apart=False):
    with running(commands, apart) as load:
        return finish(load, limit_s)


def on_each_cpu(program, share, first_port=9999):
    """A command for each CPU: the program with its share of the arguments, bound to that CPU."""
    return [["taskset", "-c", cpu, program, *share, "--port", port] for cpu, port in zip(CPUS, ports(first_port))]


def total(loads, *keys):
    """The sum of some figures of all."""
    return {key: sum(load[key] for load in loads) for key in keys}
