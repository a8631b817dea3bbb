# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The cost of tracing every transition, in our tool and in the peers."""

import re
import shlex
import statistics
import time

import bcc
import load
import peers
import process
import table
from arguments import number
from observer import DRAINED_S, Observer
from process import Failure

TITLE = "What tracing every change of TCP state costs"

TOOL = load.ROOT / "build/tcpstates"
ROW_OF_LOAD = re.compile(rb"[ :,](?:%s)[ ,]" % b"|".join(b"%d" % port for port in load.ports()))

# A line for each end of a connection, instead of one for each transition.
WHOLE_CONNECTIONS = {"ours `-c`", "libbpf-tools tcplife"}

# Of libbpf-tools' CPU time per transition, at most.
RATIO_GOALS = {"ours": 1 / 20, "ours `-o json`": 1 / 15}
RSS_GOAL_MIB = 16

PEER = "libbpf-tools tcpstates"


def add_arguments(parser):
    parser.add_argument("--rounds", type=number(1, 100), default=9, metavar="N", help="of each observer (default: 9)")
    parser.add_argument("--connections", type=number(len(load.CPUS), 100000), default=20000, metavar="N",
                        help="per round (default: 20000)")
    parser.add_argument("--order", choices=("client", "server", "rst"), default="client", help="who closes first")
    parser.add_argument("--with", metavar="ARGUMENTS", dest="variants", action="append", default=[],
                        help="measure ours with these, too; may be repeated")


def problems(_options):
    return process.missing_files(TOOL, load.CHURN) + process.missing_commands("taskset")


def run_round(command, options):
    """Figures of the load, and those of the observer, if any."""
    share = ["--connections", options.connections // len(load.CPUS), "--order", options.order]
    loads = load.on_each_cpu(load.CHURN, share)
    busy_s = process.machine_busy_s()
    if command is None:
        figures = total(load.run(loads))
        time.sleep(DRAINED_S)
        return {"observer": None, **figures, "busy_s": process.machine_busy_s() - busy_s}
    with Observer(command) as observer:
        busy_s = process.machine_busy_s()
        figures = total(load.run(loads))
        observer.wait_until_drained()
        figures |= {"busy_s": process.machine_busy_s() - busy_s}
        figures |= {f"observer_{key}": value for key, value in observer.usage().items()}
        observer.stop()
        return {**figures, "rows": observer.rows(ROW_OF_LOAD), "reported_lost": observer.lost()}


def total(loads):
    figures = load.total(loads, "connections", "transitions", "connections_per_s")
    return {**figures, "load_cpu_s": sum(one["cpu_user_s"] + one["cpu_system_s"] for one in loads)}


def measure(options, say):
    commands = {"ours": [TOOL], "ours `-o json`": [TOOL, "-o", "json"], "ours `-c`": [TOOL, "-c"]}
    commands |= {f"ours `{arguments}`": [TOOL, *shlex.split(arguments)] for arguments in options.variants}
    found, notes, skipped = peers.usable({
        PEER: peers.libbpf_tool("tcpstates"),
        "libbpf-tools tcplife": peers.libbpf_tool("tcplife"),
        "bcc tcpstates": bcc.ways("tcpstates"),
        "bpftrace script": peers.bpftrace("tcpstates"),
    }, say)
    commands |= found

    say("warming up")
    run_round(None, options)
    rounds = [run_round(None, options)]
    for turn in range(1, options.rounds + 1):
        for name in [name for name in commands if name not in skipped]:
            say(f"round {turn} of {options.rounds}: {name}")
            try:
                rounds.append({"observer": name, "round": turn, **run_round(commands[name], options)})
            except Failure as failure:
                if name not in found:
                    raise
                # a peer that starts, and then fails under load, shall not take the others' figures with it
                skipped[name] = f"failed in round {turn}: {failure}"
                continue
            rounds.append(run_round(None, options))
    return {"order": options.order, "rounds": rounds, "notes": notes, "skipped": skipped}


# ---- the report ----

def compare(traced, before, after):
    """A round with an observer against those without in front of it and behind it; times per transition."""

    def alone(key):
        return statistics.mean((before[key], after[key]))

    us = 1e6 / traced["transitions"]
    own_s = traced["observer_cpu_s"]
    per_connection = 2 if traced["observer"] in WHOLE_CONNECTIONS else None
    return {"round": traced["round"], "added_us": (traced["load_cpu_s"] - alone("load_cpu_s") + own_s) * us, "own_us": own_s * us,
            "machine_us": (traced["busy_s"] - alone("busy_s")) * us,
            "speed": traced["connections_per_s"] / alone("connections_per_s"), "rss_mib": traced["observer_peak_rss_kib"] / 1024,
            "rows": traced["rows"], "lost": traced["reported_lost"], "misses": traced["observer_recursion_misses"],
            "expected": per_connection * traced["connections"] if per_connection else traced["transitions"]}


def comparisons(result):
    """Name to column to the values of all rounds."""
    rounds = result["rounds"]
    found = {}
    for i, figures in enumerate(rounds):
        if figures["observer"]:
            for key, value in compare(figures, rounds[i - 1], rounds[i + 1]).items():
                found.setdefault(figures["observer"], {}).setdefault(key, []).append(value)
    return found


def report_row(name, column):
    printed, expected, lost = sum(column["rows"]), sum(column["expected"]), sum(column["lost"])
    return [name, table.span(column["added_us"], 2), table.span(column["own_us"], 2), table.span(column["machine_us"], 2),
            table.span(column["speed"], 2, "x"), f"{statistics.median(column['rss_mib']):.1f}", f"{printed} of {expected}", lost,
            expected - printed - lost, sum(column["misses"])]


def ratios(column, peer):
    """Of the CPU time added, round by round."""
    of_peer = dict(zip(peer["round"], peer["added_us"]))
    return [added / of_peer[turn] for turn, added in zip(column["round"], column["added_us"]) if turn in of_peer]


def goals(found):
    text = ""
    for name, goal in RATIO_GOALS.items():
        what = f"CPU added by {name}, of that by {PEER}"
        if name in found and PEER in found:
            text += table.at_most(what, statistics.median(ratios(found[name], found[PEER])), goal, 3)
        else:
            text += table.unknown(what, "not both ran")
    if "ours" in found and "ours `-c`" in found:
        ratio = statistics.median(ratios(found["ours `-c`"], found["ours"]))
        text += table.at_most("CPU added by ours `-c`, of that by ours", ratio, 1, 2)
    if "ours" in found:
        text += table.at_most("peak memory of ours", max(found["ours"]["rss_mib"]), RSS_GOAL_MIB, 1, " MiB")
    return text


def report(result):
    alone = [figures for figures in result["rounds"] if figures["observer"] is None]
    found = comparisons(result)
    transitions = alone[0]["transitions"]
    turns = max(figures.get("round", 0) for figures in result["rounds"])
    text = (f"{table.rounds(turns)} of {alone[0]['connections']} connections, {transitions} transitions "
            f"(`--order {result['order']}`); alone: "
            f"{table.span([one['connections_per_s'] for one in alone], 0)} connections/s, "
            f"{table.span([one['load_cpu_s'] * 1e6 / transitions for one in alone], 2)} us CPU per transition.\n\n")
    text += table.markdown(["observer", "CPU added per transition, us", "of it its own process", "whole machine (/proc/stat)",
                            "speed of the load", "peak memory, MiB", "rows", "reported lost", "missing unreported",
                            "skipped by recursion"], [report_row(name, column) for name, column in found.items()])
    if PEER in found:
        rows = [[name, table.span(ratios(column, found[PEER]), 3)] for name, column in found.items() if name != PEER]
        text += f"\nCPU added, of that by {PEER}, round by round:\n\n" + table.markdown(["observer", "ratio"], rows)
    return text + "\n" + goals(found) + table.notes(result["notes"]) + table.skipped(result["skipped"])
