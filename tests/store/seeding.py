"""Mails in whatever state a test needs, brought there by the store's own transactions."""

from typing import Final

from mailproof.diagnosis.evidence import Evidence, HttpAnswer
from mailproof.diagnosis.failure import Failure
from mailproof.mail.ids import Ids
from mailproof.mail.lifecycle import State
from mailproof.providers.diagnose import diagnose
from mailproof.store.base import Database, Tx
from mailproof.store.mails.accept import accept
from mailproof.store.mails.claim import claim
from mailproof.store.mails.failures import failure_to_json
from mailproof.store.mails.record import record
from mailproof.store.nodes.installation import installation
from mailproof.store.routes.breakers import start_routes
from mailproof.store.shapes import (
    Accepted,
    AttemptOutcome,
    Claimed,
    Closing,
    NewAttempt,
    NewMail,
    NewRecipient,
    Outcome,
    RecipientResult,
    Routing,
    Submission,
)
from mailproof.testing import ManualClock

__all__ = ["ROUTING", "UNVERIFIED", "Seeds", "failing_with"]

ROUTING: Final = Routing(order=("resend",), key_ttl_ms={"resend": 86_400_000})
HOUR_MS: Final = 3_600_000


def failing_with(status: int, name: str, message: str) -> Failure:
    """What Resend's answer means."""
    body = {"statusCode": status, "name": name, "message": message}
    return diagnose(Evidence(HttpAnswer(status, body=body), provider="resend"))


UNVERIFIED: Final = failing_with(403, "validation_error", "The acme.com domain is not verified.")


class Seeds:
    """Accepts mails, and leads them where they shall be. `clock` is that of the database."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database = database
        self.clock = clock
        self._ids = Ids(lambda: _as_datetime(clock.now()))

    async def routes(self) -> None:
        await self.database.write(start_routes, {"resend": "f1"}, ROUTING)

    async def mail(  # noqa: PLR0913 - what a mail may be
        self,
        *,
        app: str = "shop",
        purpose: str = "",
        to: str = "ada@example.com",
        subject: str = "Hello",
        scheduled_at: int | None = None,
        critical: bool = False,
    ) -> str:
        """Accept one; returns its id."""
        mail = await self._new(app, purpose, to, subject, scheduled_at, critical=critical)
        (answer,) = await self.database.write(accept, [Submission(app, (mail,))], ROUTING)
        assert isinstance(answer, Accepted)
        return mail.id

    async def claimed(self) -> Claimed:
        """The next one, under a lease."""
        claimed = await self.database.write(
            claim, provider="resend", most=1, node="n1", lease_ms=60_000
        )
        return claimed[0]

    async def led_to(
        self,
        state: State,
        *,
        failure: Failure | None = None,
        due_at: int | None = None,
        unknown: bool = False,
        closes: bool = False,
        **mail: str,
    ) -> str:
        """Accept one, and record one attempt that brings it to `state`."""
        email_id = await self.mail(**mail)  # type: ignore[arg-type]
        leased = await self.claimed()
        assert leased.id == email_id
        await self.database.write(
            record, [_outcome(leased, state, failure, due_at, unknown=unknown, closes=closes,
                              now=self.database.now())], ROUTING
        )  # fmt: skip
        return email_id

    async def _new(
        self,
        app: str,
        purpose: str,
        to: str,
        subject: str,
        scheduled_at: int | None,
        *,
        critical: bool,
    ) -> NewMail:
        now = self.database.now()
        own = await self.database.write(installation)
        payload = f'{{"from":"Acme <hello@acme.com>","subject":"{subject}","text":"Hi","to":["{to}"]}}'
        return NewMail(
            id=str(self._ids.new()),
            app=app,
            key_id="k1",
            sender="Acme <hello@acme.com>",
            subject=subject,
            lane_sender="acme.com",
            pin="",
            purpose=purpose,
            critical=critical,
            scheduled_at=scheduled_at,
            expires_at=(scheduled_at or now) + HOUR_MS,
            on_hold="promise",
            wait_until=None,
            supersede_key=None,
            encoder=1,
            payload=payload.encode(),
            recipients=(NewRecipient(to, "to", own.lookup(to)),),
        )


def _outcome(  # noqa: PLR0913 - what an attempt may lead to
    mail: Claimed,
    to: State,
    failure: Failure | None,
    due_at: int | None,
    *,
    unknown: bool,
    closes: bool,
    now: int,
) -> Outcome:
    sent = to in {State.SENT, State.DELIVERED, State.SANDBOXED}
    closing = None
    if closes and failure is not None:
        closing = Closing(
            "resend", "acme.com", failure.reason, failure.severity, failure_to_json(failure)
        )
    return Outcome(
        mail=mail,
        to=to,
        reason=None if failure is None else failure.reason,
        attempt=NewAttempt(
            provider="resend",
            key=f"{mail.id}.{mail.epoch}",
            node="n1",
            started_at=now,
            ended_at=now + 120,
            outcome=AttemptOutcome.ACCEPTED
            if sent
            else AttemptOutcome.UNKNOWN
            if unknown
            else AttemptOutcome.REFUSED,
            reason=None if failure is None else failure.reason,
            provider_message_id="re-1" if sent else None,
            body_hash=b"\x01" * 32,
            failure=None if failure is None else failure_to_json(failure),
        ),
        due_at=due_at,
        count_try=to is State.DEFERRED,
        new_epoch=not sent and not unknown,
        unknown=unknown,
        recipients=(RecipientResult("ada@example.com", to.value, None),)
        if to is State.FAILED
        else (),
        closing=closing,
    )


async def counters(tx: Tx, email_id: str) -> tuple[int, int, int | None]:
    raise NotImplementedError
