"""Mails led to the state that a test needs, by the store's own transactions."""

from typing import Any, Final

from mailproof.diagnosis.evidence import Evidence, HttpAnswer
from mailproof.diagnosis.failure import Failure
from mailproof.mail.lifecycle import State
from mailproof.providers.diagnose import diagnose
from mailproof.store.base import Database
from mailproof.store.mails.failures import failure_to_json
from mailproof.store.mails.record import record
from mailproof.store.routes.breakers import start_routes
from mailproof.store.shapes import (
    AttemptOutcome,
    Claimed,
    Closing,
    Outcome,
    RecipientResult,
)
from tests.store.mails import ONE, accepted, attempt, claimed, new_mail

__all__ = ["NOT_VERIFIED", "NO_SUCH_FIELD", "failing_with", "led_to", "open_for_mail", "recorded"]

_OUT: Final = frozenset({State.SENT, State.DELIVERED, State.SANDBOXED})


def failing_with(status: int, message: str) -> Failure:
    """What Resend's answer means."""
    body = {"statusCode": status, "name": "validation_error", "message": message}
    return diagnose(Evidence(HttpAnswer(status, body=body), provider="resend"))


NOT_VERIFIED: Final = failing_with(403, "The acme.test domain is not verified.")
NO_SUCH_FIELD: Final = failing_with(422, "Missing `html` or `text` field.")


async def open_for_mail(database: Database) -> None:
    await database.write(start_routes, {"resend": "f"}, ONE)


async def led_to(
    database: Database, state: State, failure: Failure | None = None, **given: Any
) -> str:
    """Accept a mail and lead it there by one attempt. `given`: as `recorded`, or the mail's."""
    how = {name: given.pop(name) for name in ("due_at", "unknown", "closes") if name in given}
    (email_id,) = await accepted(database, new_mail(database.now(), **given), routing=ONE)
    mails = {mail.id: mail for mail in await claimed(database)}
    await recorded(database, mails[email_id], state, failure, **how)
    return email_id


async def recorded(
    database: Database,
    mail: Claimed,
    state: State,
    failure: Failure | None = None,
    *,
    due_at: int | None = None,
    unknown: bool = False,
    closes: bool = False,
) -> None:
    """One attempt. `closes`: its failure closes the sender's route. `unknown`: it may be out."""
    now, out = database.now(), state in _OUT
    outcome = AttemptOutcome.ACCEPTED if out else AttemptOutcome.REFUSED
    told = None if failure is None else failure_to_json(failure)
    reason = None if failure is None else failure.reason.value
    closing = None
    if closes and failure and told:
        closing = Closing("resend", "acme.test", failure.reason, failure.severity, told)
    parts = [RecipientResult("ada@example.com", "failed", reason)] if state is State.FAILED else []
    result = Outcome(
        mail=mail,
        to=state,
        reason=reason,
        attempt=attempt(
            mail,
            now,
            outcome=AttemptOutcome.UNKNOWN if unknown else outcome,
            reason=reason,
            provider_message_id=f"pm-{mail.id}" if out else None,
            failure=told,
        ),
        due_at=due_at,
        count_try=state is State.DEFERRED,
        new_epoch=not out and not unknown,
        unknown=unknown,
        recipients=tuple(parts),
        closing=closing,
    )
    await database.write(record, [result], ONE)
