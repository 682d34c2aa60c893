"""How well each provider tells what became of its mails: counted by the minute."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

import msgspec

from mailproof.store.base import Tx

__all__ = [
    "Counted",
    "FeedbackHealth",
    "Trouble",
    "count_feedback",
    "feedback_health",
]

_MINUTE_MS: Final = 60_000
_LATELY_MS: Final = 60 * _MINUTE_MS
# So long after a mail went out, a webhook has told at least that it did.
_OVERDUE_MS: Final = 5 * _MINUTE_MS
# Of fewer mails than these, hearing nothing may be chance.
_SILENT_MAILS: Final = 5


class Trouble(StrEnum):
    """What is wrong with a provider's webhook.

    `wrong_secret`: requests come, and their signature does not fit the configured secret.
    `silent`: mails went out, and nothing at all came back.
    """

    WRONG_SECRET = "wrong_secret"  # noqa: S105 - a name
    SILENT = "silent"


class FeedbackHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One provider since `since`. Times in UTC milliseconds, None: never in that time.

    `sent`: mails of whose end it shall tell, `overdue`: those of them that went out more than five
    minutes ago; `confirmed`: mails of whose end it has told, by webhook or when it was asked;
    `unverified`: mails whose end nobody could tell in time. `events`: what came by webhook with a
    right signature, `refused_signatures`: with a wrong one. `webhook`: it shall tell by webhook;
    else it is asked, and hearing nothing by itself means nothing. `lag_ms`: so late, on average of
    the last hour, it told by webhook what had happened; None: it told nothing.
    """

    provider: str
    sent: int
    confirmed: int
    refused_signatures: int
    last_event_at: int | None
    last_refused_at: int | None
    unverified: int
    since: int
    events: int = 0
    overdue: int = 0
    webhook: bool = False
    lag_ms: int | None = None

    @property
    def trouble(self) -> Trouble | None:
        """None: it tells, or too little went out to judge it."""
        # A stranger can post too: as long as events come as well, all is well. While a secret is
        # changed both come, until the old one is given up.
        silent_ms = (self.last_refused_at or 0) - (self.last_event_at or 0)
        if self.refused_signatures and silent_ms > _OVERDUE_MS:
            return Trouble.WRONG_SECRET
        if self.webhook and not self.events and self.overdue >= _SILENT_MAILS:
            return Trouble.SILENT
        return None


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be added to a provider's minute of now. `webhook`: it shall tell by webhook.
    `lag_ms`: how late its events are, together."""

    provider: str
    webhook: bool = False
    sent: int = 0
    confirmed: int = 0
    events: int = 0
    refused: int = 0
    unverified: int = 0
    lag_ms: int = 0


async def feedback_health(tx: Tx, since_ms: int) -> tuple[FeedbackHealth, ...]:
    """Every provider that has sent, told or was refused since then, by name.

    `since_ms`: UTC in milliseconds; the whole minute that it falls into counts. Reads one row for
    each provider and minute in which something happened.
    """
    since = since_ms // _MINUTE_MS
    rows = await tx.all(
        "records/feedback_health",
        lambda *row: row,
        since=since,
        overdue=(tx.now - _OVERDUE_MS) // _MINUTE_MS,
        lately=(tx.now - _LATELY_MS) // _MINUTE_MS,
    )
    return tuple(_health(row, since * _MINUTE_MS) for row in rows)


async def count_feedback(tx: Tx, counted: Iterable[Counted]) -> None:
    """Add to the minute of now. Last in a transaction: others wait for these rows."""
    sums: dict[str, list[int]] = {}
    shall_tell: dict[str, bool] = {}
    for each in counted:
        values = (
            *(each.sent, each.confirmed, each.events),
            *(each.refused, each.unverified, each.lag_ms),
        )
        before = sums.get(each.provider, [0] * len(values))
        sums[each.provider] = [old + new for old, new in zip(before, values, strict=True)]
        shall_tell[each.provider] = shall_tell.get(each.provider, False) or each.webhook
    minute = tx.now // _MINUTE_MS
    # Sorted, so that two nodes never wait for each other in a circle.
    for provider, (sent, confirmed, events, refused, unverified, lag_ms) in sorted(sums.items()):
        await tx.run(
            "records/count_feedback",
            provider=provider,
            minute=minute,
            webhook=shall_tell[provider],
            sent=sent,
            confirmed=confirmed,
            events=events,
            refused=refused,
            unverified=unverified,
            lag_ms=lag_ms,
            event_at=tx.now if events else None,
            refused_at=tx.now if refused else None,
        )


def _health(row: tuple[Any, ...], since: int) -> FeedbackHealth:
    """In the order of the columns of the query."""
    (provider, webhook, sent, overdue, confirmed, unverified, events, refused, told, last) = row[
        :10
    ]
    lately, lag_ms = row[10:]
    return FeedbackHealth(
        provider=provider,
        sent=int(sent),
        confirmed=int(confirmed),
        refused_signatures=int(refused),
        last_event_at=told,
        last_refused_at=last,
        unverified=int(unverified),
        since=since,
        events=int(events),
        overdue=int(overdue),
        webhook=bool(webhook),
        lag_ms=int(lag_ms) // int(lately) if lately else None,
    )
