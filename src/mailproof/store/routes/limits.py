"""How fast a provider may be asked: what may go within the next second, reserved before the claim.

The generic cell rate algorithm: one row holds when the next call may go, whoever makes it.
"""

import math

import msgspec

from mailproof.store.base import Tx

__all__ = ["Reserved", "give_back", "reserve", "slow_down"]

_SECOND_US = 1_000_000


class Reserved(msgspec.Struct, frozen=True):
    """`count` calls may go, the first at `first_at_us` (UTC), each `gap_us` after the other.

    None may go now: `count` is 0 and `first_at_us` is when to ask again.
    """

    count: int
    first_at_us: int
    gap_us: int


class _Limit(msgspec.Struct, frozen=True):
    free_at_us: int
    slow_until: int


async def reserve(tx: Tx, provider: str, most: int, per_second: float) -> Reserved:
    """Reserve up to `most` calls, but no more than fit into the next second."""
    await tx.run("routes/insert_limit", provider=provider)
    limit = await tx.one("routes/lock_limit", _Limit, provider=provider)
    now_us, gap_us = tx.now * 1000, math.ceil(_SECOND_US / per_second)
    if limit is None:
        raise LookupError(f"The limit of {provider} was inserted and is not there.")
    start = max(now_us, limit.free_at_us, limit.slow_until * 1000)
    count = min(most, max(0, (now_us + _SECOND_US - start + gap_us - 1) // gap_us))
    if count:
        await tx.run("routes/move_limit", provider=provider, free_at_us=start + count * gap_us)
    return Reserved(count, start, gap_us)


async def give_back(
    tx: Tx, provider: str, unused: int, gap_us: int, *, end_us: int | None = None
) -> None:
    """The last calls that were reserved are not needed.

    `end_us`: where that reservation ended. Once another node has reserved behind it, the gap stays:
    who moved the end forward again would let two nodes have the same moments. None: only one node
    reserves.
    """
    if end_us is not None:
        limit = await tx.one("routes/lock_limit", _Limit, provider=provider)
        if limit is None or limit.free_at_us != end_us:
            return
    await tx.run(
        "routes/return_limit", provider=provider, unused_us=unused * gap_us, now_us=tx.now * 1000
    )


async def slow_down(tx: Tx, provider: str, until: int) -> None:
    """The provider said 429: no call before `until`, UTC in milliseconds."""
    await tx.run("routes/insert_limit", provider=provider)
    await tx.run("routes/slow_down", provider=provider, until=until)
