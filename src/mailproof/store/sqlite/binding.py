"""Values on their way into a SQLite statement: lists as JSON, bytes in them as spans of one blob.

JSON knows no bytes, and SQLite learnt to read hex digits only in 3.41. A function of our own would
take the interpreter's lock for each row, and lose it to a busy event loop for 5 ms each time. So a
query that wants bytes out of `:keys` also names `@keys_bytes`: then `:keys` holds a pair of start
and length in place of each bytes value, and `substr(@keys_bytes, start, length)` is that value.
"""

import functools
import re
from typing import Any, Final

import msgspec

from mailproof.store.base import Json
from mailproof.store.queries import Query

__all__ = ["bound", "chunks"]

_BYTES: Final = re.compile(r"@([a-z][a-z0-9_]*)_bytes\b")
# SQLite takes 32,766 values a statement (its documentation, "Limits"); this many rows at once.
_ROWS_MAX: Final = 256


def bound(query: Query, values: dict[str, Any]) -> dict[str, Any]:
    """The values as the statement takes them. Raises `TypeError`: one is missing."""
    with_bytes = _values_with_bytes(query.text)
    for name, value in tuple(values.items()):
        if isinstance(value, Json | list | tuple):
            plain = value.value if isinstance(value, Json) else value
            if name in with_bytes:
                blob = bytearray()
                plain = _with_spans(plain, blob)
                values[f"{name}_bytes"] = bytes(blob)
            values[name] = msgspec.json.encode(plain).decode()
    missing = [name for name in query.values if name not in values]
    if missing:
        raise TypeError(f"{query.name} needs {', '.join(missing)}")
    return values


def chunks(count: int) -> list[tuple[int, int]]:
    """Start and size of the parts in which `count` rows are inserted: powers of two, so that each
    query has nine texts at most and SQLite need not read it anew for every size of a batch."""
    parts, start = [], 0
    while start < count:
        size = min(_ROWS_MAX, 1 << ((count - start).bit_length() - 1))
        parts.append((start, size))
        start += size
    return parts


@functools.cache
def _values_with_bytes(text: str) -> frozenset[str]:
    return frozenset(_BYTES.findall(text))


def _with_spans(value: Any, blob: bytearray) -> Any:
    if isinstance(value, bytes):
        blob += value
        return [len(blob) - len(value) + 1, len(value)]  # substr counts from 1
    if isinstance(value, list | tuple):
        return [_with_spans(each, blob) for each in value]
    return value
