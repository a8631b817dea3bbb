#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A real PostgreSQL under pgbench: the postmaster accepts, and a backend process of its own owns each connection."""

import collections

from cli import RTT_TOOL, Trace, assert_equal, assert_in, main, need_root, wait_until
from postgresql import CLIENTS, TRANSACTIONS, Postgres
from this_machine import machine_refuses, need_seeding


def test_pgbench():
    need_root()
    need_seeding()
    with Postgres() as server, Trace("-c", "-o", "json", "-L", server.port) as connections, \
            Trace("-o", "json", "-L", server.port) as rows, \
            Trace("-o", "json", "-p", server.port, "--by", "pid", tool=RTT_TOOL) as by_pid:
        server.bench()
        backends = server.backends()
        # pgbench looks at the server before, over a connection of its own
        busy = set(backends.values())
        wait_until(lambda: len(connections.rows()) >= len(backends), 5, "the ends of all connections")
        for trace in (connections, rows, by_pid):
            assert_equal(trace.stop(), 0, f"exit status: {trace.err}")
        assert CLIENTS <= len(busy) <= CLIENTS + 1 and server.process.pid not in busy, backends
        told = collections.Counter()
        for row in connections.rows():
            assert_equal(row["pid"], backends[row["rport"]], f"owner at the end: {row}")
            told[str(row["pid"])] += row["rtt_samples"]
        for row in rows.rows():
            if row["owner"] not in ("listener", "accept") and row["rport"]:
                assert_equal(row["pid"], backends[row["rport"]], f"owner of a row: {row}")
        counted = {row["key"]: row["count"] for row in by_pid.rows()}
        print(f"  postmaster {server.process.pid}, tcpstates {dict(told)}, tcprtt {counted}")
        # where the accept itself is seen, the postmaster has what comes before the backend's first read
        early = 0 if machine_refuses("fexit") and machine_refuses("kretprobe") else 2
        assert counted.pop(str(server.process.pid), 0) <= early * len(backends), "samples of the postmaster"
        assert_equal(set(counted), set(told), "processes with samples, against tcpstates")
        for pid, count in counted.items():
            assert told[pid] - early <= count <= told[pid], (pid, counted, told)
        assert_equal(len([count for count in counted.values() if count >= TRANSACTIONS - early]), CLIENTS, "backends of clients")
        assert_in("lost 0 of", by_pid.err)


if __name__ == "__main__":
    main(globals())
