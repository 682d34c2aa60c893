"""The states of a mail and the moves between them: one table that everything obeys.

Nothing else moves a mail, and an SQL update names the state it starts from.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

__all__ = [
    "ENDS",
    "LAST_EVENT",
    "MOVES",
    "PROGRESS",
    "WAITING",
    "IllegalMove",
    "State",
    "is_legal",
    "move",
]


class State(StrEnum):
    """Where a mail is. Names never change once released: scripts and databases rely on them."""

    SCHEDULED = "scheduled"
    QUEUED = "queued"
    DEFERRED = "deferred"
    HELD = "held"
    SENDING = "sending"
    UNCONFIRMED = "unconfirmed"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    FAILED = "failed"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"
    CANCELED = "canceled"
    SUPERSEDED = "superseded"
    SANDBOXED = "sandboxed"


S = State

# Ours to send: `deferred` knows its time, `held` waits for its lane to open.
WAITING: Final = frozenset({S.SCHEDULED, S.QUEUED, S.DEFERRED, S.HELD})
# With the provider. Where a provider confirms nothing, `sent` is as far as it gets.
PROGRESS: Final = frozenset({S.SENT, S.DELIVERED})
ENDS: Final = frozenset(
    {
        S.BOUNCED,
        S.COMPLAINED,
        S.FAILED,
        S.EXPIRED,
        S.SUPPRESSED,
        S.CANCELED,
        S.SUPERSEDED,
        S.SANDBOXED,
    }
)

# `failed`: the provider that the mail is pinned to was removed.
_STOPPED: Final = frozenset({S.CANCELED, S.EXPIRED, S.SUPERSEDED, S.SUPPRESSED, S.FAILED})

# From -> to. What is not here is illegal; an end that is not here leads nowhere.
MOVES: Final[Mapping[State, frozenset[State]]] = {
    **{state: WAITING - {state} | _STOPPED | {S.SENDING} for state in WAITING},
    # `queued`: its node died before it began; `canceled`: refused instead of held;
    # `delivered`, `bounced`, `complained`: the provider's event was quicker than its answer.
    S.SENDING:     frozenset({S.SENT, S.DELIVERED, S.BOUNCED, S.COMPLAINED, S.DEFERRED, S.HELD,
                              S.QUEUED, S.FAILED, S.EXPIRED, S.UNCONFIRMED, S.SANDBOXED,
                              S.SUPPRESSED, S.CANCELED}),
    # `queued`: two copies are harmless for this purpose, none is not.
    S.UNCONFIRMED: frozenset({S.QUEUED, S.SENT, S.DELIVERED, S.BOUNCED, S.COMPLAINED, S.FAILED,
                              S.SUPPRESSED, S.CANCELED, S.EXPIRED}),
    S.SENT:        frozenset({S.DELIVERED, S.BOUNCED, S.COMPLAINED, S.FAILED, S.SUPPRESSED}),
    S.DELIVERED:   frozenset({S.BOUNCED, S.COMPLAINED}),  # bounces may come late
    **{state: frozenset({S.QUEUED}) for state in (S.FAILED, S.EXPIRED, S.CANCELED)},  # an operator
}  # fmt: skip

# What `GET /emails/{id}` calls it in Resend's words (`last_event` in their published OpenAPI
# document, version 1.5.0). The exact state travels in `Mailproof-State`.
LAST_EVENT: Final[Mapping[State, str]] = {
    S.SCHEDULED: "scheduled",
    S.QUEUED: "queued",
    S.DEFERRED: "delivery_delayed",
    S.HELD: "queued",
    S.SENDING: "queued",
    S.UNCONFIRMED: "queued",  # "sent" would be a guess
    S.SENT: "sent",
    S.DELIVERED: "delivered",
    S.BOUNCED: "bounced",
    S.COMPLAINED: "complained",
    S.FAILED: "failed",
    S.EXPIRED: "failed",
    S.SUPPRESSED: "suppressed",
    S.CANCELED: "canceled",
    S.SUPERSEDED: "canceled",
    S.SANDBOXED: "suppressed",  # kept from going out on purpose
}


class IllegalMove(RuntimeError):
    """A bug of ours, never the caller's fault: stop this mail's work and say so at CRITICAL."""


def is_legal(current: State, to: State) -> bool:
    """May a mail go from `current` to `to`? A provider's event that may not is only noted."""
    return to in MOVES.get(current, frozenset())


def move(current: State, to: State) -> State:
    """Return `to`. Raises `IllegalMove`, which names what would have been legal."""
    if not is_legal(current, to):
        legal = ", ".join(sorted(MOVES.get(current, ()))) or "nothing: it is an end"
        raise IllegalMove(f"{current} -> {to} is no legal move; after {current} comes {legal}")
    return to
