# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Servers in processes of their own, with separate processes as listener, acceptor and reader, and a client that is sent the
pid of its server.

As a program: servers.py KIND [CGROUP] prints the port and the pids of its processes, and ends when its stdin is closed.
For a server that can live without its first process, a line on stdin ends that process.
"""

import array
import collections
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading

from cli import Skip

HOST = "127.0.0.1"
NAME = "tv-server"
WORKER = "tv-worker"
REPLY = 8  # bytes: the pid of the process that answers
WAIT_S = 10
CLONE3 = 435  # on every architecture


class Server:
    """A server of that kind; `pids` has its first process and then the others, in the order of their beginning."""

    def __init__(self, kind, cgroup=""):
        self.arguments = [kind, cgroup]

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, "-B", __file__, *self.arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        words = self.process.stdout.readline().split()
        assert words, f"the server {self.arguments} did not begin"
        self.port, *self.pids = map(int, words)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def end_first(self):
        """Returns when the process is gone that made the listener; the one that is left begins to accept."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "gone\n"

    @property
    def first(self):
        return self.pids[0]

    @property
    def workers(self):
        return self.pids[1:]


def talk(port, connections=1, exchanges=1):
    """Connections one after the other, which the client ends; returns how many exchanges each pid answered."""
    answered = collections.Counter()
    for _ in range(connections):
        with socket.create_connection((HOST, port), timeout=WAIT_S) as client:
            for _ in range(exchanges):
                client.sendall(b"?")
                answered[int(client.recv(REPLY, socket.MSG_WAITALL))] += 1
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b"", "the server did not close"
    return answered


def rename(name):
    """This process (PR_SET_NAME)."""
    assert not ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)


def serve(connection):
    """Answers each byte with this process's number until the other side ends."""
    with connection:
        while connection.recv(1):
            connection.sendall(b"%-8d" % os.getpid())


def accept_forever(listener):
    while True:
        serve(listener.accept()[0])


def fork(work, *args):
    """A child that does that; returns its number."""
    pid = os.fork()
    if pid:
        return pid
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        work(*args)
    finally:
        os._exit(1)


def send(channel, sock):
    channel.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [sock.fileno()]))])


def spawn_as(pid, *command):
    """A process with that number, which must be free: as when the numbers have come around. It runs that command."""
    if os.readlink("/proc/self/ns/pid") != "pid:[4026531836]":
        raise Skip("not in the initial pid namespace, whose numbers the tools show")
    libc = ctypes.CDLL(None, use_errno=True)
    wanted = ctypes.c_int(pid)
    # struct clone_args (include/uapi/linux/sched.h): exit_signal, set_tid and set_tid_size
    arguments = (ctypes.c_uint64 * 11)(0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, ctypes.addressof(wanted), 1, 0)
    child = libc.syscall(CLONE3, arguments, ctypes.sizeof(arguments))
    if not child:
        try:
            os.execvp(command[0], command)
        finally:
            os._exit(127)
    if child < 0:
        raise Skip(f"cannot choose a process's number: {os.strerror(ctypes.get_errno())}")
    assert child == pid, (child, pid)


def receive(channel):
    message, ancillary, _, _ = channel.recvmsg(1, socket.CMSG_SPACE(4))
    return socket.socket(fileno=array.array("i", ancillary[0][2])[0]) if message else None


def work_as(name, cgroup, listener):
    rename(name)
    if cgroup:
        with open(os.path.join(cgroup, "cgroup.procs"), "w", encoding="ascii") as file:
            file.write("0")
    accept_forever(listener)


def prefork(listener, cgroup):
    """The first process listens; two workers accept."""
    return [fork(work_as, WORKER, cgroup, listener) for _ in range(2)], None


def inherited(listener, _):
    """The first process accepts, and a child for each connection serves it; the parent closes its descriptor before."""

    def serve_one(connection, reader, writer):
        os.close(writer)
        os.read(reader, 1)
        serve(connection)
        os._exit(0)

    def accept_all():
        while True:
            connection = listener.accept()[0]
            reader, writer = os.pipe()
            child = fork(serve_one, connection, reader, writer)
            connection.close()
            os.close(reader)
            os.close(writer)
            os.waitpid(child, 0)

    return [], accept_all


def passed(listener, _):
    """The first process accepts and answers the first byte; the second one gets the connection and answers the rest."""
    ours, theirs = socket.socketpair()

    def serve_passed():
        ours.close()
        listener.close()
        while connection := receive(theirs):
            serve(connection)
            theirs.send(b"x")
        os._exit(0)

    def accept_all():
        theirs.close()
        while True:
            with listener.accept()[0] as connection:
                connection.recv(1)
                connection.sendall(b"%-8d" % os.getpid())
                send(ours, connection)
            ours.recv(1)

    return [fork(serve_passed)], accept_all


def daemonised(let_go, say):
    """Listens and forks: the child is the server, when its parent is gone."""
    listener = socket.create_server((HOST, 0), backlog=128)
    child = fork(lambda: (os.read(let_go, 1), rename(WORKER), accept_forever(listener)))
    say(listener, child)
    return listener


def activated(let_go, say):
    """Listens and hands that to another process, which is the server, when this one is gone."""
    ours, theirs = socket.socketpair()

    def work():
        rename(WORKER)
        passed_on = receive(theirs)
        theirs.send(b"x")
        os.read(let_go, 1)
        accept_forever(passed_on)

    child = fork(work)
    listener = socket.create_server((HOST, 0), backlog=128)
    send(ours, listener)
    ours.recv(1)
    say(listener, child)
    return listener


def outlived(kind):
    """The server whose first process ends; all that it leaves is this one's."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    (let_go, now_go), (end, now_end), (told, telling) = os.pipe(), os.pipe(), os.pipe()

    def begin():
        rename(NAME)
        with kind(let_go, lambda listener, child: os.write(telling, b"%d %d" % (listener.getsockname()[1], child))):
            os.read(end, 1)
            os._exit(0)

    first = fork(begin)
    port, last = map(int, os.read(told, 32).split())
    print(port, first, last, flush=True)
    left = {first, last}
    if sys.stdin.readline():
        os.write(now_end, b"x")
        os.waitpid(first, 0)
        left = {last}
        os.write(now_go, b"x")
        print("gone", flush=True)
        sys.stdin.read()
    for pid in left:
        os.kill(pid, 9)
    os._exit(0)


def hung(_, __):
    """Nobody accepts."""
    return [], None


KINDS = {"hung": hung, "prefork": prefork, "inherited": inherited, "passed": passed}
OUTLIVED = {"daemonised": daemonised, "activated": activated}


def main(kind, cgroup=""):
    if kind in OUTLIVED:
        outlived(OUTLIVED[kind])
    rename(NAME)
    listener = socket.create_server((HOST, 0), backlog=128)
    others, work = KINDS[kind](listener, cgroup)
    print(listener.getsockname()[1], os.getpid(), *others, flush=True)
    if work:
        threading.Thread(target=work, daemon=True).start()
    sys.stdin.read()
    for pid in others:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
