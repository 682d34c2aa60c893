"""The event log, and the cursors that follow it: a name, how far it has come, how it fares."""

from typing import Any, Final

import msgspec

from mailproof.store.base import Event, Tx

__all__ = [
    "PAGE_MAX",
    "Cursor",
    "advance",
    "after",
    "cursor",
    "failed",
    "newest",
    "of_email",
    "position",
    "position_before",
]

# Events that one read takes; a follower that is far behind reads again.
PAGE_MAX: Final = 1_000


class Cursor(msgspec.Struct, frozen=True):
    """`position`: the id of the last event that it has dealt with. Times in UTC milliseconds.

    `error`: why it stands still, since `failing_since`; None: it does not.
    """

    name: str
    position: int
    moved_at: int
    error: str | None
    failing_since: int | None


async def of_email(tx: Tx, email_id: str) -> list[Event]:
    """All that happened to a mail, in order."""
    return await tx.all("records/events_of_email", _event, id=email_id)


async def after(tx: Tx, position: int, limit: int = PAGE_MAX) -> list[Event]:
    """The next events after that one, in order, at most `PAGE_MAX`."""
    return await tx.all(
        "records/events_after", _event, position=position, limit=min(limit, PAGE_MAX)
    )


async def newest(tx: Tx) -> int:
    """The id of the last event; 0: nothing has happened yet."""
    return await tx.one("records/newest_event", int) or 0


async def position_before(tx: Tx, count: int) -> int:
    """The position from which the last `count` events follow."""
    if count == 0:
        return await newest(tx)
    return await tx.one("records/position_before", int, count=count) or 0


async def cursor(tx: Tx, name: str) -> Cursor | None:
    return await tx.one("records/cursor", Cursor, name=name)


async def position(tx: Tx, name: str) -> int:
    """How far it has come; 0: it has not begun."""
    found = await cursor(tx, name)
    return found.position if found else 0


async def advance(tx: Tx, name: str, position: int) -> bool:
    """It has dealt with everything up to that event, and fares well. False: it was there already,
    or further: a cursor never goes back.
    """
    return bool(await tx.run("records/advance_cursor", name=name, position=position, now=tx.now))


async def failed(tx: Tx, name: str, error: str) -> None:
    """It stands still; `error` says why, without addresses and secrets."""
    await tx.run("records/fail_cursor", name=name, error=error, now=tx.now)


def _event(  # noqa: PLR0913 - in the order of the columns
    id_: int, at: int, type_: str, email_id: str | None, actor: str, data: Any
) -> Event:
    decoded = msgspec.json.decode(data) if isinstance(data, str | bytes) else data
    return Event(id_, at, type_, email_id, actor, decoded)
