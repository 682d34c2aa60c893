"""The link that comes with an accepted mail: its reader may follow this one mail, for a day."""

import base64
from collections.abc import Callable
from typing import Final

from mailproof.engine.receipts import Caller
from mailproof.mail.status_token import LIFE_MAX_S, Claims, mint

__all__ = ["StatusLinks"]

# The mail is named, so no address need be.
_NOBODY: Final = base64.urlsafe_b64encode(bytes(32)).rstrip(b"=").decode()


class StatusLinks:
    """`public_url`: where readers reach this server; empty: nowhere, so there are no links.
    `now_ms`: UTC in milliseconds."""

    def __init__(self, public_url: str, now_ms: Callable[[], int]) -> None:
        self._base = f"{public_url.rstrip('/')}/status/" if public_url else ""
        self._now_ms = now_ms

    def link(self, caller: Caller, email_id: str, purpose: str = "") -> str | None:
        """For a mail of this caller's app. None: nobody could follow it."""
        if not self._base or not caller.status_secret:
            return None
        at = self._now_ms() // 1000
        claims = Claims(
            v=1,
            k=caller.key_id,
            p=purpose,
            a=_NOBODY,
            iat=at,
            exp=at + LIFE_MAX_S,
            m=email_id,
        )
        return self._base + mint(caller.status_secret, claims)
