"""A provider in memory that tells what became of its mails, by webhook or when it is asked."""

from collections.abc import Mapping
from typing import Any

import msgspec

from mailproof.diagnosis.failure import Failure
from mailproof.mail.fate import Fate
from mailproof.providers.base import Confirms, ProviderEvent, WebhookRefused
from mailproof.testing.paper_provider import PaperAccount, PaperProvider

__all__ = ["TellingProvider"]


class TellingProvider(PaperProvider):
    """`fates`: what it answers of a mail, by its own id of it; `asked`: when, and of which."""

    def __init__(self, name: str, account: PaperAccount, confirms: Confirms) -> None:
        super().__init__(name, account)
        self.capabilities = msgspec.structs.replace(self.capabilities, confirms=confirms)
        self.fates: dict[str, ProviderEvent | Failure | None] = {}
        self.asked: list[tuple[float, str]] = []

    def event(self, number: int, fate: Fate, **given: Any) -> ProviderEvent:
        """Of the mail that it accepted as that one, from 0 on."""
        mail = self.account.mails[number]
        values: dict[str, Any] = {
            "event_id": f"{mail.id}:{fate}",
            "provider_message_id": mail.id,
            "email_id": mail.stamp,
            "fate": fate,
            "at": int(self.account.clock.now() * 1000),
            **given,
        }
        return ProviderEvent(**values)

    def posted(self, *events: ProviderEvent) -> bytes:
        """The body of a request that tells these."""
        return msgspec.json.encode(events)

    def read_webhook(
        self, headers: Mapping[str, str], body: bytes, *, now: int
    ) -> tuple[ProviderEvent, ...] | WebhookRefused:
        """Genuine is whatever has a signature `right` on it."""
        if headers.get("svix-signature") != "right":
            return WebhookRefused("wrong_signature", "Who are you?")
        return msgspec.json.decode(body, type=tuple[ProviderEvent, ...])

    async def look_up(
        self, provider_message_id: str, *, deadline_s: float
    ) -> ProviderEvent | Failure | None:
        """As `fates` has it."""
        self.asked.append((self.account.clock.now(), provider_message_id))
        return self.fates.get(provider_message_id)
