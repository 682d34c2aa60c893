"""API keys in the store."""

import hashlib
import hmac
import re

import pytest

from mailproof.mail.events import EventType
from mailproof.store.base import Database, NewEvent
from mailproof.store.nodes.keys import (
    create_key,
    find_key,
    hash_key,
    list_keys,
    make_key,
    revoke_key,
)
from mailproof.store.nodes.nodes import Node, enter, tick
from mailproof.store.records import events as event_log
from mailproof.testing import ManualClock


async def told(database: Database) -> list[NewEvent]:
    events = await database.read(event_log.after, 0, 100)
    return [NewEvent(EventType(each.type), None, each.data, each.actor) for each in events]


async def version(database: Database) -> int:
    """What a process learns with its tick."""
    now = database.now()
    await database.write(enter, Node("n1", "all", True, "host", 1, "1", now, now))  # noqa: FBT003
    learned = await database.write(tick, "n1", engine=True)
    assert learned is not None
    return learned.keys


def test_a_key_is_256_random_bits_behind_a_prefix() -> None:
    made = {make_key().secret for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(r"mp_[A-Za-z0-9_-]{43}", secret) for secret in made)


def test_a_keys_id_is_the_beginning_of_its_hash_and_it_is_never_shown() -> None:
    made = make_key()
    assert made.id == hashlib.sha256(made.secret.encode()).hexdigest()[:8]
    assert made.secret not in repr(made)


async def test_a_key_is_found_by_its_hash_with_all_that_it_carries(database: Database) -> None:
    made = make_key()
    key = await database.write(
        create_key,
        made,
        " shop ",
        actor="cli:ada",
        scope="full",
        purpose="registration",
        wait_ms=250,
        on_hold="refuse",
        origin="https://shop.test",
    )
    found = await database.read(find_key, hash_key(made.secret))
    assert found == key
    assert (key.id, key.name, key.scope, key.revoked_at) == (made.id, "shop", "full", None)
    assert (key.purpose, key.wait_ms, key.on_hold) == ("registration", 250, "refuse")
    assert (key.origin, key.created_at) == ("https://shop.test", database.now())
    assert await database.read(find_key, hash_key("mp_other")) is None


async def test_a_status_secret_is_made_from_the_key_as_apps_make_it(database: Database) -> None:
    made = make_key()
    key = await database.write(create_key, made, "shop", actor="")
    by_hand = hmac.new(made.secret.encode(), b"mailproof/status/v1", hashlib.sha256).digest()
    assert key.status_secret == by_hand


async def test_keys_are_listed_with_the_newest_first(
    database: Database, clock: ManualClock
) -> None:
    for name in ("first", "second", "second"):
        await database.write(create_key, make_key(), name, actor="")
        clock.advance(1)
    assert [key.name for key in await database.read(list_keys)] == ["second", "second", "first"]


async def test_a_revoked_key_stays_known_and_is_revoked_once(
    database: Database, clock: ManualClock
) -> None:
    made = make_key()
    await database.write(create_key, made, "shop", actor="cli:ada")
    clock.advance(1)
    first = await database.write(revoke_key, made.id, actor="cli:bob")
    clock.advance(1)
    second = await database.write(revoke_key, made.id, actor="cli:eve")
    assert first == second == await database.read(find_key, hash_key(made.secret))
    assert first is not None
    assert first.revoked_at == database.now() - 1_000
    assert await database.write(revoke_key, "00000000", actor="") is None
    data = {"key_id": made.id, "app": "shop", "scope": "send"}
    assert await told(database) == [
        NewEvent(EventType.KEY_CREATED, None, data, "cli:ada"),
        NewEvent(EventType.KEY_REVOKED, None, data, "cli:bob"),
    ]


async def test_each_change_is_announced_to_every_process(database: Database) -> None:
    made = make_key()
    await database.write(create_key, made, "shop", actor="")
    created = await version(database)
    await database.write(revoke_key, made.id, actor="")
    revoked = await version(database)
    await database.write(revoke_key, made.id, actor="")
    assert (created, revoked, await version(database)) == (1, 2, 2)


async def test_a_creation_may_be_repeated_when_its_answer_was_lost(database: Database) -> None:
    made = make_key()
    once = await database.write(create_key, made, "shop", actor="")
    assert await database.write(create_key, made, "shop", actor="") == once
    assert len(await told(database)) == 1


async def test_a_key_without_an_app_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="name"):
        await database.write(create_key, make_key(), "  ", actor="")
