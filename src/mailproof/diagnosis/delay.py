"""When to come back, if the other side named a time: headers first, then fields, then prose."""

import re
from collections.abc import Mapping
from typing import Final

from mailproof.diagnosis.symptoms import Symptoms

__all__ = ["named"]

_LONGEST_S: Final = 31 * 86_400.0
_UNITS: Final[Mapping[str, float]] = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_PROSE: Final = re.compile(
    r"(?:(?:again|retry|reset|back|later|wait)[a-z ]{0,30}? (?:in|after)|greylist(?:ed|ing)?(?: for)?|for)"
    r" (\d{1,7}(?:\.\d{1,4})?) ?(s|sec|secs|seconds?|m|min|mins|minutes?|h|hours?|days?)\b"
)
_MARKS: Final = ("retry-seconds=", "retry_after=", "retryafter=", "retry_after_s=")


def named(seen: Symptoms) -> float | None:
    """Seconds from now, at most 31 days; None when no time was named."""
    value = seen.headers.get("retry-after", "").strip()
    if value.isdigit():
        return min(float(value), _LONGEST_S)
    for mark in seen.marks:
        for key in _MARKS:
            if mark.startswith(key) and mark[len(key) :].isdigit():
                return min(float(mark[len(key) :]), _LONGEST_S)
    if found := _PROSE.search(seen.low):
        return min(round(float(found[1]) * _UNITS[found[2][0]], 3), _LONGEST_S)
    return None
