"""At a provider without idempotency keys: on disk that a mail sets out, before it does."""

import asyncio
from collections import Counter

import pytest
from msgspec import structs

from mailproof.mail.lifecycle import State
from mailproof.store.base import StoreUnavailable
from mailproof.testing.paper_provider import Silence
from tests.engine.house import House, OpenDatabase, email, furnished

both_stores = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)


def keyless(house: House) -> None:
    house.use("first", house.new_account("first", key_ttl_s=None))


@both_stores
async def test_it_is_told_before_the_provider_hears_of_it(store: OpenDatabase) -> None:
    async with furnished(store, begin=False) as house:
        keyless(house)
        await house.start()
        (mail,) = await house.accept()
        assert await house.types(mail) == [
            "email.accepted",
            "email.sending",
            "attempt.started",
            "email.sent",
        ]


async def test_a_provider_with_keys_costs_no_such_write(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        (mail,) = await house.accept()
        assert "attempt.started" not in await house.types(mail)


async def test_many_that_set_out_together_cost_one_write(store: OpenDatabase) -> None:
    writes: Counter[str] = Counter()

    async def count(name: str) -> None:
        writes[name] += 1

    async with furnished(store, begin=False) as house:
        keyless(house)
        await house.start()
        house.database.before = count
        answers = [house.ask(email(f"m{number}"), wait_s=0) for number in range(50)]
        await house.traffic.quiet()
        assert all(answer.done() for answer in answers)
        assert len(house.mails) == 50
        assert writes["begin"] <= 5


@both_stores
@pytest.mark.parametrize(
    ("purpose", "state", "copies"), [("receipt", State.UNCONFIRMED, 1), ("otp", State.SENT, 2)]
)
async def test_a_process_that_dies_afterwards_leaves_it_unconfirmed_to_its_purpose(
    store: OpenDatabase, purpose: str, state: State, copies: int
) -> None:
    async with furnished(store, begin=False) as house:
        keyless(house)
        house.account.script(Silence(taken=True))
        running = await house.start()
        (mail,) = await house.accept(email(purpose=purpose))
        await house.kill(running)
        await house.start()
        await house.wait(3)
        assert await house.state(mail) is state
        assert len(house.mails) == copies
        assert "email.unconfirmed" in await house.types(mail)


@both_stores
async def test_a_process_that_dies_before_leaves_it_as_if_nothing_had_been(
    store: OpenDatabase,
) -> None:
    never = asyncio.Event()

    async def stand_still(name: str) -> None:
        if name == "begin":
            await never.wait()

    async with furnished(store, begin=False) as house:
        keyless(house)
        running = await house.start()
        house.database.before = stand_still
        (mail,) = await house.accept(email(purpose="receipt"))
        assert await house.state(mail) is State.SENDING
        await house.kill(running)
        await house.start()
        await house.wait(3)
        assert await house.state(mail) is State.SENT
        assert len(house.mails) == 1
        types = await house.types(mail)
        assert "email.unconfirmed" not in types
        assert types.count("attempt.started") == 1


async def test_what_cannot_be_written_down_does_not_set_out(store: OpenDatabase) -> None:
    refusals = iter([StoreUnavailable("The database cannot be reached.")])

    async def refuse_once(name: str) -> None:
        if name == "begin" and (error := next(refusals, None)) is not None:
            raise error

    async with furnished(store, begin=False) as house:
        keyless(house)
        await house.start()
        house.database.before = refuse_once
        (mail,) = await house.accept()
        await house.wait(5)
        assert await house.state(mail) is State.SENT
        assert len(house.account.arrivals("send")) == 1
        assert house.logged("beginning.unwritten")


async def test_no_more_calls_are_made_at_once_than_a_provider_takes(store: OpenDatabase) -> None:
    async with furnished(store, begin=False) as house:
        keyless(house)
        provider = house.provider()
        provider.capabilities = structs.replace(provider.capabilities, at_once=3)
        house.account.always = Silence()
        await house.start()
        await house.accept(*(email(f"m{number}") for number in range(10)))
        assert len(house.account.arrivals("send")) == 3
