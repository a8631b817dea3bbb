#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The units of dist/systemd: systemd accepts them, and they allow the system calls that the tools make. No systemd runs them here."""

import pathlib
import re
import shlex
import socket
import subprocess
import tempfile
import time

from cli import ROOT, assert_equal, main, need_command, need_root
from exporter import free_low_port

UNITS = ROOT / "dist/systemd"
INSTALLED = "/usr/local/sbin/"
# More of the tools' work: beside what the unit says, to reach as much code as possible.
OPTIONS = {"tcpvitals-exporter": ["--label", "unit,pod", "--interval", "1s", "--web.listen-address", "127.0.0.1:PORT"],
           "tcpstates": []}


def analyze(*args):
    need_command("systemd-analyze")
    result = subprocess.run(["systemd-analyze", *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                            env={"SYSTEMD_COLORS": "0", "PATH": "/usr/bin:/bin"})
    return re.sub(r"\x1b\[[0-9;]*m", "", result.stdout)


def expand(names, sets):
    """The system calls in a list of names and sets."""
    return set().union(*(expand(sets[name], sets) if name.startswith("@") else {name} for name in names))


def allowed(unit):
    sets = {}
    for line in analyze("syscall-filter").splitlines():
        if line.startswith("@"):
            members = sets.setdefault(line.strip(), [])
        elif line.startswith("    ") and not line.strip().startswith("#"):
            members.append(line.strip())
    return expand(re.search(r"^SystemCallFilter=(.*)$", unit.read_text(), re.MULTILINE)[1].split(), sets)


def connect_some(port):
    with socket.create_server(("127.0.0.1", port)):
        for _ in range(5):
            socket.create_connection(("127.0.0.1", port)).close()


def made_by(command, folder):
    """The system calls of two seconds, with some connections in them, and of the orderly end."""
    log = pathlib.Path(folder) / "strace"
    with subprocess.Popen(["strace", "-f", "-o", log, *command, "-d", "2"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as process:
        time.sleep(1)
        connect_some(free_low_port())
        error = process.communicate(timeout=30)[1]
    names = set(re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.MULTILINE))
    assert "bpf" in names, f"did not begin: {error}"
    return names


def test_system_calls():
    need_root()
    need_command("strace")
    for unit in UNITS.glob("*.service"):
        with tempfile.TemporaryDirectory() as folder:
            line = re.search(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)[1].replace("$OPTIONS", "")
            tool, *args = shlex.split(line.replace("/var/log/tcpvitals", folder))
            name = tool.removeprefix(INSTALLED)
            options = [option.replace("PORT", str(free_low_port())) for option in OPTIONS[name]]
            used = made_by([ROOT / "build" / name, *args, *options], folder)
        assert_equal(used - allowed(unit), set(), f"system calls that {unit.name} refuses")


def test_verify():
    with tempfile.TemporaryDirectory() as folder:
        for unit in UNITS.rglob("*.*"):
            copy = pathlib.Path(folder) / unit.relative_to(UNITS)
            copy.parent.mkdir(exist_ok=True)
            if unit.is_file():
                copy.write_text(unit.read_text().replace(INSTALLED, f"{ROOT}/build/"))
        units = [path for path in pathlib.Path(folder).iterdir() if path.is_file()]
        assert_equal(analyze("verify", "--man=no", *units), "", "what systemd says")


def test_exposure():
    """docs/fleet.md has the numbers of `systemd-analyze security`; where a unit has drop-ins, without and with them."""
    text = (ROOT / "docs/fleet.md").read_text()
    with tempfile.TemporaryDirectory() as folder:
        for unit in UNITS.glob("*.service"):
            alone = pathlib.Path(folder) / unit.name
            alone.write_text(unit.read_text())
            rows = [(alone, f"`{unit.name}`")]
            if unit.with_suffix(".service.d").is_dir():
                rows.append((unit, f"`{unit.name}` with all drop-ins"))
            for path, name in rows:
                score = re.search(r"exposure level for \S+: ([0-9.]+) ", analyze("security", "--offline=yes", path))[1]
                assert f"| {name} | {score} |" in text, f"{name}: {score}"


if __name__ == "__main__":
    main(globals(), at_once=3)
