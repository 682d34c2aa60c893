"""What a webhook's signing secret looks like."""

import base64
import binascii
from typing import Final

__all__ = ["is_signing_secret"]

_BYTES_MIN: Final = 8


def is_signing_secret(text: str) -> bool:
    """Base64, mostly behind `whsec_` (standardwebhooks.com, "Signature scheme")."""
    try:
        return len(base64.b64decode(text.removeprefix("whsec_"), validate=True)) >= _BYTES_MIN
    except (binascii.Error, ValueError):  # not Base64; not even ASCII
        return False
