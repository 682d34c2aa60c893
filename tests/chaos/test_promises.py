"""What a receipt means, and what is left of it when nobody knows what became of a try."""

import asyncio
import threading
from pathlib import Path
from typing import Final

import pytest

from mailproof.store.sqlite.database import SqliteDatabase
from tests.chaos.house import House, Life, furnished
from tests.store.cluster import Cluster
from tests.store.proxy import Cut, proxied

# Turns of the loop in which a receipt that waits for nothing would long have come.
TURNS: Final = 200


async def test_there_is_no_receipt_before_the_disk_has_answered(tmp_path: Path) -> None:
    disk = threading.Event()
    async with furnished(tmp_path / "mailproof.db") as house, house.process() as life:
        database = house.opened
        assert isinstance(database, SqliteDatabase)
        subject = house.subject()
        await life.rest()  # no earlier commit stands between this one and the disk
        async with asyncio.TaskGroup() as group:
            # What commits is one thread, and it stands behind this.
            group.create_task(database._writer.apart(lambda _: disk.wait()))
            try:
                asked = group.create_task(life.accept(subject))
                for _ in range(TURNS):
                    await asyncio.sleep(0)
                assert not asked.done()
                assert house.promises[subject,].told == "unknown"
                assert not (await house.eye.look()).mails
            finally:
                disk.set()
        assert house.promises[subject,].told == "accepted"
        await life.rest()
        await house.check(frozenset({"sent"}))


async def test_a_commit_that_never_reaches_postgresql_earns_no_receipt(cluster: Cluster) -> None:
    async with cluster.fresh_database() as url, proxied(url) as proxy, furnished(url) as house:
        house.where = proxy.url
        async with house.process() as life:
            for _ in range(5):
                proxy.cuts = [Cut.BEFORE]
                await life.accept(house.subject())
            await life.rest()
            await life.wait(2)
        assert {promise.told for promise in house.promises.values()} == {"accepted"}
        await house.check(frozenset({"sent"}))


async def attempts_are(number: int, house: House, life: Life) -> None:
    for _ in range(240):
        if len((await house.eye.look()).attempts) == number:
            return
        await life.wait(0.5)
    raise AssertionError(f"{number} attempts were never made")


@pytest.mark.parametrize("refusal", ["503", "403"], ids=["busy", "wrong key"])
async def test_a_refusal_after_an_unknown_outcome_leaves_the_key_as_it_is(
    refusal: str, where: Path | str
) -> None:
    """The try before it may have arrived: under another key the next one would be a second mail."""
    async with furnished(where) as house:
        house.sandboxes[0].fail("accept-500,count=1")
        async with house.process() as life:
            await life.accept(house.subject())
            await attempts_are(1, house, life)
            house.sandboxes[0].fail(f"{refusal},count=1")
            await life.rest()
        await house.check(frozenset({"sent"}))
        attempts = (await house.eye.look()).attempts
        assert [each.outcome for each in attempts] == ["unknown", "refused", "accepted"]
        assert len({each.key for each in attempts}) == 1
