#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""docs/recipes.md: each recipe's command gives the answer that the text promises, in the scene of the recipe; and the document has
the texts and commands of its template. docs/recipes/make writes it."""

import functools
import os
import re
import sys

from cli import ROOT, TOOL, assert_equal, assert_in, main, need_command, need_root
from test_examples import run_all
from this_machine import need_machine, need_seeding

sys.path.insert(0, str(ROOT / "docs/recipes"))

import recipes  # pylint: disable=wrong-import-position
import scenes  # pylint: disable=wrong-import-position

DOCUMENT = ROOT / "docs/recipes.md"
QUESTIONS = ("slow_connects", "who_resets", "close_wait", "slow_peer", "handshake_or_server", "slow_reader", "lossy_path", "accept_queue",
             "before_and_after", "one_command", "limits")
# The scene is in namespaces of its own, so other programs of the machine do not matter.
ONLY_HERE = ("--netns {netns}",)
# The kernel's clock of the times in TCP_INFO, rounded twice.
TICKS_MS = 20
LINES_MAX, LINES_OF_LIMITS = 25, 40


def recipe_of(scene):
    return next(recipe for recipe in recipes.RECIPES if recipe.scene == scene)


def play(scene):
    """The output of each command, and the world."""
    need_root()
    need_machine("netns", "tun")
    need_command("nsenter")
    need_command("ip")
    return scenes.play(recipe_of(scene), os.path.dirname(TOOL), ONLY_HERE)


def rows_of(text):
    """Of a table: a dict for each row. No value has a blank; an arrow is not a column."""
    header, *lines = [line.replace(" -> ", " ").split() for line in text.splitlines()]
    for line in lines:
        assert_equal(len(line), len(header), f"values of {line}")
    return [dict(zip(header, line)) for line in lines]


def by(rows, *columns):
    """{values of these columns: row}"""
    return {" ".join(row[column] for column in columns): row for row in rows}


def test_slow_connects():
    """A long path, a lost SYN, and a peer that does not answer. The near peer has no row, unless this machine is very slow."""
    rows = by(rows_of(play("slow_connects")[0][0]), "RADDR")
    assert_equal(sorted(rows.keys() - {"198.51.100.20"}), ["198.51.100.21", "203.0.113.7", "203.0.113.99"], "slow peers")
    assert all(float(row["MS"]) >= 100 for row in rows.values()), rows
    assert_equal({row["COMM"] for row in rows.values()}, {"app"}, "process")
    assert_equal((rows["198.51.100.21"]["NEWSTATE"], rows["198.51.100.21"]["SYNRETRANS"]), ("ESTABLISHED", "0"), "a long path")
    assert float(rows["198.51.100.21"]["MS"]) >= 150, rows
    assert_equal((rows["203.0.113.7"]["NEWSTATE"], rows["203.0.113.7"]["SYNRETRANS"]), ("ESTABLISHED", "1"), "the first SYN is lost")
    assert float(rows["203.0.113.7"]["MS"]) > 1000, rows
    assert_equal(rows["203.0.113.99"]["NEWSTATE"], "CLOSE", "no answer")
    assert int(rows["203.0.113.99"]["SYNRETRANS"]) >= 1, rows


def test_who_resets():
    rows = rows_of(play("who_resets")[0][0])
    causes = sorted((row["COMM"], row["RADDR"], row["CAUSE"]) for row in rows)
    assert_equal(causes, [("backend", "127.0.0.1", "unread-data"), ("proxy", "127.0.0.1", "refused"), ("proxy", "127.0.0.1", "reset-received"),
                          ("proxy", "198.51.100.20", "reset-received")], "process, peer and cause")
    ends = by(rows, "COMM", "CAUSE")
    assert_equal(ends["backend unread-data"]["RPORT"], next(row["LPORT"] for row in rows if row["RPORT"] == "8081"), "the two ends")


def test_close_wait():
    need_seeding()
    table, _, status = play("close_wait")[0][0].rpartition("exit status ")
    rows = rows_of(table)
    assert_equal(status, "1\n", "exit status")
    assert_equal([(row["COMM"], row["LPORT"], row["STATE"]) for row in rows], [("app", "8080", "CLOSE_WAIT")] * 3, "rows")
    assert all(float(row["ATLEAST"]) >= 1000 for row in rows), rows


def test_slow_peer():
    """The peers in the order of their p99. No round trip is shorter than the path."""
    lines = play("slow_peer")[0][0].splitlines()
    peers = dict(zip(("".join(re.findall(r"= (\S+) ", line)) for line in lines[::2]), (int(re.search(r"\bp50 (\d+)", line)[1]) for line in lines[1::2])))
    assert_equal(sorted(peers), ["198.51.100.20", "198.51.100.21"], "peers")
    assert peers["198.51.100.21"] >= 150000 * 31 / 32 and peers["198.51.100.20"] >= 20000 * 31 / 32, peers
    p99 = [int(re.search(r"\bp99 (\d+)", line)[1]) for line in lines[1::2]]
    assert_equal(p99, sorted(p99, reverse=True), "order")


def transitions(text):
    return by(rows_of(text), "OLDSTATE", "NEWSTATE")


def test_handshake_or_server():
    rows = transitions(play("handshake_or_server")[0][0])
    handshake, server = rows["SYN_SENT ESTABLISHED"], rows["ESTABLISHED CLOSE_WAIT"]
    assert_equal((handshake["COUNT"], server["COUNT"]), ("20", "20"), "connections")
    assert float(handshake["MEAN"]) >= 20, handshake
    assert float(server["MEAN"]) >= 320, server


def test_slow_reader():
    rows = by(rows_of(play("slow_reader")[0][0]), "COMM")
    assert_equal(sorted(rows), ["consumer", "producer"], "processes")
    assert_equal((rows["producer"]["LIMIT"], rows["consumer"]["LIMIT"]), ("receiver-window", "none"), "limits")
    assert_equal(rows["producer"]["RPORT"], "9000", "the reader's port")
    assert int(rows["producer"]["ZEROWIN"]) >= 1, rows
    assert float(rows["producer"]["RWND_MS"]) > float(rows["producer"]["MS"]) / 2, rows


def test_lossy_path():
    first, second = rows_of(play("lossy_path")[0][0])
    assert_equal((first["PREFIX"], second["PREFIX"]), ("203.0.113.0/24", "198.51.100.0/24"), "the lossy network first")
    assert int(first["RETRANS"]) >= 10 and int(first["RETRANS"]) > int(second["RETRANS"]), (first, second)
    assert_equal(int(second["OPENED"]), 2, "connections to the other network")


def test_accept_queue():
    need_seeding()
    table, _, status = play("accept_queue")[0][0].rpartition("exit status ")
    row, = rows_of(table)
    assert_equal(status, "1\n", "exit status")
    assert_equal((row["COMM"], row["LPORT"], row["MAX"], row["HIGHEST"], row["OVERFLOW"]), ("app", "8080", "4", "5", "yes"), "the listener")
    assert int(row["DROPS"]) > 0, row


def test_before_and_after():
    outputs, _ = play("before_and_after")
    assert_equal(outputs[:2], ["", ""], "on stdout, with --out")
    rows = [line for line in outputs[2].splitlines() if ":ESTABLISHED " in line]
    assert_equal([line.partition(":")[0] for line in rows], ["before.txt", "after.txt"], "files")
    for line, least_ms in zip(rows, (220, 40)):
        count, mean = line.split()[3], line.split()[5]
        assert 1 <= int(count) <= 20 and float(mean) >= least_ms, line


def test_one_command():
    need_command("curl")
    rows = transitions(play("one_command")[0][0])
    assert_equal({(row["COMM"], row["RADDR"], row["RPORT"]) for row in rows.values()}, {("curl", "198.51.100.20", "8080")}, "connection")
    assert_equal(list(rows), ["CLOSE SYN_SENT", "SYN_SENT ESTABLISHED", "ESTABLISHED CLOSE_WAIT", "CLOSE_WAIT LAST_ACK", "LAST_ACK CLOSE"], "states")
    assert_equal(rows["LAST_ACK CLOSE"]["CAUSE"], "fin-remote", "cause")
    assert float(rows["SYN_SENT ESTABLISHED"]["MS"]) >= 20 and float(rows["ESTABLISHED CLOSE_WAIT"]["MS"]) >= 120, rows


def shown_by_ss(text):
    """{local port: what ss says of that socket}"""
    lines = text.splitlines()
    return {re.search(r":(\d+)\s+\S+:9000\b", socket)[1]: details for socket, details in zip(lines[::2], lines[1::2])}


def of_ss(details, word, pattern=r"(\d+)ms"):
    """0 for what ss does not show."""
    found = re.search(rf"\b{word}:{pattern}", details)
    return int(found[1]) if found else 0


def test_limits():
    """Five verdicts in one run; the record has what ss had a moment before, and no more than that moment can add."""
    need_command("ss")
    (table, sockets), world = play("limits")
    rows, seen = by(rows_of(table), "COMM"), shown_by_ss(sockets)
    assert_equal({comm: row["LIMIT"] for comm, row in rows.items()},
                 {"sleeper": "application", "to-reader": "receiver-window", "small-buf": "send-buffer", "far": "network", "lossy": "loss"}, "verdicts")
    assert_equal(sorted(seen), sorted(row["LPORT"] for row in rows.values()), "ports of ss")
    moment_ms = world.moment_s * 1000 + TICKS_MS
    for comm, row in rows.items():
        details = seen[row["LPORT"]]
        for column, word in (("BUSY_MS", "busy"), ("RWND_MS", "rwnd_limited"), ("SNDBUF_MS", "sndbuf_limited")):
            before = of_ss(details, word)
            assert before - TICKS_MS <= float(row[column]) <= before + moment_ms, f"{comm}: {column} {row[column]}, ss: {details}, then {moment_ms} ms"
        before = of_ss(details, "retrans", r"\d+/(\d+)")
        assert before <= int(row["RETRANS"]) <= 2 * before + 50, f"{comm}: RETRANS {row['RETRANS']}, ss: {details}"
        assert float(row["IDLE_MS"]) <= float(row["MS"]), row


@functools.lru_cache(maxsize=None)
def document():
    return DOCUMENT.read_text(encoding="utf-8")


def test_document():
    """The texts of the template, each once, and in this order; each recipe short."""
    assert_equal(tuple(recipe.scene for recipe in recipes.RECIPES), QUESTIONS, "recipes")
    parts = re.split(r"(?m)^(?=## )", document())
    assert_equal(parts[0], recipes.INTRODUCTION + "\n", "introduction")
    assert_equal(len(parts), len(recipes.RECIPES) + 1, "sections")
    for number, (recipe, part) in enumerate(zip(recipes.RECIPES, parts[1:]), 1):
        commands = re.findall(r"(?m)^    # (.*)$", part)
        assert_equal(part.splitlines()[0], recipes.heading(number, recipe), "heading")
        assert_equal(commands, recipe.commands, f"commands of {recipe.scene}; type docs/recipes/make")
        text = re.sub(r"(?m)^    .*\n", "", part).partition("\n\n\n")[2].rstrip("\n")
        assert_equal(text, f"{recipe.reading}\n{recipes.next_step(recipe)}", f"text of {recipe.scene}; type docs/recipes/make")
        most = LINES_OF_LIMITS if recipe.scene == "limits" else LINES_MAX
        assert len(part.splitlines()) <= most, f"{recipe.scene} has {len(part.splitlines())} lines; {most} at most"


def test_links():
    """To sections of the document, and to it."""
    anchors = {re.sub(r"[^a-z0-9 -]", "", line[3:].lower()).replace(" ", "-") for line in document().splitlines() if line.startswith("## ")}
    links = re.findall(r"\]\(#(\S+?)\)", document())
    assert links and set(links) <= anchors, (links, anchors)
    assert_in("](docs/recipes.md)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert_in("docs/recipes.md", (ROOT / "man/tcpstates.8").read_text(encoding="utf-8"))


def test_commands():
    """Also those in the texts; a command in a text stands for itself, or has options only."""
    spans = [" ".join(span.split()) for recipe in recipes.RECIPES for span in re.findall(r"`([^`]+)`", recipe.reading + recipe.next)]
    run_all([command.replace(" -i 1s", " -i 50ms") for recipe in recipes.RECIPES for command in recipe.commands] +
            [f"{span} --once" if "--stuck" in span else span for span in spans if re.match(r"tcp(states|rtt) -", span)])


if __name__ == "__main__":
    main(globals(), at_once=3)
