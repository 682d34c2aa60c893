"""The port to a database: transactions, and the queries that run in them by name.

What a transaction does is written once, as an `async def` that takes a `Tx`; a store brings the
connection and one `.sql` file per query, under the same names as every other store.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import msgspec

from mailproof.mail.events import EventType

__all__ = [
    "CommitUnknown",
    "Database",
    "Event",
    "Json",
    "NewEvent",
    "SchemaTooNew",
    "StoreError",
    "StoreFull",
    "StoreUnavailable",
    "Tx",
]

Shape = TypeVar("Shape")
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


class StoreError(Exception):
    """The database did not do what it was asked to. Says in plain words what happened."""


class StoreUnavailable(StoreError):
    """It cannot be reached or written now; nothing of the transaction was kept."""


class StoreFull(StoreUnavailable):
    """No space left, or a quota is used up; nothing of the transaction was kept."""


class CommitUnknown(StoreError):
    """COMMIT was sent and no answer came: all of the transaction was kept, or nothing.

    Every transaction here may be repeated with the same ids.
    """


class SchemaTooNew(StoreError):
    """A newer release has changed the schema in a way that this one cannot read."""


class Json(msgspec.Struct, frozen=True):
    """A value that a query gets as one JSON text; bytes in it become hex digits."""

    value: Any


class NewEvent(msgspec.Struct, frozen=True):
    """Something that happens in this transaction.

    `data` holds no address and no secret; `at` is UTC in milliseconds, None: the transaction's.
    `actor`: who did it, when a person or a key did (`cli:ada`, `key:1f2e3d4c`), else empty.
    """

    type: EventType
    email_id: str | None = None
    data: dict[str, Any] = {}
    actor: str = ""
    at: int | None = None


class Event(msgspec.Struct, frozen=True):
    """An event as it stands in the log. Ids rise in the order in which they became visible."""

    id: int
    at: int
    type: str
    email_id: str | None
    actor: str
    data: dict[str, Any]


class Tx(Protocol):
    """One transaction, seen from the code that runs in it.

    Values are passed by name. A list or tuple stands for a JSON array in SQLite
    (`json_each(:ids)`) and for an array in PostgreSQL (`= ANY (:ids::uuid[])`).
    """

    @property
    def now(self) -> int:
        """UTC in milliseconds, by the clock that rules leases: one for all of the transaction."""
        ...

    async def all(self, query: str, shape: Callable[..., Shape], /, **values: Any) -> list[Shape]:
        """Every row, as `shape(*columns)`."""
        ...

    async def one(self, query: str, shape: Callable[..., Shape], /, **values: Any) -> Shape | None:
        """The first row; None: there is none."""
        ...

    async def run(self, query: str, /, **values: Any) -> int:
        """How many rows it touched."""
        ...

    async def many(self, query: str, rows: Sequence[Sequence[Any]], /) -> None:
        """Run an INSERT for all rows, their values in the order of the query's `many:` line."""
        ...

    def tell(self, event: NewEvent, /) -> None:
        """Write an event with this transaction. Events are written last, so that the order of
        their ids is the order of the commits."""
        ...


class Database(Protocol):
    """A store. Safe to use from every task of the event loop that opened it."""

    name: str
    """`sqlite` or `postgres`."""

    where: str
    """What an operator calls it: a file, or a URL without its password."""

    async def write(
        self,
        body: Callable[Concatenate[Tx, Arguments], Awaitable[Result]],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Run `body(tx, …)` in one transaction; when this returns, it is on disk.

        `body` may be run again when the database asks for it (a serialization failure), so it
        changes nothing outside. Raises what `body` raised (nothing was kept), `StoreUnavailable`,
        or `CommitUnknown`.
        """
        ...

    async def read(
        self,
        body: Callable[Concatenate[Tx, Arguments], Awaitable[Result]],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """As `write`, for what changes nothing; one consistent view, waits for no writer."""
        ...

    def listen(self, listener: Callable[[Sequence[NewEvent]], None]) -> None:
        """Call `listener` after each commit of this process with the events that it brought."""
        ...

    async def changed(self) -> bool:
        """Did another process write since this was asked last? Costs microseconds on SQLite."""
        ...

    def now(self) -> int:
        """UTC in milliseconds, as `Tx.now`."""
        ...

    async def backup(self, path: str) -> int:
        """Write a consistent copy to a new file while others go on; returns its size in bytes."""
        ...

    async def close(self) -> None: ...
