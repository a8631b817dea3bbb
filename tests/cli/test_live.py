#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpstates --live in a real terminal (tmux): the screen at two sizes, keys, and the terminal as it was at each end. Connections of the
tests' own, over an address of their own."""

import json
import os
import pty
import random
import re
import select
import signal
import socket
import subprocess
import time

from cli import END_LIMIT_S, TOOL, Trace, assert_equal, assert_in, main, run, wait_until
from live import HELP_LINE, RESET, Traffic, assert_whole_screen, need_live, rows_of
from surroundings import folder
from terminals import Terminal, await_end, end

# A color of one of 8, 16 or 256.
COLOR = re.compile(r"\x1b\[[0-9;]*(?:3[0-7]|38;5;\d+|9[0-7])m")


def test_live_sizes():
    """Right at both sizes and right after a resize, to and fro."""
    need_live()
    with Traffic() as traffic, Terminal(80, 24) as terminal:
        pid = terminal.start("--live", "-i", "0.2", *traffic.scope)
        for width, height in ((80, 24), (200, 50), (80, 24), (120, 30)):
            terminal.resize(width, height)
            terminal.await_screen(lambda screen, w=width, h=height: len(screen.split("\n")) == h and
                                  (w < 100) != ("RECVQ SENDQ" in screen), f"not drawn at {width}x{height}")
            for _ in range(5):
                screen = terminal.screen()
                assert_whole_screen(screen, width, height, traffic)
                assert_equal(len(rows_of(screen, traffic)), 2 * traffic.count, f"rows in\n{screen}")
                time.sleep(.1)
        assert_in("10 connections: 10 ESTABLISHED", terminal.screen())
        end(pid)


def test_live_ends():
    """The terminal is as it was after each way to end, and the exit status is 0 for those that are asked for."""
    need_live()
    with Traffic(1) as traffic, Terminal() as terminal:
        modes = terminal.modes()
        for way in ("q", "C-c", signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGSEGV, signal.SIGABRT):
            pid = terminal.start("--live", *traffic.scope)
            if isinstance(way, str):
                terminal.keys(way)
                await_end(pid, way)
            else:
                end(pid, way)
            terminal.assert_as_before(modes, way)
            terminal.type("clear; echo status $?")
            if way in ("q", "C-c", signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                terminal.await_screen(lambda screen: "status 0" in screen, f"status after {way}")


def test_live_killed_shell():
    """The shell that has started the tool is killed: the shell above it has the terminal again."""
    need_live()
    with Traffic(1) as traffic, Terminal() as terminal:
        modes = terminal.modes()
        for shell in ("bash --norc --noprofile", "dash"):
            terminal.type(f"{shell}")
            terminal.type(f"echo $$ >{terminal.path}/shell; PS1='inner '")
            terminal.await_screen(lambda screen: re.search("^inner", screen, re.MULTILINE), f"no {shell}")
            pid = terminal.start("--live", *traffic.scope)
            os.kill(int((terminal.path / "shell").read_text(encoding="ascii")), signal.SIGKILL)
            await_end(pid, f"SIGKILL of {shell}")
            terminal.assert_as_before(modes, f"SIGKILL of {shell}")
            terminal.type("clear")


def test_live_closed_terminal():
    need_live()
    with Traffic(1) as traffic, Terminal() as terminal:
        pid = terminal.start("--live", *traffic.scope)
        terminal.tmux("kill-pane", check=False)
        await_end(pid, "a closed terminal")


def test_live_blocked_terminal():
    """A terminal that takes nothing: a signal ends the tool, and the modes are as before."""
    need_live()
    with Traffic() as traffic, Terminal() as terminal:
        modes = terminal.modes()
        pid = terminal.start("--live", "-i", "0.1", *traffic.scope)
        terminal.keys("C-s")
        time.sleep(1)
        os.kill(pid, signal.SIGTERM)
        await_end(pid, "SIGTERM after Ctrl-S")
        terminal.keys("C-q")
        terminal.assert_as_before(modes, "Ctrl-S and SIGTERM")


def test_live_stopped():
    """Ctrl-Z gives the terminal back, and fg takes it again."""
    need_live()
    with Traffic(1) as traffic, Terminal() as terminal:
        modes = terminal.modes()
        pid = terminal.start("--live", *traffic.scope)
        terminal.keys("C-z")
        terminal.assert_as_before(modes, "Ctrl-Z")
        terminal.type("clear; fg")
        terminal.await_screen(lambda screen: HELP_LINE in screen and str(traffic.port) in screen, "no screen after fg")
        terminal.keys("q")
        await_end(pid, "q after fg")
        terminal.assert_as_before(modes, "fg and q")


def test_live_terminals():
    """Colors where the terminal has them, and NO_COLOR is not set."""
    need_live()
    for term, env, colored in (("tmux-256color", (), True), ("xterm-256color", (), True), ("xterm", (), True), ("vt100", (), False),
                               ("xterm-256color", ("NO_COLOR=1",), False)):
        with Traffic() as traffic, Terminal(term=term, env=env) as terminal:
            pid = terminal.start("--live", *traffic.scope)
            terminal.await_screen(lambda screen: str(traffic.port) in screen, f"no rows with {term}")
            assert_whole_screen(terminal.screen(), 80, 24, traffic)
            # tmux itself makes the default colors explicit: 39 and 49
            assert_equal(bool(COLOR.search(terminal.screen(True))), colored, f"colors with {term} {env}")
            end(pid)


def test_live_foreign_terminal():
    """On a terminal that does not control the session, as with setsid."""
    need_live()
    terminal, inner = pty.openpty()
    with Traffic() as traffic, subprocess.Popen([TOOL, "--live", *traffic.scope], stdin=inner, stdout=inner, stderr=inner,
                                                start_new_session=True, env={**os.environ, "TERM": "xterm"}) as process:
        try:
            os.close(inner)
            written = b""
            while b"details" not in written:
                assert select.select([terminal], [], [], END_LIMIT_S)[0], f"no screen: {written}"
                written += os.read(terminal, 65536)
            os.write(terminal, b"q")
            assert_equal(process.wait(END_LIMIT_S), 0, "exit status")
        finally:
            process.kill()
            os.close(terminal)


def test_live_no_such_terminal():
    need_live()
    for term, why in (("nonesuch", "terminfo does not know this terminal; set TERM, as in TERM=xterm"),
                      ("dumb", "this terminal cannot move its cursor (see TERM)")):
        with Terminal() as terminal:
            modes = terminal.modes()
            terminal.type(f"clear; TERM={term} {TOOL} --live; echo status $?")
            terminal.await_screen(lambda screen: "status 1" in screen, f"no end with TERM={term}")
            assert_in(f"tcpstates: cannot show connections on this terminal: {why}", terminal.screen().replace("\n", ""))
            terminal.assert_as_before(modes, f"TERM={term}")


def test_live_filter():
    """A typo is explained and can be corrected; Esc shows all again."""
    need_live()
    with Traffic() as traffic, Terminal() as terminal:
        pid = terminal.start("--live", *traffic.scope)
        terminal.await_screen(lambda screen: len(rows_of(screen, traffic)) == 10, "not all rows")
        terminal.keys("/")
        terminal.type(f"lport {traffic.port}x")
        terminal.await_screen(lambda screen: f'local port "{traffic.port}x": not' in screen, "no reason")
        terminal.keys("x", "BSpace", "BSpace", "Enter")
        terminal.await_screen(lambda screen: f"filter: lport {traffic.port}\n" in screen and len(rows_of(screen, traffic)) == 5,
                              "not filtered")
        terminal.keys("/", "C-u")
        terminal.type("state CLOSE_WAIT")
        terminal.await_screen(lambda screen: "nothing passes the filter" in screen, "not filtered by state")
        terminal.keys("/", "C-u")
        terminal.type("port 1")
        terminal.await_screen(lambda screen: 'filter "port": not one of lport, rport' in screen, "no list of words")
        terminal.keys("Escape")
        time.sleep(.3)
        terminal.keys("Escape")
        terminal.await_screen(lambda screen: "filter" not in screen.split("\n")[0] and len(rows_of(screen, traffic)) == 10,
                              "Esc removes no filter")
        end(pid)


def test_live_keys():
    """Help, details, sort, groups, totals, pause."""
    need_live()
    with Traffic() as traffic, Terminal(80, 32) as terminal:
        pid = terminal.start("--live", "-i", "0.3", *traffic.scope)
        for key, text in (("?", "a longer, a shorter interval"), ("q", HELP_LINE), ("Enter", "limited by"), ("Escape", "REMOTE"),
                          ("t", "totals"), ("t", "rates"), ("v", "by comm,pid"), ("3", "127."), ("4", "by unit"), ("5", "by container"), ("6", "OVERFLOW"), ("1", "by connection"),
                          ("p", "PAUSED"), ("p", "every 300ms"), ("+", "every 600ms"), ("-", "every 300ms")):
            terminal.keys(key)
            terminal.await_screen(lambda screen, t=text: t in screen, f"after {key} no {text}")
        # the busiest first, and last
        def received(screen):
            return [line.split()[5] for line in rows_of(screen, traffic)]

        terminal.await_screen(lambda screen: received(screen)[0] != "0" and received(screen)[-1] == "0", "the first row is idle")
        terminal.keys("r")
        terminal.await_screen(lambda screen: received(screen)[0] == "0" and received(screen)[-1] != "0", "not reversed")
        terminal.keys("r", "<", "<", "<")

        def ports(screen):
            return [int(line.split()[2].rpartition(":")[2]) for line in rows_of(screen, traffic)]

        terminal.await_screen(lambda screen: ports(screen) == sorted(ports(screen)), "not sorted by REMOTE")
        # several keys at once: each sees the rows that the one before has made
        for key in ("2", "5", "3", "1", "4", "1"):
            terminal.keys(key, "j", "j", "k")
        terminal.await_screen(lambda screen: "by connection" in screen and len(rows_of(screen, traffic)) > 5, "gone after many keys")
        end(pid)


def test_live_pause():
    """The screen stands still while connections come."""
    need_live()
    with Traffic() as traffic, Terminal() as terminal:
        pid = terminal.start("--live", "-i", "0.2", *traffic.scope)
        terminal.await_screen(lambda screen: len(rows_of(screen, traffic)) == 10, "not all rows")
        terminal.keys("p")
        terminal.await_screen(lambda screen: "PAUSED" in screen, "not paused")
        before = terminal.screen()
        traffic.pairs.append(traffic.connect())
        time.sleep(1)
        assert_equal(terminal.screen(), before, "the paused screen")
        terminal.keys("p")
        terminal.await_screen(lambda screen: len(rows_of(screen, traffic)) == 12, "no new rows")
        end(pid)


def test_live_just_ended():
    """A reset connection is shown with its cause; the details are of its end."""
    need_live()
    with Traffic() as traffic, Terminal(120, 30) as terminal:
        pid = terminal.start("--live", *traffic.scope)
        terminal.await_screen(lambda screen: len(rows_of(screen, traffic)) == 10, "not all rows")
        client, server = traffic.pairs.pop()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        client.close()
        terminal.await_screen(lambda screen: "reset-received" in screen and "aborted" in screen and len(rows_of(screen, traffic)) == 8,
                              "the end is not shown")
        server.close()
        terminal.keys("Tab", "Enter")
        terminal.await_screen(lambda screen: re.search(r"E ESTABLISHED \S+  (reset-received|aborted)", screen), "no details of the end")
        end(pid)


def test_live_listeners():
    """Accept queues in the same view: one is full."""
    need_live()
    with Traffic() as traffic, Terminal(120, 30) as terminal, socket.create_server((traffic.address, 0), backlog=2) as full:
        clients = [socket.create_connection(full.getsockname()) for _ in range(3)]
        pid = terminal.start("--live", *traffic.scope)
        terminal.keys("6")

        def line(screen):
            return [line.split() for line in screen.split("\n") if f"{traffic.address}:{full.getsockname()[1]} " in line + " "]

        terminal.await_screen(lambda screen: "by listener" in screen and line(screen), "no listener")
        words = line(terminal.screen())[0]
        assert_equal(words[1:5] + words[-1:], [str(os.getpid()), words[2], "3", "2", "full"], "the full listener")
        terminal.keys("v")
        terminal.await_screen(lambda screen: "by connection" in screen, "no way back")
        end(pid)
        for client in clients:
            client.close()


def test_live_name():
    """No control byte of a name reaches the terminal."""
    need_live()
    name = "\x1b[2J\x07\x9bx"
    with folder() as path, Terminal() as terminal:
        script = ("import os,socket,sys,time;open('/proc/self/comm','wb').write(b'\\x1b[2J\\x07\\x9bx');"
                  "l=socket.create_server((sys.argv[1],0));c=socket.create_connection(l.getsockname());s=l.accept()[0];"
                  "open(sys.argv[2],'w').write(str(l.getsockname()[1]));time.sleep(40)")
        address = f"127.{random.randint(1, 254)}.9.9"
        terminal.type(f"python3 -c \"{script}\" {address} {path}/port & clear")
        wait_until((path / "port").exists, END_LIMIT_S, "no connection")
        file = terminal.record()
        pid = terminal.start("--live", "--laddr", address)
        terminal.await_screen(lambda screen: "\\x1B[2J" in screen, f"{name!r} is not escaped")
        time.sleep(1.2)
        end(pid)
        written = file.read_bytes()
        assert b"\x07" not in written and b"\x9b" not in written.replace(b"\xc2\x9b", b""), written


def test_live_once():
    """Text and JSON without a terminal: all connections, with rates from two looks."""
    need_live()
    with Traffic() as traffic:
        result = run("--live", "--once", "-i", "0.5", *traffic.scope)
        assert_equal((result.returncode, result.stderr), (0, ""), "end of --once")
        lines = result.stdout.split("\n\n")[1].splitlines()
        assert_equal(lines[0].split(), "COMM PID LOCAL REMOTE STATE AGE IN/s OUT/s RTT RETR RECVQ SENDQ LIMIT".split(), "titles")
        assert_equal(len(lines), 11, "lines")
        # the busiest server's end: about 40 KB a second
        assert f"{traffic.address}:{traffic.port}" in lines[1] and re.search(r" \d+K ", lines[1]), lines[1]
        result = run("--top", "--once", "-i", "0.5", "-o", "json", *traffic.scope)
        rows = [json.loads(line) for line in result.stdout.splitlines()]
        assert_equal([row["type"] for row in rows], ["look"] + ["live"] * 10 + ["listener"], "types")
        rows = rows[1:-1]
        servers = [row for row in rows if row["lport"] == traffic.port]
        assert_equal(len(servers), 5, "servers")
        assert_equal(sum(row["received_per_s"] > 1000 for row in servers), 2, "busy servers")
        assert_equal({row["state"] for row in rows}, {"ESTABLISHED"}, "states")
        assert_equal({row["pid"] for row in rows}, {os.getpid()}, "owners")
        ports = {row["rport"] for row in servers}
        assert_equal(ports, {client.getsockname()[1] for client, _ in traffic.pairs}, "ports")


def test_live_json():
    """-o json goes on: the totals grow, and an ended connection is no longer there."""
    need_live()
    with Traffic() as traffic, Trace("--live", "-i", "0.3", "-o", "json", *traffic.scope) as trace:
        wait_until(lambda: len(trace.rows()) >= 20, END_LIMIT_S, "not two looks")
        for one in traffic.pairs.pop():
            one.close()
        count = len(trace.rows())
        wait_until(lambda: len(trace.rows()) >= count + 24, END_LIMIT_S, "no more looks")
        assert_equal(trace.stop(), 0, "exit status")
        rows = [row for row in trace.rows() if row["type"] == "live"]
        times = sorted({row["time"] for row in rows})
        assert len(times) >= 4, times
        assert_equal(len({row["cookie"] for row in rows[-8:]}), 8, "connections of the last look")
        busiest = [row["bytes_received"] for row in rows if row["received_per_s"] and row["lport"] == traffic.port]
        assert max(busiest) > min(busiest), busiest


def test_live_reopens():
    """SIGHUP opens the file of --out again, as in the other modes."""
    need_live()
    with folder() as name, Traffic() as traffic:
        out, old = os.path.join(name, "rows"), os.path.join(name, "rows.1")
        with Trace("--live", "-i", "0.2", "-o", "json", "--out", out, *traffic.scope) as trace:
            wait_until(lambda: os.path.getsize(out) > 0, END_LIMIT_S, "no row")
            os.rename(out, old)
            trace.process.send_signal(signal.SIGHUP)
            wait_until(lambda: os.path.exists(out) and os.path.getsize(out) > 0, END_LIMIT_S, "no row in the new file")
            assert_equal(trace.stop(), 0, "exit status")


def test_live_slow_reader():
    """A reader that takes nothing: -d ends the tool in time, and the missed rows are told."""
    need_live()
    with Traffic(count=60) as traffic:
        reader, writer = os.pipe()
        try:
            process = subprocess.Popen([TOOL, "--live", "-i", "0.1", "-d", "2", "-o", "json", "--strict", *traffic.scope],
                                       stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE, text=True)
            _, err = process.communicate(timeout=20)
        finally:
            os.close(reader)
            os.close(writer)
        assert any(text in err for text in ("rows were not written, because the reader was behind",
                                            "row was not written, because the reader was behind")), err
        assert_equal(process.returncode, 3, "exit status")


def test_live_strict():
    """Each end is counted, also of those that no look has found."""
    need_live()
    with Traffic() as traffic, Trace("--live", "-i", "0.3", "-o", "json", "--strict", *traffic.scope) as trace:
        for _ in range(5):
            for one in traffic.connect():
                one.close()
        time.sleep(0.5)
        assert_equal(trace.stop(), 0, "exit status")
        assert_in("lost 0 of 10 ended connections", trace.err)


def test_live_refused():
    for args, what in ((["--live"], "--live needs a terminal on standard input and output; in a script, add --once or -o json"),
                       (["--live", "-c"], "--live shows connections now; it excludes -c, --every, --summary, --sum, --stuck, --retransmits, --listeners and -Y"),
                       (["--top"], "--live needs a terminal on standard input and output"),
                       (["--top", "3"], "--top and --sort need groups"),
                       (["--top=0"], 'number of groups "0": not a number from 1'),
                       (["--summary", "--by", "comm", "--top"], "--top of groups needs a number, as in --top 5"),
                       (["--live", "-o", "csv"], "--live has columns of its own; it excludes -O, -T, -t, -w and -o csv"),
                       (["--live", "--once", "--state", "LISTEN"],
                        "--state and --min-duration select transitions; with --live, press / and type: state CLOSE_WAIT min-duration 10s"),
                       (["--live", "--once", "--cause", "refused"],
                        "--cause is known only when a connection ends; use -c instead of --live"),
                       (["--live", "--once", "--", "true"],
                        "--live needs the terminal, and a command needs it, too; start the command in another terminal"),
                       (["--live", "--once", "--storage", "hash"], "--live needs socket storage; leave --hook and --storage out"),
                       (["--live", "--once", "--longer", "1"],
                        "--longer is for --stuck STATES; with --live, press / and type: min-duration 10s"),
                       (["--live", "--once", "--services"], "--live has no columns for --names and --services; add -o json"),
                       (["--live", "--once", "-i", "50ms"], "--interval of --live is at least 100ms"),
                       (["--live", "--out", "/dev/null"], "--out is for rows; add --once or -o json to --live, or leave --out out")):
        result = run(*args)
        assert_equal(result.returncode, 2, f"exit status of {args}")
        assert_in(what, result.stderr)


if __name__ == "__main__":
    main(globals())
