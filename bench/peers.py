# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The tools that ours are compared with: where they are, and whether they run here."""

import ctypes
import os
import subprocess

from observer import Observer
from process import Failure

CLONE_NEWNS = 0x00020000
MS_REC, MS_PRIVATE = 1 << 14, 1 << 18
TRACEFS = "/sys/kernel/tracing"

# Debian's package has them in /usr/sbin under their own names, other distributions' with a prefix.
LIBBPF_TOOLS = ("/usr/sbin/{}", "/usr/sbin/libbpf-{}", "/usr/sbin/bpf-{}", "/usr/share/bcc/libbpf-tools/{}")


def _call(function, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, function)(*arguments) < 0:
        raise Failure(f"{function}: {os.strerror(ctypes.get_errno())}")


def mount_tracefs():
    """The peers need it, and it need not be mounted: this process and all it starts get a mount of their own, which ends with them."""
    if os.path.exists(f"{TRACEFS}/events"):
        return
    _call("unshare", CLONE_NEWNS)
    _call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    subprocess.run(["mount", "-t", "tracefs", "tracefs", TRACEFS], check=True)


def libbpf_tool(name):
    """The command of libbpf-tools' tool."""
    for place in LIBBPF_TOOLS:
        path = place.format(name)
        if os.access(path, os.X_OK):
            return [path]
    raise Failure("not installed (Debian: libbpf-tools)")


def usable(ways, say):
    """Name to command of those that run here, and name to reason of the others. `ways`: name to what finds the command, or fails."""
    commands, skipped = {}, {}
    for name, find in ways.items():
        say(f"trying {name}")
        try:
            command = find()
            with Observer(command):
                commands[name] = command
        except Failure as failure:
            skipped[name] = str(failure)
    return commands, skipped
