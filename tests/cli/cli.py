# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Shared by the tests of the command line: running a tool, a load on ports of its own, and one line per test.

A test is a function with a name that begins with test_. main() runs the tests of the caller's file and prints "ok NAME",
"not ok NAME" after the reason, or "skip NAME: REASON". Every test has a deadline. Every process that a test started is
ended.
"""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = str(ROOT / "build/tcpstates")
SANITIZED_TOOL = str(ROOT / "build/address-undefined/tcpstates")
RTT_TOOL = str(ROOT / "build/tcprtt")
SANITIZED_RTT_TOOL = str(ROOT / "build/address-undefined/tcprtt")
CHURN = str(ROOT / "build/bench/churn")

TEST_LIMIT_S = 90
READY_LIMIT_S = 15
# The meaning of "ends promptly" on a machine whose two cores are busy with other tests.
END_LIMIT_S = 6

# Debian keeps some commands where a user's PATH does not look.
os.environ["PATH"] += ":/usr/sbin:/sbin"


class Skip(Exception):
    """Raised with what is missing."""


class Deadline(Exception):
    pass


def need_root():
    if os.geteuid() != 0:
        raise Skip("needs root")


def need_command(name):
    if not shutil.which(name):
        raise Skip(f"needs {name}")


def besides_no_sample(stderr):
    """The other lines: tcprtt ends with one where there was nothing to measure."""
    pattern, nothing = r"^tcprtt: no sample: .*\n", ""
    if isinstance(stderr, bytes):
        pattern, nothing = pattern.encode(), b""
    return re.sub(pattern, nothing, stderr, flags=re.MULTILINE)


def tool_command(*args, tool=TOOL, prefix=()):
    return [*prefix, tool, *map(str, args)]


def run(*args, tool=TOOL, prefix=(), timeout=20, **kwargs):
    """Runs the tool to its end; stdout and stderr are text unless stdout is given."""
    kwargs.setdefault("stdout", subprocess.PIPE)
    command = tool_command(*args, tool=tool, prefix=prefix)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **kwargs) as process:
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            others = processes()
            process.kill()
            raise Deadline(f"{command} took longer than {timeout} s; stdout {error.stdout}, stderr {error.stderr}\n{others}") from error
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def processes():
    """All of user space, with what each waits for, and the sockets: for a test that waited in vain."""
    lists = (["ps", "-N", "--ppid", "2", "-p", "2", "-o", "pid,ppid,stat,etimes,time,wchan:28,comm"], ["ss", "-Htna"])
    return "".join(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout for command in lists)


class Trace:
    """The tool at work, with -v, between `with` and stop(); stdout goes to a file unless given."""

    def __init__(self, *args, tool=TOOL, prefix=(), stdout=None, preexec_fn=None):
        self.command = tool_command("-v", *args, tool=tool, prefix=prefix)
        self.tracing = f"{os.path.basename(tool)}: tracing"
        self.stdout = stdout
        self.preexec_fn = preexec_fn
        self.process = None
        self._files = []

    def __enter__(self):
        self._out = self._temporary()
        self._err = self._temporary()
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=self._out if self.stdout is None else self.stdout,
            stderr=self._err,
            preexec_fn=self.preexec_fn,
        )
        wait_until(
            lambda: self.tracing in self.err or self.process.poll() is not None,
            READY_LIMIT_S,
            lambda: f"not tracing after {READY_LIMIT_S} s: {self.err}",
        )
        if self.process.poll() is not None and self.tracing not in self.err:
            raise AssertionError(f"ended with {self.process.returncode} before tracing: {self.err}")
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for file in self._files:
            file.close()

    def _temporary(self):
        file = tempfile.TemporaryFile()
        self._files.append(file)
        return file

    @staticmethod
    def _text(file):
        return os.pread(file.fileno(), 1 << 28, 0).decode()

    @property
    def pid(self):
        return self.process.pid

    @property
    def err(self):
        return self._text(self._err)

    @property
    def out(self):
        return self._text(self._out)

    def wait(self, limit=END_LIMIT_S):
        """Exit status of a tool that ends by itself."""
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {limit} s; it said: {self.err}") from None

    def stop(self, number=signal.SIGINT, limit=END_LIMIT_S):
        self.process.send_signal(number)
        return self.wait(limit)

    def rows(self):
        """Of -o json. While the tool runs, it may be in the middle of the last line."""
        has_ended = self.process.poll() is not None
        text = self.out
        return [json.loads(line) for line in (text if has_ended else text.rpartition("\n")[0]).splitlines()]


def end_daemon(process, limit=10):
    """Asks a process to end, and makes it when it takes longer."""
    process.terminate()
    try:
        process.wait(limit)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until(condition, limit, message):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(message() if callable(message) else message)
        time.sleep(0.01)


def of_port(rows, port):
    """Without the first and the last line of a file, which have no ports."""
    return [row for row in rows if port in (row.get("lport"), row.get("rport"))]


def states(rows):
    return [f'{row["oldstate"]}>{row["newstate"]}' for row in rows]


CLIENT_FIRST = ["CLOSE>SYN_SENT", "SYN_SENT>ESTABLISHED", "ESTABLISHED>FIN_WAIT1", "FIN_WAIT1>FIN_WAIT2", "FIN_WAIT2>CLOSE"]


def free_port(family=socket.AF_INET):
    with socket.socket(family) as s:
        s.bind(("", 0))
        return s.getsockname()[1]


def connect_once(host="127.0.0.1", family=socket.AF_INET, port=0):
    """One connection within this process, the client closes first; returns the server's port. 10 transitions and the
    listener's two."""
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
        port = listener.getsockname()[1]
        with socket.socket(family) as client:
            client.connect((host, port))
            server = listener.accept()[0]
            with server:
                client.shutdown(socket.SHUT_WR)
                assert server.recv(1) == b""
            assert client.recv(1) == b""
    return port


def churn(connections, *args, timeout=80):
    """Runs the load generator and returns its report."""
    result = subprocess.run(
        [CHURN, "--connections", str(connections), *map(str, args)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=timeout,
        check=True,
    )
    return json.loads(result.stdout)


class Reader:
    """A program that reads a pipe into a file, and can be stopped: pass .writer as stdout."""

    def __enter__(self):
        reader, self._writer = os.pipe()
        self._file = tempfile.TemporaryFile()
        self._cat = subprocess.Popen(["cat"], stdin=reader, stdout=self._file)
        os.close(reader)
        return self

    @property
    def writer(self):
        return self._writer

    def close_writer(self):
        """Ours, once the tool has its own."""
        os.close(self._writer)
        self._writer = -1

    def stop(self):
        self._cat.send_signal(signal.SIGSTOP)

    def go_on(self):
        self._cat.send_signal(signal.SIGCONT)

    def text(self):
        """All that it reads until the writer ends."""
        self._cat.wait(END_LIMIT_S)
        return os.pread(self._file.fileno(), 1 << 28, 0).decode()

    def __exit__(self, *_):
        if self._writer >= 0:
            os.close(self._writer)
        self._cat.kill()
        self._cat.wait()
        self._file.close()


def assert_equal(actual, expected, what="value"):
    assert actual == expected, f"{what}: expected {expected!r}, got {actual!r}"


def assert_in(part, text):
    assert part in text, f"expected {part!r} in {text!r}"


def assert_line(line, text):
    """A whole one."""
    assert line in text.splitlines(), f"expected the line {line!r} in {text!r}"


def assert_not_in(part, text):
    assert part not in text, f"did not expect {part!r} in {text!r}"


def assert_whole_rows(text):
    """Lines of the default text output, each of them whole."""
    assert text.endswith("\n"), f"ends in the middle of a line: {text[-80:]!r}"
    for line in text.splitlines()[1:]:
        assert re.match(r"^[0-9a-f]{16} .* -> [A-Z_0-9]+ +(-|\d+\.\d{3})$", line), f"not a whole row: {line!r}"


def assert_diagnostics(text, name="tcpstates"):
    """Everything on stderr says who speaks."""
    for line in text.splitlines():
        assert line.startswith(f"{name}: "), f"a diagnostic without its name: {line!r}"


def lost(text):
    """(lost, of) of the last line about losses."""
    found = re.findall(r"^tcpstates: lost (\d+) of (\d+)", text, re.MULTILINE)
    assert found, f"no line about losses in {text!r}"
    return tuple(map(int, found[-1]))


def read_terminal(terminal):
    """All that is written to the other end until that is closed, which is an error for a terminal."""
    said = b""
    with contextlib.suppress(OSError):
        while piece := os.read(terminal, 4096):
            said += piece
    return said.decode().replace("\r", "")


def _run_test(name, function):
    def expire(*_):
        raise Deadline(f"took longer than {TEST_LIMIT_S} s")

    signal.signal(signal.SIGALRM, expire)
    signal.alarm(TEST_LIMIT_S)
    try:
        function()
        print(f"ok {name}", flush=True)
        return True
    except Skip as reason:
        print(f"skip {name}: {reason}", flush=True)
        return True
    except (AssertionError, Deadline, OSError, ValueError, KeyError, IndexError, subprocess.SubprocessError) as error:
        signal.alarm(0)
        where = [f"{f.name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(str(ROOT))]
        for line in f"{type(error).__name__} in {', '.join(where)}: {error}".splitlines():
            print(f"# {line}")
        print(f"not ok {name}", flush=True)
        return False
    finally:
        signal.alarm(0)


def _run_apart(name):
    """The test in a process of its own: whether it passed, and what it printed."""
    done = subprocess.run([sys.executable, "-B", sys.argv[0], name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode == 0, done.stdout


def main(namespace, tool=TOOL, at_once=1):
    """Runs the tests of a file; arguments choose some by name. `at_once`: that many at a time, where most of the time is waiting and
    no test counts what there is on the machine."""
    tests = {name: f for name, f in namespace.items() if name.startswith("test_") and callable(f)}
    chosen = sys.argv[1:] or list(tests)
    if not os.access(tool, os.X_OK):
        sys.exit(f"{tool} is missing: type make")
    if at_once == 1 or len(chosen) == 1:
        sys.exit(0 if all([_run_test(name, tests[name]) for name in chosen]) else 1)
    passed = True
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        for is_good, text in pool.map(_run_apart, chosen):
            print(text, end="", flush=True)
            passed = passed and is_good
    sys.exit(0 if passed else 1)
