"""A copy of a SQLite file while others write: consistent and whole, and replacing no other file."""

import os
import secrets
import sqlite3
import sys
from pathlib import Path

from mailproof.store.base import StoreError

__all__ = ["back_up"]


def back_up(connection: sqlite3.Connection, target: Path) -> int:
    """Write what `connection` sees now to the new file `target`; returns its size in bytes.

    Under another name first, so that a backup that was broken off is never taken for one. Writers
    go on meanwhile; what they write is not in it. Raises `StoreError`: `target` exists, or cannot
    be written.
    """
    _refuse_existing(target)
    partial = target.with_name(f"{target.name}.{secrets.token_hex(4)}.partial")
    try:
        connection.execute("VACUUM INTO ?", (str(partial),))
        _flush_to_disk(partial)
        _give_name(partial, target)
        _flush_to_disk(target.absolute().parent)
        return target.stat().st_size
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror}.") from error
    finally:
        partial.unlink(missing_ok=True)


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise StoreError(f"{target} exists already. Name a new file.")
    if not target.absolute().parent.is_dir():
        raise StoreError(f"{target.absolute().parent} is no folder. Make it first.")


def _give_name(partial: Path, target: Path) -> None:
    """A link fails where a file has come up meanwhile; renaming would replace it."""
    try:
        target.hardlink_to(partial)
    except FileExistsError:
        _refuse_existing(target)
    except OSError:  # this file system knows no links, as on many USB sticks
        _refuse_existing(target)
        partial.rename(target)


def _flush_to_disk(path: Path) -> None:
    """SQLite leaves that to us. Windows cannot open a folder, and keeps names without it."""
    if sys.platform == "win32" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
