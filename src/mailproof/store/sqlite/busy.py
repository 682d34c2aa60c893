"""Waiting for other processes that write the same SQLite file."""

import sqlite3
import time
from typing import Any, Final

__all__ = ["BUSY_S", "LOOK_S", "is_busy", "patiently"]

# Another process holds the write lock for 50 ms at most; this long means that something is wrong.
BUSY_S: Final = 5.0
LOOK_S: Final = 0.001


def patiently(connection: sqlite3.Connection, statement: str) -> Any:
    """Run `statement` and return its first row, however busy other processes are.

    For a connection with the timeout `LOOK_S`. SQLite's own waits would grow to 100 ms, and a
    process that writes at full speed leaves less than one between two transactions: this looks each
    millisecond. Raises what SQLite raises after `BUSY_S`.
    """
    end = time.monotonic() + BUSY_S
    while True:
        try:
            return connection.execute(statement).fetchone()
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > end:
                raise


def is_busy(error: sqlite3.Error) -> bool:
    """Does another process hold the lock?"""
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
