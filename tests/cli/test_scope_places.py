#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Cgroups and network namespaces that disappear, or appear again, while a filter names them."""

import os
import subprocess

from cgroups import Cgroup, connect_from
from cli import (END_LIMIT_S, RTT_TOOL, TOOL, Trace, assert_equal, assert_in, main, need_command,
                 need_root, of_port, run, wait_until)
from namespaces import PORT, NamedNetwork, network_with
from surroundings import refusing
from this_machine import need_machine

BOTH = (TOOL, RTT_TOOL)


def await_message(trace, text, times=1):
    wait_until(lambda: trace.err.count(text) >= times, END_LIMIT_S, lambda: f"not said: {text!r}; but {trace.err}")


class Network(NamedNetwork):
    """May be deleted before the end, and made again."""

    def __exit__(self, *_):
        if os.path.exists(f"/run/netns/{self.name}"):
            super().__exit__()

    def delete(self):
        subprocess.run(["ip", "netns", "del", self.name], check=True)


# ---- network namespaces

def check_stranger(word, prefix=(), before=lambda trace: None):
    """The connections of the network that `word` names are shown; those of a later one with the same number are not."""
    need_root()
    with Network() as network, Trace("-o", "json", "--netns", word(network), prefix=prefix) as trace, \
            Trace("-o", "json", "--netns", f"!{word(network)}", "--lport", str(PORT), prefix=prefix) as others:
        network.connect_once()
        wait_until(lambda: trace.out.count("\n") >= 10, END_LIMIT_S, "no rows of the namespace")
        number = network.number
        network.delete()
        before(trace)
        before(others)
        seen = len(trace.rows())
        with network_with(number) as stranger:
            stranger.connect_once()
            assert_equal((trace.stop(), others.stop()), (0, 0), f"exit statuses: {trace.err}")
        assert_equal(len(trace.rows()), seen, f"rows, with those of a stranger: {trace.out}")
        assert others.rows(), f"a stranger is left out: {others.err}"


def test_number_of_a_network_that_is_gone():
    """At once: the kernel may give it away before the tool looks again."""
    check_stranger(lambda network: network.name)
    check_stranger(lambda network: str(network.number))


def test_number_without_cookies():
    """Who cannot enter the namespace looks once a second whether its name is still there."""
    need_command("setpriv")
    check_stranger(lambda network: network.name, ("setpriv", "--bounding-set=-sys_admin"),
                   lambda trace: await_message(trace, "this name was removed"))


def test_network_without_its_name():
    """A process that is still in it is shown."""
    need_root()
    with Network() as network, subprocess.Popen(
            ["ip", "netns", "exec", network.name, "sh", "-c", "ip link set lo up; echo in; exec cat"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE) as holder:
        assert_equal(holder.stdout.readline(), b"in\n", "the holder's word")
        with Trace("-o", "json", "--netns", network.name) as trace:
            network.delete()
            await_message(trace, f"--netns {network.name}: this name was removed; "
                                 "a new network namespace of this name takes its place")
            subprocess.run(["nsenter", f"--net=/proc/{holder.pid}/ns/net", "curl", "-s", f"http://127.0.0.1:{PORT}/"], check=False,
                           timeout=20)
            assert_equal(trace.stop(), 0, "exit status")
            assert of_port(trace.rows(), PORT), f"no rows of what is still in there: {trace.err}"
        holder.communicate(timeout=20)


def test_network_that_is_made_again():
    need_root()
    for tool in BOTH:
        name = os.path.basename(tool)
        with Network() as network, Trace("-o", "json", "--netns", network.name, tool=tool) as trace:
            network.delete()
            await_message(trace, f"{name}: --netns {network.name}: this name was removed")
            with network:
                await_message(trace, f"{name}: --netns {network.name}: exists again")
                network.connect_once()
                assert_equal(trace.stop(), 0, "exit status")
            assert trace.out, f"no rows of the new one: {trace.err}"
            assert_equal(trace.err.count("was removed"), 1, "times that it is said")


def test_network_that_nobody_is_in():
    need_root()
    for tool in BOTH:
        result = run("-d", "0.1", "--netns", "4294967290", tool=tool)
        assert_equal(result.returncode, 0, f"exit status: {result.stderr}")
        assert_in("--netns 4294967290: no process is in this network namespace", result.stderr)
    args = ("--stuck", "CLOSE_WAIT", "--once", "--netns", "4294967290")
    assert_equal(run(*args).returncode, 3, "exit status of --once")
    assert_equal(run(*args, "--netns", str(os.getpid())).returncode, 0, "exit status of --once with one that is there")


# ---- cgroups

def make_again(cgroup):
    os.rmdir(cgroup.full)
    os.mkdir(cgroup.full)
    assert os.stat(cgroup.full).st_ino != cgroup.id, "a cgroup with the number of an earlier one"


def test_cgroup_that_is_made_again():
    """As systemctl restart does. Everything is shown, from the first process in it on."""
    need_root()
    with Cgroup("any.service") as cgroup, Trace("-o", "json", "--cgroup", cgroup.path[1:]) as trace, \
            Trace("-o", "json", "--cgroup", f"!{cgroup.path[1:]}") as others:
        ports = []
        for _ in range(4):
            make_again(cgroup)
            ports.append(connect_from(cgroup))
        await_message(trace, f"--cgroup {cgroup.path[1:]}: was made again, and the new one is used")
        assert_equal((trace.stop(), others.stop()), (0, 0), "exit statuses")
        for port in ports:
            ours = [row for row in trace.rows() if row["rport"] == port]
            assert_equal([row["newstate"] for row in ours][:2], ["SYN_SENT", "ESTABLISHED"], f"of the client: {trace.err}")
            assert_equal([row for row in others.rows() if row["rport"] == port], [], "of the cgroup that is left out")


def test_cgroup_that_is_gone():
    need_root()
    for tool in BOTH:
        name = os.path.basename(tool)
        with Cgroup("any.service") as cgroup, Trace("-o", "json", "--cgroup", cgroup.path[1:], tool=tool) as trace:
            os.rmdir(cgroup.full)
            await_message(trace, f"{name}: --cgroup {cgroup.path[1:]}: this cgroup was removed; a new one at the same path takes its place")
            os.mkdir(cgroup.full)
            await_message(trace, f"{name}: --cgroup {cgroup.path[1:]}: exists again")
            assert_equal(trace.stop(), 0, "exit status")
            assert_equal(trace.err.count("was removed"), 1, "times that it is said")


def test_cgroup_whose_parent_is_made_again():
    """The user space's look, once a second, finds what the kernel's program does not know."""
    need_root()
    with Cgroup("any.slice", "any.service") as cgroup, Trace("-o", "json", "--cgroup", cgroup.path[1:]) as trace:
        for times in (1, 2):
            os.rmdir(cgroup.full)
            os.rmdir(os.path.dirname(cgroup.full))
            await_message(trace, "this cgroup was removed", times)
            os.makedirs(cgroup.full)
            await_message(trace, "exists again", times)
        make_again(cgroup)
        port = connect_from(cgroup)
        assert_equal(trace.stop(), 0, "exit status")
        assert of_port(trace.rows(), port), f"no rows: {trace.err}"


def test_without_the_program():
    """Where the kernel refuses it, the first second is missing, and that is said."""
    need_root()
    need_machine("seccomp_notify")
    with Cgroup("any.service") as cgroup, \
            Trace("-o", "json", "--cgroup", cgroup.path[1:], prefix=refusing("cgroup_made")) as trace:
        assert_in("the kernel refuses the program cgroup_made", trace.err)
        assert_in("a cgroup of --cgroup that is made again is not watched for its first second", trace.err)
        make_again(cgroup)
        await_message(trace, "was made again, and the new one is used")
        port = connect_from(cgroup)
        assert_equal(trace.stop(), 0, "exit status")
        assert of_port(trace.rows(), port), f"no rows: {trace.err}"


if __name__ == "__main__":
    main(globals())
