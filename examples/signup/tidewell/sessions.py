"""Signed cookies: who is signed in, whose mail is awaited, and what forms must bring back."""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass
from typing import Any, Final

from fastapi import Request, Response

__all__ = ["COOKIE", "Cookies", "Visit"]

COOKIE: Final = "tidewell"
_LIFE_S: Final = 30 * 86_400


@dataclass
class Visit:
    """What one browser's cookie says. `pending`: the mail that it waits for (purpose, address,
    status); `csrf`: what its forms bring back."""

    csrf: str
    user_id: int | None = None
    language: str = ""
    pending: dict[str, str] | None = None


class Cookies:
    """`secure`: only over https."""

    def __init__(self, secret: str, *, secure: bool) -> None:
        self._key = hashlib.sha256(f"tidewell/cookie\n{secret}".encode()).digest()
        self._secure = secure

    def read(self, request: Request, now: float) -> Visit:
        """What the cookie says; a new visit where it is none of ours, or too old."""
        tree = self._opened(request.cookies.get(COOKIE, ""), now)
        if tree is None:
            return Visit(self.new_token())
        return Visit(tree["csrf"], tree["user_id"], tree["language"], tree["pending"])

    def new_token(self) -> str:
        """For forms. Another one after signing in or out: what was known is worth nothing then."""
        return secrets.token_urlsafe(24)

    def write(self, response: Response, visit: Visit, now: float) -> None:
        body = _encoded(json.dumps({**asdict(visit), "at": int(now)}).encode())
        response.set_cookie(
            COOKIE,
            f"{body}.{self._mac(body)}",
            max_age=_LIFE_S,
            httponly=True,
            samesite="lax",
            secure=self._secure,
        )

    def is_own_form(self, visit: Visit, token: str) -> bool:
        """Did this browser's own page send it? Another site's cannot know the token."""
        return hmac.compare_digest(visit.csrf.encode(), token.encode())

    def _opened(self, cookie: str, now: float) -> dict[str, Any] | None:
        body, _, mac = cookie.partition(".")
        if not body or not hmac.compare_digest(self._mac(body).encode(), mac.encode()):
            return None
        tree: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return tree if now - tree["at"] < _LIFE_S else None

    def _mac(self, body: str) -> str:
        return _encoded(hmac.digest(self._key, body.encode(), "sha256"))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
