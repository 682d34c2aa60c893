"""A provider that turns calls away is asked as often as it takes them, by all nodes together."""

from collections.abc import Sequence
from typing import Final

import pytest

from mailproof.clock import Clock
from mailproof.diagnosis.evidence import Evidence, HttpAnswer
from mailproof.engine.pace import Pace, told_pace
from mailproof.mail.lifecycle import State
from mailproof.providers.base import Encoded, Sent
from mailproof.providers.diagnose import diagnose
from mailproof.testing.paper_provider import Call, PaperAccount, Say, Silence, Take, say
from tests.engine.house import House, OpenDatabase, email, furnished

both_stores = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)

T0: Final = 1_700_000_000_000


class LimitedAccount(PaperAccount):
    """Takes so many calls within a second, as the sandbox counts them; the rest gets a 429.

    `names_it`: in its headers, as Resend does.
    """

    def __init__(self, clock: Clock, per_second: int, *, names_it: bool) -> None:
        super().__init__(clock, secret="secret-of-first")
        self.per_second = per_second
        self.names_it = names_it
        self.refused: list[float] = []
        self._began = float("-inf")
        self._count = 0

    async def take(self, call: Call, encoded: Encoded, deadline_s: float) -> Sent | Say:
        now = self.clock.now()
        if now - self._began >= 1:
            self._began, self._count = now, 0
        self._count += 1
        if self._count <= self.per_second:
            return await super().take(call, encoded, deadline_s)
        self.refused.append(now)
        headers = {"retry-after": "1"}
        if self.names_it:
            headers |= {"ratelimit-limit": str(self.per_second), "ratelimit-reset": "1"}
        return say(429, "rate_limit_exceeded", "Too many requests.", headers=headers)


def limited(house: House, per_second: int, *, names_it: bool = False) -> LimitedAccount:
    account = LimitedAccount(house.clock, per_second, names_it=names_it)
    house.use("first", account)
    return account


def after(began: float, refused: Sequence[float]) -> list[float]:
    """Those that the first burst did not meet."""
    return [at for at in refused if at > began + 1]


# ---- with mail ----


@both_stores
@pytest.mark.parametrize("names_it", [True, False])
async def test_a_limit_that_nobody_configured_is_met_once_and_then_kept(
    store: OpenDatabase,
    names_it: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    async with furnished(store, begin=False) as house:
        account = limited(house, 5, names_it=names_it)
        await house.start()
        began = house.clock.now()
        mails = await house.accept(*(email(f"m{number}") for number in range(300)))
        took_s = await house.until(lambda: len(house.mails) == 300, most_s=200)
        assert took_s < 300 / 5 * 1.4, "it is asked far less often than it would take"
        assert 1 <= len(after(began, account.refused)) <= 300 * 0.1
        assert set(await house.states(mails)) == {State.SENT}


async def test_what_is_taken_after_the_first_429_came_is_counted_too(store: OpenDatabase) -> None:
    async with furnished(store, begin=False) as house:
        account = limited(house, 20)
        account.always = Take(after_s=0.5)  # refusals come at once
        await house.start()
        began = house.clock.now()
        await house.accept(*(email(f"m{number}") for number in range(300)))
        took_s = await house.until(lambda: len(house.mails) == 300, most_s=200)
        assert took_s < 300 / 20 * 1.6
        assert account.refused
        assert len(after(began, account.refused)) <= 300 * 0.1


async def test_critical_mail_overtakes_what_waits_for_the_learnt_pace(store: OpenDatabase) -> None:
    async with furnished(store, begin=False) as house:
        limited(house, 5)
        await house.start()
        await house.accept(*(email(f"m{number}") for number in range(100)))
        await house.wait(5)
        (urgent,) = await house.accept(email("urgent", purpose="otp"))
        await house.wait(2)
        assert await house.state(urgent) is State.SENT
        assert len(house.mails) < 60


@both_stores
async def test_two_nodes_keep_a_limit_together_that_each_has_learnt(store: OpenDatabase) -> None:
    async with furnished(store, begin=False) as house:
        account = limited(house, 6, names_it=True)
        house.duties_leased = True
        await house.start()
        other = await house.start()
        began = house.clock.now()
        for number in range(200):
            at = other if number % 2 else house.main
            await house.accept(email(f"m{number}"), at=at)
        await house.until(lambda: len(house.mails) == 200, most_s=200)
        assert len(after(began, account.refused)) <= 200 * 0.1


async def test_a_configured_rate_is_the_ceiling_and_a_lower_limit_is_learnt_below_it(
    store: OpenDatabase,
) -> None:
    async with furnished(store, begin=False, rates={"first": 40.0}) as house:
        account = limited(house, 4)
        await house.start()
        began = house.clock.now()
        await house.accept(*(email(f"m{number}") for number in range(200)))
        await house.until(lambda: len(house.mails) == 200, most_s=200)
        at = [mail.at for mail in house.mails]
        assert max(sum(t <= other < t + 1 for other in at) for t in at) <= 8
        # It halves its way down from 40 to 4.
        assert len([t for t in account.refused if t > began + 6]) <= 200 * 0.1


async def test_a_limit_that_was_raised_is_found_within_minutes(store: OpenDatabase) -> None:
    async with furnished(store, begin=False) as house:
        account = limited(house, 2)
        await house.start()
        mails = [email(f"m{number}", expires_s=86_400.0) for number in range(600)]
        await house.accept(*mails)
        await house.wait(30)
        assert len(house.mails) <= 70
        account.per_second = 1_000
        await house.until(lambda: len(house.mails) == 600, most_s=180)


async def test_after_a_long_quiet_a_burst_goes_at_once_again(store: OpenDatabase) -> None:
    async with furnished(store, begin=False) as house:
        account = limited(house, 5)
        await house.start()
        await house.accept(*(email(f"m{number}") for number in range(20)))
        await house.until(lambda: len(house.mails) == 20)
        account.per_second = 1_000
        await house.wait(181, step_s=0.5)
        await house.accept(*(email(f"n{number}") for number in range(20)))
        assert len(house.mails) == 40


# ---- places for critical mail ----


@both_stores
async def test_critical_mail_does_not_wait_behind_calls_that_hang(store: OpenDatabase) -> None:
    async with furnished(store, at_once=8) as house:
        house.account.script(*[Silence() for _ in range(7)])
        await house.accept(*(email(f"m{number}") for number in range(40)))
        assert len(house.account.arrivals("send")) == 7
        (urgent,) = await house.accept(email("urgent", purpose="otp"))
        assert await house.state(urgent) is State.SENT


@pytest.mark.parametrize(("at_once", "ordinary"), [(1, 1), (3, 3), (4, 3), (64, 56)])
async def test_few_places_or_none_are_kept_from_ordinary_mail(
    store: OpenDatabase, at_once: int, ordinary: int
) -> None:
    async with furnished(store, at_once=at_once) as house:
        house.account.always = Take(after_s=1)
        mails = await house.accept(*(email(f"m{number}") for number in range(130)))
        assert len(house.account.arrivals("send")) == ordinary
        await house.until(lambda: len(house.mails) == 130, most_s=200)
        assert set(await house.states(mails)) == {State.SENT}


# ---- the pace itself ----


def learnt(pace: Pace, taken: int, at: int = T0) -> float | None:
    """The pace after a burst of which so many calls were taken, when its pause is over."""
    for _ in range(taken):
        pace.taken(at)
    pace.turned_away(at)
    return pace.now(at + 1_000)


class PickyAccount(PaperAccount):
    """Takes everything but what is for one reader, whom it has a limit for."""

    refused = 0

    async def take(self, call: Call, encoded: Encoded, deadline_s: float) -> Sent | Say:
        if b"picky@" not in encoded.body:
            return await super().take(call, encoded, deadline_s)
        self.refused += 1
        headers = {"retry-after": "1"}
        return say(429, "rate_limit_exceeded", "Too many requests.", headers=headers)


@both_stores
async def test_a_mail_that_is_turned_away_again_and_again_slows_only_itself(
    store: OpenDatabase,
) -> None:
    async with furnished(store, begin=False) as house:
        account = PickyAccount(house.clock, secret="secret-of-first")
        house.use("first", account)
        await house.start()
        await house.accept(email("picky"))
        await house.wait(120, step_s=0.5)
        met = account.refused
        ids = await house.accept(*(email(f"m{number}") for number in range(100)))
        began = house.clock.now()
        await house.until(lambda: len(house.mails) == len(ids))
        assert house.clock.now() - began < 30, "one reader slows down all the others"
        await house.wait(600, step_s=0.5)
        assert 5 <= met <= 15
        assert account.refused - met <= 10


def test_without_a_429_there_is_no_pace_but_the_configured_one() -> None:
    assert Pace().now(T0) is None
    assert Pace(5.0).now(T0) == 5.0


def test_the_first_pace_is_a_little_less_than_what_was_taken_within_a_second() -> None:
    assert learnt(Pace(), 20) == pytest.approx(18)
    assert learnt(Pace(), 0) == 1


def test_what_was_taken_long_before_does_not_count() -> None:
    pace = Pace()
    for number in range(50):
        pace.taken(T0 - 5_000 + number)
    assert learnt(pace, 10) == pytest.approx(9)


def test_calls_that_set_out_together_lower_the_pace_once() -> None:
    pace = Pace()
    for _ in range(60):
        pace.turned_away(T0)
    first = learnt(pace, 10)
    for _ in range(60):
        pace.turned_away(T0 + 900)
    assert pace.now(T0 + 1_000) == first


def test_the_pace_rises_slowly_then_fast_and_ends() -> None:
    pace = Pace()
    begun = learnt(pace, 10)
    assert begun == pytest.approx(9)
    grown = [pace.now(T0 + 1_000 + after_s * 1_000) for after_s in (1, 10, 60, 120, 179, 180)]
    numbers = [each for each in grown if each is not None]
    assert numbers == sorted(numbers)
    assert numbers[0] < 9.1
    assert numbers[1] < 9.7
    assert 18 <= numbers[2] < 20
    assert 144 <= numbers[3] < 150
    assert grown[-1] is None


def test_each_further_429_lowers_the_pace_by_a_tenth_to_a_half() -> None:
    pace = Pace()
    learnt(pace, 20)
    assert learnt(pace, 18, T0 + 2_000) == pytest.approx(0.9 * 18, rel=0.01)
    assert learnt(pace, 1, T0 + 4_000) == pytest.approx(0.5 * 0.9 * 18, rel=0.02)
    for number in range(20):
        learnt(pace, 0, T0 + 6_000 + number * 2_000)
    assert 0.2 <= (learnt(pace, 0, T0 + 60_000) or 0) <= 0.3


def test_a_configured_rate_is_never_exceeded() -> None:
    pace = Pace(4.0)
    assert learnt(pace, 100) == pytest.approx(3.6)
    assert pace.now(T0 + 170_000) == 4


@pytest.mark.parametrize(
    ("headers", "pace"),
    [
        ({"ratelimit-limit": "5", "ratelimit-reset": "1"}, 5),
        ({"ratelimit-limit": "5", "ratelimit-policy": "5;w=1", "ratelimit-reset": "1"}, 5),
        ({"ratelimit-limit": "100, 100;w=60", "ratelimit-reset": "3"}, 100 / 60),
        ({"ratelimit-policy": '"default";q=30;w=10'}, 3),
        ({"ratelimit-limit": "100", "ratelimit-reset": "1700000000"}, None),
        ({"ratelimit-limit": "0", "ratelimit-reset": "1"}, None),
        ({"ratelimit-limit": "many", "ratelimit-reset": "1"}, None),
        ({"ratelimit-limit": "5", "ratelimit-reset": "0"}, None),
        ({"retry-after": "1"}, None),
    ],
)
def test_the_pace_that_headers_name_is_read(headers: dict[str, str], pace: float | None) -> None:
    seen = HttpAnswer(429, headers, {"statusCode": 429, "name": "rate_limit_exceeded"})
    assert told_pace(diagnose(Evidence(seen, "resend"))) == pace


def test_the_named_pace_goes_before_what_was_counted() -> None:
    pace = Pace()
    for _ in range(50):
        pace.taken(T0)
    pace.turned_away(T0, 10.0)
    assert pace.now(T0 + 1_000) == pytest.approx(9)
