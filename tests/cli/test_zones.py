#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The zone of a link-local address, as users see it: on the command line, in rows and groups, and in named network namespaces."""

import csv
import io
import os
import socket
import subprocess

from cli import RTT_TOOL, TOOL, Trace, assert_equal, assert_in, assert_not_in, main, need_root, run
from namespaces import PORT, NamedNetwork

BOTH = (TOOL, RTT_TOOL)
NO_ZONE = "only a link-local address (fe80::/10) has a zone; leave the % and the zone out"
NO_NUMBER = "the number of an interface is from 1 to 2147483647"

# a list of addresses, the word that is quoted, and what the error says besides
WRONG = [
    ("2001:db8::1%lo", "2001:db8::1%lo", NO_ZONE),
    ("fe80::1%lo,ff02::1%lo", "ff02::1%lo", NO_ZONE),
    ("169.254.0.1%lo", "169.254.0.1%lo", NO_ZONE),
    ("fe80::%lo/9", "fe80::%lo/9", NO_ZONE),
    ("fe80::1%", "fe80::1%", "write fe80::1%eth0 or fe80::1%2"),
    ("fe80::1%0", "fe80::1%0", NO_NUMBER),
    ("!fe80::1%99999999999", "fe80::1%99999999999", NO_NUMBER),
    ("fe80::1%a-name-that-is-too-long", "fe80::1%a-name-that-is-too-long", "at most 15 bytes"),
    ("fe80::1%no-such-thing", "fe80::1%no-such-thing", "has an interface of this name; see ip link, or give its number (%2)"),
    ("!fe80::1%no-such-thing", "fe80::1%no-such-thing", "has an interface of this name"),
    ("fe80::1%lo/64", "fe80::1%lo/64", "write fe80::%lo/64"),
]

# A connection over loopback, from fe80::1 to fe80::1, from its beginning to its end; bytes in between.
CONNECTION = f"""
import socket
listener = socket.create_server(("::", {PORT}), family=socket.AF_INET6)
client = socket.socket(socket.AF_INET6)
client.connect(("fe80::1", {PORT}, 0, socket.if_nametoindex("lo")))
server = listener.accept()[0]
for _ in range(5):
    client.send(b"x")
    server.recv(1)
    server.send(b"x")
    client.recv(1)
client.close()
server.close()
"""


class LinkLocalNetwork(NamedNetwork):
    """fe80::1 is its loopback's."""

    def __enter__(self):
        network = super().__enter__()
        for words in (["link", "set", "lo", "up"], ["address", "add", "fe80::1/64", "dev", "lo", "nodad"]):
            subprocess.run(["ip", "-n", self.name, *words], check=True)
        return network


def test_refused():
    for tool in BOTH:
        for option in ("--laddr", "--raddr"):
            for text, word, why in WRONG:
                result = run(option, text, tool=tool)
                assert_equal((result.returncode, result.stdout), (2, ""), f"{option} {text}: {result.stderr}")
                assert_in(f'"{word}"', result.stderr.splitlines()[0])
                assert_in(why, result.stderr.splitlines()[0])


def test_not_by_the_tracepoint():
    result = run("--hook", "tracepoint", "--raddr", "fe80::1%1")
    assert_equal(result.returncode, 2, "exit status")
    assert_in("does not support an address with a zone; leave --hook out", result.stderr)


def test_both_asked_for_and_excluded():
    for tool in BOTH:
        result = run("--raddr", "fe80::1%1", "--raddr", "!fe80::1%1", tool=tool)
        assert_equal(result.returncode, 2, "exit status")
        assert_in('"fe80::1%1": both selected and excluded', result.stderr)


def test_only_in_the_namespaces_that_are_asked_for():
    need_root()
    with NamedNetwork() as network:
        subprocess.run(["ip", "-n", network.name, "link", "add", "tv-only-here", "type", "veth", "peer", "name", "tv-other"],
                       check=True)
        for tool in BOTH:
            result = run("--netns", os.getpid(), "--laddr", "fe80::1%tv-only-here", tool=tool)
            assert_equal(result.returncode, 2, "exit status")
            assert_in("no network namespace of --netns has an interface of this name", result.stderr)
            for scope in ([], ["--netns", network.name]):
                assert_equal(run("--laddr", "fe80::1%tv-only-here", "-d", "0.1", *scope, tool=tool).returncode, 0, f"{scope}")


def test_rows():
    """No process is in the namespace any more when the last rows are shown: its name in /run/netns leads there."""
    need_root()
    with LinkLocalNetwork() as network, Trace("--netns", network.name) as text, \
            Trace("--netns", network.name, "-o", "csv") as table, Trace("--netns", network.name, "-o", "json") as lines, \
            Trace("--netns", network.name, "-c", "-o", "csv") as connections:
        network.run_python(CONNECTION)
        for trace in (text, table, lines, connections):
            assert_equal((trace.stop(), "lost 0" in trace.err), (0, True), "exit status")
        connected = [row for row in lines.rows() if row["rport"]]
        assert connected, lines.out
        assert_equal({(row["raddr"], row["laddr"], row["ifindex"], row["zone"]) for row in connected},
                     {("fe80::1", "fe80::1", 1, "lo")}, "JSON")
        assert_equal([row for row in lines.rows() if not row["rport"] and ("ifindex" in row or "zone" in row)], [], "listeners")
        rows = list(csv.DictReader(io.StringIO(table.out)))
        assert_equal({row["RADDR"] for row in rows if row["RPORT"] != "0"}, {"fe80::1%lo"}, "CSV")
        assert_equal({row["LADDR"] for row in rows if row["RPORT"] == "0"}, {"::"}, "CSV of listeners")
        assert_in(" fe80::1%lo ", text.out)
        assert_equal({row["LADDR"] for row in csv.DictReader(io.StringIO(connections.out))}, {"fe80::1%lo"}, "-c")


def test_stuck():
    need_root()
    with LinkLocalNetwork() as network:
        hold = CONNECTION.replace("client.close()", "import time; time.sleep(30)").replace("listener =", "print(flush=True); listener =")
        with subprocess.Popen(["ip", "netns", "exec", network.name, "python3", "-c", hold], stdout=subprocess.PIPE) as holder:
            try:
                holder.stdout.readline()
                scope = ["--netns", network.name, "--raddr", "fe80::/10", "-d", "10"]
                result = run("--stuck", "ESTABLISHED", "--longer", "1ms", "--once", *scope)
                assert_equal(result.returncode, 1, result.stderr)
                assert_in(" fe80::1%lo ", result.stdout)
                result = run("--stuck", "ESTABLISHED", "--longer", "1ms", "--once", "-o", "json", *scope)
                assert_in('"ifindex":1,', result.stdout)
                assert_in('"zone":"lo"}', result.stdout)
            finally:
                holder.kill()


def test_bound_to_an_interface():
    """It is said of other addresses, too, which have no zone."""
    need_root()
    with Trace("-o", "json", "--rport", PORT) as lines, Trace("--rport", PORT) as text:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
            assert client.connect_ex(("127.0.0.1", PORT)), "somebody listens there"
        with socket.socket() as client:
            client.connect_ex(("127.0.0.1", PORT))
        assert_equal((lines.stop(), text.stop()), (0, 0), "exit statuses")
        began = [row for row in lines.rows() if row["newstate"] == "SYN_SENT"]
        assert_equal([row.get("ifindex") for row in began], [socket.if_nametoindex("lo"), None], f"interfaces of {began}")
        assert_equal([row for row in began if "zone" in row], [], "zones")
        assert_not_in("%", text.out)


def test_two_namespaces():
    """One name in two network namespaces: both are told, and a filter by name is for both unless --netns says which."""
    need_root()
    with LinkLocalNetwork("a") as one, LinkLocalNetwork("b") as two:
        scope = ("-P", PORT, "-A", "fe80::1%lo")
        with Trace("-B", *scope, "-o", "json", tool=RTT_TOOL) as both, \
                Trace("-B", *scope, "-o", "csv", tool=RTT_TOOL) as table, \
                Trace("-B", *scope, "--netns", one.name, tool=RTT_TOOL) as text:
            for network in (one, two):
                network.run_python(CONNECTION)
            for trace in (both, table, text):
                assert_equal(trace.stop(), 0, "exit status")
            keys = {f"fe80::1%lo@{network.number}" for network in (one, two)}
            assert_equal({row["key"] for row in both.rows()}, keys, "JSON")
            assert_equal({(row["ifindex"], row["zone"]) for row in both.rows()}, {(1, "lo")}, "JSON")
            assert_equal({row["KEY"] for row in csv.DictReader(io.StringIO(table.out))}, keys, "CSV")
            assert_in("Remote Address = fe80::1%lo \n", text.out)


def test_connections():
    need_root()
    with LinkLocalNetwork() as network:
        scope = ("-P", PORT, "--netns", network.name, "--by", "conn")
        with Trace(*scope, "-o", "json", tool=RTT_TOOL) as lines, Trace(*scope, "-o", "csv", tool=RTT_TOOL) as table, \
                Trace("-o", "json", "--rport", PORT, "--netns", network.name) as states:
            network.run_python(CONNECTION)
            for trace in (lines, table, states):
                assert_equal(trace.stop(), 0, "exit status")
            began, = (row for row in states.rows() if row["newstate"] == "SYN_SENT")
            group, = lines.rows()
            port = next(row["lport"] for row in states.rows() if row["newstate"] == "ESTABLISHED")
            assert_equal(group["key"], f"[fe80::1%lo]:{port}->[fe80::1%lo]:{PORT}", "key")
            for field in ("cookie", "conn_seq"):
                assert_equal(group[field], began[field], field)
            row, = csv.DictReader(io.StringIO(table.out))
            assert_equal((row["KEY"], row["COOKIE"], row["SEQ"]), (group["key"], str(group["cookie"]), "0"), "CSV")


if __name__ == "__main__":
    main(globals())
