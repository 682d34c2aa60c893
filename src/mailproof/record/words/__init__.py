"""What the log says to people, in their language: fixes for events that carry no failure."""

import functools
import tomllib
from collections.abc import Mapping
from importlib.resources import files

import msgspec

from mailproof.diagnosis.guidance.language import OperatorLanguage

__all__ = ["Words", "words"]


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language. `labels`: of the console; `fixes`: by the name of the event."""

    labels: Mapping[str, str]
    fixes: Mapping[str, str]
    otherwise: str

    def fix(self, event: str) -> str:
        """What a person can do about this line when it says nothing itself."""
        return self.fixes.get(event, self.otherwise)


@functools.cache
def words(language: OperatorLanguage) -> Words:
    """The words of a language, read once."""
    text = files(__name__).joinpath(f"{language}.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Words)
