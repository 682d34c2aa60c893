"""The engine's counter: what gateway, library and command line call."""

from collections.abc import Sequence
from typing import Literal, Protocol

from mailproof.engine.receipts import Caller, Closed, KeyConflict, Overloaded, Receipts
from mailproof.mail.message import Email

__all__ = ["Mailroom"]


class Mailroom(Protocol):
    """Takes mail in and tells what became of it."""

    async def accept(
        self,
        caller: Caller,
        emails: Sequence[Email],
        *,
        endpoint: str,
        wait_s: float,
        on_hold: Literal["promise", "refuse"] | None = None,
    ) -> Receipts | KeyConflict | Closed | Overloaded:
        """Accept all of `emails` or none, then wait up to `wait_s` for the first attempt of each.

        The idempotency key is that of the first mail; `endpoint` is part of what makes it unique.
        `on_hold` None: the key's default, else the purpose's. When this returns `Receipts`, the
        mails are on disk. Raises `InvalidInput` (an attachment's URL cannot be fetched, an id that
        does not exist), `StoreUnavailable` (nothing was kept), `CommitUnknown` (nobody knows).
        """
        ...
