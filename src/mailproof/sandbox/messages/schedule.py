"""Reading `scheduled_at`: ISO 8601, or the English that Resend's documentation shows."""

import re
from datetime import UTC, datetime
from typing import Final

__all__ = ["AHEAD_MAX_S", "read_schedule"]

# "Up to 30 days in advance": resend.com/docs/dashboard/emails/schedule-email.
AHEAD_MAX_S: Final = 30 * 86_400.0
_UNIT_S: Final = {"sec": 1, "min": 60, "h": 3600, "hour": 3600, "day": 86_400, "week": 604_800}
_IN: Final = re.compile(r"in (an?|\d{1,6}) (sec|min|h|hour|day|week)(?:ond|ute)?s?", re.IGNORECASE)


def read_schedule(text: str, now: float) -> float | None:
    """Seconds since 1970, or None: not understood, or before that.

    A date without a zone is UTC (an assumption).
    """
    found = _IN.fullmatch(text.strip())
    if found is not None:
        amount = 1 if found[1].lower() in {"a", "an"} else int(found[1])
        return now + amount * _UNIT_S[found[2].lower()]
    try:
        at = datetime.fromisoformat(text.strip())
        seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return seconds if seconds >= 0 else None
