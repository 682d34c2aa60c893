"""On which line of a TOML text a value stands, so that an error can say it.

The standard library's parser keeps no positions. This one looks at a text that the parser has
taken, so it need not judge it: it only follows headers and the keys before each `=`.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Final

from mailproof.config.problems import ValuePath

__all__ = ["line_of", "lines_of"]

_PIECE: Final = re.compile(
    r'(?P<text>"""(?:\\.|[^\\])*?"""+|\'\'\'.*?\'\'\'+|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')'
    r"|(?P<word>[A-Za-z0-9_-]+)|(?P<comment>\#[^\n]*)|(?P<space>[ \t\r]+)|(?P<sign>.)",
    re.DOTALL,
)

Piece = tuple[str, str, int]


def lines_of(text: str) -> Mapping[ValuePath, int]:
    """The line of each header and key; what stands inside a value has none of its own."""
    lines: dict[ValuePath, int] = {}
    last: dict[ValuePath, int] = {}  # of each `[[array]]`, the index of its last table
    table: ValuePath = ()
    for statement in _statements(text):
        signs = [sign for kind, sign, _ in statement if kind == "sign"]
        line = statement[0][2]
        if signs[:1] == ["["]:
            table = _table(_keys(statement), last, another=signs[:2] == ["[", "["])
            lines.setdefault(table, line)
        else:
            _note(lines, (*table, *_keys(statement)), line)
    return lines


def line_of(path: ValuePath, lines: Mapping[ValuePath, int]) -> int:
    """The line of `path`, or of the nearest thing around it; 0: nothing is known."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 0)


def _statements(text: str) -> Iterator[list[Piece]]:
    """The pieces of each statement; of a value, nothing. A line break inside brackets ends none."""
    line, depth, in_value = 1, 0, False
    statement: list[Piece] = []
    for match in _PIECE.finditer(text):
        kind, piece = str(match.lastgroup), match[0]
        if piece == "\n" and depth == 0:
            if statement:
                yield statement
            statement, in_value = [], False
        elif kind == "sign" and piece == "=" and depth == 0:
            in_value = True
        elif in_value:
            depth += (piece in "[{") - (piece in "]}") if kind == "sign" else 0
        elif kind in {"text", "word", "sign"}:
            statement.append((kind, piece, line))
        line += piece.count("\n")
    if statement:
        yield statement


def _keys(statement: list[Piece]) -> ValuePath:
    return tuple(
        piece if kind == "word" else str(tomllib.loads(f"key = {piece}")["key"])
        for kind, piece, _ in statement
        if kind in {"word", "text"}
    )


def _table(keys: ValuePath, last: dict[ValuePath, int], *, another: bool) -> ValuePath:
    """The path that a header opens: `[[providers]]` counts up, `[providers.x]` is in the last."""
    path: ValuePath = ()
    for position, key in enumerate(keys):
        path = (*path, key)
        if another and position == len(keys) - 1:
            last[path] = last.get(path, -1) + 1
        if path in last:
            path = (*path, last[path])
    return path


def _note(lines: dict[ValuePath, int], path: ValuePath, line: int) -> None:
    for length in range(1, len(path) + 1):  # `match.subject = …` is also where `match` begins
        lines.setdefault(path[:length], line)
