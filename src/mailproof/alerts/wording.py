"""An alert as people read it in a chat: what, since when, how many, cause, fix."""

from datetime import UTC, datetime, tzinfo
from typing import Any, Literal

import msgspec

from mailproof.alerts.conditions import APPLICATION_REFUSED
from mailproof.alerts.words import Said, Words, words
from mailproof.diagnosis.guidance import OperatorLanguage, guidance
from mailproof.store.records.alerts import DueMessage
from mailproof.store.records.causes import cause_and_fix
from mailproof.store.records.picture import COUNT_MAX
from mailproof.store.shapes import EVERY_SENDER

__all__ = ["Text", "text_of", "text_of_test"]


Mood = Literal["failure", "warning", "success", "info"]


class Text(msgspec.Struct, frozen=True):
    """A message. `mood` lets a service choose colour and sign."""

    title: str
    body: str
    mood: Mood


def text_of(message: DueMessage, language: OperatorLanguage, zone: tzinfo | None = None) -> Text:
    """Plain text. `zone`: of the times in it, None: that of this machine; it is always named."""
    told = words(language)
    said = _said(told, message)
    values = _values(told, message)
    labels = told.labels
    lines = [f"{labels['since']}: {_moment(told, message.since, zone)}"]
    if message.kind == "resolved":
        title, what = said.resolved_title, said.resolved
        mood: Mood = "success"
        until = message.since if message.until is None else message.until
        lines.append(f"{labels['until']}: {_lasted(told, language, message.since, until, zone)}")
    else:
        title, what = said.title, said.what
        mood = "warning" if message.severity == "WARNING" else "failure"
    lines.append(f"{labels['count']}: {_how_many(told, message)}")
    cause, fix = _cause_and_fix(said, message, language, values)
    lines.append(f"{labels['cause']}: {cause}")
    rest = ""
    if message.kind == "opened":
        lines.append(f"{labels['fix']}: {fix}")
        rest = said.rest
    body = "\n".join([what.format_map(values), *lines, *([rest] if rest else [])])
    return Text(title.format_map(values), body, mood)


def text_of_test(language: OperatorLanguage) -> Text:
    """What `mailproof alerts test` sends."""
    phrases = words(language).phrases
    return Text(phrases["test_title"], phrases["test"], "info")


def _said(told: Words, message: DueMessage) -> Said:
    name = message.name
    if name == APPLICATION_REFUSED:
        others = message.about.endswith(":others")
        name = f"{name}-{'others' if others else message.facts['kind']}"
    # One that a newer release opened, which now stands by, is told all the same.
    return told.conditions.get(name) or told.conditions["other"]


def _values(told: Words, message: DueMessage) -> dict[str, Any]:
    values = {"name": message.name, **message.facts, "about": message.about}
    if values.get("sender") == EVERY_SENDER:
        values["sender"] = told.phrases["every_sender"]
    if "senders" in values:
        values["senders"] = told.phrases["joint"].join(values["senders"])
    if values.get("whose") == "":
        values["whose"] = told.phrases["nobody"]
    return values


def _how_many(told: Words, message: DueMessage) -> str:
    over = message.kind == "resolved"
    count = message.most if over else message.count
    what = "waited" if over else "mails"
    if message.name == APPLICATION_REFUSED:
        what = "requests"
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
    return told or (str(facts.get("reason")), "mailproof routes")


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
