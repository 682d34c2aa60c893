"""The page that Prometheus scrapes: read at most once a second, written by its own library."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Final

import msgspec
import structlog
from prometheus_client import exposition
from prometheus_client.core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector, CollectorRegistry

from mailproof.clock import Clock
from mailproof.engine.measures import Measures
from mailproof.engine.seldom import Seldom
from mailproof.record.metrics.counting import Known
from mailproof.record.metrics.families import Moment, families
from mailproof.store.base import Database, StoreError
from mailproof.store.records.gauges import Gauges, read_gauges

__all__ = ["MetricsPage", "Shown"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.metrics")

_FRESH_S: Final = 1.0
# Counting a million mails that wait takes a part of a second: asked again no sooner than after so
# many times as long, it costs the database a twentieth of its time at most.
_FRESH_FACTOR: Final = 20
# A database that is silent must not make the scrape look as if the process were dead.
_ANSWER_MAX_S: Final = 5.0


class Shown(msgspec.Struct, frozen=True):
    body: bytes
    media_type: str


class MetricsPage:
    """`measures()` says how this process fares."""

    def __init__(
        self,
        database: Database,
        known: Known,
        measures: Callable[[], Measures],
        clock: Clock,
        version: str,
    ) -> None:
        self._database = database
        self._known = known
        self._measures = measures
        self._clock = clock
        self._version = version
        self._failing = Seldom(clock)
        self._reading = asyncio.Lock()
        self._gauges: Gauges | None = None
        self._fresh_until = 0.0

    async def show(self, accept: str) -> Shown:
        """The page, in OpenMetrics for those who ask for it, else in Prometheus's own text."""
        moment = Moment(
            gauges=await self._read(),
            measures=self._measures(),
            known=self._known,
            version=self._version,
            store=self._database.name,
        )
        # In a thread: a thousand lines take longer than mail should wait for.
        return await asyncio.to_thread(_written, moment, "application/openmetrics-text" in accept)

    async def _read(self) -> Gauges | None:
        """None: the database did not answer, which the page says."""
        async with self._reading:
            began = self._clock.now()
            if began < self._fresh_until:
                return self._gauges
            try:
                async with asyncio.timeout(_ANSWER_MAX_S):
                    self._gauges = await self._database.read(read_gauges)
                self._failing.over()
            except (StoreError, TimeoutError) as error:
                self._gauges = None
                if self._failing.may_say():
                    told = str(error) or f"No answer within {_ANSWER_MAX_S:g} s."
                    _log.warning("metrics.unread", error=told)
            now = self._clock.now()
            self._fresh_until = now + max(_FRESH_S, _FRESH_FACTOR * (now - began))
            return self._gauges


class _Once(Collector):
    def __init__(self, moment: Moment) -> None:
        self._moment = moment

    def collect(self) -> Iterator[Metric]:
        return families(self._moment)


def _written(moment: Moment, as_openmetrics: bool) -> Shown:  # noqa: FBT001 - one of two formats
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(moment))
    if as_openmetrics:
        body: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]
        return Shown(body, openmetrics.CONTENT_TYPE_LATEST)
    return Shown(exposition.generate_latest(registry), exposition.CONTENT_TYPE_PLAIN_0_0_4)
