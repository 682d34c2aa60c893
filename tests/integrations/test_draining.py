"""The outbox is handed over: in order, once each, and nothing in it blocks what is behind."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.typing import EventDict

from mailproof import LaneClosed, Mailproof, NotConfigured, OutcomeUnknown
from mailproof.client.writing import Enqueued
from mailproof.clock import SystemClock
from mailproof.integrations.outbox import Outbox
from mailproof.integrations.outbox.drain import Taker
from mailproof.testing import ManualClock
from tests.client.stumbling import stumbling
from tests.integrations.world import AppDatabase, accepted, numbered
from tests.whole.house import House

DEADLINE_S = 10.0


async def enqueued(database: AppDatabase, mail: Mailproof, *numbers: int, **given: Any) -> None:
    async with AsyncSession(database.engine) as session, session.begin():
        for number in numbers:
            await mail.enqueue(numbered(number, **given), connection=session)


@asynccontextmanager
async def draining(outbox: Outbox, mail: Taker) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(outbox.drain(mail))
        yield
        task.cancel()


class AlwaysAway:
    """A gateway that answers 500 whatever it is asked."""

    def __init__(self, mail: Mailproof) -> None:
        self._mail = mail

    def on_enqueued(self, listener: Callable[[], None]) -> Callable[[], None]:
        return self._mail.on_enqueued(listener)

    async def hand_over(self, row: Enqueued) -> str:
        raise OutcomeUnknown("HTTP 500", where="POST /emails", fix="Send it again.")


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not true():  # noqa: ASYNC110 - a database of another thread tells nobody
            await asyncio.sleep(0.01)


def ways(database: AppDatabase) -> list[Any]:
    """Every way in which a drainer can be given this database."""
    found: list[Any] = [database.engine, database.url]
    if database.url.startswith("sqlite"):
        found.append(create_engine(database.url))
    return found


async def test_all_is_handed_over_in_order_and_its_rows_are_gone(
    app_database: AppDatabase, mail: Mailproof, tmp_path: Path
) -> None:
    expected: list[str] = []
    for way in ways(app_database):
        first = len(expected)
        await enqueued(app_database, mail, *range(first, first + 60))
        expected += [f"Mail {number}" for number in range(first, first + 60)]
        outbox = Outbox(way)
        assert await outbox.waiting() == 60
        assert await outbox.drain_once(mail) == 0
        await outbox.close()
        assert accepted(tmp_path) == expected
        assert await app_database.waiting() == []
        if hasattr(way, "dispose") and way is not app_database.engine:
            way.dispose()


async def test_a_commit_in_this_process_is_noticed_at_once(
    app_database: AppDatabase, mail: Mailproof, tmp_path: Path
) -> None:
    class OnlyWhenWoken(SystemClock):
        """Time does not pass by itself: what is not told of is never seen."""

        async def sleep_until(self, at: float) -> None:
            del at
            await asyncio.Event().wait()

    async with draining(Outbox(app_database.engine, clock=OnlyWhenWoken()), mail):
        await until(lambda: bool(mail._listeners))
        await enqueued(app_database, mail, 1)
        await until(lambda: accepted(tmp_path) == ["Mail 1"])


async def test_a_commit_of_another_process_is_noticed_within_a_second(
    app_database: AppDatabase, mail: Mailproof, tmp_path: Path
) -> None:
    environ = {"MAILPROOF_URL": "http://127.0.0.1:9", "MAILPROOF_API_KEY": "mp_k"}
    other = Mailproof.from_env(environ=environ, sender="Acme <hello@acme.test>")
    outbox = Outbox(app_database.url)
    async with draining(outbox, mail):
        await enqueued(app_database, other, 1)
        await until(lambda: accepted(tmp_path) == ["Mail 1"])
    await outbox.close()


async def test_a_bad_row_is_set_aside_loudly_and_what_is_behind_it_goes(
    app_database: AppDatabase, mail: Mailproof, tmp_path: Path, log: list[EventDict]
) -> None:
    await enqueued(app_database, mail, 1, 2, 3)
    ids = await app_database.waiting()
    broken = '{"v": 1, "email": {"from": "a@b.test", "to": ["zoe@"], "subject": "x", "text": "x"}}'
    change = "UPDATE mailproof_outbox SET payload = :payload WHERE id = :id"
    await app_database.change(change, payload=broken, id=ids[0])
    await app_database.change(change, payload='{"v": 2, "email": {}}', id=ids[1])

    assert await Outbox(app_database.engine).drain_once(mail) == 0

    assert accepted(tmp_path) == ["Mail 3"]
    kept = await app_database.rows("SELECT id, problem, set_aside_at FROM mailproof_outbox")
    assert [(row_id, at is not None) for row_id, _, at in kept] == [(ids[0], True), (ids[1], True)]
    assert "zoe@" in kept[0][1]
    said = [line for line in log if line["event"] == "outbox.row_set_aside"]
    assert [(line["log_level"], line["row_id"]) for line in said] == [
        ("error", ids[0]),
        ("error", ids[1]),
    ]
    assert "zoe" not in str(said)

    await app_database.change(change, payload=broken.replace("zoe@", "z@f.test"), id=ids[0])
    again = "UPDATE mailproof_outbox SET problem = NULL WHERE id = :id"
    await app_database.change(again, id=ids[0])
    await Outbox(app_database.engine).drain_once(mail)
    assert accepted(tmp_path) == ["Mail 3", "x"]


async def test_a_row_that_no_parser_survives_blocks_nobody(
    app_database: AppDatabase, mail: Mailproof, tmp_path: Path
) -> None:
    await enqueued(app_database, mail, 1, 2)
    deep = '{"email": {"a": ' + "[" * 20_000 + "]" * 20_000 + "}}"
    change = "UPDATE mailproof_outbox SET payload = :payload WHERE id = :id"
    await app_database.change(change, payload=deep, id=(await app_database.waiting())[0])
    assert await Outbox(app_database.engine).drain_once(mail) == 0
    assert accepted(tmp_path) == ["Mail 2"]
    assert len(await app_database.waiting()) == 1


@pytest.mark.parametrize("status", [200, 302, 401, 403, 404, 405])
async def test_a_page_of_something_in_between_sets_no_row_aside(
    mail: Mailproof, tmp_path: Path, log: list[EventDict], status: int
) -> None:
    async with AppDatabase.opened(f"sqlite:///{tmp_path}/app.db") as database:
        await enqueued(database, mail, 1, 2)
        outbox = Outbox(database.engine)
        with stumbling("", [status, status]) as line:
            environ = {"MAILPROOF_URL": line.url, "MAILPROOF_API_KEY": "mp_k"}
            async with Mailproof.from_env(environ=environ) as wrong:
                assert await outbox.drain_once(wrong) == 2
        assert [line["log_level"] for line in log if line["event"] == "outbox.refused"] == ["error"]
        assert await outbox.drain_once(mail) == 0
    assert accepted(tmp_path) == ["Mail 1", "Mail 2"]


async def test_a_row_that_is_too_large_for_a_proxy_is_set_aside(
    mail: Mailproof, tmp_path: Path
) -> None:
    async with AppDatabase.opened(f"sqlite:///{tmp_path}/app.db") as database:
        await enqueued(database, mail, 1)
        with stumbling("", [413]) as line:
            environ = {"MAILPROOF_URL": line.url, "MAILPROOF_API_KEY": "mp_k"}
            async with Mailproof.from_env(environ=environ) as through:
                assert await Outbox(database.engine).drain_once(through) == 0
        assert len(await database.waiting()) == 1


class Picky:
    """Takes mail as a gateway does whose lane of one sender is closed, and that has a bug."""

    def __init__(self) -> None:
        self.brought: list[str] = []

    def on_enqueued(self, listener: Callable[[], None]) -> Callable[[], None]:
        return listener

    async def hand_over(self, row: Enqueued) -> str:
        self.brought.append(row.id)
        if "closed@" in row.payload:
            raise LaneClosed("closed", where="there", fix="Later.")
        if "bug@" in row.payload:
            raise RuntimeError("a bug")
        return row.id


async def test_a_closed_lane_of_one_sender_keeps_back_no_other_however_many_wait(
    app_database: AppDatabase, mail: Mailproof
) -> None:
    for way in ways(app_database):
        await app_database.change("DELETE FROM mailproof_outbox")
        await enqueued(app_database, mail, *range(120), sender="Shop <closed@acme.test>")
        await enqueued(app_database, mail, 120)
        outbox = Outbox(way)
        assert await outbox.drain_once(Picky()) == 120
        await outbox.close()


async def test_a_crash_does_not_bring_again_what_was_accepted_before_it(
    app_database: AppDatabase, mail: Mailproof, log: list[EventDict]
) -> None:
    await enqueued(app_database, mail, 1, 2)
    await enqueued(app_database, mail, 3, sender="Shop <bug@acme.test>")
    before = await app_database.waiting()
    assert await Outbox(app_database.engine).drain_once(Picky()) == 1
    assert await app_database.waiting() == before[2:]
    crashes = [line for line in log if line["event"] == "outbox.crashed"]
    assert [(line["log_level"], line["row_id"]) for line in crashes] == [("critical", before[2])]


async def test_a_session_that_lives_long_wakes_once_for_each_commit(
    mail: Mailproof, tmp_path: Path
) -> None:
    woken: list[int] = []
    mail.on_enqueued(lambda: woken.append(1))
    async with (
        AppDatabase.opened(f"sqlite:///{tmp_path}/app.db") as database,
        AsyncSession(database.engine) as session,
    ):
        for number in range(5):
            async with session.begin():
                await mail.enqueue(numbered(number), connection=session)
    assert len(woken) == 5


async def test_a_row_that_is_brought_twice_is_one_mail(
    app_database: AppDatabase, mail: Mailproof, tmp_path: Path
) -> None:
    """As by a drainer that was killed between accepting and deleting, or by two on SQLite."""
    await enqueued(app_database, mail, 1)
    kept = (await app_database.rows("SELECT id, payload, enqueued_at FROM mailproof_outbox"))[0]
    outbox = Outbox(app_database.engine)
    await outbox.drain_once(mail)
    insert = "INSERT INTO mailproof_outbox (id, payload, enqueued_at) VALUES (:id, :payload, :at)"
    await app_database.change(insert, id=kept[0], payload=kept[1], at=kept[2])
    await outbox.drain_once(mail)
    assert accepted(tmp_path) == ["Mail 1"]
    assert await app_database.waiting() == []


async def test_two_drainers_bring_each_mail_once(
    app_database: AppDatabase, mail: Mailproof, tmp_path: Path
) -> None:
    await enqueued(app_database, mail, *range(120))
    outboxes = [Outbox(app_database.url) for _ in range(3)]
    async with asyncio.TaskGroup() as group:
        for outbox in outboxes:
            group.create_task(outbox.drain_once(mail))
    for outbox in outboxes:
        await outbox.close()
    assert sorted(accepted(tmp_path)) == sorted(f"Mail {number}" for number in range(120))


async def test_what_a_gateway_cannot_take_now_waits_and_goes_when_it_is_back(
    app_database: AppDatabase, mail: Mailproof, tmp_path: Path, log: list[EventDict]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        environ = {"MAILPROOF_URL": f"http://127.0.0.1:{port}", "MAILPROOF_API_KEY": "mp_k"}
        await enqueued(app_database, mail, 1, 2)
        outbox = Outbox(app_database.engine)
        async with Mailproof.from_env(environ=environ) as away:
            assert await outbox.drain_once(away) == 2
            assert await outbox.drain_once(away) == 2
    said = [line for line in log if line["event"] == "outbox.waiting"]
    assert [line["log_level"] for line in said] == ["warning"], "once, not for each row and round"
    assert await outbox.drain_once(mail) == 0
    assert accepted(tmp_path) == ["Mail 1", "Mail 2"]


async def test_a_refused_key_loses_no_row_and_is_an_error(
    app_database: AppDatabase, mail: Mailproof, tmp_path: Path, log: list[EventDict]
) -> None:
    await enqueued(app_database, mail, 1, 2)
    outbox = Outbox(app_database.engine)
    (tmp_path / "gateway").mkdir()
    with House(tmp_path / "gateway") as house:
        environ = {"MAILPROOF_URL": house.url, "MAILPROOF_API_KEY": "mp_" + "x" * 43}
        async with Mailproof.from_env(environ=environ) as wrong:
            assert await outbox.drain_once(wrong) == 2
        assert house.log.found("outbox.refused", level="error")
        environ = {"MAILPROOF_URL": house.url, "MAILPROOF_API_KEY": house.key}
        async with Mailproof.from_env(environ=environ) as right:
            assert await outbox.drain_once(right) == 0
        await house.sandbox.arrived(2)


async def test_a_database_that_is_away_is_said_and_asked_again(
    mail: Mailproof, tmp_path: Path, log: list[EventDict]
) -> None:
    outbox = Outbox(f"sqlite:///{tmp_path}/later.db")

    def said() -> bool:
        return any(line["event"] == "outbox.unread" for line in log)

    async with draining(outbox, mail):
        await until(said)
        await outbox.create_table()
        async with AppDatabase.opened(f"sqlite:///{tmp_path}/later.db") as database:
            await enqueued(database, mail, 1)
        await until(lambda: accepted(tmp_path) == ["Mail 1"])
    await outbox.close()


@pytest.mark.parametrize("given", [object(), "mail", "oracle://x/y"])
def test_what_is_no_database_is_refused_in_words(given: Any) -> None:
    with pytest.raises(NotConfigured) as raised:
        Outbox(given)
    assert raised.value.fix


async def test_what_does_not_heal_by_itself_becomes_an_error(
    app_database: AppDatabase, mail: Mailproof, log: list[EventDict]
) -> None:
    clock = ManualClock()
    outbox = Outbox(app_database.engine, clock=clock)
    await enqueued(app_database, mail, 1)

    def levels() -> list[str]:
        clock.advance(30)
        return [line["log_level"] for line in log if line["event"] == "outbox.waiting"]

    async with draining(outbox, AlwaysAway(mail)):
        await until(lambda: "error" in levels())
    assert levels()[0] == "warning"
    assert len(await app_database.waiting()) == 1
