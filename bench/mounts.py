# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Mounts file systems that only this process and its children see."""

import ctypes
import os
import subprocess

from process import Failure

CLONE_NEWNS = 0x00020000
TRACEFS = "/sys/kernel/tracing"


def mount_privately(kind, place):
    """In a mount namespace of this process's own: the mount ends with it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS):
        raise Failure(f"no mount namespace: {os.strerror(ctypes.get_errno())}")
    for arguments in (["--make-rprivate", "/"], ["-t", kind, kind, place]):
        result = subprocess.run(["mount", *arguments], stderr=subprocess.PIPE, text=True, check=False)
        if result.returncode:
            raise Failure(f"no {kind} on {place}: {result.stderr.strip()}")


def mount_tracefs():
    """Unless it is mounted, as on every machine with systemd: mounting it twice fails."""
    if not os.path.exists(f"{TRACEFS}/events"):
        mount_privately("tracefs", TRACEFS)
