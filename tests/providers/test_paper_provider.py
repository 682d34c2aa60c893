"""The provider in memory keeps what the port promises, and the promises it makes itself."""

import asyncio
from collections.abc import Mapping
from typing import Final

import pytest

from mailproof.diagnosis.evidence import HttpAnswer, Raised
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Reason
from mailproof.providers.base import Provider, Sent
from mailproof.testing import ManualClock
from mailproof.testing.paper_provider import (
    PaperAccount,
    PaperProvider,
    Reply,
    Say,
    Silence,
    Take,
    say,
)
from mailproof.testing.provider_suite import (
    CASES,
    DOMAIN,
    OTHER_DOMAIN,
    Case,
    Trouble,
    sample,
)

SECRET: Final = "paper-secret-of-these-tests"
# A server that takes and then errs answers like one that took nothing.
ERROR: Final = say(500, "internal_server_error", "Something went wrong.").seen
NOBODY: Final = Raised("ConnectionRefusedError", "Connection refused", request_written=False)
CUT: Final = Raised("ConnectionResetError", "Connection reset by peer", request_written=True)
REPLIES: Final[Mapping[Trouble, Say | Silence]] = {
    Trouble.UNREACHABLE: Say(NOBODY),
    Trouble.STOPS_READING: Silence(written=False),
    Trouble.HANGS: Silence(),
    Trouble.BREAKS: Say(CUT),
    Trouble.TAKES_AND_HANGS: Silence(taken=True),
    Trouble.TAKES_AND_BREAKS: Say(CUT, taken=True),
    Trouble.TAKES_AND_ERRS: Say(ERROR, taken=True),
    Trouble.REFUSES: say(422, "missing_required_field", "Missing `to` field."),
    Trouble.SLOW_DOWN: say(429, "rate_limit_exceeded", "Too many requests."),
    Trouble.DOWN: say(503, "service_unavailable", "Try again later."),
    Trouble.GIBBERISH: Say(HttpAnswer(200, {}, '{"done": true}')),
    Trouble.ECHOES: say(
        400, "validation_error", f"No such key: {SECRET}", headers={"x-echo": SECRET}
    ),
}


class QuickClock:
    """Twenty times as quick as others."""

    async def sleep_until(self, at: float) -> None:
        await asyncio.sleep(max(0.0, at - self.now()) / 20)

    def now(self) -> float:
        return asyncio.get_running_loop().time()


class PaperWorld:
    """See `World`."""

    secret = SECRET
    golden = "162f563bb38e019f1e2cd5d1208858f286275a8045dbc24a66c6e37cff47471a"

    def __init__(self) -> None:
        self.account = PaperAccount(QuickClock(), secret=SECRET)
        self.account.domains = {DOMAIN: "verified", OTHER_DOMAIN: "pending"}

    @property
    def provider(self) -> Provider:
        return self.with_secret(SECRET)

    def with_secret(self, secret: str) -> Provider:
        return PaperProvider("paper", self.account, secret=secret)

    async def break_(self, trouble: Trouble) -> bool:
        self.account.always = self.account.check_reply = REPLIES[trouble]
        return True

    async def heal(self) -> None:
        self.account.always = self.account.check_reply = None

    async def arrived(self) -> int:
        return len(self.account.mails)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_it_keeps_what_the_port_promises(case: Case) -> None:
    await case(PaperWorld())


async def answers(account: PaperAccount, *replies: Reply, key: str = "k.0") -> list[Sent | Failure]:
    account.script(*replies)
    provider = PaperProvider("paper", account)
    mail = provider.encode(sample())
    return [await provider.send(mail, key=key, deadline_s=5) for _ in replies]


async def test_a_key_is_forgotten_when_its_time_is_over() -> None:
    clock = ManualClock()
    account = PaperAccount(clock, key_ttl_s=60)
    await answers(account, Take())
    clock.advance(59)
    await answers(account, Take())
    assert len(account.mails) == 1
    clock.advance(1)
    await answers(account, Take())
    assert len(account.mails) == 2


async def test_without_keys_every_call_is_a_mail() -> None:
    account = PaperAccount(ManualClock(), key_ttl_s=None)
    await answers(account, Take(), Take())
    assert len(account.mails) == 2


async def test_replies_come_in_their_order_and_then_all_is_well() -> None:
    account = PaperAccount(ManualClock())
    first, second, third = await answers(
        account, say(503, "service_unavailable"), say(429, "rate_limit_exceeded"), Take()
    )
    assert isinstance(first, Failure)
    assert first.reason is Reason.PROVIDER_UNAVAILABLE
    assert isinstance(second, Failure)
    assert second.reason is Reason.RATE_LIMITED
    assert isinstance(third, Sent)


async def test_a_recipient_that_is_refused_is_named_beside_the_acceptance() -> None:
    gone = say(422, "validation_error", "Invalid `to` field.").seen
    account = PaperAccount(ManualClock())
    (accepted,) = await answers(account, Take(refused={"grace@hopper.test": gone}))
    assert isinstance(accepted, Sent)
    assert [part.address for part in accepted.refused] == ["grace@hopper.test"]
