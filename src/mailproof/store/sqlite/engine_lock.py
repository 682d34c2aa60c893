"""Who sends from a SQLite file: whoever holds an OS lock on a file beside it.

A file of its own, because SQLite locks parts of the database itself. The kernel frees the lock with
the process, however that ends.
"""

import contextlib
import os
import sys
from pathlib import Path

__all__ = ["EngineLock"]


class EngineLock:
    """The lock on `path`; the process that holds it has written its number into the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def acquire(self) -> bool:
        """Try, without waiting. True: it is ours (already)."""
        if self._file is not None:
            return True
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            locked = _lock(file)
        except BaseException:
            os.close(file)
            raise
        if not locked:
            os.close(file)
            return False
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0) if hasattr(os, "pwrite") else None
        self._file = file
        return True

    def holder(self) -> str:
        """`process 4711`, as far as the file tells."""
        with contextlib.suppress(OSError, ValueError):
            return f"process {int(self._path.read_text(encoding='ascii'))}"
        return "another process"

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _lock(file: int) -> bool:
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
