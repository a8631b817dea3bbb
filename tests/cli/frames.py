# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The refreshes of a program on a whole screen, from the bytes that it has written: how many bytes each has, and the screen after it.
Knows as much of a terminal as ncurses uses with TERM=tmux-256color; another sequence is a ValueError."""

import dataclasses
import re
import statistics

BEGIN, END = b"\x1b[?1049h", b"\x1b[?1049l"  # smcup, rmcup
PIECE = re.compile(rb"\x1b\[(\??)([\d;]*)([A-Za-z@])|\x1b[()].|\x1b[=>]|[\r\n\b\x0f]|[ -~]+")
UNFINISHED = re.compile(rb"\x1b[^A-Za-z]*\Z")
WITHOUT_EFFECT = ("m", "h", "l")


@dataclasses.dataclass
class Frame:
    size: tuple  # width, height
    text: str  # lines without the blanks at their ends
    bytes: int
    is_cleared: bool  # begins with an empty screen


class Screen:
    def __init__(self, size):
        self.size = self.width, self.height = size
        self.row = self.column = 0
        self.cells = [[" "] * self.width for _ in range(self.height)]

    def text(self):
        return "\n".join("".join(line).rstrip() for line in self.cells).rstrip("\n")

    def write(self, text):
        for character in text:
            if self.column == self.width:
                self.row, self.column = self.row + 1, 0
            self.cells[self.row][self.column] = character
            self.column += 1

    def control(self, character):
        if character == b"\r":
            self.column = 0
        elif character == b"\n":
            self.row += 1
        elif character == b"\b":
            self.column -= 1

    def sequence(self, letter, numbers):
        """`numbers`: at least two, 0 for those that are missing."""
        line, count = self.cells[self.row], numbers[0] or 1
        if letter == "H":
            self.row, self.column = count - 1, (numbers[1] or 1) - 1
        elif letter == "r":
            self.row = self.column = 0
        elif letter == "d":
            self.row = count - 1
        elif letter == "G":
            self.column = count - 1
        elif letter in "AB":
            self.row += count if letter == "B" else -count
        elif letter in "CD":
            self.column += count if letter == "C" else -count
        elif letter == "K" and numbers[0] == 0:
            line[self.column:] = [" "] * (self.width - self.column)
        elif letter == "K" and numbers[0] == 1:
            line[:self.column + 1] = [" "] * (self.column + 1)
        elif letter == "P":
            line[self.column:] = (line[self.column + count:] + [" "] * count)[:self.width - self.column]
        elif letter == "@":
            line[self.column:] = ([" "] * count + line[self.column:])[:self.width - self.column]
        else:
            raise ValueError(f"the terminal of the test has no sequence {letter} {numbers}")


def frames_of(data, sizes):
    """A frame begins in the first line, where the clock is, and goes down. An empty screen is allowed once for each of `sizes`: at the
    beginning, and after each change of the size."""
    data = data[data.index(BEGIN):].partition(END)[0] if BEGIN in data else b""
    left, frames, begin, at, is_cleared = list(sizes), [], 0, 0, False
    screen = Screen(left[0])
    while at < len(data):
        piece = PIECE.match(data, at)
        if not piece:
            if UNFINISHED.match(data, at):
                break
            raise ValueError(f"the terminal of the test does not know {data[at:at + 20]!r}")
        before, letter = screen.row, (piece[3] or b"").decode()
        if letter == "J":
            assert left and screen.row == screen.column == 0, f"the screen is cleared once more, at byte {at}: {data[at - 40:at + 20]!r}"
            screen, is_cleared = Screen(left.pop(0)), True
        elif letter and letter not in WITHOUT_EFFECT:
            screen.sequence(letter, [int(number or 0) for number in piece[2].split(b";")] + [0])
        elif piece[0][0] >= 0x20:
            screen.write(piece[0].decode())
        else:
            screen.control(piece[0])
        if screen.row < before:
            assert screen.row == 0, f"a refresh goes back from line {before} to {screen.row}, at byte {at}"
            frames.append(Frame(screen.size, screen.text(), at - begin, is_cleared))
            begin, is_cleared = at, False
        at = piece.end()
    frames.append(Frame(screen.size, screen.text(), at - begin, is_cleared))
    assert not left, f"the screen was not drawn at {left}"
    return frames


def bytes_a_refresh(frames):
    """Of those that write what has changed: median and most."""
    written = [frame.bytes for frame in frames if not frame.is_cleared]
    return round(statistics.median(written)), max(written)
