"""What single attempts came to."""

from mailproof.store.base import Tx

__all__ = ["last_failure"]


async def last_failure(tx: Tx, email_id: str) -> str | None:
    """The failure of the mail's last attempt that had one, as stored."""
    return await tx.one("mails/last_failure", _text, email_id=email_id)


def _text(failure: str | None) -> str | None:
    return failure
