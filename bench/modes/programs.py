# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The time that tcpstates takes: each of its programs by the kernel's own account, and its process."""

import shlex
import statistics

import load
import peers
import process
import table
from arguments import number
from bpf_stats import Statistics, attached_programs, program_info
from observer import Observer

TITLE = "Where the time of tcpstates goes"

TOOL = load.ROOT / "build/tcpstates"
ATTACH = load.ROOT / "build/bench/attach"
EMPTY_OBJECT = load.ROOT / "build/bench/bpf/empty.bpf.o"
EMPTY, PEER = "empty program", "libbpf-tools tcpstates"

# The cost of a prototype that does nothing but its duty: from the tracepoint to a line of text in a buffer.
LOWER_BOUND_NS = (350, 400)

# A hundredth of the ephemeral ports; a little more of churn's addresses; what must be remembered until somebody accepts it.
SCOPES = ["-D 40000-40281", "--raddr 127.1.0.0/25", "--comm nothing", "-c"]


def add_arguments(parser):
    parser.add_argument("--rounds", type=number(1, 100), default=3, metavar="N", help="of each (default: 3)")
    parser.add_argument("--connections", type=number(len(load.CPUS), 100000), default=20000, metavar="N",
                        help="per round (default: 20000)")
    parser.add_argument("--exchanges", type=number(1000, 10000000), default=50000, metavar="N",
                        help="per round, where connections receive something (default: 50000)")
    parser.add_argument("--with", metavar="ARGUMENTS", dest="variants", action="append",
                        help=f"tcpstates' own, besides none; may be repeated (default: {', '.join(SCOPES)})")


def problems(_options):
    return (process.missing_files(TOOL, ATTACH, EMPTY_OBJECT, load.CHURN, load.PINGPONG) +
            process.missing_commands("bpftool", "taskset"))


def readings(pid):
    """Name to (ns, runs) of a process's attached programs."""
    found = {}
    for program in attached_programs(pid):
        info = program_info(program)
        found[info["name"]] = (info.get("run_time_ns", 0), info.get("run_cnt", 0))
    return found


def churn(options):
    loads = load.run(load.on_each_cpu(load.CHURN, ["--connections", options.connections // len(load.CPUS)]))
    return {"events": sum(one["transitions"] for one in loads), "event": "transition"}


def pingpong(options):
    done = load.run([[load.PINGPONG, "--exchanges", options.exchanges, "--threads", 2]])[0]
    return {"events": done["exchanges"], "event": "exchange"}


def run_round(command, run_load, options):
    with Observer(command) as observer:
        before = readings(observer.process.pid)
        events = run_load(options)
        observer.wait_until_drained()
        after = readings(observer.process.pid)
        usage = observer.usage()
    programs = {name: {"ns": after[name][0] - ns, "runs": after[name][1] - runs} for name, (ns, runs) in before.items()}
    return {**events, "programs": programs, "own_cpu_s": usage["cpu_s"]}


def measure(options, say):
    variants = SCOPES if options.variants is None else options.variants
    found, notes, skipped = peers.usable({PEER: peers.libbpf_tool("tcpstates")}, say)
    jobs = {EMPTY: ([ATTACH, EMPTY_OBJECT, "empty_state"], churn), "ours": ([TOOL], churn)}
    jobs |= {f"ours `{arguments}`": ([TOOL, *shlex.split(arguments)], churn) for arguments in variants}
    jobs |= {"ours, connections that receive": ([TOOL], pingpong)}
    jobs |= {name: (command, churn) for name, command in found.items()}
    rounds = []
    with Statistics():
        say("warming up")
        churn(options)
        for turn in range(1, options.rounds + 1):
            for name, (command, run_load) in jobs.items():
                say(f"round {turn} of {options.rounds}: {name}")
                rounds.append({"observer": name, "round": turn, **run_round(command, run_load, options)})
    return {"rounds": rounds, "notes": notes, "skipped": skipped}


# ---- the report ----

def empty_run_ns(rounds):
    """The time of a run of the empty program, in ns."""
    return statistics.median(program["ns"] / program["runs"] for figures in rounds for program in figures["programs"].values())


def less_empty(figures, empty_ns):
    """Program to ns of a round, without what the account takes itself."""
    return {name: program["ns"] - empty_ns * program["runs"] for name, program in figures["programs"].items() if program["runs"]}


def program_rows(observer, rounds, empty_ns):
    """Of each program that ran in all rounds."""
    taken = [less_empty(figures, empty_ns) for figures in rounds]
    for name in sorted(set.intersection(*map(set, taken))):
        runs = [figures["programs"][name]["runs"] for figures in rounds]
        yield [observer, f"`{name}`", f"{statistics.median(runs):.0f}",
               table.span([ns[name] / n for ns, n in zip(taken, runs)], 0),
               table.span([ns[name] / figures["events"] for ns, figures in zip(taken, rounds)], 0)]


def totals(rounds, empty_ns):
    """Of each round, ns per event of all programs, and of the process."""
    return ([sum(less_empty(figures, empty_ns).values()) / figures["events"] for figures in rounds],
            [figures["own_cpu_s"] * 1e9 / figures["events"] for figures in rounds])


def total_row(observer, rounds, empty_ns):
    kernel, own = totals(rounds, empty_ns)
    return [observer, rounds[0]["event"], table.span(kernel, 0), table.span(own, 0)]


def bound(rounds, empty_ns):
    both = statistics.median(map(sum, zip(*totals(rounds, empty_ns))))
    return table.beside_bound("ours, programs and process, per transition", both, *LOWER_BOUND_NS, " ns")


def report(result):
    of = {}
    for figures in result["rounds"]:
        of.setdefault(figures["observer"], []).append(figures)
    rounds = of.pop(EMPTY)
    empty_ns = empty_run_ns(rounds)
    text = (f"{table.rounds(len(rounds))}. Of each run {empty_ns:.0f} ns are subtracted: an empty program's, most of it the "
            "account itself.\n\n")
    text += table.markdown(["observer", "event", "all its programs, ns per event", "its own process, ns per event"],
                           [total_row(name, rounds, empty_ns) for name, rounds in of.items()])
    text += "\n" + table.markdown(["observer", "program", "runs", "ns per run", "ns per event"],
                                  [row for name, rounds in of.items() for row in program_rows(name, rounds, empty_ns)])
    return text + "\n" + bound(of["ours"], empty_ns) + table.notes(result["notes"]) + table.skipped(result["skipped"])
