"""Is the store whole? What the database says of itself, and whether nothing is missing."""

import msgspec

from mailproof.store.base import Tx

__all__ = ["Soundness", "soundness"]


class Soundness(msgspec.Struct, frozen=True, kw_only=True):
    """`damage`: what the database found wrong with itself, empty: nothing.

    `waiting`: mails that are still to go; `without_content`: those of them that cannot be sent
    because what they say is missing.
    """

    schema: int
    damage: tuple[str, ...]
    mails: int
    waiting: int
    without_content: int
    events: int


async def soundness(tx: Tx) -> Soundness:
    """Reads all of a SQLite file, seconds per gigabyte; others go on meanwhile."""
    found = await tx.all("nodes/integrity", str)
    schema = await tx.one("nodes/schema_version", int)
    mails, waiting, without_content, events = await tx.one(
        "nodes/census", lambda *counts: counts
    ) or (0, 0, 0, 0)
    return Soundness(
        schema=schema or 0,
        damage=tuple(line for line in found if line != "ok"),
        mails=mails,
        waiting=waiting,
        without_content=without_content,
        events=events,
    )
