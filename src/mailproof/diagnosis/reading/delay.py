"""When to come back, if the other side named a time: headers first, then fields, then prose.

Nothing here knows what time it is. A date counts only beside the answer's own `Date` header, so
that a pasted answer from last year does not turn into a wait of minus a year.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from mailproof.diagnosis.reading.symptoms import Symptoms
from mailproof.diagnosis.stems import searcher

__all__ = ["named"]

_LONGEST_S: Final = 31 * 86_400.0
_EPOCH_FROM: Final = 1_000_000_000  # smaller numbers are seconds to wait, larger ones a moment
_NUMBER: Final = re.compile(r"\d{1,13}(?:\.\d{1,6})?")

# IETF RateLimit drafts, and what providers made of them before.
_RESETS: Final = ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset", "x-retry-in")
_RESET_PARAMETER: Final = re.compile(r"\bt=(\d{1,9})\b")

_MARK_UNITS: Final[Mapping[str, float]] = {
    "retry-seconds": 1,
    "retry_seconds": 1,
    "retry_after": 1,
    "retry-after": 1,
    "retryafter": 1,
    "retry_after_s": 1,
    "retry_after_seconds": 1,
    "retryafterseconds": 1,
    "retry_after_ms": 0.001,
    "retryafterms": 0.001,
}

_UNITS: Final = (
    (
        1.0,
        re.compile(r"s(?:ec(?:onds?|s)?)?|secondes?|sekunden?|segundos?|secondi|秒钟?|초|сек\w*"),
    ),
    (60.0, re.compile(r"m(?:in(?:utes?|s)?)?|minuten?|minutos?|minuti|分钟?|分鐘|분|мин\w*")),
    (
        3_600.0,
        re.compile(r"h(?:ours?|rs?)?|heures?|stunden?|horas?|ore|小时|小時|時間|시간|час\w*"),
    ),
    (86_400.0, re.compile(r"d(?:ays?)?|jours?|tagen?|d[ií]as?|giorni|天|日|일|дн\w*|ден\w*")),
)
_WORDS: Final[Mapping[str, float]] = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "five": 5, "ten": 10, "fifteen": 15,
    "twenty": 20, "thirty": 30, "sixty": 60,
}  # fmt: skip
_AMOUNT: Final = (
    r"(?P<n>\d{1,7}(?:[.,]\d{1,4})?|an?|one|two|three|five|ten|fifteen|twenty|thirty|sixty)[ -]?"
)
_UNIT: Final = (
    r"(?P<u>s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|secondes?|heures?|jours?|"
    r"sekunden?|minuten?|stunden?|tagen?|segundos?|minutos?|horas?|d[ií]as?|secondi|minuti|ore|"
    r"giorni|сек\w*|мин\w*|час\w*|дн\w*)\b"
)
# No wait is named without one of these, and most texts have none.
_UNIT_STEMS: Final = (
    *("sec", "min", "hour", "hr", "day", "heure", "jour", "stund", "tage", "seg", "hora"),
    *("dia", "día", "ore", "giorn", "сек", "мин", "час", "дн"),
)
_UNIT_LETTER: Final = re.compile(r"\d[ -]?[smhd]\b")
# A wait that is asked for, never one that has passed ("undelivered after 4 hours").
_PROSE: Final = searcher(
    r"(?:"
    r"(?:again|retry\w*|resend|resets?|renews?|back|later|wait\w*|available|resumes?|unblock\w*|"
    r"expires?|r[eé]essay\w*|versuch\w*|intent\w*|tent\w*|riprov\w*|повтор\w*|попроб\w*)"
    r"[^.;:\d]{0,40}?\b(?:in|after|for|within|dans|apr[eè]s|en|dentro de|em|tra|через)\b|"
    r"\bwait|(?:gr[ea]y-?list|block|lock|suspend|defer|ban|limit|disabl)\w*(?: for)"
    r")(?: at least| about| approximately| another| up to)? " + _AMOUNT + _UNIT
)
_AND_MORE: Final = re.compile(
    r"(?:\(s\))?,?(?: and)? (?P<n>\d{1,2}) ?(?P<u>mins?|minutes?|secs?|seconds?)\b"
)
_LATER: Final = searcher(
    _AMOUNT + r"(?P<u>seconds?|secs?|minutes?|mins?|hours?) (?:later|remaining|and (?:try|retry))|"
    r"(?P<n2>\d{1,6}) ?(?P<u2>秒钟?|分钟?|分鐘|小时|小時|時間|天|日|초|분|시간|일) ?(?:之?后|之?後|"
    r"以后|以後|후|뒤)"
)
_CLOCK: Final = searcher(r"(?:back|again|retry|wait)[^\d]{0,20}(\d{1,2}):(\d\d):(\d\d)\b")
_MOMENT: Final = searcher(
    r"(?:after|until|at|on|not before)[: ]+"
    r"((?:mon|tue|wed|thu|fri|sat|"
    r"sun)\w*,? \d{1,2} \w{3,9} \d{4} \d\d:\d\d(?::\d\d)?(?: ?[a-z]{2,4}| [+-]\d{4})?"
    r"|\d{4}-\d\d-\d\d[t ]\d\d:\d\d(?::\d\d)?(?:\.\d{1,9})?(?:z|[+-]\d\d:?\d\d)?)"
)


def named(seen: Symptoms, *, of_a_rate: bool = True) -> float | None:
    """Seconds from now, between 0 and 31 days; None when no time was named.

    `of_a_rate`: a reset of the rate limit counts too. It says nothing about a used-up quota.
    """
    wait = _in_headers(seen, of_a_rate=of_a_rate)
    if wait is None:
        wait = _in_fields(seen)
    if wait is None:
        wait = _in_prose(seen)
    return None if wait is None else round(min(max(wait, 0.0), _LONGEST_S), 3)


def _in_headers(seen: Symptoms, *, of_a_rate: bool) -> float | None:
    headers = seen.headers
    if not headers:
        return None
    if after := headers.get("retry-after", "").strip():
        if _NUMBER.fullmatch(after):
            return _seconds(float(after), headers)
        return _until(after, headers)
    if _NUMBER.fullmatch(after := headers.get("retry-after-ms", "").strip()):
        return float(after) / 1_000
    if not of_a_rate or seen.status != 429:
        return None
    for name in _RESETS:
        if _NUMBER.fullmatch(reset := headers.get(name, "").strip()):
            return _seconds(float(reset), headers)
    found = _RESET_PARAMETER.search(headers.get("ratelimit", ""))
    return float(found[1]) if found else None


def _in_fields(seen: Symptoms) -> float | None:
    for mark in seen.marks:
        key, _, value = mark.partition("=")
        if (unit := _MARK_UNITS.get(key)) and _NUMBER.fullmatch(value):
            return float(value) * unit
    return None


def _in_prose(seen: Symptoms) -> float | None:
    low = seen.low
    if _names_a_unit(low) and (found := _PROSE(low)):
        wait = _amount(found["n"]) * _unit(found["u"])
        more = _AND_MORE.match(low, found.end())
        return wait + _amount(more["n"]) * _unit(more["u"]) if more else wait
    if found := _LATER(low):
        return _amount(found["n"] or found["n2"]) * _unit(found["u"] or found["u2"])
    if found := _CLOCK(low):
        return int(found[1]) * 3_600.0 + int(found[2]) * 60 + int(found[3])
    if found := _MOMENT(low):
        return _until(found[1], seen.headers)
    return None


def _names_a_unit(low: str) -> bool:
    return any(map(low.__contains__, _UNIT_STEMS)) or _UNIT_LETTER.search(low) is not None


def _seconds(value: float, headers: Mapping[str, str]) -> float | None:
    """A number of seconds, or a moment in seconds or milliseconds since 1970."""
    if value < _EPOCH_FROM:
        return value
    now = _moment(headers.get("date", ""))
    if now is None:
        return None
    return (value / 1_000 if value > _EPOCH_FROM * 1_000 else value) - now.timestamp()


def _until(text: str, headers: Mapping[str, str]) -> float | None:
    then, now = _moment(text), _moment(headers.get("date", ""))
    return None if then is None or now is None else (then - now).total_seconds()


def _moment(text: str) -> datetime | None:
    """RFC 9110 section 5.6.7 or ISO 8601; without a zone it is UTC."""
    text = text.strip()
    try:
        iso = text[:4].isdigit()
        moment = datetime.fromisoformat(text.upper()) if iso else parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _amount(text: str) -> float:
    return _WORDS[text] if text in _WORDS else float(text.replace(",", "."))


def _unit(text: str) -> float:
    return next((seconds for seconds, words in _UNITS if words.fullmatch(text)), 1.0)
