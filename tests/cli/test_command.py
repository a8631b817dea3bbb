#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A command behind --: just its connections and its children's, its exit status, and nothing about it is changed."""

import contextlib
import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from cli import (CLIENT_FIRST, END_LIMIT_S, RTT_TOOL, TOOL, assert_diagnostics, assert_equal, assert_in, assert_not_in, free_port, main,
                 need_command, need_root, run, states, tool_command, wait_until)

BOTH = (TOOL, RTT_TOOL)


class Server:
    """Answers each byte, and closes after the client. Where `hammered`, this process connects to it all the time, too."""

    def __init__(self, hammered=False):
        self.hammered = hammered
        self.ending = False
        self.hits = 0

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self._serve)]
        if self.hammered:
            self.threads.append(threading.Thread(target=self._hammer))
        for thread in self.threads:
            thread.start()
        return self

    def _serve(self):
        while not self.ending:
            with contextlib.suppress(OSError), self.listener.accept()[0] as server:
                while byte := server.recv(1):
                    server.send(byte)

    def _hammer(self):
        while not self.ending:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5) as client:
                client.send(b"x")
                client.recv(1)
                self.hits += 1

    def __exit__(self, *_):
        self.ending = True
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 5).close()
        for thread in self.threads:
            thread.join(10)
        self.listener.close()


# Each process connects from an address of its own and prints that with its pid.
TREE = """
import os, socket, subprocess, sys, threading
port = int(sys.argv[1])
def connect(host):
    with socket.socket() as s:
        s.bind((f"127.88.2.{host}", 0))
        s.connect(("127.0.0.1", port))
        for _ in range(20):
            s.send(b"x")
            s.recv(1)
        s.shutdown(socket.SHUT_WR)
        s.recv(1)
    os.write(1, f"127.88.2.{host} {os.getpid()}\\n".encode())
if len(sys.argv) > 2:
    connect(int(sys.argv[2]))
    sys.exit(5)
connect(1)
if not os.fork():
    connect(2)
    os._exit(0)
os.wait()
subprocess.run(["sh", "-c", '"$@"; true', "sh", sys.executable, sys.argv[0], sys.argv[1], "3"])
reader, writer = os.pipe()
if not os.fork():
    os.setsid()
    middle = os.getpid()
    if os.fork():
        os._exit(0)
    os.close(reader)
    while os.getppid() == middle:
        pass
    connect(4)
    os._exit(0)
os.close(writer)
os.wait()
os.read(reader, 1)
thread = threading.Thread(target=connect, args=(5,))
thread.start()
thread.join()
# From a thread that is not the first one: exec() gives it the number of that.
threading.Thread(target=lambda: os.execv(sys.executable, [sys.executable, *sys.argv, "6"])).start()
threading.Event().wait()
"""


@contextlib.contextmanager
def temporary(text=""):
    with tempfile.NamedTemporaryFile("w+", prefix="tcpvitals-") as file:
        file.write(text)
        file.flush()
        yield file


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def run_tree(tool, port, *args, prefix=()):
    """What the tool wrote, and each address's pid."""
    with temporary(TREE) as script, temporary() as out:
        result = run("-o", "json", "--out", out.name, *args, "--", sys.executable, script.name, port, tool=tool, prefix=prefix)
        assert_equal((result.returncode, result.stderr), (5, ""), f"exit status and stderr of {args}")
        pids = dict(line.split() for line in result.stdout.splitlines())
        assert_equal(sorted(pids), [f"127.88.2.{host}" for host in range(1, 7)], "addresses")
        return [json.loads(line) for line in read(out.name).splitlines()], pids


def check_tree(*args, prefix=(), pids_differ=False):
    need_root()
    with Server(hammered=True) as server:
        rows, pids = run_tree(TOOL, server.port, *args, prefix=prefix)
        assert server.hits > 20, f"only {server.hits} other connections"
    for address, pid in pids.items():
        own = [row for row in rows if row["laddr"] == address]
        assert_equal(states(own), CLIENT_FIRST, f"transitions from {address} with {args}")
        assert pids_differ or {row["pid"] for row in own} == {int(pid)}, f"owners of {address}, which is {pid}'s: {own}"
    assert_equal([row for row in rows if row["laddr"] not in pids], [], f"others' rows with {args}")
    assert_equal(len({row["pid"] for row in rows}), 4, "processes")


def test_process_tree():
    check_tree()


def test_process_tree_in_a_hash():
    check_tree("--storage", "hash")


def test_process_tree_in_a_pid_namespace():
    need_command("unshare")
    check_tree(prefix=("unshare", "--pid", "--fork", "--mount-proc"), pids_differ=True)


def test_with_other_filters():
    """All must match."""
    need_root()
    with Server() as server:
        rows, pids = run_tree(TOOL, server.port, "--laddr", "127.88.2.2,127.88.2.4", "--state", "SYN_SENT")
    assert_equal(sorted(row["laddr"] for row in rows), ["127.88.2.2"] * 2 + ["127.88.2.4"] * 2, "addresses of rows")
    assert_equal({row["pid"] for row in rows}, {int(pids["127.88.2.2"]), int(pids["127.88.2.4"])}, "owners")


def test_whole_connections():
    need_root()
    with Server(hammered=True) as server:
        rows, pids = run_tree(TOOL, server.port, "-c")
    assert_equal(sorted(row["laddr"] for row in rows), sorted(pids), "connections")
    assert_equal({row["bytes_sent"] for row in rows}, {20}, "bytes sent")


def test_round_trips():
    """The same samples as of the addresses; each socket gets 20 answers in ESTABLISHED."""
    need_root()
    with Server(hammered=True) as server:
        rows, pids = run_tree(RTT_TOOL, server.port, "--by", "laddr")
    counts = {row["key"]: row["count"] for row in rows if row["count"]}
    assert_equal(sorted(counts), sorted(pids), "addresses")
    assert min(counts.values()) >= 20, f"samples: {counts}"


def test_round_trips_of_iperf3():
    need_root()
    need_command("iperf3")
    port = free_port()
    with subprocess.Popen(["iperf3", "-s", "-1", "-p", str(port)], stdout=subprocess.PIPE, text=True) as server, temporary() as out:
        try:
            wait_until(lambda: run("-Hltn", f"sport = :{port}", tool="ss").stdout, 10, "iperf3 -s does not listen")
            result = run("-o", "json", "--by", "pid", "--out", out.name, "--", "iperf3", "-c", "127.0.0.1", "-t", "1", "-p", port,
                         tool=RTT_TOOL)
            assert_equal((result.returncode, result.stderr), (0, ""), "exit status and stderr")
            assert_in("iperf Done.", result.stdout)
            reports = [json.loads(line) for line in read(out.name).splitlines()]
            assert_equal(len(reports), 1, f"processes: {reports}")
            assert reports[0]["count"] > 0 and reports[0]["key"] != str(server.pid), f"not the client's: {reports}"
        finally:
            server.kill()
    args = ["iperf3", "-c", "127.0.0.1", "-p", str(free_port())]
    result = run("--", *args, tool=RTT_TOOL)
    assert_equal((result.returncode, "iperf3: error" in result.stderr), (run(*args[1:], tool=args[0]).returncode, True), "without a server")


def test_server():
    """Of the connections that come in it is the listener's from the first SYN on, then those of the one who accepted."""
    need_root()
    code = ("import os, socket, sys; l = socket.create_server(('127.0.0.1', int(sys.argv[1])));\n"
            "if not os.fork():\n c = l.accept()[0]; c.recv(1); c.recv(1); c.close(); os._exit(0)\n"
            "os.wait()")
    port = free_port()
    with temporary() as out:
        tool = subprocess.Popen(tool_command("-o", "json", "--out", out.name, "--", sys.executable, "-c", code, port))
        try:
            wait_until(lambda: '"newstate":"LISTEN"' in read(out.name), 20, "does not listen")
            with socket.create_connection(("127.0.0.1", port), 5) as client:
                client.send(b"x")
                client.shutdown(socket.SHUT_WR)
                client.recv(1)
                peer = client.getsockname()[1]
            assert_equal(tool.wait(END_LIMIT_S), 0, "exit status")
        finally:
            tool.kill()
            tool.wait()
        rows = [json.loads(line) for line in read(out.name).splitlines()]
    assert_equal({row["lport"] for row in rows}, {port}, "local ports")
    child = [row for row in rows if row["rport"] == peer]
    assert_equal(states(child), ["LISTEN>SYN_RECV", "SYN_RECV>ESTABLISHED", "ESTABLISHED>CLOSE_WAIT", "CLOSE_WAIT>LAST_ACK", "LAST_ACK>CLOSE"],
                 "transitions")
    assert child[0]["pid"] != child[-1]["pid"], f"accepted by the listener: {child}"


def test_exit_statuses():
    need_root()
    for tool in BOTH:
        for command, status in ((["true"], 0), (["sh", "-c", "exit 1"], 1), (["sh", "-c", "exit 255"], 255),
                                (["sh", "-c", "kill -TERM $$"], 143), (["sh", "-c", "kill -KILL $$"], 137)):
            assert_equal(run("--", *command, tool=tool).returncode, status, f"exit status of {tool} -- {command}")


def test_cannot_be_started():
    need_root()
    with temporary("true\n") as plain:
        for tool in BOTH:
            for command, status, why in (("no-such-command", 127, "No such file or directory"), ("./no/such", 127, "No such file"),
                                         (plain.name, 126, "Permission denied"), ("/etc", 126, "Permission denied"),
                                         ("x\x1b[31m", 127, "x\\x1B[31m: No such file")):
                result = run("--", command, tool=tool)
                assert_equal((result.returncode, result.stdout), (status, ""), f"exit status of {command}: {result.stderr}")
                assert_in(why, result.stderr)
                assert_diagnostics(result.stderr, os.path.basename(tool))


def test_refused():
    for tool in BOTH:
        for args, why in ((["--"], "a command must follow --"), (["stray", "--", "true"], "stray"), (["true"], "goes behind --"),
                          (["--run-as", "root"], "--run-as is for a command"), (["--linger", "1"], "--linger is for a command"),
                          (["--linger", "x", "--", "true"], '"x"'), (["--run-as", "no-such-user", "--", "true"], "no-such-user"),
                          (["-o", "--", "true"], "requires an argument")):
            result = run(*args, tool=tool)
            assert_equal((result.returncode, result.stdout), (2, ""), f"exit status of {args}: {result.stderr}")
            assert_in(why, result.stderr)
    result = run("--hook", "tracepoint", "--", "true")
    assert_equal((result.returncode, "a command" in result.stderr), (2, True), f"--hook tracepoint: {result.stderr}")
    result = run("--hook", "kprobe", "--", "true", tool=RTT_TOOL)
    assert_equal((result.returncode, "whose a connection is" in result.stderr), (2, True), f"--hook kprobe: {result.stderr}")


def test_descriptors_are_the_commands():
    need_root()
    data = bytes(range(256)) * 400
    for tool in BOTH:
        with temporary() as out:
            result = subprocess.run(tool_command("--out", out.name, "--", "sh", "-c", "cat; echo words >&2", tool=tool), input=data,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20, check=False)
            assert_equal((result.returncode, result.stderr), (0, b"words\n"), "exit status and stderr")
            assert result.stdout == data, f"{len(data)} bytes became {len(result.stdout)}"
            assert_in("SKADDR" if tool == TOOL else "Tracing TCP RTT until the command ends.", read(out.name))
        result = run("--", "echo", "words", tool=tool)
        assert_equal((result.returncode, result.stdout), (0, "words\n"), "exit status and stdout")
        assert_in("SKADDR" if tool == TOOL else "Tracing TCP RTT until the command ends.", result.stderr)


def test_surroundings_are_the_callers():
    """Signals, limits, descriptors, directory and environment, as without the tool."""
    need_root()
    look = ("import os; print([l for l in open('/proc/self/status') if l.startswith(('Sig', 'Uid', 'Gid', 'Groups', 'Cap', 'NoNew'))],"
            "open('/proc/self/limits').read(), sorted(os.listdir('/proc/self/fd')), os.getcwd(), sorted(os.environ.items()))")
    plain = subprocess.run([sys.executable, "-c", look], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True).stdout
    for tool in BOTH:
        assert_equal(run("--", sys.executable, "-c", look, tool=tool).stdout, plain, "surroundings")
    for setting in ("trap '' INT HUP PIPE", "ulimit -l 64"):
        shell = ("sh", "-c", f'{setting}; exec "$@"', "sh")
        plain = subprocess.run([*shell, sys.executable, "-c", look], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                               check=True).stdout
        assert_equal(run("--", sys.executable, "-c", look, prefix=shell).stdout, plain, f"surroundings after {setting}")


def test_user_behind_sudo():
    need_root()
    look = ("--", "sh", "-c", "id -u; id -g; id -G; echo $USER $HOME")
    groups = subprocess.run(["id", "-G", "nobody"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    home = subprocess.run(["sh", "-c", "echo ~nobody"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    nobody = f"65534\n65534\n{groups}\nnobody {home}\n"
    sudo = {**os.environ, "SUDO_UID": "65534", "SUDO_GID": "65534"}
    for tool in BOTH:
        for args, environment, expected in (([], sudo, nobody), (["--run-as", "nobody"], os.environ, nobody),
                                            (["--run-as", "65534"], os.environ, nobody)):
            result = run(*args, *look, tool=tool, env=environment)
            assert_equal((result.returncode, result.stdout), (0, expected), f"who it runs as with {args}: {result.stderr}")
        assert run("--run-as", "root", *look, tool=tool, env=sudo).stdout.startswith("0\n0\n"), "not as root"
        unknown = run(*look, tool=tool, env={**sudo, "SUDO_UID": "54321", "SUDO_GID": "54322"})
        assert unknown.stdout.startswith("54321\n54322\n54322\n"), f"who it runs as: {unknown.stdout}"
        for broken in ("", "0x0", "-1", "4294967295"):
            result = run(*look, tool=tool, env={**sudo, "SUDO_UID": broken})
            assert_equal((result.returncode, result.stdout), (2, ""), f"exit status with SUDO_UID={broken}")
            assert_in(f'SUDO_UID "{broken}"', result.stderr)


def test_connections_of_another_user():
    """Who has changed its user is followed all the same."""
    need_root()
    need_command("curl")
    with Server() as server, temporary() as out:
        run("-o", "json", "--out", out.name, "--run-as", "nobody", "--", "curl", "-s", "--max-time", "5", f"telnet://127.0.0.1:{server.port}")
        rows = [json.loads(line) for line in read(out.name).splitlines()]
    assert_equal({(row["comm"], row["uid"]) for row in rows}, {("curl", 65534)}, "owner")
    assert_equal(states(rows)[:2], CLIENT_FIRST[:2], "transitions")


COUNTER = """
import signal, sys, time
count = 0
def note(*_):
    global count
    count += 1
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, note)
print("ready", flush=True)
while not count:
    time.sleep(0.01)
time.sleep(0.3)
sys.exit(40 + count)
"""


def test_signals_are_passed_on():
    need_root()
    for tool in BOTH:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with subprocess.Popen(tool_command("--", sys.executable, "-c", COUNTER, tool=tool), stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE) as process:
                assert_equal(process.stdout.readline(), b"ready\n", "first line")
                process.send_signal(number)
                assert_equal(process.wait(END_LIMIT_S), 41, f"exit status after {number}")
    with subprocess.Popen(tool_command("--", "sh", "-c", "echo ready; exec sleep 60"), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert_equal(process.stdout.readline(), b"ready\n", "first line")
        process.terminate()
        assert_equal(process.wait(END_LIMIT_S), 143, "exit status")


def test_interrupt_from_the_terminal():
    """Goes to both: the command gets it once, and the tool ends after it."""
    need_root()
    for tool in BOTH:
        with temporary() as out, temporary() as script:
            script.write(COUNTER)
            script.flush()
            pid, terminal = pty.fork()
            if not pid:
                os.execv(tool, tool_command("-v", "--out", out.name, "--", sys.executable, script.name, tool=tool))
            try:
                text = b""
                while b"ready" not in text and select.select([terminal], [], [], 20)[0]:
                    text += os.read(terminal, 4096)
                os.write(terminal, b"\x03")
                end = time.monotonic() + END_LIMIT_S
                while time.monotonic() < end and select.select([terminal], [], [], END_LIMIT_S)[0]:
                    try:
                        text += os.read(terminal, 4096)
                    except OSError:  # the last one has closed the terminal
                        break
                assert_equal(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 41, f"exit status: {text}")
                assert_in(b"lost 0 of", text)
            finally:
                with contextlib.suppress(ProcessLookupError, ChildProcessError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                os.close(terminal)


def test_end_of_tracing_is_not_the_commands():
    """The end of -d, and a reader that leaves."""
    need_root()
    for tool in BOTH:
        start = time.monotonic()
        result = run("-d", "0.1", "--", "sh", "-c", "sleep 1; echo done; exit 6", tool=tool)
        assert_equal((result.returncode, result.stdout), (6, "done\n"), f"exit status and stdout: {result.stderr}")
        assert time.monotonic() - start > 1, "did not wait"
    reader, writer = os.pipe()
    with subprocess.Popen(tool_command("-i", "0.1", "--", "sh", "-c", "sleep 1; exit 6", tool=RTT_TOOL), stderr=writer) as process:
        os.close(writer)
        os.close(reader)
        assert_equal(process.wait(END_LIMIT_S), 6, "exit status without a reader")


def test_daemon_does_not_keep_us():
    need_root()
    for tool in BOTH:
        with temporary() as pids:
            try:
                code = f"setsid sh -c 'echo $$ >{pids.name}; exec sleep 60' <&- >&- 2>&- & while ! [ -s {pids.name} ]; do :; done; exit 3"
                assert_equal(run("--", "sh", "-c", code, tool=tool).returncode, 3, "exit status")
                os.kill(int(read(pids.name)), 0)
            finally:
                os.kill(int(read(pids.name)), signal.SIGKILL)


def entries_of(pid, name):
    """Of the BPF map of that name that the process has open."""
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with contextlib.suppress(FileNotFoundError):
            found = [line.split()[1] for line in read(f"/proc/{pid}/fdinfo/{fd}").splitlines() if line.startswith("map_id:")]
            if found and json.loads(run("-j", "map", "show", "id", found[0], tool="bpftool").stdout).get("name") == name:
                return len(json.loads(run("-j", "map", "dump", "id", found[0], tool="bpftool").stdout))
    raise AssertionError(f"{pid} has no map {name}")


def test_ended_processes_are_forgotten():
    """So the table of processes is never full of those that were."""
    need_root()
    need_command("bpftool")
    code = "i=0; while [ $((i += 1)) -le 500 ]; do (:); done; echo done; exec sleep 60"
    for tool in BOTH:
        with subprocess.Popen(tool_command("--", "sh", "-c", code, tool=tool), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                assert_equal(process.stdout.readline(), b"done\n", "first line")
                wait_until(lambda: entries_of(process.pid, "tree") == 1, 20, lambda: f"still {entries_of(process.pid, 'tree')} processes")
            finally:
                process.terminate()
                assert_equal(process.wait(END_LIMIT_S), 143, "exit status")


def children_of(pid):
    return read(f"/proc/{pid}/task/{pid}/children").split()


def test_lingering():
    """What the command leaves behind is seen only for as long as that is asked for; a signal ends it."""
    need_root()
    need_command("curl")
    with Server() as server:
        for linger, count in ((("--linger", "3"), 2), ((), 0)):
            with temporary() as out:
                leave = f"(sleep 0.3; exec curl -s --max-time 1 telnet://127.0.0.1:{server.port}) <&- >&- 2>&- & exit 4"
                start = time.monotonic()
                assert_equal(run(*linger, "-o", "json", "--out", out.name, "--", "sh", "-c", leave).returncode, 4, "exit status")
                assert count == 0 or time.monotonic() - start > 3, "did not linger"
                assert_equal(states(map(json.loads, read(out.name).splitlines()))[:2], CLIENT_FIRST[:count], f"transitions with {linger}")
                time.sleep(0.5)
    for tool in BOTH:
        with subprocess.Popen(tool_command("--linger", "60", "--", "echo", "done", tool=tool), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            assert_equal(process.stdout.readline(), b"done\n", "stdout")
            wait_until(lambda: "(zombie)" in read(f"/proc/{children_of(process.pid)[0]}/status"), 10, "no end of echo")
            time.sleep(0.2)
            process.terminate()
            assert_equal(process.wait(END_LIMIT_S), 0, "exit status")


def test_output_to_a_file():
    need_root()
    for tool in BOTH:
        with temporary("old contents\n" * 1000) as out:
            result = run("-d", "0.1", "--out", out.name, tool=tool)
            assert_equal((result.returncode, result.stdout, result.stderr), (0, "", ""), "exit status, stdout and stderr")
            assert_in("SKADDR" if tool == TOOL else "Tracing TCP RTT for 0.1 secs.", read(out.name))
            assert_not_in("old", read(out.name))
        for path, why in (("/no/such/place", "cannot write to the file of --out: No such file"), ("/dev/full", "No space left")):
            result = run("-d", "0.1", "--out", path, "--", "echo", "words", tool=tool)
            assert_equal(result.returncode, 1, f"exit status of --out {path}: {result.stderr}")
            assert_in(why, result.stderr)
            assert_equal(result.stdout, "" if path.startswith("/no") else "words\n", "whether it ran")


if __name__ == "__main__":
    main(globals())
