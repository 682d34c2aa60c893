"""Processes that start, stop, stand still and die: nothing is lost, nothing goes out twice."""

import asyncio

import pytest

from mailproof.mail.lifecycle import State
from mailproof.store.mails.accept import standing
from mailproof.store.mails.claim import contents
from mailproof.testing.paper_provider import Crash, Silence, Take, say
from tests.engine.house import OpenDatabase, Running, email, furnished

both_stores = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)

WRONG_KEY = say(403, "invalid_api_key", "API key is invalid")


def sends(running: Running) -> bool:
    return running.engine.is_engine


# ---- stopping ----


@both_stores
async def test_to_stop_is_to_finish_what_is_being_sent_and_to_hand_back_the_rest_unmarked(
    store: OpenDatabase,
) -> None:
    async with furnished(store, at_once=5) as house:  # one place is for critical mail
        house.account.always = Take(after_s=3)
        mails = await house.accept(*(email(f"m{number}") for number in range(20)))
        began = house.clock.now()
        await house.stop(house.main)
        assert house.clock.now() - began <= 3.5
        await house.start()
        states = await house.states(mails)
        sent = [mail for mail, state in zip(mails, states, strict=True) if state is State.SENT]
        assert sorted(sent) == sorted(mail.stamp for mail in house.mails[: len(sent)])
        assert len(sent) == 4
        house.account.always = None
        await house.until(lambda: len(house.mails) == 20, most_s=10)
        assert {mail.key for mail in house.mails} == {f"{mail}.0" for mail in mails}
        for mail in mails:
            assert await house.outcomes(mail) == ["accepted"]


async def test_a_provider_that_hangs_delays_the_stop_only_so_long(store: OpenDatabase) -> None:
    async with furnished(store, at_once=2, drain_s=10.0) as house:
        house.account.always = Silence(taken=True)
        hung = await house.accept(email("a"), email("b"))
        behind = await house.accept(email("c"), email("d"))
        began = house.clock.now()
        await house.stop(house.main)
        assert house.clock.now() - began <= 10.5
        assert len(house.logged("drain.cut_short")) == 1
        house.account.always = None
        await house.start()
        await house.wait(2)
        assert {mail.key for mail in house.mails} == {f"{mail}.0" for mail in hung + behind}
        # Those that hung may be there; those behind them surely were not.
        assert await house.outcomes(hung[0]) == ["unknown", "accepted"]
        assert await house.outcomes(behind[0]) == ["accepted"]


async def test_a_live_probe_is_finished_before_the_stop(store: OpenDatabase) -> None:
    async with furnished(store, probe_interval_s=1.0) as house:
        house.account.script(WRONG_KEY)
        (held,) = await house.accept()
        house.account.script(Take(after_s=5))
        await house.until(lambda: len(house.account.arrivals("send")) == 2)
        await house.stop(house.main)
        await house.start()
        assert await house.state(held) is State.SENT
        assert await house.outcomes(held) == ["refused", "accepted"]


async def test_to_stop_twice_or_before_anything_happened_is_to_stop(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        running = house.main
        running.engine.stop()
        running.engine.stop()
        await house.stop(running)
        again = await house.start()
        await house.stop(again)
        await house.start()


async def test_whenever_it_is_stopped_or_cancelled_it_ends_and_lets_go_of_the_lock(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        house.account.always = Take(after_s=1)
        await house.accept(*(email(f"m{number}") for number in range(3)))
        await house.stop(house.main)
        for turns in range(0, 90, 3):
            await house.stop(await house.start(turns=turns))
            await house.kill(await house.start(turns=turns))
        await house.start()
        await house.until(lambda: len({mail.stamp for mail in house.mails}) == 3)
        await house.wait(2)
        assert len(house.mails) == 3
        assert sends(house.main)


async def test_a_stop_while_the_store_is_away_still_ends(store: OpenDatabase) -> None:
    async with furnished(store, drain_s=5.0) as house:
        house.account.script(Take(after_s=2))
        (mail,) = await house.accept()
        running = house.main
        running.database.is_away = True
        await house.stop(running)
        assert house.logged("node.not_left")
        await house.start()
        await house.wait(2)
        assert await house.state(mail) is State.SENT
        assert len(house.mails) == 1


async def test_a_started_and_a_stopped_engine_are_events(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        await house.stop(house.main)
        await house.start()
        types = [event.type for event in await house.events()]
        assert types == ["engine.started", "engine.stopped", "engine.started"]


# ---- dying ----


@both_stores
async def test_what_a_dead_process_was_sending_goes_on_under_the_same_key(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        house.account.script(Silence(taken=True))
        (mail,) = await house.accept()
        await house.wait(1)
        await house.kill(house.main)
        await house.start()
        await house.wait(2)
        assert await house.state(mail) is State.SENT
        assert len(house.mails) == 1
        assert {call.key for call in house.account.arrivals("send")} == {f"{mail}.0"}
        assert await house.outcomes(mail) == ["unknown", "accepted"]
        assert "email.lease_lost" in await house.types(mail)


async def test_a_second_process_stands_by_and_takes_over_when_the_first_one_dies(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        first = house.main
        second = await house.start()
        assert not sends(second)
        (said,) = house.logged("engine.standing_by")
        assert said["holder"] == "process n1"
        await house.accept(email("before"), at=second)
        await house.wait(2)
        assert len(house.mails) == 1
        house.account.script(Silence(taken=True))
        (mail,) = await house.accept(email("during"))
        await house.kill(first)
        await house.wait(3)
        assert sends(second)
        assert await house.state(mail) is State.SENT
        assert len(house.mails) == 2


async def test_a_lock_that_cannot_be_tried_is_said_and_tried_again(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        second = await house.start()
        second.lock.is_broken = True
        await house.wait(3)
        assert len(house.logged("engine.not_started")) == 1
        second.lock.is_broken = False
        await house.kill(house.main)
        await house.wait(3)
        assert second.engine.is_engine


async def test_an_engine_that_crashes_lets_go_of_its_lock(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        await house.kill(house.main)
        running = await house.start()
        assert running.engine.is_engine


@both_stores
async def test_two_processes_that_both_send_never_send_the_same_mail(
    store: OpenDatabase,
) -> None:
    async with furnished(store, begin=False) as house:
        house.duties_leased = True
        await house.start()
        other = await house.start()
        for number in range(60):
            await house.accept(email(f"m{number}"), at=other if number % 2 else house.main)
        await house.until(lambda: len(house.mails) == 60)
        await house.wait(2)
        assert len({mail.stamp for mail in house.mails}) == len(house.mails) == 60
        assert len(house.account.arrivals("send")) == 60


# ---- standing still ----


@both_stores
async def test_who_answers_after_its_lease_records_nothing_and_nothing_doubles(
    store: OpenDatabase,
) -> None:
    async with furnished(store, begin=False, lease_s=20.0, deadline_s=20.0) as house:
        house.duties_leased = True
        slow = await house.start()
        house.account.script(Take(after_s=15))
        (mail,) = await house.accept()
        # Its writes hang as they do in a process that was stopped; another one takes over.
        gate = asyncio.Event()

        async def stopped(name: str) -> None:
            await gate.wait()

        slow.database.before = stopped
        other = await house.start()
        await house.wait(40)
        assert other.engine.upkeep.has_duties
        found = await other.database.read(standing, [mail])
        assert found[mail].state is State.SENT
        gate.set()
        slow.database.before = None
        await house.wait(2)
        assert len(house.mails) == 1
        assert len(house.logged("lease.lost")) == 1
        assert await house.state(mail) is State.SENT


async def test_who_stood_still_before_the_call_does_not_make_it(store: OpenDatabase) -> None:
    async with furnished(store, at_once=1, lease_s=20.0, deadline_s=15.0) as house:
        house.account.script(Take(after_s=14))
        await house.accept(email("slow"))
        (behind,) = await house.accept(email("behind"))
        await house.wait(14)
        await house.wait(3)
        assert house.logged("lease.too_short")
        assert await house.state(behind) is State.SENT
        assert await house.outcomes(behind) == ["accepted"]


# ---- a store that is away, a provider with a bug ----


async def test_a_store_that_is_away_for_a_while_loses_nothing(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        house.account.always = Take(after_s=1)
        mails = await house.accept(*(email(f"m{number}") for number in range(10)))
        house.database.is_away = True
        await house.wait(90)
        assert len(house.logged("store.unavailable")) == 2
        assert len(house.logged("outcome.unwritten")) in {1, 2}
        house.database.is_away = False
        await house.wait(5)
        assert set(await house.states(mails)) == {State.SENT}
        assert len(house.mails) == 10
        (late,) = await house.accept(email("late"))
        await house.wait(2)
        assert await house.state(late) is State.SENT


async def test_a_store_that_is_away_when_mail_is_claimed_is_said_and_asked_again(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        house.account.script(Take(after_s=1))
        await house.accept(email("one"))
        house.database.is_away = True
        house.main.engine.wake()
        await house.wait(3)
        assert len(house.logged("claim.failed")) == 1
        house.database.is_away = False
        await house.wait(2)
        assert len(house.mails) == 1


async def test_a_bug_in_a_provider_is_said_and_stops_nobody_else(store: OpenDatabase) -> None:
    async with furnished(store, lease_s=20.0, deadline_s=10.0) as house:
        house.account.script(Crash(RuntimeError("a bug in the adapter")))
        (struck,) = await house.accept(email("struck"))
        (said,) = house.logged("send.crashed")
        assert said["log_level"] == "critical"
        assert said["exc_info"]
        other = house.receipt(await house.answer(email("other")))
        assert other.state is State.SENT
        await house.wait(25)
        assert await house.state(struck) is State.SENT
        assert {call.key for call in house.account.arrivals("send")} == {
            f"{struck}.0",
            f"{other.id}.0",
        }


async def test_many_bugs_use_up_no_capacity(store: OpenDatabase) -> None:
    async with furnished(store, at_once=2) as house:
        house.account.script(*(Crash(RuntimeError("a bug")) for _ in range(10)))
        await house.accept(*(email(f"m{number}") for number in range(10)))
        receipt = house.receipt(await house.answer(email("after")))
        assert receipt.state is State.SENT


# ---- cleaning up ----


async def test_more_contents_than_one_sweep_takes_are_all_gone_soon(store: OpenDatabase) -> None:
    async with furnished(store, contents_s=1.0) as house:
        mails = await house.accept(*(email(f"m{number}") for number in range(1_100)))
        await house.until(lambda: len(house.mails) == len(mails))
        await house.wait(70, step_s=0.5)
        assert await house.database.read(contents, mails) == {}


# ---- doing nothing ----


async def test_an_idle_engine_asks_the_store_once_a_second_and_a_little_for_the_sweep(
    store: OpenDatabase,
) -> None:
    async with furnished(store, providers=("first", "second")) as house:
        await house.accept()
        await house.wait(120)
        before, calls = house.database.statements, house.traffic.calls
        await house.wait(600, step_s=0.5)
        # One tick a second, and each minute a sweep and a check of each provider.
        assert house.traffic.calls - calls <= 600 * 1.1
        assert house.database.statements - before <= 600 * 1.25
