"""An alert as people read it in a chat: what, since when, how many, cause, fix."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, Final, Literal

import msgspec

from mailproof.alerts.conditions import (
    APPLICATION_REFUSED,
    CRITICAL_WAITING,
    NO_PROVIDER,
    ROUTE_CLOSED,
)
from mailproof.alerts.cutting import cut
from mailproof.alerts.words import Said, Words, words
from mailproof.diagnosis.guidance import OperatorLanguage, guidance
from mailproof.store.records.alerts import DueMessage
from mailproof.store.records.causes import cause_and_fix
from mailproof.store.records.picture import COUNT_MAX
from mailproof.store.shapes import EVERY_SENDER

__all__ = ["Text", "Told", "cause_of", "runbook_of", "text_of", "text_of_test"]

Mood = Literal["failure", "warning", "success", "info"]
State = Literal["open", "resolved", "test"]

# What is counted of these is mail that waits.
_OF_WAITING: Final = frozenset({ROUTE_CLOSED, NO_PROVIDER, CRITICAL_WAITING})
_OTHER: Final = "other"


class Told(msgspec.Struct, frozen=True):
    """What a message says, apart, for programs. Times in UTC milliseconds.

    `until` None: it still holds, or it is a test. `runbook`: the page of the documentation.
    """

    name: str = "test"
    about: str = ""
    severity: str = "INFO"
    state: State = "test"
    since: int | None = None
    until: int | None = None
    count: int = 0
    cause: str = ""
    fix: str = ""
    runbook: str = ""


class Text(msgspec.Struct, frozen=True):
    """A message. `mood` lets a service choose colour and sign; `tail`: a last line, never cut."""

    title: str
    body: str
    mood: Mood
    tail: str = ""
    told: Told = Told()

    @property
    def whole(self) -> str:
        return f"{self.body}\n{self.tail}" if self.tail else self.body

    def fitting(self, most: int, size: Callable[[str], int] = len) -> str:
        """As much of it as fits, see `cut`; of the tail all, where anything else fits too."""
        if size(self.whole) <= most or not self.tail:
            return cut(self.whole, most, size)
        body = cut(self.body, most - size(self.tail) - 1, size)
        return f"{body}\n{self.tail}" if body else cut(self.body, most, size)


def text_of(message: DueMessage, language: OperatorLanguage, zone: tzinfo | None = None) -> Text:
    """Plain text. `zone`: of the times in it, None: that of this machine; it is always named."""
    told = words(language)
    said = _said(told, message)
    values = _values(told, language, message)
    labels = told.labels
    over = message.kind == "resolved"
    lines = [f"{labels['since']}{_moment(told, message.since, zone)}"]
    until = (message.since if message.until is None else message.until) if over else None
    if until is not None:
        lines.append(f"{labels['until']}{_lasted(told, language, message.since, until, zone)}")
    if amount := _amount(told, said, message, values):
        lines.append(f"{labels['count']}{amount}")
    cause, fix = _cause_and_fix(said, message, language, values)
    lines.append(f"{labels['cause']}{cause}")
    runbook = runbook_of(message.name, language)
    tail = ""
    if over:
        title, what = said.resolved_title, said.resolved
    else:
        title, what = said.title, said.what
        lines.append(f"{labels['fix']}{fix}")
        if said.rest:
            lines.append(said.rest)
        tail = f"{labels['runbook']}{runbook}" if runbook else ""
    mood: Mood = "success" if over else "warning" if message.severity == "WARNING" else "failure"
    return Text(
        title.format_map(values),
        "\n".join([what.format_map(values), *lines]),
        mood,
        tail,
        Told(
            name=message.name,
            about=message.about,
            severity=message.severity,
            state="resolved" if over else "open",
            since=message.since,
            until=until,
            count=message.most if over else message.count,
            cause=cause,
            fix=fix,
            runbook=runbook,
        ),
    )


def text_of_test(language: OperatorLanguage) -> Text:
    """What `mailproof alerts test` sends."""
    phrases = words(language).phrases
    return Text(phrases["test_title"], phrases["test"], "info")


def cause_of(name: str, about: str, facts: Mapping[str, Any], language: OperatorLanguage) -> str:
    """Why an alert of these facts is open, in one sentence or two."""
    message = DueMessage(
        id=0,
        channel="",
        kind="opened",
        tries=0,
        alert_id=0,
        name=name,
        about=about,
        severity="",
        count=0,
        most=0,
        since=0,
        until=None,
        facts=facts,
    )
    told = words(language)
    values = _values(told, language, message)
    return _cause_and_fix(_said(told, message), message, language, values)[0]


def runbook_of(name: str, language: OperatorLanguage) -> str:
    """The page about an alert in the documentation that comes with the source; empty: this release
    has none."""
    known = {each.partition("-")[0] for each in words(language).conditions} - {_OTHER}
    folder = "docs/alerts" if language == "en" else "docs/zh/alerts"
    return f"{folder}/{name}.md" if name in known else ""


def _said(told: Words, message: DueMessage) -> Said:
    name = message.name
    if name == APPLICATION_REFUSED and message.about.endswith(":others"):
        name = f"{name}-others"
    elif "kind" in message.facts:
        name = f"{name}-{message.facts['kind']}"
    # One that a newer release opened, which now stands by, is told all the same.
    return told.conditions.get(name) or told.conditions[_OTHER]


def _values(told: Words, language: OperatorLanguage, message: DueMessage) -> dict[str, Any]:
    """The facts as texts. One that is a span of time, `usual_s`, is `usual` in words."""
    values = {"name": message.name, **message.facts, "about": message.about}
    values["count"] = message.most if message.kind == "resolved" else message.count
    for name, value in message.facts.items():
        if name.endswith("_s") and isinstance(value, int | float):
            values[name.removesuffix("_s")] = guidance(language).duration(max(1.0, value))
    if values.get("sender") == EVERY_SENDER:
        values["sender"] = told.phrases["every_sender"]
    if "senders" in values:
        values["senders"] = told.phrases["joint"].join(values["senders"])
    for name in ("whose", "app", "purpose", "message"):
        if values.get(name) == "":
            values[name] = told.phrases[f"no_{name}"]
    return values


def _amount(told: Words, said: Said, message: DueMessage, values: dict[str, Any]) -> str:
    if said.amount:
        return said.amount.format_map(values)
    over = message.kind == "resolved"
    count = values["count"]
    what = "waited" if over else "mails"
    if message.name == APPLICATION_REFUSED:
        what = "requests"
    elif message.name not in _OF_WAITING:
        return ""
    form = {0: "_none", 1: "_one"}.get(count, "_many" if count >= COUNT_MAX else "")
    phrase = told.phrases.get(what + form) or told.phrases[what]
    return phrase.format(count=count)


def _cause_and_fix(
    said: Said, message: DueMessage, language: OperatorLanguage, values: dict[str, Any]
) -> tuple[str, str]:
    if said.cause:
        return said.cause.format_map(values), said.fix.format_map(values)
    facts = message.facts
    told = cause_and_fix(
        language,
        failure=facts.get("failure"),
        reason=facts.get("reason"),
        provider=facts.get("provider"),
    )
    # The reason is of a newer release than this process: its name says more than nothing.
    return told or (str(facts.get("reason") or "unknown"), "`mailproof routes`")


def _moment(told: Words, at: int, zone: tzinfo | None) -> str:
    return told.phrases["moment"].format_map(_time(at, zone))


def _lasted(
    told: Words, language: OperatorLanguage, since: int, until: int, zone: tzinfo | None
) -> str:
    duration = guidance(language).duration(max(1.0, (until - since) / 1_000))
    return told.phrases["lasted"].format(duration=duration, **_time(until, zone))


def _time(at: int, zone: tzinfo | None) -> dict[str, str]:
    local = datetime.fromtimestamp(at / 1_000, UTC).astimezone(zone)
    offset = local.strftime("%z")
    name = "UTC" if offset == "+0000" else f"UTC{offset[:3]}:{offset[3:5]}"
    return {"time": local.strftime("%Y-%m-%d %H:%M:%S"), "zone": name}
