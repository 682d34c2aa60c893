"""Links in mails: each works once, for a while, and only the newest.

Looking at one uses nothing up: mail scanners open every link before its reader does. What uses it
is the button on its page.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tidewell.database import Link

__all__ = ["LIFE_S", "Used", "look", "make", "use"]

# As long as the mail itself is of use: Mailproof's own purposes.
LIFE_S: Final = {"registration": 86_400.0, "magic_link": 900.0, "email_change": 86_400.0}
_NOBODY: Final = -1


@dataclass(frozen=True)
class Used:
    """A link whose button was pressed."""

    user_id: int
    purpose: str
    address: str


async def make(
    session: AsyncSession, purpose: str, address: str, user_id: int | None, now: float
) -> str:
    """A new link's token; the earlier ones of this purpose for this user end now."""
    token = secrets.token_urlsafe(32)
    owner = _NOBODY if user_id is None else user_id  # the same statement, whoever it is
    await session.execute(
        update(Link)
        .where(Link.user_id == owner, Link.purpose == purpose, Link.spent_at.is_(None))
        .values(spent_at=now)
    )
    session.add(
        Link(
            token_hash=_hash(token),
            user_id=user_id,
            purpose=purpose,
            address=address,
            expires_at=now + LIFE_S[purpose],
        )
    )
    await session.flush()
    return token


async def look(session: AsyncSession, token: str, now: float) -> Link | None:
    """The link, if it still works. Changes nothing."""
    return await session.scalar(
        select(Link).where(
            Link.token_hash == _hash(token),
            Link.spent_at.is_(None),
            Link.user_id.is_not(None),
            Link.expires_at > now,
        )
    )


async def use(session: AsyncSession, token: str, now: float) -> Used | None:
    """Use it up; None: it does not work (any more). Of two at the same time, one succeeds."""
    found = await look(session, token, now)
    if found is None or found.user_id is None:
        return None
    spent = await session.execute(
        update(Link)
        .where(Link.token_hash == found.token_hash, Link.spent_at.is_(None))
        .values(spent_at=now)
        .returning(Link.token_hash)
    )
    if spent.first() is None:
        return None
    return Used(found.user_id, found.purpose, found.address)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
