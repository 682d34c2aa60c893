"""Say a reading to a person: one sentence, cause, fix, what Mailproof would do, how to check."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from mailproof.diagnosis.evidence import HttpAnswer, Origin, SmtpReply
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.guidance import OperatorLanguage, guidance
from mailproof.diagnosis.reasons import FACTS, Next, Reason
from mailproof.diagnosis.redact import redact_evidence
from mailproof.explain.by_hand import by_hand
from mailproof.explain.reading import Reading
from mailproof.explain.words import words
from mailproof.providers.catalog import titled

__all__ = ["Told", "laid_out", "tell"]

_EVIDENCE_MAX: Final = 400  # characters; `--json` prints it whole
_MIXED: Final = re.compile(
    r"(?<=[\u4e00-\u9fff])(?=[A-Za-z0-9`])|(?<=[A-Za-z0-9`])(?=[\u4e00-\u9fff])"
)
_UNITS: Final[tuple[tuple[int, str], ...]] = (
    (86_400, "days"),
    (3_600, "hours"),
    (60, "minutes"),
    (1, "seconds"),
)


class Told(msgspec.Struct, frozen=True):
    """What is said, ready to lay out. `parts`: label and text; a `command` is never wrapped."""

    headline: str
    parts: tuple[tuple[str, str], ...]
    command: tuple[str, str]
    notes: tuple[str, ...] = ()


def tell(reading: Reading, language: OperatorLanguage, paste: str) -> Told:
    """Put a reading into words. Nothing in it shows a secret of the paste."""
    failure, said = reading.failure, words(language)
    labels, phrases = said.labels, said.phrases
    advice = guidance(language)
    receiver = failure.origin is Origin.RECEIVER
    name = phrases["receiver"] if receiver else titled(failure.evidence.provider, language)
    headline = said.headlines[failure.reason].format(provider=name)
    seen = failure.evidence.seen
    if reading.accepted and isinstance(seen, HttpAnswer):
        headline = phrases["accepted"].format(status=seen.status)
    parts = [
        (labels["cause"], advice.cause(failure)),
        (labels["fix"], advice.fix(failure)),
        (labels["would"], would(failure, language)),
        (labels["read_as"], _read_as(reading, language)),
    ]
    if failure.reason is Reason.UNKNOWN and not reading.accepted:
        parts += [(labels["evidence"], _evidence(failure)), (labels["paste"], phrases["paste"])]
    if reading.accepted:
        parts = parts[3:4]
    return Told(
        headline=_sentence(headline),
        parts=tuple(parts),
        command=(labels["by_hand"], by_hand(failure, paste)),
        notes=tuple(_notes(reading, language)),
    )


def _sentence(text: str) -> str:
    return _spaced(text[:1].upper() + text[1:])


def _spaced(text: str) -> str:
    """Chinese sets a space between its characters and Latin names that were filled in."""
    return _MIXED.sub(" ", text)


def would(failure: Failure, language: OperatorLanguage) -> str:
    """What Mailproof would do with the mail: hold, retry or end it, and when."""
    phrases = words(language).phrases
    name = titled(failure.evidence.provider, language)
    after = _duration(failure.retry_after_s, language) if failure.retry_after_s else ""
    tries = FACTS[failure.reason].tries
    match failure.next:
        case Next.HOLD:
            what = "sender" if failure.closes and failure.closes.what == "sender" else "provider"
            said = phrases[f"hold_{what}"] + (phrases["until"] if after else "")
        case Next.RETRY if after:
            said = phrases["retry_after"]
        case Next.RETRY:
            said = phrases["retry_tries" if tries else "retry"]
        case Next.END:
            said = phrases["end_complained" if failure.reason is Reason.COMPLAINED else "end"]
    if failure.next is not Next.END:
        said += phrases["ambiguous"] if failure.ambiguous else ""
        said += phrases["slower"] if failure.closes and failure.closes.what == "rate" else ""
        said += phrases["failover"] if failure.failover_helps else ""
    return _spaced(said.format(provider=name, after=after, tries=tries))


def _duration(seconds: float, language: OperatorLanguage) -> str:
    size, unit = next((each for each in _UNITS if seconds >= each[0]), _UNITS[-1])
    return words(language).phrases[unit].format(n=f"{seconds / size:.1f}".removesuffix(".0"))


def _read_as(reading: Reading, language: OperatorLanguage) -> str:
    phrases, seen = words(language).phrases, reading.failure.evidence.seen
    shape = words(language).shapes[reading.shape]
    provider = reading.failure.evidence.provider
    facts = [shape]
    if isinstance(seen, HttpAnswer) and seen.status:
        facts[0] += f" {seen.status}"
    if isinstance(seen, SmtpReply):
        facts[0] += f" {seen.code}"
        facts.extend([seen.stage.upper()] if seen.stage else [])
    if provider == "unknown":
        facts.append(phrases["nobody"])
    else:
        facts.append(phrases["at"].format(provider=titled(provider, language)))
    facts.extend([] if reading.accepted else [f"`{reading.failure.reason}`"])
    return _spaced(phrases["join"].join(facts) + phrases["stop"])


def _evidence(failure: Failure) -> str:
    shown = msgspec.to_builtins(redact_evidence(failure.evidence).seen)
    text = msgspec.json.encode(shown).decode()
    return text if len(text) <= _EVIDENCE_MAX else f"{text[:_EVIDENCE_MAX]}…"


def _notes(reading: Reading, language: OperatorLanguage) -> Iterator[str]:
    if reading.others:
        key = "other" if reading.others == 1 else "others"
        yield words(language).phrases[key].format(count=reading.others)


def laid_out(told: Told, *, width: int, strong: Callable[[str], str]) -> str:
    """Lay it out for a terminal of `width` columns; `strong` marks headline and labels."""
    label_width = max(_columns(label) for label, _ in (*told.parts, told.command)) + 2
    lines = [strong(line) for line in _wrapped(told.headline, width)] + [""]
    for label, text in told.parts:
        pad = " " * (label_width - _columns(label))
        first, *rest = _wrapped(text, max(width - label_width, 30))
        lines.append(strong(label) + pad + first)
        lines.extend(" " * label_width + line for line in rest)
    label, command = told.command
    lines += ["", strong(label), f"  {command}", *(("", *told.notes) if told.notes else ())]
    return "\n".join(lines) + "\n"


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _wrapped(text: str, width: int) -> list[str]:
    """Break at spaces and between Chinese characters, never within a word or before a stop."""
    lines, line, used = list[str](), "", 0
    for piece in _pieces(text):
        columns = _columns(piece)
        if line and used + columns > width and piece[0] not in "，。：；、！？）」":
            lines.append(line.rstrip())
            line, used = "", 0
            piece = piece.lstrip()
            columns = _columns(piece)
        line, used = line + piece, used + columns
    return [*lines, line] if line or not lines else lines


def _pieces(text: str) -> Iterator[str]:
    word = ""
    for char in " ".join(text.split()):
        wide = unicodedata.east_asian_width(char) in "WF"
        if word and (wide or char == " "):
            yield word
            word = ""
        if wide:
            yield char
        else:
            word += char
    if word:
        yield word
