"""When a mail shall go out: a point in time with its zone, or a span from now."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from mailproof.mail.invalid import InvalidInput

__all__ = ["FURTHEST", "read_schedule"]

# resend.com/docs/dashboard/emails/schedule-email: at most 30 days in advance.
FURTHEST: Final = timedelta(days=30)

_SPAN: Final = re.compile(r"in\s+(\d{1,5}|an?)\s*(minute|min|hour|hr|day)s?", re.IGNORECASE)
_UNITS: Final[Mapping[str, timedelta]] = {
    "minute": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "hr": timedelta(hours=1),
    "day": timedelta(days=1),
}
_FIX: Final = (
    "Write ISO 8601 with a zone, such as `2026-12-01T09:00:00Z`, or `in N minutes`, `in N hours`, "
    "`in N days`; other words for a time are not understood, because a wrong guess sends at the "
    "wrong time."
)


def read_schedule(text: str, *, where: str, clock: Callable[[], datetime]) -> datetime:
    """The time in UTC. What lies in the past is due at once, so it is no error.

    Raises `InvalidInput`: not understood, without a zone, or more than 30 days ahead.
    """
    now = clock().astimezone(UTC)
    due = _read_span(text, now) or _read_point(text, where)
    if due - now > FURTHEST:
        problem = f"{text[:80]!r} is more than {FURTHEST.days} days ahead"
        raise InvalidInput(where, problem, "Choose an earlier time.", name="invalid_parameter")
    return due


def _read_span(text: str, now: datetime) -> datetime | None:
    if not (span := _SPAN.fullmatch(text.strip())):
        return None
    count = int(span[1]) if span[1].isdigit() else 1
    return now + count * _UNITS[span[2].lower()]


def _read_point(text: str, where: str) -> datetime:
    try:
        point = datetime.fromisoformat(text.strip())
        if point.tzinfo is None:
            raise _not_understood(text, where, "has no time zone")
        return point.astimezone(UTC)
    except OverflowError as error:
        raise _not_understood(text, where, "is out of range") from error
    except ValueError as error:
        if isinstance(error, InvalidInput):
            raise
        raise _not_understood(text, where, "is not a time that can be read") from error


def _not_understood(text: str, where: str, why: str) -> InvalidInput:
    return InvalidInput(where, f"{text[:80]!r} {why}", _FIX, name="invalid_parameter")
