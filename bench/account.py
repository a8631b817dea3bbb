# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Compares the events that a load caused with the rows that a tool printed and the losses that it reported.

A round is a dict. "observer" is the tool. "expected" and "printed" count events of the load. "reported_lost" counts all
events that the tool reported as lost. At most "others_at_most" of these are events of others (0 without that key). At
most "hidden_at_most" events of the load were hidden from BPF by the machine.
"""

import table

HEADER = ["observer", "expected", "printed", "reported lost", "of it others'", "hidden by the machine", "unaccounted for"]

LEGEND = """
Others' are the losses reported beyond the load's events, as far as the kernel's own log has events of others that were not
printed. Hidden by the machine: of what is neither printed nor reported, what happened on a thread of PID 1, where one machine's
kernel runs no BPF program. Unaccounted for: the rest; with a `+`, what was printed or reported beyond all that happened. (A perf
buffer, as libbpf-tools has, tells of a loss with the next event that finds room: what is lost after the last of these, never.)
"""


def by_observer(rounds):
    found = {}
    for one in rounds:
        found.setdefault(one["observer"], []).append(one)
    return found


def _missing(one):
    return one["expected"] - one["printed"] - one["reported_lost"]


def _hidden(one):
    return max(0, min(_missing(one), one["hidden_at_most"]))


def _others(one):
    return max(0, min(-_missing(one), one.get("others_at_most", 0)))


def _rest(one):
    return _missing(one) - _hidden(one) + _others(one)


def unaccounted(rounds):
    """In either direction: of two rounds, one too many does not make up for one too few."""
    return sum(abs(_rest(one)) for one in rounds)


def goal(name, found):
    """Printed or counted, all of it."""
    what = f"{name}: neither printed nor counted"
    return table.at_most(what, unaccounted(found[name]), 0, 0) if name in found else table.unknown(what, "it did not run")


def row(name, rounds):
    few, many = (sum(max(0, sign * _rest(one)) for one in rounds) for sign in (1, -1))
    return [name, *(sum(one[key] for one in rounds) for key in ("expected", "printed", "reported_lost")),
            sum(map(_others, rounds)), sum(map(_hidden, rounds)), f"{few}" + (f", +{many}" if many else "")]
