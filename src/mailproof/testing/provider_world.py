"""The world that a provider's cases run in: an adapter, and a server that fails when asked to."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, Protocol
from unittest import SkipTest

import msgspec

from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.report import report
from mailproof.providers.base import Encoded, Health, Outgoing, Provider, Sent

__all__ = [
    "DEADLINE_S",
    "DOMAIN",
    "OTHER_DOMAIN",
    "SILENCE_S",
    "Trouble",
    "World",
    "break_or_skip",
    "changed",
    "expect",
    "failed",
    "keeps_secret",
    "needs_keys",
    "needs_secret",
    "reason_of",
    "sample",
    "send",
    "sent",
]

# The server must let this domain send, and know of the other that it may not.
DOMAIN: Final = "acme.test"
OTHER_DOMAIN: Final = "unverified.test"

DEADLINE_S: Final = 10.0  # for what answers at once
SILENCE_S: Final = 0.4  # for what never answers


class Trouble(StrEnum):
    """What the server can be asked to do wrong, until it is healed."""

    UNREACHABLE = "nobody listens"
    STOPS_READING = "reads no more after the head of a request, and never answers"
    HANGS = "reads all of it, does nothing, and never answers"
    BREAKS = "reads all of it, does nothing, and breaks the connection"
    TAKES_AND_HANGS = "takes the mail, and never answers"
    TAKES_AND_BREAKS = "takes the mail, and breaks the connection"
    TAKES_AND_ERRS = "takes the mail, and answers that it had an error"
    REFUSES = "refuses the mail for a fault of the mail itself"
    SLOW_DOWN = "refuses the call because there are too many"
    DOWN = "says that it is not available now"
    GIBBERISH = "answers with a success that names no mail"
    ECHOES = "refuses with a text that holds the credential it was called with"


class World(Protocol):
    """An adapter and its server. `secret` is the credential that `provider` uses.

    `golden`: the SHA-256 of `provider.encode(sample())`, in hex, as it was in the first release.
    """

    secret: str
    golden: str

    @property
    def provider(self) -> Provider: ...

    def with_secret(self, secret: str) -> Provider:
        """Another instance for the same server, with this credential; empty: with none."""
        ...

    async def break_(self, trouble: Trouble) -> bool:
        """Let every call meet it from now on. False: this server cannot."""
        ...

    async def heal(self) -> None:
        """Be well again."""
        ...

    async def arrived(self) -> int:
        """How many mails it has taken; a repeat that it recognised is not one more."""
        ...


def sample(number: int = 1, **fields: object) -> Outgoing:
    """A small mail of the domain that may send; `fields` are put into its payload."""
    payload = {
        "from": f"Acme <hello@{DOMAIN}>",
        "to": ["ada@lovelace.test", "Grace <grace@hopper.test>"],
        "subject": "Confirm your address · 确认邮箱",
        "text": f"Number {number}.",
        **fields,
    }
    return Outgoing(
        email_id=f"0192a0e0-0000-7000-8000-{number:012d}",
        payload=msgspec.json.encode(payload, order="sorted"),
        stamp=f"0192a0e0-0000-7000-8000-{number:012d}",
        encoder=1,
        created_at=1_782_907_200_000,  # 2026-07-01 12:00 UTC
    )


async def send(
    provider: Provider, mail: Encoded, *, key: str = "sample.0", deadline_s: float = DEADLINE_S
) -> Sent | Failure:
    return await provider.send(mail, key=key, deadline_s=deadline_s)


async def break_or_skip(world: World, trouble: Trouble) -> None:
    if not await world.break_(trouble):
        raise SkipTest(f"this server cannot do it: {trouble}")


def needs_keys(world: World) -> None:
    if world.provider.capabilities.key_ttl_s is None:
        raise SkipTest("this provider knows no idempotency keys")


def needs_secret(world: World) -> None:
    if not world.secret:
        raise SkipTest("this provider takes no credential")


def sent(result: Sent | Failure) -> Sent:
    if isinstance(result, Failure):
        raise AssertionError(f"it should have been accepted, and was not: {result.reason}")  # noqa: TRY004
    return result


def failed(result: Sent | Failure) -> Failure:
    if isinstance(result, Sent):
        raise AssertionError("it should have failed, and was accepted")  # noqa: TRY004
    return result


def reason_of(health: Health) -> Reason | None:
    return health.failure.reason if health.failure is not None else None


def changed(secret: str) -> str:
    """A credential that nobody gave out, of the same shape."""
    return secret[:-1] + ("0" if secret[-1] != "0" else "1")


def keeps_secret(secret: str, failures: Iterable[Failure]) -> None:
    for failure in failures:
        shown = msgspec.json.encode(report(failure, "en")).decode()
        expect(secret not in shown, f"the report of {failure.reason} holds the secret")
        expect(secret not in repr(failure), f"the evidence of {failure.reason} holds the secret")


def expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - it is an assertion
    if not holds:
        raise AssertionError(otherwise)
