"""What a caller is told, and when: the answer is the truth."""

import pytest

from mailproof.diagnosis.reasons import Reason
from mailproof.engine.receipts import Receipts
from mailproof.mail.lifecycle import State
from mailproof.testing.paper_provider import Silence, Take, say
from tests.engine.house import OpenDatabase, email, furnished

both_stores = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)


@both_stores
async def test_a_caller_who_waits_hears_that_the_provider_accepted(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        receipt = house.receipt(await house.answer(email()))
        assert receipt.state is State.SENT
        assert [mail.stamp for mail in house.mails] == [receipt.id]


async def test_a_caller_who_does_not_wait_is_answered_when_it_is_on_disk(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        receipt = house.receipt(await house.answer(email(), wait_s=0))
        assert receipt.state is State.QUEUED


async def test_a_held_mail_is_answered_at_once_with_what_the_provider_said(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        house.revoke()
        receipt = house.receipt(await house.answer(email()))
        assert receipt.state is State.HELD
        assert receipt.reason == Reason.CREDENTIALS_INVALID
        assert receipt.failure is not None
        assert "API key is invalid" in str(receipt.failure.evidence)


async def test_a_deferred_mail_is_answered_at_once(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        house.account.script(say(503, "service_unavailable"))
        receipt = house.receipt(await house.answer(email()))
        assert (receipt.state, receipt.reason) == (State.DEFERRED, Reason.PROVIDER_UNAVAILABLE)


async def test_a_mail_that_is_refused_for_what_it_is_is_answered_with_the_refusal(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        house.account.script(say(422, "missing_required_field", "Missing `subject` field."))
        receipt = house.receipt(await house.answer(email()))
        assert receipt.state is State.FAILED
        assert receipt.failure is not None
        assert receipt.failure.reason is Reason.MESSAGE_INVALID


async def test_when_the_wait_is_over_the_mail_goes_on(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        house.account.script(Take(after_s=8))
        asked = house.ask(email(), wait_s=5)
        await house.wait(4.75)
        assert not asked.done()
        await house.wait(0.25)
        receipt = house.receipt(asked.result())
        assert receipt.state is State.SENDING
        await house.wait(3)
        assert await house.state(receipt.id) is State.SENT
        assert len(house.mails) == 1


async def test_every_mail_of_a_request_is_waited_for(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        house.account.script(Take(after_s=2))
        asked = house.ask(email("slow"), email("quick"))
        await house.wait(1)
        assert not asked.done()
        await house.wait(1)
        answer = asked.result()
        assert isinstance(answer, Receipts)
        assert {mail.state for mail in answer.mails} == {State.SENT}


async def test_hundreds_wait_at_once_and_each_hears_of_its_own(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        house.account.always = Take(after_s=1)
        asked = [house.ask(email(f"m{number}"), wait_s=60) for number in range(300)]
        await house.until(lambda: all(each.done() for each in asked))
        receipts = [house.receipt(each.result()) for each in asked]
        assert {receipt.state for receipt in receipts} == {State.SENT}
        assert {receipt.id for receipt in receipts} == {mail.stamp for mail in house.mails}
        assert len(house.main.engine.waiting) == 0


async def test_a_caller_who_goes_away_loses_nothing(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        house.account.script(Take(after_s=2))
        asked = house.ask(email())
        await house.wait(1)
        asked.cancel()
        await house.wait(2)
        assert len(house.mails) == 1
        assert len(house.main.engine.waiting) == 0


async def test_a_mail_that_a_newer_one_replaces_is_answered_at_once(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        house.account.always = say(503, "service_unavailable")
        house.main.engine.pumps[0].stop()  # nothing is claimed, so that it waits
        first = house.ask(email("ada", purpose="otp"))
        await house.wait(1)
        house.ask(email("ada", purpose="otp"), wait_s=0)
        await house.wait(0.25)
        assert house.receipt(first.result()).state is State.SUPERSEDED


@both_stores
async def test_one_process_accepts_and_another_sends_and_the_caller_hears_of_it(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        house.account.always = Take(after_s=1)
        gateway = await house.start(sends=False)
        asked = [house.ask(email(f"m{number}"), at=gateway) for number in range(20)]
        await house.until(lambda: all(each.done() for each in asked), most_s=5)
        assert {house.receipt(each.result()).state for each in asked} == {State.SENT}


async def test_a_silent_provider_is_answered_as_on_its_way(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        house.account.script(Silence(taken=True))
        asked = house.ask(email(), wait_s=5)
        await house.wait(5)
        assert house.receipt(asked.result()).state is State.SENDING
