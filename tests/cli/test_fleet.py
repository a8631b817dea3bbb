#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Records of a fleet (--fleet): each has its host, its boot, its run and its number; a real PostgreSQL answers the questions."""

import json
import pathlib
import socket
import subprocess

from cli import ROOT, RTT_TOOL, Trace, assert_equal, assert_in, connect_once, main, need_command, need_root, run
from exporter import free_low_port
from postgresql import Postgres
from test_exporter import close_client_first, exchange, listen, reset_by_client


def boot_id():
    return pathlib.Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def check_numbers(rows):
    assert rows, "no records"
    for number, row in enumerate(rows):
        assert_equal((row["host"], row["boot_id"], row["seq"]), (socket.gethostname(), boot_id(), number), "identity")
    assert_equal(len({row["run"] for row in rows}), 1, "runs")


def test_each_kind():
    """Transitions, connections, summaries and round-trip times."""
    need_root()
    runs = set()
    for args in ((), ("-c",), ("--summary",), ("--names",)):
        with Trace("-o", "json", "--fleet", *args) as trace:
            connect_once()
            assert_equal(trace.stop(), 0, "exit status")
            check_numbers(trace.rows())
            runs.add(trace.rows()[0]["run"])
    with Trace("-o", "json", "--fleet", "--by", "raddr", tool=RTT_TOOL) as trace:
        connect_once()
        assert_equal(trace.stop(), 0, "exit status")
        check_numbers(trace.rows())
    assert_equal(len(runs), 4, "each run has its own number")


def test_only_json():
    for tool in ("tcpstates", "tcprtt"):
        result = run("--fleet", tool=str(ROOT / "build" / tool))
        assert_equal(result.returncode, 2, "exit status")
        assert_in("--fleet is for JSON; add -o json", result.stderr)


def test_sql_files():
    """They are what the script writes from the manual."""
    for database in ("clickhouse", "duckdb", "postgres"):
        written = subprocess.run([ROOT / "dist/make-sql", database], stdout=subprocess.PIPE, text=True, check=True).stdout
        assert_equal((ROOT / f"dist/{database}.sql").read_text(encoding="utf-8"), written, f"dist/{database}.sql")


def test_fields():
    """The tables have every field that tcpstates writes."""
    need_root()
    sql = (ROOT / "dist/postgres.sql").read_text(encoding="utf-8")
    for table, args in (("tcp_connections", ("-c",)), ("tcp_transitions", ())):
        with Trace("-o", "json", "--fleet", "--names", *args) as trace:
            connect_once()
            assert_equal(trace.stop(), 0, "exit status")
            rows = trace.rows()
        definition = sql.split(f"CREATE TABLE {table} (")[1].split(");")[0]
        columns = {line.split()[0] for line in definition.strip().splitlines()}
        for row in rows:
            assert_equal(set(row) - columns, set(), f"fields that {table} lacks")


def test_postgres():
    """Records in a real database: the views give the counts of the traffic, and find lost records."""
    need_root()
    need_command("pg_ctlcluster")
    port = free_low_port()
    with listen(port) as listener, Trace("-c", "-o", "json", "--fleet", "--names") as trace:
        for i in range(100):
            (close_client_first if i % 4 else reset_by_client)(*exchange(listener, port))
        with socket.socket() as refused:
            assert refused.connect_ex(("127.0.0.1", free_low_port())), "not refused"
        assert_equal(trace.stop(), 0, "exit status")
        text = trace.out
    with Postgres() as database:
        database.sql((ROOT / "dist/postgres.sql").read_text(encoding="utf-8"))
        database.load("tcp_lines", text)
        database.sql("INSERT INTO tcp_connections SELECT (jsonb_populate_record(NULL::tcp_connections, line)).* FROM tcp_lines;")
        own = f"lport = {port} OR rport = {port}"
        assert_equal(database.sql(f"SELECT count(*) FROM tcp_connections WHERE {own};"), "200", "records")
        assert_equal(database.sql(f"SELECT sum(bytes_sent) FROM tcp_connections WHERE {own};"), str(100 * 6000), "bytes")
        for cause, count in (("fin-local", 75), ("fin-remote", 75), ("aborted", 25), ("reset-received", 25)):
            query = f"SELECT count(*) FROM tcp_connections WHERE cause = '{cause}' AND ({own});"
            assert_equal(database.sql(query), str(count), cause)
        assert_equal(database.sql("SELECT sum(connections) FROM tcp_why_ended;"), str(len(text.splitlines())), "the first question")
        assert int(database.sql("SELECT sum(connections) FROM tcp_refused;")) >= 1
        for view in ("timeouts", "traffic", "retransmissions", "far_peers", "longest", "unread", "per_minute"):
            database.sql(f"SELECT * FROM tcp_{view} LIMIT 10;")
        assert_equal(database.sql("SELECT count(*) FROM tcp_missing;"), "0", "lost records")
        database.sql("DELETE FROM tcp_connections WHERE seq IN (3, 5);")
        assert_equal(database.sql("SELECT records FROM tcp_missing;"), "2", "records that were lost on their way")
        first = json.loads(text.splitlines()[0])
        assert_equal(database.sql("SELECT states_us->>'ESTABLISHED' IS NOT NULL FROM tcp_connections WHERE seq = 0;"),
                     "t" if "ESTABLISHED" in first["states_us"] else "f", "a map")


if __name__ == "__main__":
    main(globals())
