"""What is tried again, when, how often; how fast; and what time alone does to a mail."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from mailproof.diagnosis.evidence import Raised, SmtpReply
from mailproof.diagnosis.reasons import FACTS, Reason
from mailproof.engine.receipts import Caller
from mailproof.mail.address import Address
from mailproof.mail.lifecycle import State
from mailproof.testing.paper_provider import Say, Silence, Take, say
from tests.engine.house import House, OpenDatabase, email, furnished

both_stores = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)

DOWN = say(503, "service_unavailable")
BUSY = say(429, "rate_limit_exceeded", headers={"retry-after": "1"})
GREYLISTED = Say(SmtpReply(450, "4.2.0 Recipient address rejected: Greylisted", "rcpt"))
PUZZLING = say(418, "", "Nobody has ever heard of this.")
REFUSED = Say(Raised("ConnectionRefusedError", "Connection refused", request_written=False))
WRONG_KEY = say(403, "invalid_api_key", "API key is invalid")


def sends(house: House) -> list[float]:
    return [call.at for call in house.account.arrivals("send")]


# ---- again ----


async def test_a_provider_that_says_when_is_asked_then_and_not_before(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        house.account.script(say(503, "service_unavailable", headers={"retry-after": "40"}))
        (mail,) = await house.accept()
        await house.wait(39)
        assert len(sends(house)) == 1
        await house.wait(1.25)
        assert await house.state(mail) is State.SENT
        assert len(sends(house)) == 2


async def test_the_pauses_grow_to_five_minutes_and_no_further(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        house.account.always = DOWN
        await house.accept()
        await house.until(lambda: len(sends(house)) >= 13, most_s=4_000)
        at = sends(house)
        pauses = [later - earlier for earlier, later in itertools.pairwise(at)]
        assert pauses[0] <= 3
        assert all(later >= earlier - 1 for earlier, later in itertools.pairwise(pauses))
        # With half of the jitter: 150 seconds, and a tick.
        assert 149 <= pauses[-1] <= 152


async def test_a_mail_is_tried_until_its_time_is_over_also_where_the_pauses_are_long(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        house.account.always = DOWN
        house.jitter = 1.0  # the next pause would be 256 seconds after 254
        (mail,) = await house.accept(email(purpose="otp", expires_s=480.0))
        began = house.clock.now()
        await house.wait(485, step_s=0.5)
        assert await house.state(mail) is State.EXPIRED
        assert 450 < max(sends(house)) - began <= 480


async def test_a_reason_with_so_many_tries_ends_the_mail_after_them(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        house.account.always = PUZZLING
        (mail,) = await house.accept()
        await house.wait(120)
        assert await house.state(mail) is State.FAILED
        assert len(sends(house)) == FACTS[Reason.UNKNOWN].tries
        keys = [call.key for call in house.account.arrivals("send")]
        assert keys == [f"{mail}.{number}" for number in range(len(keys))]


async def test_a_refused_connection_is_tried_again_until_it_expires(store: OpenDatabase) -> None:
    async with furnished(store, probe_interval_s=1.0) as house:
        house.account.always = house.account.check_reply = REFUSED
        (mail,) = await house.accept()
        await house.wait(600, step_s=1)
        assert await house.state(mail) in {State.DEFERRED, State.HELD}
        house.account.always = house.account.check_reply = None
        await house.until(lambda: bool(house.mails), most_s=400)
        assert await house.state(mail) is State.SENT


async def test_a_recipients_server_that_asks_for_patience_gets_it(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        house.account.script(GREYLISTED)
        (mail,) = await house.accept()
        assert await house.reason(mail) == Reason.GREYLISTED
        await house.wait(55)
        assert len(sends(house)) == 1
        await house.wait(10)
        assert await house.state(mail) is State.SENT
        assert not await house.is_closed()


# ---- how fast ----


def most_within_a_second(at: list[float]) -> int:
    return max(sum(start <= other < start + 1 for other in at) for start in at)


@both_stores
async def test_a_rate_is_never_exceeded_and_no_mail_of_a_burst_is_lost(
    store: OpenDatabase,
) -> None:
    async with furnished(store, rates={"first": 5.0}) as house:
        mails = await house.accept(*(email(f"m{number}") for number in range(40)))
        took_s = await house.until(lambda: len(house.mails) == 40)
        assert 7 <= took_s <= 9.5
        assert most_within_a_second(sends(house)) <= 5
        assert set(await house.states(mails)) == {State.SENT}


async def test_two_processes_share_a_rate(store: OpenDatabase) -> None:
    async with furnished(store, begin=False, rates={"first": 5.0}) as house:
        house.duties_leased = True
        await house.start()
        other = await house.start()
        for number in range(30):
            at = other if number % 2 else house.main
            await house.accept(email(f"m{number}"), at=at)
        await house.until(lambda: len(house.mails) == 30)
        assert most_within_a_second(sends(house)) <= 5


async def test_a_critical_mail_overtakes_those_that_wait_for_the_rate(
    store: OpenDatabase,
) -> None:
    async with furnished(store, rates={"first": 2.0}) as house:
        await house.accept(*(email(f"m{number}") for number in range(20)))
        await house.wait(2)
        (urgent,) = await house.accept(email("urgent", purpose="otp"))
        await house.wait(2)
        assert urgent in [mail.stamp for mail in house.mails]
        assert len(house.mails) < 12


@pytest.mark.parametrize("rates", [{}, {"first": 50.0}])
async def test_too_many_calls_slow_us_down_and_lose_nothing(
    store: OpenDatabase, rates: dict[str, float]
) -> None:
    async with furnished(store, rates=rates, at_once=8) as house:
        house.account.always = BUSY
        mails = await house.accept(*(email(f"m{number}") for number in range(40)))
        before = len(sends(house))
        await house.wait(10)
        # At most the calls that were under way when the first one was turned away, each second.
        assert len(sends(house)) - before <= 8 * 11
        house.account.always = None
        await house.until(lambda: len(house.mails) == 40)
        assert set(await house.states(mails)) == {State.SENT}
        assert not await house.is_closed()


async def test_a_provider_that_asks_for_an_hour_is_asked_again_after_a_minute(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        house.account.script(say(429, "rate_limit_exceeded", headers={"retry-after": "3600"}))
        (first,) = await house.accept()
        (second,) = await house.accept(email("second"))
        await house.wait(59)
        assert not house.mails
        await house.wait(2)
        assert await house.states([first, second]) == [State.DEFERRED, State.SENT]
        await house.wait(3_600, step_s=5)
        assert await house.state(first) is State.SENT


async def test_a_long_pause_does_not_keep_us_from_stopping(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        house.account.always = say(429, "rate_limit_exceeded", headers={"retry-after": "3600"})
        await house.accept()
        began = house.clock.now()
        await house.stop(house.main)
        assert house.clock.now() - began <= 1
        assert not house.logged("drain.cut_short")
        await house.start()


# ---- what time does ----


@both_stores
async def test_a_held_a_deferred_and_a_scheduled_mail_expire_visibly(
    store: OpenDatabase,
) -> None:
    async with furnished(store, probe_interval_s=600.0) as house:
        house.account.script(DOWN, WRONG_KEY)
        house.account.always = WRONG_KEY
        house.account.check_reply = WRONG_KEY
        (deferred,) = await house.accept(email("deferred", expires_s=0.5))
        assert await house.state(deferred) is State.DEFERRED
        (held,) = await house.accept(email("held", expires_s=30.0))
        assert await house.state(held) is State.HELD
        later = datetime.fromtimestamp(house.clock.now(), UTC) + timedelta(seconds=20)
        (planned,) = await house.accept(email("planned", scheduled_at=later, expires_s=15.0))
        await house.wait(2)
        assert await house.state(deferred) in {State.EXPIRED, State.HELD}
        await house.wait(40)
        assert await house.states([deferred, held, planned]) == [State.EXPIRED] * 3
        for mail in (deferred, held, planned):
            assert (await house.types(mail))[-1] == "email.expired"
        assert not house.mails


async def test_a_scheduled_mail_goes_at_its_time(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        later = datetime.fromtimestamp(house.clock.now(), UTC) + timedelta(seconds=90)
        (mail,) = await house.accept(email(scheduled_at=later))
        assert await house.state(mail) is State.SCHEDULED
        await house.wait(89)
        assert not house.mails
        await house.wait(1.25)
        assert await house.state(mail) is State.SENT


async def test_the_newest_of_a_kind_goes_and_the_older_ones_give_way(store: OpenDatabase) -> None:
    async with furnished(store, probe_interval_s=1.0) as house:
        house.revoke()
        first, second = await house.accept(
            email("ada", purpose="otp"), email("ada", purpose="otp", text="newer")
        )
        (other,) = await house.accept(email("grace", purpose="otp"))
        assert await house.states([first, second]) == [State.SUPERSEDED, State.HELD]
        house.restore()
        await house.until(lambda: len(house.mails) == 2)
        assert {mail.stamp for mail in house.mails} == {second, other}


async def test_mail_of_another_app_purpose_or_to_more_people_does_not_give_way(
    store: OpenDatabase,
) -> None:
    async with furnished(store, probe_interval_s=1.0) as house:
        house.revoke()
        both = tuple(Address.parse(f"{name}@customer.test", where="to") for name in ("ada", "bob"))
        held = await house.accept(
            email("ada", purpose="otp"),
            email("ada", purpose="magic_link"),
            email("ada", purpose="otp", to=both),
            email("ada", purpose="receipt"),
            email("ada", purpose="receipt"),
        )
        held += await house.accept(email("ada", purpose="otp"), caller=Caller(app="blog"))
        assert await house.states(held) == [State.HELD] * 6


async def test_a_mail_that_expires_while_it_is_sent_ends_by_its_outcome(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        house.account.script(Take(after_s=5))
        (mail,) = await house.accept(email(expires_s=2.0))
        await house.wait(6)
        assert await house.state(mail) is State.SENT


async def test_a_mail_that_may_be_there_and_expires_says_so(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        house.account.always = Silence(taken=True)
        (mail,) = await house.accept(email(expires_s=40.0))
        await house.wait(120)
        (expired,) = [e for e in await house.events(mail) if e.type == "email.expired"]
        assert expired.data["outcome"] == "unknown"
