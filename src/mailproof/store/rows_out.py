"""Values on their way into a database: events as rows, lists as JSON."""

from collections.abc import Sequence
from typing import Any

import msgspec

from mailproof.store.base import NewEvent

__all__ = ["event_rows", "in_json"]


def event_rows(events: Sequence[NewEvent], now: int) -> list[tuple[Any, ...]]:
    """At, type, email, actor and data, in the order of `records/insert_events`."""
    return [
        (
            now if event.at is None else event.at,
            event.type.value,
            event.email_id,
            event.actor,
            msgspec.json.encode(event.data).decode(),
        )
        for event in events
    ]


def in_json(value: Any) -> str:
    """One JSON text; bytes become hex digits, which `from_hex` or `decode` turn back."""
    return msgspec.json.encode(_plain(value)).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
