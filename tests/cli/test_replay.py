#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpstates --replay: a recording prints what the live run printed, without any rights; damaged input; streams."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time

from cli import (END_LIMIT_S, ROOT, TOOL, Trace, assert_equal, assert_in, connect_once, free_port, main,
                 need_command, need_root, run, wait_until)
from commands import read_rows
from surroundings import PublicCopy, as_nobody, folder
from test_retransmits import Full

READ_BACK = ROOT / "build/tests/unit/replay/record"
# Two tools see an event at moments of their own, so their times differ. tests/unit/replay/record.c compares times.
NAMED = "CGPATH,UNIT,CONTAINER,POD,NETNSNAME"
SOCKET = "SKADDR,SEQ,PID,COMM,OWNER,UID,CGROUP,NETNS,IP,LADDR,LPORT,RADDR,RPORT"
TRANSITIONS = f"{SOCKET},OLDSTATE,NEWSTATE,SYNRETRANS,CAUSE,{NAMED}"
CONNECTIONS = f"{SOCKET},OLDSTATE,ROLE,TX,RX,SEGS_OUT,SEGS_IN,RETRANS,LOST,CONGESTION,CWND,SSTHRESH,MSS,OPTIONS,CAUSE,FINAL,{NAMED}"
# On the CI machine, BPF programs miss what happens in a softirq on top of PID 1, each tool other events.
TRIES = 4

TRANSITION = {
    "v": 1, "type": "transition", "time": "2026-11-22T12:31:49.123456Z", "cookie": 4711, "conn_seq": 0, "skaddr": "ffff888102a1e5c0",
    "pid": 2607, "comm": "curl", "owner": "connect", "uid": 1000, "netns": 4026531840, "cgroup_id": 1, "family": 4,
    "laddr": "127.0.0.1", "lport": 55106, "raddr": "127.0.0.1", "rport": 80, "oldstate": "SYN_SENT", "newstate": "ESTABLISHED",
    "duration_us": 1373.5, "syn_retrans": 0, "cause": None}
ROW = "ffff888102a1e5c0 2607    curl       127.0.0.1       55106 127.0.0.1       80    SYN_SENT    -> ESTABLISHED 1.374\n"


def line(**members):
    return json.dumps({**TRANSITION, **members}, separators=(",", ":")) + "\n"


class Recording:
    """A file with this text, for `with`: its path."""

    def __init__(self, text=""):
        self.text = text

    def __enter__(self):
        self.file = tempfile.NamedTemporaryFile("w", suffix=".json")
        self.file.write(self.text)
        self.file.flush()
        return self.file.name

    def __exit__(self, *_):
        self.file.close()


def replay(path, *args, status=0, said="", **kwargs):
    result = run("--replay", path, *args, **kwargs)
    assert_equal((result.returncode, result.stderr), (status, said), f"--replay {args}: {result.stdout[-300:]}")
    return result.stdout


def fed(text, *args):
    """The result of a replay of standard input."""
    return subprocess.run([TOOL, "--replay", "-", *args], input=text.encode() if isinstance(text, str) else text,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20, check=False)


def check_real(kind, scope, columns, traffic, recording=()):
    """A recording, while other tools print the same traffic in the other formats. `traffic` gets a function that says what was
    recorded. `columns` have no times."""
    ways = [(*kind, *scope), (*kind, *scope, "-o", "csv", "-O", columns), (*kind, *scope, "-w", "-O", columns)]
    for attempt in range(TRIES):
        with Recording() as path, Trace(*kind, *scope, "-o", "json", "--names", "--services", "--out", path, *recording) as trace:
            live = [Trace(*way) for way in ways]
            for one in live:
                one.__enter__()
            try:
                traffic(lambda: text_of(path))
                for one in (trace, *live):
                    assert_equal(one.stop(), 0, f"exit status: {one.err}")
                printed = [one.out for one in live]
            finally:
                for one in live:
                    one.__exit__()
            rows = text_of(path)
            assert rows, trace.err
            shown = [replay(path, *way) for way in ways]
            assert_equal(replay(path, *kind, "-o", "json"), rows, "JSON")
            check_read_back(rows)
            if "MS" in printed[0]:
                printed[0], shown[0] = without_ms(printed[0]), without_ms(shown[0])
            # Each CPU has its ring buffer: only within a CPU is the order the same.
            if [sorted(text.splitlines()) for text in shown] == [sorted(text.splitlines()) for text in printed]:
                return rows
    for got, expected in zip(shown, printed):
        assert_equal(sorted(got.splitlines()), sorted(expected.splitlines()), f"{kind} after {attempt + 1} tries")
    return rows


def check_read_back(rows):
    """The structs made of real rows print the same JSON again, so nothing that the printers use was lost."""
    of_rows = "".join(one + "\n" for one in rows.splitlines() if json.loads(one)["type"] in ("transition", "connection", "retransmission"))
    with Recording(of_rows) as path:
        result = subprocess.run([READ_BACK, path], stdout=subprocess.PIPE, text=True, timeout=20, check=False)
        assert_equal((result.returncode, result.stdout), (0, f"{len(of_rows.splitlines())} rows\n"), "read back")


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def without_ms(text):
    """Of the default columns."""
    at = text.splitlines()[0].split().index("MS") - len(text.splitlines()[0].split())
    kept = []
    for row in text.splitlines():
        words = row.split()
        del words[at]
        kept.append(" ".join(words))
    return "\n".join(kept)


def connect_often(_):
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        for _ in range(5):
            connect_once(host, family)


def test_transitions():
    need_root()
    rows = check_real((), ("--pid", os.getpid()), TRANSITIONS, connect_often)
    assert len(rows.splitlines()) > 100, rows


def test_a_moment_is_told_once():
    """SINCE shows the time of the row before, to the last digit, as in a live run."""
    need_root()
    with Recording() as path, Trace("--pid", os.getpid(), "-o", "json", "--out", path) as trace:
        connect_often(None)
        assert_equal(trace.stop(), 0, "exit status")
        rows = [row.split(",") for row in replay(path, "-s", "-O", "TIMESTAMP,SKADDR,OLDSTATE,NEWSTATE,SINCE").splitlines()[1:]]
    before, checked = {}, 0
    for now, skaddr, old, new, since in rows:
        if since and before.get(skaddr, ("",))[0] == old and old not in ("SYN_RECV", "LISTEN"):
            assert_equal(since, before[skaddr][1], f"SINCE of {skaddr} in {old}")
            checked += 1
        before[skaddr] = new, now
    assert checked > 20, rows


def test_connections():
    need_root()
    check_real(("-c",), ("--pid", os.getpid()), CONNECTIONS, connect_often)


def test_retransmissions():
    need_root()
    with Full() as full:

        def connect(recorded):
            full.connect()
            wait_until(lambda: f'"rport":{full.port},' in recorded(), 10, "nothing was sent again")
            time.sleep(0.1)

        check_real(("--retransmits",), ("-D", full.port), f"{SOCKET},STATE,KIND,SEQNO,BYTES,SEGS,RETRANS,{NAMED}", connect)


def test_scope():
    """The options choose as in the kernel: here by what a row shows."""
    need_root()
    port, other = free_port(), free_port()
    with Recording() as path, Trace("--pid", os.getpid(), "-o", "json", "--names", "--out", path) as trace:
        connect_once(port=port)
        connect_once("::1", socket.AF_INET6, other)
        assert_equal(trace.stop(), 0, "exit status")
        rows = read_rows(path)
        cgroup = next(row["cgroup"] for row in rows if row["cgroup"])
        for args, chosen in (
                (("-L", port), lambda row: row["lport"] == port),
                (("-D", f"!{port}"), lambda row: row["rport"] != port),
                (("-6",), lambda row: row["family"] == 6),
                (("--raddr", "127.0.0.0/8"), lambda row: row["raddr"].startswith("127.")),
                (("--state", "FIN_WAIT2"), lambda row: "FIN_WAIT2" in (row["oldstate"], row["newstate"])),
                (("--cause", "time-wait"), lambda row: row["cause"] == "time-wait"),
                (("--comm", "nobody*"), lambda row: False),
                (("--pid", f"!{os.getpid()}"), lambda row: False),
                (("--cgroup", cgroup), lambda row: row["cgroup"] == cgroup),
                (("--cgroup", os.path.dirname(cgroup) or "/", "-L", port), lambda row: row["lport"] == port),
                (("--cgroup", f"!{cgroup}"), lambda row: False),
                (("--netns", f"/proc/{os.getpid()}/ns/net"), lambda row: True),
                (("--min-duration", "1us"), lambda row: (row["duration_us"] or row.get("at_least_us", 0)) >= 1)):
            if cgroup == "/" and args[0] == "--cgroup":
                continue
            result = run("--replay", path, "-o", "json", *args)
            assert_equal(result.returncode, 0, f"{args}: {result.stderr}")
            first, *shown, last = [json.loads(row) for row in result.stdout.splitlines()]
            assert_equal([first["type"], shown, last["type"]], ["start", [row for row in rows if chosen(row)], "end"], args)


def test_without_rights():
    """No root, and no kernel that could run programs."""
    need_root()
    with PublicCopy() as copy, Recording(line()) as path:
        os.chmod(path, 0o644)
        result = run("--replay", path, tool=copy, prefix=as_nobody())
        assert_equal((result.returncode, result.stderr), (0, ""), "a replay by nobody")
        assert_in(ROW, result.stdout)


def test_names():
    """They are shown where they were asked for, as in a live run."""
    named = line(cgroup="/system.slice/a b.service", unit="a b.service", systemd_unit="a b.service", container=None, pod=None,
                 netns_name="blue", lservice=None, rservice="http")
    with Recording(named) as path:
        assert_in(ROW, replay(path))
        assert_in(ROW.replace(" 80    ", " http  "), replay(path, "--services"))
        assert_equal(replay(path, "-O", "PID,UNIT,NETNSNAME,CGPATH", "-s"),
                     "PID,UNIT,NETNSNAME,CGPATH\n2607,a b.service,blue,/system.slice/a b.service\n", "csv")
    with Recording(line()) as path:
        replay(path, "-O", "PID,UNIT", said="tcpstates: 1 row has no names; record with --names or --services to have them\n")
    with Recording(line() * 2) as path:
        replay(path, "-O", "PID,UNIT", said="tcpstates: 2 rows have no names; record with --names or --services to have them\n")


def test_json_is_carried_through():
    """Members, values and lines that a newer version has. Rows of another type are another run's."""
    new = line(new={"a": [1, "\u00e4", None]}, lport=1)
    notes = '{"v":1,"type":"start","host":"x"}\n', '{"v":1,"type":"moon","phase":3}\n', '{"v":1,"type":"end","rows":1}\n'
    text = notes[0] + new + '{"v":1, "type":"sum"}\n' + notes[1] + line(lport=2).replace('","', '" , "') + notes[2]
    with Recording(text) as path:
        assert_equal(replay(path, "-o", "json", "-L", "1"), notes[0] + new + notes[1] + notes[2], "JSON")
        assert_equal(len(replay(path).splitlines()), 3, "text: header and two rows")
        assert_equal(replay(path, "-s", "-O", "LPORT"), "LPORT\n1\n2\n", "CSV")


def test_parts():
    """Parts belong to --every, as in a live run."""
    need_root()
    with Recording() as path, Trace("-c", "--every", "0.2", "--pid", os.getpid(), "-o", "json", "--out", path) as trace:
        with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
            with listener.accept()[0]:
                wait_until(lambda: '"final":false' in text_of(path), 10, "no part")
            client.close()
        wait_until(lambda: text_of(path).count('"final":true') == 2, 10, "no end")
        assert_equal(trace.stop(), 0, "exit status")
        rows = text_of(path)
        check_read_back(rows)
        assert_equal(replay(path, "-c", "--every", "1", "-o", "json"), rows, "with parts")
        finals = "".join(row + "\n" for row in rows.splitlines() if '"final":false' not in row)
        assert_equal(replay(path, "-c", "-o", "json"), finals, "without parts")
        assert_equal(replay(path, "-c", "--every", "1", "-s", "-O", "FINAL").count("false"), rows.count('"final":false'), "text")
        with Recording("".join(row + "\n" for row in rows.splitlines() if '"final":false' in row)) as parts:
            count = rows.count('"final":false')
            replay(parts, "-c", status=1, said=f"tcpstates: {parts} has no connections; it has: {count} connection part"
                   f"{'s' * (count > 1)} (add --every TIME)\n")


def test_damaged():
    """Each fault once, with file and line; the rest goes on."""
    good = line()
    text = (good + "junk\x1b[31m\n" * 3 + line(lport=70000) * 2 + line(raddr="::1") + good.replace('"v":1', '"v":1,"v":1') +
            line(comm="x" * 70000) + '{"v":1}\n' + good[:100])
    with Recording(text) as path:
        said = (f"tcpstates: {path}, line 2: not JSON behind byte 1: invalid char in json text.\n"
                f'tcpstates: {path}, line 5: lport "70000": not a number from 0 to 65535\n'
                f'tcpstates: {path}, line 7: raddr "::1": not an IPv4 address\n'
                f'tcpstates: {path}, line 8: member "v": it is there twice\n'
                f"tcpstates: {path}, line 9: longer than 65535 bytes, which no row is\n"
                f'tcpstates: {path}, line 10: member "type": it is missing\n'
                f"tcpstates: {path}, line 11: cut off: the last line has no end\n"
                f"tcpstates: {path}: 10 damaged lines of 11 were left out\n")
        assert_equal(replay(path, status=1, said=said).splitlines(keepends=True)[1:], [ROW], "the good row")
        assert_equal(replay(path, "-o", "json", status=1, said=said), good, "JSON")
    result = fed(b"\xff\xfe\x00\n" + good.encode())
    assert_equal(result.returncode, 1, "exit status")
    assert_in("standard input: 1 damaged line of 2 was left out\n", result.stderr.decode())
    assert_in(ROW, result.stdout.decode())
    # The last line needs no newline when it is whole.
    assert_equal((fed(good.rstrip()).returncode, fed(good.rstrip(), "-o", "json").stdout.decode()), (0, good), "no newline")


def test_compressed():
    """As --out FILE.zst writes it, from a file and from a pipe; frames that are damaged, or cut off."""
    need_command("zstd")
    text = "".join(line(lport=port) for port in range(1, 2001))
    ports = "LPORT\n" + "".join(f"{port}\n" for port in range(1, 2001))
    with Recording(text) as plain, folder() as path:
        packed = path / "rows.zst"
        subprocess.run(["zstd", "-q", plain, "-o", packed], check=True)
        data = packed.read_bytes()
        assert_equal(replay(packed, "-s", "-O", "LPORT"), ports, "a file")
        assert_equal(fed(data, "-s", "-O", "LPORT").stdout.decode(), ports, "a pipe")
        assert_equal(fed(data + data, "-s", "-O", "LPORT").stdout.decode(), ports + ports.partition("\n")[2], "two frames")
        replay(packed, "-o", "json", "--out", path / "again.zst")
        assert_equal(replay(path / "again.zst", "-s", "-O", "LPORT"), ports, "what --out FILE.zst has written")
        for bad, why in ((data[:-5], "the zstd data is cut off there; all rows before were read"),
                         (data + b"garbage", "the zstd data is damaged there")):
            result = fed(bad, "-s", "-O", "LPORT")
            assert_equal((result.returncode, result.stderr.decode()), (1, f"tcpstates: cannot read standard input: {why}\n"), "damaged")
            assert ports.startswith(result.stdout.decode()), result.stdout[-100:]


def test_hostile_name():
    result = fed(line(comm="\x1b[31m\u202e\n"))
    assert_equal(result.returncode, 0, result.stderr)
    assert_equal(result.stdout.decode().splitlines()[1].split()[2], "\\x1B[31m+", "escaped")


def test_other_records():
    transition, connection = line(), '{"v":1,"type":"connection"}\n'
    for text, args, said in (
            (transition, ["-c"], "has no connections; it has: 1 transition (leave -c and --retransmits out)"),
            (connection * 2, [], "has no transitions; it has: 2 connections (use -c)"),
            (connection + '{"v":1,"type":"retransmission"}\n', [],
             "has no transitions; it has: 1 connection (use -c), 1 retransmission (use --retransmits)"),
            ('{"v":1,"type":"rtt"}\n', ["--retransmits"], "has no retransmissions; it has: 1 row of a type that --replay does not show")):
        result = fed(text, *args)
        assert_equal((result.returncode, result.stderr.decode()), (1, f"tcpstates: standard input {said}\n"), args)
    for text in ("", '{"v":1,"type":"start"}\n{"v":1,"type":"end"}\n'):
        result = fed(text)
        assert_equal((result.returncode, result.stderr.decode()), (0, "tcpstates: standard input has no transitions\n"), text)


def test_refused():
    with Recording(line()) as path:
        for args, why in ((["--live"], "--live is for a live run; with --replay leave it out"),
                          (["--top"], "--top"), (["--stuck", "CLOSE_WAIT"], "--stuck"), (["--listeners"], "--listeners"),
                          (["--summary"], "--summary"), (["--summary", "--by", "comm"], "--summary"), (["-c", "--sum", "comm"], "--sum"),
                          (["-d", "1"], "--duration"), (["-Y"], "--journal"), (["--fleet", "-o", "json"], "--fleet"),
                          (["--buffer-size", "1M"], "--buffer-size"), (["--hook", "tp_btf"], "--hook"), (["--accept", "none"], "--accept"),
                          (["--storage", "hash"], "--storage"), (["--hash-size", "5"], "--hash-size"), (["--no-priority"], "--no-priority"),
                          (["--pid-namespace", "host"], "--pid-namespace"), (["--", "true"], "COMMAND")):
            result = run("--replay", path, *args)
            assert_equal((result.returncode, result.stdout), (2, ""), f"{args}: {result.stderr}")
            assert_in(why, result.stderr.splitlines()[0])
            assert_in("is for a live run; with --replay leave it out", result.stderr)
        for args in (["--role", "client"], ["--retransmits", "--role", "!server"]):
            result = run("--replay", path, *args)
            assert_equal(result.returncode, 2, args)
            assert_in("--role needs -c with --replay: only connections are recorded with their role", result.stderr)


def test_unreadable():
    for path, why in (("/nonexistent", "No such file or directory"), ("/", "Is a directory")):
        replay(path, status=1, said=f"tcpstates: cannot read {path}: {why}\n")


def test_streams():
    """A row comes out when its line is whole, and SIGINT ends the replay."""
    with subprocess.Popen([TOOL, "--replay", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            process.stdin.write(line().encode())
            process.stdin.flush()
            header = process.stdout.readline()
            assert header.startswith(b"SKADDR"), header
            assert_equal(process.stdout.readline().decode(), ROW, "the first row")
            process.stdin.write(line().encode()[:50])
            process.stdin.flush()
            process.stdin.write(line().encode()[50:])
            process.stdin.flush()
            assert_equal(process.stdout.readline().decode(), ROW, "the second row")
            process.send_signal(signal.SIGINT)
            assert_equal(process.wait(END_LIMIT_S), 0, "exit status")
            assert_equal(process.stderr.read(), b"", "stderr")
        finally:
            process.kill()


def test_endings():
    many = line() * 20000
    with Recording(many) as path, Recording() as out:
        head = subprocess.run(f"{TOOL} --replay {path} | head -n 2; echo ${{PIPESTATUS[0]}}", shell=True, executable="/bin/bash",
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=20, check=False)
        assert_equal((head.stdout.splitlines()[1:], head.stderr), ([ROW.rstrip(), "0"], ""), "| head")
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = run("--replay", path, stdout=full)
        assert_equal((result.returncode, result.stderr), (1, "tcpstates: cannot write to standard output: No space left on device\n"), "full")
        # To a slow reader nothing is lost.
        slow = subprocess.run(f"{TOOL} --replay {path} -o json | (sleep 0.5; cat)", shell=True, stdout=subprocess.PIPE, text=True,
                              timeout=20, check=False)
        assert slow.stdout == many, f"{len(slow.stdout)} of {len(many)} bytes"
        assert_equal(replay(path, "--out", out), "", "stdout with --out")
        assert_equal(text_of(out).splitlines()[1:], [ROW.rstrip()] * 20000, "--out")


def test_local_time():
    """In the zone of who looks, with the summer time of then."""
    text = line() + line(time="2026-07-22T12:31:50.123456Z")
    with Recording(text) as path:
        rows = run("--replay", path, "-T", "-t", env={**os.environ, "TZ": "Europe/Berlin"}).stdout.splitlines()
        assert_equal([row.split()[:2] for row in rows[1:]], [["13:31:49", "0.000000"], ["14:31:50", "0.000000"]], "summer time")


if __name__ == "__main__":
    main(globals())
