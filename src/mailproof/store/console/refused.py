"""Who is refused, by application: the same refusals as `mailproof refusals`, put together."""

from typing import Final

import msgspec

from mailproof.store.base import Tx
from mailproof.store.records.refusals import RefusalKind

__all__ = ["LOOKED_AT", "RefusedApp", "refused_apps", "refused_minutes"]

# Rows that are looked at: those of the last hours, even while somebody tries many keys.
LOOKED_AT: Final = 20_000
_MINUTE_MS: Final = 60_000

Whose = tuple[str, str, str, str]


class RefusedApp(msgspec.Struct, frozen=True):
    """One application (without one, one client) that gets one error.

    `client` and what follows are those of the last request, redacted and masked.
    `requests`: so many since `first_at`. UTC in milliseconds.
    """

    kind: str
    app: str
    client: str
    path: str
    name: str
    status: int
    key_fingerprint: str
    recipient: str
    purpose: str
    message: str
    requests: int
    first_at: int
    last_at: int

    @property
    def whose(self) -> Whose:
        """What makes it one and the same."""
        return self.kind, self.app, "" if self.app else self.client, self.name

    @property
    def is_known(self) -> bool:
        """It showed a key that is, was, or stands for one of ours."""
        return self.kind not in {RefusalKind.UNKNOWN_KEY, RefusalKind.NO_KEY}


async def refused_apps(tx: Tx, limit: int) -> list[RefusedApp]:
    """Who was refused, the last one first, from the `LOOKED_AT` last rows."""
    return await tx.all("console/refused_apps", RefusedApp, looked=LOOKED_AT, most=limit)


async def refused_minutes(tx: Tx, since_minute: int) -> dict[Whose, dict[int, int]]:
    """How often each was, by the minute since 1970, from `since_minute` on."""
    found: dict[Whose, dict[int, int]] = {}
    for whose, minute, count in await tx.all(
        "console/refused_minutes", _counted, minute=since_minute
    ):
        found.setdefault(whose, {})[minute] = count
    return found


def _counted(  # noqa: PLR0913 - in the order of the columns
    kind: str, app: str, whose: str, name: str, minute: int, count: int
) -> tuple[Whose, int, int]:
    return (kind, app, whose, name), minute, int(count)
