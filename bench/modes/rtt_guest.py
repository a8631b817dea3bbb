# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The cost of one round-trip time sample in libbpf-tools' own tcprtt and in ours, in a guest whose kernel runs both."""

import statistics

import guest
import peers
import process
import table
from arguments import number

TITLE = "What a round-trip time sample costs, beside libbpf-tools' tcprtt in a guest"

THEIRS = "libbpf-tools `tcprtt`"
THEIRS_BY_RADDR = "libbpf-tools `tcprtt -B`"
OURS = "ours"
OURS_BY_RADDR = "ours `--by raddr`"
ATTACHED = "an empty program on "
# The cost of a program alone depends on how it is attached. Name to the kernel's word for the link.
EMPTY = {f"{ATTACHED}tp_btf/tcp_probe": "raw_tracepoint", f"{ATTACHED}fentry/tcp_rcv_established": "tracing"}

# At most that part of the peer's time.
GOALS = {(OURS, THEIRS): 1 / 6, (OURS_BY_RADDR, THEIRS_BY_RADDR): 1 / 2}


def add_arguments(parser):
    parser.add_argument("--kernel", default="6.1", metavar="NAME", help="of tests/vm/kernels.txt (default: 6.1)")
    parser.add_argument("--rounds", type=number(1, 20), default=3, metavar="N", help="of each program (default: 3)")
    parser.add_argument("--exchanges", type=number(1, 100000), default=4000, metavar="N", help="per round (default: 4000)")


def problems(_options):
    return guest.problems()


def measure(options, say):
    result = {"kernel": options.kernel, "time": [], "instructions": [], "skipped": {}}
    try:
        theirs = next(peers.libbpf_tool("tcprtt"))[0][0]
        load = [f"1 pingpong --exchanges {options.exchanges} --connections 64 --addresses 16"]
        commands = {f"{ATTACHED}tp_btf/tcp_probe": "attach empty.bpf.o empty",
                    OURS: "tcprtt",
                    f"{ATTACHED}fentry/tcp_rcv_established": "attach empty.bpf.o empty_fentry",
                    THEIRS: theirs,
                    OURS_BY_RADDR: "tcprtt --by raddr",
                    THEIRS_BY_RADDR: f"{theirs} -B"}
        watched = [guest.Observer(name, command, load) for name, command in commands.items()]
        say(f"a guest with Linux {options.kernel}: {options.rounds} rounds of {len(watched)} programs")
        result["time"] = guest.account(options.kernel, 2, options.rounds, watched, peers=[theirs])
        say("a guest that counts instructions: one round")
        result["instructions"] = guest.account(options.kernel, None, 1, watched, peers=[theirs])
    except process.Failure as failure:
        result["skipped"]["the guest"] = str(failure)
    return result


# ---- the report ----

def ns_per_sample(reading):
    """Of the programs that ran, the one that takes the samples: others run at changes of state."""
    ns, runs = max(reading["programs"], key=lambda program: program[1])
    return ns / max(runs, 1)


class Account:
    """All readings of one guest."""

    def __init__(self, readings):
        self.rounds = {}
        for reading in readings:
            self.rounds.setdefault(reading["observer"], []).append(reading)
        self.empty = {link: statistics.median(self.totals(name)) for name, link in EMPTY.items() if name in self.rounds}

    def link(self, name):
        return "tracing" if "tracing" in self.rounds[name][0]["link_types"] else "raw_tracepoint"

    def has(self, name):
        return name in self.rounds and self.link(name) in self.empty

    def totals(self, name):
        return list(map(ns_per_sample, self.rounds[name]))

    def bodies(self, name):
        """Of a sample, beyond an empty program that is attached in the same way."""
        return [total - self.empty[self.link(name)] for total in self.totals(name)]

    def ratios(self, name, peer):
        return [own / theirs for own, theirs in zip(self.bodies(name), self.bodies(peer))]


def account_table(account, unit, digits):
    rows = [[name, ", ".join(rounds[0]["link_types"]), table.span(account.totals(name), digits),
             table.span(account.bodies(name), digits) if name not in EMPTY and account.has(name) else ""]
            for name, rounds in account.rounds.items()]
    return table.markdown(["program", "attached as", f"a sample, {unit}", "less the empty program's"], rows)


def compared(account, show, unknown):
    """A line for each pair: show(what, ratio, goal), or unknown(what)."""
    text = ""
    for (ours, theirs), goal in GOALS.items():
        what = f"a sample in {ours}, of one in {theirs}"
        both = account.has(ours) and account.has(theirs)
        text += show(what, statistics.median(account.ratios(ours, theirs)), goal) if both else unknown(what)
    return text


def goals(account):
    return compared(account, lambda what, ratio, goal: table.at_most(f"emulated time of {what}", ratio, goal, 3),
                    lambda what: table.unknown(f"emulated time of {what}", "not both ran"))


def ratios(account):
    return compared(account, lambda what, ratio, _: f"- instructions of {what}: {ratio:.3f}\n", lambda _: "")


def report(result):
    text = (f"Linux {result['kernel']} in QEMU, where libbpf-tools' own program can be attached; the kernel's account of "
            "programs, 64 connections, 16 addresses. In emulation no cache misses, and every instruction takes about the same "
            "time: it compares how much is done, while `rtt` compares times on a real CPU, with a program of the same shape.\n\n")
    in_time, counted = Account(result["time"]), Account(result["instructions"])
    if in_time.rounds:
        text += f"Emulated nanoseconds on two CPUs, {table.rounds(len(result['time']) // len(in_time.rounds))} in turns:\n\n"
        text += account_table(in_time, "emulated ns", 0) + "\n" + goals(in_time)
    if counted.rounds:
        text += "\nInstructions executed (QEMU's -icount: the guest's clock counts them):\n\n"
        text += account_table(counted, "instructions", 0) + "\n" + ratios(counted)
    return text + table.skipped(result["skipped"])
