# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Two hosts for the scenes of the recipes: network namespaces, with a path between them. Programs on them, and the commands of
a recipe, which run on the first host."""

import contextlib
import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

import path

HERE = "192.0.2.10"
# Addresses of the other host. RFC 5737 keeps these networks for documents.
NEAR, FAR, LOSSY, SILENT = "198.51.100.20", "198.51.100.21", "203.0.113.7", "203.0.113.99"
LINKS = {NEAR: path.Link(round_trip_ms=20), FAR: path.Link(round_trip_ms=150), LOSSY: path.Link(round_trip_ms=20, loses_first_syn=True),
         SILENT: path.Link(is_silent=True)}
READY_S, END_S = 20, 10

_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000
_PR_SET_NAME, _PR_SET_PDEATHSIG = 15, 1


def _call(name, *args):
    if getattr(_LIBC, name)(*args):
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


class SceneError(AssertionError):
    """A program or a command of a scene did not do its part."""


class Program:
    """A process with a name on a host. It does `work(program, *args)`, and is killed at the end of the scene."""

    def __init__(self, name, network, work, *args):
        self.name = name
        self._ours, self._theirs = socket.socketpair()
        self.pid = os.fork()
        if not self.pid:
            self._become(network, work, args)
        self._theirs.close()
        self._words = self._ours.makefile("r")

    def _become(self, network, work, args):
        try:
            signal.alarm(0)
            for number in (signal.SIGALRM, signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if network is not None:
                _call("setns", network, _CLONE_NEWNET)
            _call("prctl", _PR_SET_NAME, self.name.encode(), 0, 0, 0)
            self._ours.close()
            self._words = self._theirs.makefile("r")
            work(self, *args)
        except BaseException as error:  # pylint: disable=broad-exception-caught
            with contextlib.suppress(OSError):
                self._theirs.sendall(f"{type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(0)

    # In the program

    def say(self, word):
        self._theirs.sendall(f"{word}\n".encode())

    def is_told(self, wait_s=0):
        """Whether the scene has said something. The end of the scene is a word, too."""
        self._theirs.settimeout(wait_s)
        try:
            self._theirs.recv(1, socket.MSG_PEEK)
            return True
        except (BlockingIOError, TimeoutError):
            return False
        finally:
            self._theirs.settimeout(None)

    def wait_for_word(self):
        return self._words.readline().strip()

    # In the scene

    def tell(self, word):
        self._ours.sendall(f"{word}\n".encode())

    def expect(self, word):
        self._ours.settimeout(READY_S)
        said = self._words.readline().strip()
        if said != word:
            raise SceneError(f"the program {self.name} said {said!r} instead of {word!r}")

    def kill(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self._words.close()
            self._ours.close()
        self.pid = None


class Running:
    """A command that traces, until stop() or its own end."""

    def __init__(self, shell, command):
        self.command = command
        self._shell = shell
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.process = shell.popen(command, self._out, self._err)

    @property
    def out(self):
        return os.pread(self._out.fileno(), 1 << 20, 0).decode()

    @property
    def err(self):
        return os.pread(self._err.fileno(), 1 << 20, 0).decode()

    def wait_until_tracing(self):
        end = time.monotonic() + READY_S
        while ": tracing" not in self.err:
            if self.process.poll() is not None or time.monotonic() > end:
                raise SceneError(f"not tracing: {self.command}: {self.err}")
            time.sleep(.01)

    def end(self):
        """Of a command that ends by itself: all that it printed."""
        try:
            status = self.process.wait(READY_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise SceneError(f"does not end: {self.command}: {self.err}") from None
        if status:
            raise SceneError(f"exit status {status} of: {self.command}: {self.err}")
        return self.out

    def stop(self):
        """As Ctrl-C does, which a reader types when he has seen enough."""
        self.process.send_signal(signal.SIGINT)
        return self.end()

    def kill(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Shell:
    """Runs the commands of a recipe as they are written, on the first host and in a folder of their own.

    The tools get further options from here: -v, for what they say on stderr, to wait until they trace. Tests add a scope.
    """

    def __init__(self, network, folder, build, options=()):
        self.folder = folder
        self._network = network
        self._running = []
        for tool in ("tcpstates", "tcprtt"):
            wrapper = folder / "bin" / tool
            wrapper.parent.mkdir(exist_ok=True)
            wrapper.write_text(f'#!/bin/sh\nexec {build}/{tool} $VERBOSE {" ".join(options)} "$@"\n', encoding="utf-8")
            wrapper.chmod(0o755)

    def popen(self, command, out, err, verbose="-v"):
        return subprocess.Popen(["nsenter", f"--net=/proc/self/fd/{self._network}", "bash", "-c", command], cwd=self.folder,
                                pass_fds=[self._network], stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True,
                                env={**os.environ, "PATH": f"{self.folder}/bin:{os.environ['PATH']}", "VERBOSE": verbose})

    def start(self, command):
        """Returns when the tool sees all."""
        running = Running(self, command)
        self._running.append(running)
        running.wait_until_tracing()
        return running

    def run(self, command):
        """To its end; what it prints, on stderr too."""
        with tempfile.TemporaryFile() as out:
            process = self.popen(command, out, subprocess.STDOUT, verbose="")
            try:
                process.wait(READY_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise SceneError(f"does not end: {command}") from None
            return os.pread(out.fileno(), 1 << 20, 0).decode()

    def kill(self):
        for running in self._running:
            running.kill()


class World(contextlib.ExitStack):
    """`here` and `there`: descriptors of network namespaces. All programs end with the world."""

    def __init__(self, build, options=()):
        super().__init__()
        self._build, self._options = build, options
        self.links = {address: path.Link(**{field: getattr(link, field) for field in ("round_trip_ms", "loses_first_syn", "is_silent")})
                      for address, link in LINKS.items()}

    def __enter__(self):
        super().__enter__()
        try:
            self.here, self.there = self._make_network(), self._make_network()
            folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory(prefix="tcpvitals-recipes-")))
            number = os.fstat(self.here).st_ino
            self.shell = Shell(self.here, folder, self._build, [option.format(netns=number) for option in self._options])
            self.callback(self.shell.kill)
        except BaseException:
            self.close()
            raise
        return self

    def _make_network(self):
        def hold(program):
            _call("unshare", _CLONE_NEWNET)
            # A connection without a process keeps its network while it waits for the other side.
            pathlib.Path("/proc/sys/net/ipv4/tcp_orphan_retries").write_text("1", encoding="ascii")
            program.say("ready")
            program.wait_for_word()

        holder = Program("holder", None, hold)
        try:
            holder.expect("ready")
            network = os.open(f"/proc/{holder.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        finally:
            holder.kill()
        self.callback(os.close, network)
        self._ip(network, "link set lo up")
        return network

    @staticmethod
    def _ip(network, *lines):
        subprocess.run(["nsenter", f"--net=/proc/self/fd/{network}", "ip", "-batch", "-"], input="\n".join(lines), pass_fds=[network],
                       text=True, check=True)

    def connect_networks(self):
        """The path between both hosts, with self.links as they are now."""
        def relay(program):
            tuns = []
            for network in (self.here, self.there):
                _call("setns", network, _CLONE_NEWNET)
                tuns.append(path.open_tun("wan"))
            program.say("ready")
            path.carry(*tuns, self.links)

        self.run_program("path", None, relay).expect("ready")
        up = "link set wan txqueuelen 10000 up"
        self._ip(self.here, f"addr add {HERE}/32 dev wan", up,
                 *(f"route add {network} dev wan src {HERE}" for network in ("198.51.100.0/24", "203.0.113.0/24")))
        self._ip(self.there, *(f"addr add {address}/32 dev wan" for address in self.links), up, f"route add {HERE}/32 dev wan")

    def run_program(self, name, network, work, *args):
        program = Program(name, network, work, *args)
        self.callback(program.kill)
        return program

    def serve(self, name, network, work, *args):
        """A program that says when it listens."""
        program = self.run_program(name, network, work, *args)
        program.expect("listening")
        return program
