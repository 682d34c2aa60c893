"""What the engine is asked, and what it answers: the shapes between it and its callers."""

from typing import Literal

import msgspec

from mailproof.diagnosis.failure import Failure
from mailproof.mail.lifecycle import State

__all__ = ["Caller", "Closed", "KeyConflict", "Overloaded", "Receipt", "Receipts"]


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """On whose behalf: the app, and the defaults of the key that it used.

    `status_secret` makes what status tokens hold; empty: nobody can mint any.
    """

    app: str
    key_id: str = ""
    purpose: str = ""
    wait_s: float | None = None
    on_hold: Literal["promise", "refuse"] | None = None
    status_secret: bytes = b""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """One accepted mail, as it stood at answer time. `failure`: the last one while it matters.

    The failure of an attempt that this process made is whole; one read from the store is redacted.
    """

    id: str
    state: State
    reason: str | None = None
    failure: Failure | None = None


class Receipts(msgspec.Struct, frozen=True):
    """On disk. `repeated`: an earlier request with the same key brought them."""

    mails: tuple[Receipt, ...]
    repeated: bool = False


class KeyConflict(msgspec.Struct, frozen=True):
    """The idempotency key belongs to an earlier request with another payload."""


class Closed(msgspec.Struct, frozen=True):
    """Nobody can send it now, and the caller asked to be refused then. No email exists."""

    sender: str
    reason: str
    failure: Failure | None


class Overloaded(msgspec.Struct, frozen=True):
    """More than fits in memory is on its way to the disk. No email exists."""

    retry_after_s: float
