"""Queries by name: one `.sql` file each, `queries/mails/claim.sql` is `mails/claim`.

A query's first comment says what it is for. An INSERT for many rows has a line `-- many: a, b, c`
that names its values in their order.
"""

import functools
import re
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import msgspec

__all__ = ["Query", "load_migrations", "load_queries"]

_COMMENT: Final = re.compile(r"--[^\n]*")
_MANY: Final = re.compile(r"^-- many: (.+)$", re.MULTILINE)
_NAMED: Final = re.compile(r"(?<![:\w]):([a-z][a-z0-9_]*)")
_MIGRATION: Final = re.compile(r"(\d{4})_\w+\.sql")


class Query(msgspec.Struct, frozen=True):
    """`text` without comments; `values`: the names of its values, in order of first use."""

    name: str
    text: str
    values: tuple[str, ...]
    many: tuple[str, ...]


@functools.cache
def load_queries(package: str) -> Mapping[str, Query]:
    """All queries of a store, such as `mailproof.store.sqlite`."""
    found = {}
    for folder in (files(package) / "queries").iterdir():
        if folder.is_dir():
            for file in folder.iterdir():
                if file.name.endswith(".sql"):
                    name = f"{folder.name}/{file.name.removesuffix('.sql')}"
                    found[name] = _read(name, file)
    return found


def load_migrations(package: str) -> list[tuple[int, str]]:
    """Number and text of each migration, in order."""
    return sorted(
        (int(match[1]), file.read_text(encoding="utf-8"))
        for file in (files(package) / "migrations").iterdir()
        if (match := _MIGRATION.fullmatch(file.name))
    )


def _read(name: str, file: Traversable) -> Query:
    source = file.read_text(encoding="utf-8")
    many = _MANY.search(source)
    text = " ".join(_COMMENT.sub("", source).split()).rstrip("; ")
    values = tuple(dict.fromkeys(_NAMED.findall(text)))
    columns = tuple(column.strip() for column in many[1].split(",")) if many else ()
    return Query(name, text, values, columns)
