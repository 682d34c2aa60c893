"""Signing in: for who knows the password; slow for who guesses, and the same for every name."""

import asyncio
import re
import statistics
import threading
import time
from pathlib import Path

import msgspec
import pytest

from mailproof.config.settings import Secret
from mailproof.console import passwords
from mailproof.console.first import make_first_admin
from mailproof.console.lockout import Lockout
from mailproof.console.passwords import Busy, Scrypt, hash_password
from mailproof.console.sessions import hash_token
from mailproof.store.base import Database
from mailproof.store.console.people import list_people, password_of, session
from mailproof.testing import ManualClock
from tests.console.frame_world import PASSWORD, Heard, World, clock, database, make_world, world

__all__ = ["clock", "database", "world"]

MINUTE_MS = 60_000


def problem(heard: Heard) -> str:
    found = re.search(r'role="alert"[^>]*>.*?<span>([^<]*)</span></p>', heard.text, re.DOTALL)
    assert found is not None, heard.text
    return found[1]


def on_disk(database: Database) -> bytes:
    file = Path(database.where)
    return b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))


async def test_the_right_password_opens_a_session_that_only_its_hash_knows(world: World) -> None:
    await world.add("lena")
    heard = await world.sign_in(" Lena ")
    assert heard.status == 303
    ((name, token),) = world.cookies.items()
    assert len(token) == 43
    assert heard.cookies == [f"{name}={token}; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax"]
    kept = on_disk(world.database)
    assert hash_token(token) in kept
    assert token.encode() not in kept
    assert PASSWORD.encode() not in kept


async def test_by_https_the_cookie_is_bound_to_its_host(world: World) -> None:
    await world.add("lena")
    world.client, world.proto = "10.0.0.7", "https"
    (cookie,) = (await world.sign_in()).cookies
    assert cookie.startswith("__Host-mailproof_session_")
    assert cookie.endswith("; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure")
    assert (await world.ask("GET", "/console")).status == 200


async def test_https_is_believed_of_a_trusted_proxy_alone(world: World) -> None:
    await world.add("lena")
    world.client, world.proto = "192.0.2.7", "https"
    (cookie,) = (await world.sign_in()).cookies
    assert "Secure" not in cookie
    world.client, world.proto = "10.0.0.7", "https, http"
    (cookie,) = (await world.sign_in()).cookies
    assert "Secure" not in cookie


async def test_a_wrong_password_and_a_wrong_name_read_the_same(world: World) -> None:
    await world.add("lena")
    known, unknown = await world.sign_in("lena", "wrong"), await world.sign_in("nobody", "wrong")
    assert known.status == unknown.status == 403
    assert known.text.replace("lena", "nobody") == unknown.text
    assert problem(known) == (
        "Name and password don’t match. 4 more tries, then a pause of 30 seconds."
    )
    assert not world.cookies


async def test_a_wrong_name_takes_as_long_as_a_wrong_password(world: World) -> None:
    scrypt = Scrypt()
    stored = hash_password(PASSWORD)

    async def took(of: str | None) -> float:
        began = time.process_time()
        assert not await scrypt.fits("wrong", of)
        return time.process_time() - began

    known = [await took(stored) for _ in range(3)]
    unknown = [await took(None) for _ in range(3)]
    assert 0.5 < statistics.median(known) / statistics.median(unknown) < 2
    assert not await scrypt.fits("", None)


async def test_a_failure_is_told_with_a_name_only_where_somebody_has_it(world: World) -> None:
    await world.add("lena")
    await world.sign_in("lena", "wrong")
    await world.sign_in("my secret password", "wrong")
    await world.sign_in()
    assert [(each.type, each.actor, each.data) for each in await world.told()] == [
        ("person.added", "test", {"person": "lena", "role": "admin"}),
        ("person.sign_in_failed", "", {"person": "lena", "client": "127.0.0.1"}),
        ("person.sign_in_failed", "", {"person": "", "client": "127.0.0.1"}),
        ("person.signed_in", "console:lena", {"person": "lena"}),
    ]


async def test_the_fifth_wrong_password_makes_everybody_of_that_name_wait(world: World) -> None:
    await world.add("lena")
    for _ in range(4):
        await world.sign_in("lena", "wrong")
    fifth = await world.sign_in("lena", "wrong")
    assert fifth.status == 429
    assert problem(fifth) == "Too many tries. Try again at 08:00:30."
    assert fifth.headers["retry-after"] == "30"
    world.clock.advance(29)
    assert (await world.sign_in()).status == 429  # the right one
    world.clock.advance(1)
    assert (await world.sign_in()).status == 303


async def test_guesses_at_the_same_moment_are_counted_like_guesses_in_a_row(world: World) -> None:
    await world.add("lena")
    heard = await asyncio.gather(*(world.sign_in("lena", f"guess {n}") for n in range(12)))
    assert {each.status for each in heard} == {429}
    failed = [each for each in await world.told() if each.type == "person.sign_in_failed"]
    assert len(failed) == 5


def test_each_further_failure_doubles_the_pause_up_to_a_quarter_of_an_hour() -> None:
    lockout, now, pauses = Lockout(), 0, []
    for _ in range(4):
        lockout.tried("lena", now)
        assert lockout.until("lena", "", now) == 0
    for _ in range(8):
        lockout.tried("lena", now)
        until = lockout.until("lena", "", now)
        pauses.append((until - now) // 1_000)
        assert lockout.until("tom", "", now) == 0
        now = until
        assert lockout.until("lena", "", now) == 0
    now += 15 * MINUTE_MS
    lockout.tried("lena", now)
    assert lockout.until("lena", "", now) == 0
    assert pauses == [30, 60, 120, 240, 480, 900, 900, 900]


def test_failures_of_a_quarter_of_an_hour_ago_are_forgotten() -> None:
    lockout = Lockout()
    for number in range(40):
        lockout.tried("lena", number * 4 * MINUTE_MS)
        assert lockout.until("lena", "", number * 4 * MINUTE_MS) == 0


def test_an_address_that_tries_many_names_waits_too() -> None:
    lockout = Lockout()
    for number in range(19):
        lockout.tried(f"name {number}", 0)
        lockout.failed("192.0.2.1", 0)
        assert lockout.until("other", "192.0.2.1", 0) == 0
    lockout.succeeded("name 3")
    lockout.failed("192.0.2.1", 0)
    assert lockout.until("other", "192.0.2.1", 0) == 30_000
    assert lockout.until("other", "192.0.2.2", 0) == 0


def test_nobody_fills_the_memory_with_names() -> None:
    lockout = Lockout()
    for number in range(25_000):
        lockout.tried(f"name {number}", 0)
        lockout.failed(f"192.0.2.{number}", 0)
    assert len(lockout._names) == len(lockout._addresses) == 10_000


def test_a_try_that_was_not_checked_counts_for_nothing() -> None:
    lockout = Lockout()
    for _ in range(100):  # too many at once: none of them was looked at
        lockout.tried("ada", 0)
        lockout.not_checked("ada", 0)
    assert lockout.until("ada", "", 0) == 0
    assert lockout.left("ada", 0) == 5
    for _ in range(5):
        lockout.tried("ada", 0)
    paused = lockout.until("ada", "", 0)
    assert paused == 30_000
    lockout.tried("ada", paused)
    lockout.not_checked("ada", paused)
    assert lockout.until("ada", "", paused) == 0
    lockout.tried("ada", paused)
    assert lockout.until("ada", "", paused) == paused + 60_000, "as long as without it"


async def test_two_passwords_at_a_time_are_checked_and_the_rest_is_turned_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go, running, most = threading.Event(), 0, 0
    lock = threading.Lock()

    def slow(*_: str) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        assert go.wait(10)
        with lock:
            running -= 1
        return True

    monkeypatch.setattr(passwords, "_fits", slow)
    scrypt = Scrypt()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(scrypt.fits("x", "y")) for _ in range(20)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await scrypt.fits("x", "y")
        go.set()
    assert all(task.result() for task in tasks)
    assert most == 2


async def test_a_session_ends_two_hours_after_it_was_used_last(world: World) -> None:
    await world.signed_in()
    for _ in range(3):
        world.clock.advance(2 * 3_600 - 60)
        assert (await world.ask("GET", "/console")).status == 200
    world.clock.advance(2 * 3_600)
    out = await world.ask("GET", "/console")
    assert out.status == 303
    assert not world.cookies


async def test_a_session_ends_twelve_hours_after_it_began(world: World) -> None:
    await world.signed_in()
    for _ in range(11):
        world.clock.advance(3_600)
        assert (await world.ask("GET", "/console")).status == 200
    world.clock.advance(3_600)
    assert (await world.ask("GET", "/console")).status == 303


async def test_who_signs_out_is_out_with_the_same_cookie_too(world: World) -> None:
    await world.signed_in()
    kept = dict(world.cookies)
    assert (await world.ask("GET", "/console/sign-out")).status == 405
    heard = await world.post("/console/sign-out")
    assert heard.headers["location"] == "/console/sign-in"
    assert not world.cookies
    world.cookies.update(kept)
    assert (await world.ask("GET", "/console")).status == 303


async def test_a_new_password_ends_the_other_sessions_and_not_this_one(world: World) -> None:
    await world.signed_in()
    other, own = dict(world.cookies), {}
    world.cookies.clear()
    await world.sign_in()
    await world.ask("GET", "/console")
    own.update(world.cookies)
    done = await world.post("/console/password", {"now": PASSWORD, "new": "another long one"})
    assert done.headers["location"] == "/console/password?done=changed"
    assert (
        "Your other sessions have ended." in (await world.ask("GET", done.headers["location"])).text
    )
    world.cookies.clear()
    world.cookies.update(other)
    assert (await world.ask("GET", "/console")).status == 303
    world.cookies.clear()
    assert (await world.sign_in()).status == 403
    assert (await world.sign_in(password="another long one")).status == 303


@pytest.mark.parametrize(
    ("now", "new", "status", "says"),
    [
        ("wrong", "another long one", 403, "That is not your password now."),
        (PASSWORD, "short", 422, "fewer than 12 characters"),
        (PASSWORD, "x" * 1_001, 422, "more than 1,000 characters"),
    ],
)
async def test_a_password_is_not_changed_by_halves(
    world: World, now: str, new: str, status: int, says: str
) -> None:
    await world.signed_in()
    before = await world.database.read(password_of, "lena")
    heard = await world.post("/console/password", {"now": now, "new": new})
    assert heard.status == status
    assert says in problem(heard)
    assert await world.database.read(password_of, "lena") == before


async def test_the_first_start_makes_an_admin_and_tells_the_password_once(
    world: World, database: Database
) -> None:
    password = await make_first_admin(database, None)
    assert password is not None
    assert len(password) == 20
    assert await make_first_admin(database, None) is None
    (member,) = await database.read(list_people)
    assert (member.name, member.role) == ("admin", "admin")
    assert (await world.sign_in("admin", password)).status == 303


async def test_a_password_that_is_set_is_the_admins_and_is_followed(
    database: Database, clock: ManualClock
) -> None:
    value = ["the first of them"]
    given = Secret("file:password", lambda: value[0])
    assert await make_first_admin(database, given) is None
    world = await make_world(database, clock, console_password=given)
    assert (await world.sign_in("admin", value[0])).status == 303
    await world.ask("GET", "/console")
    assert "Change it there" in (await world.ask("GET", "/console/password")).text
    refused = await world.post("/console/password", {"now": value[0], "new": "another long one"})
    assert refused.status == 403
    value[0] = "the second of them"
    assert (await world.ask("GET", "/console")).status == 303  # what the old one opened has ended
    assert (await world.sign_in("admin", "the first of them")).status == 403
    assert (await world.sign_in("admin", value[0])).status == 303
    changed = [each.actor for each in await world.told() if each.type == "person.password_changed"]
    assert changed == ["setting:server.console_password"]


async def test_a_password_that_cannot_be_read_now_leaves_the_one_that_was(
    database: Database, clock: ManualClock
) -> None:
    value = ["the first of them"]
    given = Secret("file:password", lambda: value[0])
    world = await make_world(database, clock, console_password=given)
    assert (await world.sign_in("admin", "the first of them")).status == 303
    value[0] = ""
    assert (await world.ask("GET", "/console")).status == 200
    world.cookies.clear()
    assert (await world.sign_in("admin", "")).status == 403
    assert (await world.sign_in("admin", "the first of them")).status == 303


async def test_two_installations_on_one_host_keep_their_sessions_apart(world: World) -> None:
    await world.signed_in()
    (name,) = world.cookies
    other = msgspec.structs.replace(world.parts.installation, id="ffff0000ffff0000")
    world.parts = msgspec.structs.replace(world.parts, installation=other)
    world.restart()
    await world.sign_in()
    assert len(world.cookies) == 2
    assert name in world.cookies


async def test_a_made_up_token_is_nobodys(world: World) -> None:
    await world.signed_in()
    for token in ("x", "x" * 5_000, "é", ""):
        assert await world.database.read(session, hash_token(token)) is None
        world.cookies = dict.fromkeys(world.cookies, token)
        assert (await world.ask("GET", "/console")).status == 303
