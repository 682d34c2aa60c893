"""`Mailproof`: send, enqueue and follow mail; `BlockingMailproof`: the same without `await`."""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import msgspec

from mailproof.app import clock_with_zone
from mailproof.client.configured import Opening, opening_of
from mailproof.client.email import Email
from mailproof.client.errors import NotConfigured
from mailproof.client.loop import LoopThread
from mailproof.client.receipt import Receipt
from mailproof.client.way import Way
from mailproof.client.writing import Enqueued, decode, encode, wake_after_commit, write
from mailproof.clock import Clock, SystemClock
from mailproof.mail.ids import Ids
from mailproof.mail.message import Email as Message

__all__ = ["BlockingMailproof", "Mailproof"]

Result = TypeVar("Result")

_LINK_S: Final = 3_600
_CLOSED: Final = "it is not open"
_OPEN_FIX: Final = "Write `async with Mailproof.from_env() as mail:` around what sends."
# Held while a process forks, so that no child inherits it taken by a thread that it does not have.
_FORKING: Final = threading.Lock()
os.register_at_fork(
    before=_FORKING.acquire, after_in_parent=_FORKING.release, after_in_child=_FORKING.release
)
_ASYNC: Final = "this connection has to be awaited"
_ASYNC_FIX: Final = "Use `Mailproof.from_env()` with it, or a blocking connection here."


class Mailproof:
    """Made by `from_env`; open from `async with` (or `open` until `close`, in one task).

    `enqueue` needs no way out, so it works without being open, and while all else is down.
    """

    def __init__(self, opening: Opening, *, sender: str = "", clock: Clock | None = None) -> None:
        self._opening = opening
        self._sender = sender
        self._clock = clock or SystemClock()
        self._ids = Ids(clock_with_zone(self._clock))
        self._opened: AsyncExitStack | None = None
        self._way: Way | None = None
        self._listeners: tuple[Callable[[], None], ...] = ()

    @classmethod
    def from_env(  # noqa: PLR0913 - each has a default
        cls,
        *,
        engine: bool = False,
        sender: str = "",
        app: str = "",
        config: str | None = None,
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> Self:
        """With `MAILPROOF_URL` and `MAILPROOF_API_KEY`: through that gateway. Else into the store
        of the configuration (`config`, `MAILPROOF_CONFIG`, `mailproof.toml`), as the application
        `app` (`MAILPROOF_APP`); with `engine`, this process also sends, if no other one does.

        `sender` (`MAILPROOF_FROM`) is used for mails that name none. Connects to nothing yet.
        Raises `NotConfigured`, `ConfigInvalid`.
        """
        own_clock = clock or SystemClock()
        given = os.environ if environ is None else environ
        opening = opening_of(given, engine=engine, app=app, config=config, clock=own_clock)
        return cls(
            opening, sender=sender or given.get("MAILPROOF_FROM", "").strip(), clock=own_clock
        )

    @classmethod
    def sync(  # noqa: PLR0913 - as `from_env`
        cls,
        *,
        engine: bool = False,
        sender: str = "",
        app: str = "",
        config: str | None = None,
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> "BlockingMailproof":
        """The blocking face of `from_env`."""
        return BlockingMailproof(
            lambda: cls.from_env(
                engine=engine,
                sender=sender,
                app=app,
                config=config,
                environ=environ,
                clock=clock,
            )
        )

    async def open(self) -> Self:
        """Connect. Raises `NotConfigured`: the store cannot be opened."""
        if self._opened is not None:
            raise NotConfigured("it is open already", where="Mailproof", fix="Open it once.")
        async with AsyncExitStack() as stack:
            self._way = await stack.enter_async_context(self._opening())
            self._opened = stack.pop_all()
        return self

    async def close(self) -> None:
        """Bring what is under way to its end."""
        await self.__aexit__(None, None, None)

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        opened, self._opened, self._way = self._opened, None, None
        if opened is not None:
            await opened.__aexit__(kind, error, trace)

    async def send(self, email: Email, *, wait: float | None = None) -> Receipt:
        """Accept this mail and wait up to `wait` seconds for its first attempt (0: not at all,
        None: as configured). When this returns, the mail is on disk.

        Raises `InvalidInput`, `NotAccepted` (it never will be), `NotNow` (no mail exists, try
        later), `OutcomeUnknown` (send again with the same key).
        """
        message = email.message(self._sender, self._clock)
        if message.idempotency_key is None:  # what is repeated on the way makes no second mail
            message = msgspec.structs.replace(message, idempotency_key=self._ids.text())
        return await self.way.send(message, wait_s=wait, once=False, promise=False)

    async def status(self, email_id: str) -> Receipt | None:
        """How an accepted mail stands now; None: there is none of this application with that id.

        Raises `NotNow`, `KeyRefused`.
        """
        return await self.way.status(email_id)

    async def enqueue(self, email: Email, *, connection: Any) -> str:
        """Write this mail into the outbox on the application's own transaction: it goes out if that
        commits, and never was if it rolls back. Returns its idempotency key.

        `connection`: of SQLAlchemy (session or connection), Django, sqlite3, aiosqlite, asyncpg,
        psycopg, PyMySQL. Raises `InvalidInput`, `NotConfigured`, and what the driver raises.
        """
        row, key = self._row(email)
        await write(row, connection)
        wake_after_commit(connection, self.wake)
        return key

    def status_link(self, purpose: str, address: str, *, life_s: int = _LINK_S) -> str | None:
        """Where the reader at `address` follows the newest mail of `purpose`, from two minutes ago
        on, for `life_s` seconds. It can be made before the mail is accepted, and looks the same
        for unknown addresses. None: readers cannot reach the gateway (`public_url`)."""
        return self.way.status_link(purpose, address, life_s)

    def on_enqueued(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener`, in whatever thread, after a transaction with mail has committed.
        Returns what takes it back."""
        self._listeners += (listener,)

        def forget() -> None:
            self._listeners = tuple(each for each in self._listeners if each is not listener)

        return forget

    def wake(self) -> None:
        """There may be mail in the outbox."""
        for listener in self._listeners:
            listener()

    @property
    def way(self) -> Way:
        """Where mail goes. Raises `NotConfigured`: this is not open."""
        if self._way is None:
            raise NotConfigured(_CLOSED, where="Mailproof", fix=_OPEN_FIX)
        return self._way

    async def hand_over(self, row: Enqueued) -> str:
        """Accept what waits in an outbox, without waiting for its first attempt; the mail's id.

        It may be repeated: the row's id is the idempotency key. Raises as `send`, and
        `msgspec.DecodeError`: the row is none of ours. Nothing is repeated here: who drains the
        outbox comes again.
        """
        message = decode(row, self._read)
        receipt = await self.way.send(message, wait_s=0.0, once=True, promise=True)
        return receipt.id

    def _read(self, tree: Any, **given: Any) -> Message:
        return Message.from_json(tree, clock=clock_with_zone(self._clock), **given)

    def _row(self, email: Email) -> tuple[Enqueued, str]:
        message = email.message(self._sender, self._clock)
        row = Enqueued(
            id=self._ids.text(),
            payload=encode(message),
            enqueued_at=int(self._clock.now() * 1000),
        )
        return row, message.idempotency_key or row.id


class BlockingMailproof:
    """The same mails, the same answers, without `await`: it runs in an event loop of its own, in
    one thread, which starts with the first call, also in a process that was forked later.

    Safe to share between threads. `close`, or the end of `with`, finishes what is under way.
    """

    def __init__(self, make: Callable[[], Mailproof]) -> None:
        self._make = make
        self._inherited: list[object] = []
        self._begin()

    def _begin(self) -> None:
        self._mail = self._make()
        self._loop = LoopThread()
        self._starting = threading.Lock()
        self._host: Future[None] | None = None
        self._stop: asyncio.Event | None = None
        self._kept: set[Future[None]] = set()
        self._pid = os.getpid()  # the last: from here on, other threads use what stands above

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, email: Email, *, wait: float | None = None) -> Receipt:
        """See `Mailproof.send`."""
        return self._run(lambda mail: mail.send(email, wait=wait))

    def status(self, email_id: str) -> Receipt | None:
        """See `Mailproof.status`."""
        return self._run(lambda mail: mail.status(email_id))

    def enqueue(self, email: Email, *, connection: Any) -> str:
        """See `Mailproof.enqueue`; runs in the caller's thread, as its connection does."""
        self._notice_fork()
        return _at_once(self._mail.enqueue(email, connection=connection))

    def status_link(self, purpose: str, address: str, *, life_s: int = _LINK_S) -> str | None:
        """See `Mailproof.status_link`."""
        self._open()
        return self._mail.status_link(purpose, address, life_s=life_s)

    def keep_running(self, work: Callable[[Mailproof], Coroutine[Any, Any, None]]) -> Future[None]:
        """Run `work(mail)` beside the program until `close`: a drainer of the outbox. The future
        raises what it died of."""
        self._open()
        running = self._loop.start(work(self._mail))
        self._kept.add(running)
        running.add_done_callback(self._kept.discard)
        return running

    def close(self) -> None:
        """Bring what is under way to its end; raises what it died of."""
        self._notice_fork()
        with self._starting:
            host, stop, self._host = self._host, self._stop, None
            if host is None or stop is None:
                return
            for each in tuple(self._kept):  # before what it sends by is closed under its hands
                each.cancel()
            self._loop.run(_set(stop))
            try:
                host.result()
            finally:
                self._loop.stop()

    def _run(self, work: Callable[[Mailproof], Coroutine[Any, Any, Result]]) -> Result:
        self._open()
        return self._loop.run(work(self._mail))

    def _open(self) -> None:
        self._notice_fork()
        with self._starting:
            if self._host is not None and not self._host.done():
                return
            opened: Future[asyncio.Event] = Future()
            host = self._loop.start(_host(self._mail, opened))
            self._stop = opened.result()
            self._host = host

    def _notice_fork(self) -> None:
        """A child has none of its parent's threads. What they had opened is kept, unused: to drop
        it would end it, and it is the parent's."""
        if self._pid == os.getpid():
            return
        with _FORKING:  # of a child's threads, one makes it, and the others wait
            if self._pid != os.getpid():
                self._inherited.append((self._mail, self._loop, self._host, self._stop))
                self._begin()


async def _host(mail: AbstractAsyncContextManager[Any], opened: "Future[asyncio.Event]") -> None:
    """What is opened in a task has to be closed in it: this is the one."""
    stop = asyncio.Event()
    try:
        async with mail:
            opened.set_result(stop)
            await stop.wait()
    except BaseException as error:
        if opened.done():
            raise
        opened.set_exception(error)


async def _set(event: asyncio.Event) -> None:
    event.set()


def _at_once(work: Coroutine[Any, Any, str]) -> str:
    """The result of what waits for nothing. Raises `NotConfigured`: it does."""
    try:
        work.send(None)
    except StopIteration as done:
        return str(done.value)
    work.close()
    raise NotConfigured(_ASYNC, where="connection", fix=_ASYNC_FIX)
