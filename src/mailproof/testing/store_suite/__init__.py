"""What every store must do, as cases that you run against yours.

Say how your store is opened, in pytest:

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
    async def test_it_keeps_what_the_port_promises(case: Case) -> None:
        async with fresh_world(open_my_store) as world:
            await case(world)

`open_my_store(now_ms)` opens one and the same store each time it is called within a test, empty at
first, on the clock `now_ms`. A case raises `AssertionError`, which says what went wrong.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from mailproof.testing.store_suite import (
    accepting,
    by_hand,
    claiming,
    console,
    counting,
    deeds,
    duties,
    erasing,
    feedback,
    parts,
    passages,
    pausing,
    people,
    recording,
    setting_out,
    sharing,
    shown,
    status,
    usual,
)
from mailproof.testing.store_suite.world import OpenDatabase, World, fresh_world

__all__ = ["CASES", "Case", "OpenDatabase", "World", "fresh_world"]

Case = Callable[[World], Awaitable[None]]

CASES: Final[tuple[Case, ...]] = (
    *accepting.CASES,
    *by_hand.CASES,
    *claiming.CASES,
    *console.CASES,
    *recording.CASES,
    *parts.CASES,
    *setting_out.CASES,
    *passages.CASES,
    *people.CASES,
    *pausing.CASES,
    *deeds.CASES,
    *duties.CASES,
    *erasing.CASES,
    *feedback.CASES,
    *sharing.CASES,
    *shown.CASES,
    *status.CASES,
    *counting.CASES,
    *usual.CASES,
)
