# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""How the cost of an event grows with the number of CPUs: on this machine, in a guest with more CPUs, and as an estimate for
many."""

import statistics

import guest
import load
import peers
import process
import table
from arguments import number
from bpf_stats import Statistics
from many_cpus import estimate
from modes.programs import readings
from observer import Observer
from process import Failure

TITLE = "How the cost of an event grows with the CPUs"

TCPSTATES = load.ROOT / "build/tcpstates"
TCPRTT = load.ROOT / "build/tcprtt"
ATTACH = load.ROOT / "build/bench/attach"
RINGS = load.ROOT / "build/bench/rings"
OBJECTS = load.ROOT / "build/bench/bpf"

STATES, SAMPLES = "changes of state", "samples"
EMPTY = "empty program"
OURS = "tcpstates"
# A buffer of one ring, however many CPUs there are: each needs 1 MiB (probe/rings.h).
SHARED = "tcpstates --buffer-size 1M"
GUEST_CPUS = (1, 2, 4, 8)

RING_FILLS = 50


def shape(bpf_object, program):
    return [ATTACH, OBJECTS / f"{bpf_object}.bpf.o", program]


def observers():
    """The load's events, and name to command of the tools that trace it."""
    return {
        STATES: {EMPTY: shape("empty", "empty_state"), "shares nothing": shape("own", "own_state"), OURS: [TCPSTATES],
                 SHARED: [TCPSTATES, "--buffer-size", "1M"]},
        SAMPLES: {EMPTY: shape("empty", "empty"), "tcprtt": [TCPRTT], "tcprtt --by raddr": [TCPRTT, "--by", "raddr"],
                  "peers' shape": shape("peers", "peers_all"), "peers' shape by raddr": shape("peers", "peers_raddr")},
    }


def add_arguments(parser):
    parser.add_argument("--rounds", type=number(1, 100), default=3, metavar="N", help="of each program (default: 3)")
    parser.add_argument("--connections", type=number(1, 100000), default=6000, metavar="N",
                        help="of each CPU and round (default: 6000)")
    parser.add_argument("--exchanges", type=number(1, 1000000), default=30000, metavar="N",
                        help="of each CPU and round (default: 30000)")
    parser.add_argument("--kernel", default="7.3", metavar="NAME",
                        help="the guest's, of tests/vm/kernels.txt, or none (default: 7.3)")
    parser.add_argument("--guest-rounds", type=number(1, 20), default=3, metavar="N",
                        help="of each program in the guest (default: 3)")


def problems(options):
    missing = process.missing_files(TCPSTATES, TCPRTT, ATTACH, RINGS, load.CHURN, load.PINGPONG)
    missing += process.missing_commands("bpftool", "taskset")
    return missing + ([] if options.kernel == "none" else guest.problems())


# ---- here ----

def run_load(kind, cpus, options):
    """On that many CPUs, each with a load of its own. How many events there were, and how long it took."""
    if kind == STATES:
        done = load.run(load.on_each_cpu(load.CHURN, ["--connections", options.connections])[:cpus])
        events = sum(one["transitions"] for one in done)
    else:
        done = load.run(load.on_each_cpu(load.PINGPONG, ["--exchanges", options.exchanges])[:cpus])
        events = sum(one["exchanges"] for one in done)
    return {"events": events, "seconds": max(one["seconds"] for one in done)}


def run_round(kind, command, cpu_counts, options):
    """One observer with one load after the other."""
    with Observer(command, attached_s=0.3) as observer:
        for cpus in cpu_counts:
            pid = observer.process.pid
            before, start_cpu_s = readings(pid), process.cpu_s(pid)
            done = run_load(kind, cpus, options)
            if kind == STATES:  # nobody writes anything about samples meanwhile
                observer.wait_until_drained()
            after = readings(pid)
            yield {"cpus": cpus, **done, "own_cpu_s": process.cpu_s(pid) - start_cpu_s,
                   "programs": [[after[name][0] - ns, after[name][1] - runs] for name, (ns, runs) in before.items()]}


def measure_here(options, say):
    counts = list(range(1, len(load.CPUS) + 1))
    kinds = observers()
    found, notes, skipped = peers.usable({"libbpf-tools tcpstates": peers.libbpf_tool("tcpstates")}, say)
    kinds[STATES] |= found
    rounds = []
    with Statistics():
        for turn in range(1, options.rounds + 1):
            # the machine gets faster and slower: neither number of CPUs shall always be first
            order = counts if turn % 2 else counts[::-1]
            for kind, commands in kinds.items():
                say(f"round {turn} of {options.rounds}: {kind}")
                rounds += [{"events_are": kind, "observer": None, "round": turn, "cpus": cpus, **run_load(kind, cpus, options)}
                           for cpus in order]
                for name, command in commands.items():
                    say(f"round {turn} of {options.rounds}: {name}")
                    rounds += [{"events_are": kind, "observer": name, "round": turn, **figures}
                               for figures in run_round(kind, command, order, options)]
    return {"rounds": rounds, "notes": notes, "skipped": skipped}


def measure_rings(say):
    """A record's way by itself: out of 1 and more rings, when one has records or all; into one, from 1 and more CPUs."""
    say("rings by themselves")

    def rings(*words):
        return load.run([[RINGS, OBJECTS / "rings.bpf.o", *words]])[0]

    done = [rings("read", 1, 1, RING_FILLS)]
    count = 1
    while count * 2 <= done[0]["rings_max"]:
        count *= 2
        done += [rings("read", count, 1, RING_FILLS), rings("read", count, count, RING_FILLS)]
    return done + [rings("write", cpus, RING_FILLS) for cpus in range(1, len(load.CPUS) + 1)]


# ---- in a guest ----

def measure_guest(options, say):
    """More CPUs than there are: they take turns. The same number of events, whatever the number of CPUs."""
    churn = [f"{cpus} churn --connections {320 // cpus}" for cpus in GUEST_CPUS]
    pingpong = [f"{cpus} pingpong --exchanges {4000 // cpus}" for cpus in GUEST_CPUS]
    watched = [guest.Observer(f"{STATES}/{EMPTY}", "attach empty.bpf.o empty_state", churn, "state"),
               guest.Observer(f"{STATES}/shares nothing", "attach own.bpf.o own_state", churn, "state"),
               guest.Observer(f"{STATES}/{OURS}", "tcpstates", churn, "state"),
               guest.Observer(f"{STATES}/{SHARED}", SHARED, churn, "state"),
               guest.Observer(f"{SAMPLES}/{EMPTY}", "attach empty.bpf.o empty", pingpong, "segment"),
               guest.Observer(f"{SAMPLES}/tcprtt", "tcprtt", pingpong, "segment"),
               guest.Observer(f"{SAMPLES}/peers' shape", "attach peers.bpf.o peers_all", pingpong, "segment")]
    say(f"a guest with Linux {options.kernel} and {max(GUEST_CPUS)} emulated CPUs")
    return [guest_figures(reading) for reading in guest.account(options.kernel, max(GUEST_CPUS), options.guest_rounds, watched)]


def guest_figures(reading):
    kind, name = reading["observer"].split("/")
    return {"events_are": kind, "observer": name, "cpus": len(reading["loads"]), "programs": reading["programs"],
            **reading["spans"]}


def measure(options, say):
    result = {**measure_here(options, say), "rings": measure_rings(say), "guest_kernel": options.kernel, "guest": []}
    if options.kernel == "none":
        result["skipped"]["the guest"] = "not asked for"
        return result
    try:
        result["guest"] = measure_guest(options, say)
    except Failure as failure:
        result["skipped"]["the guest"] = str(failure)
    return result


# ---- the report ----

def costs_here(rounds):
    """(what the events are, observer) to number of CPUs to ns per event of each round, less what the account takes on as many."""
    empty, found = {}, {}
    for figures in rounds:
        if figures["observer"] == EMPTY:
            empty.setdefault((figures["events_are"], figures["cpus"]), []).append(
                sum(ns for ns, _ in figures["programs"]) / sum(runs for _, runs in figures["programs"]))
    for figures in rounds:
        if figures["observer"] not in (EMPTY, None):
            account_ns = statistics.median(empty[figures["events_are"], figures["cpus"]])
            ns = sum(ns - account_ns * runs for ns, runs in figures["programs"])
            by_cpus = found.setdefault((figures["events_are"], figures["observer"]), {})
            by_cpus.setdefault(figures["cpus"], []).append(ns / figures["events"])
    return found


def costs_in_guest(rounds):
    """The same for the middle one of a round's events."""
    empty, found = {}, {}
    for figures in rounds:
        if figures["observer"] == EMPTY:
            empty.setdefault((figures["events_are"], figures["cpus"]), []).append(figures["p50_ns"])
    for figures in rounds:
        if figures["observer"] != EMPTY:
            ns = figures["p50_ns"] - statistics.median(empty[figures["events_are"], figures["cpus"]])
            by_cpus = found.setdefault((figures["events_are"], figures["observer"]), {})
            by_cpus.setdefault(figures["cpus"], []).append(ns)
    return found


def cost_table(found):
    counts = sorted(set().union(*found.values()))
    rows = []
    for (kind, name), by_cpus in found.items():
        medians = [statistics.median(by_cpus[cpus]) for cpus in counts]
        rows.append([f"`{name}`" if name.startswith("tcp") else name, kind, *(table.span(by_cpus[cpus], 0) for cpus in counts),
                     ", ".join(f"{median / medians[0]:.2f}" for median in medians[1:])])
    columns = [f"{cpus} CPU{'s' * (cpus > 1)}, ns" for cpus in counts]
    return table.markdown(["program", "events", *columns, "of that with one"], rows)


def consumer_ns(rounds):
    """CPU time of the reading thread for each row, all rounds."""
    return [figures["own_cpu_s"] * 1e9 / figures["events"] for figures in rounds if figures["observer"] == OURS]


def alone_ns(rounds):
    """A CPU's time from one change of state to the next, untraced, with all CPUs at work."""
    most = max(figures["cpus"] for figures in rounds)
    return [figures["seconds"] * 1e9 * most / figures["events"] for figures in rounds
            if figures["observer"] is None and figures["events_are"] == STATES and figures["cpus"] == most]


def report(result):
    rounds = result["rounds"]
    here = costs_here(rounds)
    text = ("Time of the programs for each event, less an empty program's, by the kernel's own account. "
            f"{table.rounds(max(figures['round'] for figures in rounds))} on the CPUs of this machine:\n\n{cost_table(here)}\n")
    if result["guest"]:
        in_guest = costs_in_guest(result["guest"])
        text += (f"Linux {result['guest_kernel']} in QEMU with {max(GUEST_CPUS)} emulated CPUs, of which 1 and more have a load: "
                 "for the shape only. They share this machine's, and one that waits for its turn in the middle of a program "
                 "makes a mean meaningless. So this is the middle one of a round's events, less an empty program's, in emulated "
                 "time:\n\n"
                 f"{cost_table(in_guest)}\n")
    text += estimate(here[STATES, OURS], here[STATES, SHARED], consumer_ns(rounds), alone_ns(rounds), result["rings"])
    return text + table.notes(result["notes"]) + table.skipped(result["skipped"])
