"""Take secrets, people and mail content out of what is shown, logged or stored.

A secret leaves `[redacted]` behind its telling prefix (`re_[redacted]`), an address its first
letter and its domain (`a…@acme.com`): the domain is diagnosis, the person is not. Of a name the
first letter stays, of a mail's content its length. IP addresses stay: they are looked up in
blocklists. Better one word too many than one key too few: what is redacted here has been diagnosed
before.
"""

import functools
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from mailproof.diagnosis.evidence import Evidence, decode_text
from mailproof.diagnosis.redaction.display_names import mask_in_field, masked
from mailproof.diagnosis.redaction.private_fields import ATTRIBUTES, Private, length_of, role_of
from mailproof.diagnosis.redaction.secret_kinds import (
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
_KEYS: Final = 1 << len(KINDS)
# What stays true of everything below the field that said it.
_STICKY: Final = frozenset({Private.SECRET, Private.CONTENT, Private.VARIABLES})
_OPEN, _CLOSE = ("{", "["), ("}", "]")

Shape = TypeVar("Shape", bound=msgspec.Struct)
Words = tuple[tuple[str, int], ...]


class Search(msgspec.Struct, frozen=True):
    """What to look for: the kinds that may be there, and whether a key may name a secret.

    `traces`: the kinds for a mail's own id, which looks like an address and is none.
    """

    kinds: tuple[Kind, ...]
    traces: tuple[Kind, ...]
    keys: bool


def redact_text(text: str) -> str:
    """The text without secrets, with masked addresses. Doing it twice changes nothing more."""
    return _text(text, _search_for(text).kinds)


def redact_evidence(evidence: Evidence) -> Evidence:
    """The same evidence, redacted at every depth: values, keys, headers, causes.

    What JSON can't hold (bytes, foreign objects, half a surrogate pair) becomes text on the way.
    """
    # Written out, it shows every text in it: one look finds what all must be searched for.
    context = evidence.context
    said = (evidence.seen, evidence.provider, context.sender, context.to)
    return _struct(evidence, _search_for(_written_out(said)), 0)


def _written_out(value: Any) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError):
        return repr(value)  # holds what JSON can't hold, and takes three times as long


# Signs and letters, the rarest in failures first: one that is missing spares a look at all words
# that hold it. Any order is right, this one is fast.
_RARE_FIRST: Final = "^+&%|*$#`?!'><=@z(;)/jq3kb_w-"


def _words() -> tuple[tuple[tuple[str, Words], ...], Words]:
    """All words that announce a kind, each with the bits of its kinds, under their rarest sign.

    Words that aren't ASCII come last, for the texts that aren't either.
    """
    bits = dict.fromkeys(SECRET_KEY_WORDS, _KEYS)
    signs = dict.fromkeys(SECRET_KEY_WORDS, "")
    for number, kind in enumerate(KINDS):
        for word in kind.near:
            bits[word] = bits.get(word, 0) | 1 << number
            sure = kind.signs[0] if len(kind.signs) == 1 else ""
            signs[word] = sure if signs.get(word, sure) == sure else ""
    groups: dict[str, list[tuple[str, int]]] = {}
    for word, bit in bits.items():
        if word.isascii():
            known = word + signs[word]
            rarest = next((sign for sign in _RARE_FIRST if sign in known), "")
            groups.setdefault(rarest, []).append((word, bit))
    wide = tuple((word, bit) for word, bit in bits.items() if not word.isascii())
    return tuple((sign, tuple(words)) for sign, words in groups.items()), wide


_ASCII_WORDS, _WIDE_WORDS = _words()


def _search_for(text: str) -> Search:
    low = text.lower()
    found = 0
    for sign, words in _ASCII_WORDS:
        if sign in low:
            for word, bit in words:
                if word in low:
                    found |= bit
    if not low.isascii():
        for word, bit in _WIDE_WORDS:
            if word in low:
                found |= bit
    return _search(found)


@functools.lru_cache(maxsize=4_096)
def _search(found: int) -> Search:
    kinds = tuple(kind for number, kind in enumerate(KINDS) if found & 1 << number)
    traces = tuple(kind for kind in kinds if not kind.person)
    return Search(kinds, traces, keys=bool(found & _KEYS))


def _text(text: str, kinds: Iterable[Kind]) -> str:
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    for kind in kinds:
        for sign in kind.signs:
            if sign in text:
                text = kind.pattern.sub(kind.shown, text)
                break
    return text


def _struct(value: Shape, search: Search, depth: int) -> Shape:
    return type(value)(
        *[
            _clean(field, name, role, search, depth + 1)
            if (field := getattr(value, name))
            else field
            for name, role in _fields_of(type(value))
        ]
    )


@functools.cache
def _fields_of(shape: type[msgspec.Struct]) -> tuple[tuple[str, Private | None], ...]:
    names = shape.__struct_fields__
    return tuple((name, role_of(name, names, "")) for name in names)


def _clean(value: Any, key: str, role: Private | None, search: Search, depth: int) -> Any:
    """Clean one value. `key` is the last one that led to it; `role` what its field holds."""
    if type(value) is str:
        return _value(value, key, role, search, depth) if value else value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return _number(value, role)
    if depth > _DEPTH_MAX:
        return _TOO_DEEP
    if isinstance(value, (list, tuple)):
        children = [_clean(child, key, role, search, depth + 1) for child in value]
        return tuple(children) if isinstance(value, tuple) else children
    if isinstance(value, (dict, Mapping)):
        return _mapping(value, key, role, search, depth) if value else {}
    if isinstance(value, msgspec.Struct):
        return _struct(value, search, depth)
    text = decode_text(value) if isinstance(value, bytes) else str(value)
    return _value(text, key, role, _search_for(text), depth) if text else ""


def _mapping(
    fields: Mapping[Any, Any], under: str, role: Private | None, search: Search, depth: int
) -> dict[str, Any]:
    kept = role if role in _STICKY else None
    clean = {}
    for key, child in fields.items():
        name = key if type(key) is str else str(key)
        its: Private | None
        if search.keys and SECRET_KEY.search(name):
            its = Private.SECRET
        elif kept is None:
            its = role_of(name, fields, under)
        else:
            its = None if kept is Private.CONTENT and name.lower() in ATTRIBUTES else kept
        shown = _text(name, search.kinds) if type(key) is str else redact_text(name)
        clean[shown] = _clean(child, name, its, search, depth + 1)
    return clean


def _number(value: float, role: Private | None) -> Any:
    match role:
        case Private.SECRET | Private.PHONE:
            return REDACTED
        case Private.VARIABLES:
            return length_of(str(value))
        case _:
            return value


def _value(text: str, key: str, role: Private | None, search: Search, depth: int) -> str:
    match role:
        case None:
            pass
        case Private.SECRET | Private.PHONE:
            return REDACTED
        case Private.CONTENT | Private.VARIABLES:
            return length_of(text)
        case Private.NAME if "@" not in text:
            return masked(text)
        case Private.MAILBOX:
            text = mask_in_field(text)
    if text[0] in _OPEN and text[-1] in _CLOSE and (decoded := _decoded(text)) is not None:
        clean = _clean(decoded, key, role, _search_for(_written_out(decoded)), depth + 1)
        return text if clean == decoded else msgspec.json.encode(clean).decode()
    if "@" in text and TRACE_KEY.search(key):
        return _text(text, search.traces)
    return _text(text, search.kinds)


def _decoded(text: str) -> Any:
    """The list or mapping that is written in a text, as clients print what they sent."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
