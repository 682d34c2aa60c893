"""Take secrets and mail addresses out of what is shown, logged or stored.

A secret leaves `[redacted]` behind its telling prefix (`re_[redacted]`), an address its first
letter and its domain (`a…@acme.com`): the domain is diagnosis, the person is not. Better one word
too many than one key too few: what is redacted here has been diagnosed before.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from mailproof.diagnosis.evidence import Evidence, decode_text
from mailproof.diagnosis.secret_kinds import (
    ADDRESS,
    KINDS,
    REDACTED,
    SECRET_KEY,
    SECRET_KEY_WORDS,
    TRACE_KEY,
    Kind,
)

__all__ = ["REDACTED", "redact_evidence", "redact_text"]

_DEPTH_MAX: Final = 40
_TOO_DEEP: Final = "[nested too deeply]"

Shape = TypeVar("Shape", bound=msgspec.Struct)


class Search(msgspec.Struct, frozen=True):
    """What to look for: the kinds that may be there, and whether a key may name a secret."""

    kinds: tuple[Kind, ...]
    keys: bool

    def names_secret(self, key: str) -> bool:
        return self.keys and SECRET_KEY.search(key) is not None


def redact_text(text: str) -> str:
    """The text without secrets, with masked addresses. Doing it twice changes nothing more."""
    return _text(text, _search_for(text).kinds)


def redact_evidence(evidence: Evidence) -> Evidence:
    """The same evidence, redacted at every depth: values, keys, headers, causes.

    What JSON can't hold (bytes, foreign objects, half a surrogate pair) becomes text on the way.
    """
    # `repr` shows every text in it, so one look finds what all of them must be searched for.
    return _struct(evidence, _search_for(repr(evidence)), 0)


def _search_for(text: str) -> Search:
    low = text.lower()
    return Search(
        kinds=tuple([kind for kind in KINDS if _any_in(kind.near, low)]),
        keys=_any_in(SECRET_KEY_WORDS, low),
    )


def _any_in(words: tuple[str, ...], low: str) -> bool:
    for word in words:  # noqa: SIM110 - runs for every line shown; any() takes twice as long
        if word in low:
            return True
    return False


def _text(text: str, kinds: Iterable[Kind]) -> str:
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    for kind in kinds:
        if kind.sign in text:
            text = kind.pattern.sub(kind.shown, text)
    return text


def _struct(value: Shape, search: Search, depth: int) -> Shape:
    names = value.__struct_fields__
    clean = [_clean(getattr(value, name), name, search, depth + 1) for name in names]
    return type(value)(**dict(zip(names, clean, strict=True)))


def _clean(value: Any, key: str, search: Search, depth: int) -> Any:
    """Clean one value. `key` is the last one that led to it, or the one that names a secret."""
    if isinstance(value, str):
        return _value(value, key, search) if value else value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return REDACTED if search.names_secret(key) else value
    if isinstance(value, bytes):
        return redact_text(decode_text(value))
    if not isinstance(value, (dict, list, tuple, msgspec.Struct, Mapping)):
        return redact_text(str(value))
    if depth > _DEPTH_MAX:
        return _TOO_DEEP
    if isinstance(value, msgspec.Struct):
        return _struct(value, search, depth)
    if isinstance(value, (list, tuple)):
        children = [_clean(child, key, search, depth + 1) for child in value]
        return tuple(children) if isinstance(value, tuple) else children
    secret = search.names_secret(key)
    return {
        _text(str(name), search.kinds): _clean(
            child, key if secret else str(name), search, depth + 1
        )
        for name, child in value.items()
    }


def _value(text: str, key: str, search: Search) -> str:
    if search.names_secret(key):
        return REDACTED
    if ADDRESS in search.kinds and TRACE_KEY.search(key):
        return _text(text, [kind for kind in search.kinds if kind is not ADDRESS])
    return _text(text, search.kinds)
