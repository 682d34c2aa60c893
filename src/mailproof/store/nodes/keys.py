"""API keys: made, listed, revoked, found. The key itself is shown once and never stored."""

import hashlib
import hmac
import secrets
from typing import Final, Literal

import msgspec

from mailproof.mail.events import EventType
from mailproof.store.base import NewEvent, Tx

__all__ = [
    "ApiKey",
    "MadeKey",
    "create_key",
    "find_key",
    "hash_key",
    "key_with_id",
    "list_keys",
    "make_key",
    "origins_of",
    "revoke_key",
    "status_secret_of",
]

_PREFIX: Final = "mp_"
_RANDOM_BYTES: Final = 32  # 43 characters in base64url
_ID_DIGITS: Final = 8
_STATUS_CONTEXT: Final = b"mailproof/status/v1"

Scope = Literal["send", "full"]
OnHold = Literal["promise", "refuse"]


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it is stored. `name` is the app: two keys of one name are one app.

    `purpose`, `wait_ms`, `on_hold`: what a request has that does not say otherwise; empty or None:
    as configured. `origin`: the web page that may read the app's statuses. `status_secret` reads
    statuses and sends nothing. `revoked_at` UTC in milliseconds; None: it is good.
    """

    id: str
    name: str
    scope: Scope
    purpose: str
    wait_ms: int | None
    on_hold: OnHold | None
    origin: str
    status_secret: bytes
    created_at: int
    revoked_at: int | None

    def __repr__(self) -> str:
        return f"<ApiKey {self.id} of {self.name}>"


class MadeKey(msgspec.Struct, frozen=True):
    """A new key in its only appearance in the clear."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"<MadeKey {self.id}>"


def hash_key(secret: str) -> bytes:
    """What is stored of a key. 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def status_secret_of(secret: str) -> bytes:
    """What signs status tokens: made from the key, so that an app can make it too."""
    return hmac.digest(secret.encode(), _STATUS_CONTEXT, hashlib.sha256)


def make_key() -> MadeKey:
    """A key that nobody can guess. Its id says nothing about the rest of it."""
    secret = _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    return MadeKey(hash_key(secret).hex()[:_ID_DIGITS], secret)


async def create_key(  # noqa: PLR0913 - one value each, most of them with a default
    tx: Tx,
    made: MadeKey,
    name: str,
    *,
    actor: str,
    scope: Scope = "send",
    purpose: str = "",
    wait_ms: int | None = None,
    on_hold: OnHold | None = None,
    origin: str = "",
) -> ApiKey:
    """Store a key of the app `name`. Every process knows it within a second.

    `made` comes from outside, so that a transaction may be repeated. Raises `ValueError`: the app
    has no name, or the id is taken, which happens once in four billion: make another one.
    """
    if not name.strip():
        raise ValueError("name: an API key belongs to an app. Give the app's name.")
    key = ApiKey(
        id=made.id,
        name=name.strip(),
        scope=scope,
        purpose=purpose,
        wait_ms=wait_ms,
        on_hold=on_hold,
        origin=origin,
        status_secret=status_secret_of(made.secret),
        created_at=tx.now,
        revoked_at=None,
    )
    values = msgspec.structs.asdict(key)
    values.pop("revoked_at")
    hashed = hash_key(made.secret)
    if not await tx.run("nodes/insert_key", hash=hashed, **values):
        if (stored := await find_key(tx, hashed)) is not None:
            return stored  # the answer to an earlier COMMIT was lost
        raise ValueError(f"id: {made.id} is taken already. Make another key.")
    await _tell(tx, EventType.KEY_CREATED, key, actor)
    return key


async def list_keys(tx: Tx) -> list[ApiKey]:
    """All keys, the newest first, the revoked ones too."""
    return await tx.all("nodes/list_keys", _key)


async def revoke_key(tx: Tx, key_id: str, *, actor: str) -> ApiKey | None:
    """From now on it opens nothing; every process knows within a second. Its mails go on.

    Revoking again changes nothing. None: there is no such key.
    """
    revoked = await tx.run("nodes/revoke_key", id=key_id, now=tx.now)
    key = await tx.one("nodes/key", _key, id=key_id)
    if revoked and key is not None:
        await _tell(tx, EventType.KEY_REVOKED, key, actor)
    return key


async def find_key(tx: Tx, hashed: bytes) -> ApiKey | None:
    """The key with that hash, also when it was revoked. The hash is looked up, not compared letter
    by letter, so how long it takes tells nothing about a key.
    """
    return await tx.one("nodes/find_key", _key, hash=hashed)


async def key_with_id(tx: Tx, key_id: str) -> ApiKey | None:
    """The key with that id, also when it was revoked."""
    return await tx.one("nodes/key", _key, id=key_id)


async def origins_of(tx: Tx, app: str) -> frozenset[str]:
    """The web pages that may use one of its good keys."""
    return frozenset(await tx.all("nodes/origins", str, app=app))


async def _tell(tx: Tx, event: EventType, key: ApiKey, actor: str) -> None:
    await tx.run("nodes/bump_version", name="keys")
    data = {"key_id": key.id, "app": key.name, "scope": key.scope}
    tx.tell(NewEvent(event, None, data, actor))


def _key(  # noqa: PLR0913 - in the order of the columns
    id_: str,
    name: str,
    scope: Scope,
    purpose: str,
    wait_ms: int | None,
    on_hold: OnHold | None,
    origin: str,
    status_secret: bytes,
    created_at: int,
    revoked_at: int | None,
) -> ApiKey:
    return ApiKey(
        id=id_,
        name=name,
        scope=scope,
        purpose=purpose,
        wait_ms=wait_ms,
        on_hold=on_hold,
        origin=origin,
        status_secret=bytes(status_secret),
        created_at=created_at,
        revoked_at=revoked_at,
    )
