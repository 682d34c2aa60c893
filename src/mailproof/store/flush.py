"""Group commit: while one flush is on its way to the disk, arrivals gather for the next."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
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
    told whether the batch is tried again because the answer to a COMMIT was lost. When it raises,
    nothing of the batch was written, and the batch is split until the culprit alone fails.
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

    async def _write(self, batch: Sequence[tuple[Item, "asyncio.Future[Result]"]]) -> None:
        self.flushes += 1
        self.items += len(batch)
        try:
            results = await self._flush_surely([item for item, _ in batch])
        except StoreUnavailable as error:
            _fail(batch, error)  # the store itself: halves would fare no better
        except CommitUnknown as error:
            _fail(batch, error)
        except Exception as error:  # noqa: BLE001 - not swallowed: the culprit's caller gets it
            if len(batch) == 1:
                _fail(batch, error)
                return
            middle = len(batch) // 2
            await self._write(batch[:middle])
            await self._write(batch[middle:])
        except BaseException:
            _fail(batch, CommitUnknown("The server stopped in the middle of writing this."))
            raise
        else:
            for (_, written), result in zip(batch, results, strict=True):
                if not written.done():
                    written.set_result(result)

    async def _flush_surely(self, items: Sequence[Item]) -> Sequence[Result]:
        """A COMMIT whose answer was lost is repeated with the same ids until there is one."""
        again = False
        for _ in range(self._again_max):
            try:
                return await self._flush(items, again)
            except CommitUnknown:
                again = True
        return await self._flush(items, again)


def _fail(
    batch: Sequence[tuple[Item, "asyncio.Future[Result]"]]
    | deque[tuple[Item, "asyncio.Future[Result]"]],
    error: Exception,
) -> None:
    for _, written in batch:
        if not written.done():
            written.set_exception(error)
            # Whoever asked may have left; then nobody else misses the answer.
            written.exception()
