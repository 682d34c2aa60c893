"""The first admin: made with the console's first start, or ruled by a setting ever after."""

import asyncio
import hashlib
from typing import Final

import structlog

from mailproof.config.settings import Secret
from mailproof.console.passwords import Scrypt, hash_password, new_password
from mailproof.store.base import Database
from mailproof.store.console.people import (
    add_person,
    change_password,
    first_admin,
    list_people,
    password_of,
)

__all__ = ["ADMIN", "Ruled", "make_first_admin"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.console")

ADMIN: Final = "admin"
_BY_START: Final = "server"
_BY_SETTING: Final = "setting:server.console_password"


async def make_first_admin(database: Database, given: Secret | None) -> str | None:
    """Where nobody may sign in yet: make `admin`, and return the password to tell a person, once.

    None: somebody may, or the password is `given` and so known. Raises what the store raises.
    """
    somebody = await database.read(list_people)
    if given is not None or somebody:
        return None
    password = new_password()
    hashed = await asyncio.to_thread(hash_password, password)
    made = await database.write(first_admin, ADMIN, hashed, actor=_BY_START)
    return password if made else None


class Ruled:
    """Keeps the password of `admin` what the setting says, also when that changes while we run."""

    def __init__(self, database: Database, given: Secret | None, scrypt: Scrypt) -> None:
        self._database = database
        self._given = given
        self._scrypt = scrypt
        self._seen = b""
        self._lock = asyncio.Lock()

    @property
    def rules(self) -> bool:
        """Does the setting say what the password of `admin` is?"""
        return self._given is not None and bool(self._given.read())

    async def follow(self) -> None:
        """Take a changed setting over; costs microseconds where it has not. The sessions that the
        old one began end. Raises `Busy`, and what the store raises."""
        value = self._given.read() if self._given is not None else ""
        mark = hashlib.sha256(value.encode()).digest()
        if not value or mark == self._seen:
            return
        async with self._lock:
            if mark != self._seen:
                await self._take(value)
                self._seen = mark

    async def _take(self, value: str) -> None:
        stored = await self._database.read(password_of, ADMIN)
        if stored is not None and await self._scrypt.fits(value, stored):
            return
        hashed = await self._scrypt.hash(value)
        if stored is None:
            await self._database.write(add_person, ADMIN, "admin", hashed, actor=_BY_SETTING)
        else:
            await self._database.write(change_password, ADMIN, hashed, actor=_BY_SETTING)
        _log.info("person.followed_setting", person=ADMIN)
