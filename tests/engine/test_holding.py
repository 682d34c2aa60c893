"""A fault that is not the mail's costs no mail: it is held, and goes when the way is free."""

import pytest

from mailproof.diagnosis.evidence import Raised
from mailproof.diagnosis.reasons import FACTS, Reason
from mailproof.mail.address import Address
from mailproof.mail.lifecycle import State
from mailproof.providers.base import Encoded, Sent
from mailproof.testing.paper_provider import Call, Crash, PaperAccount, Say, Take, say
from tests.engine.house import OpenDatabase, email, furnished

both_stores = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)

UNVERIFIED = say(403, "validation_error", "The acme.test domain is not verified.")
UNREACHABLE = Say(Raised("ConnectionRefusedError", "Connection refused", request_written=False))


@both_stores
async def test_a_held_mail_burns_no_try_and_has_a_new_key_the_next_time(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        house.revoke()
        (held,) = await house.accept()
        assert await house.state(held) is State.HELD
        house.restore()
        await house.until(lambda: bool(house.mails))
        (mail,) = house.mails
        assert mail.key == f"{held}.1"
        assert await house.outcomes(held) == ["refused", "accepted"]
        assert await house.state(held) is State.SENT


@both_stores
async def test_when_the_key_is_mended_all_that_was_held_goes_once_and_slowly_at_first(
    store: OpenDatabase,
) -> None:
    async with furnished(store, probe_interval_s=1.0) as house:
        house.revoke()
        held = await house.accept(*(email(f"m{number}") for number in range(40)))
        assert set(await house.states(held)) == {State.HELD}
        house.restore()
        await house.until(lambda: bool(house.mails))
        opened = house.clock.now()
        await house.until(lambda: len(house.mails) == 40)
        assert sorted(mail.stamp for mail in house.mails) == sorted(held)
        within = [sum(m.at - opened < second for m in house.mails) for second in (1, 3, 5)]
        # The live probe and one, two, four … a second after it.
        assert within[0] <= 3
        assert within[1] <= 9
        assert within[2] <= 33
        await house.wait(2)
        assert len(house.mails) == 40
        types = [event.type for event in await house.events()]
        assert types.count("route.opened") == 1
        assert types[-1] != "lane.releasing"
        assert "lane.opened" in types


async def test_the_first_live_mail_is_sent_alone_and_the_others_wait_for_what_comes_of_it(
    store: OpenDatabase,
) -> None:
    async with furnished(store, probe_interval_s=1.0) as house:
        house.account.lists_domains = False  # a check cannot tell
        house.account.always = say(403, "invalid_api_key", "API key is invalid")
        await house.accept(*(email(f"m{number}") for number in range(5)))
        calls = len(house.account.arrivals("send"))
        house.account.always = Take(after_s=3)
        await house.until(lambda: len(house.account.arrivals("send")) > calls)
        await house.wait(2)
        assert len(house.account.arrivals("send")) == calls + 1
        await house.until(lambda: len(house.mails) == 5)


@both_stores
async def test_the_event_of_a_failed_probe_tells_its_lanes_reason_and_what_it_saw_apart(
    store: OpenDatabase,
) -> None:
    async with furnished(store, probe_interval_s=1.0) as house:
        house.account.lists_domains = False  # a check cannot tell
        wrong_key = say(403, "invalid_api_key", "API key is invalid")
        house.account.script(wrong_key, say(503, "service_unavailable"))
        house.account.always = wrong_key
        (mail,) = await house.accept()
        await house.until(lambda: len(house.account.arrivals("send")) == 2)
        first, second = [e.data for e in await house.events(mail) if e.type == "email.held"]
        assert (first["reason"], first["severity"]) == ("credentials_invalid", "CRITICAL")
        assert "attempt_reason" not in first
        assert second["reason"] == "credentials_invalid"
        assert second["attempt_reason"] == "provider_unavailable"
        assert second["attempt_severity"] == FACTS[Reason.PROVIDER_UNAVAILABLE].severity.value
        assert second["attempt_origin"] == "provider"
        assert "severity" not in second, "the reason's severity is another one"


class _Poisoned(PaperAccount):
    """Answers one mail as if the key were wrong, whenever it comes."""

    async def take(self, call: Call, encoded: Encoded, deadline_s: float) -> Sent | Say:
        if b"poison" in encoded.body:
            self.calls.append(call)
            return say(403, "invalid_api_key", "API key is invalid")
        return await super().take(call, encoded, deadline_s)


@both_stores
async def test_a_critical_mail_whose_own_fault_looks_like_the_routes_keeps_no_other_held(
    store: OpenDatabase,
) -> None:
    async with furnished(store, begin=False, probe_interval_s=10.0) as house:
        account = _Poisoned(house.clock, secret="secret-of-first")
        account.lists_domains = False
        house.use("first", account)
        await house.start()
        (poison,) = await house.accept(email("poison", purpose="registration"))
        assert await house.state(poison) is State.HELD
        others = await house.accept(*(email(f"m{number}") for number in range(60)))
        # Two probes, twice ten seconds and the pace of a release; not ten seconds for each mail.
        await house.until(lambda: len(house.mails) == 60, most_s=60)
        assert set(await house.states(others)) == {State.SENT}


async def test_a_release_begins_anew_when_the_provider_fails_in_it(store: OpenDatabase) -> None:
    async with furnished(store, probe_interval_s=1.0) as house:
        house.revoke()
        held = await house.accept(*(email(f"m{number}") for number in range(60)))
        house.restore()
        await house.until(lambda: len(house.mails) >= 8)
        house.account.script(say(503, "service_unavailable"))
        before = len(house.mails)
        await house.wait(1)
        assert len(house.mails) - before <= 3
        await house.until(lambda: len(house.mails) == 60)
        assert sorted(mail.stamp for mail in house.mails) == sorted(held)


async def test_a_check_closes_the_route_before_the_first_mail_meets_the_fault(
    store: OpenDatabase,
) -> None:
    async with furnished(store, begin=False) as house:
        house.break_key()
        await house.start()
        await house.wait(1)
        assert await house.is_closed()
        receipt = house.receipt(await house.answer(email()))
        assert (receipt.state, receipt.reason) == (State.HELD, Reason.CREDENTIALS_INVALID)
        assert not house.account.arrivals("send")


async def test_a_check_closes_the_way_of_mail_that_has_gone_it_before(store: OpenDatabase) -> None:
    async with furnished(store, check_interval_s=10.0) as house:
        (sent,) = await house.accept(email("before"))
        house.revoke()
        await house.wait(13)
        calls = len(house.account.arrivals("send"))
        receipt = house.receipt(await house.answer(email("after")))
        assert (receipt.state, receipt.reason) == (State.HELD, Reason.CREDENTIALS_INVALID)
        assert len(house.account.arrivals("send")) == calls, "the check was enough to know"
        assert await house.state(sent) is State.SENT


async def test_a_check_that_is_well_again_opens_a_route_that_nothing_is_held_behind(
    store: OpenDatabase,
) -> None:
    async with furnished(store, begin=False, probe_interval_s=1.0) as house:
        house.break_key()
        await house.start()
        await house.wait(2)
        house.mend_key()
        await house.wait(2)
        assert not await house.is_closed()
        assert not house.account.arrivals("send")
        receipt = house.receipt(await house.answer(email()))
        assert receipt.state is State.SENT


@both_stores
async def test_a_key_that_is_changed_while_we_run_is_tried_at_once(store: OpenDatabase) -> None:
    async with furnished(store, begin=False) as house:
        house.break_key()
        await house.start()
        (held,) = await house.accept()
        await house.wait(55)  # the next probe is up to a minute away by now
        house.mend_key()
        await house.wait(1)
        assert await house.state(held) is State.SENT


async def test_a_check_that_cannot_tell_closes_nothing(store: OpenDatabase) -> None:
    async with furnished(store, begin=False) as house:
        house.account.lists_domains = False
        await house.start()
        await house.wait(180)
        assert len(house.account.arrivals("check")) >= 2
        assert not await house.is_closed()


async def test_one_bad_look_at_the_network_closes_nothing_and_three_in_a_row_do(
    store: OpenDatabase,
) -> None:
    async with furnished(store, begin=False, probe_interval_s=10.0) as house:
        house.account.check_reply = UNREACHABLE
        await house.start()
        await house.wait(12)
        assert len(house.account.arrivals("check")) == 2
        assert not await house.is_closed()
        await house.wait(10)
        assert await house.is_closed()


async def test_a_network_that_recovers_in_between_is_no_row(store: OpenDatabase) -> None:
    async with furnished(store, begin=False, probe_interval_s=10.0) as house:
        house.account.check_reply = UNREACHABLE
        await house.start()
        await house.wait(12)
        house.account.check_reply = None
        await house.wait(10)
        house.account.check_reply = UNREACHABLE
        await house.wait(70)
        assert not await house.is_closed()


async def test_a_check_that_raises_is_said_and_the_next_one_comes(store: OpenDatabase) -> None:
    async with furnished(store, begin=False) as house:
        house.account.check_reply = Crash(RuntimeError("a bug in the adapter"))
        await house.start()
        await house.wait(2)
        (said,) = house.logged("check.crashed")
        assert said["log_level"] == "critical"
        house.account.check_reply = None
        await house.wait(6)
        assert len(house.account.arrivals("check")) == 2
        assert house.receipt(await house.answer(email())).state is State.SENT


@pytest.mark.parametrize("lists_domains", [True, False])
async def test_while_a_key_is_wrong_the_provider_is_asked_twice_an_interval_at_most(
    store: OpenDatabase,
    lists_domains: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    async with furnished(store, begin=False, probe_interval_s=10.0) as house:
        house.account.lists_domains = lists_domains
        house.account.always = say(403, "invalid_api_key", "API key is invalid")
        await house.start()
        await house.accept(email("first"))
        began, known = house.clock.now(), len(house.account.calls)
        for minute in range(60):
            await house.accept(email(f"m{minute}"))
            await house.wait(60, step_s=0.5)
        calls = [call.at - began for call in house.account.calls[known:]]
        for start in range(0, 3_600, 10):
            asked = sum(start <= at < start + 10 for at in calls)
            assert asked <= 2, f"{asked} calls in the ten seconds after {start} s"
        assert len(calls) <= 2 * (3_600 / 60 + 4)


async def test_a_sender_that_may_not_send_is_held_and_the_others_go(store: OpenDatabase) -> None:
    async with furnished(store, probe_interval_s=600.0) as house:
        house.account.script(UNVERIFIED)
        (held,) = await house.accept()
        assert await house.is_closed(sender="acme.test")
        assert not await house.is_closed()
        other = email("other", sender=Address.parse("hello@other.test", where="from"))
        assert house.receipt(await house.answer(other)).state is State.SENT
        assert await house.state(held) is State.HELD
        waiting = house.receipt(await house.answer(email("second")))
        assert waiting.state is State.HELD


@both_stores
async def test_when_the_key_is_mended_and_the_domain_is_not_the_mail_says_so(
    store: OpenDatabase,
) -> None:
    async with furnished(store, probe_interval_s=1.0) as house:
        house.account.lists_domains = False  # a key that may only send cannot tell
        house.account.always = say(403, "invalid_api_key", "API key is invalid")
        tried, waited = await house.accept(email("m1"), email("m2"))
        assert await house.is_closed()
        house.account.always = UNVERIFIED
        await house.wait(8)
        assert not await house.is_closed(), "who judges the sender has let the key in"
        assert await house.is_closed(sender="acme.test")
        for email_id in (tried, waited):
            shown = await house.shown(email_id)
            assert shown.mail.state is State.HELD
            assert shown.mail.reason == Reason.SENDER_UNVERIFIED
            assert shown.mail.failure is not None
            assert shown.mail.failure.reason is Reason.SENDER_UNVERIFIED
        house.account.always = Take()
        await house.until(lambda: len(house.mails) == 2)


async def test_a_sender_that_a_check_lists_as_unverified_is_closed_if_it_is_used(
    store: OpenDatabase,
) -> None:
    async with furnished(store, check_interval_s=60.0) as house:
        await house.accept()
        house.account.domains = {"acme.test": "failed", "unused.test": "failed"}
        await house.wait(75)
        assert await house.is_closed(sender="acme.test")
        assert await house.route(sender="unused.test") is None


@both_stores
async def test_mail_that_waits_when_its_way_closes_is_put_aside_with_its_reason(
    store: OpenDatabase,
) -> None:
    async with furnished(store, at_once=1, probe_interval_s=600.0) as house:
        house.account.script(Take(after_s=1))
        first = house.ask(email("slow"))
        rest = await house.accept(*(email(f"m{number}") for number in range(5)))
        house.account.always = say(403, "invalid_api_key", "API key is invalid")
        await house.wait(2)
        assert house.receipt(first.result()).state is State.SENT
        assert set(await house.states(rest)) == {State.HELD}
        assert {await house.reason(each) for each in rest} == {"credentials_invalid"}
        assert len(house.account.arrivals("send")) <= 3


@both_stores
async def test_a_late_refusal_under_the_old_key_does_not_close_the_way_again(
    store: OpenDatabase,
) -> None:
    async with furnished(store, probe_interval_s=1.0) as house:
        late = say(403, "invalid_api_key", "API key is invalid", after_s=10)
        quick = say(403, "invalid_api_key", "API key is invalid")
        house.account.script(late, quick)
        await house.accept(email("late"), email("quick"))
        await house.until(lambda: bool(house.mails))
        assert not await house.is_closed()
        await house.wait(15)
        closed = [e for e in await house.events() if e.type == "route.closed"]
        assert len(closed) == 1
        assert len(house.mails) == 2


async def test_five_mails_that_meet_a_provider_that_is_down_close_it(store: OpenDatabase) -> None:
    async with furnished(store, probe_interval_s=600.0) as house:
        house.account.always = say(503, "service_unavailable")
        await house.accept(*(email(f"m{number}") for number in range(4)))
        assert not await house.is_closed()
        await house.accept(email("fifth"))
        assert await house.is_closed()


async def test_one_mail_that_meets_it_often_closes_nothing(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        house.account.always = say(503, "service_unavailable")
        await house.accept()
        await house.wait(50)
        assert len(house.account.arrivals("send")) >= 5
        assert not await house.is_closed()


BAD_MAIL = say(422, "missing_required_field", "Missing `subject` field.")


@both_stores
async def test_three_different_mails_refused_in_a_row_hold_the_next_ones(
    store: OpenDatabase,
) -> None:
    async with furnished(store, probe_interval_s=1.0) as house:
        house.account.always = BAD_MAIL
        failed = await house.accept(*(email(f"m{number}") for number in range(3)))
        assert set(await house.states(failed)) == {State.FAILED}
        assert await house.is_closed(sender="acme.test")
        (held,) = await house.accept(email("next"))
        assert await house.state(held) is State.HELD
        # One live probe at a time: each ends for itself, and opens nothing.
        await house.wait(3)
        assert await house.state(held) is State.FAILED
        assert await house.is_closed(sender="acme.test")
        house.account.always = None
        (last,) = await house.accept(email("last"))
        await house.until(lambda: bool(house.mails))
        assert [mail.stamp for mail in house.mails] == [last]
        assert not await house.is_closed(sender="acme.test")


async def test_an_accepted_mail_between_them_is_no_row(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        house.account.script(BAD_MAIL, BAD_MAIL, Take(), BAD_MAIL, BAD_MAIL)
        await house.accept(*(email(f"m{number}") for number in range(5)))
        assert not await house.is_closed(sender="acme.test")
