"""A house to be shaken: engine, store and providers on a scripted clock, life after life."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from mailproof.clock import Clock
from mailproof.engine.engine import Engine, Parts
from mailproof.engine.policy import Handling, Policy
from mailproof.engine.receipts import Caller, Receipts
from mailproof.mail.address import Address
from mailproof.mail.ids import Ids
from mailproof.mail.message import Email
from mailproof.mail.purposes import PURPOSES
from mailproof.providers.base import Provider
from mailproof.providers.http import Http, open_http
from mailproof.providers.resend import Resend
from mailproof.store.base import CommitUnknown, Database, StoreError, StoreUnavailable
from mailproof.store.mails.desk import cancel, retry
from mailproof.store.nodes.installation import installation
from mailproof.store.nodes.nodes import Node
from mailproof.store.postgres.database import open_postgres
from mailproof.store.sqlite.database import open_sqlite
from mailproof.testing import ManualClock, Sandbox, Settings
from tests.chaos.checker import Arrived, Eye, Promise, problems, watching
from tests.chaos.power import (
    Breaking,
    BreakingDatabase,
    BreakingProvider,
    CrashAt,
    Nothing,
    PowerCut,
    Traffic,
)

__all__ = ["House", "Life", "Script", "furnished", "survive"]

_LIFE_MAX_S: Final = 45.0  # of real time, for one process of scripted time
LEASE_S: Final = 3.0
REST_STEP_S: Final = 2.0
REST_STEPS_MAX: Final = 60


class AllSend:
    """Nobody else is there: in one process of this test a lock would prove nothing."""

    def acquire(self) -> bool:
        return True

    def holder(self) -> str:
        return ""

    def release(self) -> None:
        return None


class Life:
    """One process's life, as the script that runs in it sees it."""

    def __init__(
        self, house: "House", engine: Engine, database: Database, traffic: Traffic
    ) -> None:
        self.house = house
        self.engine = engine
        self.database = database
        self.traffic = traffic

    async def accept(self, *subjects: str, key: str | None = None, **given: object) -> None:
        """One request with a mail for each subject. What its caller is told is written down."""
        self.house.promise(Promise(subjects, "unknown"))
        mails = [_mail(subject, key, given) for subject in subjects]
        try:
            answer = await self.engine.counter.accept(
                Caller(app="shop"), mails, endpoint="/emails", wait_s=0
            )
        except CommitUnknown:
            return
        except StoreUnavailable:
            self.house.promise(Promise(subjects, "refused"))
            return
        assert isinstance(answer, Receipts), answer
        ids = tuple(receipt.id for receipt in answer.mails)
        self.house.promise(Promise(subjects, "accepted", ids))

    async def cancel(self, *subjects: str) -> None:
        ids = await self.house.ids(subjects)
        with contextlib.suppress(StoreError):  # they see it, and shrug
            await self.database.write(cancel, ids, actor="cli:ada")

    async def retry(self, *subjects: str) -> None:
        ids = await self.house.ids(subjects)
        with contextlib.suppress(StoreError):
            await self.database.write(
                retry, ids, actor="cli:ada", lifetime_ms=lambda _: 86_400_000, may_double=False
            )

    async def wait(self, seconds: float) -> None:
        """Let time pass, all that falls due included."""
        await self.traffic.quiet()
        for _ in range(int(seconds / 0.5)):
            self.house.clock.advance(0.5)
            await self.traffic.quiet()

    async def rest(self, *, step_s: float = REST_STEP_S) -> None:
        """Let time pass until every mail has ended and every route is open."""
        for _ in range(REST_STEPS_MAX):
            await self.traffic.quiet()
            if not await self.house.eye.unrest():
                return
            self.house.clock.advance(step_s)
        picture = await self.house.eye.look()
        raise AssertionError(f"No rest after {REST_STEPS_MAX} steps: {picture.mails[-5:]}")


Script = Callable[[Life], Awaitable[None]]


class House:
    """A store at `where` and some providers, which outlive the processes. `keys`: the API key of
    each provider, as configured."""

    def __init__(
        self,
        where: Path | str,
        clock: ManualClock,
        sandboxes: Sequence[Sandbox],
        http: Http,
        eye: Eye,
    ) -> None:
        self.where = where
        self.clock = clock
        self.process_clock: Clock = clock
        self.sandboxes = sandboxes
        self.eye = eye
        self.keys = [sandbox.api_key for sandbox in sandboxes]
        self.at_once = 64
        self.deadline_s = 30.0
        self.rate: float | None = None
        self.opened: Database | None = None
        self.promises: dict[tuple[str, ...], Promise] = {}
        self._http = http
        self._lives = itertools.count(1)
        self._subjects = itertools.count(1)

    def subject(self) -> str:
        """Of a mail that there was not yet."""
        return f"mail-{next(self._subjects)}"

    def promise(self, promise: Promise) -> None:
        self.promises[promise.subjects] = promise

    async def ids(self, subjects: Sequence[str]) -> list[str]:
        picture = await self.eye.look()
        return [mail.id for mail in picture.mails if mail.subject in subjects]

    async def state(self, subject: str) -> str:
        picture = await self.eye.look()
        return next(mail.state for mail in picture.mails if mail.subject == subject)

    def now_ms(self) -> int:
        return int(self.process_clock.now() * 1000)

    def mend(self) -> None:
        """Whatever the providers suffer from is over."""
        for number, sandbox in enumerate(self.sandboxes):
            sandbox.heal()
            self.keys[number] = sandbox.api_key

    def break_key(self, number: int = 0) -> None:
        self.keys[number] = "re_WrongKey_TzWb5RmYpLs2JhGfQeUaN4"

    async def live(self, script: Script, breaking: Breaking | None = None) -> None:
        """Start a process, run `script` in it, stop it. When the power is cut, all that it had in
        memory is gone: its tasks, and its connections with what was not committed."""
        breaking = breaking or Nothing()
        async with self.process(breaking) as life:
            await script(life)

    @contextlib.asynccontextmanager
    async def process(
        self, breaking: Breaking | None = None, wrap: Callable[[Provider], Provider] | None = None
    ) -> AsyncIterator[Life]:
        breaking = breaking or Nothing()
        traffic = Traffic()
        opened = self.opened = await self._open()
        try:
            database = BreakingDatabase(opened, breaking, traffic)
            parts = await self._parts(opened, database, breaking, traffic, wrap)
            engine = Engine(parts)
            # A defect that goes round for ever shall have the name of its test.
            async with asyncio.timeout(_LIFE_MAX_S), asyncio.TaskGroup() as group:
                group.create_task(engine.run())
                await engine.started.wait()
                life = Life(self, engine, database, traffic)
                yield life
                if self.rate is not None:
                    await life.wait(1)  # a pump that waits for its turn ends only then
                await traffic.quiet()
                engine.stop()
        finally:
            await opened.close()

    async def check(self, ends: frozenset[str] | None = None, *, cut: str = "") -> None:
        """Nothing is lost, nothing is doubled, nothing is stuck. `ends`: how mails may end here."""
        picture = await self.eye.look()
        found = problems(picture, self.arrived(), self.promises.values(), now=self.now_ms())
        if ends is not None:
            found += [f"{m.subject} ends {m.state}" for m in picture.mails if m.state not in ends]
        assert not found, "\n".join([cut, *found])

    def arrived(self) -> list[Arrived]:
        return [
            Arrived(f"resend{number}", mail.id, mail.tags.get("mailproof_id", ""), mail.subject)
            for number, sandbox in enumerate(self.sandboxes)
            for mail in sandbox.mails
        ]

    async def _open(self) -> Database:
        if isinstance(self.where, Path):
            return await open_sqlite(self.where, now_ms=self.now_ms)
        return await open_postgres(self.where, now_ms=self.now_ms)

    async def _parts(
        self,
        opened: Database,
        database: Database,
        breaking: Breaking,
        traffic: Traffic,
        wrap: Callable[[Provider], Provider] | None,
    ) -> Parts:
        ours = await opened.write(installation)
        providers: list[Provider] = []
        for number in range(len(self.sandboxes)):
            resend = self._resend(number, ours.id)
            provider: Provider = BreakingProvider(resend, breaking, traffic)
            providers.append(provider if wrap is None else wrap(provider))
        now = opened.now()
        return Parts(
            database=database,
            providers=tuple(providers),
            policy=Policy(
                purposes={name: Handling(purpose) for name, purpose in PURPOSES.items()},
                probe_interval_s=1.0,
                at_once=self.at_once,
                rates={} if self.rate is None else {"resend0": self.rate},
                lease_s=LEASE_S,
                deadline_s=self.deadline_s,
                drain_s=5.0,
            ),
            installation=ours,
            node=Node(
                id=f"life-{next(self._lives)}",
                role="all",
                engine=True,
                host="host",
                pid=1,
                version="0",
                started_at=now,
                seen_at=now,
            ),
            lock=AllSend(),
            clock=self.process_clock,
            ids=Ids(lambda: datetime.fromtimestamp(self.process_clock.now(), UTC)),
            duties_leased=not isinstance(self.where, Path),
            jitter=lambda: 0.5,
        )

    def _resend(self, number: int, installation_id: str) -> Resend:
        return Resend(
            f"resend{number}",
            self._http,
            api_key=lambda: self.keys[number],
            base_url=self.sandboxes[number].url,
            installation=installation_id,
            version="0",
        )


async def survive(house: House, script: Script, crash: CrashAt) -> None:
    """Run it until it is through or the power goes."""
    try:
        await house.live(script, crash)
    except PowerCut:
        pass  # before anything ran
    except BaseExceptionGroup as group:
        # What else failed on the way down fell with it.
        if group.subgroup(PowerCut) is None:
            raise


def _mail(subject: str, key: str | None, given: dict[str, object]) -> Email:
    mail = Email(
        sender=Address.parse("Acme <hello@acme.test>", where="from"),
        to=(Address.parse(f"{subject}@customer.test", where="to"),),
        subject=subject,
        text="Hello",
        purpose="receipt",
        idempotency_key=key,
    )
    return msgspec.structs.replace(mail, **given)


@contextlib.asynccontextmanager
async def furnished(
    where: Path | str, *, providers: int = 1, settings: Settings | None = None
) -> AsyncIterator[House]:
    """A house with so many providers; in the end they are torn down."""
    clock = ManualClock()
    async with contextlib.AsyncExitStack() as stack:
        sandboxes = [
            await stack.enter_async_context(
                Sandbox(settings or Settings(rate_per_s=0), clock=clock)
            )
            for _ in range(providers)
        ]
        http = await stack.enter_async_context(open_http("mailproof-test/1", {}))
        if isinstance(where, Path):
            opened = await open_sqlite(where, now_ms=lambda: int(clock.now() * 1000))
            await opened.close()
        eye = await stack.enter_async_context(watching(where))
        yield House(where, clock, sandboxes, http, eye)
