# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The cost of one round-trip time sample in the kernel: ours beside programs that do the work of libbpf-tools' and bcc's
tcprtt."""

import statistics

import load
import peers
import process
import table
from arguments import number
from bpf_stats import Statistics, attached_programs, program_info
from observer import Observer
from process import Failure

TITLE = "What a round-trip time sample costs"

TOOL = load.ROOT / "build/tcprtt"
ATTACH = load.ROOT / "build/bench/attach"
OBJECTS = load.ROOT / "build/bench/bpf"
PORT = 9998

EMPTY = "empty program"
VALUE = "a look at the value"
SHAPE, SHAPE_BY_RADDR = "peers' shape", "peers' shape by raddr"

# Connections, and how many addresses they are spread over. Of the first, sockets and what is remembered of them stay in the
# caches.
LOADS = {"warm": (64, 16), "cold": (2000, 16)}

# The cost of a prototype's per-CPU histogram.
LOWER_BOUND_NS = (21, 26)

# Of the peers' shape that does the same work, at most.
GOALS = {("ours", SHAPE): 1 / 6, ("ours `--by raddr`", SHAPE_BY_RADDR): 1 / 2}


def shape(bpf_object, program):
    return [ATTACH, OBJECTS / f"{bpf_object}.bpf.o", program]


def observers():
    """Name to command, the peers' shape that does the same work, and whether it takes part with cold caches, too."""
    return {
        EMPTY: (shape("empty", "empty"), None, True),
        "ours": ([TOOL], SHAPE, True),
        SHAPE: (shape("peers", "peers_all"), None, True),
        "peers' shape, kprobe": (shape("peers", "peers_all_kprobe"), None, False),
        "ours `-e`": ([TOOL, "-e"], "peers' shape `-e`", False),
        "peers' shape `-e`": (shape("peers", "peers_all_e"), None, False),
        "ours `--by raddr`": ([TOOL, "--by", "raddr"], SHAPE_BY_RADDR, True),
        SHAPE_BY_RADDR: (shape("peers", "peers_raddr"), None, True),
        "peers' shape by raddr, kprobe": (shape("peers", "peers_raddr_kprobe"), None, False),
        "ours `--by comm`": ([TOOL, "--by", "comm"], None, True),
        "ours `-p PORT`": ([TOOL, "-p", str(PORT)], None, False),
        "ours `--sample rtt`": ([TOOL, "--sample", "rtt"], None, False),
    }


def add_arguments(parser):
    parser.add_argument("--rounds", type=number(1, 100), default=4, metavar="N", help="of each program (default: 4)")
    parser.add_argument("--exchanges", type=number(1000, 10000000), default=50000, metavar="N", help="per round (default: 50000)")
    parser.add_argument("--threads", type=number(1, 64), default=2, metavar="N",
                        help="clients and servers at work at once (default: 2)")


def problems(_options):
    return process.missing_files(TOOL, ATTACH, load.PINGPONG) + process.missing_commands("bpftool")


def run_load(kind, options):
    connections, addresses = LOADS[kind]
    return load.run([[load.PINGPONG, "--exchanges", options.exchanges, "--connections", connections, "--addresses", addresses,
                      "--threads", options.threads, "--port", PORT]])[0]


def sampler(pid):
    """The number of the program that sees segments. The peers have no other; ours are many, and this is sample_*."""
    names = {program: program_info(program)["name"] for program in attached_programs(pid)}
    for program, name in names.items():
        if name.startswith("sample_") and not name.startswith("sample_state"):
            return program
    if len(names) != 1:
        raise Failure(f"which of these programs sees segments: {names}")
    return next(iter(names))


def reading(program):
    info = program_info(program)
    return info.get("run_time_ns", 0), info.get("run_cnt", 0)


def run_round(command, kind, options):
    with Observer(command, attached_s=0.3) as observer:
        program = sampler(observer.process.pid)
        time_ns, runs = reading(program)
        done = run_load(kind, options)
        end_ns, end_runs = reading(program)
    if end_runs - runs < done["exchanges"]:
        raise Failure(f"{end_runs - runs} samples of {done['exchanges']} exchanges by {observer.name()}")
    return {**figures_of(done), "samples": end_runs - runs, "body_ns": (end_ns - time_ns) / (end_runs - runs)}


def figures_of(done):
    return {key: done[key] for key in ("exchanges", "exchanges_per_s")}


def measure(options, say):
    commands = {name: command for name, (command, _, _) in observers().items()}
    found, notes, skipped = peers.usable({VALUE: [(shape("value", "value_alone"), "")],
                                          "libbpf-tools tcprtt": peers.libbpf_tool("tcprtt")}, say)
    commands |= found
    in_cold = {VALUE} | {name for name, (_, _, in_cold) in observers().items() if in_cold}
    rounds = []
    with Statistics():
        for kind in LOADS:
            say(f"{kind} caches: warming up")
            run_load(kind, options)
            rounds.append({"load": kind, "program": None, **figures_of(run_load(kind, options))})
            for turn in range(1, options.rounds + 1):
                for name, command in commands.items():
                    if kind == "cold" and name not in in_cold:
                        continue
                    say(f"{kind} caches, round {turn} of {options.rounds}: {name}")
                    rounds.append({"load": kind, "program": name, "round": turn, **run_round(command, kind, options)})
                    rounds.append({"load": kind, "program": None, **figures_of(run_load(kind, options))})
    return {"rounds": rounds, "loads": LOADS, "threads": options.threads,
            "shapes": {name: of for name, (_, of, _) in observers().items()}, "notes": notes, "skipped": skipped}


# ---- the report ----

def comparisons(rounds):
    """Program to round to what it cost: its time, that less the empty program's of the same round, and the load's speed beside
    the neighbours' without a program."""
    empty_ns = {figures["round"]: figures["body_ns"] for figures in rounds if figures["program"] == EMPTY}
    found = {}
    for i, figures in enumerate(rounds):
        if figures["program"]:
            alone = statistics.mean(rounds[j]["exchanges_per_s"] for j in (i - 1, i + 1))
            found.setdefault(figures["program"], {})[figures["round"]] = {
                "body_ns": figures["body_ns"], "cost_ns": figures["body_ns"] - empty_ns[figures["round"]],
                "speed": figures["exchanges_per_s"] / alone, "samples": figures["samples"]}
    return found


def column(turns, key):
    return [figures[key] for figures in turns.values()]


def ratios(turns, peer):
    return [figures["cost_ns"] / peer[turn]["cost_ns"] for turn, figures in turns.items() if turn in peer]


def load_report(result, kind):
    rounds = [figures for figures in result["rounds"] if figures["load"] == kind]
    found = comparisons(rounds)
    connections, addresses = result["loads"][kind]
    rows = []
    for name, turns in found.items():
        peer = result["shapes"].get(name)
        rows.append([name, f"{statistics.median(column(turns, 'samples')):.0f}", table.span(column(turns, "body_ns"), 1),
                     table.span(column(turns, "cost_ns"), 1) if name != EMPTY else "",
                     table.span(ratios(turns, found[peer]), 2) if peer in found else "",
                     table.span(column(turns, "speed"), 2, "x")])
    text = (f"{table.rounds(len(found[EMPTY]))} of {rounds[0]['exchanges']} exchanges over {connections} connections and "
            f"{addresses} addresses, {result['threads']} threads ({kind} caches):\n\n")
    text += table.markdown(["program", "samples", "its time per run, ns", "less the empty program's, ns", "of the peers' shape",
                            "speed of the load"], rows)
    goals = ""
    for (name, peer), goal in GOALS.items():
        what = f"{name}, of the {peer}, {kind} caches"
        goals += table.at_most(what, statistics.median(ratios(found[name], found[peer])), goal, 3)
    cost_ns = statistics.median(column(found["ours"], "cost_ns"))
    text += "\n" + goals + table.beside_bound(f"ours per sample, {kind} caches", cost_ns, *LOWER_BOUND_NS, " ns")
    if VALUE in found:
        value_ns = statistics.median(column(found[VALUE], "cost_ns"))
        text += f"- the smoothed value alone, {kind} caches: {value_ns:.0f} ns in a program that does nothing but look at it\n"
    return text


def report(result):
    text = "\n".join(load_report(result, kind) for kind in result["loads"])
    return text + table.notes(result["notes"]) + table.skipped(result["skipped"])
