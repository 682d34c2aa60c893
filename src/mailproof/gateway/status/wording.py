"""The sentences for readers: one file for each language, and what is filled into them."""

import functools
import pkgutil
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from mailproof.diagnosis.guidance import Language

__all__ = [
    "LANGUAGES",
    "Facts",
    "Sentences",
    "clock_time",
    "gap",
    "kind_of",
    "masked",
    "pick_reader_language",
    "span_of",
    "words",
]

LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh", "ja", "ko")

# What its reader finds in a mail, where its purpose says so; else it is a mail like any other.
_KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("registration", "magic_link", "password_reset", "email_change"), "link"),
    "invite": "link",
    "otp": "code",
}
# From so many on, a unit is used: a day is 24 hours to most people.
_UNITS: Final = (("day", 86_400_000, 2), ("hour", 3_600_000, 1), ("minute", 60_000, 1))

Words = Mapping[str, Mapping[str, Any]]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What may be filled into a sentence; what is empty is not known, or may not be told.

    `address`: masked. `time`: when it left, in UTC. `span`: how long it was of use. `domain`: the
    one that was probably meant.
    """

    address: str = ""
    time: str = ""
    span: str = ""
    domain: str = ""


class Sentences(msgspec.Struct, frozen=True):
    """What is said of one state. `text`: what it means; `action`: what to do now."""

    title: str
    text: str
    action: str

    @classmethod
    def of(cls, state: str, language: Language, facts: Facts, kind: str = "") -> "Sentences":
        """`kind`: those for mails of one kind go before those for all."""
        found = words(language)[state]
        found = {**found, **found.get(kind, {})}
        return cls(found["title"], _filled(found, "text", facts), _filled(found, "action", facts))


@functools.cache
def words(language: Language) -> Words:
    """All sentences of one language, read once."""
    raw = pkgutil.get_data(__name__, f"words/{language}.toml")
    if raw is None:
        raise FileNotFoundError(f"words/{language}.toml is not in the installed package")
    return tomllib.loads(raw.decode())


def pick_reader_language(asked: str, accepted: str) -> Language:
    """`?lang=`, else the first that the browser names of those that there are, else English."""
    for tag in (asked, *accepted.split(",")):
        name = tag.strip().partition(";")[0].partition("-")[0].lower()
        for language in LANGUAGES:
            if name == language:
                return language
    return "en"


def kind_of(purpose: str) -> str:
    """`link`, `code`, or empty: a mail like any other."""
    return _KINDS.get(purpose, "")


def gap(language: Language) -> str:
    """What stands between two sentences."""
    return "" if language in {"zh", "ja"} else " "


def masked(address: str) -> str:
    """`m•••a@harbour-books.example`: its owner knows it again. Empty where it is none any more."""
    local, at, domain = address.rpartition("@")
    if not at or not local:
        return ""
    return f"{local[0]}•••{local[-1] if len(local) > 2 else ''}@{domain}"


def clock_time(at_ms: int) -> str:
    """`10:02 UTC`: where nobody knows the reader's zone, it is named."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%H:%M} UTC"


def span_of(length_ms: int, language: Language) -> str:
    """`15 minutes`, `24 hours`, `3 days`: in the largest unit that leaves no rest."""
    for name, size, least in _UNITS:
        count = length_ms // size
        if length_ms % size == 0 and count >= least:
            one, many = words(language)["page"][name]
            return str((one if count == 1 else many).format(n=count))
    return ""


def _filled(found: Mapping[str, Any], piece: str, facts: Facts) -> str:
    """The sentence that says the most of what is known: `text_domain`, …, else `text`."""
    for name in reversed(Facts.__struct_fields__):
        sentence = found.get(f"{piece}_{name}")
        if sentence is not None and getattr(facts, name):
            return str(sentence.format(**msgspec.structs.asdict(facts)))
    return str(found[piece])
