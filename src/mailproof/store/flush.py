"""Group commit: while one flush is on its way to the disk, arrivals gather for the next."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeVar

from mailproof.store.base import CommitUnknown, StoreUnavailable

__all__ = ["Closed", "Coalescer"]

Item = TypeVar("Item")
Result = TypeVar("Result")


class Closed(StoreUnavailable):
    """The server is stopping; nothing was written."""


class Coalescer(Generic[Item, Result]):
    """Hands what was submitted to `flush` in batches, one at a time. No timers: idle is no delay.

    `flush` writes a batch in one transaction and returns a result for each item, in order; it is
    told whether the batch is tried again because the answer to a COMMIT was lost. When it raises
    anything but `CommitUnknown`, nothing of the batch was written by this try, and the batch is
    split until the culprit alone fails.
    """

    def __init__(
        self,
        flush: Callable[[Sequence[Item], bool], Awaitable[Sequence[Result]]],
        *,
        batch_max: int,
        again_max: int = 5,
    ) -> None:
        self._flush = flush
        self._batch_max = batch_max
        self._again_max = again_max
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._wake = asyncio.Event()
        self._closed = False
        self.flushes = 0
        self.items = 0
        self.seconds = 0.0  # of all flushes, until the disk had answered

    def submit(self, item: Item) -> asyncio.Future[Result]:
        """A future that is done when `item` is on disk. It fails with what the flush raised:
        `StoreUnavailable` (nothing was written) or `CommitUnknown`. Cancelling it changes nothing.
        """
        written: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        if self._closed:
            written.set_exception(Closed("The server is stopping."))
        else:
            self._waiting.append((item, written))
            self._wake.set()
        return written

    @property
    def backlog(self) -> int:
        return len(self._waiting)

    def close(self) -> None:
        """Take no more. `run` ends when what waits is written."""
        self._closed = True
        self._wake.set()

    async def run(self) -> None:
        """Flush until closed and drained. Its crash is its task group's."""
        try:
            while self._waiting or not self._closed:
                await self._wake.wait()
                # One turn of the loop: whoever is ready to submit joins this flush.
                await asyncio.sleep(0)
                size = min(len(self._waiting), self._batch_max)
                if size:
                    await self._write([self._waiting.popleft() for _ in range(size)])
                if not self._waiting and not self._closed:
                    self._wake.clear()
        finally:
            self._closed = True
            _fail(self._waiting, Closed("The server stopped before this was written."))

    async def _write(self, batch: "_Batch[Item, Result]") -> None:
        """Write `batch`; every future in it is done when this returns or raises."""
        self.flushes += 1
        self.items += len(batch)
        began = time.monotonic()
        parts = [_Part(batch, unknown=False)]
        try:
            while parts:
                parts += await self._write_part(parts.pop())
        except BaseException:
            _fail(batch, CommitUnknown("The server stopped in the middle of writing this."))
            raise
        finally:
            self.seconds += time.monotonic() - began

    async def _write_part(self, part: "_Part[Item, Result]") -> "list[_Part[Item, Result]]":
        """Returns what is left to write: halves of it, the first one last."""
        items = [item for item, _ in part.batch]
        for _ in range(self._again_max + 1):
            try:
                results = await self._flush(items, part.unknown)
            except CommitUnknown as error:
                part.unknown, lost = True, error
            except StoreUnavailable as error:
                # The store itself: halves would fare no better.
                _fail(part.batch, _lost(error) if part.unknown else error)
                return []
            except Exception as error:  # noqa: BLE001 - not swallowed: the culprit's caller gets it
                if len(items) == 1:
                    _fail(part.batch, _lost(error) if part.unknown else error)
                    return []
                middle = len(items) // 2
                halves = part.batch[middle:], part.batch[:middle]
                return [_Part(half, unknown=part.unknown) for half in halves]
            else:
                for (_, written), result in zip(part.batch, results, strict=True):
                    if not written.done():
                        written.set_result(result)
                return []
        _fail(part.batch, lost)
        return []


_Batch = Sequence[tuple[Item, "asyncio.Future[Result]"]]


class _Part(Generic[Item, Result]):
    """What is written together. `unknown`: an answer to a COMMIT of it was lost, so that it may be
    there already, whatever comes of the next try; so are its halves."""

    def __init__(self, batch: "_Batch[Item, Result]", *, unknown: bool) -> None:
        self.batch = batch
        self.unknown = unknown


def _lost(error: Exception) -> CommitUnknown:
    """The first COMMIT may have been kept; that this try was not says nothing of it."""
    unknown = CommitUnknown(f"An answer to COMMIT was lost, and then: {error}")
    unknown.__cause__ = error
    return unknown


def _fail(batch: "Iterable[tuple[Item, asyncio.Future[Result]]]", error: Exception) -> None:
    for _, written in batch:
        if not written.done():
            written.set_exception(error)
            # Whoever asked may have left; then nobody else misses the answer.
            written.exception()
