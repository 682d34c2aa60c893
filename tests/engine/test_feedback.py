"""What becomes of a mail after its provider took it, on a scripted clock."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Final

import pytest

from mailproof.diagnosis.evidence import Evidence, HttpAnswer
from mailproof.mail.fate import Fate
from mailproof.mail.lifecycle import State
from mailproof.providers.base import Confirms, ProviderEvent, WebhookRefused
from mailproof.providers.diagnose import diagnose
from mailproof.store.base import StoreUnavailable, Tx
from mailproof.store.records.feedback import FeedbackHealth, Trouble, feedback_health
from mailproof.testing.paper_provider import Silence
from tests.engine.house import House, OpenDatabase, email, furnished
from tests.engine.telling import TellingProvider

BOTH = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)
RIGHT: Final[Mapping[str, str]] = {"svix-signature": "right"}
RESTRICTED: Final = HttpAnswer(
    401,
    {},
    '{"statusCode":401,"name":"restricted_api_key",'
    '"message":"This API key is restricted to only send emails"}',
)


@asynccontextmanager
async def telling(
    store: OpenDatabase, confirms: Confirms = Confirms.WEBHOOK
) -> AsyncIterator[tuple[House, TellingProvider]]:
    async with furnished(store, begin=False) as house:
        provider = TellingProvider("first", house.account, confirms)
        house.providers["first"] = provider
        await house.start()
        yield house, provider


async def hear(house: House, provider: TellingProvider, *events: ProviderEvent) -> None:
    heard = await house.main.engine.feedback.hear("first", RIGHT, provider.posted(*events))
    assert not isinstance(heard, WebhookRefused)
    assert heard is not None
    assert len(heard) == len(events)


async def health(house: House) -> FeedbackHealth:
    (found,) = await house.database.read(feedback_health, house.database.now() - 7_200_000)
    assert isinstance(found, FeedbackHealth)
    return found


# ---- told by webhook ----


@BOTH
async def test_a_mail_is_delivered_when_its_provider_says_so(store: OpenDatabase) -> None:
    async with telling(store) as (house, provider):
        (mail,) = await house.accept()
        await hear(house, provider, provider.event(0, Fate.DELIVERED))
        assert await house.state(mail) is State.DELIVERED
        assert (await house.types(mail))[-2:] == ["email.sent", "email.delivered"]


@BOTH
async def test_an_unknown_outcome_that_the_provider_settles_is_never_sent_again(
    store: OpenDatabase,
) -> None:
    async with telling(store) as (house, provider):
        house.account.script(Silence(taken=True))
        (mail,) = await house.accept()
        await house.until(lambda: len(house.account.arrivals("send")) == 1)
        await house.wait(31)
        if await house.state(mail) is State.SENDING:
            pytest.fail("the call has not ended")
        await hear(house, provider, provider.event(0, Fate.DELIVERED))
        await house.wait(120)
        assert await house.state(mail) is State.DELIVERED
        assert len(house.mails) == 1


async def test_while_the_provider_still_answers_its_event_waits_and_then_decides(
    store: OpenDatabase,
) -> None:
    async with telling(store) as (house, provider):
        house.account.script(Silence(taken=True))
        (mail,) = await house.accept()
        await hear(house, provider, provider.event(0, Fate.DELIVERED))
        assert await house.state(mail) is State.SENDING
        await house.wait(120)
        assert await house.state(mail) is State.DELIVERED
        assert len(house.account.arrivals("send")) == 1


async def test_a_bounced_address_gets_no_more_mail_of_no_hurry(store: OpenDatabase) -> None:
    async with telling(store) as (house, provider):
        (first,) = await house.accept(email("ada"))
        bounced = provider.event(0, Fate.BOUNCED, recipients=("ada@customer.test",), hard=True)
        await hear(house, provider, bounced)
        assert await house.state(first) is State.BOUNCED
        second, code = await house.accept(email("ada"), email("ada", purpose="otp"))
        assert await house.state(second) is State.SUPPRESSED
        assert await house.state(code) is State.SENT


async def test_a_wrong_signature_is_counted_without_a_write_for_each_request(
    store: OpenDatabase,
) -> None:
    async with telling(store) as (house, _):
        before = house.database.statements
        for _number in range(50):
            heard = await house.main.engine.feedback.hear("first", {}, b"[]")
            assert isinstance(heard, WebhookRefused)
        await house.wait(2)
        found = await health(house)
        assert (found.refused_signatures, found.trouble) == (50, Trouble.WRONG_SECRET)
        assert house.database.statements - before < 20
        assert len(house.logged("webhook.refused")) == 1


async def test_what_could_not_be_counted_is_said_and_the_engine_goes_on(
    store: OpenDatabase,
) -> None:
    async with telling(store) as (house, _):
        house.database.is_away = True
        await house.main.engine.feedback.hear("first", {}, b"[]")
        await house.wait(2)
        house.database.is_away = False
        assert len(house.logged("feedback.uncounted")) == 1

        async def broken(name: str) -> None:
            if name == "count_feedback":
                raise ValueError("a bug of ours")

        house.database.before = broken
        await house.main.engine.feedback.hear("first", {}, b"[]")
        await house.wait(2)
        house.database.before = None
        assert len(house.logged("feedback.crashed")) == 1
        await house.main.engine.feedback.hear("first", {}, b"[]")
        await house.wait(2)
        assert (await health(house)).refused_signatures == 1


async def test_who_has_no_webhook_is_not_listened_to(store: OpenDatabase) -> None:
    async with telling(store, Confirms.POLL) as (house, _):
        feedback = house.main.engine.feedback
        assert await feedback.hear("first", RIGHT, b"[]") is None
        assert await feedback.hear("second", RIGHT, b"[]") is None


async def test_what_cannot_be_written_is_not_taken(store: OpenDatabase) -> None:
    async with telling(store) as (house, provider):
        (mail,) = await house.accept()
        house.database.is_away = True
        event = provider.event(0, Fate.DELIVERED)
        with pytest.raises(StoreUnavailable):
            await hear(house, provider, event)
        house.database.is_away = False
        await hear(house, provider, event)
        assert await house.state(mail) is State.DELIVERED


# ---- asked for ----


async def test_without_a_webhook_each_mail_is_asked_about(store: OpenDatabase) -> None:
    async with telling(store, Confirms.POLL) as (house, provider):
        mails = await house.accept(*(email(f"p{number}") for number in range(3)))
        for number, mail in enumerate(house.mails):
            provider.fates[mail.id] = provider.event(number, Fate.DELIVERED)
        await house.wait(19)
        assert provider.asked == []
        await house.wait(10)
        assert await house.states(mails) == [State.DELIVERED] * 3
        times = [at for at, _ in provider.asked]
        assert len(times) == 3
        assert all(later - at >= 0.99 for at, later in pairwise(times))
        assert (await health(house)).trouble is None


async def test_a_mail_is_asked_about_ever_more_seldom(store: OpenDatabase) -> None:
    async with telling(store, Confirms.POLL) as (house, provider):
        (mail,) = await house.accept(email(purpose="otp"))
        provider.fates[house.mails[0].id] = provider.event(0, Fate.SENT)
        await house.wait(1_300, step_s=1.0)
        assert 5 <= len(provider.asked) <= 9
        told = await house.types(mail)
        assert told.count("email.unverified") == 1
        assert await house.state(mail) is State.SENT
        (event,) = [e for e in await house.events(mail) if e.type == "email.unverified"]
        sent = next(e for e in await house.events(mail) if e.type == "email.sent")
        assert 600_000 <= event.at - sent.at <= 605_000


async def test_with_a_webhook_nobody_is_asked_as_long_as_it_is_well(store: OpenDatabase) -> None:
    async with telling(store) as (house, provider):
        (mail,) = await house.accept(email(purpose="otp"))
        await hear(house, provider, provider.event(0, Fate.SENT))
        await house.wait(595, step_s=1.0)
        assert provider.asked == []
        provider.fates[house.mails[0].id] = provider.event(0, Fate.DELIVERED)
        await house.wait(10, step_s=1.0)
        assert len(provider.asked) == 1
        assert await house.state(mail) is State.DELIVERED
        assert "email.unverified" not in await house.types(mail)


async def test_a_webhook_that_is_silent_is_stood_in_for(store: OpenDatabase) -> None:
    async with telling(store) as (house, provider):
        mails = await house.accept(*(email(f"p{number}") for number in range(6)))
        for number, mail in enumerate(house.mails):
            provider.fates[mail.id] = provider.event(number, Fate.DELIVERED)
        await house.wait(3_600, step_s=2.0)
        late = await house.accept(email("late"))
        provider.fates[house.mails[6].id] = provider.event(6, Fate.DELIVERED)
        await house.wait(70, step_s=1.0)
        assert await house.states(late) == [State.DELIVERED]
        assert (await health(house)).trouble is Trouble.SILENT
        assert await house.states(mails) == [State.SENT] * 6  # until a day is over


async def test_a_key_that_may_not_ask_is_asked_with_once_and_says_nothing_of_mails(
    store: OpenDatabase,
) -> None:
    async with telling(store, Confirms.POLL) as (house, provider):
        mails = await house.accept(*(email(f"p{n}", purpose="otp") for n in range(3)))
        for mail in house.mails:
            provider.fates[mail.id] = diagnose(Evidence(RESTRICTED, "resend"))
        await house.wait(1_300, step_s=1.0)
        assert len(provider.asked) == 1
        assert await house.states(mails) == [State.SENT] * 3
        for mail_id in mails:
            assert "email.unverified" not in await house.types(mail_id)
        assert await house.database.read(_looked_for) == []


async def test_a_silent_webhook_and_a_key_that_may_not_ask_leave_it_unverified(
    store: OpenDatabase,
) -> None:
    async with telling(store) as (house, provider):
        (mail,) = await house.accept(email(purpose="otp"))
        provider.fates[house.mails[0].id] = diagnose(Evidence(RESTRICTED, "resend"))
        await house.wait(700, step_s=1.0)
        assert (await house.types(mail)).count("email.unverified") == 1
        assert (await health(house)).unverified == 1
        await hear(house, provider, provider.event(0, Fate.DELIVERED))
        assert await house.state(mail) is State.DELIVERED


async def test_where_nobody_tells_nothing_is_looked_for(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        await house.accept()
        assert await house.database.read(_looked_for) == []
        assert await house.database.read(feedback_health, 0) == ()


async def _looked_for(tx: Tx) -> list[int]:
    """Mails that would ever be looked at."""
    return await tx.all("mails/unsure", lambda *_: 1, now=2**53, most=10)
