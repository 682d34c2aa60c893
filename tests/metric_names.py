"""Names of metrics: those that stand in a text, and those that exist."""

import re
from collections.abc import Iterable
from typing import Any

from mailproof.record.metrics.catalog import FAMILIES

__all__ = ["labels_in", "names_in", "series_names", "strings"]

_NAME = re.compile(r"\bmailproof_[a-z_]+\b")
_SELECTED = re.compile(r"\b(mailproof_[a-z_]+)\s*\{([^}]*)\}")
_LABEL = re.compile(r"([a-z_]+)\s*(?:=~|!~|!=|=)")


def series_names() -> frozenset[str]:
    """Of every metric and every series of one; the names of a counter's family count too."""
    names = set()
    for family in FAMILIES.values():
        names.add(family.name)
        if family.kind == "histogram":
            names |= {f"{family.name}_{part}" for part in ("bucket", "sum", "count")}
    return frozenset(names)


def names_in(*texts: str) -> frozenset[str]:
    return frozenset(name for text in texts for name in _NAME.findall(text))


def labels_in(text: str) -> list[tuple[str, str]]:
    """Each metric with a label that the expression selects it by."""
    return [
        (name, label)
        for name, inside in _SELECTED.findall(text)
        for label in _LABEL.findall(inside)
    ]


def strings(tree: Any) -> Iterable[str]:
    """Every text in a tree of JSON or YAML."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for value in tree.values():
            yield from strings(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from strings(value)
