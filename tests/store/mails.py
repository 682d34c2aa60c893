"""Mails to store, with all that a test does not care about filled in."""

import itertools
from typing import Any

from mailproof.mail.lifecycle import State
from mailproof.store.base import Database
from mailproof.store.mails.accept import accept
from mailproof.store.mails.claim import claim
from mailproof.store.shapes import (
    Accepted,
    AttemptOutcome,
    Claimed,
    Closing,
    Idempotency,
    NewAttempt,
    NewMail,
    NewRecipient,
    Opening,
    Outcome,
    Routing,
    Submission,
)

ROUTING = Routing(
    order=("resend", "backup"), key_ttl_ms={"resend": 86_400_000, "backup": 86_400_000}
)
ONE = Routing(order=("resend",), key_ttl_ms={"resend": 86_400_000})

_numbers = itertools.count(1)


def new_id() -> str:
    return f"0198c0de-0000-7000-8000-{next(_numbers):012x}"


def new_mail(now_ms: int, **given: Any) -> NewMail:
    values: dict[str, Any] = {
        "id": new_id(),
        "app": "shop",
        "key_id": "0a1b2c3d",
        "sender": "Acme <hello@acme.test>",
        "subject": "Hello",
        "lane_sender": "acme.test",
        "pin": "",
        "purpose": "registration",
        "critical": True,
        "scheduled_at": None,
        "expires_at": now_ms + 86_400_000,
        "on_hold": "promise",
        "wait_until": None,
        "supersede_key": None,
        "encoder": 1,
        "payload": b'{"subject":"Hello"}',
        "recipients": (NewRecipient("ada@example.com", "to", b"a" * 16),),
        **given,
    }
    return NewMail(**values)


async def accepted(
    database: Database, *mails: NewMail, routing: Routing = ROUTING, key: str | None = None
) -> list[str]:
    """Accept them, each alone; returns their ids."""
    idempotency = Idempotency("/emails", key, b"hash") if key else None
    submissions = [Submission(mail.app, (mail,), idempotency) for mail in mails]
    answers = await database.write(accept, submissions, routing)
    assert all(isinstance(answer, Accepted) for answer in answers)
    return [mail.id for mail in mails]


async def claimed(
    database: Database, most: int = 100, *, provider: str = "resend", node: str = "n1"
) -> list[Claimed]:
    return await database.write(claim, provider=provider, most=most, node=node, lease_ms=30_000)


def attempt(mail: Claimed, now_ms: int, **given: Any) -> NewAttempt:
    values: dict[str, Any] = {
        "provider": mail.provider,
        "key": f"{mail.id}.{mail.epoch}",
        "node": "n1",
        "started_at": now_ms,
        "ended_at": now_ms,
        "outcome": AttemptOutcome.ACCEPTED,
        "reason": None,
        "provider_message_id": f"pm-{mail.id}",
        "body_hash": b"h" * 32,
        "failure": None,
        **given,
    }
    return NewAttempt(**values)


def sent(mail: Claimed, now_ms: int) -> Outcome:
    return Outcome(
        mail=mail,
        to=State.SENT,
        reason=None,
        attempt=attempt(mail, now_ms),
        opening=Opening(mail.provider or "", mail.lane_sender, accepted=True),
    )


def refused(
    mail: Claimed,
    now_ms: int,
    reason: str = "credentials_invalid",
    *,
    sender: str = "*",
    after: int = 1,
) -> Outcome:
    """A failure that closes a route and holds the mail."""
    failure = b'{"reason":"%s"}' % reason.encode()
    return Outcome(
        mail=mail,
        to=State.HELD,
        reason=reason,
        attempt=attempt(
            mail, now_ms, outcome=AttemptOutcome.REFUSED, reason=reason, provider_message_id=None,
            failure=failure,
        ),
        new_epoch=True,
        avoid=mail.provider,
        closing=Closing(mail.provider or "", sender, reason, "CRITICAL", failure, after),
    )  # fmt: skip
