"""Times as people read them: in the zone of their browser, 24 hours a day, in their language."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = ["UNKNOWN", "TimeForm", "iso", "written", "zone_named"]

TimeForm = Literal["time", "minute", "day", "full", "short"]

UNKNOWN: Final = ZoneInfo("UTC")
_NAME_MAX: Final = 64

_MONTHS: Final = (
    "January February March April May June July August September October November December"
).split()
# {d} the day, {m} the month's name or number, {y} the year.
_DAYS: Final[Mapping[str, tuple[str, str]]] = {
    "en": ("{d} {month}", "{d} {month} {y}"),
    "zh": ("{m} 月 {d} 日", "{y} 年 {m} 月 {d} 日"),
}


def zone_named(cookie: str) -> ZoneInfo:
    """The zone that a browser says it is in; UTC where nobody knows such a zone."""
    name = unquote(cookie)
    if not 0 < len(name) <= _NAME_MAX or not name.isascii() or name.startswith(("/", ".")):
        return UNKNOWN
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, IsADirectoryError, PermissionError):
        return UNKNOWN  # the name came from outside, and this machine may have no such zone


def iso(at_ms: int) -> str:
    """UTC for machines: `2026-11-25T10:14:32.120Z`."""
    text = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def written(at_ms: int, now_ms: int, zone: ZoneInfo, language: str, form: TimeForm) -> str:
    """A moment (UTC ms) in the zone. `short`: the time of today, another day with its minute."""
    at = datetime.fromtimestamp(at_ms / 1000, zone)
    now = datetime.fromtimestamp(now_ms / 1000, zone)
    match form:
        case "time":
            return f"{at:%H:%M:%S}"
        case "minute":
            return f"{at:%H:%M}"
        case "day":
            return _day(at, now, language)
        case "full":
            return f"{at:%Y-%m-%d %H:%M:%S} {zone.key}"
        case "short":
            if at.date() == now.date():
                return f"{at:%H:%M:%S}"
            return f"{_day(at, now, language)} {at:%H:%M}"


def _day(at: datetime, now: datetime, language: str) -> str:
    this_year, other_year = _DAYS[language]
    form = this_year if at.year == now.year else other_year
    return form.format(d=at.day, m=at.month, month=_MONTHS[at.month - 1], y=at.year)
