"""How fast a provider may be asked, as learnt from what it takes and from what it turns away.

Nobody configures most limits, and a 429 names a pause rather than a pace: whoever sends all again
after it is turned away again, a burst each second. So, after a 429, calls go at the pace that was
taken before it. From there the pace rises, hardly at first and ever faster, as TCP CUBIC does
(RFC 9438): a known limit is met seldom, one that was raised is found within minutes. Each further
429 lowers it. When nothing has been turned away for long, there is no pace any more.
"""

import re
from collections import deque
from collections.abc import Mapping
from typing import Final

from mailproof.diagnosis.evidence import HttpAnswer
from mailproof.diagnosis.failure import Failure

__all__ = ["Pace", "told_pace"]

_WINDOW_MS: Final = 1_000
# After so long without a 429 the pace has doubled; after twice that time it is 16 times as high.
_DOUBLE_MS: Final = 60_000
_QUIET_MS: Final = 180_000
# A little less than what was just right; a second that took far less than the pace halves it.
_LESS: Final = 0.9
_LEAST_LEFT: Final = 0.5
# Of so slow a pace one second tells nothing: it counts that anything was taken at all.
_FEW: Final = 2.0
# Calls a second. Who has seen nothing taken begins with one, and asks at least every five seconds.
_FIRST: Final = 1.0
_LEAST: Final = 0.2
# More calls a second with each second, so that the slowest pace rises too.
_RISE: Final = 0.01

# A longer window than an hour is a quota, and a larger number a moment since 1970.
_WINDOW_MOST_S: Final = 3_600
_LIMIT: Final = re.compile(r"\s*(\d{1,9})\b")
_QUOTA: Final = re.compile(r";\s*q=(\d{1,9})\b")
_SECONDS: Final = re.compile(r";\s*w=(\d{1,9})\b")
_RESET: Final = re.compile(r"\s*(\d{1,9})\s*$")


class Pace:
    """Of one provider, as one process knows it. Times in UTC milliseconds.

    `highest`: calls a second that the operator allows; None: as many as the provider takes.
    """

    def __init__(self, highest: float | None = None) -> None:
        self._highest = highest
        # When those calls set out that were taken within the last second in which any was.
        self._taken: deque[int] = deque()
        self._base: float | None = None
        self._since = 0
        self._refused_at: int | None = None
        self._told: float | None = None

    def taken(self, started_at: int) -> None:
        """A call that set out then was accepted."""
        taken = self._taken
        taken.append(started_at)
        while taken[0] <= started_at - _WINDOW_MS:
            taken.popleft()

    def turned_away(self, started_at: int, told: float | None = None) -> None:
        """A call that set out then got a 429. `told`: the calls a second that it named.

        What set out before the pace was learnt says nothing about it.
        """
        if self._refused_at is None and started_at >= self._since:
            self._refused_at, self._told = started_at, told

    def now(self, now: int) -> float | None:
        """Calls a second that may go; None: without limit. Asked when a pause is over: by then
        the calls that were under way at the 429 have been answered, and are counted."""
        if self._refused_at is not None:
            self._base = self._learnt(self._refused_at)
            self._since, self._refused_at = now, None
        learnt = self._risen(now)
        if learnt is None or self._highest is None:
            return learnt or self._highest
        return min(learnt, self._highest)

    def _risen(self, now: int) -> float | None:
        if self._base is None:
            return None
        quiet_ms = max(0, now - self._since)
        if quiet_ms >= _QUIET_MS:
            self._base = None
            return None
        return float(self._base * 2 ** ((quiet_ms / _DOUBLE_MS) ** 2) + _RISE * quiet_ms / 1000)

    def _learnt(self, refused_at: int) -> float:
        before = self._risen(refused_at)
        if before is None and self._highest is not None and self._told is None:
            before = self._highest
        count = sum(at > refused_at - _WINDOW_MS for at in self._taken)
        if before is None:
            learnt = max(_LESS * count, _FIRST)
        elif before <= _FEW and self._taken and self._taken[-1] >= self._since:
            learnt = _LESS * before
        else:
            learnt = min(max(float(count), _LEAST_LEFT * before), _LESS * before)
        if self._told is not None:
            most = _LESS * self._told
            learnt = most if before is None else min(learnt, most)
        return max(learnt, _LEAST)


def told_pace(failure: Failure) -> float | None:
    """The calls a second that a 429 names in its headers; None: it names none.

    The names and forms of draft-ietf-httpapi-ratelimit-headers: `ratelimit-limit` calls within
    the window of `ratelimit-policy` (`5;w=1`, or `"default";q=5;w=1`). Without one, the window is
    at least as long as it takes until `ratelimit-reset`, in seconds.
    """
    seen = failure.evidence.seen
    if not isinstance(seen, HttpAnswer):
        return None
    headers = seen.headers
    policy = headers.get("ratelimit-policy", "") or headers.get("ratelimit-limit", "")
    limit = _first(_LIMIT, headers, "ratelimit-limit") or _number(_QUOTA.search(policy))
    window_s = _number(_SECONDS.search(policy)) or _first(_RESET, headers, "ratelimit-reset")
    if not limit or not window_s or window_s > _WINDOW_MOST_S:
        return None
    return limit / window_s


def _first(pattern: re.Pattern[str], headers: Mapping[str, str], name: str) -> int | None:
    return _number(pattern.match(headers.get(name, "")))


def _number(found: re.Match[str] | None) -> int | None:
    return None if found is None else int(found[1])
