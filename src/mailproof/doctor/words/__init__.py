"""From facts to sentences: what a check noted, in English or Chinese."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from mailproof.diagnosis.guidance import guidance
from mailproof.doctor.finding import Finding, Lines, Noted, Phrase

__all__ = ["LANGUAGES", "Words", "told", "words"]

LANGUAGES: Final = ("en", "zh")

# What a secret must have so that taking it out cannot garble a sentence (`password`, `postgres`).
_SECRET_MIN: Final = 6


# Control characters, and those that turn the direction of writing around.
_STEERS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")


class Sentences(msgspec.Struct, frozen=True):
    what: str
    fix: str


class Words(msgspec.Struct, frozen=True):
    """One language: `sentences` by key of the finding, the rest for the page around them."""

    phrases: Mapping[str, str]
    areas: Mapping[str, str]
    checks: Mapping[str, str]
    labels: Mapping[str, str]
    summary: Mapping[str, str]
    sentences: Mapping[str, Sentences]


@cache
def words(language: str) -> Words:
    """Load a language, once. Raises `FileNotFoundError` for one that there is not."""
    text = files(__package__).joinpath(f"{language}.toml").read_text("utf-8")
    tables = tomllib.loads(text)
    page = {name: tables.pop(name) for name in ("phrases", "areas", "checks", "labels", "summary")}
    sentences = {
        f"{area}.{name}": msgspec.convert(entry, Sentences)
        for area, entries in tables.items()
        for name, entry in entries.items()
    }
    return Words(sentences=sentences, **page)


def told(notes: Iterable[Noted], language: str, secrets: Mapping[str, str]) -> list[Finding]:
    """Put notes into words. `secrets` (value to `$NAME`) are taken out of all that was seen."""
    spoken = words(language)
    hidden = {value: name for value, name in secrets.items() if len(value) >= _SECRET_MIN}
    return [_finding(note, spoken, language, hidden) for note in notes]


def _finding(note: Noted, spoken: Words, language: str, secrets: Mapping[str, str]) -> Finding:
    facts = {name: _fact(value, spoken, secrets) for name, value in note.facts.items()}
    if note.failure is not None:
        guide = guidance(language)
        facts |= {"cause": guide.cause(note.failure), "fix": guide.fix(note.failure)}
    sentences = spoken.sentences[note.key]
    return Finding(
        check=note.check,
        status=note.status,
        severity=note.severity,
        what=sentences.what.format_map(facts),
        evidence=_without(note.evidence, secrets),
        fix=sentences.fix.format_map(facts),
        command=_without(note.command, secrets),
    )


def _fact(value: str, spoken: Words, secrets: Mapping[str, str]) -> str:
    match value:
        case Phrase():
            return spoken.phrases[value]
        case Lines():
            return "".join(f"\n  {_without(line, secrets)}" for line in value.splitlines()) + "\n"
        case _:
            return _without(value, secrets)


def _without(text: str, secrets: Mapping[str, str]) -> str:
    """Without secrets, and on one line: a server's answer must not steer somebody's terminal."""
    for value, name in secrets.items():
        text = text.replace(value, name)
    return _STEERS.sub(" ", text)
