"""What goes into a store and comes out of it: frozen, valid, times in UTC milliseconds."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

import msgspec

from mailproof.mail.lifecycle import State

__all__ = [
    "EVERY_SENDER",
    "KEY_LIFE_MS",
    "PAUSED",
    "Accepted",
    "AttemptOutcome",
    "AttemptRow",
    "Claimed",
    "Closing",
    "Conflict",
    "Content",
    "Idempotency",
    "LaneClosed",
    "LaneState",
    "NewAttempt",
    "NewMail",
    "NewRecipient",
    "Opening",
    "Outcome",
    "RecipientResult",
    "Recorded",
    "Routing",
    "Submission",
    "Submitted",
]

# The route of all senders at a provider.
EVERY_SENDER = "*"

# Why mail waits behind a route that a person has closed: no failure, so it is not among the
# reasons.
PAUSED = "paused"

# Resend remembers an idempotency key for 24 hours (its documentation, "Idempotency keys"), and so
# do we.
KEY_LIFE_MS = 24 * 3_600_000


class LaneState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    RELEASING = "releasing"


class AttemptOutcome(StrEnum):
    """`unknown`: the provider may have the mail all the same."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


# ---- accept ----


class NewRecipient(msgspec.Struct, frozen=True):
    """`lookup`: HMAC of the address in lower case; `status_hash`: what a status token holds."""

    address: str
    role: Literal["to", "cc", "bcc"]
    lookup: bytes
    status_hash: bytes | None = None


class NewMail(msgspec.Struct, frozen=True, kw_only=True):
    """One mail to accept. `lane_sender` and `pin` name its lane. `payload`: Resend's JSON.

    `scheduled_at`: not before. `wait_until`: so long its caller hears of a hold, None: it does not.
    `content_stored`: its payload was large and is on disk already.
    """

    id: str
    app: str
    key_id: str
    sender: str
    subject: str
    lane_sender: str
    pin: str
    purpose: str
    critical: bool
    scheduled_at: int | None
    expires_at: int
    on_hold: Literal["promise", "refuse"]
    wait_until: int | None
    supersede_key: bytes | None
    encoder: int
    payload: bytes
    recipients: tuple[NewRecipient, ...]
    content_stored: bool = False


class Idempotency(msgspec.Struct, frozen=True):
    """What makes a repeated request harmless, for 24 hours."""

    endpoint: str
    key: str
    payload_hash: bytes


class Submission(msgspec.Struct, frozen=True):
    """Mails that are accepted together or not at all: one, or a batch."""

    app: str
    mails: tuple[NewMail, ...]
    idempotency: Idempotency | None = None


class Submitted(msgspec.Struct, frozen=True):
    """One mail as it stands after accepting."""

    id: str
    state: State
    reason: str | None = None


class Accepted(msgspec.Struct, frozen=True):
    """On disk. `repeated`: the mails of an earlier request with this key, as they are now."""

    mails: tuple[Submitted, ...]
    repeated: bool = False


class Conflict(msgspec.Struct, frozen=True):
    """The idempotency key belongs to an earlier request with another payload. Nothing was kept."""


class Routing(msgspec.Struct, frozen=True):
    """`order`: the providers by preference. Spans in milliseconds."""

    order: tuple[str, ...]
    probe_interval_ms: int = 10_000
    key_ttl_ms: Mapping[str, int | None] = {}


class LaneClosed(msgspec.Struct, frozen=True):
    """`on_hold = refuse`, and this lane is closed. Nothing was kept. `failure`: JSON, as stored."""

    sender: str
    reason: str
    failure: bytes | None


# ---- claim ----


class Claimed(msgspec.Struct, frozen=True):
    """A mail under a lease, or (`state` held) one that was met in a closed lane and put aside.

    In the order of the columns of the claiming queries.
    """

    id: str
    seq: int
    state: str
    app: str
    lane_id: int
    lane_sender: str
    pin: str
    provider: str | None
    second: str | None
    purpose: str
    critical: bool
    created_at: int
    expires_at: int
    lease_no: int
    probe: bool
    unknown_since: int | None
    epoch: int
    tries: int
    encoder: int
    on_hold: str
    reason: str | None


class Content(msgspec.Struct, frozen=True):
    """What to send: the payload, and who of its recipients shall not get it (any more)."""

    email_id: str
    payload: bytes
    settled: tuple[str, ...] = ()


# ---- record ----


class NewAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """`failure`: JSON, redacted; None when the provider accepted it for everybody."""

    provider: str
    key: str
    node: str
    started_at: int
    ended_at: int
    outcome: AttemptOutcome
    reason: str | None
    provider_message_id: str | None
    body_hash: bytes | None
    failure: bytes | None


class Closing(msgspec.Struct, frozen=True):
    """A failure that closes a route: at once, or `after` so many different mails within a minute,
    counted from `since`, when the provider last took one."""

    provider: str
    sender: str
    reason: str
    severity: str
    failure: bytes
    after: int = 1
    since: int = 0


class Opening(msgspec.Struct, frozen=True):
    """The provider took a mail, or judged it for what it is: this route is passable."""

    provider: str
    sender: str
    accepted: bool


class RecipientResult(msgspec.Struct, frozen=True):
    address: str
    state: str
    reason: str | None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt led to, as decided from its evidence alone.

    `to` HELD means: hold, unless another provider may carry it now. `count_try`, `new_epoch`:
    raise that counter. `unknown`: this provider may have it; then the mail is bound to it.
    `refuse`: cancel it instead of holding it, if its caller still waits. `refusal`: it ended for a
    reason of its own, which counts towards a systemic refusal. `event_data`: for the event of the
    new state. `look_at`: the provider tells what becomes of it, by `webhook` or when it is asked;
    UTC in milliseconds when to look whether it has, None: it never does.
    `final`: once it is sent, nothing more will be known of it.
    """

    mail: Claimed
    to: State
    reason: str | None
    attempt: NewAttempt | None = None
    due_at: int | None = None
    count_try: bool = False
    new_epoch: bool = False
    unknown: bool = False
    avoid: str | None = None
    recipients: tuple[RecipientResult, ...] = ()
    closing: Closing | None = None
    opening: Opening | None = None
    refusal: bool = False
    final: bool = False
    event_data: dict[str, Any] = {}
    look_at: int | None = None
    webhook: bool = False


class Recorded(msgspec.Struct, frozen=True):
    """What became of an `Outcome`. `fenced`: somebody else moved first, and nothing was written.

    `state` is where the mail is now, which the transaction may have decided otherwise than asked:
    held instead of queued, canceled instead of held.
    """

    id: str
    state: State
    reason: str | None
    due_at: int | None = None
    fenced: bool = False


class AttemptRow(msgspec.Struct, frozen=True):
    """An attempt as it is shown."""

    id: int
    email_id: str
    lease_no: int
    provider: str
    key: str
    started_at: int
    ended_at: int
    outcome: str
    reason: str | None
    provider_message_id: str | None
    failure: bytes | str | None
