"""Read a `.env` file as the common loaders do (dotenv, python-dotenv, Docker Compose, Next.js).

There is no standard. What they agree on: `export` is allowed, `#` starts a comment at a line's
start or after a space, single quotes and backticks are literal, double quotes know `\\n`, a quoted
value may span lines, and of a doubled name the last one counts.
"""

import codecs
import re
from typing import Final

import msgspec

__all__ = ["Dotenv", "Entry", "parse_dotenv"]

_NAME: Final = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*")
_COMMENT: Final = re.compile(r"(?:^|[ \t])#.*$")
_BLANK: Final = re.compile(r"\s*(?:#.*)?")
_ESCAPE: Final = re.compile(r"\\([nrt\"\\$])")
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t"}
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Entry(msgspec.Struct, frozen=True):
    """One assignment; `line` counts from 1. `literal`: nothing in it is to be expanded."""

    name: str
    value: str
    line: int
    literal: bool = False


class Dotenv(msgspec.Struct, frozen=True):
    """`strange_lines`: neither assignment, comment nor blank. `utf16`: most loaders see noise."""

    entries: tuple[Entry, ...] = ()
    strange_lines: tuple[int, ...] = ()
    utf16: bool = False


def parse_dotenv(raw: bytes) -> Dotenv:
    """Read the bytes of a file; any bytes lead to a result."""
    marked = raw.startswith(_UTF16)
    utf16 = marked or raw[1:2] == b"\0"  # some editors leave the mark out
    encoding = ("utf-16" if marked else "utf-16-le") if utf16 else "utf-8-sig"
    text = raw.decode(encoding, "replace")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    entries: list[Entry] = []
    strange: list[int] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if _BLANK.fullmatch(line):
            at += 1
        elif head := _NAME.match(line):
            value, literal, used = _value(lines, at, head.end())
            entries.append(Entry(head[1], value, at + 1, literal))
            at += used
        else:
            strange.append(at + 1)
            at += 1
    return Dotenv(tuple(entries), tuple(strange), utf16)


def _value(lines: list[str], at: int, start: int) -> tuple[str, bool, int]:
    """The value that starts in line `at`; whether it is literal; how many lines it took."""
    rest = lines[at][start:]
    quote = rest[:1]
    if quote in {'"', "'", "`"}:
        closed = _closed(lines, at, start + 1, quote)
        if closed is not None:
            inner, used = closed
            if quote == '"':
                return _ESCAPE.sub(lambda hit: _ESCAPED.get(hit[1], hit[1]), inner), False, used
            return inner, True, used
    return _COMMENT.sub("", rest).strip(), False, 1


def _closed(lines: list[str], at: int, start: int, quote: str) -> tuple[str, int] | None:
    """The text up to the closing quote, over line ends if need be; None without one."""
    text = lines[at][start:]
    for used in range(1, len(lines) - at + 1):
        if used > 1:
            text += "\n" + lines[at + used - 1]
        skip = 0
        while (end := text.find(quote, skip)) >= 0:
            if quote == '"' and _is_escaped(text, end):
                skip = end + 1
                continue
            return (text[:end], used) if _BLANK.fullmatch(text[end + 1 :]) else None
    return None


def _is_escaped(text: str, at: int) -> bool:
    slashes = len(text[:at]) - len(text[:at].rstrip("\\"))
    return slashes % 2 == 1
