"""Mails that their provider took, and of which it has told nothing more (yet)."""

from collections.abc import Sequence

import msgspec

from mailproof.mail.events import EventType
from mailproof.store.base import Json, NewEvent, Tx
from mailproof.store.records.feedback import Counted, count_feedback

__all__ = ["Look", "Unsure", "look_later", "unsure"]


class Unsure(msgspec.Struct, frozen=True):
    """A sent mail of which it is time to look. `sent_at`, `unverified_at`: UTC in milliseconds; the
    latter None: it has not been said that nobody can tell."""

    id: str
    provider: str
    provider_message_id: str | None
    purpose: str
    sent_at: int
    unverified_at: int | None


class Look(msgspec.Struct, frozen=True):
    """When to look at it again, UTC in milliseconds; None: never. `unverified`: say now that the
    time has passed by which its end should be known, unless that was said before."""

    mail: Unsure
    again_at: int | None
    unverified: bool = False


async def unsure(tx: Tx, most: int) -> list[Unsure]:
    """Those that are due, the longest due first."""
    return await tx.all("mails/unsure", Unsure, now=tx.now, most=most)


async def look_later(tx: Tx, looks: Sequence[Look]) -> None:
    """Note when to look again. A mail that has moved meanwhile is left alone."""
    waiting = {
        each.mail.id: each for each in looks if each.unverified and each.mail.unverified_at is None
    }
    said = {each.mail.id: each.mail.unverified_at for each in looks} | dict.fromkeys(
        waiting, tx.now
    )
    rows = [
        [each.mail.id, each.again_at, said[each.mail.id]]
        for each in sorted(looks, key=lambda look: look.mail.id)
    ]
    moved = set(await tx.all("mails/look_later", str, rows=Json(rows)))
    counted = []
    for email_id, each in waiting.items():
        if email_id not in moved:
            continue
        mail = each.mail
        data = {"provider": mail.provider, "purpose": mail.purpose, "sent_at": mail.sent_at}
        tx.tell(NewEvent(EventType.EMAIL_UNVERIFIED, email_id, data))
        counted.append(Counted(provider=mail.provider, unverified=1))
    await count_feedback(tx, counted)
