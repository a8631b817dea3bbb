#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Messages of tests/messages/messages.tsv that no other test produces, each word for word."""

import contextlib
import errno
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import tempfile
import time

from cgroups import Cgroup
from cli import (END_LIMIT_S, RTT_TOOL, TOOL, Skip, Trace, assert_equal, assert_in, assert_line, connect_once, main, need_command,
                 need_root, read_terminal, run, tool_command, wait_until)
from commands import BOTH
from surroundings import (SHOW_TRACEFS, PublicCopy, as_nobody, child_of, deny_bpf_by_seccomp, deny_by_seccomp, in_mount_namespace,
                          refusing)
from test_recovery import FIRST
from test_stuck import HalfClosed
from this_machine import machine_refuses, need_machine, need_seeding

TIMES = "not a time from {} to 10 years: seconds, or with a unit us, ms, s, m, h or d (5, 1.5s, 100ms)"
LONG = "x" * 4090

# Command lines, and the first line of stderr behind the tool's name.
REFUSED_BY_BOTH = [
    (["--storage", "x"], 'storage "x": not one of auto, socket, hash'),
    (["--hash-size", "0"], 'number of sockets "0": not a number from 1 to 16777216'),
    (["--accept", "x"], 'accept hook "x": not one of auto, fexit, kretprobe, receive, none'),
    (["--linger", "0"], f'time to linger "0": {TIMES.format("1ms")}'),
    (["--linger", "1"], "--linger needs a command; put the command after --"),
    (["--run-as", "4294967000", "--", "true"], 'user "4294967000": no such user'),
    (["--netns", LONG], f'network namespace "{LONG[:40]}...": the name is too long'),
    (["-o", "x"], 'output "x": not one of text, csv, json'),
    (["-s", "-o", "json"], "-s means -o csv; it excludes -o json"),
]
REFUSED = {
    TOOL: [
        (["stray"], 'argument "stray": tcpstates takes options only; put a command after --'),
        (["-p", "80"], "invalid option -- 'p': in tcprtt it is the local port, use -L PORTS; for a process use --pid PIDS"),
        (["-P", "80"], "invalid option -- 'P': in tcprtt it is the remote port, use -D PORTS; for a process use --pid PIDS"),
        (["-b"], "invalid option -- 'b': only tcprtt has this option"),
        (["--hook", "x"], 'hook "x": not one of auto, tp_btf, tracepoint'),
        (["--buffer-size", "1"], 'buffer size "1": not a size from 64K to 1G (in bytes, or with K, M or G)'),
        (["--summary=0"], f'summary interval "0": {TIMES.format("1ms")}'),
        (["-c", "--every", "0"], f'time between two records "0": {TIMES.format("1ms")}'),
        (["--every", "5"], "--every is for records of connections; add -c"),
        (["-c", "--every", "5", "--cause", "refused"], "--cause is known only when a connection ends; it excludes --every"),
        (["--hook", "tracepoint", "--", "true"], "--hook tracepoint does not support a command; leave --hook out"),
        (["--hook", "tracepoint", "--storage", "socket"], "--hook tracepoint has no socket storage; use --storage hash"),
        (["--hook", "tracepoint", "--accept", "fexit"], "--hook tracepoint has no accept hook; leave --accept out"),
        (["-o", "json", "-O", "PID"], "-O chooses columns of text and csv; JSON always has every field (try: | jq '{pid,comm}')"),
        (["-o", "json", "-T"], "-T, -t and -w are for columns of text; JSON always has every field; leave them out"),
        (["--summary", "-c"], "--summary prints no transitions: it excludes -c, -Y, -O, -t and -w"),
        (["--summary", "--names", "-o", "json"], "--summary counts by states; it excludes --names and --services"),
        (["--names"], "--names is for JSON; in text and csv use columns: -O CGPATH,UNIT,CONTAINER,..."),
        (["-c", "--names"], "--names adds no columns to text; use -O CGPATH,UNIT,CONTAINER,... or -o json"),
        (["-c", "-O", "NEWSTATE"], 'column "NEWSTATE": -c does not have this column; it has OLDSTATE, MS and CAUSE'),
        (["-O", "LIMIT"], 'column "LIMIT": only -c has this column; add -c'),
        (["-c", "-Y"], "-Y writes transitions; it excludes -c"),
        (["-c", "--storage", "hash"], "-c needs socket storage; leave --hook and --storage out"),
        (["-O", "PID,STATE"], 'column "STATE": only --stuck and --retransmits have this column; transitions have OLDSTATE and NEWSTATE'),
        (["--stuck", "CLOSING", "-O", "PID,CAUSE"],
         'column "CAUSE": only transitions have this column; --stuck has STATE, SINCE and ATLEAST'),
        (["-O", "BACKLOG"], 'column "BACKLOG": only --listeners has this column; add --listeners'),
        (["--listeners", "-O", "RPORT"],
         'column "RPORT": --listeners does not have this column; it has owner, local address and accept queue'),
        (["--listeners", "-c"], "--listeners shows listening sockets; it excludes -c, --summary, --stuck, --retransmits and -Y"),
        (["--listeners", "-D", "80"],
         "-D and --raddr choose by the remote end, which a listener does not have; use -L PORTS or --laddr"),
        (["--listeners", "--role", "server"], "--role chooses connections; listeners are servers; leave it out"),
        (["--listeners", "--state", "LISTEN"],
         "--state, --min-duration and --cause choose transitions; leave them out with --listeners"),
        (["--listeners", "--once", "--", "true"], "--once asks about listeners that exist now; a command has none yet"),
        (["--listeners", "-i", "10us"], "--interval of --listeners is at least 1ms"),
        (["--stuck", "x"], 'state "x": not one of SYN_SENT, ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, CLOSING, LAST_ACK'),
        (["--stuck", "TIME_WAIT"], 'state "TIME_WAIT": has no socket any more, so --stuck cannot show it; try: ss -tan state time-wait'),
        (["--stuck", "SYN_RECV"], 'state "SYN_RECV": has no socket yet, so --stuck cannot show it; try: ss -tan state syn-recv'),
        (["--stuck", "LISTEN"], 'state "LISTEN": is the state of listening sockets, which are no connections; try: ss -tln'),
        (["--stuck", "CLOSE"], 'state "CLOSE": is the state of a socket without a connection; leave it out'),
        (["--stuck", "CLOSING", "--longer", "0"], f'least time in the state "0": {TIMES.format("1us")}'),
        (["--longer", "1"], "--longer is for --stuck STATES; for transitions use --min-duration TIME"),
        (["--once"], "--once is for --stuck STATES, --listeners or --live; add one of them, or leave --once out"),
        (["--interval", "1"], "--interval is for --stuck STATES, --listeners, --live, --summary or --sum"),
        (["--stuck", "CLOSING", "--once", "-i", "1"], "--once scans as often as it needs; it excludes --interval"),
        (["--stuck", "CLOSING", "-c"], "--stuck shows connections that stay in a state; it excludes -c, --summary and -Y"),
        (["--stuck", "CLOSING", "--state", "CLOSING"], "--state selects transitions; give the states to --stuck instead"),
        (["--stuck", "CLOSING", "--min-duration", "1"], "--min-duration selects transitions; with --stuck use --longer TIME"),
        (["--stuck", "CLOSING", "--cause", "refused"],
         "--cause is known only when a connection ends; stuck connections have not ended"),
        (["--retransmits", "-c"], "--retransmits shows retransmitted segments; it excludes -c, --summary, --stuck and -Y"),
        (["--retransmits", "-O", "PID,MS"],
         'column "MS": --retransmits does not have this column; it has STATE, KIND and RETRANS'),
        (["-O", "PID,KIND"], 'column "KIND": only --retransmits has this column; add --retransmits'),
        (["--retransmits", "--min-duration", "1"],
         "--min-duration selects transitions, and a retransmission is none; leave it out"),
        (["--retransmits", "--cause", "refused"], "--cause is known only when a connection ends; with --retransmits leave it out"),
        (["--stuck", "CLOSING", "--once", "--", "true"], "--once asks about connections that exist now; a command has none yet"),
    ],
    RTT_TOOL: [
        (["-c"], "invalid option -- 'c': only tcpstates has this option"),
        (["--sample", "x"], 'sample "x": not one of srtt, rtt, min, handshake'),
        (["--sort", "x"], 'sort "x": not one of p99, count, mean'),
        (["--top", "0"], 'number of groups "0": not a number from 1 to 1000000'),
        (["--by", "x"],
         'grouping "x": not one of laddr, raddr, lport, rport, port, role, pid, comm, cgroup, netns, prefix:LEN[/LEN6], conn'),
        (["--by", "raddr,raddr"], 'grouping "raddr": give one or two different words, or conn alone'),
        (["--by", "prefix:0"], 'prefix length for IPv4 "0": not a number from 1 to 32'),
        (["--by", "prefix:24/0"], 'prefix length for IPv6 "0": not a number from 1 to 128'),
        (["-o", "json", "-T"], "-T is for text; json, csv and --heatmap always have the time; leave -T out"),
        (["--heatmap", "-e"], "-e is for text; --heatmap has no room for statistics; leave one out"),
        (["--heatmap", "-b"], "--heatmap shows all connections on a terminal; it excludes -o, -s, -b, -B and --by"),
        (["--hook", "fentry", "--sample", "min"], "--sample min and --sample handshake need --hook tp_btf; leave --hook out"),
        (["--hook", "kprobe", "--by", "comm"],
         "--hook kprobe has only --sample srtt, and neither owners nor roles of connections; use another hook"),
        (["--hook", "kprobe", "--storage", "socket"], "--hook kprobe has no socket storage; leave --storage out"),
        (["--state", "LISTEN"], "--state and --min-duration select changes of state; tcprtt shows none (see tcpstates)"),
        (["--cause", "refused"], "--cause is known only when a connection ends; round trips come before (see tcpstates)"),
        (["-b", "--by", "raddr"], "-b means --by laddr, -B --by raddr; use these letters or --by"),
        (["--top", "3"], "--top, --sort and --max-keys need groups; add --by"),
        (["-b", "--names"], "--names needs groups by cgroup or netns; add --by cgroup or --by netns"),
    ],
}

BUSY = "a transition during which the first program is busy on that CPU is lost, and counted"
# The message about a program that the kernel refuses.
WITHOUT = {
    "recover_cast": BUSY,
    "recover_storage": BUSY,
    "destroy_storage": "sockets that end unseen are not counted, and each connection costs more",
    "seed_storage": "the owners of connections that are older than the tool are unknown",
    "seed_rest": "connections that are older than the tool and have no descriptor are unknown",
    "process_exit": "a listener keeps the first owner that was seen, and a process its first name",
    "process_rename": "a process that changes its name is shown with the old name until it uses the socket",
    "sample_rtt": "mean round-trip times are unknown",
    "tree_free": "processes of the command keep their room after their end, and later ones may find none",
}
ACCEPTS = "accept_fexit", "accept_kretprobe", "accept_receive"
REFUSED_NOW = "Operation not permitted"


def name_of(tool):
    return os.path.basename(tool)


def need_refusals():
    need_root()
    need_machine("seccomp_notify", "socket_storage", "tp_btf/tcp_probe")
    need_seeding()


def assert_first_line(tool, args, line):
    result = run(*args, tool=tool)
    assert_equal((result.returncode, result.stdout), (2, ""), f"exit status and stdout of {args}")
    assert_equal(result.stderr.splitlines()[:1], [f"{name_of(tool)}: {line}"], f"{args}")


def test_refused():
    for tool in BOTH:
        for args, line in REFUSED_BY_BOTH + REFUSED[tool]:
            assert_first_line(tool, args, line)


def test_cgroups():
    need_root()
    with Cgroup("a.slice", "tv-twin.service") as first, Cgroup("b.slice", "tv-twin.service") as second:
        mount = first.mount
        result = run("--cgroup", "tv-twin")
    paths = [" and ".join(pair) for pair in ((first.path, second.path), (second.path, first.path))]
    assert result.stderr.splitlines()[0] in [
        f'tcpstates: cgroup "tv-twin": 2 cgroups have this name, such as {each}; give the path' for each in paths], result.stderr
    assert_first_line(TOOL, ["--cgroup", "tv-none"], f'cgroup "tv-none": no cgroup below {mount} has this path, unit or container id')


def test_full_stdout():
    with open("/dev/full", "wb") as full:
        for tool in BOTH:
            result = run("--help", tool=tool, stdout=full)
            assert_equal(result.stderr, f"{name_of(tool)}: cannot write to standard output: No space left on device\n", "stderr")


def test_no_descriptors():
    """For the output's twin there is one, for the event loop none."""
    for tool in BOTH:
        result = run("-d", "0.1", tool=tool, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4)))
        assert_equal((result.returncode, result.stderr), (1, f"{name_of(tool)}: cannot wait for events: Too many open files\n"), "stderr")


def test_hidden_proc():
    need_root()
    hidden = in_mount_namespace("mount -t tmpfs tmpfs /proc")
    for tool in BOTH:
        name = name_of(tool)
        result = run("--", "true", tool=tool, prefix=hidden)
        assert_equal(result.stderr.splitlines()[0], f"{name}: cannot follow a command without /proc: No such file or directory", "stderr")
        result = run("-d", "0.1", "--pid", "1", tool=tool, prefix=hidden)
        assert_line(f"{name}: --pid: without /proc the pid namespace is unknown; pids are taken as the host's; mount /proc", result.stderr)


def denied_output(fd):
    """Waiting for that descriptor fails."""
    return deny_by_seccomp("epoll_ctl", errno.ENOMEM, (2, fd))


def test_output_that_cannot_be_waited_for():
    """A socket: other outputs are opened once more, and have another number."""
    need_root()
    for tool, line in ((TOOL, "tcpstates: cannot go on tracing: Cannot allocate memory; start tcpstates again"),
                       (RTT_TOOL, "tcprtt: cannot go on measuring: Cannot allocate memory; start tcprtt again")):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            result = run("-d", "0.1", tool=tool, stdout=theirs, preexec_fn=denied_output(1))
        assert_equal(result.returncode, 1, f"exit status: {result.stderr}")
        assert_line(line, result.stderr)


def test_command():
    need_root()
    result = run("--", "/no/such/command")
    assert_equal((result.returncode, result.stderr.splitlines()[-1]),
                 (127, "tcpstates: cannot run /no/such/command: No such file or directory"), "status and stderr")
    with Trace("--", "sleep", "20") as trace:
        pidfd = next(int(fd.name) for fd in pathlib.Path(f"/proc/{trace.pid}/fd").iterdir() if "pidfd" in os.readlink(fd))
        os.kill(child_of(trace.pid), signal.SIGKILL)
        trace.wait()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile("w+") as said:  # the same descriptors as there
        result = subprocess.run(tool_command("-v", "--", "true"), stdin=subprocess.DEVNULL, stdout=out, stderr=said, timeout=20,
                                check=False, preexec_fn=denied_output(pidfd))
        said.seek(0)
        text = said.read()
    assert_equal(result.returncode, 1, f"exit status: {text}")
    assert_line("tcpstates: cannot wait for the command: Cannot allocate memory", text)


def test_verbose():
    need_root()
    need_machine("socket_storage")
    said = run("-v", "-d", "0.1", "--buffer-size", "64K", "--accept", "receive").stderr
    for line in ("tp_btf/inet_sock_set_state, sockets remembered in socket storage behind a table, 1 ring buffer of 64 KiB",
                 "tp_btf/tcp_rcv_space_adjust shows who accepts a connection", "the socket shows why a connection ended", "tracing"):
        assert_line(f"tcpstates: {line}", said)
    said = run("-v", "-d", "0.1", "--storage", "hash", "--hash-size", "1").stderr
    assert_in("sockets remembered in a hash of 1 socket, ", said)
    said = run("-v", "-d", "0.1", "--storage", "hash", "--hash-size", "2").stderr
    assert_in("sockets remembered in a hash of 2 sockets, ", said)
    assert_in(" 1 ring buffer of " if os.cpu_count() == 1 else " ring buffers of ", said)
    said = run("-v", "-d", "0.1", "--accept", "none", tool=RTT_TOOL).stderr
    assert_line("tcprtt: tp_btf, sockets remembered in nothing", said)
    said = run("-v", "-d", "0.1", "--accept", "none", "--by", "comm", tool=RTT_TOOL).stderr
    assert_line("tcprtt: nothing shows who accepts a connection", said)
    said = run("-v", "-d", "0.1", prefix=() if machine_refuses("fexit") else refusing("attempt_v4")).stderr
    assert_line("tcpstates: calls of connect() that fail before SYN_SENT are not counted here", said)


def test_real_time_is_refused():
    need_root()
    result = run("-v", "-d", "0.1", preexec_fn=deny_by_seccomp("sched_setscheduler"))
    assert_line("tcpstates: cannot use the real-time class (its cgroup has no real-time budget, or a policy forbids it): more is lost "
                "while other programs take all CPUs", result.stderr)


def test_end_without_an_exact_wait():
    """Neither a map nor membarrier() tells when the programs have ended."""
    need_root()
    with Trace(preexec_fn=deny_by_seccomp("membarrier")) as trace:
        resource.prlimit(trace.pid, resource.RLIMIT_NOFILE, (3, 3))
        assert_equal(trace.stop(), 0, "exit status")
        assert_line(f"tcpstates: cannot wait exactly until running BPF programs end ({REFUSED_NOW}); waited 10 ms", trace.err)


def test_refused_programs():
    """In two runs, as a command's connections are never older than the tool."""
    need_refusals()
    for args, programs in (("-d", "0.1"), list(WITHOUT)[:7]), (("-c", "--", "true"), ("sample_rtt", "tree_free")):
        said = run(*args, prefix=refusing(*programs)).stderr
        for program in programs:
            if program[:8] != "recover_":
                assert_line(f"tcpstates: the kernel refuses the program {program} ({REFUSED_NOW}): {WITHOUT[program]}", said)
        assert_equal(said.count(f"({REFUSED_NOW}): {BUSY}\n"), args[0] == "-d", "the second program, whichever it is")


def test_refused_accept_hooks():
    need_refusals()
    said = run("-v", "-d", "0.1", prefix=refusing(*ACCEPTS)).stderr
    assert_line("tcpstates: the kernel refuses every accept hook: an accepted connection keeps its listener's owner until another process "
                "changes its state", said)
    assert_line(f"tcpstates: not usable here: tp_btf/tcp_rcv_space_adjust (accept_receive): {REFUSED_NOW}", said)
    said = run("-d", "0.1", "--accept", "receive", prefix=refusing(*ACCEPTS)).stderr
    assert re.fullmatch(r"tcpstates: cannot load the BPF programs: the hook of --accept fails: .*; try --accept receive, or leave "
                        r"--accept out\n", said), said


def test_refused_storage():
    """The next way, a hash; and why, with -v."""
    need_refusals()
    said = run("-v", "-d", "0.1", prefix=refusing("set_state_cast", "set_state_storage")).stderr
    assert_line(f"tcpstates: not usable here: tp_btf with socket storage: {REFUSED_NOW}", said)
    assert_line(f"tcpstates: cannot use socket storage here ({REFUSED_NOW}): sockets are remembered in a hash of 65536 sockets", said)


def test_refused_seeding():
    need_refusals()
    said = run("-d", "0.1", prefix=refusing("iterate:seed_storage", "iterate:seed_rest")).stderr
    for program in "seed_storage", "seed_rest":
        assert_line(f"tcpstates: cannot read the open sockets ({REFUSED_NOW}): {WITHOUT[program]}", said)


def test_lockdown():
    """A file that says so, and a seccomp filter that does it."""
    need_root()
    place = "/sys/kernel/security"
    if not os.path.isdir(place):
        raise Skip(f"no {place}")
    prefix = in_mount_namespace(f"mount -t tmpfs tmpfs {place}; echo 'none integrity [confidentiality]' >{place}/lockdown")
    for tool in BOTH:
        result = run("-d", "0.1", tool=tool, prefix=prefix, preexec_fn=deny_bpf_by_seccomp())
        assert_equal(result.stderr, f"{name_of(tool)}: cannot load the BPF programs: {REFUSED_NOW}: kernel lockdown forbids reading "
                     "kernel memory (/sys/kernel/security/lockdown says confidentiality); boot with lockdown=integrity\n", "stderr")


def test_tracefs_of_root():
    need_root()
    need_command("setpriv")
    need_machine("tracefs", "tracepoint")
    rights = "+bpf,+perfmon"
    with PublicCopy() as tool:
        result = run("-d", "0.1", "--hook", "tracepoint", tool=tool, prefix=(
            *in_mount_namespace(SHOW_TRACEFS), *as_nobody(f"--inh-caps={rights}", f"--ambient-caps={rights}")))
    assert_equal(result.stderr, "tcpstates: cannot load the BPF programs: the classic tracepoint needs tracefs (/sys/kernel/tracing), "
                 "which this user may not read; try sudo\n", "stderr")


def test_reader_that_is_behind():
    """SIGHUP opens the file again, but not before all is read."""
    need_root()
    with contextlib.ExitStack() as stack:
        fifo = os.path.join(stack.enter_context(tempfile.TemporaryDirectory(prefix="tcpvitals-")), "fifo")
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        stack.callback(os.close, reader)
        trace = stack.enter_context(Trace("-o", "json", "--out", fifo))
        for _ in range(15):  # a pipe takes 64 KiB
            connect_once()
        time.sleep(0.1)
        trace.process.send_signal(signal.SIGHUP)
        line = (f"tcpstates: cannot open {fifo} again: the reader of the output is too slow; output still goes to the old file; correct "
                "this and send SIGHUP again")
        wait_until(lambda: line in trace.err.splitlines(), END_LIMIT_S, lambda: f"it said: {trace.err}")


def test_network_namespace_of_a_process_that_ends():
    """Without CAP_SYS_ADMIN the namespace's cookie is unknown, and the pid is all there is."""
    need_root()
    need_command("setpriv")
    need_machine("netns")
    with subprocess.Popen(["unshare", "--net", "sh", "-c", "echo in; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert_equal(holder.stdout.readline(), b"in\n", "the holder's word")
        with Trace("--netns", holder.pid, prefix=("setpriv", "--bounding-set=-sys_admin")) as trace:
            holder.kill()
            holder.wait()
            line = f"tcpstates: --netns {holder.pid}: this process has ended; its pid selects no network namespace now"
            wait_until(lambda: line in trace.err.splitlines(), END_LIMIT_S, lambda: f"it said: {trace.err}")


def start(terminal, *args, **kwargs):
    """The tool, with that for stderr, or with a pipe."""
    return subprocess.Popen(tool_command(*args, **kwargs), stdin=subprocess.DEVNULL, stdout=terminal or subprocess.DEVNULL,
                            stderr=terminal or subprocess.PIPE, text=not terminal)


def test_quiet():
    """A person who sees no row for long is told why: two rows wait for their ports; no program runs; two connections are watched."""
    need_refusals()
    with HalfClosed(2) as stuck, socket.socket() as listener, socket.socket() as queued, socket.socket() as hanging, \
            socket.socket() as another:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        queued.connect(listener.getsockname())
        (held, end_of_held), (idle, end_of_idle) = os.openpty(), os.openpty()
        with start(end_of_held, "-L", "1", "--pid", os.getpid(), "-d", "5.5"), \
                start(end_of_idle, "-d", "3.5", prefix=refusing(*FIRST, "skip:recover_cast", "skip:recover_storage")), \
                start(None, "--stuck", "CLOSE_WAIT", "--longer", "3.5s", "--once", "-v", "-L", stuck.port) as watching:
            os.close(end_of_held)
            os.close(end_of_idle)
            time.sleep(1)
            for each in hanging, another:
                each.setblocking(False)
                each.connect_ex(listener.getsockname())
            said = read_terminal(held), read_terminal(idle), watching.stderr.read()
            os.close(held)
            os.close(idle)
    assert_line("tcpstates: quiet so far: 2 rows are held back, because the local ports that -L asks for are not known yet; a connect() "
                "may be waiting for its answer", said[0])
    assert_line("tcpstates: quiet so far; try in another terminal: curl -s http://127.0.0.1:9/", said[1])
    assert re.search(r"^tcpstates: watching 2 connections for at most \d s more: they are older than tcpstates, and their times in the "
                     r"state are unknown$", said[2], re.MULTILINE), said[2]


if __name__ == "__main__":
    main(globals())
