"""Requests per second and mails per day and month, with the headers that tell them."""

from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from math import ceil
from typing import Final

from mailproof.sandbox.errors import Refusal

__all__ = ["DAY_S", "Quota", "RateWindow"]

DAY_S: Final = 86_400.0
_WINDOW_S: Final = 1.0


class RateWindow:
    """So many requests within a second, for the whole account (all keys together).

    A fixed window that begins with its first request; whether the real one slides is unknown.
    A `limit` of 0 is none.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._began = float("-inf")
        self._taken = 0

    def take(self, now: float) -> Mapping[str, str]:
        """Count one request; returns its answer's headers. Raises `Refusal` when it is over."""
        if not self.limit:
            return {}
        if not 0 <= now - self._began < _WINDOW_S:
            self._began, self._taken = now, 0
        self._taken += 1
        reset_s = str(max(1, ceil(self._began + _WINDOW_S - now)))
        headers = {
            "ratelimit-limit": str(self.limit),
            "ratelimit-policy": f"{self.limit};w=1",
            "ratelimit-remaining": str(max(0, self.limit - self._taken)),
            "ratelimit-reset": reset_s,
        }
        if self._taken > self.limit:
            raise Refusal(
                "rate_limit_exceeded",
                f"Too many requests. You can only make {self.limit} requests per second. "
                "See rate limit response headers for more information. "
                "Or contact support to increase rate limit.",
                headers={**headers, "retry-after": reset_s},
            )
        return headers


class _Rolling:
    """How many within the last `within_s` seconds; each is added and forgotten once."""

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._added: deque[tuple[float, int]] = deque()
        self._total = 0

    def add(self, now: float, count: int) -> None:
        self._added.append((now, count))
        self._total += count

    def total(self, now: float) -> int:
        while self._added and self._added[0][0] <= now - self._within_s:
            self._total -= self._added.popleft()[1]
        return self._total


class _CalendarMonth:
    """How many within the month of the calendar; that it begins at 0 h UTC is an assumption."""

    def __init__(self) -> None:
        self._month = (0, 0)
        self._total = 0

    def add(self, now: float, count: int) -> None:
        self._total = self.total(now) + count

    def total(self, now: float) -> int:
        date = datetime.fromtimestamp(now, UTC)
        if (date.year, date.month) != self._month:
            self._month, self._total = (date.year, date.month), 0
        return self._total


class Quota:
    """Mails in 24 hours (rolling) and in a calendar month; each recipient counts as one.

    None: no such limit. The periods: resend.com/docs/api-reference/usage/retrieve-usage.
    """

    def __init__(self, daily: int | None, monthly: int | None) -> None:
        self.daily = daily
        self.monthly = monthly
        self.forget()

    def forget(self) -> None:
        """Start again at nothing used."""
        self._day = _Rolling(DAY_S)
        self._month = _CalendarMonth()

    def add(self, now: float, recipients: int) -> None:
        self._day.add(now, recipients)
        self._month.add(now, recipients)

    def exceeded(self, now: float, more: int) -> str:
        """The name of the quota that `more` recipients would exceed, or nothing."""
        if self.daily is not None and self._day.total(now) + more > self.daily:
            return "daily_quota_exceeded"
        if self.monthly is not None and self._month.total(now) + more > self.monthly:
            return "monthly_quota_exceeded"
        return ""

    def headers(self, now: float) -> Mapping[str, str]:
        """What is used. The daily one goes to free plans only: those with a daily limit."""
        headers = {}
        if self.daily is not None:
            headers["x-resend-daily-quota"] = str(self._day.total(now))
        if self.monthly is not None:
            headers["x-resend-monthly-quota"] = str(self._month.total(now))
        return headers
