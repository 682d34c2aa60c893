"""The words of `explain`, one file per language: headlines, labels, what Mailproof would do."""

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources

import msgspec

from mailproof.diagnosis.guidance import OperatorLanguage
from mailproof.diagnosis.reasons import Reason

__all__ = ["Words", "words"]


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language. `headlines`: what happened, in a sentence; `shapes`: how a paste was read."""

    headlines: Mapping[Reason, str]
    labels: Mapping[str, str]
    shapes: Mapping[str, str]
    phrases: Mapping[str, str]


@functools.cache
def words(language: OperatorLanguage) -> Words:
    """The words of a language, read once."""
    text = resources.files(__name__).joinpath(f"{language}.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Words)
