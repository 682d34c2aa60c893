"""Mails whose node went away while they were with a provider."""

from typing import Any

import msgspec

__all__ = ["Orphan", "orphan_row"]


class Orphan(msgspec.Struct, frozen=True):
    """In the order of the columns of the queries. `begun`: the lease, if any, under which its bytes
    may have gone out at a provider without idempotency keys."""

    id: str
    lease_no: int
    lane_id: int
    pin: str
    provider: str
    epoch: int
    leased_by: str | None
    changed_at: int
    begun: int


def orphan_row(orphan: Orphan, now: int) -> tuple[Any, ...]:
    """Its attempt, as `mails/insert_attempts` takes it: begun, and nobody knows how it ended."""
    return (
        orphan.id,
        orphan.lease_no,
        orphan.provider,
        f"{orphan.id}.{orphan.epoch}",
        orphan.leased_by or "",
        orphan.changed_at,
        now,
        "unknown",
        None,
        None,
        None,
        None,
    )
