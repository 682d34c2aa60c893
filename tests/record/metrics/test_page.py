"""What Prometheus gets: every metric of the table, in two formats, from a database asked seldom."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text
from structlog.testing import capture_logs

from mailproof.engine.measures import FlushMeasure, Measures, Spread
from mailproof.mail.lifecycle import State
from mailproof.record.metrics.catalog import FAMILIES
from mailproof.record.metrics.counting import Known
from mailproof.record.metrics.page import MetricsPage
from mailproof.store.base import Database, StoreUnavailable
from mailproof.store.records.feedback import Counted, count_feedback
from mailproof.store.records.totals import Added, add
from mailproof.store.sqlite.database import open_sqlite
from mailproof.testing import ManualClock

KNOWN = Known(purposes=frozenset({"otp"}), providers=frozenset({"resend"}))
OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
AGES = "mailproof_accept_to_sent_seconds"


class Slow:
    """A database that takes `takes_s` by the clock for each read, or fails."""

    name = "sqlite"

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self._database = database
        self._clock = clock
        self.reads = 0
        self.takes_s = 0.0
        self.failure: Exception | None = None

    async def read(self, *args: Any) -> Any:
        self.reads += 1
        self._clock.advance(self.takes_s)
        if self.failure is not None:
            raise self.failure
        return await self._database.read(*args)


class World:
    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.real = database
        self.clock = clock
        self.database = Slow(database, clock)
        self.accepting = Spread((0.01, 0.1))
        slow = cast(Database, self.database)
        self.page = MetricsPage(slow, KNOWN, self._measures, clock, "1.2.3")

    def _measures(self) -> Measures:
        return Measures(
            flushes={"accept": FlushMeasure(4, 40, 0.5), "record": FlushMeasure(2, 20, 0.25)},
            accepting=self.accepting,
            in_flight={"resend": 3},
            in_flight_bytes=1_000,
        )

    async def count(self, *added: Added) -> None:
        await self.real.write(add, added)

    async def families(self, accept: str = "") -> Mapping[str, Metric]:
        shown = await self.page.show(accept)
        read = read_openmetrics if shown.media_type.startswith("application/") else read_text
        return {each.name: each for each in read(shown.body.decode())}

    async def samples(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in (await self.families()).values()
            for sample in family.samples
        }


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = ManualClock()
    database = await open_sqlite(tmp_path / "mailproof.db", now_ms=lambda: int(clock.now() * 1000))
    yield World(database, clock)
    await database.close()


@pytest.mark.parametrize("accept", ["", "*/*", "text/plain;version=0.0.4", OPENMETRICS])
async def test_every_metric_of_the_table_is_there_and_explained(world: World, accept: str) -> None:
    found = await world.families(accept)
    named = {name.removesuffix("_total"): family for name, family in FAMILIES.items()}
    assert set(found) == set(named)
    for name, family in named.items():
        assert (found[name].type, found[name].documentation) == (family.kind, family.help)


async def test_who_asks_for_openmetrics_gets_it_and_nobody_else(world: World) -> None:
    shown = await world.page.show(OPENMETRICS)
    assert shown.media_type == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert shown.body.endswith(b"# EOF\n")
    for accept in ("", "text/html", "*/*"):
        shown = await world.page.show(accept)
        assert shown.media_type == "text/plain; version=0.0.4; charset=utf-8"


async def test_samples_have_the_labels_of_the_table(world: World) -> None:
    await world.count(
        Added("mailproof_attempts_total", {"provider": "r", "outcome": "refused", "reason": "x"}),
        Added(f"{AGES}_bucket", {"purpose": "otp", "le": "0.5"}, 3),
    )
    for family in (await world.families()).values():
        wanted = FAMILIES[f"{family.name}_total" if family.type == "counter" else family.name]
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(wanted.labels), sample


async def test_what_has_not_happened_yet_stands_at_zero(world: World) -> None:
    samples = await world.samples()
    for state in State:
        labels = (("purpose", "otp"), ("state", state.value))
        assert samples["mailproof_emails_total", labels] == 0
    assert samples["mailproof_events_total", (("type", "alert.undelivered"),)] == 0
    assert samples["mailproof_refusals_total", (("kind", "placeholder"),)] == 0
    assert samples["mailproof_oldest_waiting_seconds", (("purpose", "otp"),)] == 0


async def test_buckets_are_summed_up_as_prometheus_wants_them(world: World) -> None:
    await world.count(
        Added(f"{AGES}_bucket", {"purpose": "otp", "le": "0.5"}, 3),
        Added(f"{AGES}_bucket", {"purpose": "otp", "le": "+Inf"}, 2),
        Added(f"{AGES}_sum_ms", {"purpose": "otp"}, 9_500),
    )
    samples = await world.samples()

    def up_to(end: str) -> float:
        return samples[f"{AGES}_bucket", (("le", end), ("purpose", "otp"))]

    assert [up_to(end) for end in ("0.25", "0.5", "1.0", "3600.0", "+Inf")] == [0, 3, 3, 3, 5]
    assert samples[f"{AGES}_count", (("purpose", "otp"),)] == 5
    assert samples[f"{AGES}_sum", (("purpose", "otp"),)] == 9.5


async def test_it_says_how_this_process_fares(world: World) -> None:
    for seconds in (0.004, 0.02, 5.0):
        world.accepting.add(seconds)
    samples = await world.samples()
    assert samples["mailproof_build_info", (("store", "sqlite"), ("version", "1.2.3"))] == 1
    assert samples["mailproof_flushed_items_total", (("flush", "accept"),)] == 40
    assert samples["mailproof_flush_seconds_total", (("flush", "record"),)] == 0.25
    assert samples["mailproof_in_flight_emails", (("provider", "resend"),)] == 3
    ends = [samples["mailproof_accept_seconds_bucket", (("le", end),)] for end in ("0.01", "0.1")]
    assert [*ends, samples["mailproof_accept_seconds_count", ()]] == [1, 2, 3]


async def test_what_a_webhook_told_and_what_is_wrong_with_it_are_there(world: World) -> None:
    told = [Counted(provider="resend", webhook=True, sent=3, confirmed=2, events=2, lag_ms=5_000)]
    await world.real.write(count_feedback, told)
    world.clock.advance(3_600)
    await world.real.write(count_feedback, [Counted(provider="resend", refused=4)])
    samples = await world.samples()
    resend = ("provider", "resend")
    assert samples["mailproof_feedback_mails", (("outcome", "confirmed"), resend)] == 2
    assert samples["mailproof_webhook_requests", (resend, ("verdict", "refused"))] == 4
    assert samples["mailproof_webhook_last_event_age_seconds", (resend,)] == 3_600
    assert samples["mailproof_webhook_lag_seconds", (resend,)] == 2.5
    assert samples["mailproof_feedback_trouble", (resend, ("trouble", "wrong_secret"))] == 1
    assert samples["mailproof_feedback_trouble", (resend, ("trouble", "silent"))] == 0


async def test_a_database_that_does_not_answer_is_a_value_and_a_warning(world: World) -> None:
    world.database.failure = StoreUnavailable("no such host")
    with capture_logs() as said:
        samples = await world.samples()
        world.clock.advance(2)
        await world.samples()
    assert samples["mailproof_store_readable", ()] == 0
    assert samples["mailproof_in_flight_bytes", ()] == 1_000
    assert not [name for name, _ in samples if name == "mailproof_emails_waiting"]
    assert [(line["event"], line["error"]) for line in said] == [("metrics.unread", "no such host")]
    world.database.failure = None
    world.clock.advance(2)
    assert (await world.samples())["mailproof_store_readable", ()] == 1


async def test_scrapes_within_a_second_ask_the_database_once(world: World) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(world.page.show(""))
    world.clock.advance(0.9)
    await world.page.show("")
    assert world.database.reads == 1
    world.clock.advance(0.2)
    await world.page.show("")
    assert world.database.reads == 2


async def test_what_takes_long_is_asked_for_seldom(world: World) -> None:
    world.database.takes_s = 0.5
    await world.page.show("")
    world.clock.advance(9.9)
    await world.page.show("")
    assert world.database.reads == 1
    world.clock.advance(0.2)
    await world.page.show("")
    assert world.database.reads == 2
