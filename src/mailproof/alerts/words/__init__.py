"""What alerts say, in the operator's language. `{name}` is filled with a fact."""

import functools
import tomllib
from collections.abc import Mapping
from importlib.resources import files

import msgspec

from mailproof.diagnosis.guidance.language import OperatorLanguage

__all__ = ["Said", "Words", "words"]


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One condition: title and first sentence when it begins and when it is over.

    `fix`: what to do, where the failure that was stored does not say it; `rest`: what happens to
    the mail meanwhile; `amount`: how many, where it is not mail that waits or requests.
    """

    title: str
    what: str
    resolved_title: str
    resolved: str
    cause: str = ""
    fix: str = ""
    rest: str = ""
    amount: str = ""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language. `conditions` by name; those of several kinds by name and kind."""

    labels: Mapping[str, str]
    phrases: Mapping[str, str]
    conditions: Mapping[str, Said]


@functools.cache
def words(language: OperatorLanguage) -> Words:
    """The words of a language, read once."""
    text = files(__name__).joinpath(f"{language}.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Words)
