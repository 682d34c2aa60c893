"""Taking mail to send: what may go within a second, with its contents, in one transaction."""

from collections.abc import Mapping, Sequence

import msgspec

from mailproof.mail.lifecycle import State
from mailproof.store.base import Tx
from mailproof.store.mails.claim import claim, claim_probe, claim_queued_probe, contents
from mailproof.store.routes.limits import Reserved, give_back, reserve
from mailproof.store.shapes import Claimed, Content

__all__ = ["Taken", "Taker", "take", "take_probe"]


class Taker(msgspec.Struct, frozen=True):
    """Who takes, for which provider. `rate`: calls a second, None: without limit."""

    provider: str
    node: str
    lease_ms: int
    rate: float | None


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """`met`: mails that were put aside on the way. `until`: when the leases end, UTC in ms.

    `slots`: when the calls may go; none of them: when to ask again. `more`: there may be more.
    """

    going: Sequence[Claimed] = ()
    met: Sequence[Claimed] = ()
    contents: Mapping[str, Content] = {}
    slots: Reserved | None = None
    until: int = 0
    more: bool = False


async def take(tx: Tx, taker: Taker, most: int, *, critical_only: bool = False) -> Taken:
    """Up to `most` mails, and no more than the provider's rate lets go within a second."""
    slots = None
    if taker.rate is not None:
        slots = await reserve(tx, taker.provider, most, taker.rate)
        if not slots.count:
            return Taken(slots=slots)
        most = slots.count
    claimed = await claim(
        tx,
        provider=taker.provider,
        most=most,
        node=taker.node,
        lease_ms=taker.lease_ms,
        critical_only=critical_only,
    )
    going = [mail for mail in claimed if mail.state == State.SENDING]
    if slots is not None and len(going) < slots.count:
        await give_back(tx, taker.provider, slots.count - len(going), slots.gap_us)
    return Taken(
        going=going,
        met=[mail for mail in claimed if mail.state != State.SENDING],
        contents=await contents(tx, [mail.id for mail in going]) if going else {},
        slots=slots,
        until=tx.now + taker.lease_ms,
        more=len(claimed) >= most,
    )


async def take_probe(tx: Tx, taker: Taker, sender: str, *, queued: bool) -> Taken:
    """One mail to try a closed route with: one that is held behind it, or (`queued`) one that goes
    another way meanwhile. Nothing in `going`: there is none, or the rate lets none go now."""
    slots = None
    if taker.rate is not None:
        slots = await reserve(tx, taker.provider, 1, taker.rate)
        if not slots.count:
            return Taken(slots=slots, more=True)
    claims = (claim_probe, claim_queued_probe) if queued else (claim_probe,)
    for claim_one in claims:
        mail = await claim_one(
            tx,
            provider=taker.provider,
            sender=sender,
            node=taker.node,
            lease_ms=taker.lease_ms,
        )
        if mail is not None:
            break
    if mail is None:
        if slots is not None:
            await give_back(tx, taker.provider, 1, slots.gap_us)
        return Taken()
    return Taken(
        going=[mail],
        contents=await contents(tx, [mail.id]),
        slots=slots,
        until=tx.now + taker.lease_ms,
    )
