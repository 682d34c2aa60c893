"""Whose key is it: remembered for a second, never longer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from mailproof.gateway.keyring import KeyKind, KeyRing, ProviderKey
from mailproof.store.base import StoreUnavailable
from mailproof.store.nodes.keys import create_key, make_key, revoke_key
from mailproof.store.sqlite.database import SqliteDatabase, open_sqlite
from mailproof.testing import ManualClock

GOOD_PROVIDER_KEY = "re_AbCdEfGh_ijklmnopqrstuvwxyz012"


class Counting:
    """Forwards reads to a real database and counts them; `down`: it cannot be reached. `then` is
    called before each answer."""

    def __init__(self, database: SqliteDatabase) -> None:
        self.database = database
        self.reads = 0
        self.down = False
        self.then: Callable[[], None] = lambda: None

    async def read(self, body: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        self.reads += 1
        if self.down:
            raise StoreUnavailable("down")
        found = await self.database.read(body, *args)
        self.then()
        return found


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Counting]:
    database = await open_sqlite(tmp_path / "keys.db", now_ms=lambda: 1)
    yield Counting(database)
    await database.close()


def ring(store: Any, clock: ManualClock, *provider_keys: ProviderKey) -> KeyRing:
    return KeyRing(store, provider_keys, monotonic=clock.now)


async def made(store: Counting, name: str = "shop", **given: Any) -> str:
    key = make_key()
    await store.database.write(create_key, key, name, actor="", **given)
    return key.secret


async def revoke(store: Counting, secret: str) -> None:
    key = await ring(store, ManualClock()).look(secret)
    assert key.caller is not None
    await store.database.write(revoke_key, key.caller.key_id, actor="")


async def test_a_key_is_looked_up_once_a_second(store: Counting, clock: ManualClock) -> None:
    keys, secret = ring(store, clock), await made(store, purpose="otp", wait_ms=500)
    for _ in range(10):
        known = await keys.look(secret)
        assert known.kind is KeyKind.GOOD
        assert known.caller is not None
        assert (known.caller.app, known.caller.purpose, known.caller.wait_s) == ("shop", "otp", 0.5)
    assert store.reads == 1
    clock.advance(0.99)
    await keys.look(secret)
    assert store.reads == 1
    clock.advance(0.02)
    await keys.look(secret)
    assert store.reads == 2


async def test_a_key_that_another_process_revokes_is_out_within_a_second(
    store: Counting, clock: ManualClock
) -> None:
    keys, secret = ring(store, clock), await made(store)
    assert (await keys.look(secret)).kind is KeyKind.GOOD
    await revoke(store, secret)
    clock.advance(1.0)
    known = await keys.look(secret)
    assert (known.kind, known.app, known.caller) == (KeyKind.ONCE_VALID, "shop", None)


async def test_a_changed_version_empties_the_memory_at_once(
    store: Counting, clock: ManualClock
) -> None:
    keys, secret = ring(store, clock), await made(store)
    keys.refresh_if_changed(1)
    await keys.look(secret)
    await revoke(store, secret)
    keys.refresh_if_changed(1)
    assert (await keys.look(secret)).kind is KeyKind.GOOD
    keys.refresh_if_changed(2)
    assert (await keys.look(secret)).kind is KeyKind.ONCE_VALID


async def test_a_look_that_began_before_a_change_is_not_remembered(
    store: Counting, clock: ManualClock
) -> None:
    secret = await made(store)
    keys = ring(store, clock)
    keys.refresh_if_changed(1)

    store.then = lambda: keys.refresh_if_changed(2)
    await keys.look(secret)
    store.then = lambda: None
    await revoke(store, secret)
    assert (await keys.look(secret)).kind is KeyKind.ONCE_VALID


async def test_a_new_key_works_within_a_second_though_it_was_tried_before(
    store: Counting, clock: ManualClock
) -> None:
    keys, key = ring(store, clock), make_key()
    assert (await keys.look(key.secret)).kind is KeyKind.UNKNOWN
    await store.database.write(create_key, key, "shop", actor="")
    clock.advance(1.0)
    assert (await keys.look(key.secret)).kind is KeyKind.GOOD


async def test_many_requests_with_one_key_make_one_look(
    store: Counting, clock: ManualClock
) -> None:
    keys, secret = ring(store, clock), await made(store)
    found = await asyncio.gather(*(keys.look(secret) for _ in range(50)))
    assert {known.kind for known in found} == {KeyKind.GOOD}
    assert store.reads == 1


async def test_who_gives_up_waiting_leaves_the_others_their_look(
    store: Counting, clock: ManualClock
) -> None:
    keys, secret = ring(store, clock), await made(store)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(keys.look(secret)) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[0].cancel()
    assert [task.cancelled() for task in tasks] == [True, False, False]
    assert tasks[2].result().kind is KeyKind.GOOD


async def test_a_guesser_fills_no_memory_and_pushes_no_good_key_out(
    store: Counting, clock: ManualClock
) -> None:
    keys, secret = ring(store, clock), await made(store)
    await keys.look(secret)
    for number in range(2_100):
        await keys.look(f"mp_guess_{number}")
    reads = store.reads
    await keys.look(secret)
    await keys.look("mp_guess_2099")
    assert store.reads == reads
    await keys.look("mp_guess_0")
    assert store.reads == reads + 1


async def test_when_the_store_is_down_nobody_is_let_in_on_memory_alone(
    store: Counting, clock: ManualClock
) -> None:
    keys, secret = ring(store, clock), await made(store)
    await keys.look(secret)
    store.down = True
    await keys.look(secret)
    clock.advance(1.0)
    with pytest.raises(StoreUnavailable):
        await keys.look(secret)
    store.down = False
    assert (await keys.look(secret)).kind is KeyKind.GOOD


async def test_a_providers_own_key_is_an_app_of_the_providers_name(
    store: Counting, clock: ManualClock
) -> None:
    keys = ring(store, clock, ProviderKey("resend", lambda: GOOD_PROVIDER_KEY))
    known = await keys.look(GOOD_PROVIDER_KEY)
    assert known.caller is not None
    assert (known.caller.app, known.scope, len(known.caller.key_id)) == ("resend", "send", 8)
    assert known.caller.status_secret
    assert (await keys.look(GOOD_PROVIDER_KEY[:-1])).kind is KeyKind.UNKNOWN


@pytest.mark.parametrize(
    "weak", ["", "1", "re_123456789", "re_xxxxxxxxxxxxxxxxxxxxxxxxx", "short-but-odd-9x"]
)
async def test_a_key_that_can_be_guessed_opens_nothing_though_the_provider_has_it(
    store: Counting, clock: ManualClock, weak: str
) -> None:
    known = await ring(store, clock, ProviderKey("resend", lambda: weak)).look(weak)
    assert known.caller is None


async def test_a_placeholder_is_known_as_one(store: Counting, clock: ManualClock) -> None:
    keys = ring(store, clock)
    assert (await keys.look("1")).kind is KeyKind.PLACEHOLDER
    assert (await keys.look("re_xxxxxxxxx")).kind is KeyKind.PLACEHOLDER
    assert (await keys.look("re_AbCdEfGh_ijklmnopqrstuvwxyz013")).kind is KeyKind.UNKNOWN


async def test_a_providers_key_that_changes_takes_effect_within_a_second(
    store: Counting, clock: ManualClock
) -> None:
    value = [GOOD_PROVIDER_KEY]
    keys = ring(store, clock, ProviderKey("resend", lambda: value[0]))
    assert (await keys.look(GOOD_PROVIDER_KEY)).kind is KeyKind.GOOD
    value[0] = GOOD_PROVIDER_KEY.replace("012", "999")
    clock.advance(1.0)
    assert (await keys.look(GOOD_PROVIDER_KEY)).kind is KeyKind.UNKNOWN
