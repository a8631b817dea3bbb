# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The cost of tcpvitals-exporter: beside tcpstates' rows under short connections, and of a scrape with many sockets open."""

import argparse
import statistics
import threading
import time
import urllib.request

import load
import process
import table
from arguments import number
from bpf_stats import Statistics
from modes import programs, scale, states
from observer import DRAINED_S, Observer

TITLE = "What the exporter costs"

TOOL = load.ROOT / "build/tcpvitals-exporter"
ROWS = load.ROOT / "build/tcpstates"
ADDRESS = "127.0.0.1:10438"
SCRAPE_EVERY_S = 5
OURS, BESIDE = "exporter", "tcpstates, every row"

CPU_GOAL, RSS_GOAL_MIB, RATIO_GOAL, SCRAPE_GOAL_MS = 0.02, 32, 0.5, 100


def add_arguments(parser):
    parser.add_argument("--rounds", type=number(1, 100), default=3, metavar="N", help="of each observer (default: 3)")
    parser.add_argument("--connections", type=number(len(load.CPUS), 400000), default=200000, metavar="N",
                        help="per round (default: 200000)")
    parser.add_argument("--timed-connections", type=number(len(load.CPUS), 100000), default=20000, metavar="N",
                        help="per round in which the kernel times the programs (default: 20000)")
    parser.add_argument("--sockets", type=number(2, 1000000), default=100000, metavar="N",
                        help="open while scrapes are timed (default: 100000)")
    parser.add_argument("--scrape-seconds", type=number(1, 1000), default=25, metavar="N",
                        help="one after the other: some meet a walk through all sockets, each 10 s (default: 25)")


def problems(_options):
    return (process.missing_files(TOOL, ROWS, programs.ATTACH, programs.EMPTY_OBJECT, load.CHURN, scale.HOLD) +
            process.missing_commands("bpftool", "taskset"))


def scrape():
    """How long a scrape takes, in ms."""
    start = time.monotonic()
    with urllib.request.urlopen(f"http://{ADDRESS}/metrics", timeout=20) as answer:
        answer.read()
    return (time.monotonic() - start) * 1000


class Scrapes:
    """One every five seconds, beside a load."""

    def __enter__(self):
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        return self

    def _run(self):
        while not self.ended.wait(SCRAPE_EVERY_S):
            scrape()

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


def run_round(name, options):
    share = ["--connections", options.connections // len(load.CPUS)]
    loads = load.on_each_cpu(load.CHURN, share)
    if name is None:
        figures = states.total(load.run(loads))
        time.sleep(DRAINED_S)
        return {"observer": None, **figures}
    command = [TOOL, "--web.listen-address", ADDRESS] if name == OURS else [ROWS]
    with Observer(command) as observer:
        start = time.monotonic()
        if name == OURS:
            with Scrapes():
                figures = states.total(load.run(loads))
        else:
            figures = states.total(load.run(loads))
            observer.wait_until_drained()
        usage = {f"observer_{key}": value for key, value in observer.usage().items()}
        return {**figures, **usage, "seconds": time.monotonic() - start}


def measure_timed(options, say):
    """The time of each observer's programs and process. The load's own time, which varies more than that, is no part."""
    jobs = {programs.EMPTY: [programs.ATTACH, programs.EMPTY_OBJECT, "empty_state"], BESIDE: [ROWS],
            OURS: [TOOL, "--web.listen-address", ADDRESS]}
    timed = {name: [] for name in jobs}
    churn = argparse.Namespace(connections=options.timed_connections)
    with Statistics():
        for turn in range(1, options.rounds + 1):
            for name, command in jobs.items():
                say(f"timed round {turn} of {options.rounds}: {name}")
                timed[name].append(programs.run_round(command, programs.churn, churn))
    return timed


def measure(options, say):
    say("warming up")
    run_round(None, options)
    rounds = [run_round(None, options)]
    for turn in range(1, options.rounds + 1):
        for name in (OURS, BESIDE):
            say(f"round {turn} of {options.rounds}: {name}")
            rounds.append({"observer": name, "round": turn, **run_round(name, options)})
            rounds.append(run_round(None, options))
    timed = measure_timed(options, say)
    say(f"scrapes with {options.sockets} sockets open")
    with scale.held(options.sockets) as held, Observer([TOOL, "--web.listen-address", ADDRESS]) as observer:
        end, scrapes = time.monotonic() + options.scrape_seconds, []
        while time.monotonic() < end:
            scrapes.append(scrape())
        rss_kib = observer.usage()["peak_rss_kib"]
    return {"rounds": rounds, "timed": timed, "sockets": held["sockets"], "scrapes_ms": scrapes, "rss_kib_with_sockets": rss_kib}


# ---- the report ----

def compare(traced, before, after):
    """A round with an observer against those without in front of it and behind it."""

    def alone(key):
        return statistics.mean((before[key], after[key]))

    added_s = traced["load_cpu_s"] - alone("load_cpu_s") + traced["observer_cpu_s"]
    return {"added_us": added_s / traced["transitions"] * 1e6, "share": traced["observer_cpu_s"] / traced["seconds"],
            "rate": traced["connections_per_s"], "speed": traced["connections_per_s"] / alone("connections_per_s"),
            "rss_mib": traced["observer_peak_rss_kib"] / 1024}


def comparisons(result):
    rounds, found = result["rounds"], {}
    for i, figures in enumerate(rounds):
        if figures["observer"]:
            for key, value in compare(figures, rounds[i - 1], rounds[i + 1]).items():
                found.setdefault(figures["observer"], {}).setdefault(key, []).append(value)
    return found


def report_timed(timed):
    empty_ns = programs.empty_run_ns(timed[programs.EMPTY])
    added = {name: [sum(both) for both in zip(*programs.totals(timed[name], empty_ns))] for name in (OURS, BESIDE)}
    ratios = [ours / beside for ours, beside in zip(added[OURS], added[BESIDE])]
    text = "\nThe same by the kernel's own account of the programs, with the process:\n\n"
    text += table.markdown(["observer", "event", "all its programs, ns per event", "its own process, ns per event"],
                           [programs.total_row(name, timed[name], empty_ns) for name in (OURS, BESIDE)])
    text += f"\nThe exporter takes {table.span(ratios, 2)} of what every row takes.\n"
    return text, ratios


def report(result):
    found = comparisons(result)
    rows = [[name, table.span(column["added_us"], 2), table.span([100 * share for share in column["share"]], 1),
             table.span(column["speed"], 2, "x"), f"{statistics.median(column['rate']):.0f}",
             f"{statistics.median(column['rss_mib']):.1f}"] for name, column in found.items()]
    timed, ratios = report_timed(result["timed"])
    scrapes = result["scrapes_ms"]
    text = table.markdown(["observer", "CPU added per transition, us", "its own CPU, % of a core", "speed of the load",
                           "connections a second", "peak RSS, MiB"], rows)
    text += timed
    text += f"\n{len(scrapes)} scrapes with {result['sockets']} sockets open take {table.span(scrapes, 1)} ms each; peak RSS then "
    text += f"{result['rss_kib_with_sockets'] / 1024:.1f} MiB.\n\n"
    text += table.at_most("the exporter's own CPU, of a core", statistics.median(found[OURS]["share"]), CPU_GOAL, 3)
    text += table.at_most("peak RSS", max(found[OURS]["rss_mib"]), RSS_GOAL_MIB, 1, " MiB")
    text += table.at_most("time of programs and process, of that for every row", statistics.median(ratios), RATIO_GOAL, 2)
    text += table.at_most("the slowest scrape", max(scrapes), SCRAPE_GOAL_MS, 0, " ms")
    return text
