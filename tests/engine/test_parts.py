"""Mail for several people, of whom some get it later than others, or never."""

from typing import Any

import pytest

from mailproof.diagnosis.evidence import SmtpReply
from mailproof.mail.address import Address
from mailproof.mail.lifecycle import State
from mailproof.mail.message import Email
from mailproof.testing.paper_provider import Take, say
from tests.engine.house import House, OpenDatabase, email, furnished

both_stores = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)

ADA, GRACE, EDSGER = "ada@customer.test", "grace@customer.test", "edsger@customer.test"
LATER = SmtpReply(450, "4.2.0 Greylisted, come back later", "rcpt")
NEVER = SmtpReply(550, "5.1.1 User unknown", "rcpt")


def to_three(**fields: Any) -> Email:
    three = tuple(Address.parse(each, where="to") for each in (ADA, GRACE, EDSGER))
    return email(to=three, **fields)


def asked_for(house: House) -> list[list[str]]:
    return [sorted(mail.payload["to"]) for mail in house.mails]


async def recipients(house: House, mail: str) -> dict[str, str]:
    return {each.address: each.state for each in (await house.shown(mail)).mail.recipients}


@both_stores
async def test_who_shall_come_back_later_is_asked_alone_and_nobody_gets_two(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        house.account.script(Take(refused={GRACE: LATER, EDSGER: NEVER}))
        (mail,) = await house.accept(to_three())
        assert await house.state(mail) is State.DEFERRED
        assert await recipients(house, mail) == {ADA: "sent", GRACE: "open", EDSGER: "failed"}
        await house.until(lambda: len(house.mails) == 2)
        await house.wait(1)
        assert asked_for(house)[1] == [GRACE]
        assert await house.state(mail) is State.SENT
        assert [call.key for call in house.account.arrivals("send")] == [f"{mail}.0", f"{mail}.1"]


@both_stores
async def test_who_is_never_taken_does_not_make_it_a_failed_mail(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        house.account.script(
            Take(refused={GRACE: LATER}), say(422, "validation_error", "Invalid `to` field.")
        )
        (mail,) = await house.accept(to_three())
        await house.until(lambda: len(house.account.arrivals("send")) == 2)
        await house.wait(1)
        assert await house.state(mail) is State.SENT
        assert await recipients(house, mail) == {ADA: "sent", GRACE: "failed", EDSGER: "sent"}


async def test_who_waits_is_carried_by_another_way_when_this_one_closes(
    store: OpenDatabase,
) -> None:
    async with furnished(store, providers=("first", "second")) as house:
        house.account.script(Take(refused={GRACE: LATER}))
        house.account.always = say(403, "invalid_api_key", "API key is invalid")
        (mail,) = await house.accept(to_three())
        await house.until(lambda: bool(house.accounts["second"].mails))
        await house.wait(1)
        assert [each.payload["to"] for each in house.accounts["second"].mails] == [[GRACE]]
        assert await house.state(mail) is State.SENT


async def test_what_somebody_has_is_not_refused_to_a_caller_who_wants_no_promise(
    store: OpenDatabase,
) -> None:
    async with furnished(store, probe_interval_s=600.0) as house:
        house.account.script(Take(refused={GRACE: LATER}))
        house.account.always = say(403, "invalid_api_key", "API key is invalid")
        asked = house.ask(to_three(), on_hold="refuse", wait_s=300)
        await house.wait(200)
        receipt = house.receipt(asked.result())
        assert receipt.state is State.DEFERRED
        assert await house.state(receipt.id) is State.HELD


async def test_who_is_told_to_come_back_for_ever_ends_with_the_mail_visibly(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        house.account.always = Take(refused={GRACE: LATER})
        (mail,) = await house.accept(to_three(expires_s=600.0))
        await house.wait(700, step_s=5)
        assert await house.state(mail) is State.EXPIRED
        assert await recipients(house, mail) == {ADA: "sent", GRACE: "open", EDSGER: "sent"}
        assert [each for each in asked_for(house) if ADA in each] == [sorted([ADA, GRACE, EDSGER])]
