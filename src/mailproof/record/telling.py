"""Committed events as lines of the log, each as loud as it deserves."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from mailproof.diagnosis.guidance.language import OperatorLanguage
from mailproof.diagnosis.reasons import FACTS
from mailproof.mail.events import LEVELS, EventType, Level
from mailproof.record.logs import say_all
from mailproof.record.words import words
from mailproof.store.base import NewEvent
from mailproof.store.records.causes import cause_and_fix, reason_named
from mailproof.store.records.picture import ClosedRoute, CriticalWaiting, critical_stopped
from mailproof.store.shapes import PAUSED

__all__ = ["level_of", "remind", "teller"]

_NAME: Final = "mailproof.record"
log: Final[structlog.typing.FilteringBoundLogger] = structlog.get_logger(_NAME)

_E = EventType
_ORDER: Final = tuple(Level)
_BY_NAME: Final = {level.value: level for level in Level}
_NUMBERS: Final[Mapping[Level, int]] = {
    level: logging.getLevelNamesMapping()[level.value] for level in Level
}
# A route that closed less than this ago has just had its own line.
_FRESH_MS: Final = 30_000
# Whose fix does not follow from the reason that the event names: it asks something else of people.
_OWN_FIX: Final = frozenset({_E.EMAIL_UNCONFIRMED, _E.ALERT_UNDELIVERED})


def teller(language: OperatorLanguage) -> Callable[[Sequence[NewEvent]], None]:
    """A listener for the database: says each committed event, with `fix` from ERROR on."""

    def tell(events: Sequence[NewEvent]) -> None:
        bound = log.bind()
        is_on = {level: bound.is_enabled_for(number) for level, number in _NUMBERS.items()}
        lines = [
            (_NUMBERS[level], event.type.value, _facts(event, level, language, events))
            for event in events
            if is_on[level := level_of(event)]
        ]
        if lines:
            say_all(_NAME, lines)

    return tell


def level_of(event: NewEvent) -> Level:
    """How loud it is: the catalogue's level, or one that what happened decides.

    The mail that closed a route is an ERROR; those that the closed route then holds are not, or
    2,000 held mails a second would be 2,000 alarms.
    """
    data = event.data
    match event.type:
        case _E.EMAIL_HELD:
            return Level.ERROR if data.get("closed_route") else Level.INFO
        case _E.ROUTE_CLOSED:
            return _named(data.get("severity"))
        case _E.EMAIL_FAILED:
            reason = reason_named(data.get("reason"))
            severity = Level.ERROR if reason is None else _named(FACTS[reason].severity)
            # A mail that ended unsent is never less than a warning.
            return max(severity, Level.WARNING, key=_ORDER.index)
        case _E.APPLICATION_REFUSED:
            return Level.DEBUG  # the gateway has said it already, with the caller and the fix
        case _:
            return LEVELS.get(event.type, Level.INFO)


def remind(
    language: OperatorLanguage,
    routes: Sequence[ClosedRoute],
    waiting: Sequence[CriticalWaiting],
    now: int,
) -> None:
    """Say once more which routes are closed, with what waits for them. To be called each minute.

    When none of the critical mail that waits has a way out, that is a CRITICAL line of its own.
    `now`: UTC in milliseconds.
    """
    for route in routes:
        if now - route.since >= _FRESH_MS:
            _say_again(language, route, now)
    if critical_stopped(waiting):
        oldest = min(each.oldest for each in waiting)
        log.critical(
            "critical_mail.stopped",
            waiting=sum(each.count for each in waiting),
            oldest_s=max(0, (now - oldest) // 1000),
            fix=words(language).fix("critical_mail.stopped"),
        )


def _say_again(language: OperatorLanguage, route: ClosedRoute, now: int) -> None:
    told = cause_and_fix(
        language, failure=route.failure, reason=route.reason, provider=route.provider
    )
    facts = {} if told is None else {"cause": told[0], "fix": told[1]}
    event = _E.ROUTE_CLOSED
    if route.reason == PAUSED:
        event, facts = _E.ROUTE_PAUSED, {"fix": words(language).fix(_E.ROUTE_PAUSED.value)}
    log.log(
        _NUMBERS[_named(route.severity)],
        event.value,
        provider=route.provider,
        sender=route.sender,
        reason=route.reason,
        since=_iso(route.since),
        closed_s=(now - route.since) // 1000,
        met=route.met,
        waiting=route.waiting,
        **facts,
    )


def _facts(
    event: NewEvent, level: Level, language: OperatorLanguage, batch: Sequence[NewEvent]
) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if event.email_id is not None:
        facts["email_id"] = event.email_id
    for name, value in event.data.items():
        if name == "due_at":
            facts["retry_at"] = _iso(value)
        elif name.endswith("_at") and isinstance(value, int):
            facts[name] = _iso(value)
        elif name != "failure":
            facts[name] = value
    if event.actor:
        facts["actor"] = event.actor
    if level in {Level.ERROR, Level.CRITICAL} or event.type in {_E.ROUTE_CLOSED, _E.EMAIL_FAILED}:
        facts.update(_explained(event, language, batch))
    return facts


def _explained(
    event: NewEvent, language: OperatorLanguage, batch: Sequence[NewEvent]
) -> dict[str, str]:
    if event.type not in _OWN_FIX:
        data = event.data
        told = cause_and_fix(
            language,
            failure=data.get("failure") or _failure_beside(event, batch),
            reason=data.get("reason"),
            provider=data.get("provider"),
        )
        if told is not None:
            return {"cause": told[0], "fix": told[1]}
    return {"fix": words(language).fix(event.type.value)}


def _failure_beside(event: NewEvent, batch: Sequence[NewEvent]) -> Mapping[str, Any] | None:
    """What closed the route stands in the route's event; the mail that met it names only the
    reason."""
    for other in batch:
        if other.type is _E.ROUTE_CLOSED and all(
            other.data.get(name) == event.data.get(name) for name in ("provider", "reason")
        ):
            failure: Mapping[str, Any] | None = other.data.get("failure")
            return failure
    return None


def _named(severity: object) -> Level:
    return _BY_NAME.get(severity, Level.ERROR) if isinstance(severity, str) else Level.ERROR


def _iso(at: int) -> str:
    text = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
