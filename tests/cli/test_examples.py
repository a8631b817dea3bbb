#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every command of README and of the manuals works as a user who types it expects: the tools refuse no option.

The commands run in a folder and a network namespace of their own. Each tool runs for a fraction of a second (TOOL_S)
instead of the time of its -d, which is only checked. The test makes the cgroups that the examples name. Other commands,
behind "--" or in a pipeline, run unchanged. Such a command may fail without a network, and the example ends with its status.
"""

import os
import pathlib
import re
import shlex
import subprocess
import tempfile

from cgroups import Cgroup
from cli import ROOT, RTT_TOOL, TOOL, assert_equal, assert_in, main, need_root, run
from exporter import EXPORTER
from this_machine import need_machine

TOOL_S = "0.15"
LIMIT_S = 20
SERVICES = ("nginx.service", "app.service", "docker-4f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0.scope")

# In front of the tool in PATH: the tool checks -d and its time, and takes the time from here. A replay has none.
WRAPPER = """#!/bin/bash
words=() times=(-d {seconds})
while (($#)) && [[ $1 != -- ]]; do
	case $1 in
	-d | --duration) {tool} "$1" "$2" --help >/dev/null || exit; shift ;;
	-d* | --duration=*) {tool} "$1" --help >/dev/null || exit ;;
	--replay | --replay=*) times=() && words+=("$1") ;;
	*) words+=("$1") ;;
	esac
	shift
done
exec {tool} "${{times[@]}}" "${{words[@]}}" "$@"
"""
# Instead of README's ./run, which finds its tools without PATH (test_run).
RUN = """#!/bin/bash
tool=tcpstates
[[ ! ${1:-} || $1 == -* ]] || { tool=$1; shift; }
exec "$tool" "$@"
"""

# Lines that stderr may have in a run without traffic.
USUAL = re.compile(r"^tcp(states|rtt|vitals-exporter): (live page at |lost \d+ of |no sample|quiet so far|.* has no (transitions|connections)$|ended too early|ended before the end of --interval|\d+ listeners? may be in scope)")
# Examples whose exit status is another program's, or an answer.
NOT_THE_TOOL = re.compile(r" -- | \| grep |--once")
# Of README, what other tests or CI run: the command, and where it is run.
RUN_ELSEWHERE = {
    "git clone URL tcpvitals && cd tcpvitals": ".ci/run",
    "sudo ./check": ".ci/run",
    "./check unit": "check",
    "sudo ./check vm": "check",
    "sudo ./check fleet": "check",
    "sudo ./check bench": "check",
}


def is_whole(command):
    """Whether the shell takes it as it is."""
    if command.rstrip().endswith(("|", "\\")):
        return False
    return subprocess.run(["bash", "-n", "-c", command], stderr=subprocess.DEVNULL, check=False).returncode == 0


def commands_of(lines, prompts):
    """Commands stand behind a prompt; a command goes on until the shell has enough."""
    command = None
    for line in lines:
        if command is not None:
            command = f"{command}\n{line}"
        elif line.startswith(prompts):
            command = line[2:]
        if command is not None and is_whole(command):
            yield command
            command = None
    assert command is None, f"a command without an end: {command}"


def commands_of_readme():
    """In an indented block without a prompt, each line is a command."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for block in re.findall(r"(?:^    .*\n)+", text, re.MULTILINE):
        lines = [line[4:] for line in block.splitlines()]
        if not any(line.startswith("$ ") for line in lines):
            lines = [f"$ {line}" for line in lines]
        for command in commands_of(lines, "$ "):
            yield re.sub(r"\s+# .*", "", command)


def commands_of_manual(path):
    """All commands of EXAMPLES; of the other sections those that run one of the tools."""
    sections = re.split(r"^\.Sh (.*)$", (ROOT / path).read_text(encoding="utf-8"), flags=re.MULTILINE)
    for name, text in zip(sections[1::2], sections[2::2]):
        lines = [line.removeprefix(".Dl ").replace("\\e", "\\").replace("\\ ", " ").replace("\\-", "-") for line in text.splitlines()]
        for command in commands_of(lines, ("# ", "$ ")):
            if name == "EXAMPLES" or re.search(r"\btcp(states|rtt|vitals-exporter)\b", command):
                yield command


def headers_of_readme():
    """The line below a command, with its command, where it names columns."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^    \$ (.*)\n    ((?:[A-Z_]+ +)+[A-Z_ >-]+)$", text, re.MULTILINE)


def write_program(path, text):
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def assert_runs(command, folder, header=None):
    """Returns the exit status. The header is on stderr when the tool runs a command. --live gets a terminal."""
    if "--live" in command and "--once" not in command:
        command = f"TERM=xterm script -qefc {shlex.quote(command)} /dev/null"
    result = subprocess.run(["unshare", "--net", "bash", "-c", f"ip link set lo up; {command}"], cwd=folder, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=LIMIT_S, check=False,
                            env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"})
    # With a command behind --, stderr also has the rows.
    refused = [line for line in result.stderr.splitlines() if re.match(r"tcp(states|rtt|vitals-exporter): |Try ", line) and not USUAL.match(line)]
    assert_equal(refused, [], f"stderr of: {command}")
    assert "command not found" not in result.stderr, f"{command}: {result.stderr}"
    if header:
        assert_equal([line for line in (result.stdout + result.stderr).splitlines() if line.startswith(header[:8])][:1], [header],
                     f"the columns of: {command}")
    return result.returncode


def run_all(commands, headers=()):
    need_root()
    commands, headers = list(commands), dict(headers)
    assert commands, "no command found"
    with tempfile.TemporaryDirectory(prefix="tcpvitals-examples-") as name:
        folder = pathlib.Path(name)
        for tool in (TOOL, RTT_TOOL, EXPORTER):
            write_program(folder / os.path.basename(tool), WRAPPER.format(tool=tool, seconds=TOOL_S))
        write_program(folder / "sudo", '#!/bin/bash\nexec "$@"\n')
        write_program(folder / "run", RUN)
        with Cgroup(SERVICES[0]), Cgroup(SERVICES[1]), Cgroup(SERVICES[2]):
            for command in commands:
                status = assert_runs(command.replace("/var/log/", f"{name}/"), folder, headers.pop(command, None))
                assert status == 0 or NOT_THE_TOOL.search(command), f"exit status {status} of: {command}"
    assert_equal(headers, {}, "columns without a command")


def test_readme():
    commands = list(commands_of_readme())
    for command, where in RUN_ELSEWHERE.items():
        assert command in commands, f"{command} is not in README.md any more"
        assert (ROOT / where).exists(), where
    headers = headers_of_readme()
    assert_equal(len(headers), 4, f"examples of README with columns: {headers}")
    run_all([command for command in commands if command not in RUN_ELSEWHERE], headers)


def test_run():
    need_root()
    for words, tool in (["--version"], TOOL), (["tcprtt", "--version"], RTT_TOOL):
        result = subprocess.run([ROOT / "run", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True)
        assert_equal(result.stdout, run("--version", tool=tool).stdout, f"./run {words}")
    result = subprocess.run([ROOT / "run", "tcpstate"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    assert_equal(result.returncode, 2, "exit status of ./run tcpstate")
    assert_in('no tool is called "tcpstate"; there are: tcpstates tcprtt', result.stderr)


def test_tcpstates_manual():
    run_all(commands_of_manual("man/tcpstates.8"))


def test_tcprtt_manual():
    run_all([command for command in commands_of_manual("man/tcprtt.8") if "--hook fentry" not in command])


def test_exporter_manual():
    """curl finds no exporter here, so grep finds nothing."""
    run_all(commands_of_manual("man/tcpvitals-exporter.8"))


def test_json_manual():
    run_all(commands_of_manual("man/tcpvitals-json.5"))


def test_fentry_in_manuals():
    need_machine("fentry")
    run_all([command for command in commands_of_manual("man/tcprtt.8") if "--hook fentry" in command])


if __name__ == "__main__":
    main(globals())
