"""The same pages over PostgreSQL, whose numbers and texts come in other types."""

import pytest

from mailproof.store.postgres.database import open_postgres
from mailproof.store.records.alerts import Condition, settle
from mailproof.store.records.refusals import NewRefusal, RefusalKind, note
from mailproof.store.records.suppressions import Cause, add
from mailproof.testing import ManualClock
from tests.console.pages_world import make_pages_world, relay, resend
from tests.store.cluster import Cluster
from tests.store.conftest import closed, cluster

__all__ = ["cluster"]

PATHS = ("", "?span=day", "/routes", "/refusals", "/suppressions", "/alerts", "/keys", "/settings")


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_page_is_drawn_with_something_on_it(cluster: Cluster, language: str) -> None:
    clock = ManualClock()
    async with cluster.fresh_database() as url:
        database = await open_postgres(url, now_ms=lambda: int(clock.now() * 1_000))
        pages = await make_pages_world(database, clock, resend(), relay())
        await pages.send(3)
        await pages.close("backup")
        await pages.close()
        await pages.hold(4)
        await pages.count()
        refusal = NewRefusal(
            at=database.now(),
            kind=RefusalKind.PLACEHOLDER,
            app="",
            key_fingerprint="f" * 16,
            client="10.0.3.17",
            path="/emails",
            name="invalid_api_key",
            status=401,
        )
        await database.write(note, [refusal] * 186)
        condition = Condition("cursor_stuck", "x", "ERROR", 0, database.now(), {"kind": "behind"})
        await database.write(settle, [condition], ["ops"])
        lookup = pages.parts.installation.lookup("ada@acme.test")
        await database.write(
            add, address="ada@acme.test", lookup=lookup, cause=Cause.MANUAL, actor="cli:ada"
        )
        clock.advance(60)
        told = [await pages.look(f"/console{path}", language) for path in PATHS]
        assert "186" in told[3]
        assert "ada@acme.test" in told[4]
        assert "4" in told[0]
        await closed(database)
