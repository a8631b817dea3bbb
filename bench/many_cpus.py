# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Estimates the cost of tcpstates on many CPUs: arithmetic on figures that were measured on few CPUs.

CPUs write to several ring buffers: CPU n to number n modulo their count (src/bpf/states/ring.bpf.h). One thread reads all
of them, in order of time (src/probe/rings.h). The memory of each socket is on cache lines of its own.
"""

import statistics

import table

MANY = 128
SHOWN = (2, 8, 32, MANY)

# Opened and closed, both ends here, as bench/churn has them.
TRANSITIONS_OF_CONNECTION = 10


class Model:
    """All times in ns. own, shared: number of CPUs to the rounds, with a ring for each CPU and with one for all; rings: what
    bench/rings says."""

    def __init__(self, own, shared, consumer, alone, rings):
        self.few = max(own)
        self.rings_max = rings[0]["rings_max"]
        self.reading = {(one["rings"], one["writers"]): one["median_ns"] for one in rings if one["what"] == "read"}
        self.writing = {one["writers"]: one["median_ns"] for one in rings if one["what"] == "write"}
        self.one = statistics.median(own[1])
        self.handovers = self._handovers(own[1], own[self.few])
        self.ring_handovers = self._handovers(own[self.few], shared[self.few])
        self.handover, self.ring_handover = (max(statistics.median(each), 0) for each in (self.handovers, self.ring_handovers))
        self.consumer = statistics.median(consumer)
        self.alone = statistics.median(alone)

    def _handovers(self, less, more):
        """Of each round: what is shared had been another one of n CPUs' last in (n - 1) of n times. The noise may be more than
        that."""
        return [(dear - cheap) * self.few / (self.few - 1) for cheap, dear in zip(less, more)]

    def rings(self, cpus):
        """A power of two; so many that each CPU has one, and rings_max at most."""
        return min(self.rings_max, 1 << cpus.bit_length() - 1)

    def program(self, cpus):
        """Of a transition in the kernel, when nobody waits for a ring's lock."""
        in_ring = cpus / self.rings(cpus)
        return self.one + self.handover * (cpus - 1) / cpus + self.ring_handover * (in_ring - 1) / in_ring

    def ring_use(self, cpus):
        """Part of the time in which CPUs that do nothing but make transitions write to a ring; 1 is as much as it takes."""
        record = self.writing[1 if cpus <= self.rings(cpus) else max(self.writing)]
        return cpus / self.rings(cpus) * record / (self.alone + self.program(cpus))

    def made_per_s(self, cpus):
        return cpus * 1e9 / (self.alone + self.program(cpus)) / max(self.ring_use(cpus), 1)

    def row(self, cpus, writers=None):
        """Of the reading thread: to find the oldest record it looks at all rings."""
        rings, few = self.rings(cpus), self.rings(self.few)
        return self.consumer + self.reading[rings, writers or rings] - self.reading[few, few]

    def printed_per_s(self, cpus):
        return 1e9 / self.row(cpus)


def _million(value):
    return f"{value / 1e6:.2f}"


def _table(model):
    rows = []
    for cpus in SHOWN:
        made, printed = model.made_per_s(cpus), model.printed_per_s(cpus)
        rows.append([cpus, model.rings(cpus), f"{model.program(cpus):.0f}", f"{100 * model.ring_use(cpus):.0f} %", _million(made),
                     f"{model.row(cpus):.0f}", _million(printed), f"{100 * min(1, printed / made):.0f} %"])
    return table.markdown(["CPUs", "rings", "programs, ns per transition", "time in which a ring is written to",
                           "made, millions a second", "reading thread, ns per row", "printed at most, millions a second",
                           "printed"], rows)


def _kernel(model):
    most, few, in_ring = model.rings_max, model.few, MANY // model.rings_max
    return (
        f"- In the kernel a transition takes {model.one:.0f} ns while one CPU works, and {table.span(model.handovers, 0)} ns more "
        "whenever what CPUs share all the same was another one's last. In a ring that CPUs share it is "
        f"{table.span(model.ring_handovers, 0)} ns more whenever another one has written last (`--buffer-size 1M` makes the "
        f"{few} CPUs of this machine share one: {(few - 1) / few:.0%} of the time; on {MANY} there are {in_ring} to each of "
        f"{most} rings: {(in_ring - 1) / in_ring:.0%}), and as long as another one writes. (Less than 0 is noise, and nothing "
        "in the estimate.)\n"
        f"- A ring takes a record every {model.writing[1]:.0f} ns from one CPU that does nothing else (`bench/rings`), and one "
        f"every {model.writing[max(model.writing)]:.0f} ns from {max(model.writing)}, which wait for its lock and for each "
        "other's cache lines.\n")


def _reader(model):
    most, connections = model.rings_max, model.printed_per_s(MANY) / TRANSITIONS_OF_CONNECTION
    return (
        f"- The reading thread takes {model.consumer:.0f} ns for a row here. Of that, to find and read the oldest record takes "
        f"{model.reading[1, 1]:.0f} ns with one ring, {model.reading[most, most]:.0f} ns with {most} that all have some, and "
        f"{model.reading[most, 1]:.0f} ns with {most} of which one has. On {MANY} CPUs a row takes {model.row(MANY):.0f} ns: at "
        f"most {_million(model.printed_per_s(MANY))} million rows a second, or {connections:.0f} connections opened and closed "
        f"({TRANSITIONS_OF_CONNECTION} transitions, both ends here), {connections / MANY:.0f} on each CPU. What is more than "
        "that finds no room in the rings and is counted as lost; what lets less into them (a scope, `-c`, `--summary`) moves "
        "this limit by as much.\n")


def estimate(own, shared, consumer, alone, rings):
    if max(own) == 1:
        return "No estimate for many CPUs: this machine has one.\n\n"
    model = Model(own, shared, consumer, alone, rings)
    return (
        f"### {MANY} CPUs: an estimate\n\n"
        "Arithmetic on the above (`bench/many_cpus.py`), for `tcpstates` that prints every transition as text. CPUs write to a "
        f"ring of their own, or, where there are more than {model.rings_max}, take turns with {model.rings_max}; one thread "
        "reads these in the order of time; what is remembered of a socket is on cache lines of its own.\n\n"
        f"{_kernel(model)}{_reader(model)}\n"
        f"CPUs that do nothing but open and close connections, a transition each {model.alone / 1e3:.2f} us untraced:\n\n"
        f"{_table(model)}\n"
        "Where a cache line has a longer way than between the CPUs of this machine, as between two sockets, what they share "
        "costs more.\n\n")
