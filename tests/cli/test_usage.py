#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The command line: refused options and their messages, and uses that need no rights."""

import re
import subprocess

from cli import ROOT, TOOL, assert_diagnostics, assert_equal, assert_in, main, run

TOOLS = [str(ROOT / "build" / name) for name in ("tcpstates", "tcprtt", "tcpvitals-exporter")]
# command line, and what stderr must quote of it
WRONG = [
    (["--colums", "PID"], "--colums"),
    (["--no-such-option"], "--no-such-option"),
    (["-Q"], "Q"),
    (["-4Q"], "Q"),
    (["stray"], "stray"),
    (["-4", "stray"], "stray"),
    (["-L"], "L"),
    (["--duration"], "duration"),
    (["-4", "-6"], "-6"),
    (["-46"], "-6"),
    (["--strict=yes"], "strict"),
]
WRONG_VALUES = {
    "-L": ["0", "65536", "80abc", "90-80", "", "80,", ",80", "80,,443", "-80", "80-", "80-90-100", "80 ", " 80", "+80",
           "0x50", "http", "80;443", "99999999999999999999", "8000-70000"],
    "-D": ["0", "65536", "80abc", "90-80", ""],
    "-d": ["0", "-1", "abc", "1e9", "", "1 s", " 1", "1.2.3", "nan", "inf", "0.0", "99999999999999999999", ".", "1w", "999us"],
    "--every": ["0", "-1", "abc", "", "999us", "1w"],
    "--buffer-size": ["0", "3X", "10T", "", "-1", "4MM", "M", "4 M", "99999999999999999999G", "1"],
    "-o": ["xml", "", "JSON ", "jsonl", "csv,json"],
    "-O": ["NOPE", "PID,PID", "", "PID,", ",PID", "PID,,COMM", "PID COMM"],
    "--hook": ["kprobe", "", "AUTO"],
    "--storage": ["file", "", "AUTO"],
    "--hash-size": ["0", "-1", "1k", "", "16777217", "99999999999999999999"],
    "--accept": ["fentry", "", "AUTO"],
}
LONG_NAMES = {"-d": "--duration", "-o": "--output", "-O": "--columns"}


def assert_refused(args, quoted):
    result = run(*args)
    assert_equal(result.returncode, 2, f"exit status of {args} ({result.stderr.strip()})")
    assert_equal(result.stdout, "", f"stdout of {args}")
    assert_diagnostics(result.stderr.splitlines()[0])
    assert_in(quoted, result.stderr)
    assert len(result.stderr.splitlines()) <= 4, f"{args}: too many words: {result.stderr}"


def test_each_option_of_help():
    """Each name and letter that --help shows is an option: none is listed and not handled."""
    for tool in TOOLS:
        names = re.findall(r"^ +(-.*?)(?:  |$)", run("--help", tool=tool).stdout, re.MULTILINE)
        names = [name for line in names for name in line.split(", ")]
        assert len(names) > 30, names
        for name in names:
            option, _, argument = name.partition("=")
            args = [f"{option}=1" if argument and option.startswith("--") else option]
            if option not in ("-?", "--help", "--usage"):
                assert "PROGRAM ERROR" not in run(*args, "-V", tool=tool).stderr, f"{tool} {args}"


def test_wrong_command_lines():
    for args, quoted in WRONG:
        assert_refused(args, quoted)


def test_wrong_values():
    for option, values in WRONG_VALUES.items():
        for value in values:
            # lists name the one bad word of theirs; of 80,,443 that word is empty
            bad = '"' if option in ("-L", "-D", "-O") else f'"{value}"'
            assert_refused([option, value], bad)


def test_wrong_values_of_long_names():
    for short, long in LONG_NAMES.items():
        for value in WRONG_VALUES[short]:
            assert_refused([f"{long}={value}"], '"')


def test_bad_word_of_a_list_is_quoted():
    assert_refused(["-L", "80,443x,90"], '"443x"')
    assert_refused(["-D", "1-10,70000"], '"70000"')
    assert_refused(["-O", "PID,NOPE,COMM"], '"NOPE"')


def test_columns_error_lists_the_columns():
    result = run("-O", "NOPE")
    for name in ("SKADDR", "PID", "COMM", "LADDR", "NEWSTATE", "MS"):
        assert_in(name, result.stderr)


def test_columns_need_text_or_csv():
    assert_refused(["-o", "json", "-O", "PID"], "JSON")
    assert_refused(["-O", "PID", "-o", "json"], "JSON")


def test_json_has_no_layout():
    for option in ("-T", "-t", "-w"):
        assert_refused(["-o", "json", option], "JSON")


def test_one_output_at_a_time():
    assert_refused(["-s", "-o", "json"], "json")


def test_bad_word_is_escaped():
    result = run("-o", "x\x1b[31mred\n\x07")
    assert_equal(result.returncode, 2, "exit status")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", result.stderr), f"control bytes: {result.stderr!r}"


def test_good_value_does_not_hide_a_bad_one():
    assert_refused(["-L", "80", "-L", "0"], '"0"')
    assert_refused(["-o", "json", "-o", "xml"], '"xml"')


def test_help_and_version():
    for args in (["--help"], ["-h"], ["-h", "-4"], ["--help", "--strict"]):
        result = run(*args)
        assert_equal((result.returncode, result.stderr), (0, ""), f"{args}")
        for word in ("-4", "-6", "-L", "-D", "-T", "-t", "-w", "-s", "-Y", "-v", "-V", "-h", "-d", "-o", "-O", "--timestamp",
                     "--elapsed", "--wide", "--csv", "--journal", "--verbose", "--version", "--duration", "--output",
                     "--columns", "--stuck", "--longer", "--interval", "--once", "--buffer-size",
                     "--strict", "--hook", "--storage", "--hash-size", "--accept"):
            assert_in(word, result.stdout)
        longest = max(result.stdout.splitlines(), key=len)
        assert len(longest) <= 80, f"wider than a terminal: {longest!r}"
    for args in (["--version"], ["-V"]):
        result = run(*args)
        assert_equal((result.returncode, result.stderr), (0, ""), f"{args}")
        assert re.fullmatch(r"tcpstates \(tcpvitals\) \d+\.\d+\.\d+\n", result.stdout), result.stdout


def test_usage():
    result = run("--usage")
    if result.returncode != 2:
        assert_equal((result.returncode, result.stderr), (0, ""), "--usage")
        assert_in("tcpstates", result.stdout)


def test_help_to_a_full_disk():
    for option in ("--help", "--version"):
        with open("/dev/full", "wb") as full:
            result = run(option, stdout=full)
        assert_equal(result.returncode, 1, f"exit status of {option}")
        assert_in("No space left on device", result.stderr)
        assert_diagnostics(result.stderr)


def test_help_to_a_closed_stdout():
    result = subprocess.run(["sh", "-c", f'"{TOOL}" --help >&-'], stderr=subprocess.PIPE, text=True, timeout=10, check=False)
    assert_equal(result.returncode, 1, "exit status")
    assert_diagnostics(result.stderr)


if __name__ == "__main__":
    main(globals())
