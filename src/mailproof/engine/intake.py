"""From an email as an app asks for it to a mail as the store keeps it."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final, Literal

import msgspec

from mailproof.engine.policy import Handling, Policy
from mailproof.engine.receipts import Caller
from mailproof.mail.address import Address
from mailproof.mail.ids import Ids
from mailproof.mail.message import Email
from mailproof.mail.purposes import UNSPECIFIED
from mailproof.mail.status_token import address_mac
from mailproof.providers.base import Provider
from mailproof.store.nodes.installation import Installation
from mailproof.store.shapes import Idempotency, NewMail, NewRecipient, Submission

__all__ = ["Intake", "Placing"]

OnHold = Literal["promise", "refuse"]

_SUPERSEDE_KEY_BYTES: Final = 16


class Placing(msgspec.Struct, frozen=True):
    """How this request wants to be treated. `wait_until`: UTC in ms, None: nobody waits."""

    endpoint: str
    on_hold: OnHold | None
    wait_until: int | None


class Intake:
    """Gives mails their id, purpose, lane, expiry and keys. `unknown_purpose(app, name)` is told
    of names that the configuration does not know."""

    def __init__(
        self,
        policy: Policy,
        providers: Sequence[Provider],
        installation: Installation,
        ids: Ids,
        unknown_purpose: Callable[[str, str], None],
    ) -> None:
        self._policy = policy
        self._providers = providers
        self._installation = installation
        self._ids = ids
        self._unknown_purpose = unknown_purpose
        self._by_address = any(each.capabilities.verifies_addresses for each in providers)
        takers = [each for each in providers if each.capabilities.takes_extra]
        self._template_taker = takers[0].name if takers else ""
        # Where everybody takes fields that we do not know, they bind a mail to nobody.
        self._extra_taker = "" if len(takers) == len(providers) else self._template_taker

    def submission(
        self,
        caller: Caller,
        asked: Sequence[Email],
        whole: Sequence[Email],
        placing: Placing,
        now: int,
    ) -> Submission:
        """All of `whole`, to be accepted together. They are what was `asked` for with its files in
        place of their URLs: a repeat is told by what was asked, not by what a server gave."""
        key = asked[0].idempotency_key
        payloads = [email.encode() for email in whole]
        idempotency = None
        if key is not None:
            told = payloads if whole is asked else [email.encode() for email in asked]
            idempotency = Idempotency(placing.endpoint, key, _hash(asked, told))
        return Submission(
            caller.app,
            tuple(
                self._mail(caller, email, payload, placing, now)
                for email, payload in zip(whole, payloads, strict=True)
            ),
            idempotency,
        )

    def _mail(
        self, caller: Caller, email: Email, payload: bytes, placing: Placing, now: int
    ) -> NewMail:
        handling = self._handling(caller, email)
        purpose = handling.purpose
        scheduled_at = None
        if email.scheduled_at is not None:
            scheduled_at = int(email.scheduled_at.timestamp() * 1000)
        lifetime_s = purpose.expires_s if email.expires_s is None else email.expires_s
        return NewMail(
            id=self._ids.text(),
            app=caller.app,
            key_id=caller.key_id,
            sender=email.sender.as_text(),
            subject=email.subject,
            lane_sender=self._lane_sender(email.sender),
            pin=self._pin(email),
            purpose=purpose.name,
            critical=purpose.critical,
            scheduled_at=scheduled_at,
            expires_at=max(now, scheduled_at or 0) + int(lifetime_s * 1000),
            on_hold=placing.on_hold or caller.on_hold or handling.on_hold,
            wait_until=placing.wait_until,
            supersede_key=self._supersede_key(caller, email, handling),
            encoder=max((each.capabilities.encoder for each in self._providers), default=1),
            payload=payload,
            recipients=self._recipients(caller, email, purpose.name),
        )

    def _handling(self, caller: Caller, email: Email) -> Handling:
        """The first that is named: by the mail, by its tag, by the key, by a rule."""
        if email.purpose:
            if named := self._policy.named(email.purpose):
                return named
            self._unknown_purpose(caller.app, email.purpose)
        for tag in email.tags:
            # A tag of this name may mean something of the app's own: no warning.
            if tag.name == "purpose" and (named := self._policy.named(tag.value)):
                return named
        if caller.purpose and (named := self._policy.named(caller.purpose)):
            return named
        for rule in self._policy.matches:
            if rule.fits(subject=email.subject, sender=email.sender.as_text()):
                return self._policy.handling(rule.purpose)
        return Handling(UNSPECIFIED)

    def _lane_sender(self, sender: Address) -> str:
        return sender.mailbox.lower() if self._by_address else sender.domain

    def _pin(self, email: Email) -> str:
        if email.template is not None:
            return self._template_taker
        return self._extra_taker if email.extra else ""

    def _supersede_key(self, caller: Caller, email: Email, handling: Handling) -> bytes | None:
        if not handling.purpose.newest_wins or len(email.recipients) != 1:
            return None
        told = "\n".join((caller.app, handling.purpose.name, email.to[0].mailbox.lower()))
        return self._installation.lookup(told)[:_SUPERSEDE_KEY_BYTES]

    def _recipients(self, caller: Caller, email: Email, purpose: str) -> tuple[NewRecipient, ...]:
        """Each address once: who stands in `to` and in `cc` gets one copy."""
        found: dict[str, NewRecipient] = {}
        for role in ("to", "cc", "bcc"):
            for address in getattr(email, role):
                mailbox = address.mailbox
                if mailbox.lower() not in found:
                    status = _status_hash(caller.status_secret, purpose, mailbox)
                    found[mailbox.lower()] = NewRecipient(
                        mailbox, role, self._installation.lookup(mailbox), status
                    )
        return tuple(found.values())


def _status_hash(secret: bytes, purpose: str, mailbox: str) -> bytes | None:
    # A token names a purpose. Each of these costs the disk a page of its own: none in vain.
    if not secret or not purpose:
        return None
    return address_mac(secret, purpose, mailbox)


def _hash(emails: Sequence[Email], payloads: Sequence[bytes]) -> bytes:
    """Of what was asked for: equal requests are equal, however their JSON was written."""
    digest = hashlib.sha256()
    for email, payload in zip(emails, payloads, strict=True):
        digest.update(len(payload).to_bytes(8, "big"))
        digest.update(payload)
        digest.update(f"{email.purpose}\n{email.expires_s}".encode())
    return digest.digest()
