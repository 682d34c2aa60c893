"""Say a reading to a person: one sentence, cause, fix, what Mailproof would do, how to check."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from mailproof.diagnosis.evidence import HttpAnswer, Origin, SmtpReply
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.guidance import OperatorLanguage, guidance
from mailproof.diagnosis.reasons import FACTS, Next, Reader, Reason, Severity
from mailproof.diagnosis.redaction.redact import redact_evidence
from mailproof.diagnosis.report import Report, report
from mailproof.explain.by_hand import by_hand
from mailproof.explain.reading import Reading
from mailproof.explain.success import Verdict
from mailproof.explain.words import words
from mailproof.providers.catalog import PROVIDERS, titled

__all__ = ["Told", "laid_out", "notes", "reported", "tell", "would"]

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
    command: tuple[str, str] | None = None
    notes: tuple[str, ...] = ()


def tell(reading: Reading, language: OperatorLanguage) -> Told:
    """Put a reading into words. Nothing in it shows a secret of the paste."""
    if reading.verdict is not Verdict.FAILURE:
        return _told_no_failure(reading, language)
    failure, said = reading.failure, words(language)
    labels, phrases = said.labels, said.phrases
    advice = guidance(language)
    receiver = failure.origin is Origin.RECEIVER
    name = phrases["receiver"] if receiver else titled(failure.evidence.provider, language)
    parts = [
        (labels["cause"], advice.cause(failure)),
        (labels["fix"], advice.fix(failure)),
        (labels["would"], would(failure, language)),
        (labels["read_as"], _read_as(reading, language)),
    ]
    if failure.reason is Reason.UNKNOWN:
        parts += [(labels["evidence"], _evidence(failure)), (labels["paste"], phrases["paste"])]
    command = by_hand(failure, reading.text)
    asks_for_domains = command == PROVIDERS["resend"].by_hand
    return Told(
        headline=_sentence(said.headlines[failure.reason].format(provider=name)),
        parts=tuple(parts),
        command=(labels["by_hand"], command),
        notes=(*([phrases["sending_only"]] if asks_for_domains else []), *notes(reading, language)),
    )


def _told_no_failure(reading: Reading, language: OperatorLanguage) -> Told:
    labels = words(language).labels
    happened, now = no_failure(reading, language)
    parts = ((labels["now"], now), (labels["read_as"], _read_as(reading, language)))
    return Told(headline=happened, parts=parts, notes=tuple(notes(reading, language)))


def no_failure(reading: Reading, language: OperatorLanguage) -> tuple[str, str]:
    """What a paste shows that is no failure, and what to do where mail is missing all the same."""
    phrases = words(language).phrases
    name = titled(reading.failure.evidence.provider, language)
    happened, now = phrases[str(reading.verdict)], phrases[f"{reading.verdict}_now"]
    return _sentence(happened.format(provider=name)), _sentence(now)


def reported(reading: Reading, language: OperatorLanguage) -> Report:
    """The FAILURE object of a reading. Where nothing failed, it asks for nothing to be done:
    `reason` stays `unknown`, `next` is `end`, `severity` INFO, and the cause says what was seen.
    """
    told = report(reading.failure, language)
    if reading.verdict is Verdict.FAILURE:
        return told
    cause, fix = no_failure(reading, language)
    return msgspec.structs.replace(
        told,
        next=Next.END,
        closes=None,
        retryable=False,
        retry_after_s=None,
        ambiguous=False,
        failover_helps=False,
        severity=Severity.INFO,
        cause=cause,
        fix=fix,
        reader_action=Reader.NONE,
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
    if reading.verdict is Verdict.FAILURE:
        facts.append(f"`{reading.failure.reason}`")
    return _spaced(phrases["join"].join(facts) + phrases["stop"])


def _evidence(failure: Failure) -> str:
    shown = msgspec.to_builtins(redact_evidence(failure.evidence).seen)
    text = msgspec.json.encode(shown).decode()
    return text if len(text) <= _EVIDENCE_MAX else f"{text[:_EVIDENCE_MAX]}…"


def notes(reading: Reading, language: OperatorLanguage) -> Iterator[str]:
    """What else there was in the paste, and what of it was not read."""
    phrases, long = words(language).phrases, reading.winnowed
    if reading.others and reading.verdict is Verdict.FAILURE:
        key = "other" if reading.others == 1 else "others"
        yield phrases[key].format(count=reading.others)
    if long.characters:
        key = "long_quiet" if not long.places else "long_left" if long.left else "long"
        read = long.places - long.left
        characters = f"{long.characters:,}"
        yield phrases[key].format(
            characters=characters, places=long.places, read=read, left=long.left
        )
    if reading.dropped:
        yield phrases["dropped"].format(megabytes=-(-reading.dropped // 1_000_000))


def laid_out(told: Told, *, width: int, strong: Callable[[str], str]) -> str:
    """Lay it out for a terminal of `width` columns; `strong` marks headline and labels."""
    commands = (told.command,) if told.command else ()
    label_width = max(_columns(label) for label, _ in (*told.parts, *commands)) + 2
    lines = [strong(line) for line in _wrapped(told.headline, width)] + [""]
    for label, text in told.parts:
        pad = " " * (label_width - _columns(label))
        first, *rest = _wrapped(text, max(width - label_width, 30))
        lines.append(strong(label) + pad + first)
        lines.extend(" " * label_width + line for line in rest)
    for label, command in commands:
        lines += ["", strong(label), f"  {command}"]
    for note in told.notes:
        lines += ["", *_wrapped(note, width)]
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
