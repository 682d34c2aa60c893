"""What is wrong with a configuration: facts, with the place where each value was written."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from mailproof.config.words import words
from mailproof.diagnosis.guidance.language import OperatorLanguage
from mailproof.diagnosis.redaction.redact import redact_text

__all__ = [
    "DEFAULT",
    "ConfigInvalid",
    "Origin",
    "Problem",
    "Remarks",
    "Told",
    "ValuePath",
    "Wrong",
    "path_text",
    "shown",
    "tell",
]

# `("providers", 1, "rate")` is `providers[1].rate`.
ValuePath = tuple[str | int, ...]

_SHOWN_MAX: Final = 60
_HUGE: Final = 10**20


class Origin(msgspec.Struct, frozen=True):
    """Where a value comes from. `name`: the file or the variable; `line` 0: not known."""

    kind: Literal["default", "file", "env"] = "default"
    name: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.name}:{self.line}" if self.line else self.name


DEFAULT: Final = Origin()


class Wrong(ValueError):
    """One value that cannot be used. `key` names its sentences in `words`, `facts` fill them in."""

    def __init__(self, key: str, /, **facts: str) -> None:
        super().__init__(key)
        self.key, self.facts = key, facts


class Problem(msgspec.Struct, frozen=True):
    """Something to mend, or to know: `path` is empty where it is about the whole file."""

    path: str
    origin: Origin
    key: str
    facts: Mapping[str, str] = {}


class Told(msgspec.Struct, frozen=True):
    """A problem in one language. `fix` holds the right form."""

    path: str
    origin: str
    problem: str
    fix: str

    def __str__(self) -> str:
        where = "".join(f"{part}: " for part in (self.origin, self.path) if part)
        gap = "" if self.problem.endswith("。") else " "
        return f"{where}{self.problem}{gap}{self.fix}"


class ConfigInvalid(ValueError):
    """The configuration cannot be used. Carries all that is wrong with it, not just the first.

    Its text is in `language`, a problem per line; no secret is in it.
    """

    def __init__(
        self,
        problems: tuple[Problem, ...],
        warnings: tuple[Problem, ...],
        language: OperatorLanguage,
        file: str,
    ) -> None:
        super().__init__("\n".join(str(told) for told in tell(problems, language)))
        self.problems, self.warnings = problems, warnings
        self.language, self.file = language, file


class Remarks:
    """Gathers what is wrong and what is odd while a configuration is read."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def wrong(self, path: ValuePath, origin: Origin, key: str, /, **facts: str) -> None:
        self.problems.append(Problem(path_text(path), origin, key, facts))

    def odd(self, path: ValuePath, origin: Origin, key: str, /, **facts: str) -> None:
        self.warnings.append(Problem(path_text(path), origin, key, facts))


def tell(problems: tuple[Problem, ...], language: OperatorLanguage) -> list[Told]:
    """Put problems into words."""
    spoken = words(language)
    told = []
    for each in problems:
        sentences = spoken[each.key]
        what = sentences.what.format_map(each.facts)
        told.append(
            Told(each.path, str(each.origin), what, sentences.fix.format_map(each.facts).strip())
        )
    return told


def path_text(path: ValuePath) -> str:
    """`providers[1].rate`. A key may be anything in TOML, also a secret: it is redacted and cut."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            name = step if step.isascii() and step.isprintable() else repr(step)
            text += f".{_cut(redact_text(name))}" if text else _cut(redact_text(name))
    return text


def shown(value: object) -> str:
    """A value that no secret belongs in, as it is quoted in a sentence; redacted all the same."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return _cut(redact_text(repr(value)))
        case int() if abs(value) > _HUGE:  # Python refuses to write out thousands of digits
            return f"{hex(value)[:12]}…"
        case list():
            return "[…]"
        case dict():
            return "{…}"
    return str(value)


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_MAX else f"{text[: _SHOWN_MAX - 1]}…"
