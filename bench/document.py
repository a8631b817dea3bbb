# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Turns a run's results into docs/performance.md. Reads nothing but the results."""

import importlib
import textwrap

COLUMNS = 100

INTRODUCTION = """# What tracing costs: measured

Made by `bench/report` of one run of `./check bench`, whose figures are in `performance.json`; not to be edited. A section that says
so is of a later run.
`bench/README.md` says what is measured and how. Unless it says otherwise: median (min to max) of all rounds.

"""

REPEAT = """
To repeat it, on a machine with nothing else to do:

    sudo ./check bench
    cp build/bench/results.json docs/performance.json && bench/report docs/performance.json >docs/performance.md
"""


def _machine(results):
    machine = results["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    return (f"- {results['started']}, commit {machine['commit']}, {results['seconds'] / 60:.0f} minutes\n"
            f"- {machine['system']}, Linux {machine['kernel']}, {machine['architecture']}\n"
            f"- {machine['cpu']}, {machine['cpus']} CPUs, {machine['memory_kib'] / 1048576:.1f} GiB; load average at the start: "
            f"{machine['load_average']:.2f}\n"
            f"- {packages or 'none of the peers is a package here'}\n")


def section(name, mode):
    """Of one mode: its heading and report, or why there is none."""
    module = importlib.import_module(f"modes.{name}")
    body = module.report(mode["result"]) if "result" in mode else f"**Failed**: {mode['failed']}\n"
    again = mode.get("again")
    of = f", by a run of its own: {again['started']}, commit {again['commit']}" if again else ""
    return f"## {module.TITLE}\n\n`bench/run {name}`, {mode['seconds']:.0f} s{of}.\n\n{body}"


def _fill(lines):
    """A paragraph or an item of a list."""
    is_item = lines[0].startswith("- ")
    return textwrap.wrap(" ".join(line.strip() for line in lines), COLUMNS, subsequent_indent="  " if is_item else "",
                         break_long_words=False, break_on_hyphens=False)


def _wrapped(text):
    """Tables, headings and code stay as they are."""
    done, paragraph = [], []
    for line in [*text.split("\n"), ""]:
        stays = not line or line.startswith(("|", "#", "    "))
        if paragraph and (stays or line.startswith("- ")):
            done += _fill(paragraph)
            paragraph = []
        if stays:
            done.append(line)
        else:
            paragraph.append(line)
    return "\n".join(done[:-1])


def document(results):
    sections = [section(name, mode) for name, mode in results["modes"].items()]
    return _wrapped(INTRODUCTION + _machine(results) + REPEAT + "".join(f"\n{text.rstrip()}\n" for text in sections))
