# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The cost of the live view beside libbpf-tools' tcptop, in a guest whose kernel runs both."""

import statistics

import guest
import peers
import process
import table
from arguments import number

TITLE = "What the live view costs, beside libbpf-tools' tcptop in a guest"

OURS, THEIRS = "ours `--live`", "libbpf-tools `tcptop`"


def add_arguments(parser):
    parser.add_argument("--kernel", default="6.1", metavar="NAME", help="of tests/vm/kernels.txt (default: 6.1)")
    parser.add_argument("--rounds", type=number(1, 20), default=3, metavar="N", help="of each tool (default: 3)")
    parser.add_argument("--exchanges", type=number(1, 1000000), default=30000, metavar="N", help="per round (default: 30000)")


def problems(_options):
    return guest.problems()


def measure(options, say):
    result = {"kernel": options.kernel, "exchanges": options.exchanges, "readings": [], "skipped": {}}
    try:
        theirs = next(peers.libbpf_tool("tcptop"))[0][0]
        load = [f"1 pingpong --exchanges {options.exchanges} --connections 64 --addresses 16"]
        commands = {OURS: "tcpstates --live -o json", THEIRS: f"{theirs} -C 1"}
        watched = [guest.Observer(name, command, load, "running") for name, command in commands.items()]
        say(f"a guest with Linux {options.kernel}: {options.rounds} rounds of {len(watched)} tools")
        result["readings"] = guest.account(options.kernel, 2, options.rounds, watched, peers=[theirs])
    except process.Failure as failure:
        result["skipped"]["the guest"] = str(failure)
    return result


# ---- the report ----

def costs(result, name):
    """For each round: the programs' and the process' time, in ns per exchange."""
    found = [reading for reading in result["readings"] if reading["observer"] == name]
    return ([sum(ns for ns, _ in reading["programs"]) / result["exchanges"] for reading in found],
            [reading["process_ns"] / result["exchanges"] for reading in found])


def report(result):
    text = (f"Linux {result['kernel']} in QEMU, where `tcptop` can be attached: 64 connections that exchange small messages. Both "
            "tools look once a second; ours writes JSON (`live` has the screen). The kernel's account of the programs, and the CPU time of the process, which has the "
            "iterator's runs, too: they are in both columns. Emulated nanoseconds compare only with each other.\n\n")
    if result["readings"]:
        both = {name: costs(result, name) for name in (OURS, THEIRS)}
        text += table.rounds(len(both[OURS][0])) + ":\n\n"
        text += table.markdown(["tool", "programs, emulated ns an exchange", "process, emulated ns an exchange"],
                               [[name, table.span(programs, 0), table.span(tool, 0)] for name, (programs, tool) in both.items()])
        ours, theirs = ([sum(round_) for round_ in zip(*both[name])] for name in (OURS, THEIRS))
        ratio = statistics.median(own / other for own, other in zip(ours, theirs))
        text += f"\n- both together, of tcptop's: {ratio:.2f}\n"
    return text + table.skipped(result["skipped"])
