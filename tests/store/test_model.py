"""Both stores against a model that is small enough to be read, whatever happens when."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mailproof.mail.events import OF_STATE
from mailproof.mail.lifecycle import WAITING, State
from mailproof.store.base import Database, Tx
from mailproof.store.mails.accept import standing
from mailproof.store.mails.claim import claim_probe
from mailproof.store.mails.desk import cancel
from mailproof.store.mails.duties import (
    expire,
    free_unknown,
    recover_leases,
    resend_unconfirmed,
    wake_due,
)
from mailproof.store.mails.record import hand_back
from mailproof.store.postgres.database import open_postgres
from mailproof.store.records.events import after
from mailproof.store.routes.lanes import Lane
from mailproof.store.shapes import Claimed, Outcome, Routing
from mailproof.store.sqlite.database import open_sqlite
from mailproof.testing.store_suite.outcomes import deferred, judged, sent, turned_away, unknown
from mailproof.testing.store_suite.world import OpenDatabase, World, fresh_world
from tests.store.cluster import Cluster
from tests.store.model import KEY_TTL_MS, LEASE_MS, ORDER, Mail, Model, Result

Got = TypeVar("Got")
Fresh = Callable[[], AbstractAsyncContextManager[OpenDatabase]]

ROUTING = Routing(order=ORDER, key_ttl_ms=dict.fromkeys(ORDER, KEY_TTL_MS))
SENDERS = ("a.test", "b.test")
KINDS = (
    *("sent", "judged", "deferred", "elsewhere", "unknown", "unconfirmed"),
    *("turned_away", "turned_away_sender"),
)
PROVIDERS = st.sampled_from(ORDER)
ROUTES = st.tuples(PROVIDERS, st.sampled_from(("*", *SENDERS)))
NODES = st.sampled_from(("n1", "n2"))
PICKS = st.lists(st.tuples(st.integers(0, 99), st.sampled_from(KINDS)), min_size=1, max_size=8)
MAILS = st.fixed_dictionaries(
    {
        "lane_sender": st.sampled_from(SENDERS),
        "pin": st.sampled_from(("", "", "", "second")),
        "critical": st.booleans(),
        "purpose": st.sampled_from(("registration", "receipt")),
        "lives_s": st.sampled_from((86_400, 86_400, 600, 20)),
        "waits_s": st.sampled_from((*[None] * 7, 5)),
        "supersede_key": st.sampled_from((*[None] * 7, b"k" * 16)),
    }
)


class StoreMachine(RuleBasedStateMachine):
    """The same steps for a store and for the model; after each they must agree."""

    def __init__(self, fresh: Fresh) -> None:
        super().__init__()
        self.fresh = fresh
        self.runner = asyncio.Runner()
        self.model = Model()
        self.leases: list[tuple[Claimed, int]] = []
        self.told: dict[str, str] = {}
        self.last_event = 0

    def run(self, coroutine: Awaitable[Got]) -> Got:
        async def awaited() -> Got:
            return await coroutine

        return self.runner.run(awaited())

    @initialize()
    def begin(self) -> None:
        self.store = self.fresh()
        self.opened = fresh_world(self.run(self.store.__aenter__()))
        self.world: World = self.run(self.opened.__aenter__())
        self.run(self.world.start(dict.fromkeys(ORDER, "f"), ROUTING))

    def teardown(self) -> None:
        self.run(self.opened.__aexit__(None, None, None))
        self.run(self.store.__aexit__(None, None, None))
        self.runner.close()

    @property
    def now(self) -> int:
        return self.world.now

    def write(self, body: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        return self.run(self.world.database.write(body, *args, **kwargs))

    # ---- what may happen ----

    @rule(wanted=st.lists(MAILS, min_size=1, max_size=8))
    def accept(self, wanted: list[dict[str, Any]]) -> None:
        mails = []
        twins: list[Mail] = []
        for each in wanted:
            given = dict(each)
            lives_s, waits_s = given.pop("lives_s"), given.pop("waits_s")
            at = None if waits_s is None else self.now + waits_s * 1000
            mail = self.world.mail(**given, expires_at=self.now + lives_s * 1000, scheduled_at=at)
            mails.append(mail)
            twins.append(
                Mail(
                    mail.id, len(self.model.mails) + len(twins), mail.lane_sender, mail.pin,
                    mail.purpose, mail.critical, mail.expires_at, at, mail.supersede_key,
                )
            )  # fmt: skip
        self.run(self.world.take(*mails))
        self.model.accept(twins, self.now)

    @rule(provider=PROVIDERS, most=st.sampled_from((0, 1, 3, 100)), node=NODES)
    def claim(self, provider: str, most: int, node: str) -> None:
        lanes = [f"{lane.sender}|{lane.pin}" for lane in self.run(_lanes(self.world.database))]
        got = self.run(self.world.claim(most, provider=provider, node=node))
        until = self.now + LEASE_MS
        expected = self.model.claim(provider, most, node, self.now, until, lanes)
        assert [(mail.id, mail.state) for mail in got] == [(m.id, m.state) for m in expected]
        assert len(got) <= most
        self._leased(got)

    @rule(route=ROUTES, node=NODES)
    def probe(self, route: tuple[str, str], node: str) -> None:
        if route not in self.model.closed:
            return
        provider, sender = route
        got = self.write(
            claim_probe, provider=provider, sender=sender, node=node, lease_ms=LEASE_MS
        )
        expected = self.model.probe(provider, sender, node, self.now, self.now + LEASE_MS)
        assert (got and got.id) == (expected and expected.id)
        self._leased([got] if got else [])

    def _leased(self, got: Sequence[Claimed]) -> None:
        for mail in got:
            twin = self.model.mails[mail.id]
            if mail.state == State.SENDING:
                assert (mail.provider, mail.lease_no) == (twin.provider, twin.lease_no)
                assert mail.unknown_since == twin.unknown_since
                assert not twin.bound or twin.bound == mail.provider, "two providers may have it"
                self.leases.append((mail, self.now))

    @precondition(lambda self: self.leases)
    @rule(
        picks=st.lists(
            st.tuples(st.integers(0, 99), st.sampled_from(KINDS)), min_size=1, max_size=8
        )
    )
    def record(self, picks: list[tuple[int, str]]) -> None:
        """Among them leases that are long lost."""
        self._record({-1 - pick % len(self.leases): kind for pick, kind in picks})

    @rule(provider=PROVIDERS, kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=5))
    def send(self, provider: str, kinds: list[str]) -> None:
        """All that may go, some time after it was claimed."""
        before = len(self.leases)
        self.claim(provider, 100, "n1")
        self.world.advance(0.25)
        if count := len(self.leases) - before:
            self._record({-1 - place: kinds[place % len(kinds)] for place in range(count)})

    def _record(self, chosen: dict[int, str]) -> None:
        results, outcomes = [], []
        for place, kind in chosen.items():
            mail, started_at = self.leases[place]
            results.append(Result(self.model.mails[mail.id], mail.lease_no, kind, started_at))
            outcomes.append(_outcome(mail, kind, started_at, self.now))
        recorded = self.run(self.world.record(*outcomes))
        good = self.model.record(results, self.now)
        assert [not each.fenced for each in recorded] == good
        for each, result in zip(recorded, results, strict=True):
            assert each.state is result.mail.state

    @precondition(lambda self: self.leases)
    @rule(pick=st.integers(0, 99))
    def hand_back(self, pick: int) -> None:
        mail, _ = self.leases[pick % len(self.leases)]
        twin = self.model.mails[mail.id]
        fits = twin.state is State.SENDING and twin.lease_no == mail.lease_no
        assert self.write(hand_back, [(mail.id, mail.lease_no)]) == fits
        if fits:
            twin.state = State.QUEUED

    @rule(route=ROUTES)
    def close(self, route: tuple[str, str]) -> None:
        self.run(self.world.close(*route))
        self.model.close(*route, self.now)
        self.model.settle(self.now)

    @rule(route=ROUTES)
    def open(self, route: tuple[str, str]) -> None:
        self.run(self.world.open(*route))
        self.model.open(*route)
        self.model.settle(self.now)

    @rule(seconds=st.sampled_from((0.5, 1, 7, 31, 900, 4_000)))
    def time_goes_by(self, seconds: float) -> None:
        self.world.advance(seconds)

    @rule()
    def wake(self) -> None:
        due = [
            mail
            for mail in self.model.within(State.DEFERRED, State.SCHEDULED)
            if (mail.due_at or 0) <= self.now
        ]
        assert self.write(wake_due, 1_000) == len(due)
        for mail in due:
            mail.state, mail.due_at = State.QUEUED, None

    @rule()
    def expire(self) -> None:
        over = [mail for mail in self.model.within(*WAITING) if mail.expires_at <= self.now]
        over += [
            mail
            for mail in self.model.within(State.UNCONFIRMED)
            if mail.expires_at <= self.now and (mail.unknown_since or 0) <= self.now - KEY_TTL_MS
        ]
        assert self.write(expire, 1_000, ROUTING) == len(over)
        for mail in over:
            mail.state = State.EXPIRED

    @rule(node=st.sampled_from((None, "n1", "n2")))
    def recover(self, node: str | None) -> None:
        """What a dead node held, or whose lease ran out."""
        lost = [
            mail
            for mail in self.model.within(State.SENDING)
            if (mail.leased_until <= self.now if node is None else mail.node == node)
        ]
        dead = None if node is None else [node]
        assert self.write(recover_leases, 1_000, ROUTING, dead=dead) == len(lost)
        self.model.recover(lost, self.now)

    @rule()
    def resend(self) -> None:
        mails = [
            mail
            for mail in self.model.within(State.UNCONFIRMED)
            if mail.purpose == "registration" and mail.expires_at > self.now
        ]
        assert self.write(resend_unconfirmed, ["registration"], 1_000, ROUTING) == len(mails)
        self.model.free(mails)

    @rule()
    def free(self) -> None:
        mails = [
            mail
            for mail in self.model.within(State.HELD)
            if mail.purpose == "registration"
            and mail.expires_at > self.now
            and mail.bound not in {"", mail.pin}
            and not self.model.lanes[mail.lane].usable
            and self.model.usable((mail.sender, mail.pin))
        ]
        assert self.write(free_unknown, ["registration"], 1_000, ROUTING) == len(mails)
        self.model.free(mails)

    @precondition(lambda self: self.model.mails)
    @rule(pick=st.integers(0, 99))
    def cancel(self, pick: int) -> None:
        mail = list(self.model.mails.values())[pick % len(self.model.mails)]
        self.write(cancel, [mail.id], actor="cli:ada")
        if mail.state in WAITING:
            mail.state = State.CANCELED

    # ---- what must hold ----

    @invariant()
    def the_store_and_the_model_agree(self) -> None:
        ids = list(self.model.mails)
        if not ids:
            return
        found = self.run(self.world.database.read(standing, ids))
        assert {key: row.state for key, row in found.items()} == {
            key: mail.state for key, mail in self.model.mails.items()
        }

    @invariant()
    def events_replay_to_the_states(self) -> None:
        if not self.model.mails:
            return
        states = {event.value: state for state, event in OF_STATE.items()}
        for event in self.run(_events_after(self.world.database, self.last_event)):
            assert event.id > self.last_event
            self.last_event = event.id
            if event.email_id is not None:
                known = self.told.get(event.email_id, State.QUEUED)
                self.told[event.email_id] = states.get(event.type, known)
        for key, mail in self.model.mails.items():
            # When a deferred mail goes on, its event has said before.
            assert self.told[key] in {mail.state} | (
                {State.DEFERRED} if mail.state is State.QUEUED else set()
            )


def _outcome(mail: Claimed, kind: str, started_at: int, now: int) -> Outcome:
    outcome = {
        "sent": lambda: sent(mail, started_at),
        "judged": lambda: judged(mail, started_at),
        "deferred": lambda: deferred(mail, started_at),
        "elsewhere": lambda: deferred(mail, started_at, to=State.QUEUED, avoid=mail.provider),
        "unknown": lambda: unknown(mail, started_at),
        "unconfirmed": lambda: unknown(mail, started_at, to=State.UNCONFIRMED),
        "turned_away": lambda: turned_away(mail, started_at),
        "turned_away_sender": lambda: turned_away(mail, started_at, sender=mail.lane_sender),
    }[kind]()
    return msgspec.structs.replace(outcome, due_at=now + 1_000)


async def _lanes(database: Database) -> list[Lane]:
    return await database.read(_all_lanes)


async def _all_lanes(tx: Tx) -> list[Lane]:
    return await tx.all("routes/lanes", Lane)


async def _events_after(database: Database, position: int) -> list[Any]:
    return await database.read(after, position)


def test_sqlite_does_what_the_model_does() -> None:
    @asynccontextmanager
    async def fresh() -> AsyncIterator[OpenDatabase]:
        with TemporaryDirectory() as folder:

            async def opened(now_ms: Callable[[], int]) -> Database:
                return await open_sqlite(Path(folder) / "mailproof.db", now_ms=now_ms)

            yield opened

    _run(fresh, examples=60)


def test_postgres_does_what_the_model_does(cluster: Cluster) -> None:
    @asynccontextmanager
    async def fresh() -> AsyncIterator[OpenDatabase]:
        async with cluster.fresh_database() as url:

            async def opened(now_ms: Callable[[], int]) -> Database:
                return await open_postgres(url, now_ms=now_ms)

            yield opened

    _run(fresh, examples=12)


def _run(fresh: Fresh, *, examples: int) -> None:
    run_state_machine_as_test(
        partial(StoreMachine, fresh),  # type: ignore[arg-type] # a factory is as good as a class
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
