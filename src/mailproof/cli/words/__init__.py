"""The words of the operator's commands, one file per language."""

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources

import msgspec

from mailproof.diagnosis.guidance import OperatorLanguage

__all__ = ["Words", "words"]


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language. `columns`: heads of tables; `states`: where a mail is, in a sentence;
    `answers`: what became of a mail that somebody moved by hand; `events`: what happened, in a
    timeline; `facts`: what is known of it besides; `phrases`: the rest."""

    columns: Mapping[str, str]
    states: Mapping[str, str]
    answers: Mapping[str, str]
    events: Mapping[str, str]
    facts: Mapping[str, str]
    phrases: Mapping[str, str]


@functools.cache
def words(language: OperatorLanguage) -> Words:
    """The words of a language, read once."""
    text = resources.files(__name__).joinpath(f"{language}.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Words)
