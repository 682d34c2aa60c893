"""Rows of a provider's export: CSV or TSV with a header line."""

import re
from collections.abc import Iterator
from typing import Final

from mailproof.diagnosis.evidence import DeliveryStatus, Event
from mailproof.explain.events import is_bad_news
from mailproof.explain.found import Found

__all__ = ["export_rows"]

_ROWS_MAX: Final = 5_000
_NAMES: Final = frozenset(
    "email recipient to event status last_event state reason bounce_type bounced_at type "
    "description"
    " diagnostic error message subject from created_at response details code".split()
)
_HEAD: Final = re.compile(
    r"^[^\n]*\b(?:email|recipient|to|address)\b[^\n]*$", re.IGNORECASE | re.MULTILINE
)
_SEPARATORS: Final = (",", ";", "\t")
_REPLY: Final = re.compile(r"\b[45]\d\d[ -]")


def export_rows(text: str) -> Iterator[Found]:
    """Each row that tells of a mail which did not arrive, as the provider's event."""
    head = _HEAD.search(text)
    if head is None:
        return
    separator = max(_SEPARATORS, key=head[0].count)
    names = [name.strip(' "').lower().replace(" ", "_") for name in head[0].split(separator)]
    if len(names) < 2 or len(_NAMES.intersection(names)) < 2:
        return
    import csv

    lines = text[head.end() :].lstrip("\n").splitlines()[:_ROWS_MAX]
    at = head.end()
    for values in csv.reader(lines, delimiter=separator):
        if len(values) < 2:
            continue
        row = {name: value for name, value in zip(names, values, strict=False) if value}
        if is_bad_news(row):
            yield Found(at, len(text), _seen(row), "row")


def _seen(row: dict[str, str]) -> Event | DeliveryStatus:
    """A row that quotes the receiver's reply is a delivery status; else the provider's event."""
    told = next(
        (
            row[key]
            for key in ("reason", "diagnostic", "description", "message", "error")
            if row.get(key)
        ),
        "",
    )
    if _REPLY.search(told):
        status = re.search(r"\b[45]\.\d{1,3}\.\d{1,3}\b", told)
        soft = told.lstrip().startswith("4") or "soft" in str(row).lower()
        return DeliveryStatus(
            "delayed" if soft else "failed", status[0] if status else "", f"smtp; {told}"
        )
    if "last_event" in row and "type" not in row:
        return Event({"type": f"email.{row['last_event']}", "data": row})
    return Event(row)
