"""The purposes of a configuration: the built-in ones as changed, and new ones."""

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from mailproof.config.book import Book
from mailproof.config.settings import Match, PurposeSettings
from mailproof.config.sheet import close_to
from mailproof.mail.purposes import (
    PURPOSES,
    UNSPECIFIED,
    URGENT_CONFIRM_S,
    OnUnknown,
    Purpose,
    Tells,
)

__all__ = ["read_purposes"]


def read_purposes(book: Book) -> Mapping[str, PurposeSettings]:
    """All purposes by name. A new one begins as mail without a purpose is treated."""
    purposes = {name: PurposeSettings(purpose=purpose) for name, purpose in PURPOSES.items()}
    for path in book.sheet.within("purposes"):
        name = str(path[-1])
        close = "" if name in PURPOSES else close_to(name, PURPOSES, cutoff=0.85)
        if close:
            book.odd(path, "purpose.close", name=name, close=close)
        purposes[name] = _settings(name, book)
    return purposes


def _settings(name: str, book: Book) -> PurposeSettings:
    fields = book.sheet.fields("purposes", name)
    patterns = book.sheet.fields("purposes", name, "match")
    return PurposeSettings(
        on_hold=fields.pop("on_hold", "promise"),
        match=Match(**patterns) if patterns else None,
        purpose=_purpose(name, fields),
    )


def _purpose(name: str, fields: dict[str, Any]) -> Purpose:
    for span in {"expires_s", "confirm_s", "again_s"} & fields.keys():
        fields[span] = math.ceil(fields[span])
    if "on_unknown" in fields:
        fields["on_unknown"] = OnUnknown(fields["on_unknown"])
    if "tells" in fields:
        fields["tells"] = Tells(fields["tells"])
    purpose = PURPOSES.get(name, UNSPECIFIED)
    if fields.get("critical", purpose.critical) and not purpose.critical:
        fields.setdefault("confirm_s", URGENT_CONFIRM_S)
    return msgspec.structs.replace(purpose, name=name, **fields)
