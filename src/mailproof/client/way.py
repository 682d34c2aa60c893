"""The two ways that mail can go, seen from the library: to a gateway, or into the own store."""

from typing import Protocol

from mailproof.client.receipt import Receipt
from mailproof.mail.message import Email

__all__ = ["Way"]


class Way(Protocol):
    """Takes mails in, and tells how they stand."""

    async def send(
        self, email: Email, *, wait_s: float | None, once: bool, promise: bool
    ) -> Receipt:
        """Accept this mail, which has an idempotency key, and wait for its first attempt.

        `wait_s` None: as configured. `once`: do not repeat what may have failed for a moment.
        `promise`: a held mail is kept, also where the purpose would have it refused.
        Raises `InvalidInput` and what is in `client/errors.py`.
        """
        ...

    async def status(self, email_id: str) -> Receipt | None:
        """How the mail stands now; None: there is none of this app with that id."""
        ...

    def status_link(self, purpose: str, address: str, life_s: int) -> str | None:
        """Where the reader at that address follows the newest mail of that purpose; None: nowhere,
        because readers cannot reach the gateway, or the app has no key."""
        ...
