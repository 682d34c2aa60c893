"""Addresses that mail is not sent to any more, and the facts that speak against each.

A person must not be locked out by one soft fault: somebody who cannot sign in for want of a mail
has no other way in. So for critical purposes only a complaint, a person's own decision, or two
hard bounces within seven days count; for all other mail any single fact does.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

from mailproof.mail.events import EventType
from mailproof.store.base import NewEvent, Tx

__all__ = [
    "LISTED_MAX",
    "Cause",
    "Suppression",
    "SuppressionPage",
    "add",
    "blocked",
    "list_suppressions",
    "remove",
]

LISTED_MAX: Final = 500


class Cause(StrEnum):
    """What speaks against an address. `manual`: somebody said so."""

    HARD_BOUNCE = "hard_bounce"
    COMPLAINT = "complaint"
    MANUAL = "manual"


class Suppression(msgspec.Struct, frozen=True):
    """One fact, in the order of the columns of `records/suppressions`. `created_at` in UTC ms."""

    id: int
    address: str
    cause: str
    email_id: str | None
    actor: str
    note: str
    created_at: int


class SuppressionPage(msgspec.Struct, frozen=True):
    """Newest first."""

    suppressions: tuple[Suppression, ...]
    has_more: bool


async def add(  # noqa: PLR0913 - one parameter per column
    tx: Tx,
    *,
    address: str,
    lookup: bytes,
    cause: Cause,
    actor: str,
    email_id: str | None = None,
    note: str = "",
) -> bool:
    """Note a fact against an address; `lookup` is `Installation.lookup(address)`.

    False: it is known already (the same mail bounced twice, an address added by hand twice), and
    nothing was written.
    """
    added = await tx.run(
        "records/insert_suppression",
        lookup=lookup,
        address=address,
        cause=cause.value,
        email_id=email_id,
        actor=actor,
        note=note,
        now=tx.now,
    )
    if added:
        tx.tell(NewEvent(EventType.SUPPRESSION_ADDED, email_id, {"cause": cause.value}, actor))
    return bool(added)


async def remove(tx: Tx, lookup: bytes, *, actor: str) -> int:
    """Forget every fact against an address; returns how many there were."""
    causes = await tx.all("records/delete_suppressions", str, lookup=lookup)
    if causes:
        data = {"causes": sorted(set(causes)), "count": len(causes)}
        tx.tell(NewEvent(EventType.SUPPRESSION_REMOVED, data=data, actor=actor))
    return len(causes)


async def list_suppressions(
    tx: Tx, *, lookup: bytes | None = None, before_id: int | None = None, limit: int = 50
) -> SuppressionPage:
    """The facts that are known, newest first, at most `LISTED_MAX`; `lookup`: those of one address.

    `before_id`: the id of the last one of the page before.
    """
    limit = max(1, min(limit, LISTED_MAX))
    query = "records/suppressions" if lookup is None else "records/suppressions_of"
    rows = await tx.all(
        query,
        Suppression,
        lookup=lookup,
        before=2**63 - 1 if before_id is None else before_id,
        limit=limit + 1,
    )
    return SuppressionPage(tuple(rows[:limit]), len(rows) > limit)


async def blocked(
    tx: Tx, lookups: Sequence[bytes], *, critical: bool, now: int
) -> frozenset[bytes]:
    """Those of these addresses that mail must not go to.

    `critical`: for a critical purpose, where one hard bounce is not enough. `now`: UTC in ms.
    """
    return frozenset(
        await tx.all("records/blocked", bytes, lookups=list(lookups), critical=critical, now=now)
    )
