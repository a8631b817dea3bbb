#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The command line of tcprtt: accepts the peer's options, and refuses wrong ones with a reason."""

import re
import subprocess

from cli import RTT_TOOL, assert_diagnostics, assert_equal, besides_no_sample, assert_in, free_port, main, need_root, run

# command line, and what stderr must quote of it
WRONG = [
    (["--intervall", "1"], "--intervall"),
    (["--no-such-option"], "--no-such-option"),
    (["-Q"], "Q"),
    (["-eQ"], "Q"),
    (["stray"], "stray"),
    (["-e", "stray"], "stray"),
    (["80"], "80"),
    (["-p"], "p"),
    (["-i"], "i"),
    (["--duration"], "duration"),
    (["-4", "-6"], "-6"),
    (["-64"], "-6"),
    (["--extension=yes"], "extension"),
    (["-b", "--by", "raddr"], "--by"),
    (["--by", "raddr", "-B"], "--by"),
    (["--top", "3"], "--top"),
    (["--sort", "mean"], "--sort"),
    (["--max-keys", "3"], "--max-keys"),
    (["--heatmap", "-B"], "--heatmap"),
    (["--heatmap", "--by", "pid"], "--heatmap"),
    (["--heatmap", "-o", "json"], "--heatmap"),
    (["--heatmap", "-T"], "-T"),
    (["--heatmap", "-e"], "-e"),
    (["-T", "-o", "json"], "-T"),
    (["-o", "csv", "-T"], "-T"),
    (["--hook", "kprobe", "--sample", "rtt"], "kprobe"),
    (["--hook", "kprobe", "--by", "comm"], "kprobe"),
    (["--hook", "kprobe", "--sample", "min"], "tp_btf"),
    (["--hook", "kprobe", "--storage", "socket"], "--storage"),
    (["--hook", "fentry", "--sample", "min"], "tp_btf"),
    (["--hook", "fentry", "--sample", "handshake"], "tp_btf"),
]
PORTS = ["0", "65536", "80abc", "90-80", "", "80,", ",80", "80,,443", "-80", "80-", "80-90-100", "80 ", " 80", "+80", "0x50",
         "http", "80;443", "99999999999999999999", "8000-70000"]
TIMES = ["0", "-1", "abc", "1e9", "", "1 s", " 1", "1.2.3", "nan", "inf", "0.0", "99999999999999999999", ".", "1w", "1S", "999us"]
ADDRESSES = ["", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4/33", "1.2.3.4/", "/8", "10.0.0.0/-1", "10.0.0.0/8x",
             "::1/129", ":::", "2001:db8::g", "1.2.3.4,", ",1.2.3.4", "1.2.3.4,,::1", "1.2.3.4 ", "1.2.3.4:80", "[::1]",
             "10.0.0.0/255.0.0.0", "2001:db8::1%lo", "fe80::1%", "fe80::1%0"]
WRONG_VALUES = {
    "-p": PORTS,
    "-P": ["0", "65536", "80abc", "90-80", ""],
    "-a": ADDRESSES,
    "-A": ADDRESSES[:8],
    "-i": TIMES,
    "-d": TIMES,
    "-o": ["xml", "", "JSON", "jsonl", "csv,json", "text "],
    "--by": ["", "addr", "RADDR", "raddr,", ",raddr", "raddr,,pid", "raddr,raddr", "raddr,pid,comm", "conn,pid", "pid,conn",
             "prefix", "prefix:", "prefix:0", "prefix:33", "prefix:24/0", "prefix:24/129", "prefix:24/", "prefix:x",
             "prefix:24x", "raddr pid"],
    "--sample": ["", "SRTT", "rtt,min", "max"],
    "--sort": ["", "P99", "p50", "count,mean"],
    "--hook": ["", "AUTO", "tracepoint"],
    "--storage": ["", "SOCKET", "map"],
    "--hash-size": ["", "0", "x", "16777217"],
    "--top": ["", "0", "-1", "x", "1x", "99999999999999999999", "1.5"],
    "--max-keys": ["", "0", "-1", "x", "99999999999999999999"],
}
# of which the one bad word is quoted, and not all of it
LISTS = ("-p", "-P", "-a", "-A", "--by")
NEED_GROUPS = ("--top", "--sort", "--max-keys")
LONG_NAMES = {"-p": "--lport", "-P": "--rport", "-a": "--laddr", "-A": "--raddr", "-i": "--interval", "-d": "--duration",
              "-o": "--output"}


def rtt(*args, **kwargs):
    return run(*args, tool=RTT_TOOL, **kwargs)


def assert_refused(args, quoted):
    result = rtt(*args)
    assert_equal(result.returncode, 2, f"exit status of {args} ({result.stderr.strip()})")
    assert_equal(result.stdout, "", f"stdout of {args}")
    assert_diagnostics(result.stderr.splitlines()[0], "tcprtt")
    assert_in(quoted, result.stderr)
    assert len(result.stderr.splitlines()) <= 4, f"{args}: too many words: {result.stderr}"


def test_wrong_command_lines():
    for args, quoted in WRONG:
        assert_refused(args, quoted)


def test_wrong_values():
    for option, values in WRONG_VALUES.items():
        for value in values:
            bad = '"' if option in LISTS else f'"{value}"'
            assert_refused([option, value, *(["-b"] if option in NEED_GROUPS else [])], bad)


def test_wrong_values_of_long_names():
    for short, long in LONG_NAMES.items():
        for value in WRONG_VALUES[short]:
            assert_refused([f"{long}={value}"], '"')


def test_bad_word_of_a_list_is_quoted():
    assert_refused(["-p", "80,443x,90"], '"443x"')
    assert_refused(["-P", "1-10,70000"], '"70000"')
    assert_refused(["-A", "10.0.0.0/8,1.2.3,::1"], '"1.2.3"')
    assert_refused(["-a", "10.0.0.0/8,2001:db8::/200"], "2001:db8::/200")
    assert_refused(["--by", "raddr,nope"], '"nope"')


def test_errors_list_the_choices():
    for option, words in (("--by", ("laddr", "raddr", "lport", "rport", "pid", "comm", "cgroup", "netns", "prefix", "conn")),
                          ("--sample", ("srtt", "rtt", "min", "handshake")),
                          ("--hook", ("auto", "tp_btf", "fentry", "kprobe")),
                          ("--storage", ("auto", "socket", "hash")),
                          ("-o", ("text", "csv", "json"))):
        for word in words:
            assert_refused([option, "nope"], word)


def test_bad_word_is_escaped():
    result = rtt("--by", "x\x1b[31mred\n\x07")
    assert_equal(result.returncode, 2, "exit status")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", result.stderr), f"control bytes: {result.stderr!r}"


def test_good_value_does_not_hide_a_bad_one():
    assert_refused(["-p", "80", "-p", "0"], '"0"')
    assert_refused(["-o", "json", "-o", "xml"], '"xml"')


def assert_accepted(*args):
    result = rtt("-d", "0.1", *args)
    assert_equal(result.returncode, 0, f"exit status of {args} ({result.stderr})")
    return result


def test_options_of_the_peers():
    """Every letter and every long name of libbpf-tools' tcprtt."""
    need_root()
    port = free_port()
    for args in (["-i", "1"], ["-d", "0.2"], ["-T"], ["-m"], ["-p", port], ["-P", port], ["-a", "127.0.0.1"], ["-a", "::1"],
                 ["-A", "127.0.0.1"], ["-A", "2001:db8::1"], ["-b"], ["-B"], ["-e"], ["-4"], ["-6"], ["-v"],
                 ["--interval", "1"], ["--interval=1"], ["--duration", "0.2"], ["--timestamp"], ["--millisecond"],
                 ["--lport", port], [f"--rport={port}"], ["--laddr", "127.0.0.1"], ["--raddr", "::1"], ["--byladdr"],
                 ["--byraddr"], ["--extension"], ["--verbose"], ["-TmeB"], ["-i1"], [f"-p{port}"]):
        assert_accepted("-P", port, *args)
    # as in the examples of the peer's help
    assert_accepted("-i", "1", "-d", "0.2", "-p", port)
    assert_accepted("-m", "-T", "-d", "0.2", "-p", port)


def test_values_at_the_edges():
    need_root()
    port = free_port()
    for args in (["-p", "1"], ["-p", "65535"], ["-p", "1-65535"], ["-P", "65535,1,2-3"], ["-a", "0.0.0.0/0"], ["-a", "::/0"],
                 ["-A", "255.255.255.255/32,::1/128"], ["-a", "::ffff:1.2.3.4"], ["-i", "0.001", "-d", "0.1"],
                 ["--by", "prefix:1"], ["--by", "prefix:32/128"], ["--by", "prefix:24/48,comm"], ["-b", "--max-keys", "1"],
                 ["--storage", "auto"], ["--storage", "socket"], ["--storage", "hash"], ["-b", "--top", "1", "--sort", "count"], ["--by", "conn"], ["-b", "-B"]):
        assert_accepted("-P", port, *args)


def test_verbose_says_what_is_used():
    need_root()
    result = assert_accepted("-v", "-P", free_port())
    assert_diagnostics(result.stderr, "tcprtt")
    for word in ("tp_btf", "lost 0 of 0"):
        assert_in(word, result.stderr)


def test_help_and_version():
    for args in (["--help"], ["-h"], ["-?"], ["-h", "-4"]):
        result = rtt(*args)
        assert_equal((result.returncode, besides_no_sample(result.stderr)), (0, ""), f"{args}")
        for word in ("-4", "-6", "-a", "-A", "-b", "-B", "-d", "-e", "-i", "-m", "-o", "-p", "-P", "-T", "-v", "-V", "--ipv4",
                     "--ipv6", "--laddr", "--raddr", "--byladdr", "--byraddr", "--duration", "--extension", "--interval",
                     "--millisecond", "--output", "--lport", "--rport", "--timestamp", "--verbose", "--by=", "--top",
                     "--sort", "--max-keys", "--sample", "--heatmap", "--hook", "--storage", "--hash-size", "--strict", "--version"):
            assert_in(word, result.stdout)
        longest = max(result.stdout.splitlines(), key=len)
        assert len(longest) <= 80, f"wider than a terminal: {longest!r}"
    for args in (["--version"], ["-V"]):
        result = rtt(*args)
        assert_equal((result.returncode, besides_no_sample(result.stderr)), (0, ""), f"{args}")
        assert re.fullmatch(r"tcprtt \(tcpvitals\) \d+\.\d+\.\d+\n", result.stdout), result.stdout


def test_help_to_a_full_disk():
    for option in ("--help", "--version"):
        with open("/dev/full", "wb") as full:
            result = rtt(option, stdout=full)
        assert_equal(result.returncode, 1, f"exit status of {option}")
        assert_in("No space left on device", result.stderr)
        assert_diagnostics(result.stderr, "tcprtt")


def test_help_to_a_closed_stdout():
    result = subprocess.run(["sh", "-c", f'"{RTT_TOOL}" --help >&-'], stderr=subprocess.PIPE, text=True, timeout=10,
                            check=False)
    assert_equal(result.returncode, 1, "exit status")
    assert_diagnostics(result.stderr, "tcprtt")


def test_accept_hook_without_owners():
    """Who accepts is of no use then: the option does no harm."""
    need_root()
    for hook in ("receive", "none"):
        result = run("--accept", hook, "-d", "0.1", tool=RTT_TOOL)
        assert_equal(result.returncode, 0, f"exit status with --accept {hook}: {result.stderr}")


if __name__ == "__main__":
    main(globals(), RTT_TOOL)
