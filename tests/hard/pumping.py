"""Texts on which a pattern may take exponential time: what it matches, with a part of it repeated.

A pattern that can fit a part of a text in two ways tries them all, for each repetition, before it
gives up: a text of fifty characters then takes longer than a life.
"""

import importlib
import pkgutil
import re
import warnings
from collections.abc import Iterator
from random import Random
from types import ModuleType
from typing import Any, Final

import mailproof

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from re import _constants as kinds
    from re import _parser as parser

__all__ = ["patterns", "pumped"]

_DEPTH_MAX: Final = 6
_MORE_MAX: Final = 3
_CATEGORIES: Final = {
    "CATEGORY_DIGIT": "7", "CATEGORY_NOT_DIGIT": "x", "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_SPACE": "x", "CATEGORY_WORD": "a", "CATEGORY_NOT_WORD": "-",
}  # fmt: skip


def patterns() -> dict[str, re.Pattern[str]]:
    """Every pattern for text that the package has compiled, by where it stands."""
    found: dict[str, re.Pattern[str]] = {}
    for each in pkgutil.walk_packages(mailproof.__path__, "mailproof."):
        # What Django loads, it loads into a project with settings.
        if each.name != "mailproof.__main__" and ".django." not in each.name:
            module = importlib.import_module(each.name)
            for pattern in _in(module):
                if isinstance(pattern.pattern, str):
                    found.setdefault(f"{each.name}:{len(found)}:{pattern.pattern[:60]!r}", pattern)
    unique = {pattern: name for name, pattern in reversed(found.items())}
    return {name: pattern for pattern, name in reversed(unique.items())}


def _in(module: ModuleType) -> Iterator[re.Pattern[Any]]:
    left: list[Any] = list(vars(module).values())
    for value in left:
        if isinstance(value, re.Pattern):
            yield value
        elif isinstance(value, tuple | list | frozenset):
            left += value
        elif isinstance(value, dict):
            left += value.values()
        elif hasattr(type(value), "__struct_fields__") and not isinstance(value, type):
            left += [getattr(value, name) for name in value.__struct_fields__]


def pumped(pattern: re.Pattern[str], lots: Random, times: int) -> str:
    """Something that it nearly matches, with a part of it so many times over."""
    text = _sample(parser.parse(pattern.pattern, pattern.flags), lots, {}, 0)
    at = lots.randrange(len(text) + 1)
    part = text[at : at + lots.choice((1, 1, 2, 2, 3, 4, 8, 20))] or lots.choice((" ", "a", "\n"))
    return (
        text[:at] + part * times + lots.choice(("", "!", "\x01", "\n!", "\n\n", text[at:] + "\x01"))
    )


def _sample(nodes: Any, lots: Random, groups: dict[int, str], depth: int) -> str:
    return "".join(_one(kind, value, lots, groups, depth) for kind, value in nodes)


def _one(kind: Any, value: Any, lots: Random, groups: dict[int, str], depth: int) -> str:
    match str(kind):
        case "LITERAL":
            return chr(value)
        case "NOT_LITERAL":
            return "a" if value != ord("a") else "b"
        case "ANY":
            return lots.choice("a .")
        case "IN":
            return _of_set(value, lots)
        case "BRANCH":
            return _sample(lots.choice(value[1]), lots, groups, depth)
        case "SUBPATTERN":
            text = _sample(value[3], lots, groups, depth)
            if value[0] is not None:
                groups[value[0]] = text
            return text
        case "ATOMIC_GROUP":
            return _sample(value, lots, groups, depth)
        case "GROUPREF":
            return groups.get(value, "")
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, inner = value
            most = min(most, least + _MORE_MAX)
            count = lots.randint(least, most) if depth < _DEPTH_MAX else least
            return "".join(_sample(inner, lots, groups, depth + 1) for _ in range(count))
        case _:  # places and looks around take no room
            return ""


def _of_set(items: Any, lots: Random) -> str:
    if items[0][0] is kinds.NEGATE:
        return lots.choice("a 7-") if len(items) > 1 else "a"
    kind, value = lots.choice(items)
    match str(kind):
        case "LITERAL":
            return chr(value)
        case "RANGE":
            return chr(lots.randint(*value))
        case _:
            return _CATEGORIES.get(str(value), "a")
