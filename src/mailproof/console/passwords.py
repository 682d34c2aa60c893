"""Passwords: hashed with scrypt, in a thread, and never more than a few at the same time.

The cost (N = 2^15, r = 8, p = 3: 32 MiB, about a quarter of a second) is what OWASP's "Password
Storage Cheat Sheet" asks of scrypt with that much memory.
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Final, TypeVar

__all__ = ["PASSWORD_MAX", "PASSWORD_MIN", "Busy", "Scrypt", "hash_password", "new_password"]

Made = TypeVar("Made")

# In characters. The upper bound only keeps a request small.
PASSWORD_MIN: Final = 12
PASSWORD_MAX: Final = 1_000

_N: Final = 2**15
_R: Final = 8
_P: Final = 3
_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32
_MEMORY_MAX: Final = 64 * 1024 * 1024
_N_MAX: Final = 2**16
_AT_ONCE: Final = 2
_WAITING_MAX: Final = 20
_RANDOM_BYTES: Final = 15  # 20 characters in base64url


class Busy(Exception):
    """So many passwords are being checked that this one would wait too long."""


def new_password() -> str:
    """One that nobody can guess: 120 random bits."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


def hash_password(password: str) -> str:
    """What is stored of it: `scrypt$N$r$p$salt$hash`. Takes a quarter of a second of CPU."""
    salt = secrets.token_bytes(_SALT_BYTES)
    made = _derive(password, salt, _N, _R, _P)
    return "$".join(("scrypt", str(_N), str(_R), str(_P), _text(salt), _text(made)))


def _fits(password: str, stored: str) -> bool:
    kind, n, r, p, salt, made = stored.split("$")
    if kind != "scrypt" or int(n) > _N_MAX:
        raise ValueError("the stored hash is none that this release can read")
    again = _derive(password, _bytes(salt), int(n), int(r), int(p))
    return hmac.compare_digest(again, _bytes(made))


class Scrypt:
    """Hashes and checks passwords beside the event loop, two at a time, so that nobody can use the
    sign-in page to exhaust the machine."""

    def __init__(self) -> None:
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0
        # What a name that nobody has is checked against, so that it takes as long as any other.
        self._nobody = f"scrypt${_N}${_R}${_P}${_text(bytes(16))}${_text(bytes(32))}"

    async def fits(self, password: str, stored: str | None) -> bool:
        """Is it the one that was hashed? `stored` None: there is nobody; takes as long, and is
        False. Raises `Busy`."""
        fits = await self._run(_fits, password, stored or self._nobody)
        return fits and stored is not None

    async def hash(self, password: str) -> str:
        """As `hash_password`. Raises `Busy`."""
        return await self._run(hash_password, password)

    async def _run(self, work: Callable[..., Made], *given: str) -> Made:
        if self._waiting >= _WAITING_MAX:
            raise Busy
        self._waiting += 1
        try:
            async with self._at_once:
                return await asyncio.to_thread(work, *given)
        finally:
            self._waiting -= 1


def _derive(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "surrogateescape"),
        salt=salt,
        n=n,
        r=r,
        p=p,
        maxmem=_MEMORY_MAX + 2**20,
        dklen=_HASH_BYTES,
    )


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)
