"""A connection to a SQLite file, and what its errors mean in plain words."""

import contextlib
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mailproof.store.base import CommitUnknown, StoreError, StoreFull, StoreUnavailable
from mailproof.store.sqlite.busy import BUSY_S, LOOK_S, patiently

__all__ = ["commit", "connect", "told", "translated"]

_CACHE_KIB: Final = 64 * 1024
_CHECKPOINT_PAGES: Final = 4_000


def connect(path: Path) -> sqlite3.Connection:
    """For one user at a time, whatever thread that is in."""
    connection = sqlite3.connect(
        path,
        timeout=LOOK_S,
        isolation_level=None,
        cached_statements=512,
        check_same_thread=False,
    )
    patiently(connection, "PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    if sys.platform == "darwin":  # fsync alone does not reach the disk there
        connection.execute("PRAGMA fullfsync = ON")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    return connection


def commit(connection: sqlite3.Connection) -> None:
    """Raises `CommitUnknown`: nobody knows what the disk has."""
    try:
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname.startswith("SQLITE_IOERR"):
            raise CommitUnknown(f"The disk failed while committing: {error}.") from error
        raise


@contextlib.contextmanager
def translated(where: str) -> Iterator[None]:
    """SQLite's errors as those of a store."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise told(where, error) from error


def told(where: str, error: sqlite3.Error) -> StoreError:
    """What an error means for the file `where`."""
    if not isinstance(error, sqlite3.OperationalError):
        return StoreError(f"{where}: {error}.")
    name = error.sqlite_errorname or ""
    if name.startswith("SQLITE_FULL"):
        return StoreFull(f"{where}: the disk is full. Free some space; nothing was lost.")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        text = f"another process has been writing for more than {BUSY_S:g} s"
        return StoreUnavailable(f"{where}: {text}.")
    if name.startswith(("SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PROTOCOL")):
        return StoreUnavailable(f"{where}: {error}. Check the disk and the file's permissions.")
    return StoreError(f"{where}: {error}.")
