"""All that was given, value by value, each with where it was written: the file laid flat."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from mailproof.config.document import Document
from mailproof.config.lines import line_of
from mailproof.config.problems import (
    DEFAULT,
    Origin,
    Remarks,
    ValuePath,
    Wrong,
    path_text,
)
from mailproof.config.schema import SCHEMA, Leaf, Named, Shape, Table, Tables, leaf_at

__all__ = ["Given", "Sheet", "close_to", "lay_flat", "read_values"]

_PURPOSE: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Given(msgspec.Struct, frozen=True):
    """A value as it was written."""

    raw: object
    origin: Origin

    def __repr__(self) -> str:  # it may be a secret
        return f"<Given {self.origin}>"


class Sheet(msgspec.Struct):
    """`given`: what was written; `entries`: each `[[providers]]` and `[purposes.NAME]`, also an
    empty one; `values`: what could be read."""

    given: dict[ValuePath, Given] = {}
    entries: dict[ValuePath, Origin] = {}
    values: dict[ValuePath, object] = {}

    def origin(self, path: ValuePath) -> Origin:
        """Of the value, else of what it would stand in."""
        if path in self.given:
            return self.given[path].origin
        while path and path not in self.entries:
            path = path[:-1]
        return self.entries.get(path, DEFAULT)

    def within(self, *path: str | int) -> list[ValuePath]:
        """The entries directly under `path`, in order."""
        depth = len(path)
        return sorted(
            (each for each in self.entries if each[:depth] == path and len(each) == depth + 1),
            key=lambda each: (isinstance(each[-1], str), each[-1]),
        )

    def fields(self, *path: str | int) -> dict[str, Any]:
        """The values directly under `path`, by the name of their field."""
        depth = len(path)
        return {
            leaf_at(each).field or str(each[-1]): value
            for each, value in self.values.items()
            if each[:depth] == path and len(each) == depth + 1
        }


def lay_flat(document: Document, sheet: Sheet, remarks: Remarks) -> None:
    """Bring a file onto the sheet. What is unknown in it is remarked as wrong."""
    if document.name:
        _Flattening(document, sheet, remarks).table(document.content, SCHEMA, ())


def read_values(sheet: Sheet, remarks: Remarks) -> None:
    """Read all that was given; what cannot be read is remarked as wrong, and left out."""
    for path, given in sheet.given.items():
        try:
            sheet.values[path] = leaf_at(path).kind.read(given.raw)
        except Wrong as wrong:
            remarks.wrong(path, given.origin, wrong.key, **wrong.facts)


def close_to(name: str, names: Iterable[str], *, cutoff: float = 0.6) -> str:
    """The one that was probably meant; empty: none of them."""
    return next(iter(difflib.get_close_matches(name, list(names), n=1, cutoff=cutoff)), "")


class _Flattening:
    def __init__(self, document: Document, sheet: Sheet, remarks: Remarks) -> None:
        self._document, self._sheet, self._remarks = document, sheet, remarks

    def table(self, content: Mapping[str, Any], table: Table, path: ValuePath) -> None:
        for key, raw in content.items():
            if key in table.keys:
                self._value(raw, table.keys[key], (*path, key))
            else:
                self._unknown(key, table, path)

    def _value(self, raw: object, shape: Shape, path: ValuePath) -> None:
        match shape, raw:
            case Leaf(), _:
                self._sheet.given[path] = Given(raw, self._origin(path))
            case Table(), dict():
                self.table(raw, shape, path)
            case Tables(), list() if all(isinstance(each, dict) for each in raw):
                for index, each in enumerate(raw):
                    self._entry(each, shape.entry, (*path, index))
            case Named(), dict():
                for name, each in raw.items():
                    self._named(name, each, shape, path)
            case _:
                key = "shape.tables" if isinstance(shape, Tables) else "shape.table"
                self._remarks.wrong(path, self._origin(path), key, header=path_text(path))

    def _named(self, name: str, raw: object, shape: Named, path: ValuePath) -> None:
        place = (*path, name)
        if not isinstance(raw, dict):
            header = path_text(place)
            self._remarks.wrong(place, self._origin(place), "shape.table", header=header)
        elif not _PURPOSE.fullmatch(name):
            self._remarks.wrong(place, self._origin(place), "purpose.name")
        else:
            self._entry(raw, shape.entry, place)

    def _entry(self, content: Mapping[str, Any], table: Table, path: ValuePath) -> None:
        self._sheet.entries[path] = self._origin(path)
        self.table(content, table, path)

    def _unknown(self, key: str, table: Table, path: ValuePath) -> None:
        place = (*path, key)
        close = close_to(key, table.keys)
        facts = {"close": close} if close else {"names": ", ".join(table.keys)}
        self._remarks.wrong(
            place, self._origin(place), "key.close" if close else "key.unknown", **facts
        )

    def _origin(self, path: ValuePath) -> Origin:
        return Origin("file", self._document.name, line_of(path, self._document.lines))
