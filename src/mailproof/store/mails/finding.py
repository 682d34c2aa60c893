"""Finding mails by what they have in common, without looking at all of them."""

from collections.abc import Mapping
from typing import Final

import msgspec

from mailproof.mail.lifecycle import State
from mailproof.store.base import Tx

__all__ = ["Wanted", "find", "place_of"]

# What is looked for is mostly recent or frequent: so many of the newest mails are looked through
# before an index is read from end to end, which costs its length. Milliseconds, not seconds.
_WINDOW: Final = 20_000
_SEQ_MAX: Final = 2**63 - 1
# How far the order of arrival and the time of acceptance may disagree between nodes.
_SLACK_MS: Final = 60_000

# States with an index of their own. `emails_ended` is in order of arrival, so it needs no window.
_ENDED: Final = frozenset(
    {
        State.FAILED,
        State.EXPIRED,
        State.UNCONFIRMED,
        State.BOUNCED,
        State.COMPLAINED,
        State.SUPPRESSED,
        State.CANCELED,
        State.SUPERSEDED,
    }
)
_UNDER_WAY: Final[Mapping[str, str]] = {
    State.QUEUED: "mails/find_queued",
    State.HELD: "mails/find_held",
    State.DEFERRED: "mails/find_due",
    State.SCHEDULED: "mails/find_due",
    State.SENDING: "mails/find_sending",
}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which mails; what is None does not matter. `since`: accepted at or after, UTC in ms."""

    app: str | None = None
    state: str | None = None
    purpose: str | None = None
    reason: str | None = None
    since: int | None = None


async def find(
    tx: Tx, wanted: Wanted, *, before_seq: int | None, after_seq: int | None, limit: int
) -> list[int]:
    """Places in the order of arrival, at most `limit`, the nearest to the cursor first.

    From the newest on, or from `before_seq` back, or from `after_seq` on.
    """
    above = max(after_seq or 0, await _above(tx, wanted.since))
    below = _SEQ_MAX if before_seq is None else before_seq
    if after_seq is not None:
        query = "mails/find_next" if wanted.app is None else "mails/find_next_of_app"
        return await _found(tx, query, wanted, above, below, limit)
    if wanted.state in _ENDED:
        return await _found(tx, "mails/find_ended", wanted, above, below, limit)
    walk = "mails/find_newest" if wanted.app is None else "mails/find_of_app"
    by_index = _UNDER_WAY.get(wanted.state or "")
    if by_index is None:
        return await _found(tx, walk, wanted, above, below, limit)
    window = max(above, min(below, await _last(tx)) - _WINDOW)
    recent = await _found(tx, walk, wanted, window, below, limit)
    if len(recent) == limit or window == above:
        return recent
    return await _found(tx, by_index, wanted, above, below, limit)


async def _found(  # noqa: PLR0913 - the range, and what is looked for in it
    tx: Tx, query: str, wanted: Wanted, above: int, below: int, limit: int
) -> list[int]:
    return await tx.all(
        query,
        int,
        app=wanted.app,
        state=wanted.state,
        purpose=wanted.purpose,
        reason=wanted.reason,
        since=wanted.since or 0,
        above=above,
        below=below,
        limit=limit,
    )


async def _last(tx: Tx) -> int:
    return (await tx.one("mails/span", lambda _, last: last or 0)) or 0


async def _above(tx: Tx, since: int | None) -> int:
    return 0 if since is None else max(0, await place_of(tx, since) - 1)


async def place_of(tx: Tx, since: int) -> int:
    """The place of the first mail that was accepted at `since` (UTC in ms) or later, or a little
    before it. 0: no mail is older.

    No index knows the time of acceptance, but it rises with the order of arrival: so the range is
    halved until one mail is left, twenty looks for a million.
    """
    first = await tx.one("mails/created_from", lambda seq, at: (seq, at), seq=0)
    if first is None or first[1] >= since - _SLACK_MS:
        return 0
    low, high = int(first[0]) + 1, await _last(tx)
    while low <= high:
        middle = (low + high) // 2
        mail = await tx.one("mails/created_from", lambda seq, at: (seq, at), seq=middle)
        if mail is None or mail[1] >= since - _SLACK_MS:
            high = middle - 1
        else:
            low = mail[0] + 1
    return low
