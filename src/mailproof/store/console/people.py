"""Who may look at the console, with which password, and who is signed in.

Passwords come here hashed, tokens of sessions too: neither can be read back.
"""

from typing import Final, Literal

import msgspec

from mailproof.mail.events import EventType
from mailproof.store.base import NewEvent, Tx

__all__ = [
    "ABSOLUTE_MS",
    "IDLE_MS",
    "LastAdmin",
    "Member",
    "Person",
    "Role",
    "Session",
    "add_person",
    "begin_session",
    "change_password",
    "end_session",
    "first_admin",
    "list_people",
    "password_of",
    "remove_person",
    "session",
    "sign_in_failed",
    "touch",
]

Role = Literal["viewer", "admin"]

# A session ends this long after it began, and this long after it was used last.
ABSOLUTE_MS: Final = 12 * 3_600_000
IDLE_MS: Final = 2 * 3_600_000


class Person(msgspec.Struct, frozen=True):
    """Somebody who is signed in. A viewer sees, an admin acts."""

    name: str
    role: Role


class Member(msgspec.Struct, frozen=True):
    """Somebody who may sign in. Times in UTC milliseconds; `changed_at`: of the password."""

    name: str
    role: Role
    created_at: int
    changed_at: int


class Session(msgspec.Struct, frozen=True):
    """A session that goes on; used last at `seen_at` (UTC ms), to half a minute."""

    person: Person
    seen_at: int


class LastAdmin(Exception):
    """Without them nobody could act any more."""


async def list_people(tx: Tx) -> list[Member]:
    """Everybody who may sign in, by name."""
    return await tx.all("console/people", Member)


async def password_of(tx: Tx, name: str) -> str | None:
    """The hash of their password; None: there is nobody of that name."""
    return await tx.one("console/password_of", str, name=name)


async def add_person(tx: Tx, name: str, role: Role, password: str, *, actor: str) -> bool:
    """`password` is hashed. False: the name is taken."""
    added = await tx.run(
        "console/insert_person", name=name, role=role, password=password, now=tx.now
    )
    if added:
        data = {"person": name, "role": role}
        tx.tell(NewEvent(EventType.PERSON_ADDED, None, data, actor))
    return bool(added)


async def first_admin(tx: Tx, name: str, password: str, *, actor: str) -> bool:
    """Make the first of all. False: there is somebody already."""
    if await list_people(tx):
        return False
    return await add_person(tx, name, "admin", password, actor=actor)


async def change_password(
    tx: Tx, name: str, password: str, *, actor: str, but: bytes = b""
) -> bool:
    """Their other sessions end; `but`: the one that goes on. False: nobody has that name."""
    if not await tx.run("console/set_password", name=name, password=password, now=tx.now):
        return False
    await tx.run("console/delete_sessions_of", person=name, but=but)
    tx.tell(NewEvent(EventType.PERSON_PASSWORD_CHANGED, None, {"person": name}, actor))
    return True


async def remove_person(tx: Tx, name: str, *, actor: str) -> bool:
    """Their sessions end at once. False: there is nobody of that name. Raises `LastAdmin`."""
    admins = [each.name for each in await list_people(tx) if each.role == "admin"]
    if admins == [name]:
        raise LastAdmin(name)
    if not await tx.run("console/delete_person", name=name):
        return False
    await tx.run("console/delete_sessions_of", person=name, but=b"")
    tx.tell(NewEvent(EventType.PERSON_REMOVED, None, {"person": name}, actor))
    return True


async def begin_session(tx: Tx, hashed: bytes, name: str) -> None:
    """They have signed in; `hashed` comes from outside, so that this may be repeated."""
    await tx.run(
        "console/sweep_sessions",
        created_before=tx.now - ABSOLUTE_MS,
        seen_before=tx.now - IDLE_MS,
    )
    if await tx.run("console/insert_session", hash=hashed, person=name, now=tx.now):
        data = {"person": name}
        tx.tell(NewEvent(EventType.PERSON_SIGNED_IN, None, data, f"console:{name}"))


async def sign_in_failed(tx: Tx, name: str, client: str) -> None:
    """`name` empty: nobody has that name, and what was typed there may be a password."""
    data = {"person": name, "client": client}
    tx.tell(NewEvent(EventType.PERSON_SIGN_IN_FAILED, None, data))


async def session(tx: Tx, hashed: bytes) -> Session | None:
    """None: there is no such session, or it is over."""
    return await tx.one(
        "console/session",
        _session,
        hash=hashed,
        created_after=tx.now - ABSOLUTE_MS,
        seen_after=tx.now - IDLE_MS,
    )


async def touch(tx: Tx, hashed: bytes) -> None:
    """It is in use."""
    await tx.run("console/touch_session", hash=hashed, now=tx.now)


async def end_session(tx: Tx, hashed: bytes) -> None:
    """They have signed out."""
    await tx.run("console/delete_session", hash=hashed)


def _session(name: str, role: Role, seen_at: int) -> Session:
    return Session(Person(name, role), seen_at)
