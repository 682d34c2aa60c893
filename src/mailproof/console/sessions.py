"""Who is asking: the cookie of their session, and the token that shows that a form is ours."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Final

import msgspec

from mailproof.console.visit import Parts
from mailproof.gateway.client import comes_by_https
from mailproof.gateway.exchange import Headers, Request
from mailproof.store.console.people import ABSOLUTE_MS, Person, session, touch

__all__ = [
    "Sessions",
    "SignedIn",
    "cookies_of",
    "hash_token",
    "is_theirs",
    "new_token",
    "small_cookie",
]

_TOKEN_BYTES: Final = 32
_CSRF_CONTEXT: Final = b"mailproof/console/csrf/v1"
_TOUCH_EVERY_MS: Final = 30_000
_YEAR_S: Final = 365 * 86_400


class SignedIn(msgspec.Struct, frozen=True):
    """Somebody's session as one request shows it. `csrf` stands in each of their forms."""

    person: Person
    hashed: bytes
    csrf: str

    def __repr__(self) -> str:
        return f"<SignedIn {self.person.name}>"


def cookies_of(request: Request) -> Mapping[str, str]:
    """By name; of two with one name the first, which is that of the longer path (RFC 6265, 5.4)."""
    found: dict[str, str] = {}
    for part in (request.header(b"cookie") or "").split(";"):
        name, _, value = part.strip().partition("=")
        found.setdefault(name, value)
    return found


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hash_token(token: str) -> bytes:
    """What is stored of it."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def small_cookie(name: str, value: str, *, secure: bool) -> tuple[bytes, bytes]:
    """One that remembers a choice for a year, and proves nothing."""
    mark = "; Secure" if secure else ""
    text = f"{name}={value}; Path=/console; Max-Age={_YEAR_S}; SameSite=Lax{mark}"
    return b"set-cookie", text.encode()


class Sessions:
    """Finds and makes the sessions of this installation. Two of them on one machine share a host,
    and so its cookies: each has a name of its own."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._name = f"mailproof_session_{parts.installation.id[:8]}"

    def is_secure(self, request: Request) -> bool:
        """Did it come by https, as far as a proxy that we trust says?"""
        return comes_by_https(request, self._parts.settings.trusted_proxies)

    async def find(self, request: Request) -> SignedIn | None:
        """None: nobody is signed in there, or no longer. Raises what the store raises."""
        token = cookies_of(request).get(self._cookie(request), "")
        if not token:
            return None
        hashed, database = hash_token(token), self._parts.database
        found = await database.read(session, hashed)
        if found is None:
            return None
        if database.now() - found.seen_at >= _TOUCH_EVERY_MS:
            await database.write(touch, hashed)
        return SignedIn(found.person, hashed, _csrf(token))

    def has_cookie(self, request: Request) -> bool:
        """Was somebody signed in there once?"""
        return bool(cookies_of(request).get(self._cookie(request)))

    def keep(self, request: Request, token: str) -> Headers:
        """The cookie of a session that begins."""
        return ((b"set-cookie", self._set(request, token, ABSOLUTE_MS // 1000)),)

    def forget(self, request: Request) -> Headers:
        """Takes the cookie away."""
        return ((b"set-cookie", self._set(request, "", 0)),)

    def _cookie(self, request: Request) -> str:
        # The prefix lets only this host itself set it, and only by https (RFC 6265bis, 4.1.3.2).
        return f"__Host-{self._name}" if self.is_secure(request) else self._name

    def _set(self, request: Request, value: str, age_s: int) -> bytes:
        secure = "; Secure" if self.is_secure(request) else ""
        return (
            f"{self._cookie(request)}={value}; Path=/; Max-Age={age_s}; HttpOnly; "
            f"SameSite=Lax{secure}"
        ).encode()


def _csrf(token: str) -> str:
    return hmac.digest(token.encode("utf-8", "surrogateescape"), _CSRF_CONTEXT, "sha256").hex()


def is_theirs(signed_in: SignedIn, shown: str) -> bool:
    """Was the form drawn for this session?"""
    return hmac.compare_digest(signed_in.csrf.encode(), shown.encode("utf-8", "replace"))
