"""What is said about a configuration, in English and Chinese: the problem, and the right form."""

import functools
import tomllib
from collections.abc import Mapping
from importlib.resources import files

import msgspec

from mailproof.diagnosis.guidance.language import OperatorLanguage

__all__ = ["Sentences", "page_words", "words"]


class Sentences(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Both end with their full stop."""

    what: str
    fix: str


@functools.cache
def words(language: OperatorLanguage) -> Mapping[str, Sentences]:
    """By key, such as `rate.wrong`."""
    return {
        f"{area}.{name}": msgspec.convert(entry, Sentences)
        for area, entries in _read(language).items()
        if area != "page"
        for name, entry in entries.items()
    }


@functools.cache
def page_words(language: OperatorLanguage) -> Mapping[str, str]:
    """The words around the problems: headings and the last line."""
    return msgspec.convert(_read(language)["page"], dict[str, str])


def _read(language: OperatorLanguage) -> dict[str, dict[str, object]]:
    text = files(__name__).joinpath(f"{language}.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, dict[str, object]])
