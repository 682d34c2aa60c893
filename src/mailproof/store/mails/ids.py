"""Ids of mails as people type them."""

from collections.abc import Iterable
from uuid import UUID

__all__ = ["as_id", "as_ids"]


def as_id(text: str) -> str | None:
    """The id in the form that the store keeps. None: no mail can have this id."""
    try:
        return str(UUID(text))
    except ValueError:
        return None


def as_ids(texts: Iterable[str]) -> list[str]:
    """The ids among `texts`, each once; what cannot be one is left out."""
    return list(dict.fromkeys(id_ for text in texts if (id_ := as_id(text))))
