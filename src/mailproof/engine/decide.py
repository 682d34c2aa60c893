"""What follows from one attempt: pure, from its evidence and its mail alone.

What hangs on everybody else's mail (is the lane closed, was it the third in a row) is decided where
it is recorded.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from mailproof.diagnosis.evidence import Origin
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import FACTS, Failover, Next, Reason
from mailproof.mail.lifecycle import State
from mailproof.providers.base import Capabilities, Confirms, Sent, SentPart
from mailproof.store.mails.failures import failure_to_json
from mailproof.store.shapes import (
    EVERY_SENDER,
    AttemptOutcome,
    Claimed,
    Closing,
    NewAttempt,
    Opening,
    Outcome,
    RecipientResult,
)

__all__ = ["Tried", "decide", "give_up_on", "is_too_old_to_repeat", "slows_all", "unsendable"]

# The provider would judge any other mail of this sender alike: three in a row are no accident.
_OF_THE_MAIL: Final = frozenset(
    {
        Reason.MESSAGE_INVALID,
        Reason.CONTENT_REJECTED,
        Reason.SENDER_INVALID,
        Reason.TEMPLATE_INVALID,
        Reason.UNKNOWN,
    }
)
# The provider is at it, or has done it under other bytes: in both cases it may have the mail.
_PERHAPS_THERE: Final = frozenset({Reason.IN_PROGRESS, Reason.IDEMPOTENCY_CONFLICT})

# A repeat under the same key is harmless for `key_ttl`; this much of it is used (clocks differ).
_KEY_USE: Final = 0.8

# Backoff in seconds: first and longest. At a recipient's server time runs slower.
_QUICK: Final = (1.0, 300.0)
_SLOW: Final = (60.0, 1_800.0)
_SLOW_REASONS: Final = frozenset(
    {
        Reason.GREYLISTED,
        Reason.MAILBOX_FULL,
        Reason.RECEIVER_UNAVAILABLE,
        Reason.SENDER_BLOCKED,
        Reason.SENDER_UNAUTHENTICATED,
        Reason.CONTENT_REJECTED,
    }
)
_RATE_WAIT_S: Final = 1.0
# Who has been claimed so often and is turned away again is not met by a limit that others share.
_OWN_LIMIT_AFTER: Final = 4
_SOONEST_MS: Final = 250
# So long after its acceptance to look what became of a mail: a webhook tells sooner, and without
# one the provider must be asked.
_LOOK_MS: Final = {Confirms.WEBHOOK: 60_000, Confirms.POLL: 20_000}
# So often a process that cannot make a mail's bytes looks whether another one has taken it.
_OTHER_RELEASE_MS: Final = 10_000


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt. Times in UTC milliseconds; `last_accepted_at`: when this provider last took a
    mail, of which failures in a row are counted; `jitter`: a number from 0 to 1, by chance."""

    mail: Claimed
    capabilities: Capabilities
    key: str
    node: str
    started_at: int
    ended_at: int
    body_hash: bytes | None
    last_accepted_at: int
    jitter: Callable[[], float]


def decide(tried: Tried, result: Sent | Failure) -> Outcome:
    """The outcome to record."""
    if isinstance(result, Sent):
        return _sent(tried, result)
    if _is_ambiguous(result):
        return _unknown(tried, result)
    if result.next is Next.END:
        return _ended(tried, result)
    if result.next is Next.HOLD:
        return _held(tried, result)
    return _retried(tried, result)


def is_too_old_to_repeat(mail: Claimed, capabilities: Capabilities, now: int) -> bool:
    """May the provider have forgotten the key under which it perhaps has this mail?"""
    if mail.unknown_since is None:
        return False
    if capabilities.key_ttl_s is None:
        return True
    return now - mail.unknown_since > _KEY_USE * capabilities.key_ttl_s * 1000


def give_up_on(mail: Claimed) -> Outcome:
    """Nobody knows, and asking again could double it: its purpose decides."""
    return Outcome(mail=mail, to=State.UNCONFIRMED, reason=mail.reason, unknown=True)


def slows_all(mail: Claimed, failure: Failure) -> bool:
    """Does this 429 ask everybody to go slower? Not one of a stranger's mail server, nor that of a
    mail which is turned away again and again, while others may go."""
    return (
        failure.reason is Reason.RATE_LIMITED
        and failure.origin is not Origin.RECEIVER
        and not _has_its_own_limit(mail)
    )


def unsendable(mail: Claimed, capabilities: Capabilities, now: int) -> Outcome:
    """Its bytes cannot be made here: a newer release encodes it, and shall; or its content is gone
    or has nobody left to go to, which no trying mends."""
    unknown = mail.unknown_since is not None
    data = {"why": "not_encoded"}
    if mail.encoder > capabilities.encoder:
        return Outcome(
            mail=mail,
            to=State.DEFERRED,
            reason=mail.reason,
            due_at=min(now + _OTHER_RELEASE_MS, mail.expires_at),
            unknown=unknown,
            event_data=data,
        )
    return Outcome(
        mail=mail,
        to=State.UNCONFIRMED if unknown else State.FAILED,
        reason=mail.reason if unknown else Reason.MESSAGE_INVALID.value,
        unknown=unknown,
        event_data=data,
    )


def _sent(tried: Tried, sent: Sent) -> Outcome:
    mail = tried.mail
    later = [part for part in sent.refused if _comes_back(tried, part)]
    ended = [part for part in sent.refused if part not in later]
    results = [
        RecipientResult(part.address, State.FAILED.value, part.failure.reason.value)
        for part in ended
    ]
    told: dict[str, object] = {
        "provider_message_id": sent.provider_message_id,
        "took_ms": tried.ended_at - tried.started_at,
        "age_ms": tried.ended_at - mail.created_at,
    }
    if sent.said:
        told["said"] = sent.said
    if later:
        # Those who have it are settled, so that the next try is for the others alone.
        results += [RecipientResult(address, State.SENT.value, None) for address in sent.taken]
        told |= {"recipients_sent": len(sent.taken), "recipients_open": len(later)}
    to = State.SANDBOXED if tried.capabilities.sandboxed else State.SENT
    first = later[0].failure if later else None
    return Outcome(
        mail=mail,
        to=to if first is None else State.DEFERRED,
        reason=None if first is None else first.reason.value,
        attempt=_attempt(
            tried, AttemptOutcome.ACCEPTED, first, message_id=sent.provider_message_id
        ),
        due_at=None if first is None else _due_at(tried, first),
        count_try=first is not None and FACTS[first.reason].tries is not None,
        new_epoch=first is not None,
        opening=Opening(mail.provider or "", mail.lane_sender, accepted=True),
        recipients=tuple(results),
        final=tried.capabilities.confirms is Confirms.NONE,
        event_data=told,
        look_at=_look_at(tried) if to is State.SENT else None,
        webhook=tried.capabilities.confirms is Confirms.WEBHOOK,
    )


def _look_at(tried: Tried) -> int | None:
    after_ms = _LOOK_MS.get(tried.capabilities.confirms)
    return None if after_ms is None else tried.ended_at + after_ms


def _comes_back(tried: Tried, part: SentPart) -> bool:
    """May this recipient be served later? The rest of the mail is out already."""
    tries = FACTS[part.failure.reason].tries
    return part.failure.retryable and (tries is None or tried.mail.tries + 1 < tries)


def _is_ambiguous(failure: Failure) -> bool:
    return failure.ambiguous or failure.reason in _PERHAPS_THERE


def _unknown(tried: Tried, failure: Failure) -> Outcome:
    """It may be there: the same bytes go to it again, and only to it, under the same key."""
    mail = tried.mail
    now, ttl = tried.ended_at, tried.capabilities.key_ttl_s
    due_at = _due_at(tried, failure)
    since = mail.unknown_since or tried.started_at
    repeatable = ttl is not None and due_at - since <= _KEY_USE * ttl * 1000
    if failure.reason is Reason.IDEMPOTENCY_CONFLICT or not repeatable:
        to = State.UNCONFIRMED
    else:
        to = State.DEFERRED
    return Outcome(
        mail=mail,
        to=to,
        reason=failure.reason.value,
        attempt=_attempt(tried, AttemptOutcome.UNKNOWN, failure),
        due_at=max(due_at, now),
        unknown=True,
        closing=_closing(tried, failure),
        event_data=_told(failure),
    )


def _ended(tried: Tried, failure: Failure) -> Outcome:
    mail = tried.mail
    of_the_mail = failure.reason in _OF_THE_MAIL and failure.origin is Origin.PROVIDER
    closing = None
    if of_the_mail:
        closing = Closing(
            mail.provider or "",
            mail.lane_sender,
            failure.reason.value,
            failure.severity.value,
            failure_to_json(failure),
        )
    opening = None
    if failure.origin is not Origin.NETWORK:
        # It was judged for what it is: we got past the gate.
        opening = Opening(mail.provider or "", mail.lane_sender, accepted=False)
    return Outcome(
        mail=mail,
        to=State.FAILED,
        reason=failure.reason.value,
        attempt=_attempt(tried, AttemptOutcome.REFUSED, failure),
        new_epoch=True,
        closing=closing,
        opening=opening,
        refusal=of_the_mail,
        event_data=_told(failure),
    )


def _held(tried: Tried, failure: Failure) -> Outcome:
    mail = tried.mail
    unknown = mail.unknown_since is not None
    closing = _closing(tried, failure)
    return Outcome(
        mail=mail,
        to=State.HELD,
        reason=failure.reason.value,
        attempt=_attempt(tried, AttemptOutcome.REFUSED, failure),
        due_at=_due_at(tried, failure),
        # Turned away at the gate says nothing of an earlier try that may have got through.
        new_epoch=not unknown,
        unknown=unknown,
        avoid=None if unknown else mail.provider,
        closing=closing,
        # Who judges the sender has let us in: what closed the whole provider is mended.
        opening=_past_the_gate(mail, closing),
        event_data=_told(failure),
    )


def _past_the_gate(mail: Claimed, closing: Closing | None) -> Opening | None:
    if closing is None or closing.sender == EVERY_SENDER:
        return None
    return Opening(closing.provider, EVERY_SENDER, accepted=False)


def _retried(tried: Tried, failure: Failure) -> Outcome:
    mail, facts = tried.mail, FACTS[failure.reason]
    unknown = mail.unknown_since is not None
    counts = facts.tries is not None
    if facts.tries is not None and mail.tries + 1 >= facts.tries and not unknown:
        return _ended(tried, failure)
    helps = failure.failover_helps or (facts.failover is Failover.CRITICAL and mail.critical)
    elsewhere = helps and mail.second is not None and not unknown
    return Outcome(
        mail=mail,
        to=State.QUEUED if elsewhere else State.DEFERRED,
        reason=failure.reason.value,
        attempt=_attempt(tried, AttemptOutcome.REFUSED, failure),
        due_at=_due_at(tried, failure),
        count_try=counts,
        new_epoch=not unknown,
        unknown=unknown,
        avoid=mail.provider if elsewhere else None,
        closing=_closing(tried, failure),
        event_data=_told(failure),
    )


def _due_at(tried: Tried, failure: Failure) -> int:
    """When to try again, never past the expiry: then it ends, visibly."""
    mail = tried.mail
    first, longest = _SLOW if failure.reason in _SLOW_REASONS else _QUICK
    # Full jitter: many that failed together do not come back together. Never more than half of the
    # time that is left: what lives for ten minutes is tried several times within them.
    backoff_ms = min(longest, first * 2 ** min(mail.lease_no, 12)) * tried.jitter() * 1000
    backoff_ms = min(backoff_ms, (mail.expires_at - tried.ended_at) / 2)
    if failure.retry_after_s is not None:
        wait_ms = failure.retry_after_s * 1000
    elif failure.reason is Reason.RATE_LIMITED:
        wait_ms = _RATE_WAIT_S * 1000
    else:
        wait_ms = backoff_ms
    if failure.reason is Reason.RATE_LIMITED and _has_its_own_limit(mail):
        wait_ms = max(wait_ms, backoff_ms)
    return min(tried.ended_at + max(int(wait_ms), _SOONEST_MS), mail.expires_at)


def _has_its_own_limit(mail: Claimed) -> bool:
    return mail.lease_no > _OWN_LIMIT_AFTER and mail.reason == Reason.RATE_LIMITED.value


def _closing(tried: Tried, failure: Failure) -> Closing | None:
    closes = failure.closes
    if closes is None or closes.what == "rate" or failure.origin is Origin.RECEIVER:
        return None
    return Closing(
        tried.mail.provider or "",
        tried.mail.lane_sender if closes.what == "sender" else EVERY_SENDER,
        failure.reason.value,
        failure.severity.value,
        failure_to_json(failure),
        closes.after,
        tried.last_accepted_at,
    )


def _attempt(
    tried: Tried,
    outcome: AttemptOutcome,
    failure: Failure | None = None,
    *,
    message_id: str | None = None,
) -> NewAttempt:
    return NewAttempt(
        provider=tried.mail.provider or "",
        key=tried.key,
        node=tried.node,
        started_at=tried.started_at,
        ended_at=tried.ended_at,
        outcome=outcome,
        reason=None if failure is None else failure.reason.value,
        provider_message_id=message_id,
        body_hash=tried.body_hash,
        failure=None if failure is None else failure_to_json(failure),
    )


def _told(failure: Failure) -> dict[str, object]:
    return {"severity": failure.severity.value, "origin": failure.origin.value}
