# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""bcc's tools, which compile their programs against kernel headers at every start.

Debian splits the headers into a common package and an architecture's package, which refer to each other by paths in
/usr/src. Both packages are downloaded and unpacked into one tree, and nothing is installed. If there are no headers of
the running kernel, the nearest version that bcc can compile is used. tcpstates works with any version: it reads the
arguments of a tracepoint and no other struct, and their layout is the running kernel's.
"""

import os
import pathlib
import platform
import re
import shutil
import subprocess

import load
from process import Failure

CACHE = load.ROOT / ".cache/bench"
NEWEST_OF_EACH = re.compile(r"linux-headers-((\d+)\.(\d+)[.\d]*(?:-\d+)?(?:\+\w+)?)-common")
DOWNLOAD_LIMIT_S = 300


def _output_of(*command, **how):
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True, text=True,
                              timeout=DOWNLOAD_LIMIT_S, **how).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise Failure(f"{' '.join(command)}: {getattr(error, 'stderr', None) or error}".strip()) from error


def _numbers(version):
    return tuple(map(int, re.findall(r"\d+", version)))


def _versions():
    """Of the headers that apt knows, the newest of each kernel series; the nearest to the running kernel first."""
    newest = {}
    for name in _output_of("apt-cache", "pkgnames", "linux-headers-").split():
        found = NEWEST_OF_EACH.fullmatch(name)
        if found:
            series = int(found[2]) * 100 + int(found[3])
            newest[series] = max(newest.get(series, "0"), found[1], key=_numbers)
    major, minor = _numbers(platform.release())[:2]
    return [newest[series] for series in sorted(newest, key=lambda series: abs(series - major * 100 - minor))]


def _unpack(version, tree):
    """Both packages in one tree, which appears when it is complete."""
    architecture = _output_of("dpkg", "--print-architecture").strip()
    work = tree.with_name(f"{tree.name}.new")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    packages = [f"linux-headers-{version}-common", f"linux-headers-{version}-{architecture}"]
    _output_of("apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", *packages, cwd=work)
    for package in work.glob("*.deb"):
        _output_of("dpkg-deb", "-x", str(package), str(work))
    common, own = (work / "usr/src" / package for package in packages)
    for part in ("arch", "include"):
        shutil.copytree(own / part, common / part, dirs_exist_ok=True)
    common.rename(tree)
    shutil.rmtree(work)


def header_trees():
    """Version and folder of each, the nearest to the running kernel first; downloaded when its turn comes."""
    for version in _versions():
        tree = CACHE / f"linux-headers-{version}"
        if not tree.exists():
            _unpack(version, tree)
        yield version, tree


def ways(name):
    """To run bcc's tool (see peers.py): with the headers of the running kernel, or the nearest."""
    path = f"/usr/sbin/{name}-bpfcc"
    if not os.access(path, os.X_OK):
        raise Failure("not installed (Debian: bpfcc-tools)")
    if pathlib.Path(f"/lib/modules/{platform.release()}/build").exists():
        yield [path], "the running kernel's headers"
    for version, tree in header_trees():
        yield ["env", f"BCC_KERNEL_SOURCE={tree}", path], f"headers of Linux {version}"
