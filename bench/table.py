# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Turns figures of many rounds into text: medians with their ranges, Markdown tables, goals."""

import statistics


def span(values, digits, unit=""):
    """Median (min to max)."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f}){unit}"


def markdown(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


def rounds(count):
    return f"{count} round{'' if count == 1 else 's'}"


def at_most(what, value, goal, digits, unit=""):
    """A line that says whether a goal was met."""
    verdict = "met" if value <= goal else "**missed**"
    return f"- {what}: {value:.{digits}f}{unit}, goal at most {goal:.{digits}f}{unit}: {verdict}\n"


def at_least(what, value, goal, digits, unit=""):
    verdict = "met" if value >= goal else "**missed**"
    return f"- {what}: {value:.{digits}f}{unit}, goal at least {goal:.{digits}f}{unit}: {verdict}\n"


def beside_bound(what, value, low, high, unit):
    """A line that says how far a figure is from what a prototype without features reached."""
    return (f"- {what}: {value:.0f}{unit}, {value / high:.2f} to {value / low:.2f} times the lower bound "
            f"({low} to {high}{unit}, a prototype's)\n")


def unknown(what, reason):
    """The line of a goal that cannot be judged."""
    return f"- {what}: not measured ({reason})\n"


def skipped(reasons):
    """A line for each tool that could not run here: name to reason."""
    return "".join(f"- not measured: {name}: {reason}\n" for name, reason in reasons.items())


def notes(words):
    """Name to a word on how it was run."""
    return "".join(f"- {name}: {word}\n" for name, word in words.items())
