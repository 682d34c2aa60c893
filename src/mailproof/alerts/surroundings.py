"""Rules over what stands around the mail: quotas, what providers report, followers of the log.

Pure, as those of `trends`.
"""

from collections.abc import Iterator
from typing import Final

from mailproof.alerts.limits import Limits, Quota
from mailproof.mail.events import Level
from mailproof.store.records.alerts import Condition
from mailproof.store.records.checks import Check
from mailproof.store.records.picture import Picture
from mailproof.store.records.review import Review

__all__ = [
    "CURSOR_STUCK",
    "FEEDBACK_FAILING",
    "MAIL_UNVERIFIED",
    "QUOTA_RUNNING_OUT",
    "cursors_stuck",
    "feedback_failing",
    "mail_unverified",
    "quotas_running_out",
]

QUOTA_RUNNING_OUT: Final = "quota_running_out"
FEEDBACK_FAILING: Final = "feedback_failing"
MAIL_UNVERIFIED: Final = "mail_unverified"
CURSOR_STUCK: Final = "cursor_stuck"

# What a health check found longer ago says nothing of today's quota.
_CHECK_FRESH_MS: Final = 25 * 3_600_000
# A quota's span, and the facts of a health check that tell how much of it is used and allowed.
_SPANS: Final = (
    ("day", "used_today", "limit_today"),
    ("month", "used_this_month", "limit_this_month"),
)


def quotas_running_out(_: Picture, review: Review, limits: Limits) -> Iterator[Condition]:
    """Most of what a provider takes in a day or a month is used. The configuration's word counts
    before the provider's, whose plan may be another one than it looks."""
    for check in review.checks:
        if review.now - check.at > _CHECK_FRESH_MS:
            continue
        quota = limits.quotas.get(check.provider, Quota())
        for span, used_fact, limit_fact in _SPANS:
            used = _number(check, used_fact)
            configured = quota.per_day if span == "day" else quota.per_month
            limit = _number(check, limit_fact) if configured is None else configured
            if used is not None and limit and used >= limits.quota_used * limit:
                yield Condition(
                    QUOTA_RUNNING_OUT,
                    f"{check.provider}/{span}",
                    Level.WARNING.value,
                    used,
                    review.now,
                    {"provider": check.provider, "kind": span, "limit": limit},
                )


def _number(check: Check, fact: str) -> int | None:
    text = check.facts.get(fact, "")
    return int(text) if text.isascii() and text.isdigit() else None


def feedback_failing(_: Picture, review: Review, __: Limits) -> Iterator[Condition]:
    """A provider was to report what became of its mails, and does not get through."""
    for health in review.feedback:
        if (trouble := health.trouble) is not None:
            yield Condition(
                FEEDBACK_FAILING,
                health.provider,
                Level.ERROR.value,
                health.refused_signatures or health.sent,
                review.now,
                {"provider": health.provider, "kind": trouble.value, "reason": trouble.value},
            )


def mail_unverified(_: Picture, review: Review, limits: Limits) -> Iterator[Condition]:
    """Mails that a provider took and of whose end nobody can tell."""
    for health in review.feedback:
        if health.unverified >= limits.unverified:
            yield Condition(
                MAIL_UNVERIFIED,
                health.provider,
                Level.WARNING.value,
                health.unverified,
                review.now,
                {"provider": health.provider, "sent": health.sent},
            )


def cursors_stuck(_: Picture, review: Review, limits: Limits) -> Iterator[Condition]:
    """A follower of the event log stands still, or is far behind.

    One that had to wait for our own start is given as long as any other.
    """
    for cursor in review.cursors:
        if cursor.error is not None:
            since, kind = cursor.failing_since or review.now, "failing"
        elif cursor.next_at is None:
            continue
        else:
            since, kind = max(cursor.next_at, review.began), "behind"
            if review.now - since <= limits.cursor_lag_s * 1_000:
                continue
        yield Condition(
            CURSOR_STUCK,
            cursor.name,
            Level.ERROR.value,
            0,
            since,
            {"cursor": cursor.name, "kind": kind, "error": cursor.error or ""},
        )
