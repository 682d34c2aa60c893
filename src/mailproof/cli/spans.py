"""Lines for a terminal made of coloured pieces: measured, cut and wrapped by the columns that
they take, so that Chinese fits as well as English."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from mailproof.cli.tables import columns_of, one_line

__all__ = ["Line", "Span", "colours", "cut", "joined", "padded", "wrapped"]

# A text and its tone: strong, faint, proven, waiting, broken, or none.
Span = tuple[str, str]
Line = tuple[Span, ...]

# ECMA-48 SGR. Only colours that a terminal's own theme decides, so that they can be read on any.
_SGR: Final[Mapping[str, str]] = {
    "strong": "1",
    "faint": "2",
    "proven": "32",
    "waiting": "33",
    "broken": "31",
    "broken strong": "1;31",
    "waiting strong": "1;33",
}


def colours(environ: Mapping[str, str] = os.environ) -> bool:
    """Are colours wanted? Not with NO_COLOR (no-color.org), nor on a terminal that has none."""
    return not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def cut(line: Sequence[Span], columns: int) -> Line:
    """At most so wide; what is cut off ends in `…`. No piece can steer the terminal."""
    pieces = [(one_line(text), tone) for text, tone in line]
    if sum(columns_of(text) for text, _ in pieces) <= columns:
        return tuple(pieces)
    left, kept = columns - 1, []
    for text, tone in pieces:
        short = _first(text, left)
        kept.append((short, tone))
        left -= columns_of(short)
        if short != text:
            return (*kept, ("…" if columns > 0 else "", tone))
    return tuple(kept)


def padded(text: str, columns: int) -> str:
    """Cut or filled to be exactly so wide."""
    ((shown, *_), *more) = cut([(text, "")], columns) or (("", ""),)
    shown += "".join(piece for piece, _ in more)
    return shown + " " * (columns - columns_of(shown))


def wrapped(text: str, columns: int, most: int) -> list[str]:
    """At most `most` lines, broken at blanks, or within Chinese where there are none."""
    lines: list[str] = []
    line = ""
    for word in _words(one_line(text)):
        if line and columns_of((line + word).rstrip()) > columns:
            lines.append(line.rstrip())
            line = ""
        line += word if line else word.lstrip()
    lines.append(line.rstrip())
    if len(lines) > most:
        lines[most - 1] = padded(f"{lines[most - 1]} {lines[most]}", columns).rstrip()
    return [each for each in lines[:most] if each]


def joined(line: Sequence[Span], *, colour: bool) -> str:
    """As it goes to the terminal."""
    return "".join(_coloured(text, tone) if colour else text for text, tone in line).rstrip()


def _coloured(text: str, tone: str) -> str:
    code = _SGR.get(tone)
    return f"\x1b[{code}m{text}\x1b[0m" if code and text.strip() else text


def _first(text: str, columns: int) -> str:
    taken = 0
    for place, char in enumerate(text):
        taken += columns_of(char)
        if taken > columns:
            return text[:place]
    return text


def _words(text: str) -> Iterator[str]:
    """Pieces between which a line may be broken; each brings its blank along."""
    piece = ""
    for char in text:
        if columns_of(char) > 1:
            # Chinese punctuation stays with what it follows.
            if piece and char not in "，。；：！？、）”":
                yield piece
                piece = ""
            piece += char
        elif char == " ":
            yield piece + char
            piece = ""
        else:
            if piece and columns_of(piece[-1]) > 1:
                yield piece
                piece = ""
            piece += char
    yield piece
