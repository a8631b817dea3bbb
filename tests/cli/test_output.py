#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Output on the real machine: headers, formats and filters."""

import csv
import io
import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time

from cli import (CLIENT_FIRST, Skip, Trace, assert_equal, assert_in, connect_once, free_port, lost, main,
                 need_command, need_root, of_port, states)
from nginx import Nginx, curl
from surroundings import PublicCopy, as_nobody

NARROW = "%-16s %-7s %-10.10s %-15s %-5s %-15s %-5s %-11s -> %-11s %s"
WIDE = "%-16s %-7s %-16s %-2s %-39s %-5s %-39s %-5s %-11s -> %-11s %s"
NARROW_NAMES = ("SKADDR", "PID", "COMM", "LADDR", "LPORT", "RADDR", "RPORT", "OLDSTATE", "NEWSTATE", "MS")
WIDE_NAMES = ("SKADDR", "PID", "COMM", "IP", "LADDR", "LPORT", "RADDR", "RPORT", "OLDSTATE", "NEWSTATE", "MS")


def trace_one(*args, **kwargs):
    """All that is printed while one connection lives, and the server's port."""
    need_root()
    with Trace(*args) as trace:
        port = connect_once(**kwargs)
        assert_equal(trace.stop(), 0, "exit status")
        return trace.out, port


def header(*args):
    return trace_one(*args)[0].split("\n", 1)[0]


def test_header():
    assert_equal(header(), NARROW % NARROW_NAMES, "header")
    assert_equal(header("-o", "text"), NARROW % NARROW_NAMES, "header of -o text")


def test_header_with_time():
    for option in ("-T", "--timestamp", "--time"):
        assert_equal(header(option), "%-8s " % "TIME" + NARROW % NARROW_NAMES, f"header of {option}")


def test_header_with_elapsed():
    for option in ("-t", "--elapsed"):
        assert_equal(header(option), "%-9s " % "TIME(s)" + NARROW % NARROW_NAMES, f"header of {option}")


def test_header_wide():
    for option in ("-w", "--wide"):
        assert_equal(header(option), WIDE % WIDE_NAMES, f"header of {option}")


def test_header_comes_at_once():
    """Not with the first row, which may be hours away."""
    need_root()
    with Trace("-L", free_port()) as trace:
        time.sleep(0.3)
        assert_equal(trace.out, NARROW % NARROW_NAMES + "\n", "output without traffic")
        assert_equal(trace.stop(), 0, "exit status")


def test_rows():
    out, port = trace_one()
    pattern = re.compile(
        r"^(?P<skaddr>[0-9a-f]{16}) (?P<pid>\d+) +python3? +(?P<laddr>\S+) +(?P<lport>\d+) +(?P<raddr>\S+) +(?P<rport>\d+) +"
        r"(?P<old>[A-Z_0-9]+) +-> (?P<new>[A-Z_0-9]+) +(?P<ms>-|\d+\.\d{3})$")
    client = []
    for line in out.splitlines()[1:]:
        match = pattern.match(line)
        if match and match["rport"] == str(port) and match["raddr"] == "127.0.0.1":
            assert_equal(line, NARROW % (match["skaddr"], match["pid"], line[25:35].rstrip(), match["laddr"], match["lport"],
                                         match["raddr"], match["rport"], match["old"], match["new"], match["ms"]), "row")
            client.append((match["old"], match["new"]))
    # the server's end has the same port on the left
    assert_equal([f"{old}>{new}" for old, new in client], CLIENT_FIRST, "the client's transitions")


def test_row_is_printed_while_tracing():
    need_root()
    with Trace("-o", "json") as trace:
        port = connect_once()
        time.sleep(0.5)
        seen = len(of_port(trace.rows(), port))
        assert_equal(seen, 12, "rows half a second after the connection")
        assert_equal(trace.stop(), 0, "exit status")


def test_time_is_the_event_s():
    out, port = trace_one("-T")
    rows = [line for line in out.splitlines()[1:] if re.search(rf"\b{port}\b", line)]
    assert rows, out
    for line in rows:
        assert re.match(r"^\d\d:\d\d:\d\d [0-9a-f]{16} ", line), line
        then = time.strptime(line[:8], "%H:%M:%S")
        now = time.localtime()
        apart = abs((now.tm_hour * 60 + now.tm_min) * 60 + now.tm_sec - (then.tm_hour * 60 + then.tm_min) * 60 - then.tm_sec)
        assert min(apart, 86400 - apart) <= 10, f"{line[:8]} is not now"


def test_csv():
    for args in (["-s"], ["--csv"], ["-o", "csv"], ["-s", "-w"], ["-s", "-T", "-t"]):
        out, port = trace_one(*args)
        rows = list(csv.reader(io.StringIO(out), strict=True))
        names = list(WIDE_NAMES)
        if "-T" in args:
            names = ["TIME", "TIME(s)", *names]
        assert_equal(rows[0], names, f"header of {args}")
        assert_equal({len(row) for row in rows}, {len(names)}, f"fields per row of {args}")
        mine = [row for row in rows[1:] if str(port) in row]
        assert_equal(len(mine), 12, f"rows of {args}")
        assert_equal({row[names.index("IP")] for row in mine}, {"4"}, "IP")


def test_columns():
    out, port = trace_one("-O", "rport,NewState,MS", "-D", str(free_port()))
    assert_equal(out, "%-5s %-11s %s\n" % ("RPORT", "NEWSTATE", "MS"), "header of -O")
    out, port = trace_one("-O", "RPORT,OLDSTATE,NEWSTATE")
    mine = [line.split() for line in out.splitlines() if line.startswith(f"{port} ")]
    assert_equal([f"{row[1]}>{row[-1]}" for row in mine], CLIENT_FIRST, "rows of -O")
    out, port = trace_one("-s", "-O", "LPORT,RPORT,MS")
    assert_equal(out.splitlines()[0], "LPORT,RPORT,MS", "header of -s -O")


def test_every_column():
    need_root()
    result = subprocess.run(["sh", "-c", 'exec "$@" 2>&1', "sh", *Trace("-O", "NOPE").command], stdout=subprocess.PIPE,
                            text=True, timeout=10, check=False)
    names = sorted(set(re.findall(r"\b[A-Z][A-Z()a-z]*[A-Z)]\b\)?", result.stdout.split("NOPE", 1)[1])))
    assert len(names) >= 15, f"columns in {result.stdout!r}"
    names.remove("STATE")  # of --stuck alone
    out, port = trace_one("-s", "-O", ",".join(names))
    rows = list(csv.reader(io.StringIO(out), strict=True))
    assert_equal({len(row) for row in rows}, {len(names)}, "fields per row")
    assert len([row for row in rows if str(port) in row]) == 12, "rows"


def test_json_is_accepted_by_jq():
    """Each line by itself. One jq reads them all: the whole machine's connections are among them."""
    need_command("jq")
    out, port = trace_one("-o", "json")
    subprocess.run(
        ["jq", "-e", "-R", "-s", 'split("\\n") | .[-1] == "" and (.[:-1] | map(fromjson) | all(type == "object") and '
         f'(map(select(.lport == {port} or .rport == {port})) | length == 12 and all(.v == 1 and .type == "transition" and '
         '(.time | test("^[0-9-]{10}T[0-9:]{8}\\\\.[0-9]{6}Z$")) and .family == 4)))'],
        input=out, text=True, stdout=subprocess.DEVNULL, timeout=60, check=True)


def test_json_fields():
    need_root()
    with Trace("-o", "json") as trace:
        port = connect_once()
        assert_equal(trace.stop(), 0, "exit status")
        mine = of_port(trace.rows(), port)
    names = ["v", "type", "time", "cookie", "conn_seq", "skaddr", "pid", "comm", "owner", "uid", "netns", "cgroup_id", "family",
             "laddr", "lport", "raddr", "rport", "oldstate", "newstate", "duration_us", "cause"]
    for row in mine:
        goes_on = row["cause"] == "fin-wait2-orphan"
        sometimes = ["at_least_us"] * goes_on + ["syn_retrans"] * (row["newstate"] == "ESTABLISHED")
        assert_equal(list(row), names[:-1] + sometimes + names[-1:], "fields")
        assert_equal(row["cause"] is None, row["newstate"] != "CLOSE", f"cause of {row}")
        assert_equal(row["uid"], os.getuid(), "uid")
    client = [row for row in mine if row["rport"] == port]
    assert_equal(states(client), CLIENT_FIRST, "the client's transitions")
    assert_equal(len({row["cookie"] for row in client}), 1, "cookies of a connection")
    assert_equal({row["owner"] for row in client}, {"connect"}, "owner")
    times = [row["time"] for row in client]
    assert_equal(times, sorted(times), "times of a socket's rows")


SERVER_LAST = ["LISTEN>SYN_RECV", "SYN_RECV>ESTABLISHED", "ESTABLISHED>CLOSE_WAIT", "CLOSE_WAIT>LAST_ACK", "LAST_ACK>CLOSE"]


def curl_rows(trace, server):
    """Rows of one request's two ends; curl is their only owner but for nginx."""
    pid = curl(server.port)
    pids = server.pids()
    # nginx sees curl's end a moment after curl has gone
    time.sleep(0.3)
    assert_equal(trace.stop(), 0, "exit status")
    everything = trace.rows()
    bystanders = [row for row in everything if row["pid"] == 0 or re.match(r"swapper|ksoftirqd", row["comm"] or "")]
    assert not bystanders, bystanders
    rows = of_port(everything, server.port)
    client = [row for row in rows if row["rport"] == server.port and row["comm"] == "curl"]
    answer = [row for row in rows if client and row["lport"] == server.port and row["rport"] == client[-1]["lport"]]
    assert_equal(states(client), CLIENT_FIRST, "the client's transitions")
    assert_equal({row["pid"] for row in client}, {pid}, "owner of the client's rows")
    assert_equal(states(answer), SERVER_LAST, "the server's transitions")
    assert {row["pid"] for row in answer} <= {None, *pids}, f"{answer} {pids}"
    for row in client[1:] + answer[1:]:
        assert row["duration_us"] is not None and 0 <= row["duration_us"] < 5e6, row
    return client, answer


def test_curl_and_nginx():
    need_root()
    with Trace("-o", "json") as trace, Nginx() as server:
        _, answer = curl_rows(trace, server)
        assert_equal({row["comm"] for row in answer}, {"nginx"}, "owner of the server's rows")


def test_curl_and_nginx_that_was_there_before():
    """Its listener was not seen to begin: the owner may be unknown until nginx is seen to use the socket."""
    need_root()
    with Nginx() as server, Trace("-o", "json") as trace:
        _, answer = curl_rows(trace, server)
        assert {row["comm"] for row in answer} <= {"nginx", None}, answer
        assert_equal(answer[-1]["comm"], "nginx", "owner of the server's last row")


def test_filters_on_ports():
    """A client's whole life, its SYN_SENT with its duration too, and nobody else's."""
    need_root()
    with Nginx() as server, Nginx() as other:
        local = free_port()
        with Trace("-o", "json", "-D", server.port) as remote, Trace("-o", "json", "-L", local) as client, \
                Trace("-o", "json", "-L", f"1,{server.port}-{server.port}") as listener:
            pid = curl(server.port, "--local-port", str(local))
            curl(other.port)
            time.sleep(0.3)
            for trace in (remote, client, listener):
                assert_equal(trace.stop(), 0, "exit status")
            for trace, name in ((remote, "-D"), (client, "-L")):
                rows = trace.rows()
                assert_equal(states(rows), CLIENT_FIRST, f"rows of {name}")
                assert_equal({row["pid"] for row in rows}, {pid}, f"owner of {name}")
                assert rows[1]["duration_us"] is not None, f"SYN_SENT's duration with {name}"
            rows = listener.rows()
            assert_equal({row["lport"] for row in rows}, {server.port}, "ports of -L of a server")
            assert_equal(len(rows), 5, "rows of -L of a server")


def test_filters_on_family():
    need_root()
    try:
        connect_once("::1", socket.AF_INET6)
    except OSError as error:
        raise Skip(f"no IPv6 here: {error}") from None
    with Trace("-4", "-o", "json") as four, Trace("-6", "-o", "json") as six:
        port4 = connect_once()
        port6 = connect_once("::1", socket.AF_INET6)
        mapped = connect_once("::ffff:127.0.0.1", socket.AF_INET6)
        assert_equal((four.stop(), six.stop()), (0, 0), "exit status")
        rows4, rows6 = four.rows(), six.rows()
    assert_equal({row["family"] for row in rows4}, {4}, "families of -4")
    assert_equal({row["family"] for row in rows6}, {6}, "families of -6")
    assert_equal(len(of_port(rows4, port4)), 12, "IPv4 rows of -4")
    assert_equal(len(of_port(rows6, port6)), 12, "IPv6 rows of -6")
    assert_equal(len(of_port(rows4, mapped)), 12, "v4-mapped rows of -4")
    assert_equal(len(of_port(rows6, mapped)), 0, "v4-mapped rows of -6")
    assert_equal({row["laddr"] for row in of_port(rows4, mapped)} - {"0.0.0.0"}, {"127.0.0.1"}, "v4-mapped addresses")


def test_two_instances():
    need_root()
    with Trace("-o", "json") as one, Trace("-o", "json") as two:
        port = connect_once()
        assert_equal((one.stop(), two.stop()), (0, 0), "exit status")
        for trace in (one, two):
            assert_equal(len(of_port(trace.rows(), port)), 12, "rows of an instance")
            assert_equal(lost(trace.err)[0], 0, "lost")


def test_appends_to_a_file():
    """As in >>: what was in the file stays there, and another process that appends meanwhile is not overwritten."""
    need_root()
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"was here\n")
        file.flush()
        with open(file.name, "ab") as end, Trace("-o", "json", stdout=end) as trace:
            port = connect_once()
            time.sleep(0.3)
            end.write(b"another\n")
            end.flush()
            second = connect_once()
            assert_equal(trace.stop(), 0, "exit status")
        lines = pathlib.Path(file.name).read_text().splitlines()
    assert_equal(lines[0], "was here", "first line")
    assert "another" in lines, lines
    rows = [json.loads(line) for line in lines if line.startswith("{")]
    assert_equal(len(rows), len(lines) - 2, "whole rows")
    assert_equal((len(of_port(rows, port)), len(of_port(rows, second))), (12, 12), "rows")


def read_all(descriptor):
    chunks = []
    while True:
        try:
            chunk = os.read(descriptor, 65536)
        except OSError:
            # a terminal whose other end has gone
            chunk = b""
        if not chunk:
            return b"".join(chunks).decode()
        chunks.append(chunk)


def assert_rows_arrive(writer, reader, **kwargs):
    with Trace("-o", "json", stdout=writer, **kwargs) as trace:
        port = connect_once()
        assert_equal(trace.stop(), 0, "exit status")
    # Other connections of the machine may have filled the pipe, which nobody has read so far; these rows came first.
    os.close(writer)
    rows = [json.loads(line) for line in read_all(reader).splitlines()]
    assert_equal(len(of_port(rows, port)), 12, "rows")


def test_stdout_is_a_socket():
    need_root()
    ours, theirs = socket.socketpair()
    with ours:
        assert_rows_arrive(theirs.detach(), ours.fileno())


def test_stdout_is_a_terminal():
    need_root()
    ours, theirs = os.openpty()
    try:
        assert_rows_arrive(theirs, ours)
    finally:
        os.close(ours)


def test_stdout_is_a_pipe_of_another_user():
    """Who may not open the pipe by its name in /proc may still write to it."""
    need_root()
    need_command("setpriv")
    prefix = as_nobody("--inh-caps=+bpf,+perfmon", "--ambient-caps=+bpf,+perfmon")
    reader, writer = os.pipe()
    try:
        with PublicCopy() as tool:
            assert_rows_arrive(writer, reader, tool=tool, prefix=prefix)
    finally:
        os.close(reader)


def test_verbose_goes_to_stderr():
    out, _ = trace_one("-o", "json", "-v")
    assert_in('"v":1', out)
    assert all(line.startswith('{"v":1,') for line in out.splitlines()), out


if __name__ == "__main__":
    main(globals())
