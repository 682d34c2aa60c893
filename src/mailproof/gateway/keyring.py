"""Whose key is it: a short memory over the store, so that a revoked key is out within a second."""

import asyncio
import hmac
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from mailproof.diagnosis.placeholder import is_placeholder
from mailproof.engine.receipts import Caller
from mailproof.store.base import Database, Tx
from mailproof.store.nodes.keys import (
    ApiKey,
    Scope,
    find_key,
    hash_key,
    key_with_id,
    list_keys,
    origins_of,
    status_secret_of,
)

__all__ = ["KeyKind", "KeyRing", "Known", "ProviderKey", "Reader", "somebody_of"]

# How old what is remembered may be: the promise on revocation, whoever revokes.
_AGE_MAX_S: Final = 1.0
# Keys that open nothing are remembered too, but not so many that a guesser fills the memory.
_KNOWN_MAX: Final = 10_000
_UNKNOWN_MAX: Final = 2_000
_PROVIDER_KEY_MIN: Final = 20
_ID_DIGITS: Final = 8


class KeyKind(StrEnum):
    """What a shown key is. `once_valid`: it was revoked."""

    GOOD = "good"
    ONCE_VALID = "once_valid"
    UNKNOWN = "unknown_key"
    PLACEHOLDER = "placeholder"


class Known(msgspec.Struct, frozen=True):
    """What is known of a shown key. `app`: whose it is or was; empty: nobody's."""

    kind: KeyKind
    app: str = ""
    scope: Scope = "send"
    caller: Caller | None = None


class Reader(msgspec.Struct, frozen=True):
    """Whose mails a status token may tell of. `origins`: of the web pages that may read it."""

    app: str
    status_secret: bytes
    origins: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"<Reader of {self.app}>"


class ProviderKey(msgspec.Struct, frozen=True):
    """A provider's own key that apps may keep using (`accept_as_app_key`). `app`: its name."""

    app: str
    read: Callable[[], str]


class KeyRing:
    """Tells whose a key is. `monotonic`: seconds, of any clock that never goes back."""

    def __init__(
        self,
        db: Database,
        provider_keys: Sequence[ProviderKey] = (),
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._db = db
        self._provider_keys = tuple(provider_keys)
        self._monotonic = monotonic
        self._known: dict[bytes, tuple[float, Known]] = {}
        self._unknown: dict[bytes, tuple[float, Known]] = {}
        self._readers: dict[str, tuple[float, Reader | None]] = {}
        self._asking: dict[bytes, asyncio.Lock] = {}
        self._version: int | None = None
        self._generation = 0

    def refresh_if_changed(self, version: int) -> None:
        """Forget everything when the store's version of `keys` has moved."""
        if version != self._version:
            self._version = version
            self._generation += 1
            self._known.clear()
            self._unknown.clear()
            self._readers.clear()

    async def look(self, token: str) -> Known:
        """What `token` is worth now. Raises `StoreUnavailable`: nobody can tell."""
        hashed = hash_key(token)
        if (found := self._remembered(hashed)) is not None:
            return found
        # Requests with the same key wait for one look at the store.
        lock = self._asking.setdefault(hashed, asyncio.Lock())
        try:
            async with lock:
                if (found := self._remembered(hashed)) is not None:
                    return found
                asked_at, generation = self._monotonic(), self._generation
                found = await self._find(token, hashed)
                if generation == self._generation:
                    self._remember(hashed, asked_at, found)
                return found
        finally:
            if self._asking.get(hashed) is lock and not lock.locked():
                del self._asking[hashed]

    async def reader(self, key_id: str) -> Reader | None:
        """Who signs status tokens with the key of this id; None: nobody (any more).

        Raises `StoreUnavailable`: nobody can tell.
        """
        entry = self._readers.get(key_id)
        if entry is not None and self._monotonic() - entry[0] < _AGE_MAX_S:
            return entry[1]
        found = await self._find_reader(key_id)
        if len(self._readers) >= _KNOWN_MAX:
            self._readers.clear()
        self._readers[key_id] = (self._monotonic(), found)
        return found

    async def _find_reader(self, key_id: str) -> Reader | None:
        async def read(tx: Tx) -> tuple[ApiKey | None, frozenset[str]]:
            key = await key_with_id(tx, key_id)
            app = provider[0] if key is None and provider else key.name if key else ""
            return key, await origins_of(tx, app) if app else frozenset()

        provider = self._provider_with(key_id)
        key, origins = await self._db.read(read)
        if key is not None:
            good = key.revoked_at is None
            return Reader(key.name, key.status_secret, origins) if good else None
        return Reader(*provider, origins) if provider else None

    def _provider_with(self, key_id: str) -> tuple[str, bytes] | None:
        """The app and the status secret of the provider's key with that id, if apps may use it."""
        for each in self._provider_keys:
            secret = each.read()
            if _may_stand_for_an_app(secret) and hash_key(secret).hex()[:_ID_DIGITS] == key_id:
                return each.app, status_secret_of(secret)
        return None

    def _remembered(self, hashed: bytes) -> Known | None:
        entry = self._known.get(hashed) or self._unknown.get(hashed)
        if entry is None or self._monotonic() - entry[0] >= _AGE_MAX_S:
            return None
        return entry[1]

    def _remember(self, hashed: bytes, at: float, known: Known) -> None:
        shelf, room = (
            (self._unknown, _UNKNOWN_MAX) if known.caller is None else (self._known, _KNOWN_MAX)
        )
        for other in (self._known, self._unknown):
            other.pop(hashed, None)
        if len(shelf) >= room:
            del shelf[next(iter(shelf))]  # the one that was asked for longest ago
        shelf[hashed] = (at, known)

    async def _find(self, token: str, hashed: bytes) -> Known:
        if (own := await self._db.read(find_key, hashed)) is not None:
            return _of_app(own)
        for each in self._provider_keys:
            secret = each.read()
            if not _may_stand_for_an_app(secret):
                continue
            if hmac.compare_digest(hash_key(secret), hashed):
                return _of_provider(each.app, token, hashed)
        return Known(KeyKind.PLACEHOLDER if is_placeholder(token) else KeyKind.UNKNOWN)


async def somebody_of(
    db: Database, app: str, provider_keys: Sequence[ProviderKey]
) -> Caller | None:
    """A caller of that app, by any of its good keys. None: it has none any more."""
    for key in await db.read(list_keys):
        if key.name == app and key.revoked_at is None:
            return _of_app(key).caller
    for each in provider_keys:
        if each.app == app and _may_stand_for_an_app(secret := each.read()):
            return _of_provider(app, secret, hash_key(secret)).caller
    return None


def _may_stand_for_an_app(secret: str) -> bool:
    """A short key can be guessed, and a placeholder is known to everybody."""
    return len(secret) >= _PROVIDER_KEY_MIN and not is_placeholder(secret)


def _of_app(key: ApiKey) -> Known:
    if key.revoked_at is not None:
        return Known(KeyKind.ONCE_VALID, key.name, key.scope)
    caller = Caller(
        app=key.name,
        key_id=key.id,
        purpose=key.purpose,
        wait_s=None if key.wait_ms is None else key.wait_ms / 1_000,
        on_hold=key.on_hold,
        status_secret=key.status_secret,
    )
    return Known(KeyKind.GOOD, key.name, key.scope, caller)


def _of_provider(app: str, token: str, hashed: bytes) -> Known:
    caller = Caller(
        app=app,
        key_id=hashed.hex()[:_ID_DIGITS],
        status_secret=status_secret_of(token),
    )
    return Known(KeyKind.GOOD, app, "send", caller)
