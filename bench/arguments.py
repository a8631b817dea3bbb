# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Types of command line arguments."""

import argparse


def number(low, high):
    """A whole number in that range."""
    def parse(text):
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f'"{text}" is not a number from {low} to {high}')
        return int(text)
    return parse
