"""Verified events of providers, each kept once: so that one that comes again is known, and one that
comes before its mail can be dealt with is there when it can.

They are swept after seven days, dealt with or not.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from mailproof.mail.fate import Fate
from mailproof.store.base import Json, Tx
from mailproof.store.mails.ids import as_id

__all__ = ["Told", "keep", "parked", "parked_since", "settle"]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider told of one mail.

    `email_id`: from our stamp; empty: there was none. `at`: when it happened, UTC in milliseconds.
    `people`: lookups of the recipients that it names, none: it names nobody; `sure`: it is true of
    each of them, else of some. `hard`: a bounce for good. `failure`: redacted, as is
    `event`, which is what came. `asked`: it is the answer to a question of ours.
    """

    provider: str
    event_id: str
    fate: Fate
    at: int
    provider_message_id: str = ""
    email_id: str = ""
    people: tuple[bytes, ...] = ()
    sure: bool = True
    hard: bool = False
    reason: str | None = None
    failure: Any = None
    event: Any = None
    asked: bool = False


class _Kept(msgspec.Struct, frozen=True):
    """`inbox_events.payload`: what the other columns do not hold."""

    fate: Fate
    at: int
    people: tuple[str, ...]
    sure: bool
    hard: bool
    reason: str | None
    asked: bool
    failure: Any = None
    event: Any = None


_Key = tuple[str, str]


async def keep(tx: Tx, told: Iterable[Told]) -> list[Told]:
    """Those that are new, each kept as not dealt with yet."""
    by_key = {(each.provider, each.event_id): each for each in told}
    rows = [
        [each.provider, each.event_id, each.provider_message_id or None, as_id(each.email_id),
         msgspec.to_builtins(_kept(each))]
        for _, each in sorted(by_key.items())
    ]  # fmt: skip
    new: set[_Key] = set(
        await tx.all("records/insert_inbox_events", _key, rows=Json(rows), now=tx.now)
    )
    return [each for key, each in by_key.items() if key in new]


async def settle(tx: Tx, told: Iterable[Told]) -> None:
    """They have been dealt with."""
    keys = sorted({(each.provider, each.event_id) for each in told})
    if keys:
        await tx.run("records/settle_inbox_events", keys=Json(keys), now=tx.now)


async def parked(
    tx: Tx, ids: Sequence[str], messages: Sequence[tuple[str, str]] = ()
) -> list[Told]:
    """What waits for these mails, the first first. `messages`: provider and its id of the mail, for
    events that carry no stamp."""
    return await tx.all(
        "records/parked_inbox_events", _told, ids=list(ids), messages=Json(sorted(messages))
    )


async def parked_since(tx: Tx, since: int, most: int) -> list[Told]:
    """What waits although its mail is known and not under a lease, of what came since then."""
    return await tx.all("records/parked_inbox_events_since", _told, since=since, most=most)


def _key(provider: str, event_id: str) -> _Key:
    return provider, event_id


def _kept(told: Told) -> _Kept:
    return _Kept(
        fate=told.fate,
        at=told.at,
        people=tuple(each.hex() for each in told.people),
        sure=told.sure,
        hard=told.hard,
        reason=told.reason,
        failure=told.failure,
        asked=told.asked,
        event=told.event,
    )


def _told(
    provider: str,
    event_id: str,
    provider_message_id: str | None,
    email_id: str | None,
    payload: bytes | str,
) -> Told:
    """In the order of the columns of the queries."""
    kept = msgspec.json.decode(payload, type=_Kept)
    return Told(
        provider=provider,
        event_id=event_id,
        fate=kept.fate,
        at=kept.at,
        provider_message_id=provider_message_id or "",
        email_id=email_id or "",
        people=tuple(bytes.fromhex(each) for each in kept.people),
        sure=kept.sure,
        hard=kept.hard,
        reason=kept.reason,
        failure=kept.failure,
        event=kept.event,
        asked=kept.asked,
    )
