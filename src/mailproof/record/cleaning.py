"""The last look at a line of the log: no secret, no address, no mail's content leaves with it."""

import functools
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from mailproof.diagnosis.redaction.private_fields import Private, length_of, role_of
from mailproof.diagnosis.redaction.redact import REDACTED, redact_text
from mailproof.diagnosis.redaction.secret_kinds import SECRET_KEY

__all__ = ["clean"]

_DEPTH_MAX: Final = 8
_TOO_DEEP: Final = "[nested too deeply]"
_INT_MAX: Final = 2**63 - 1  # JSON is written with 64 bits
_PLAIN: Final = frozenset({int, float, bool, type(None)})
# Names of events, reasons, providers, states: the same few all day, so each is judged once. An
# address is never among them, or the cache would keep people in memory.
_WORD: Final = re.compile(r"[\w.:/*-]{1,40}", re.ASCII)
# Ids of mails: each one new, and no kind of secret looks like one without a label before it.
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# `code=482913`: what somebody types to sign in. A status (`403`, `550`) is shorter.
_CODE_NAME: Final = re.compile(r"(?i)(?:^|[_.-])(?:code|pin)$")
_CODE: Final = re.compile(r"[0-9]{4,10}")

_redact_word = functools.lru_cache(maxsize=4_096)(redact_text)


class _Holds(Enum):
    ANYTHING = 0
    SECRET = 1
    CONTENT = 2
    CODE = 3


def clean(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a line as plain values: numbers, texts, lists and mappings, all redacted.

    A field named after a secret (`api_key`) gives nothing away; of one named after the content of
    a mail (`html`) the length stays. What is none of these types becomes its redacted `repr`.
    """
    return _mapping(fields, 0)


def _mapping(fields: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    shown = {}
    for key, value in fields.items():
        name, holds = _judged(key if type(key) is str else str(key))
        shown[name] = (
            _value(value, depth) if holds is _Holds.ANYTHING else _private(value, holds, depth)
        )
    return shown


def _private(value: Any, holds: _Holds, depth: int) -> Any:
    if value is None or value == "":
        return value
    match holds:
        case _Holds.SECRET:
            return REDACTED
        case _Holds.CONTENT if isinstance(value, str):
            return length_of(value)
        case _Holds.CODE if _CODE.fullmatch(str(value)):
            return REDACTED
    return _value(value, depth)


def _value(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _text(value)
    if type(value) in _PLAIN:
        return str(value) if type(value) is int and abs(value) > _INT_MAX else value
    if depth > _DEPTH_MAX:
        return _TOO_DEEP
    if isinstance(value, Mapping):
        return _mapping(value, depth + 1)
    if isinstance(value, list | tuple | set | frozenset):
        return [_value(child, depth + 1) for child in value]
    return redact_text(repr(value))


def _text(text: str) -> str:
    if _WORD.fullmatch(text):
        return text if _UUID.fullmatch(text) else _redact_word(text)
    return redact_text(text)


@functools.lru_cache(maxsize=1_024)
def _judged(name: str) -> tuple[str, _Holds]:
    holds = _Holds.ANYTHING
    if SECRET_KEY.search(name):
        holds = _Holds.SECRET
    elif name == "subject" or role_of(name, (), "") in {Private.CONTENT, Private.VARIABLES}:
        holds = _Holds.CONTENT
    elif _CODE_NAME.search(name):
        holds = _Holds.CODE
    return redact_text(name), holds
