"""What PostgreSQL and its driver raise, as a store's errors in plain words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import asyncpg  # type: ignore[import-untyped]

from mailproof.diagnosis.redaction.redact import redact_text
from mailproof.store.base import StoreError, StoreFull, StoreUnavailable

__all__ = ["DRIVER_ERRORS", "Conflicted", "Occupied", "is_lost", "told", "translated"]

# Everything that the driver raises while it talks to a server.
DRIVER_ERRORS: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


class Conflicted(StoreUnavailable):
    """Another transaction came in between; nothing was kept, and it may be run again at once."""


class Occupied(StoreError):
    """A row with one of these keys is there already, perhaps since a moment ago: then the next run
    sees it. Nothing was kept."""


# SQLSTATEs: PostgreSQL's manual, appendix A.
_CONFLICTS: Final = frozenset({"40001", "40P01"})
_OCCUPIED: Final = "23505"
_LOST: Final = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03", "25P04"})
_UNAVAILABLE: Final[Mapping[str, str]] = {
    "25006": "it is read-only (a standby?). Give the URL of the primary",
    "53000": "it has run out of resources",
    "53300": "it has no connection left. Raise max_connections, or put PgBouncer in front",
    "53400": "a limit in its configuration is reached",
    "55P03": "another transaction holds a lock for too long",
    "57014": "a statement took too long and was stopped",
    "57P01": "it is being shut down",
    "57P02": "it has crashed and restarts",
    "57P03": "it is starting up or shutting down",
    "58030": "its disk fails",
    "25P03": "a transaction stood idle for too long and was ended",
}
_REFUSED: Final[Mapping[str, str]] = {
    "28P01": "wrong user or password. Check the URL; special characters need %-escapes",
    "28000": "this user may not connect from here. See pg_hba.conf, or sslmode in the URL",
    "3D000": "there is no such database. Create it first: createdb NAME",
    "42501": "this user may not do that. As the database's owner: "
    "GRANT CREATE, USAGE ON SCHEMA public TO this user",
    "42704": "it does not know a parameter of the URL",
}


def told(where: str, error: BaseException, password: str = "") -> StoreError:
    """What `error` means for the store. The password is in none of its words."""
    state = getattr(error, "sqlstate", None) or ""
    if state == "53100":
        return StoreFull(
            f"{where}: the database's disk is full. Free some space; nothing was lost."
        )
    if state in _CONFLICTS:
        return Conflicted(f"{where}: other transactions came in between, again and again.")
    if state in _UNAVAILABLE:
        return StoreUnavailable(f"{where}: {_UNAVAILABLE[state]}.")
    said = _said(error, password)
    if state == _OCCUPIED:
        return Occupied(f"{where}: {said}.")
    if state in _REFUSED:
        return StoreError(f"{where}: {_REFUSED[state]}. It said: {said}.")
    if is_lost(error):
        return StoreUnavailable(f"{where}: cannot be reached: {said}.")
    return StoreError(f"{where}: {said}{f' ({state})' if state else ''}.")


def is_lost(error: BaseException) -> bool:
    """Is the connection gone, rather than the statement refused?"""
    state = getattr(error, "sqlstate", None) or ""
    if isinstance(error, asyncpg.PostgresError):
        return state.startswith("08") or state in _LOST
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)  # ValueError: what we gave it was wrong
    return isinstance(error, OSError | TimeoutError | asyncpg.InternalClientError)


@contextmanager
def translated(where: str, password: str = "") -> Iterator[None]:
    """Raise the driver's errors as the store's."""
    try:
        yield
    except DRIVER_ERRORS as error:
        raise told(where, error, password) from error


def _said(error: BaseException, password: str) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    if password:
        text = text.replace(password, "***")
    return redact_text(text.rstrip("."))
