"""The texts in a piece of evidence, as the other side sent them, each with the key before it."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from mailproof.diagnosis.evidence import Seen

__all__ = ["spoken"]

_WORDS_MAX: Final = 4_000  # what matters stands at the beginning; a page may be megabytes
_DEPTH_MAX: Final = 12


def spoken(seen: Seen) -> tuple[tuple[str, str], ...]:
    """Key and text, outermost first, about 4,000 characters in all."""
    found: list[tuple[str, str]] = []
    _gather(seen, "", 0, found, _WORDS_MAX)
    return tuple(found)


def _gather(value: Any, key: str, depth: int, found: list[tuple[str, str]], left: int) -> int:
    """Add the texts in `value` to `found`, up to `left` characters; how many are left then."""
    if isinstance(value, str):
        found.append((key, value[:left]))
        return left - len(value)
    if not value or depth > _DEPTH_MAX:
        return left
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            if left > 0 and (field := getattr(value, name)):
                left = _gather(field, name, depth + 1, found, left)
    elif isinstance(value, (dict, Mapping)):
        for name, child in value.items():
            if left > 0:
                left = _gather(child, str(name), depth + 1, found, left)
    elif isinstance(value, (list, tuple)):
        for child in value:
            if left > 0:
                left = _gather(child, key, depth + 1, found, left)
    return left
