#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Names of real cgroups, network namespaces and ports. The tools look names up only on request."""

import csv
import io
import os
import signal
import socket

from cgroups import CONTAINER, FIELDS, POD, Cgroup, cgroup2_mount, connect_from
from cli import (Skip, Trace, assert_equal, assert_in, assert_not_in, connect_once, main, need_command, need_root, run,
                 wait_until)
from namespaces import PORT, NamedNetwork
from surroundings import HIDE_CGROUP2, OwnNetwork, in_mount_namespace


def clients(rows, port):
    found = [row for row in rows if row["rport"] == port and row["newstate"] == "SYN_SENT"]
    assert len(found) == 1, f"not one connection to {port}: {rows}"
    return found[0]


def wait_for_row(trace, port):
    wait_until(lambda: str(port) in trace.out, 10, lambda: f"no row of port {port}: {trace.out}")


def test_refused():
    for args, why in ((["--names"], "-O CGPATH,UNIT,CONTAINER"), (["--names", "-o", "csv"], "-O CGPATH"),
                      (["-c", "--names"], "--names adds no columns to text"),
                      (["-c", "-w", "--names"], "--names adds no columns to text"),
                      (["--summary", "--names", "-o", "json"], "--summary"), (["--summary", "--services"], "--summary")):
        result = run(*args)
        assert_equal((result.returncode, result.stdout), (2, ""), f"{args}: {result.stderr}")
        assert_in(why, result.stderr.splitlines()[0])


def test_json_only_when_asked_for():
    need_root()
    with Trace("-o", "json") as plain, Trace("-o", "json", "--names") as named, Trace("-o", "json", "--services") as services:
        port = connect_once()
        for trace in (plain, named, services):
            assert_equal(trace.stop(), 0, "exit status")
        old, new, ports = (clients(trace.rows(), port) for trace in (plain, named, services))
        assert_equal(list(new), [*old, *FIELDS], "fields with --names")
        assert_equal(list(ports), [*old, "lservice", "rservice"], "fields with --services")
        for key in old:
            if key not in ("time", "duration_us"):  # each has clocks of its own
                assert_equal((new[key], ports[key]), (old[key], old[key]), key)


def test_container():
    need_root()
    with Cgroup("kubepods.slice", f"kubepods-pod{POD.replace('-', '_')}.slice", f"cri-containerd-{CONTAINER}.scope") as cgroup, \
            Trace("-O", "RPORT,NEWSTATE,CONTAINER,POD,UNIT,CGPATH") as text, \
            Trace("-o", "csv", "-O", "RPORT,NEWSTATE,CONTAINER,POD,UNIT,CGPATH,CGROUP") as table, \
            Trace("-o", "json", "--names") as lines, Trace("-o", "json", "-c", "--names", "--services") as connections:
        port = connect_from(cgroup)
        for trace in (text, table, lines, connections):
            assert_equal(trace.stop(), 0, "exit status")
        assert_in([str(port), "SYN_SENT", CONTAINER[:12], POD, f"cri-containerd-{CONTAINER}.scope", cgroup.path],
                  [line.split() for line in text.out.splitlines()])
        assert_in([str(port), "SYN_SENT", CONTAINER, POD, f"cri-containerd-{CONTAINER}.scope", cgroup.path, str(cgroup.id)],
                  list(csv.reader(io.StringIO(table.out))))
        ends = [row for row in connections.rows() if row["rport"] == port]
        assert_equal(len(ends), 1, "ends of the client's connection")
        assert_equal(ends[0]["lservice"], None, "service of an ephemeral port")
        for row in (clients(lines.rows(), port), ends[0]):
            assert_equal([row[field] for field in ("cgroup_id", *FIELDS[:5])],
                         [cgroup.id, cgroup.path, *[f"cri-containerd-{CONTAINER}.scope"] * 2, CONTAINER, POD], "names")


def test_connections_in_csv():
    """The same names behind the other columns; none without the option."""
    need_root()
    with Cgroup("web.service") as cgroup, Trace("-c", "-o", "csv", "--names") as named, Trace("-c", "-o", "csv") as plain, \
            Trace("-c", "-o", "csv", "--services") as services, OwnNetwork() as network:
        port = connect_from(cgroup)
        for trace in (named, plain, services):
            assert_equal(trace.stop(), 0, "exit status")
        rows, old, ports = (list(csv.reader(io.StringIO(trace.out))) for trace in (named, plain, services))
        assert_equal(rows[0], [*old[0], "CGPATH", "UNIT", "CONTAINER", "POD", "NETNSNAME"], "columns")
        assert_equal(ports[0], old[0], "columns with --services")
        assert_equal({len(row) for row in rows}, {len(rows[0])}, "fields of a row")
        ends = [dict(zip(rows[0], row)) for row in rows if row[6] == str(port)]
        assert_equal([(row["CGPATH"], row["UNIT"], row["CONTAINER"], row["POD"]) for row in ends],
                     [(cgroup.path, "web.service", "", "")], "names")
        assert ends[0]["NETNSNAME"].startswith("pid:") or ends[0]["NETNSNAME"] == str(network.number), ends[0]


def test_vanished():
    """Gone before the tool looked: the id. Seen before: the name stays."""
    need_root()
    with Cgroup("gone.service") as gone, Cgroup("seen.service") as seen, Trace("-O", "RPORT,NEWSTATE,CGPATH,UNIT") as text, \
            Trace("-o", "json", "--names") as lines:
        first = connect_from(seen)
        for trace in (text, lines):
            wait_for_row(trace, first)
            trace.process.send_signal(signal.SIGSTOP)
        second, third = connect_from(seen), connect_from(gone)
        os.rmdir(seen.full)
        os.rmdir(gone.full)
        for trace in (text, lines):
            trace.process.send_signal(signal.SIGCONT)
            assert_equal(trace.stop(), 0, "exit status")
        rows = [line.split() for line in text.out.splitlines()]
        for port in (first, second):
            assert_in([str(port), "SYN_SENT", seen.path, "seen.service"], rows)
            assert_equal(clients(lines.rows(), port)["unit"], "seen.service", "unit")
        assert_in([str(third), "SYN_SENT", str(gone.id), "-"], rows)
        row = clients(lines.rows(), third)
        assert_equal([row[field] for field in ("cgroup_id", *FIELDS[:5])], [gone.id, *[None] * 5], "names")


def test_hostile_name():
    need_root()
    name = "\x1b[31m\",\\\x7f\udcff\u202e (deleted).service"
    with Cgroup(name) as cgroup, Trace("-O", "RPORT,NEWSTATE,UNIT") as text, \
            Trace("-o", "csv", "-O", "RPORT,NEWSTATE,UNIT,CGPATH") as table, Trace("-o", "json", "--names") as lines:
        port = connect_from(cgroup)
        for trace in (text, table, lines):
            assert_equal(trace.stop(), 0, "exit status")
            for byte in map(chr, [*range(0x20), 0x7F, 0x202E]):
                assert_not_in(byte, trace.out.replace("\n", ""))
        shown = r"\x1B[31m" + '",' + r"\\\x7F\xFF\xE2\x80\xAE (deleted).service"
        assert any(line.startswith(str(port)) and line.endswith(shown) for line in text.out.splitlines()), text.out
        rows = [row for row in csv.reader(io.StringIO(table.out)) if row[:2] == [str(port), "SYN_SENT"]]
        assert_equal([row[2] for row in rows], [shown], "unit in CSV")
        assert_equal(clients(lines.rows(), port)["unit"], name.replace("\udcff", "\ufffd"), "unit in JSON")


def test_network_namespaces():
    need_root()
    with NamedNetwork() as network, Trace("-O", "RPORT,NEWSTATE,NETNS,NETNSNAME", "--netns", network.name) as text, \
            Trace("-o", "json", "--names", "--netns", network.name) as lines:
        network.connect_once()
        assert_equal((text.stop(), lines.stop()), (0, 0), "exit statuses")
        assert_in([str(PORT), "SYN_SENT", str(network.number), network.name], [line.split() for line in text.out.splitlines()])
        assert_equal({row["netns_name"] for row in lines.rows()}, {network.name}, "names of the namespace")


def test_network_namespace_of_a_process():
    need_root()
    with Trace("-O", "RPORT,NEWSTATE,NETNS,NETNSNAME") as text:
        with OwnNetwork() as network:
            port = connect_once()
            wait_for_row(text, port)
        assert_equal(text.stop(), 0, "exit status")
        assert_in([str(port), "SYN_SENT", str(network.number), f"pid:{os.getpid()}"], [line.split() for line in text.out.splitlines()])


def test_services():
    need_root()
    try:
        service = socket.getservbyport(7, "tcp")
    except OSError:
        raise Skip("no name for port 7 in /etc/services") from None
    with Trace() as plain, Trace("--services", "-w") as text, Trace("--services", "-c", "-o", "csv") as table, \
            Trace("--services", "-o", "json") as lines:
        with OwnNetwork() as network:
            connect_once(port=7)
        for trace in (plain, text, table, lines):
            assert_equal(trace.stop(), 0, "exit status")
        assert_in("127.0.0.1       7     CLOSE", plain.out)
        assert_not_in(service, plain.out)
        assert any(line.split()[7:9] == [service, "CLOSE"] for line in text.out.splitlines()), text.out
        assert any(row[6] == service for row in csv.reader(io.StringIO(table.out))), table.out
        row = clients([row for row in lines.rows() if row["netns"] == network.number], 7)
        assert_equal((row["lservice"], row["rservice"]), (None, service), "services")


def test_nothing_is_opened_without_being_asked():
    """Neither files of names nor a cgroup's handle."""
    need_root()
    need_command("strace")
    cgroup2_mount()
    for args, expected in ((["-O", "CGROUP,NETNS,RPORT"], False), (["--services", "-O", "UNIT,RPORT"], True)):
        with Trace("-d", "1.5", *args, prefix=("strace", "-e", "trace=openat,open_by_handle_at")) as trace:
            connect_once()
            assert_equal(trace.wait(), 0, f"exit status: {trace.err}")
            for word in ("/etc/services", "open_by_handle_at"):
                assert_equal(word in trace.err, expected, f"{word} with {args} in {trace.err}")


def test_cgroup_v1_alone():
    need_root()
    need_command("unshare")
    with Cgroup("any.service") as cgroup, Trace("-O", "RPORT,NEWSTATE,CGPATH,UNIT", prefix=in_mount_namespace(HIDE_CGROUP2)) as text:
        port = connect_from(cgroup)
        assert_equal(text.stop(), 0, f"exit status: {text.err}")
        assert_in("cannot read the names of cgroups, so numbers are shown: cgroup v2 is not mounted here; try: mount -t cgroup2 none DIRECTORY", text.err)
        assert_in([str(port), "SYN_SENT", str(cgroup.id), "-"], [line.split() for line in text.out.splitlines()])


# Over everything that is mounted there; the cgroups are in another place, and in a third that is hidden once more.
MOVE_CGROUP2 = """
mount -t tmpfs none /sys/fs/cgroup
mkdir -p /sys/fs/cgroup/hidden/below /sys/fs/cgroup/seen
mount -t cgroup2 none /sys/fs/cgroup/hidden/below
mount -t tmpfs none /sys/fs/cgroup/hidden
mkdir /sys/fs/cgroup/hidden/below
mount -t cgroup2 none /sys/fs/cgroup/seen
"""


def test_cgroup_mounts_that_others_hide():
    need_root()
    need_command("unshare")
    prefix = in_mount_namespace(MOVE_CGROUP2)
    with Cgroup("any.service") as cgroup, Trace("-O", "RPORT,NEWSTATE,CGPATH", prefix=prefix) as text:
        port = connect_from(cgroup)
        assert_equal(text.stop(), 0, f"exit status: {text.err}")
        assert_in([str(port), "SYN_SENT", cgroup.path], [line.split() for line in text.out.splitlines()])
        result = run("-d", "0.1", "--cgroup", cgroup.path[1:], prefix=prefix)
        assert_equal((result.returncode, result.stderr), (0, ""), "exit status and stderr of --cgroup")


def test_no_cgroup_mount_that_is_seen():
    """All that is left in the list is hidden."""
    need_root()
    need_command("unshare")
    cgroup2_mount()
    result = run("-d", "0.1", "--cgroup", "any.service", prefix=in_mount_namespace("mount -t tmpfs none /sys/fs"))
    assert_equal(result.returncode, 2, f"exit status: {result.stderr}")
    assert_in("cgroup v2 is not mounted here", result.stderr)


def test_no_services_file():
    need_root()
    need_command("unshare")
    with Trace("--services", "-O", "RPORT,NEWSTATE", prefix=in_mount_namespace("mount -t tmpfs none /etc")) as text:
        port = connect_once()
        assert_equal(text.stop(), 0, f"exit status: {text.err}")
        assert_in("cannot read the names of services in /etc/services, so numbers are shown: No such file", text.err)
        assert_in([str(port), "SYN_SENT"], [line.split() for line in text.out.splitlines()])


def test_without_handles():
    """Without CAP_DAC_READ_SEARCH the cgroups are walked."""
    need_root()
    need_command("setpriv")
    with Cgroup("web.service") as cgroup, \
            Trace("-O", "RPORT,NEWSTATE,CGPATH,UNIT", prefix=("setpriv", "--bounding-set=-dac_read_search")) as text:
        port = connect_from(cgroup)
        assert_equal(text.stop(), 0, f"exit status: {text.err}")
        assert_in([str(port), "SYN_SENT", cgroup.path, "web.service"], [line.split() for line in text.out.splitlines()])


if __name__ == "__main__":
    main(globals())
