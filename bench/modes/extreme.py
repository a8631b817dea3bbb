# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections as fast as possible while CPU hogs compete with the tracer for the CPU. Compares the events that were printed
with the events that happened."""

import contextlib
import re
import statistics

import account
import load
import peers
import process
import table
import witness
from arguments import number
from observer import Observer

TITLE = "As fast as it goes, beside CPU hogs"

TOOL = load.ROOT / "build/tcpstates"
OURS = {"ours": [TOOL], "ours `-o json`": [TOOL, "-o", "json"], "ours `--no-priority`": [TOOL, "--no-priority"]}
# Whatever waits for the CPU beside them.
PRINTED_AT_LEAST = 99
WITH_PRIORITY = ("ours", "ours `-o json`")
PEER = "libbpf-tools tcpstates"

FIRST_PORT = 9979
ANY_ROW = re.compile(rb"^(?!SKADDR )")
ROW_OF_LOAD = re.compile(rb"[ :,](?:%s)[ ,]" % b"|".join(b"%d" % port for port in load.ports(FIRST_PORT)))

# On each CPU; as many clients and servers take their turns with them, so that the load gets its share.
HOGS = 4
THREADS = 4
HOG = "while :; do :; done"

# With CONFIG_SCHED_AUTOGROUP the kernel schedules sessions against each other, however little one of them asks for.
SETTINGS = {"together": "observer, load and hogs in one session, as from one shell",
            "apart": "each in a session of its own, as from terminals or services"}


def add_arguments(parser):
    parser.add_argument("--rounds", type=number(1, 100), default=2, metavar="N",
                        help="of each observer in each setting (default: 2)")
    parser.add_argument("--connections", type=number(len(load.CPUS), 1000000), default=20000, metavar="N",
                        help="per round (default: 20000)")


def problems(_options):
    return process.missing_files(TOOL, load.CHURN) + process.missing_commands("taskset", "timeout")


@contextlib.contextmanager
def hogs(apart):
    """On every CPU, for as long as this is entered, and no longer than a load may take."""
    one = f"{HOG} & " * HOGS
    each = "".join(f"taskset -c {cpu} sh -c '{one} wait' & " for cpu in load.CPUS)
    running = process.start(["timeout", load.LIMIT_S, "sh", "-c", f"{each} wait"], apart)
    try:
        yield
    finally:
        process.end(running)


def run_load(options, apart):
    share = ["--connections", options.connections // len(load.CPUS), "--threads", THREADS]
    with hogs(apart):
        loads = load.run(load.on_each_cpu(load.CHURN, share, FIRST_PORT), apart=apart)
    return load.total(loads, "connections_per_s", "transitions")


def run_round(command, options, apart):
    ports = load.ports(FIRST_PORT)
    hidden, others = witness.hidden(("sport", "dport"), ports), witness.others(ports)
    with hidden, others, Observer(command) as observer:
        figures = run_load(options, apart)
        observer.wait_until_drained()
        misses = observer.usage()["recursion_misses"]
        observer.stop()
        printed = observer.rows(ROW_OF_LOAD)
        others_printed = observer.rows(ANY_ROW) - printed
        return {"connections_per_s": figures["connections_per_s"], "expected": figures["transitions"], "printed": printed,
                "reported_lost": observer.lost(), "others_at_most": max(0, others.count() - others_printed),
                "hidden_at_most": hidden.count(), "recursion_misses": misses}


def measure_setting(commands, options, setting, say):
    apart = setting == "apart"
    say(f"{setting}: without an observer")
    alone = [run_load(options, apart)["connections_per_s"]]
    rounds = []
    for turn in range(1, options.rounds + 1):
        for name, command in commands.items():
            say(f"{setting}: round {turn} of {options.rounds}: {name}")
            rounds.append({"observer": name, **run_round(command, options, apart)})
            alone.append(run_load(options, apart)["connections_per_s"])
    return {"alone_connections_per_s": alone, "rounds": rounds}


def measure(options, say):
    found, notes, skipped = peers.usable({PEER: peers.libbpf_tool("tcpstates")}, say)
    settings = {setting: measure_setting({**OURS, **found}, options, setting, say) for setting in SETTINGS}
    return {"connections": options.connections, "hogs": HOGS * len(load.CPUS), "threads": THREADS, "settings": settings,
            "notes": notes, "skipped": skipped}


# ---- the report ----

def report_row(name, rounds, alone):
    printed = [one["printed"] * 100 / one["expected"] for one in rounds]
    speed = [one["connections_per_s"] / statistics.mean(alone[one["place"]:one["place"] + 2]) for one in rounds]
    return [*account.row(name, rounds), table.span(printed, 1), table.span(speed, 2, "x")]


def printed_percent(rounds):
    return sum(one["printed"] for one in rounds) * 100 / sum(one["expected"] for one in rounds)


def printed_goal(name, found):
    what = f"{name}: printed with hogs in other sessions"
    if name not in found:
        return table.unknown(what, "it did not run")
    return table.at_least(what, printed_percent(found[name]), PRINTED_AT_LEAST, 1, " %")


def report_setting(setting, figures):
    found = account.by_observer([{**one, "place": place} for place, one in enumerate(figures["rounds"])])
    alone = figures["alone_connections_per_s"]
    text = f"**{setting.capitalize()}**: {SETTINGS[setting]}; without an observer {table.span(alone, 0)} connections/s.\n\n"
    text += table.markdown([*account.HEADER, "printed, %", "speed of the load"],
                           [report_row(name, rounds, alone) for name, rounds in found.items()])
    text += "\n" + "".join(account.goal(name, found) for name in OURS)
    if setting == "apart":
        text += "".join(printed_goal(name, found) for name in WITH_PRIORITY)
    return text + "\n"


def report(result):
    text = (f"{result['connections']} connections a round by {result['threads']} clients and as many servers on each CPU, beside "
            f"{result['hogs']} CPU hogs. The counts are those of all rounds together.\n\n")
    text += "".join(report_setting(setting, figures) for setting, figures in result["settings"].items())
    return text + account.LEGEND.lstrip() + "\n" + table.notes(result["notes"]) + table.skipped(result["skipped"])
