"""The texts in a piece of evidence, as the other side sent them, each with the key before it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from mailproof.diagnosis.evidence import Seen

__all__ = ["spoken"]

_WORDS_MAX: Final = 4_000  # what matters stands at the beginning; a page may be megabytes
_DEPTH_MAX: Final = 12


def spoken(seen: Seen) -> tuple[tuple[str, str], ...]:
    """Key and text, outermost first, about 4,000 characters in all."""
    found: list[tuple[str, str]] = []
    left = _WORDS_MAX
    for key, text in _walk(seen, "", 0):
        found.append((key, text[:left]))
        left -= len(text)
        if left <= 0:
            break
    return tuple(found)


def _walk(value: Any, key: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif depth > _DEPTH_MAX:
        return
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _walk(getattr(value, name), name, depth + 1)
    elif isinstance(value, Mapping):
        for name, child in value.items():
            yield from _walk(child, str(name), depth + 1)
    elif isinstance(value, (list, tuple)):
        for child in value:
            yield from _walk(child, key, depth + 1)
