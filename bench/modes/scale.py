# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The cost of open sockets for a tracer: memory for each socket, the time to find older sockets, and the growth of the cost
of an event."""

import contextlib
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import time

import account
import load
import memory
import peers
import process
import table
import witness
from arguments import number
from bpf_stats import Statistics
from modes.programs import readings
from observer import Observer
from process import Failure

TITLE = "With many sockets open"

TOOL = load.ROOT / "build/tcpstates"
HOLD = load.ROOT / "build/bench/hold"
EMPTY = [load.ROOT / "build/bench/attach", load.ROOT / "build/bench/bpf/empty.bpf.o", "empty_state"]
ACCOUNT, OURS, PEER = "empty program", "ours", "libbpf-tools tcpstates"

SIZES = (0, 1000, 10000, 100000, 1000000)
# Opened while a tracer looks: more than libbpf-tools' map has entries for.
OPENED_LATER = 20000

# To look at a million, or to close them, on a machine that has other work.
LOOK_LIMIT_S, HOLD_LIMIT_S = 120, 120
HELD_AT_MOST_S = 1200
# Memory of a socket if no smaller crowd was measured before, a half more for tracing and all else, and memory to leave free.
KIB_EACH, MARGIN, RESERVE_KIB = 5, 1.5, 1 << 20
# With fewer sockets, the rest of the machine takes and gives back more memory meanwhile than they take.
TELLING = 10000

FIRST_PORT = 9899
ROW_OF_LOAD = re.compile(rb"[ :](?:%s)[ ,]" % b"|".join(b"%d" % port for port in load.ports(FIRST_PORT)))
# The last column: what is known of the time in the old state. libbpf-tools' has 0.000 for what it does not know.
KNOWN_TIME = re.compile(rb"(?!-|0\.000)[0-9.]+$")
# Of the ten transitions of a connection, those from a state that it was seen entering (not CLOSE -> SYN_SENT, nor LISTEN ->
# SYN_RECV); and of a listener's two the second.
TIMED_OF_CONNECTION, TIMED_OF_LISTENER = 8, 1


def sizes(text):
    return sorted(number(0, 2000000)(word) // 2 * 2 for word in text.split(","))


def add_arguments(parser):
    parser.add_argument("--rounds", type=number(1, 100), default=3, metavar="N",
                        help="of each observer and number of sockets (default: 3)")
    parser.add_argument("--sockets", type=sizes, default=list(SIZES), metavar="N,N...",
                        help=f"to hold open (default: {','.join(map(str, SIZES))})")
    parser.add_argument("--connections", type=number(len(load.CPUS), 100000), default=10000, metavar="N",
                        help="per round (default: 10000)")


def problems(_options):
    return process.missing_files(TOOL, HOLD, load.CHURN, *EMPTY[:2]) + process.missing_commands("bpftool", "taskset")


# ---- sockets that are open ----

@contextlib.contextmanager
def held(sockets):
    """That many established sockets in a namespace of their own, as long as this is entered; what hold says of them."""
    if not sockets:
        yield {"sockets": 0, "processes": 0, "seconds": 0}
        return
    command = [HOLD, "--sockets", sockets, "--deadline", HELD_AT_MOST_S]
    holder = process.start(["unshare", "--net", "sh", "-ec", 'ip link set lo up; exec "$@"', "sh", *command],
                           stdout=subprocess.PIPE)
    try:
        line = holder.stdout.readline()
        if not line:
            raise Failure(f"{sockets} sockets could not be opened")
        yield json.loads(line)
        # to close a million takes longer than a process is given otherwise
        process.end(holder, signal.SIGTERM, HOLD_LIMIT_S)
    finally:
        process.end(holder, signal.SIGKILL)
        holder.stdout.close()


def reason_to_leave_out(sockets, kib_each):
    """Why so many cannot be held, or None; kib_each: what a socket of a smaller crowd took."""
    allocated, _, limit = map(int, pathlib.Path("/proc/sys/fs/file-nr").read_text(encoding="ascii").split())
    if sockets > limit - allocated:
        return f"more open files than the system allows (fs.file-max: {limit})"
    needed, available = sockets * kib_each * MARGIN + RESERVE_KIB, memory.available_kib()
    if needed > available:
        return f"take {needed / 1048576:.1f} GiB with what is to remain, and {available / 1048576:.1f} are available"
    return None


# ---- one observer ----

class Tracing(Observer):
    """Ours: with -v it says when it traces, and sockets that are older are known then."""

    def __enter__(self):
        self.started = time.monotonic()
        self.startup_s = None
        return super().__enter__()

    def _wait_until_attached(self):
        while b"tracing\n" not in self._said():
            time.sleep(0.002)
            if self.process.poll() is not None or time.monotonic() > self.started + LOOK_LIMIT_S:
                raise Failure(f"{self.name()} does not trace: {self.last_words()}")
        self.startup_s = time.monotonic() - self.started

    def _said(self):
        return os.pread(self.errors.fileno(), 65536, 0)


def run_load(options):
    """bench/churn beside the open sockets, in another namespace of its own; watched without an observer, too, so that it costs
    the same then."""
    with witness.hidden(("sport", "dport"), load.ports(FIRST_PORT)) as hidden:
        loads = load.run(load.on_each_cpu(load.CHURN, ["--connections", options.connections // len(load.CPUS)], FIRST_PORT))
        hidden_at_most = hidden.count()
    return {**load.total(loads, "connections", "transitions", "connections_per_s"), "hidden_at_most": hidden_at_most,
            "load_cpu_s": sum(one["cpu_user_s"] + one["cpu_system_s"] for one in loads)}


def traced(observer, options):
    """The load under an observer, and what that took in the kernel and in its own process."""
    pid = observer.process.pid
    before, start_cpu_s = readings(pid), process.cpu_s(pid)
    figures = run_load(options)
    observer.wait_until_drained()
    after = readings(pid)
    return {**figures, "own_cpu_s": process.cpu_s(pid) - start_cpu_s, "rss_kib": memory.rss_kib(pid),
            "peak_rss_kib": process.peak_rss_kib(pid), "maps_bytes": memory.map_bytes(pid),
            "programs": [[after[name][0] - ns, after[name][1] - runs] for name, (ns, runs) in before.items()]}


def run_ours(sockets, options):
    memory.settle()
    slab, available_kib = memory.slab(), memory.available_kib()
    with Tracing([TOOL, "-v"]) as observer:
        time.sleep(0.3)
        grown = memory.growth(slab, memory.slab(), at_least=max(sockets // 10, 1))
        taken_kib = available_kib - memory.available_kib()
        figures = traced(observer, options)
        observer.stop()
        return {**figures, "startup_s": observer.startup_s, "slab_growth": grown, "available_kib_less": taken_kib,
                "rows": observer.rows(ROW_OF_LOAD), "reported_lost": observer.lost()}


def run_other(command, options):
    with Observer(command) as observer:
        figures = traced(observer, options)
        observer.stop()
        return {**figures, "rows": observer.rows(ROW_OF_LOAD), "reported_lost": observer.lost()}


# ---- all of them ----

def rounds_with(sockets, peer, options, say):
    """Rounds that take turns while so many sockets are open."""
    jobs = {PEER: lambda: run_other(peer, options)} if peer else {}
    jobs[OURS] = lambda: run_ours(sockets, options)
    say(f"{sockets} sockets: {ACCOUNT}")
    figures = [{"sockets": sockets, "observer": ACCOUNT, "round": 1, **run_other(EMPTY, options)},
               {"sockets": sockets, "observer": None, **run_load(options)}]
    for turn in range(1, options.rounds + 1):
        for name, run in jobs.items():
            say(f"{sockets} sockets, round {turn} of {options.rounds}: {name}")
            figures.append({"sockets": sockets, "observer": name, "round": turn, **run()})
            figures.append({"sockets": sockets, "observer": None, **run_load(options)})
    return figures


def run_opened_later(command, options):
    """How much is still known when more sockets have been opened under the observer's eyes than libbpf-tools' has room for."""
    with Observer(command) as observer, held(OPENED_LATER):
        observer.wait_until_drained()
        done = run_load(options)
        observer.wait_until_drained()
        observer.stop()
        observer.output.seek(0)
        rows = [line for line in observer.output if ROW_OF_LOAD.search(line)]
    return {"opened": OPENED_LATER, "timed_rows": sum(1 for line in rows if KNOWN_TIME.match(line.split()[-1])),
            "timed_expected": done["connections"] * TIMED_OF_CONNECTION + len(load.CPUS) * TIMED_OF_LISTENER,
            "rows": len(rows), "expected": done["transitions"]}


def measure(options, say):
    found, notes, skipped = peers.usable({PEER: peers.libbpf_tool("tcpstates")}, say)
    peer = found.get(PEER)
    crowds, rounds, kib_each = [], [], KIB_EACH
    with Statistics():
        run_load(options)
        for sockets in options.sockets:
            reason = reason_to_leave_out(sockets, kib_each)
            if reason:
                skipped[f"{sockets} sockets"] = reason
                continue
            say(f"opening {sockets} sockets")
            slab_kib = memory.slab_kib()
            with held(sockets) as crowd:
                taken_kib = memory.slab_kib() - slab_kib
                crowds.append({**crowd, "slab_kib": taken_kib})
                kib_each = max(kib_each, taken_kib / sockets if sockets >= TELLING else 0)
                rounds += rounds_with(sockets, peer, options, say)
    if not crowds:
        raise Failure("; ".join(f"{what}: {reason}" for what, reason in skipped.items()))
    later = {}
    for name, command in {OURS: [TOOL], **found}.items():
        say(f"{OPENED_LATER} sockets opened under {name}")
        later[name] = run_opened_later(command, options)
    return {"crowds": crowds, "rounds": rounds, "opened_later": later, "notes": notes, "skipped": skipped}


# ---- the report ----

class Crowd:
    """All rounds with one number of sockets open."""

    def __init__(self, crowd, rounds, account_ns):
        self.sockets = crowd["sockets"]
        self.slab_kib = crowd["slab_kib"]
        self.rounds = [figures for figures in rounds if figures["sockets"] == self.sockets]
        self.account_ns = account_ns

    def of(self, observer):
        return [figures for figures in self.rounds if figures["observer"] == observer]

    def values(self, observer, key):
        return [figures[key] for figures in self.of(observer)]

    def kernel_ns(self, observer):
        """Of its programs for each transition, without what the account takes."""
        return [sum(ns - self.account_ns * runs for ns, runs in figures["programs"]) / figures["transitions"]
                for figures in self.of(observer)]

    def own_ns(self, observer):
        return [figures["own_cpu_s"] * 1e9 / figures["transitions"] for figures in self.of(observer)]

    def added_us(self, observer):
        """All CPU time, beside the rounds without an observer in front and behind."""
        found = []
        for i, figures in enumerate(self.rounds):
            if figures["observer"] == observer:
                alone = statistics.mean(self.rounds[j]["load_cpu_s"] for j in (i - 1, i + 1))
                found.append((figures["load_cpu_s"] - alone + figures["own_cpu_s"]) * 1e6 / figures["transitions"])
        return found


def empty_ns(rounds):
    """The cost of the account itself, for any number of sockets: each number has one reading, and any may have been disturbed."""
    taken = [figures["programs"][0] for figures in rounds if figures["observer"] == ACCOUNT]
    return statistics.median(ns / runs for ns, runs in taken)


def kinds_of_storage(crowds):
    """Kinds of kernel objects of which there is about one more for each socket when ours looks, where that shows best."""
    largest = crowds[-1]
    grown = largest.values(OURS, "slab_growth")
    kinds = set().union(*grown)
    return sorted(kind for kind in kinds if largest.sockets and
                  statistics.median(growth.get(kind, (0, 0))[0] for growth in grown) >= largest.sockets / 2)


def storage_bytes(crowd, kinds):
    """For each socket, each round."""
    return [sum(growth.get(kind, (0, 0))[0] * growth.get(kind, (0, 0))[1] for kind in kinds) / crowd.sockets
            for growth in crowd.values(OURS, "slab_growth")]


def storage_words(crowd, kinds):
    words = []
    for kind in kinds:
        grown = [growth[kind] for growth in crowd.values(OURS, "slab_growth") if kind in growth]
        words.append(f"{statistics.median(count for count, _ in grown) / crowd.sockets:.2f} `{kind}` of {grown[0][1]} bytes")
    return ", ".join(words) or "none that stand out"


def memory_table(crowds, kinds):
    start_ms = 1e3 * statistics.median(crowds[0].values(OURS, "startup_s")) if crowds[0].sockets == 0 else None
    rows = []
    for crowd in crowds:
        starts = [1e3 * value for value in crowd.values(OURS, "startup_s")]
        each = ["too few to tell" if crowd.sockets else ""] * 3 + [""]
        if crowd.sockets >= TELLING:
            less = [kib * 1024 / crowd.sockets for kib in crowd.values(OURS, "available_kib_less")]
            each = [f"{crowd.slab_kib * 1024 / crowd.sockets:.0f}",
                    table.span(storage_bytes(crowd, kinds), 0), table.span(less, 0),
                    f"{1e3 * (statistics.median(starts) - start_ms) / crowd.sockets:.2f}" if start_ms is not None else ""]
        rows.append([crowd.sockets, *each[:3], table.span(starts, 0), each[3],
                     table.span([kib / 1024 for kib in crowd.values(OURS, "rss_kib")], 1),
                     f"{max(crowd.values(OURS, 'peak_rss_kib')) / 1024:.1f}",
                     f"{statistics.median(crowd.values(OURS, 'maps_bytes')) / 1048576:.1f}"])
    return table.markdown(["sockets open", "a socket itself, bytes", "more for each under ours, bytes",
                           "MemAvailable less, bytes each", "start until it traces, ms", "of that for each socket, us",
                           "its process, MiB", "at most", "its maps, MiB"], rows)


def cost_table(crowds, names):
    rows = []
    for crowd in crowds:
        for name in names:
            rows.append([crowd.sockets, name, table.span(crowd.kernel_ns(name), 0), table.span(crowd.own_ns(name), 0),
                         table.span(crowd.added_us(name), 2), table.span(crowd.values(None, "connections_per_s"), 0)])
    return table.markdown(["sockets open", "observer", "its programs, ns per transition", "its own process, ns", "CPU added, us",
                           "connections/s untraced"], rows)


def losses_table(crowds, names):
    rows = [[crowd.sockets, *account.row(name, [{**one, "expected": one["transitions"], "printed": one["rows"]}
                                                for one in crowd.of(name)])]
            for crowd in crowds for name in names]
    return table.markdown(["sockets open", *account.HEADER], rows)


def flatness(crowds):
    """Whether a transition costs the same with the most sockets as with the fewest."""
    few, many = crowds[0], crowds[-1]
    text = ""
    for where, costs in (("in the kernel", Crowd.kernel_ns), ("in the tool's own process", Crowd.own_ns)):
        before, after = costs(few, OURS), costs(many, OURS)
        ratio = statistics.median(after) / statistics.median(before)
        verdict = ("flat, or less than the rounds differ" if min(after) <= max(before) or ratio <= 1 else
                   "it grows, although nothing is searched that gets longer with them; why was not measured (less room in the caches?)")
        text += f"- a transition with {many.sockets} sockets open, {where}, of that with {few.sockets}: {ratio:.2f}: {verdict}\n"
    return text


def later_table(later):
    rows = [[name, figures["opened"], f"{figures['timed_rows']} of {figures['timed_expected']}",
             f"{figures['rows']} of {figures['expected']}"]
            for name, figures in later.items()]
    return table.markdown(["observer", "sockets opened under it", "rows of new connections with the time in the old state",
                           "rows"], rows)


def report(result):
    account_ns = empty_ns(result["rounds"])
    crowds = [Crowd(crowd, result["rounds"], account_ns) for crowd in result["crowds"]]
    names = [name for name in (OURS, PEER) if crowds[0].of(name)]
    kinds = kinds_of_storage(crowds)
    processes = max(crowd["processes"] for crowd in result["crowds"])
    text = (f"Established sockets in another network namespace, both ends of each connection, in up to {processes} processes. "
            f"What is kept of one that is older than the tool are objects of the kernel's: {storage_words(crowds[-1], kinds)} "
            "(/proc/slabinfo; no map's account has them, and MemAvailable also has what everything else takes meanwhile, the "
            "tool and its maps with it). The tool's process keeps nothing of a socket.\n\n")
    text += memory_table(crowds, kinds)
    text += (f"\n{table.rounds(len(crowds[0].of(OURS)))} of {crowds[0].rounds[0]['connections']} connections opened and closed "
             "meanwhile, as in `states` but with the kernel's account of programs on, of which an empty program's "
             f"{account_ns:.0f} ns are subtracted:\n\n")
    text += cost_table(crowds, names) + "\n" + flatness(crowds) + "\n" + losses_table(crowds, names) + account.LEGEND
    text += ("\nWhat is still known after sockets have been opened under a tracer and stay open (libbpf-tools' map has room for "
             "10,240 sockets):\n\n")
    text += later_table(result["opened_later"])
    return text + "\n" + table.notes(result["notes"]) + table.skipped(result["skipped"])
