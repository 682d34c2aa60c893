"""What an attempt may lead to, as the engine would put it, for the cases of the store."""

from typing import Any

from mailproof.mail.lifecycle import State
from mailproof.store.shapes import (
    EVERY_SENDER,
    AttemptOutcome,
    Claimed,
    Closing,
    NewAttempt,
    Opening,
    Outcome,
)

__all__ = ["deferred", "given_up", "judged", "sent", "turned_away", "unknown"]


def sent(mail: Claimed, at: int, **told: Any) -> Outcome:
    """The provider took it. `at`: when it set out, UTC in milliseconds; `told`: for its event."""
    return Outcome(
        mail=mail,
        to=State.SENT,
        reason=None,
        attempt=_attempt(mail, at, AttemptOutcome.ACCEPTED, None),
        opening=Opening(mail.provider or "", mail.lane_sender, accepted=True),
        event_data=told,
    )


def turned_away(  # noqa: PLR0913 - what may close a route, most of it with a default
    mail: Claimed,
    at: int,
    reason: str = "credentials_invalid",
    *,
    sender: str = EVERY_SENDER,
    after: int = 1,
    since: int = 0,
) -> Outcome:
    """A fault that is not this mail's: it closes the route, and the mail is held."""
    return Outcome(
        mail=mail,
        to=State.HELD,
        reason=reason,
        attempt=_attempt(mail, at, AttemptOutcome.REFUSED, reason),
        due_at=at + 1_000,
        new_epoch=True,
        avoid=mail.provider,
        closing=Closing(
            mail.provider or "", sender, reason, "CRITICAL", _failure(reason), after, since
        ),
    )


def judged(mail: Claimed, at: int, reason: str = "message_invalid") -> Outcome:
    """The provider read it and refused it for what it is."""
    return Outcome(
        mail=mail,
        to=State.FAILED,
        reason=reason,
        attempt=_attempt(mail, at, AttemptOutcome.REFUSED, reason),
        new_epoch=True,
        closing=Closing(mail.provider or "", mail.lane_sender, reason, "ERROR", _failure(reason)),
        opening=Opening(mail.provider or "", mail.lane_sender, accepted=False),
        refusal=True,
    )


def deferred(mail: Claimed, at: int, wait_s: float = 10, **given: Any) -> Outcome:
    """Try again later; `given` may say where else: `to`, `avoid`."""
    values: dict[str, Any] = {
        "to": State.DEFERRED,
        "reason": "rate_limited",
        "attempt": _attempt(mail, at, AttemptOutcome.REFUSED, "rate_limited"),
        "due_at": at + int(wait_s * 1000),
        "count_try": True,
        "new_epoch": True,
        **given,
    }
    return Outcome(mail=mail, **values)


def unknown(
    mail: Claimed,
    at: int,
    to: State = State.DEFERRED,
    *,
    after: int = 0,
    reason: str = "timed_out",
) -> Outcome:
    """The provider may have it. `after`: so many such mails within a minute close the provider."""
    closing = Closing(
        mail.provider or "", EVERY_SENDER, reason, "ERROR", _failure(reason), max(after, 1)
    )
    return Outcome(
        mail=mail,
        to=to,
        reason=reason,
        attempt=_attempt(mail, at, AttemptOutcome.UNKNOWN, reason),
        due_at=at + 1_000,
        unknown=True,
        closing=closing if after else None,
    )


def given_up(mail: Claimed) -> Outcome:
    """Nobody knows, and asking again could double it."""
    return Outcome(mail=mail, to=State.UNCONFIRMED, reason=mail.reason, unknown=True)


def _attempt(mail: Claimed, at: int, outcome: AttemptOutcome, reason: str | None) -> NewAttempt:
    accepted = outcome is AttemptOutcome.ACCEPTED
    return NewAttempt(
        provider=mail.provider or "",
        key=f"{mail.id}.{mail.epoch}",
        node="n1",
        started_at=at,
        ended_at=at,
        outcome=outcome,
        reason=reason,
        provider_message_id=f"pm-{mail.id}" if accepted else None,
        body_hash=b"h" * 32,
        failure=None if reason is None else _failure(reason),
    )


def _failure(reason: str) -> bytes:
    return b'{"reason":"%s"}' % reason.encode()
