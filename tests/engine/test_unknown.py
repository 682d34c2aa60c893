"""Nobody knows whether the provider has it: asked again under the same key, or not at all."""

import pytest

from mailproof.diagnosis.evidence import Raised
from mailproof.mail.lifecycle import State
from mailproof.testing.paper_provider import Say, Silence, Take, say
from tests.engine.house import House, OpenDatabase, email, furnished

both_stores = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)

CUT = Raised("ConnectionResetError", "Connection reset by peer", request_written=True)
MISMATCH = say(409, "invalid_idempotent_request", "Same idempotency key used with another payload.")
AT_IT = say(409, "concurrent_idempotent_requests", "The same key is being processed.")
DOWN = say(503, "service_unavailable")
HOUR_S = 3_600.0
LIFE_S = 900.0  # of a provider's key


def asked(house: House, name: str = "first") -> list[tuple[str, bytes]]:
    """Under which key, with which bytes."""
    return [(call.key, call.hash) for call in house.accounts[name].arrivals("send")]


@both_stores
@pytest.mark.parametrize("taken", [True, False])
async def test_after_silence_the_same_bytes_go_to_the_same_provider_under_the_same_key(
    store: OpenDatabase,
    taken: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    async with furnished(store, providers=("first", "second")) as house:
        house.account.script(Silence(taken=taken), Say(CUT, taken=taken))
        (mail,) = await house.accept()
        await house.until(lambda: len(asked(house)) == 3)
        await house.wait(1)
        assert len(set(asked(house))) == 1
        assert asked(house)[0][0] == f"{mail}.0"
        assert len(house.mails) == 1
        assert not asked(house, "second")
        assert await house.outcomes(mail) == ["unknown", "unknown", "accepted"]
        assert await house.state(mail) is State.SENT


async def test_a_refusal_at_the_gate_says_nothing_of_the_try_before_it(
    store: OpenDatabase,
) -> None:
    async with furnished(store, providers=("first", "second"), probe_interval_s=1.0) as house:
        house.account.script(Say(CUT, taken=True), say(403, "invalid_api_key", "Invalid."))
        (mail,) = await house.accept()
        await house.until(lambda: len(asked(house)) == 3)
        await house.wait(1)
        assert [key for key, _ in asked(house)] == [f"{mail}.0"] * 3
        assert len(house.mails) == 1
        assert not asked(house, "second")
        assert await house.state(mail) is State.SENT


async def test_a_provider_that_is_still_at_it_is_asked_again_under_the_same_key(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        house.account.script(AT_IT, AT_IT)
        (mail,) = await house.accept()
        await house.until(lambda: bool(house.mails))
        assert [key for key, _ in asked(house)] == [f"{mail}.0"] * 3


async def test_a_key_that_stands_for_another_payload_leaves_the_mail_unconfirmed(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        house.account.script(MISMATCH)
        (mail,) = await house.accept()
        assert await house.state(mail) is State.UNCONFIRMED
        await house.wait(HOUR_S, step_s=10)
        assert len(asked(house)) == 1
        assert await house.state(mail) is State.UNCONFIRMED


@both_stores
async def test_it_is_repeated_for_four_fifths_of_the_keys_life_and_then_unconfirmed(
    store: OpenDatabase,
) -> None:
    async with furnished(store, begin=False) as house:
        house.use("first", house.new_account("first", key_ttl_s=LIFE_S))
        house.account.always = Silence()
        await house.start()
        began = house.clock.now()
        (mail,) = await house.accept()
        await house.wait(LIFE_S + 120, step_s=1)
        assert await house.state(mail) is State.UNCONFIRMED
        assert len({key for key, _ in asked(house)}) == 1
        last = max(call.at for call in house.account.arrivals("send")) - began
        assert 0.4 * LIFE_S < last <= 0.8 * LIFE_S + 1


async def test_an_engine_that_was_away_for_the_keys_life_repeats_nothing(
    store: OpenDatabase,
) -> None:
    async with furnished(store, begin=False) as house:
        house.use("first", house.new_account("first", key_ttl_s=HOUR_S))
        house.account.always = Silence(taken=True)
        running = await house.start()
        (mail,) = await house.accept()
        await house.wait(40)
        await house.kill(running)
        house.clock.advance(HOUR_S)
        house.account.always = None
        await house.start()
        await house.wait(5)
        assert await house.state(mail) is State.UNCONFIRMED
        assert len(house.mails) == 1


@both_stores
async def test_a_provider_without_keys_is_never_asked_twice_where_two_copies_do_harm(
    store: OpenDatabase,
) -> None:
    async with furnished(store, begin=False) as house:
        house.use("first", house.new_account("first", key_ttl_s=None))
        house.account.script(Silence(taken=True))
        await house.start()
        (mail,) = await house.accept(email(purpose="receipt"))
        await house.wait(120)
        assert await house.state(mail) is State.UNCONFIRMED
        assert len(asked(house)) == 1
        assert len(house.mails) == 1


async def test_where_two_copies_are_harmless_and_none_is_not_it_is_sent_again(
    store: OpenDatabase,
) -> None:
    async with furnished(store, begin=False) as house:
        house.use("first", house.new_account("first", key_ttl_s=None))
        house.account.script(Silence(taken=False))
        await house.start()
        (mail,) = await house.accept(email(purpose="magic_link"))
        await house.wait(45)
        assert await house.state(mail) is State.SENT
        assert [key for key, _ in asked(house)] == [f"{mail}.0", f"{mail}.1"]
        told = [event.data for event in await house.events(mail) if event.type == "email.queued"]
        assert told == [{"why": "on_unknown", "may_double": True}]


async def test_an_unconfirmed_mail_expires_only_when_its_key_is_forgotten(
    store: OpenDatabase,
) -> None:
    async with furnished(store, begin=False) as house:
        house.use("first", house.new_account("first", key_ttl_s=HOUR_S))
        house.account.script(MISMATCH)
        await house.start()
        (mail,) = await house.accept(email(expires_s=60.0))
        await house.wait(HOUR_S - 10, step_s=10)
        assert await house.state(mail) is State.UNCONFIRMED
        await house.wait(20)
        assert await house.state(mail) is State.EXPIRED


async def test_a_mail_that_may_be_there_is_not_refused_to_its_caller(store: OpenDatabase) -> None:
    async with furnished(store, probe_interval_s=600.0) as house:
        house.account.script(Say(CUT, taken=True))
        house.account.always = say(403, "invalid_api_key", "API key is invalid")
        answer = house.receipt(await house.answer(email(), on_hold="refuse", wait_s=60))
        assert answer.state is State.DEFERRED
        await house.wait(10)
        assert await house.state(answer.id) is State.HELD


# ---- failover ----


@both_stores
async def test_a_refused_key_sends_the_mail_the_other_way_and_back_when_it_is_mended(
    store: OpenDatabase,
) -> None:
    async with furnished(store, providers=("first", "second"), probe_interval_s=1.0) as house:
        house.revoke("first")
        one = house.receipt(await house.answer(email("one")))
        assert one.state is State.SENT
        assert [mail.stamp for mail in house.accounts["second"].mails] == [one.id]
        two = house.receipt(await house.answer(email("two")))
        assert two.id in [mail.stamp for mail in house.accounts["second"].mails]
        house.restore("first")
        await house.wait(5)
        three = house.receipt(await house.answer(email("three")))
        assert [mail.stamp for mail in house.mails] == [three.id]


async def test_a_closed_first_way_that_a_check_cannot_judge_is_tried_by_the_next_mail(
    store: OpenDatabase,
) -> None:
    async with furnished(store, providers=("first", "second"), probe_interval_s=1.0) as house:
        house.account.lists_domains = False
        house.account.script(say(403, "invalid_api_key", "API key is invalid"))
        await house.accept(email("one"))
        assert await house.is_closed()
        await house.wait(5)
        assert len(asked(house)) == 1
        (two,) = await house.accept(email("two"))
        assert [mail.stamp for mail in house.mails] == [two]
        assert not await house.is_closed()


async def test_a_mail_that_tried_the_closed_way_in_vain_goes_the_other_way_at_once(
    store: OpenDatabase,
) -> None:
    async with furnished(store, providers=("first", "second"), probe_interval_s=1.0) as house:
        house.account.lists_domains = False
        house.account.always = say(403, "invalid_api_key", "API key is invalid")
        await house.accept(email("one"))
        await house.wait(5)
        two = house.receipt(await house.answer(email("two")))
        assert two.state is State.SENT
        assert await house.outcomes(two.id) == ["refused", "accepted"]


async def test_and_it_is_tried_no_more_often_than_probes_may_be(store: OpenDatabase) -> None:
    async with furnished(store, providers=("first", "second"), probe_interval_s=10.0) as house:
        house.account.lists_domains = False
        house.account.always = say(403, "invalid_api_key", "API key is invalid")
        await house.accept(email("first"))
        began, known = house.clock.now(), len(house.account.calls)
        for number in range(300):
            await house.accept(email(f"m{number}"))
            await house.wait(1, step_s=0.5)
        calls = [call.at - began for call in house.account.calls[known:]]
        for start in range(0, 300, 10):
            assert sum(start <= at < start + 10 for at in calls) <= 2
        assert len(calls) >= 6
        assert len(house.accounts["second"].mails) == 301


async def test_a_provider_that_is_down_for_sure_is_passed_by(store: OpenDatabase) -> None:
    async with furnished(store, providers=("first", "second")) as house:
        house.account.always = DOWN
        receipt = house.receipt(await house.answer(email()))
        assert receipt.state is State.SENT
        assert house.accounts["second"].mails[0].key == f"{receipt.id}.1"


async def test_two_providers_that_are_both_down_are_asked_in_turn_and_with_pauses(
    store: OpenDatabase,
) -> None:
    async with furnished(store, providers=("first", "second")) as house:
        house.account.always = house.accounts["second"].always = DOWN
        (mail,) = await house.accept()
        assert await house.state(mail) is State.DEFERRED
        await house.wait(60)
        for name in ("first", "second"):
            assert 3 <= len(asked(house, name)) <= 8
        house.account.always = None
        await house.until(lambda: bool(house.mails))
        assert await house.state(mail) is State.SENT


async def test_a_reason_of_the_mail_itself_is_no_better_elsewhere(store: OpenDatabase) -> None:
    async with furnished(store, providers=("first", "second")) as house:
        house.account.script(say(422, "missing_required_field", "Missing `subject` field."))
        receipt = house.receipt(await house.answer(email()))
        assert receipt.state is State.FAILED
        assert not asked(house, "second")


async def test_a_critical_mail_need_not_wait_for_a_rate_that_another_provider_has(
    store: OpenDatabase,
) -> None:
    busy = say(429, "rate_limit_exceeded", headers={"retry-after": "30"})
    async with furnished(store, providers=("first", "second")) as house:
        house.account.always = busy
        (urgent,) = await house.accept(email("urgent", purpose="otp"))
        assert [mail.stamp for mail in house.accounts["second"].mails] == [urgent]
        (patient,) = await house.accept(email("patient"))
        assert await house.state(patient) in {State.DEFERRED, State.QUEUED}


async def test_what_may_be_there_is_held_for_it_and_freed_where_two_copies_are_harmless(
    store: OpenDatabase,
) -> None:
    async with furnished(store, providers=("first", "second"), probe_interval_s=600.0) as house:
        house.account.script(Say(CUT, taken=False), Say(CUT, taken=False))
        link, bill = await house.accept(
            email("link", purpose="magic_link"), email("bill", purpose="receipt")
        )
        house.account.always = say(403, "invalid_api_key", "API key is invalid")
        await house.wait(10)
        assert await house.states([link, bill]) == [State.SENT, State.HELD]
        assert [mail.key for mail in house.accounts["second"].mails] == [f"{link}.1"]
        house.account.always = None
        house.provider("first").secret = house.account.secret = "another"
        await house.wait(5)
        assert [mail.key for mail in house.mails] == [f"{bill}.0"]


async def test_a_mail_that_needs_one_provider_waits_for_it(store: OpenDatabase) -> None:
    async with furnished(store, begin=False, probe_interval_s=1.0) as house:
        second = house.new_account("second")
        house.use("second", second, takes_extra=False)
        await house.start()
        house.revoke("first")
        pinned = email("pinned", html=None, text=None, template={"id": "welcome"})
        (mail,) = await house.accept(pinned)
        assert await house.state(mail) is State.HELD
        await house.wait(5)
        assert not asked(house, "second")
        house.restore("first")
        await house.until(lambda: bool(house.mails))
        assert await house.state(mail) is State.SENT


async def test_a_mail_whose_provider_was_removed_ends_visibly(store: OpenDatabase) -> None:
    async with furnished(store, begin=False) as house:
        house.use("second", house.new_account("second"), takes_extra=False)
        running = await house.start()
        house.revoke("first")
        pinned = email("pinned", html=None, text=None, template={"id": "welcome"})
        (mail,) = await house.accept(pinned)
        await house.stop(running)
        del house.providers["first"]
        await house.start()
        await house.wait(5)
        assert await house.state(mail) is State.FAILED
        assert await house.reason(mail) == "configuration_invalid"


# ---- recipients ----


async def test_a_recipient_that_is_refused_alone_is_noted_and_the_mail_is_sent(
    store: OpenDatabase,
) -> None:
    gone = say(422, "validation_error", "Invalid `to` field.").seen
    async with furnished(store) as house:
        house.account.script(Take(refused={"hello@customer.test": gone}))
        (mail,) = await house.accept()
        shown = await house.shown(mail)
        assert shown.mail.state is State.SENT
        (recipient,) = shown.mail.recipients
        assert recipient.state == "failed"
        assert recipient.reason
