"""Status links that an application makes itself, before or without a mail's id."""

import base64

from mailproof.mail.status_token import LIFE_MAX_S, Claims, address_mac, mint

__all__ = ["mint_link"]


def mint_link(  # noqa: PLR0913 - what a token says
    base: str, key_id: str, status_secret: bytes, *, purpose: str, address: str, now_s: int,
    life_s: int,
) -> str:  # fmt: skip
    """`base`/status/TOKEN for the newest mail of `purpose` to `address`, for `life_s` seconds, a
    day at most. See docs/status.md."""
    mac = address_mac(status_secret, purpose, address)
    claims = Claims(
        v=1,
        k=key_id,
        p=purpose,
        a=base64.urlsafe_b64encode(mac).rstrip(b"=").decode(),
        iat=now_s,
        exp=now_s + max(1, min(life_s, LIFE_MAX_S)),
    )
    return f"{base.rstrip('/')}/status/{mint(status_secret, claims)}"
