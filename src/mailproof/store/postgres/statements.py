"""The queries of PostgreSQL: named values as `$1`, `$2` …, and what a value is sent as.

A file may hold several statements, divided by `;`. They run one after the other, and the last one's
rows are the answer: a lock must be had before the statement whose view of the data it guards.
"""

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from mailproof.store.base import Json
from mailproof.store.queries import load_queries
from mailproof.store.rows_out import in_json

__all__ = ["Asked", "Statement", "bound", "columns", "load_statements"]

_NAMED: Final = re.compile(r"(?<![:\w]):([a-z][a-z0-9_]*)(::jsonb\b)?")
# An escaped NUL, unless its backslash is itself escaped.
_NUL: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


class Statement(msgspec.Struct, frozen=True):
    """`values`: names in the order of `$1`, `$2` …; `json`: those of them that are JSON texts."""

    text: str
    values: tuple[str, ...]
    json: frozenset[str]


class Asked(msgspec.Struct, frozen=True):
    """A query by its name. `many`: the columns of an INSERT for many rows."""

    name: str
    statements: tuple[Statement, ...]
    many: tuple[str, ...]


@functools.cache
def load_statements() -> Mapping[str, Asked]:
    """All queries of this store by name."""
    return {
        name: Asked(name, tuple(map(_statement, query.text.split(";"))), query.many)
        for name, query in load_queries("mailproof.store.postgres").items()
    }


def bound(asked: Asked, statement: Statement, values: Mapping[str, Any]) -> list[Any]:
    """The values in the statement's order. Raises `TypeError`: one is missing."""
    missing = [name for name in statement.values if name not in values]
    if missing:
        raise TypeError(f"{asked.name} needs {', '.join(missing)}")
    return [_sent(values[name], name in statement.json) for name in statement.values]


def columns(asked: Asked, rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Rows turned into one array for each value of the query's only statement."""
    (statement,) = asked.statements
    arrays = dict(zip(asked.many, zip(*rows, strict=True), strict=True))
    return [
        [_sent(value, name in statement.json) for value in arrays[name]]
        for name in statement.values
    ]


def _statement(text: str) -> Statement:
    names = tuple(dict.fromkeys(match[1] for match in _NAMED.finditer(text)))
    places = {name: f"${number}" for number, name in enumerate(names, start=1)}
    jsons = frozenset(match[1] for match in _NAMED.finditer(text) if match[2])
    numbered = _NAMED.sub(lambda match: places[match[1]] + (match[2] or ""), text)
    return Statement(numbered.strip(), names, jsons)


def _sent(value: Any, is_json: bool) -> Any:  # noqa: FBT001 - one of two forms of one value
    """PostgreSQL keeps no NUL in a text (its manual, "Character Types"; "JSON Types"). What a
    provider answered may hold one, and must be kept all the same: with U+FFFD in its place."""
    if isinstance(value, str):
        text = value.replace("\x00", "\ufffd") if "\x00" in value else value
        return _NUL.sub(r"\1\\ufffd", text) if is_json and "\\u0000" in text else text
    if isinstance(value, Json):
        return _sent(in_json(value.value), True)  # noqa: FBT003
    if isinstance(value, list | tuple):
        return [_sent(each, is_json) for each in value]
    return value
