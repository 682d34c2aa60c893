"""Group commit when things go wrong: poison, lost answers, full disks, callers who leave."""
# ruff: noqa: FBT001

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailproof.mail.lifecycle import State
from mailproof.store.base import CommitUnknown, Database, StoreFull, StoreUnavailable
from mailproof.store.flush import Closed, Coalescer
from mailproof.store.mails.accept import Answer, accept, standing
from mailproof.store.shapes import Accepted, Submission
from mailproof.store.sqlite.database import SqliteDatabase, open_sqlite
from mailproof.testing import ManualClock
from tests.store.mails import ONE, new_mail
from tests.store.seeding import open_for_mail

Flush = Callable[[Sequence[Any], bool], Awaitable[Sequence[Any]]]


class PoisonError(Exception):
    """What one item does to a transaction."""


@asynccontextmanager
async def running(flush: Flush, batch_max: int = 500) -> AsyncIterator[Coalescer[Any, Any]]:
    """Drained and ended when the block is left."""
    coalescer: Coalescer[Any, Any] = Coalescer(flush, batch_max=batch_max)
    async with asyncio.TaskGroup() as group, asyncio.timeout(60):
        task = group.create_task(coalescer.run())
        try:
            yield coalescer
        finally:
            coalescer.close()
            await task


def doubled(items: Sequence[int]) -> list[int]:
    return [item * 2 for item in items]


async def gathered(coalescer: Coalescer[Any, Any], items: Sequence[Any]) -> list[Any]:
    futures = [coalescer.submit(item) for item in items]
    await asyncio.wait(futures)
    return [future.exception() or future.result() for future in futures]


# ---- as it should be ----


async def test_what_is_submitted_together_is_written_together_and_answered_in_order() -> None:
    batches: list[Sequence[int]] = []

    async def flush(items: Sequence[int], again: bool) -> list[int]:
        batches.append(items)
        return doubled(items)

    async with running(flush) as coalescer:
        assert await gathered(coalescer, range(100)) == doubled(range(100))
    assert batches == [list(range(100))]


async def test_what_arrives_during_a_flush_gathers_for_the_next() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    batches: list[list[int]] = []

    async def flush(items: Sequence[int], again: bool) -> list[int]:
        batches.append(list(items))
        begun.set()
        await go_on.wait()
        return doubled(items)

    async with running(flush) as coalescer:
        first = coalescer.submit(0)
        await begun.wait()
        rest = [coalescer.submit(number) for number in range(1, 8)]
        assert coalescer.backlog == 7
        go_on.set()
        assert [await future for future in (first, *rest)] == doubled(range(8))
    assert batches == [[0], list(range(1, 8))]


async def test_ten_thousand_submits_are_written_in_batches_and_leave_nothing_behind() -> None:
    sizes: list[int] = []

    async def flush(items: Sequence[int], again: bool) -> list[int]:
        sizes.append(len(items))
        return doubled(items)

    async with running(flush, batch_max=64) as coalescer:
        assert await gathered(coalescer, range(10_000)) == doubled(range(10_000))
        assert coalescer.backlog == 0
    assert max(sizes) == 64
    assert sum(sizes) == coalescer.items == 10_000


async def test_closing_writes_what_waits_and_takes_nothing_new() -> None:
    async def flush(items: Sequence[int], again: bool) -> list[int]:
        return doubled(items)

    async with running(flush, batch_max=2) as coalescer:
        waiting = [coalescer.submit(number) for number in range(5)]
        coalescer.close()
        with pytest.raises(Closed):
            await coalescer.submit(9)
        assert [await future for future in waiting] == doubled(range(5))


# ---- poison ----


@given(st.sets(st.integers(0, 39)), st.integers(1, 50), st.sets(st.integers(0, 39)))
@settings(max_examples=80, deadline=None)
async def test_only_the_culprits_fail_whoever_leaves(
    poison: set[int], batch_max: int, leave: set[int]
) -> None:
    written: list[int] = []

    async def flush(items: Sequence[int], again: bool) -> list[int]:
        await asyncio.sleep(0)
        if bad := poison & set(items):
            raise PoisonError(sorted(bad))
        written.extend(items)
        return doubled(items)

    async with running(flush, batch_max) as coalescer:
        futures = [coalescer.submit(number) for number in range(40)]
        for number in leave:
            futures[number].cancel()
        await asyncio.wait(futures)
    for number, future in enumerate(futures):
        if number in leave:
            assert future.cancelled()
        elif number in poison:
            assert isinstance(error := future.exception(), PoisonError)
            assert error.args == ([number],)
        else:
            assert future.result() == number * 2
    assert written == [number for number in range(40) if number not in poison]


async def test_one_culprit_costs_a_few_flushes_more_and_not_one_for_each() -> None:
    calls = 0

    async def flush(items: Sequence[int], again: bool) -> list[int]:
        nonlocal calls
        calls += 1
        if 300 in items:
            raise PoisonError
        return doubled(items)

    async with running(flush) as coalescer:
        answers = await gathered(coalescer, range(500))
    assert [type(answer) for answer in answers].count(PoisonError) == 1
    assert calls <= 19  # twice the halvings of 500, and the first


async def test_a_mail_that_cannot_be_written_fails_alone(database: Database) -> None:
    """A lone surrogate is no text that a database takes."""
    await open_for_mail(database)
    mails = [new_mail(database.now()) for _ in range(16)]
    mails[5] = new_mail(database.now(), subject="\ud800")

    async def flush(items: Sequence[Submission], again: bool) -> list[Answer]:
        return await database.write(accept, items, ONE, again=again)

    async with running(flush) as coalescer:
        answers = await gathered(coalescer, [Submission("shop", (mail,)) for mail in mails])
    failed = [number for number, each in enumerate(answers) if isinstance(each, Exception)]
    assert failed == [5]
    present = await database.read(standing, [mail.id for mail in mails])
    assert set(present) == {mail.id for mail in mails} - {mails[5].id}


# ---- the store is away ----


async def test_a_store_that_is_away_fails_the_batch_at_once_and_the_next_one_may_go() -> None:
    away = True
    calls = 0

    async def flush(items: Sequence[int], again: bool) -> list[int]:
        nonlocal calls
        calls += 1
        if away:
            raise StoreUnavailable("away")
        return doubled(items)

    async with running(flush) as coalescer:
        answers = await gathered(coalescer, range(8))
        assert [type(answer) for answer in answers] == [StoreUnavailable] * 8
        assert calls == 1
        away = False
        assert await gathered(coalescer, range(8)) == doubled(range(8))


class LosesAnswers:
    """A database whose answer to COMMIT gets lost `times` times, after it was kept."""

    def __init__(self, database: Database, times: int) -> None:
        self.database = database
        self.left = times

    async def flush(self, items: Sequence[Submission], again: bool) -> list[Answer]:
        answers = await self.database.write(accept, items, ONE, again=again)
        if self.left:
            self.left -= 1
            raise CommitUnknown("The answer was lost.")
        return answers


async def test_a_commit_whose_answer_was_lost_is_repeated_and_nothing_doubles(
    database: Database,
) -> None:
    await open_for_mail(database)
    mails = [new_mail(database.now()) for _ in range(8)]
    async with running(LosesAnswers(database, 3).flush) as coalescer:
        answers = await gathered(coalescer, [Submission("shop", (mail,)) for mail in mails])
    assert [answer.mails[0].id for answer in answers] == [mail.id for mail in mails]
    assert {answer.mails[0].state for answer in answers} == {State.QUEUED}
    assert not any(answer.repeated for answer in answers)
    assert set(await database.read(standing, [mail.id for mail in mails])) == {
        mail.id for mail in mails
    }


async def test_where_every_answer_is_lost_nobody_is_told_that_nothing_was_kept() -> None:
    tries: list[bool] = []

    async def flush(items: Sequence[int], again: bool) -> list[int]:
        tries.append(again)
        raise CommitUnknown("lost")

    async with running(flush) as coalescer:
        answers = await gathered(coalescer, range(3))
    assert [type(answer) for answer in answers] == [CommitUnknown] * 3
    assert tries == [False] + [True] * 5


@pytest.mark.parametrize("then", [StoreUnavailable("away"), PoisonError("poison")])
async def test_an_error_after_a_lost_answer_leaves_open_what_the_first_try_did(
    then: Exception,
) -> None:
    """Whoever is told that nothing was kept sends the mail again: two copies."""
    tries: list[tuple[int, bool]] = []

    async def flush(items: Sequence[int], again: bool) -> list[int]:
        tries.append((len(items), again))
        raise then if again else CommitUnknown("lost")

    async with running(flush) as coalescer:
        answers = await gathered(coalescer, range(4))
    assert [type(answer) for answer in answers] == [CommitUnknown] * 4
    assert all(answer.__cause__ is then for answer in answers)
    # The halves of a batch that may be there already are tried as such.
    assert all(again for _, again in tries[1:])


async def test_a_full_disk_keeps_nothing_of_the_flush_and_later_all_is_well(
    tmp_path: Path, clock: ManualClock
) -> None:
    database = await open_sqlite(tmp_path / "m.db", now_ms=lambda: int(clock.now() * 1000))
    await open_for_mail(database)
    mails = [new_mail(database.now(), payload=b"x" * 100_000) for _ in range(8)]
    submissions = [Submission("shop", (mail,)) for mail in mails]

    async def flush(items: Sequence[Submission], again: bool) -> list[Answer]:
        return await database.write(accept, items, ONE, again=again)

    async with running(flush) as coalescer:
        await limit_pages(database, 100)
        full = await gathered(coalescer, submissions)
        assert [type(answer) for answer in full] == [StoreFull] * 8
        assert await database.read(standing, [mail.id for mail in mails]) == {}
        await limit_pages(database, 1_000_000)
        well = await gathered(coalescer, submissions)
        assert [type(answer) for answer in well] == [Accepted] * 8
    await database.close()


async def limit_pages(database: SqliteDatabase, pages: int) -> None:
    """Of the connection that writes, as a disk of that size would."""

    await database._writer.apart(
        lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}")
    )


# ---- callers and servers that go away ----


async def test_a_caller_who_leaves_stops_neither_its_own_mail_nor_the_others(
    database: Database,
) -> None:
    await open_for_mail(database)
    mails = [new_mail(database.now()) for _ in range(3)]
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def flush(items: Sequence[Submission], again: bool) -> list[Answer]:
        begun.set()
        await go_on.wait()
        return await database.write(accept, items, ONE, again=again)

    async with running(flush) as coalescer:

        async def caller() -> Any:
            return await coalescer.submit(Submission("shop", (mails[1],)))

        others = [coalescer.submit(Submission("shop", (mails[n],))) for n in (0, 2)]
        async with asyncio.TaskGroup() as group:
            leaving = group.create_task(caller())
            await begun.wait()
            await asyncio.sleep(0)
            leaving.cancel()
        go_on.set()
        assert [type(await future) for future in others] == [Accepted] * 2
    assert set(await database.read(standing, [m.id for m in mails])) == {m.id for m in mails}


@pytest.mark.parametrize("poison", [False, True])
async def test_a_server_that_is_killed_in_a_flush_leaves_nobody_waiting(poison: bool) -> None:
    begun = asyncio.Event()

    async def flush(items: Sequence[int], again: bool) -> list[int]:
        if poison and len(items) > 1:
            raise PoisonError
        begun.set()
        await asyncio.Event().wait()
        return doubled(items)

    coalescer: Coalescer[int, int] = Coalescer(flush, batch_max=4)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(coalescer.run())
        futures = [coalescer.submit(number) for number in range(6)]
        await begun.wait()
        task.cancel()
    async with asyncio.timeout(10):
        await asyncio.wait(futures)
    kinds = [type(future.exception()) for future in futures]
    assert kinds == [CommitUnknown] * 4 + [Closed] * 2


async def test_a_flush_that_answers_too_little_is_a_crash_that_everybody_hears() -> None:
    async def flush(items: Sequence[int], again: bool) -> list[int]:
        return doubled(items)[1:]

    coalescer: Coalescer[int, int] = Coalescer(flush, batch_max=4)
    futures = [coalescer.submit(number) for number in range(6)]
    with pytest.raises(ValueError, match="shorter"):
        await coalescer.run()
    assert all(future.done() for future in futures)
    with pytest.raises(Closed):
        await coalescer.submit(7)
