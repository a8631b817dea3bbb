# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The speed of a web server that answers each request on a new connection, while our tools or the peers trace."""

import contextlib
import pathlib
import re
import signal
import statistics
import subprocess
import tempfile
import time

import load
import peers
import process
import table
from arguments import number
from observer import Observer
from process import Failure

TITLE = "How fast nginx stays"

TOOL = load.ROOT / "build/tcpstates"
PEERS = ("tcpstates", "tcplife")
SPEED_GOAL = 0.95

PORT = 8080
CLIENTS = 16
READY_LIMIT_S = 10
CONFIGURATION = """
daemon off; worker_processes auto; worker_cpu_affinity auto; pid %(folder)s/pid; error_log /dev/null;
events { worker_connections 1024; }
http { %(temporary)s access_log off; server { listen 127.0.0.1:%(port)d; location / { return 200 'hello\\n'; } } }
"""
SPEED = re.compile(r"^Requests/sec:\s+([\d.]+)$", re.MULTILINE)


def add_arguments(parser):
    parser.add_argument("--rounds", type=number(1, 100), default=5, metavar="N", help="of each observer (default: 5)")
    parser.add_argument("--seconds", type=number(1, 60), default=2, metavar="N", help="of each round (default: 2)")


def problems(_options):
    return process.missing_files(TOOL) + process.missing_commands("nginx", "nsenter", "wrk")


@contextlib.contextmanager
def server():
    """nginx in a network namespace of its own, with a worker on each CPU; the words that lead a command there."""
    with tempfile.TemporaryDirectory(prefix="tcpvitals-bench-") as folder:
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in kinds)
        path = pathlib.Path(folder, "nginx.conf")
        path.write_text(CONFIGURATION % {"folder": folder, "temporary": temporary, "port": PORT}, encoding="ascii")
        command = f"ip link set lo up; exec nginx -e /dev/null -p {folder} -c {path}"
        nginx = process.start(["unshare", "--net", "sh", "-ec", command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield ["nsenter", f"--target={nginx.pid}", "--net"]
        finally:
            process.end(nginx, signal.SIGTERM)


def requests_per_s(options):
    """Closed by the server, as HTTP/1.0 and "Connection: close" have it."""
    wrk = ["wrk", "-t", len(load.CPUS), "-c", CLIENTS, "-d", f"{options.seconds}s", "-H", "Connection: close",
           f"http://127.0.0.1:{PORT}/"]
    with server() as prefix:
        limit = time.monotonic() + READY_LIMIT_S
        while True:
            done = subprocess.run(list(map(str, prefix + wrk)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=options.seconds + READY_LIMIT_S, check=False)
            found = SPEED.search(done.stdout)
            if found and done.returncode == 0 and float(found[1]) > 0:
                return float(found[1])
            if time.monotonic() > limit:
                raise Failure(f"nginx does not answer: {done.stdout.strip()}")
            time.sleep(0.05)


def run_round(command, options):
    if command is None:
        return {"observer": None, "requests_per_s": requests_per_s(options)}
    with Observer(command) as observer:
        figures = {"requests_per_s": requests_per_s(options)}
        observer.wait_until_drained()
        observer.stop()
        return {**figures, "reported_lost": observer.lost()}


def tcptop():
    """Every second, without clearing the screen: the peer of --live."""
    for command, note in peers.libbpf_tool("tcptop"):
        yield [*command, "-C", "1"], note


def measure(options, say):
    commands = {"ours": [TOOL], "ours `-o json`": [TOOL, "-o", "json"], "ours `-c`": [TOOL, "-c"],
                "ours `--live`": [TOOL, "--live", "-o", "json"]}
    wanted = {f"libbpf-tools {name}": peers.libbpf_tool(name) for name in PEERS} | {"libbpf-tools tcptop": tcptop()}
    found, notes, skipped = peers.usable(wanted, say)
    commands |= found
    say("warming up")
    run_round(None, options)
    rounds = [run_round(None, options)]
    for turn in range(1, options.rounds + 1):
        for name, command in commands.items():
            say(f"round {turn} of {options.rounds}: {name}")
            rounds += [{"observer": name, "round": turn, **run_round(command, options)}, run_round(None, options)]
    return {"rounds": rounds, "notes": notes, "skipped": skipped}


# ---- the report ----

def speeds(rounds):
    """Name to the speed under it, of that without an observer in front of it and behind it, in each round."""
    found = {}
    for i, figures in enumerate(rounds):
        if figures["observer"]:
            alone = statistics.mean(rounds[near]["requests_per_s"] for near in (i - 1, i + 1))
            found.setdefault(figures["observer"], []).append(figures["requests_per_s"] / alone)
    return found


def report(result):
    rounds = result["rounds"]
    found = speeds(rounds)
    alone = [figures["requests_per_s"] for figures in rounds if figures["observer"] is None]
    lost = {name: sum(figures["reported_lost"] for figures in rounds if figures["observer"] == name) for name in found}
    text = f"{table.rounds(len(found['ours']))}; alone: {table.span(alone, 0)} requests/s, each on a connection of its own.\n\n"
    text += table.markdown(["observer", "speed of nginx", "reported lost"],
                           [[name, table.span(values, 2, "x"), lost[name]] for name, values in found.items()])
    text += "\n"
    for name in ("ours", "ours `-c`"):
        text += table.at_least(f"speed of nginx under {name}", statistics.median(found[name]), SPEED_GOAL, 2, "x")
    return text + table.notes(result["notes"]) + table.skipped(result["skipped"])
