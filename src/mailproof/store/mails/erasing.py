"""Erasing what critical mails said, once they have ended: a link or a code lets people in.

What went out is erased in the transaction that says so (`record`, `feedback`). What did not may be
sent again by hand, so it stays until the mail is of no use; then, and at once where nobody may send
it again, the sweep erases it.
"""

from collections.abc import Sequence

from mailproof.store.base import Tx

__all__ = ["erase", "erase_in_time", "erase_orphans", "erase_what_is_over"]


async def erase(tx: Tx, ids: Sequence[str]) -> None:
    """Erase what these mails said, now."""
    if ids:
        await tx.run("mails/drop_contents", ids=ids)


async def erase_in_time(tx: Tx, ids: Sequence[str]) -> None:
    """What those of these mails said that are critical and have ended is erased when they expire,
    or by the next sweep where they cannot be sent again by hand."""
    if ids:
        await tx.run("mails/set_erasing", ids=ids, now=tx.now)


async def erase_what_is_over(tx: Tx, most: int) -> int:
    """Erase what is to be erased by now, of `most` mails; returns of how many."""
    ids = await tx.all("mails/sweep_erasing", str, now=tx.now, most=most)
    await erase(tx, ids)
    return len(ids)


async def erase_orphans(tx: Tx, most: int, *, before: int) -> int:
    """Erase large contents that were written before then, in UTC milliseconds, and whose mail never
    came; returns how many."""
    ids = await tx.all("mails/sweep_early_contents", str, before=before, most=most)
    await erase(tx, ids)
    return len(ids)
