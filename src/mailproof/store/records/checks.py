"""Health checks of providers: what each one found, kept for people to look back at."""

from collections.abc import Mapping
from typing import Any

import msgspec

from mailproof.diagnosis.failure import Failure
from mailproof.store.base import Json, Tx
from mailproof.store.mails.failures import failure_from_json, failure_to_json

__all__ = ["HISTORY_MAX", "Check", "NewCheck", "history", "insert", "latest"]

HISTORY_MAX = 500


class NewCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One check. `verdict`: good, bad or cannot_tell; `failure`: why it is bad or cannot be told.

    `facts`: for people, such as the key's permission, each domain and its state, the quota left.
    """

    provider: str
    verdict: str
    took_ms: int
    failure: Failure | None = None
    facts: Mapping[str, str] = {}


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A check as it is kept; `at` in UTC milliseconds."""

    at: int
    provider: str
    verdict: str
    reason: str | None
    took_ms: int
    failure: Failure | None
    facts: Mapping[str, str]


async def insert(tx: Tx, check: NewCheck) -> None:
    await tx.run(
        "records/insert_check",
        at=tx.now,
        provider=check.provider,
        verdict=check.verdict,
        reason=None if check.failure is None else check.failure.reason.value,
        took_ms=check.took_ms,
        failure=None if check.failure is None else failure_to_json(check.failure).decode(),
        facts=Json(dict(check.facts)),
    )


async def latest(tx: Tx) -> list[Check]:
    """The last check of each provider that was ever checked, by name."""
    return await tx.all("records/latest_checks", _check)


async def history(tx: Tx, provider: str, limit: int = 50) -> list[Check]:
    """The last checks of one provider, newest first, at most `HISTORY_MAX`."""
    return await tx.all(
        "records/check_history", _check, provider=provider, limit=min(limit, HISTORY_MAX)
    )


def _check(  # noqa: PLR0913 - one parameter per column
    at: int,
    provider: str,
    verdict: str,
    reason: str | None,
    took_ms: int,
    failure: bytes | str | None,
    facts: Any,
) -> Check:
    return Check(
        at=at,
        provider=provider,
        verdict=verdict,
        reason=reason,
        took_ms=took_ms,
        failure=failure_from_json(failure),
        facts=msgspec.json.decode(facts, type=dict[str, str]),
    )
