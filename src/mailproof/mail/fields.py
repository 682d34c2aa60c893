"""Reading decoded JSON field by field: each mistake is told with its path and what stood there."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from mailproof.mail.address import forbidden_char
from mailproof.mail.invalid import InvalidInput

__all__ = ["kind", "line", "optional_text", "read_list", "read_object", "rest", "writable"]

_LINE_FIX: Final = "Put it on one line, without control characters."


def kind(value: Any) -> str:
    """What a person calls it: `a number`, `a list`."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case Mapping():
            return "an object"
        case Sequence():
            return "a list"
        case _:
            return f"a {type(value).__name__}"


def read_object(value: Any, where: str, fix: str) -> Mapping[str, Any]:
    """An object with text keys. Raises `InvalidInput`."""
    if not isinstance(value, Mapping):
        raise InvalidInput(where, f"{kind(value)} stands where an object belongs", fix)
    for key in value:
        if not isinstance(key, str):
            raise InvalidInput(where, f"the key {key!r:.80} is no text", fix)
    return value


def read_list(value: Any, where: str, fix: str) -> Sequence[Any]:
    """A list; absent and null are an empty one. Raises `InvalidInput`."""
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise InvalidInput(where, f"{kind(value)} stands where a list belongs", fix)
    return value


def optional_text(tree: Mapping[str, Any], name: str, where: str, fix: str) -> str | None:
    """The text of a field; None when it is absent or null. Raises `InvalidInput`: not a text."""
    value = tree.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidInput(where, f"{kind(value)} stands where a text belongs", fix)
    # JSON can hold half of a surrogate pair, which is no character and has no bytes.
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        problem = "it contains half of a surrogate pair"
        raise InvalidInput(where, problem, "Send well-formed Unicode text.")
    return value


def line(text: str, where: str, *, fix: str = _LINE_FIX, name: str = "validation_error") -> str:
    """The text itself. Raises `InvalidInput` when it could break out of its header line."""
    if bad := forbidden_char(text, allow="\t"):
        raise InvalidInput(where, f"{text[:80]!r} contains {bad}", fix, name=name)
    return text


def rest(tree: Mapping[str, Any], known: frozenset[str]) -> Mapping[str, Any]:
    """The fields that we do not know: kept and passed on, never refused for what they say."""
    unknown = {name: value for name, value in tree.items() if name not in known}
    for name, value in unknown.items():
        writable({name: value}, ascii(name)[1:-1][:80])
    return unknown


def writable(value: Any, where: str) -> None:
    """Raises `InvalidInput` for what no JSON can hold, such as half of a surrogate pair."""
    try:
        msgspec.json.encode(value)
    except (TypeError, UnicodeEncodeError, OverflowError, RecursionError) as error:
        problem = f"it cannot be written as JSON ({error})"
        raise InvalidInput(where, problem, "Send plain, well-formed JSON.") from error
