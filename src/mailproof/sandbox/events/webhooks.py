"""Webhooks: what an event says, how it is signed, when it is tried again."""

import base64
import secrets
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from standardwebhooks.webhooks import Webhook as Signer

from mailproof.sandbox.clock import iso, postgres_time
from mailproof.sandbox.messages.message import Mail, Moment

__all__ = ["ANSWER_WITHIN_S", "RETRY_AFTER_S", "WEBHOOK_EVENTS", "Endpoint", "Envelope", "event_of"]

# After each failed try, counted from its failure: resend.com/docs/webhooks/retries-and-replays.
RETRY_AFTER_S: Final = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 36_000.0)
# How long a receiver may take: Svix, which carries Resend's webhooks, gives 15 seconds.
ANSWER_WITHIN_S: Final = 15.0

WEBHOOK_EVENTS: Final = (
    "email.sent",
    "email.scheduled",
    "email.delivered",
    "email.delivery_delayed",
    "email.complained",
    "email.bounced",
    "email.opened",
    "email.clicked",
    "email.received",
    "email.failed",
    "email.suppressed",
    "domain.created",
    "domain.updated",
    "domain.deleted",
)


class Endpoint(msgspec.Struct, frozen=True):
    """Where events are posted; empty `events` is all of them."""

    id: str
    url: str
    secret: str
    created_at: float
    events: tuple[str, ...] = ()
    status: str = "enabled"

    @staticmethod
    def new_secret() -> str:
        return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()

    def wants(self, event: str) -> bool:
        return self.status == "enabled" and (not self.events or event in self.events)


class Envelope(msgspec.Struct, frozen=True):
    """One event on its way to one endpoint. `id` stays the same in every try, as svix-id does."""

    id: str
    endpoint_id: str
    mail_id: str
    event: str
    body: bytes
    badly_signed: bool = False

    def headers(self, endpoint: Endpoint, now: float) -> dict[str, str]:
        """Sign for one try: the time of the try is part of the signature."""
        secret = Endpoint.new_secret() if self.badly_signed else endpoint.secret
        signature = Signer(secret).sign(
            self.id, datetime.fromtimestamp(now, UTC), self.body.decode()
        )
        return {
            "content-type": "application/json",
            "user-agent": "Svix-Webhooks/1.0 (mailproof sandbox)",
            "svix-id": self.id,
            "svix-timestamp": str(int(now)),
            "svix-signature": signature,
        }


def event_of(mail: Mail, moment: Moment) -> dict[str, Any]:
    """The event as Resend posts it (the published API, OutboundEmailEventData)."""
    message = mail.message
    data: dict[str, Any] = {
        "email_id": mail.id,
        "message_id": mail.message_id,
        "created_at": postgres_time(mail.accepted_at),
        "from": message.sender,
        "to": list(message.to),
        "subject": message.subject,
    }
    if message.tags:
        data["tags"] = dict(message.tags)
    if message.headers:
        data["headers"] = [{"name": k, "value": v} for k, v in message.headers.items()]
    return {
        "type": f"email.{moment.event}",
        "created_at": iso(moment.at),
        "data": {**data, **moment.detail},
    }
