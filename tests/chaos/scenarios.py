"""What may happen to mail: each as a script for one process, and one for the process after it."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from tests.chaos.house import Life

__all__ = ["SCENARIOS", "Scenario"]

Play = Callable[[Life, Sequence[str]], Awaitable[None]]


async def _one(life: Life, mails: Sequence[str]) -> None:
    await life.accept(*mails, key=f"key-of-{mails[0]}")
    await life.rest()


async def _asked_again(life: Life, mails: Sequence[str]) -> None:
    """Its caller heard nothing, and asks again with the same key: still one mail."""
    await life.accept(*mails, key=f"key-of-{mails[0]}")
    await life.rest()


async def _held(life: Life, mails: Sequence[str]) -> None:
    life.house.break_key()
    await life.accept(*mails)
    await life.wait(1)
    life.house.mend()
    await life.rest()


async def _deferred(life: Life, mails: Sequence[str]) -> None:
    life.house.sandboxes[0].fail("503,count=1")
    await life.accept(*mails)
    await life.rest()


async def _failed_over(life: Life, mails: Sequence[str]) -> None:
    life.house.break_key(0)
    await life.accept(*mails)
    await life.wait(1)
    life.house.mend()
    await life.rest()


async def _by_hand(life: Life, mails: Sequence[str]) -> None:
    """An operator cancels one that is held, and after the fault sends it all the same."""
    life.house.break_key()
    await life.accept(*mails)
    await life.wait(0.5)
    await life.cancel(*mails)
    life.house.mend()
    await life.retry(*mails)
    await life.rest()


async def _too_late(life: Life, mails: Sequence[str]) -> None:
    life.house.break_key()
    await life.accept(*mails, expires_s=2.0)
    await life.wait(3)
    life.house.mend()
    await life.rest()


async def _slowed_down(life: Life, mails: Sequence[str]) -> None:
    life.house.sandboxes[0].fail("429,count=1")
    await life.accept(*mails)
    await life.rest()


async def _rest(life: Life, mails: Sequence[str]) -> None:
    await life.rest()


class Scenario(msgspec.Struct, frozen=True):
    """`play` is broken at every step; `then` runs in the next process, when the fault is gone.

    `ends`: where accepted mails may end. `rate`: calls a second that the provider allows.
    """

    name: str
    play: Play
    ends: frozenset[str] = frozenset({"sent"})
    then: Play = _rest
    mails: int = 1
    providers: int = 1
    rate: float | None = None


SCENARIOS = (
    Scenario("one mail that goes", _one, then=_asked_again),
    Scenario("three in one request", _one, then=_asked_again, mails=3),
    Scenario("held and released", _held),
    Scenario("deferred and tried again", _deferred),
    Scenario("failed over to another provider", _failed_over, providers=2),
    Scenario("slowed down", _slowed_down, mails=3, rate=5.0),
    Scenario("canceled and sent by hand", _by_hand, ends=frozenset({"sent", "canceled"})),
    Scenario("expired", _too_late, ends=frozenset({"sent", "expired"})),
)
