#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Records of a fleet (--fleet): each has its host, its boot, its run and its number; a real PostgreSQL answers the questions."""

import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile

from cli import ROOT, RTT_TOOL, Skip, Trace, assert_equal, assert_in, connect_once, main, need_command, need_root, of_port, run
from exporter import free_low_port
from postgresql import Postgres
from test_exporter import close_client_first, exchange, listen, reset_by_client


INSTALL_LIMIT_S = 60


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


class Traffic:
    """Connections with known ends, and one that stays open, and what tcpstates printed of them."""

    def __init__(self):
        need_root()
        self.port = free_low_port()
        with listen(self.port) as listener, Trace("-c", "--every", "1h", "-o", "json", "--fleet", "--names") as trace:
            held = exchange(listener, self.port)
            for i in range(100):
                (close_client_first if i % 4 else reset_by_client)(*exchange(listener, self.port))
            with socket.socket() as refused:
                assert refused.connect_ex(("127.0.0.1", free_low_port())), "not refused"
            assert_equal(trace.stop(), 0, "exit status")
            self.text = trace.out
            own = of_port(trace.rows(), self.port)
            assert_equal((len(own), sum(row["final"] for row in own)), (202, 200), "records of the traffic, two of them parts")
            for end in held:
                end.close()

    def questions(self):
        """(query, answer), each one number, in the words of all three databases."""
        own = f"(lport = {self.port} OR rport = {self.port})"
        records = [json.loads(line) for line in self.text.splitlines()]
        records = [record for record in records if record["final"]]
        rows = len(records)
        yield f"SELECT count(*) FROM tcp_connections WHERE {own}", 202
        yield f"SELECT count(*) FROM tcp_connections WHERE {own} AND final", 200
        yield f"SELECT sum(bytes_sent) FROM tcp_connections WHERE {own} AND final", 100 * 6000
        yield f"SELECT sum(bytes_sent) FROM tcp_connections WHERE {own} AND NOT final", 6000
        for cause, count in (("fin-local", 75), ("fin-remote", 75), ("aborted", 25), ("reset-received", 25)):
            yield f"SELECT count(*) FROM tcp_connections WHERE cause = '{cause}' AND {own}", count
        yield "SELECT sum(connections) FROM tcp_why_ended", rows
        yield "SELECT sum(connections) FROM tcp_per_minute", rows

        def groups(fields, has):
            return len({tuple(record[field] for field in fields) for record in records if has(record)})

        yield "SELECT count(*) FROM tcp_refused", groups(("raddr", "rport", "comm"), lambda record: record["cause"] == "refused")
        yield "SELECT count(*) FROM tcp_timeouts", groups(("raddr", "rport", "cause"), lambda record: "timeout" in record["cause"])
        yield "SELECT sum(sent) FROM tcp_traffic", sum(record["bytes_sent"] for record in records)
        yield "SELECT sum(received) FROM tcp_traffic", sum(record["bytes_received"] for record in records)
        yield "SELECT count(*) FROM tcp_retransmissions", groups(("raddr",), lambda record: record["retransmits"])
        yield "SELECT count(*) FROM tcp_far_peers", groups(("raddr",), lambda record: record["srtt_us"] is not None)
        yield "SELECT count(*) FROM tcp_longest", sum(record["total_us"] is not None for record in records)
        yield "SELECT count(*) FROM tcp_unread", groups(("host", "comm"), lambda record: record["cause"] == "unread-data")
        yield "SELECT count(*) FROM tcp_missing", 0


def tables(database):
    return (ROOT / f"dist/{database}.sql").read_text(encoding="utf-8")


def statements_of(text):
    return [part.strip() for part in re.sub(r"^--.*$", "", text, flags=re.MULTILINE).split(";") if part.strip()]


def test_postgres():
    """A PostgreSQL server: the views give the counts of the traffic, and find records that were lost on their way."""
    need_command("pg_ctlcluster")
    traffic = Traffic()
    with Postgres() as database:
        database.sql(tables("postgres"))
        database.load("tcp_lines", traffic.text)
        database.sql("INSERT INTO tcp_connections SELECT record.* FROM tcp_lines,"
                     " jsonb_populate_record(NULL::tcp_connections, line) AS record;")
        for query, answer in traffic.questions():
            assert_equal(float(database.sql(f"{query};")), float(answer), query)
        first = json.loads(traffic.text.splitlines()[0])
        assert_equal(database.sql("SELECT states_us->>'ESTABLISHED' IS NOT NULL FROM tcp_connections WHERE seq = 0;"),
                     "t" if "ESTABLISHED" in first["states_us"] else "f", "a map")
        database.sql("DELETE FROM tcp_connections WHERE seq IN (3, 5);")
        database.sql("INSERT INTO tcp_connections SELECT * FROM tcp_connections WHERE seq = 6;")  # twice, by a shipper that tries again
        database.sql("DELETE FROM tcp_connections WHERE seq < 2;")  # too old
        assert_equal(database.sql("SELECT records FROM tcp_missing;"), "2", "records that were lost on their way")


def installed(*packages):
    """A folder with these packages of npm in node_modules, installed once."""
    need_command("node")
    need_command("npm")
    package = " ".join(packages)
    folder = ROOT / ".cache/npm" / packages[0].replace("/", "_")
    if not (folder / "node_modules").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--fetch-retries=0", "--prefix", folder, *packages]
        try:
            result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                    timeout=INSTALL_LIMIT_S, check=False)
        except subprocess.TimeoutExpired:
            raise Skip(f"npm does not install {package} within {INSTALL_LIMIT_S} s") from None
        if result.returncode:
            raise Skip(f"npm cannot install {package}: {(result.stdout.strip().splitlines() or ['no word why'])[-1]}")
    return folder


def ask_in_process(kind, package, load):
    """DuckDB or ClickHouse, in a process of node. `load`: the statement that loads a file."""
    folder, traffic = installed(package), Traffic()
    with tempfile.TemporaryDirectory() as data:
        path = pathlib.Path(data, "connections.json")
        path.write_text(traffic.text, encoding="utf-8")
        questions = list(traffic.questions())
        statements = [*statements_of(tables(kind)), load.format(path=path), *(query for query, _ in questions)]
        result = subprocess.run(["node", ROOT / "tests/cli/database.mjs", kind, folder, data], input=json.dumps(statements),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=80, check=False)
        assert_equal(result.returncode, 0, result.stderr[-1000:])
        answers = [json.loads(line) for line in result.stdout.splitlines()][-len(questions):]
        for (query, answer), rows in zip(questions, answers):
            assert_equal(float(rows[0][0]), float(answer), query)


def test_duckdb():
    ask_in_process("duckdb", "@duckdb/node-api",
                   "INSERT INTO tcp_connections BY NAME SELECT * FROM read_json_auto('{path}', format = 'newline_delimited')")


def test_clickhouse():
    """In `./check fleet` only: the package has half a GiB."""
    if "TCPVITALS_FLEET" not in os.environ:
        raise Skip("only in ./check fleet, which installs chdb")
    ask_in_process("clickhouse", "chdb",
                   "INSERT INTO tcp_connections SELECT * FROM file('{path}', 'JSONEachRow') SETTINGS "
                   "input_format_skip_unknown_fields = 1, date_time_input_format = 'best_effort'")


def test_dashboard_schema():
    """Grafana's own types know each field of the dashboard, its panels and its queries, and the dashboard lacks none."""
    folder = installed("@grafana/schema@10.4.2", "typescript@5")
    source = (ROOT / "tests/cli/dashboard.ts").read_text(encoding="utf-8")
    dashboard = (ROOT / "dist/grafana/tcpvitals.json").read_text(encoding="utf-8")
    (folder / "dashboard.ts").write_text(source.replace("DASHBOARD", dashboard), encoding="utf-8")
    command = ["node", "node_modules/typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module",
               "es2022", "--moduleResolution", "bundler", "dashboard.ts"]
    result = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    assert_equal(result.returncode, 0, result.stdout[:1000])


if __name__ == "__main__":
    main(globals())
