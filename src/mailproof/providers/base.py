"""The port to a provider: what it can do, sending one mail, and asking how it is."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

import msgspec

from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Reason

__all__ = [
    "HEALTH_REASONS",
    "Capabilities",
    "Confirms",
    "Encoded",
    "Health",
    "Outgoing",
    "Provider",
    "Sent",
    "SentPart",
    "Verdict",
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
    leaves, a mail that it takes is `sandboxed`.
    """

    type: str
    key_ttl_s: float | None
    confirms: Confirms
    takes_extra: bool
    verifies_addresses: bool
    sandboxed: bool = False
    encoder: int = 1


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """One mail for one call. `payload`: Resend's JSON; `settled`: addresses to leave out.

    `stamp`: what the provider shall give back in its events, so that they find this mail.
    `encoder`: the version of the encoding that this mail began with.
    """

    email_id: str
    payload: bytes
    stamp: str
    encoder: int
    settled: tuple[str, ...] = ()


class Encoded(msgspec.Struct, frozen=True):
    """The very bytes of one call. The same mail gives the same bytes, in every release."""

    body: bytes
    hash: bytes


class SentPart(msgspec.Struct, frozen=True):
    """A recipient of whom the provider said something of their own, beside accepting the mail."""

    address: str
    failure: Failure


class Sent(msgspec.Struct, frozen=True):
    """The provider has it. `refused`: recipients that it named and will not serve."""

    provider_message_id: str
    refused: tuple[SentPart, ...] = ()


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
