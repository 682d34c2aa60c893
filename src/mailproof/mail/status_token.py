"""Status tokens: who holds one may see how the mail for one address and purpose stands, no more.

An app mints them from its API key, with any HMAC at hand; the address stands nowhere in them.
Form: base64url(JSON) + "." + base64url(HMAC-SHA256(status secret, first part)).
"""

import base64
import binascii
import hashlib
import hmac
from typing import Final
from uuid import UUID

import msgspec

__all__ = [
    "LIFE_MAX_S",
    "Claims",
    "StatusTokenInvalid",
    "Token",
    "address_mac",
    "mint",
    "read",
]

# From `iat` to `exp`, in seconds.
LIFE_MAX_S: Final = 86_400
_TEXT_MAX: Final = 2_000
_DIGEST_BYTES: Final = 32


class StatusTokenInvalid(Exception):
    """It is no token, is not signed by the key that it names, or lives too long."""


class Claims(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a token says. `k`: the id of the API key; `p`: the purpose; `a`: `address_mac` in
    base64url; `iat`, `exp`: from and until when, UTC in seconds. `m`: the one mail that it came
    with, where Mailproof has minted it."""

    v: int
    k: str
    p: str
    a: str
    iat: int
    exp: int
    m: str = ""

    @property
    def mac(self) -> bytes:
        """`a` as bytes."""
        return _decoded(self.a)


class Token(msgspec.Struct, frozen=True):
    """A token as it came: `claims` are worth nothing before `is_signed_with` has said so."""

    claims: Claims
    signed: bytes
    signature: bytes

    def is_signed_with(self, status_secret: bytes) -> bool:
        """Compared in constant time."""
        mac = hmac.digest(status_secret, self.signed, hashlib.sha256)
        return hmac.compare_digest(mac, self.signature)


def address_mac(status_secret: bytes, purpose: str, address: str) -> bytes:
    """What stands for an address: only who has the secret can try addresses against it."""
    return hmac.digest(status_secret, f"{purpose}\n{address.lower()}".encode(), hashlib.sha256)


def mint(status_secret: bytes, claims: Claims) -> str:
    """The token. The same claims give the same token."""
    body = _encoded(msgspec.json.encode(claims))
    return f"{body}.{_encoded(hmac.digest(status_secret, body.encode(), hashlib.sha256))}"


def read(token: str) -> Token:
    """Its parts, not yet verified. Raises `StatusTokenInvalid`: it cannot be a token."""
    body, dot, signature = token.partition(".")
    if not dot or len(token) > _TEXT_MAX:
        raise StatusTokenInvalid("it has no two parts")
    try:
        claims = msgspec.json.decode(_decoded(body), type=Claims)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise StatusTokenInvalid("its first part is not what it should be") from error
    if claims.v != 1 or not 0 < claims.exp - claims.iat <= LIFE_MAX_S:
        raise StatusTokenInvalid("it is of another version, or lives longer than a day")
    if len(claims.mac) != _DIGEST_BYTES:
        raise StatusTokenInvalid("`a` is no HMAC-SHA256")
    if claims.m and not _is_id(claims.m):
        raise StatusTokenInvalid("`m` is no mail's id")
    return Token(claims, body.encode(), _decoded(signature))


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise StatusTokenInvalid("it is not in base64url") from error
