"""Refusals: requests that were answered with an error, counted so that a scanner fills no disk."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

from mailproof.diagnosis.redaction.redact import redact_text
from mailproof.mail.events import EventType
from mailproof.store.base import NewEvent, Tx
from mailproof.store.records.totals import Added, add

__all__ = ["OTHERS", "NewRefusal", "RefusalKind", "RefusalRow", "list_refusals", "note"]

# Different rows a minute; what comes beyond them is counted under `others`.
_ROWS_MAX: Final = 100
# Events a minute for keys that nobody knows: they cost a stranger nothing.
_UNKNOWN_EVENTS_MAX: Final = 5
_MINUTE_MS: Final = 60_000
_TEXT_MAX: Final = 500
OTHERS: Final = "others"
# Counted for good, by kind: the rows go after a month.
TOTAL: Final = "mailproof_refusals_total"


class RefusalKind(StrEnum):
    """Whose fault it looks like. `placeholder`: what somebody was meant to replace by a key;
    `once_valid`: a key that was revoked; `sender_invalid`: the key is good, and From is no sender;
    `other`: anything else about a request with a good key."""

    PLACEHOLDER = "placeholder"
    ONCE_VALID = "once_valid"
    UNKNOWN_KEY = "unknown_key"
    NO_KEY = "no_key"
    SENDER_INVALID = "sender_invalid"
    OTHER = "other"


class NewRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """One error that was answered on a sending endpoint.

    `at`: UTC in milliseconds. `app`: empty where the key belongs to none. `key_fingerprint`: HMAC
    of the key with the installation's secret, in hex; empty: there was none. `name`: the error's,
    as answered. `recipient`: masked; `message` is redacted here once more.
    """

    at: int
    kind: RefusalKind
    app: str
    key_fingerprint: str
    client: str
    path: str
    name: str
    status: int
    recipient: str = ""
    purpose: str = ""
    message: str = ""


class RefusalRow(msgspec.Struct, frozen=True, kw_only=True):
    """Equal refusals of one minute; `client` and what follows are those of the last one."""

    first_at: int
    last_at: int
    count: int
    kind: RefusalKind
    app: str
    key_fingerprint: str
    path: str
    name: str
    status: int
    client: str
    recipient: str
    purpose: str
    message: str


# Kind, app, fingerprint of the key, path, name of the error.
_Key = tuple[str, str, str, str, str]


class _Merged(msgspec.Struct):
    last: NewRefusal
    first_at: int
    count: int


async def note(tx: Tx, refusals: Sequence[NewRefusal]) -> None:
    """Count them. The first of its kind in a minute is also an event, unless it came without a
    key: that is any scanner's first try."""
    by_minute: dict[int, list[NewRefusal]] = {}
    for refusal in refusals:
        by_minute.setdefault(refusal.at // _MINUTE_MS, []).append(refusal)
    for minute, group in sorted(by_minute.items()):
        await _note_minute(tx, minute, group)
    kinds = Counter(refusal.kind.value for refusal in refusals)
    await add(tx, [Added(TOTAL, {"kind": kind}, count) for kind, count in kinds.items()])


async def list_refusals(tx: Tx, limit: int) -> list[RefusalRow]:
    """The last ones, the newest first."""
    return await tx.all("records/list_refusals", _row, most=limit)


async def _note_minute(tx: Tx, minute: int, refusals: Sequence[NewRefusal]) -> None:
    known: set[_Key] = set(await tx.all("records/refusals_of_minute", _key, minute=minute))
    unknown = sum(key[0] == RefusalKind.UNKNOWN_KEY for key in known)
    merged: dict[_Key, _Merged] = {}
    for refusal in refusals:
        key = _key_of(refusal)
        if key not in known and key not in merged and len(known | merged.keys()) >= _ROWS_MAX:
            key = (refusal.kind.value, "", OTHERS, "", OTHERS)
        if key in merged:
            each = merged[key]
            merged[key] = _Merged(refusal, min(each.first_at, refusal.at), each.count + 1)
        else:
            merged[key] = _Merged(refusal, refusal.at, 1)
    told = False
    for key, each in merged.items():
        await _write(tx, minute, key, each)
        if key in known or each.last.kind is RefusalKind.NO_KEY:
            continue
        if each.last.kind is RefusalKind.UNKNOWN_KEY:
            unknown += 1
            if unknown > _UNKNOWN_EVENTS_MAX:
                continue
        _tell(tx, key, each)
        told = True
    if told:
        await tx.run("nodes/bump_version", name="alerts")


async def _write(tx: Tx, minute: int, key: _Key, each: _Merged) -> None:
    kind, app, key_fingerprint, path, name = key
    last = each.last
    await tx.run(
        "records/note_refusal",
        minute=minute,
        kind=kind,
        app=app,
        key_fingerprint=key_fingerprint,
        path=path,
        name=name,
        status=last.status,
        count=each.count,
        first_at=each.first_at,
        last_at=last.at,
        client=last.client,
        recipient=last.recipient,
        purpose=last.purpose,
        message=redact_text(last.message)[:_TEXT_MAX],
    )


def _tell(tx: Tx, key: _Key, each: _Merged) -> None:
    data = {
        "kind": each.last.kind.value,
        "app": key[1],
        "path": key[3],
        "name": key[4],
        "status": each.last.status,
        "purpose": each.last.purpose,
        "count": each.count,
    }
    present = {name: value for name, value in data.items() if value != ""}
    tx.tell(NewEvent(EventType.APPLICATION_REFUSED, data=present))


def _key_of(refusal: NewRefusal) -> _Key:
    path = refusal.path[:_TEXT_MAX]
    return refusal.kind.value, refusal.app, refusal.key_fingerprint, path, refusal.name


def _key(kind: str, app: str, key_fingerprint: str, path: str, name: str) -> _Key:
    return kind, app, key_fingerprint, path, name


def _row(  # noqa: PLR0913 - one parameter per column
    first_at: int,
    last_at: int,
    count: int,
    kind: str,
    app: str,
    key_fingerprint: str,
    path: str,
    name: str,
    status: int,
    client: str,
    recipient: str,
    purpose: str,
    message: str,
) -> RefusalRow:
    return RefusalRow(
        first_at=first_at,
        last_at=last_at,
        count=count,
        kind=RefusalKind(kind),
        app=app,
        key_fingerprint=key_fingerprint,
        path=path,
        name=name,
        status=status,
        client=client,
        recipient=recipient,
        purpose=purpose,
        message=message,
    )
