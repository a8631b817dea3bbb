#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The command lines of bench/run and bench/report, and the reports of modes for figures with a known answer."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys

from cli import END_LIMIT_S, ROOT, Skip, assert_equal, assert_in, main, need_command, need_root, wait_until

sys.path.insert(0, str(ROOT / "bench"))
from modes import cpus, exporter, live, live_guest, nginx, programs, rtt, rtt_guest, scale, startup, states  # pylint: disable=wrong-import-position

RUN = str(ROOT / "bench/run")
REPORT = str(ROOT / "bench/report")


def run(*command, **how):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False, **how)


def lines_with(text, *words):
    return [line for line in text.splitlines() if all(word in line for word in words)]


def assert_line(text, *words):
    if not lines_with(text, *words):
        raise AssertionError(f"no line with {words} in:\n{text}")


# ---- command lines ----

def test_wrong_command_lines():
    for arguments in (["nonsense"], ["--nonsense"], ["states", "more"], ["states", "--rounds", "0"], ["states", "--rounds", "2x"],
                      ["rtt", "--exchanges", "-1"]):
        result = run(RUN, *arguments)
        assert_equal(result.returncode, 2, f"exit status of {arguments}")
        assert_in("error:", result.stderr)
        assert_equal(result.stdout, "", "output")


def test_help_names_each_mode():
    result = run(RUN, "--help")
    assert_equal(result.returncode, 0, "exit status")
    for path in (ROOT / "bench/modes").glob("*.py"):
        assert_line(result.stdout, f"  {path.stem} ")


def test_not_root():
    need_root()
    result = run("setpriv", "--reuid", "65534", "--clear-groups", RUN, "startup")
    if "Permission denied" in result.stderr:
        raise Skip("the clone is not readable for others")
    assert_equal(result.returncode, 1, "exit status")
    assert_in("needs root", result.stderr)


def test_report_of_something_else():
    for text in ("no JSON", "{}", "[]"):
        result = subprocess.run([REPORT, "-"], input=text, capture_output=True, text=True, timeout=30, check=False)
        assert_equal(result.returncode, 1, f"exit status of {text}")
        assert_in("is not what bench/run", result.stderr)


def test_report_shows_a_mode_that_failed():
    machine = {"packages": {}, "commit": "c", "system": "s", "kernel": "k", "architecture": "a", "cpu": "p", "cpus": 2,
               "memory_kib": 1048576, "load_average": 0}
    results = {"started": "today", "seconds": 60, "machine": machine,
               "modes": {"startup": {"seconds": 1, "options": {}, "failed": "no row within 60 s"}}}
    result = subprocess.run([REPORT, "-"], input=json.dumps(results), capture_output=True, text=True, timeout=30, check=False)
    assert_equal(result.returncode, 0, "exit status")
    assert_line(result.stdout, "**Failed**", "no row within 60 s")


# ---- the end ----

def processes_with(mark):
    """The processes that have inherited the mark."""
    found = []
    for environment in pathlib.Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark.encode() in environment.read_bytes():
                found.append((environment.parent / "cmdline").read_text(encoding="utf-8", errors="replace").replace("\0", " "))
    return found


def assert_ends_all(mode, number):
    """A signal in the first round, with a tracer and a load at work, leaves no process behind."""
    mark = f"BENCH_TEST={os.getpid()}-{mode}-{number}"
    name, value = mark.split("=")
    with subprocess.Popen([RUN, mode], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, name: value}) as bench:
        try:
            said = ""
            while "round 1 of" not in said:
                said = bench.stderr.readline()
                if not said:
                    raise AssertionError(f"{mode} ended with {bench.wait()} before its first round")
            wait_until(lambda: any("churn" in line or "pingpong" in line for line in processes_with(mark)), 30, lambda: "no load")
            bench.send_signal(number)
            bench.wait(20)
        finally:
            bench.kill()
    assert_equal(bench.returncode, 128 + number, "exit status")
    # killed ones need a CPU to end
    wait_until(lambda: not processes_with(mark), END_LIMIT_S, lambda: f"left behind: {processes_with(mark)}")


def test_signals_end_all():
    need_root()
    for command in ("bpftool", "taskset"):
        need_command(command)
    assert_ends_all("programs", signal.SIGTERM)
    assert_ends_all("rtt", signal.SIGINT)


# ---- states ----

def alone(load_cpu_s):
    return {"observer": None, "connections": 1000, "transitions": 10000, "connections_per_s": 1000, "load_cpu_s": load_cpu_s,
            "busy_s": load_cpu_s}


def traced(name, turn, load_cpu_s, own_cpu_s, **more):
    return {**alone(load_cpu_s), "observer": name, "round": turn, "busy_s": load_cpu_s + own_cpu_s, "observer_cpu_s": own_cpu_s,
            "observer_peak_rss_kib": 15 * 1024, "observer_recursion_misses": 0, "rows": 10000, "reported_lost": 0, **more}


def result_of_states(ours_own_cpu_s, **more):
    """Of 10,000 transitions: ours adds 5 ms and its own CPU time, the peer 200 ms, while the load itself becomes 20 ms slower."""
    return {"order": "client", "notes": {"bcc tcpstates": "headers of Linux 1.2"}, "skipped": {"bpftrace script": "no reason"},
            "rounds": [alone(0.10), traced("ours", 1, 0.115, ours_own_cpu_s, **more), alone(0.12),
                       traced(states.PEER, 1, 0.22, 0.1, rows=9000, reported_lost=400), alone(0.12)]}


def test_states_compares_with_the_neighbours():
    text = states.report(result_of_states(0.001))
    assert_line(text, "| ours |", "0.60 (0.60 to 0.60)", "0.10 (0.10 to 0.10)", "10000 of 10000")
    assert_line(text, f"| {states.PEER} |", "20.00 (20.00 to 20.00)", "9000 of 10000 | 400 | 600 |")


def test_states_judges_the_goals():
    assert_line(states.report(result_of_states(0.004)), "CPU added by ours,", "0.045, goal at most 0.050: met")
    assert_line(states.report(result_of_states(0.006)), "CPU added by ours,", "0.055, goal at most 0.050: **missed**")
    assert_line(states.report(result_of_states(0.006)), "CPU added by ours `-o json`", "not measured")
    assert_line(states.report(result_of_states(0.001, observer_peak_rss_kib=17 * 1024)), "peak memory", "17.0 MiB", "**missed**")


def test_states_expects_a_row_for_each_end_of_a_connection():
    rounds = [alone(0.1), traced("ours `-c`", 1, 0.1, 0.01, rows=1990), alone(0.1)]
    text = states.report(result_of_states(0.001) | {"rounds": rounds})
    assert_line(text, "| ours `-c` |", "1990 of 2000 | 0 | 10 |")


def test_states_shows_what_did_not_run():
    text = states.report(result_of_states(0.001))
    assert_line(text, "not measured: bpftrace script: no reason")
    assert_line(text, "bcc tcpstates: headers of Linux 1.2")


# ---- the others ----

def result_of_rtt(ours_ns):
    def sample(name, body_ns):
        return {"load": "warm", "program": name, "round": 1, "exchanges": 100, "exchanges_per_s": 900, "samples": 200,
                "body_ns": body_ns}

    idle = {"load": "warm", "program": None, "exchanges": 100, "exchanges_per_s": 1000}
    bodies = ((rtt.EMPTY, 50), (rtt.VALUE, 58), ("ours", ours_ns), (rtt.SHAPE, 170), ("ours `--by raddr`", 100),
              (rtt.SHAPE_BY_RADDR, 150))
    rounds = [idle]
    for name, body_ns in bodies:
        rounds += [sample(name, body_ns), idle]
    return {"rounds": rounds, "loads": {"warm": [64, 16]}, "threads": 2, "notes": {},
            "shapes": {"ours": rtt.SHAPE, "ours `--by raddr`": rtt.SHAPE_BY_RADDR},
            "skipped": {"libbpf-tools tcprtt": "cannot attach"}}


def test_rtt_subtracts_the_empty_program():
    text = rtt.report(result_of_rtt(62))
    assert_line(text, "| ours |", "| 62.0 (62.0 to 62.0) | 12.0 (12.0 to 12.0) | 0.10 (0.10 to 0.10) | 0.90 (0.90 to 0.90)x |")
    assert_line(text, "ours, of the peers' shape", "0.100, goal at most 0.167: met")
    assert_line(text, "ours `--by raddr`, of", "0.500, goal at most 0.500: met")
    assert_line(text, "the smoothed value alone", "8 ns")
    assert_line(text, "not measured: libbpf-tools tcprtt: cannot attach")
    assert_line(rtt.report(result_of_rtt(80)), "ours, of the peers' shape", "0.250, goal at most 0.167: **missed**")


def result_of_startup(*peers):
    rounds = [{"observer": name, "round": 1, "wall_ms": ms, "cpu_ms": 1} for name, ms in (("ours", 40), *peers)]
    return {"rounds": rounds, "notes": {}, "skipped": {}}


def test_startup_judges_the_goal():
    assert_line(startup.report(result_of_startup((startup.PEER, 50))), "0.80, goal at most 1.00: met")
    assert_line(startup.report(result_of_startup((startup.PEER, 32))), "1.25, goal at most 1.00: **missed**")
    assert_line(startup.report(result_of_startup()), "not measured")


def test_nginx_compares_with_the_neighbours():
    rounds = [(None, 1000), ("ours", 950), (None, 900), ("ours `-c`", 720), (None, 700)]
    rounds = [{"observer": name, "round": 1, "requests_per_s": speed, "reported_lost": 3} for name, speed in rounds]
    text = nginx.report({"rounds": rounds, "notes": {}, "skipped": {}})
    assert_line(text, "| ours |", "1.00 (1.00 to 1.00)x | 3 |")
    assert_line(text, "speed of nginx under ours: 1.00x, goal at least 0.95x: met")
    assert_line(text, "speed of nginx under ours `-c`: 0.90x, goal at least 0.95x: **missed**")


def test_programs_subtracts_the_empty_program():
    def figures(name, programs_):
        return {"observer": name, "round": 1, "events": 1000, "event": "transition", "own_cpu_s": 0.0002,
                "programs": {key: {"ns": ns, "runs": runs} for key, (ns, runs) in programs_.items()}}

    rounds = [figures(programs.EMPTY, {"empty_state": (50000, 1000)}),
              figures("ours", {"a": (350000, 1000), "b": (35000, 500), "idle": (0, 0)})]
    text = programs.report({"rounds": rounds, "notes": {}, "skipped": {}})
    assert_line(text, "| ours | transition | 310 (310 to 310) | 200 (200 to 200) |")
    assert_line(text, "| ours | `b` | 500 | 20 (20 to 20) | 10 (10 to 10) |")
    assert_line(text, "per transition: 510 ns, 1.27 to 1.46 times")
    assert_equal(lines_with(text, "`idle`"), [], "rows of a program that never ran")



def assert_goals_of_guest(ours_ns, theirs_ns, *words):
    """A guest's readings in which an empty program takes 10 ns, and 20 as fentry."""
    def reading(name, link, *taken):
        return {"observer": name, "link_types": [link], "programs": [list(one) for one in taken]}

    empty = {link: name for name, link in rtt_guest.EMPTY.items()}
    readings = [reading(empty["raw_tracepoint"], "raw_tracepoint", (1000, 100)),
                reading(empty["tracing"], "tracing", (2000, 100)),
                reading(rtt_guest.OURS, "raw_tracepoint", (5, 1), (100 * ours_ns, 100)),
                reading(rtt_guest.THEIRS, "tracing", (100 * theirs_ns, 100))]
    text = rtt_guest.report({"kernel": "1.2", "time": readings, "instructions": [], "skipped": {}})
    assert_line(text, f"| {rtt_guest.OURS} |", f"| {ours_ns} ({ours_ns} to {ours_ns}) | {ours_ns - 10} (")
    assert_line(text, f"| {rtt_guest.THEIRS} |", f"| {theirs_ns - 20} (")
    assert_line(text, f"in {rtt_guest.OURS}, of", *words)
    assert_line(text, rtt_guest.OURS_BY_RADDR, "not measured (not both ran)")


def test_rtt_guest_subtracts_the_empty_program_attached_alike():
    assert_goals_of_guest(110, 1020, "0.100, goal at most 0.167: met")
    assert_goals_of_guest(110, 220, "0.500, goal at most 0.167: **missed**")


def test_rtt_guest_shows_what_did_not_run():
    text = rtt_guest.report({"kernel": "1.2", "time": [], "instructions": [], "skipped": {"the guest": "no Linux 1.2"}})
    assert_line(text, "not measured: the guest: no Linux 1.2")


def test_live_shows_each_crowd():
    """In rounds without a refresh there are no bytes of one; the goal is that of the most sockets."""
    def figures(sockets, share, bytes_each):
        return {"sockets": sockets, "cpu_share": share, "refreshes_per_s": 0.5 if bytes_each else 0, "bytes_per_refresh": bytes_each,
                "answer_s": [0.001, 0.003], "peak_rss_kib": 20480}

    text = live.report({"rounds": [figures(0, 0.01, None), figures(1000, 0.05, 300)], "skipped": {"2,000 sockets": "no room"}})
    assert_line(text, "| 0 |", "none")
    assert_line(text, "| 1,000 |", "| 5.0 (5.0 to 5.0) | 2.0 (2.0 to 2.0) | 300 (300 to 300) | 2 (1 to 3) | 20.0 (")
    assert_line(text, "CPU with 1,000 sockets", "0.050, goal at most 0.060: met")
    assert_line(text, "not measured: 2,000 sockets: no room")


def test_live_guest_adds_programs_and_process():
    def reading(name, programs_ns, process_ns):
        return {"observer": name, "programs": [[programs_ns, 5], [programs_ns, 7]], "process_ns": process_ns}

    text = live_guest.report({"kernel": "1.2", "exchanges": 10, "skipped": {},
                              "readings": [reading(live_guest.OURS, 100, 50), reading(live_guest.THEIRS, 400, 200)]})
    assert_line(text, f"| {live_guest.OURS} |", "| 20 (20 to 20) | 5 (")
    assert_line(text, "both together", "0.25")
    text = live_guest.report({"kernel": "1.2", "exchanges": 10, "readings": [], "skipped": {"the guest": "no Linux 1.2"}})
    assert_line(text, "not measured: the guest: no Linux 1.2")


def result_of_scale(ns_with_many):
    """Without sockets, and with 10,000 that take 20 MiB and, under ours, 20,000 objects of 192 bytes."""
    def figures(sockets, observer, ns, **more):
        return {"sockets": sockets, "observer": observer, "connections": 100, "transitions": 1000, "connections_per_s": 500,
                "load_cpu_s": 0.01, "own_cpu_s": 0.0002, "rss_kib": 9216, "peak_rss_kib": 15360, "maps_bytes": 8 << 20,
                "rows": 990, "reported_lost": 1, "hidden_at_most": 2, "programs": [[ns * 1000, 1000]], **more}

    def rounds(sockets, ns, startup_s, growth):
        idle = {"sockets": sockets, "observer": None, "connections": 100, "transitions": 1000, "connections_per_s": 500,
                "load_cpu_s": 0.008}
        return [figures(sockets, scale.ACCOUNT, 50), idle,
                figures(sockets, scale.OURS, ns, startup_s=startup_s, slab_growth=growth, available_kib_less=10000), idle]

    return {"crowds": [{"sockets": 0, "processes": 0, "slab_kib": 0}, {"sockets": 10000, "processes": 1, "slab_kib": 20480}],
            "rounds": rounds(0, 350, 0.1, {}) + rounds(10000, ns_with_many, 0.2,
                                                       {"cache-192": [20000, 192], "other": [1000, 64]}),
            "opened_later": {scale.OURS: {"opened": 20, "timed_rows": 80, "timed_expected": 82, "rows": 100, "expected": 104}},
            "notes": {}, "skipped": {"5000 sockets": "take too much"}}


def test_scale_divides_by_the_sockets():
    text = scale.report(result_of_scale(400))
    assert_line(text, "2.00 `cache-192` of 192 bytes")
    assert_line(text, "| 10000 | 2097 | 384 (384 to 384) | 1024 (1024 to 1024) | 200 (200 to 200) | 10.00 | 9.0 ")
    assert_line(text, "| 10000 | ours | 350 (350 to 350) | 200 (200 to 200) | 2.20 (2.20 to 2.20) |")
    assert_line(text, "| 10000 | ours | 1000 | 990 | 1 | 0 | 2 | 7 |")
    assert_line(text, "| ours | 20 | 80 of 82 | 100 of 104 |")
    assert_line(text, "not measured: 5000 sockets: take too much")


def test_scale_bears_a_disturbed_reading_of_the_empty_program():
    result = result_of_scale(400)
    result["rounds"].append({"sockets": 10000, "observer": scale.ACCOUNT, "programs": [[900000, 1000]]})
    assert_line(scale.report(result), "| 10000 | ours | 350 (350 to 350) |")


def test_scale_tells_whether_it_is_flat():
    assert_line(scale.report(result_of_scale(350)), "with 10000 sockets open, in the kernel", "of that with 0: 1.00: flat")
    assert_line(scale.report(result_of_scale(650)), "with 10000 sockets open, in the kernel", "of that with 0: 2.00: it grows")
    assert_line(scale.report(result_of_scale(650)), "with 10000 sockets open, in the tool's own process", "of that with 0: 1.00: flat")


def result_of_cpus():
    """On one CPU 300 ns, on two 310, and 410 with one ring for both; a row takes 200 ns, a transition 5 us."""
    def figures(observer, cpu_count, ns):
        return {"events_are": cpus.STATES, "observer": observer, "round": 1, "cpus": cpu_count, "events": 1000,
                "seconds": 0.005 / cpu_count, "own_cpu_s": 0.0002, "programs": [[(ns + 50) * 1000, 1000]]}

    def in_guest(observer, cpu_count, ns):
        return {"events_are": cpus.STATES, "observer": observer, "cpus": cpu_count, "events": 1000, "p50_ns": ns, "programs": []}

    taken = {cpus.EMPTY: (0, 0), cpus.OURS: (300, 310), cpus.SHARED: (300, 410), None: (0, 0)}
    rings = [("read", 1, 1, 10), ("read", 2, 1, 15), ("read", 2, 2, 20), ("read", 4, 1, 60), ("read", 4, 4, 50),
             ("write", 1, 1, 30), ("write", 1, 2, 1000)]
    return {"rounds": [figures(name, cpu_count, ns) for name, both in taken.items() for cpu_count, ns in zip((1, 2), both)],
            "rings": [{"what": what, "rings": count, "writers": writers, "median_ns": ns, "rings_max": 4}
                      for what, count, writers, ns in rings],
            "guest": [in_guest(name, cpu_count, ns) for name, ns in ((cpus.EMPTY, 100), (cpus.OURS, 1100))
                      for cpu_count in (1, 8)],
            "guest_kernel": "1.2", "notes": {}, "skipped": {}}


def test_cpus_subtracts_the_empty_program():
    text = cpus.report(result_of_cpus())
    assert_line(text, f"| `{cpus.OURS}` |", "| 300 (300 to 300) | 310 (310 to 310) | 1.03 |")
    assert_line(text, f"| `{cpus.OURS}` |", "| 1000 (1000 to 1000) | 1000 (1000 to 1000) | 1.00 |")


def test_cpus_estimates_by_arithmetic():
    """128 CPUs are 32 to a ring: 300 + 20 * 127 / 128 + 200 * 31 / 32 ns; a ring takes one in 1000 ns; a row 200 + 50 - 20."""
    text = cpus.report(result_of_cpus())
    assert_line(text, "| 2 | 2 | 310 | 1 % | 0.38 | 200 | 5.00 | 100 % |")
    assert_line(text, "| 128 | 4 | 514 | 580 % | 4.00 | 230 | 4.35 | 100 % |")


# ---- hold ----

def test_hold_holds_so_many():
    need_root()
    script = 'ip link set lo up; "$0" --sockets 200 & until [ "$(grep -c " 01 " /proc/net/tcp)" = 200 ]; do sleep 0.1; done; ' \
             'kill "$!"; wait "$!" && ! grep " 01 " /proc/net/tcp'
    result = run("unshare", "--net", "sh", "-c", script, str(ROOT / "build/bench/hold"))
    assert_equal(result.returncode, 0, "exit status")
    assert_equal(json.loads(result.stdout)["sockets"], 200, "sockets")


def test_hold_wants_both_ends():
    for arguments in ([], ["--sockets", "3"], ["--sockets", "0"], ["--sockets", "2x"], ["--sockets", "2", "more"]):
        assert_equal(run(str(ROOT / "build/bench/hold"), *arguments).returncode, 2, f"exit status of {arguments}")


# ---- exporter ----

def timed(ns, own_s):
    """A round of 10,000 transitions, for each of which a program runs once."""
    return [{"events": 10000, "event": "transition", "own_cpu_s": own_s, "programs": {"a": {"ns": ns, "runs": 10000}}}]


def test_exporter_compares_with_rows():
    """Of 10,000 transitions in 10 s: the exporter adds 5 ms and 100 ms of its own, rows 35 ms and 300 ms. By the kernel's account: 300 ns
    of 500 and 250 more, when 100 of each run are the account's own."""
    result = {"timed": {programs.EMPTY: timed(1000000, 0), exporter.OURS: timed(4000000, 0), exporter.BESIDE: timed(6000000, 0.0025)},
              "sockets": 100000, "scrapes_ms": [10, 20, 90], "rss_kib_with_sockets": 24 * 1024,
              "rounds": [alone(0.10), {**traced(exporter.OURS, 1, 0.105, 0.1), "seconds": 10}, alone(0.10),
                         {**traced(exporter.BESIDE, 1, 0.135, 0.3), "seconds": 10}, alone(0.10)]}
    text = exporter.report(result)
    assert_in("| exporter | 10.50 (10.50 to 10.50) | 1.0 (1.0 to 1.0) |", text)
    assert_line(text, "the exporter's own CPU, of a core: 0.010, goal at most 0.020: met", "met")
    assert_line(text, "| exporter | transition | 300 (300 to 300) | 0 (0 to 0) |")
    assert_line(text, "| tcpstates, every row | transition | 500 (500 to 500) | 250 (250 to 250) |")
    assert_line(text, "time of programs and process, of that for every row: 0.40, goal at most 0.50: met", "met")
    assert_line(text, "the slowest scrape: 90 ms, goal at most 100 ms: met", "met")


if __name__ == "__main__":
    main(globals())
