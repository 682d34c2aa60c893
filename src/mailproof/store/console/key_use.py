"""When each key was used last, as far as the newest mails of its application tell."""

from collections.abc import Iterable
from typing import Final

from mailproof.store.base import Tx

__all__ = ["LOOKED_AT", "keys_used"]

# Mails of one application that are looked at: enough to see which of two keys it uses.
LOOKED_AT: Final = 500


async def keys_used(tx: Tx, apps: Iterable[str]) -> dict[str, int]:
    """By key id: when a mail came with it, UTC in milliseconds.

    Who is not in it brought none of the `LOOKED_AT` newest mails of its application.
    """
    found: dict[str, int] = {}
    for app in sorted(set(apps)):
        found |= dict(await tx.all("console/keys_used", _pair, app=app, looked=LOOKED_AT))
    return found


def _pair(key_id: str, at: int) -> tuple[str, int]:
    return key_id, at
