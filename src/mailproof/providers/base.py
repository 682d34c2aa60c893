"""The port to a provider: what it can do, sending one mail, asking how it is, and hearing what
became of a mail."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Reason
from mailproof.mail.fate import Fate

__all__ = [
    "HEALTH_REASONS",
    "Capabilities",
    "Confirms",
    "Encoded",
    "Health",
    "Outgoing",
    "Provider",
    "ProviderEvent",
    "Sent",
    "SentPart",
    "Tells",
    "Verdict",
    "WebhookRefused",
]


class Confirms(StrEnum):
    """How the provider tells what became of a mail; with `none`, `sent` is final."""

    WEBHOOK = "webhook"
    POLL = "poll"
    NONE = "none"


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine must know of a provider.

    `type`: `resend`, `smtp` …; `key_ttl_s`: for how many seconds a repeated key is harmless, None:
    it knows no such keys. `takes_extra`: fields that we do not know, and provider templates.
    `verifies_addresses`: a sender is a whole address there, not its domain. `sandboxed`: nothing
    leaves, a mail that it takes is `sandboxed`. `at_once`: so many calls it takes at the same time,
    None: as many as anybody makes.
    """

    type: str
    key_ttl_s: float | None
    confirms: Confirms
    takes_extra: bool
    verifies_addresses: bool
    sandboxed: bool = False
    encoder: int = 1
    at_once: int | None = None


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """One mail for one call. `payload`: Resend's JSON; `settled`: addresses to leave out.

    `stamp`: what the provider shall give back in its events, so that they find this mail.
    `encoder`: the version of the encoding that this mail began with. `created_at`: when it was
    accepted, UTC in milliseconds.
    """

    email_id: str
    payload: bytes
    stamp: str
    encoder: int
    created_at: int
    settled: tuple[str, ...] = ()


class Encoded(msgspec.Struct, frozen=True):
    """The very bytes of one call. The same mail gives the same bytes, in every release.

    `recipients`: whom this call is for, where the bytes alone do not say so; `hash` covers them.
    """

    body: bytes
    hash: bytes
    recipients: tuple[str, ...] = ()


class SentPart(msgspec.Struct, frozen=True):
    """A recipient of whom the provider said something of their own, beside accepting the mail."""

    address: str
    failure: Failure


class Sent(msgspec.Struct, frozen=True):
    """The provider has it. `refused`: recipients that it named and does not serve, or not yet;
    then `taken` names those whom it does serve. `said`: its words, redacted, where they help
    to find the mail there."""

    provider_message_id: str
    refused: tuple[SentPart, ...] = ()
    taken: tuple[str, ...] = ()
    said: str = ""


class Verdict(StrEnum):
    GOOD = "good"
    BAD = "bad"
    CANNOT_TELL = "cannot_tell"


# From a health check only these count; anything else is "cannot tell" and closes nothing.
HEALTH_REASONS = frozenset(
    {
        Reason.CREDENTIALS_MISSING,
        Reason.CREDENTIALS_INVALID,
        Reason.ACCOUNT_SUSPENDED,
        Reason.QUOTA_EXCEEDED,
        Reason.CONFIGURATION_INVALID,
        Reason.CLOCK_SKEW,
        Reason.TLS_FAILURE,
        Reason.DNS_FAILURE,
        Reason.CONNECTION_FAILED,
        Reason.CONNECTION_LOST,
        Reason.TIMED_OUT,
        Reason.BLOCKED_BY_INTERMEDIARY,
        Reason.PROVIDER_UNAVAILABLE,
    }
)


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What a health check found. `failure`: why it is bad, or what kept it from telling.

    `senders`: each listed sender, and whether it is good; those not listed are not judged.
    `facts`: for people, such as `{"permission": "full_access", "used_today": "12"}`.
    """

    verdict: Verdict
    failure: Failure | None = None
    senders: Mapping[str, Failure | None] = {}
    facts: Mapping[str, str] = {}


class Provider(Protocol):
    """One configured provider. Sends once and reports; trying again is the engine's job.

    No method raises for what the world does: a network fault is a `Failure` too.
    """

    name: str
    capabilities: Capabilities

    @property
    def fingerprint(self) -> str:
        """Of type, base URL and credential: changes when one of them does, and reveals none."""
        ...

    def sender_of(self, mailbox: str) -> str:
        """The sender that a From address belongs to: its domain, or the address itself."""
        ...

    def encode(self, mail: Outgoing) -> Encoded:
        """The bytes for this mail.

        Raises `ValueError`: an encoder version that is not known, or nobody is left to send to.
        """
        ...

    async def send(self, encoded: Encoded, *, key: str, deadline_s: float) -> Sent | Failure:
        """One call within `deadline_s` seconds.

        `key` makes a repeat harmless for `key_ttl_s`, as long as the bytes are the same. A failure
        is `ambiguous` unless it is sure that this call did not hand the mail over. Of an earlier
        call with the same key it says nothing: a refused connection leaves open what was open.
        """
        ...

    async def check(self, *, deadline_s: float) -> Health:
        """Ask how it is, without sending anything."""
        ...


class ProviderEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider told of one mail. `at`: when it happened, UTC in milliseconds.

    `event_id`: the same each time this event is told. `email_id`: our stamp, empty: there was none.
    `recipients`: the addresses that it names; `sure`: it is true of each of them, else of some.
    `hard`: a bounce for good, so that the address is to be left alone. `failure`: of all but `sent`
    and `delivered`. `raw`: as it came, redacted.
    """

    event_id: str
    provider_message_id: str
    email_id: str
    fate: Fate
    at: int
    recipients: tuple[str, ...] = ()
    sure: bool = True
    hard: bool = False
    failure: Failure | None = None
    raw: Any = None


class WebhookRefused(msgspec.Struct, frozen=True):
    """A request that does not come from the provider, or that nobody can read. `message`: for
    whoever sent it.

    `unsigned`: it does not even look like one of the provider's. `old`: the signature is right, and
    its time too far from ours.
    """

    why: Literal["unsigned", "wrong_signature", "old", "unreadable"]
    message: str


@runtime_checkable
class Tells(Protocol):
    """What a provider can do beside `Provider` that tells what became of a mail. Raises nothing."""

    def read_webhook(
        self, headers: Mapping[str, str], body: bytes, *, now: int
    ) -> tuple[ProviderEvent, ...] | WebhookRefused:
        """Verify one request of a webhook and read it; names of headers in lower case.

        `now`: UTC in milliseconds. Nothing in it: it is genuine, and tells nothing that matters.
        """
        ...

    async def look_up(
        self, provider_message_id: str, *, deadline_s: float
    ) -> ProviderEvent | Failure | None:
        """Ask what became of a mail. None: the provider does not know it, or says nothing that is
        a fate."""
        ...
