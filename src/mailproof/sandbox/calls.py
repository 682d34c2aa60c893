"""The last calls that wanted to send, as people look at them: request and answer, keys masked."""

from collections.abc import Iterable
from itertools import count
from typing import Final

import msgspec

__all__ = ["CALLS_KEPT", "KEPT_BYTES", "CallSeen", "RawHeaders", "headers_kept", "masked"]

CALLS_KEPT: Final = 500
# Of each body; a mail is whole in the inbox anyway, and attachments would fill the memory.
KEPT_BYTES: Final = 32 * 1024
# Whoever looks over a shoulder must not read a key.
_SECRET: Final = frozenset({b"authorization", b"cookie", b"proxy-authorization", b"x-api-key"})
# As they came: only a page that is looked at needs them as text.
RawHeaders = tuple[tuple[bytes, bytes], ...]
_NUMBERS: Final = count(1)


class CallSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One request to send, or a step over SMTP that was refused or took a mail.

    `status` 0: it got no answer. `body` and `answer` hold the first `KEPT_BYTES` of what had
    `body_bytes` and `answer_bytes`. `recipients` and `subject` are empty where they were not read.
    """

    number: int = msgspec.field(default_factory=lambda: next(_NUMBERS))
    at: float
    method: str
    path: str
    status: int
    took_ms: int
    asked: RawHeaders = ()
    body: bytes = b""
    body_bytes: int = 0
    answered: RawHeaders = ()
    answer: bytes = b""
    answer_bytes: int = 0
    fault: str = ""
    replayed: bool = False
    mail_ids: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    subject: str = ""

    @property
    def is_lost(self) -> bool:
        """Was no mail accepted, as far as the sandbox knows?"""
        return not self.mail_ids and (self.status == 0 or self.status >= 400)


def masked(token: str) -> str:
    """Enough of a key to know which it is."""
    return f"{token[: min(6, len(token) // 3)]}…({len(token)})" if token else ""


def headers_kept(raw: Iterable[tuple[bytes, bytes]]) -> RawHeaders:
    """Headers, in lower case, without what would let somebody in."""
    return tuple(
        (name, _hidden(value)) if name in _SECRET else (name, value) for name, value in raw
    )


def _hidden(value: bytes) -> bytes:
    scheme, blank, token = value.decode("latin-1").partition(" ")
    return (f"{scheme} {masked(token)}" if blank else masked(scheme)).encode()
