"""Who sends on one SQLite file: whoever holds the operating system's lock on the file beside it.

The kernel frees the lock with its process, however that ends, so the next one starts at once.
"""

import os
import sys
import weakref
from pathlib import Path
from typing import Final

from mailproof.store.base import StoreUnavailable

if sys.platform == "win32":
    import msvcrt

    # Windows locks bytes against reading too: this one lies beyond the text that tells the holder.
    _BYTE: Final = 1 << 30

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError from error

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        """A program that is just being started may still have a copy of the descriptor."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)


__all__ = ["EngineLock"]

_SUFFIX: Final = ".engine"


class EngineLock:
    """The lock of the database at `path`: `mailproof.db` has `mailproof.db.engine` beside it.

    Never inherited: a child of the holder, whether forked or started, does not hold it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(path.name + _SUFFIX)
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Try once, and wait for nobody. True: it is ours (already). Raises `StoreUnavailable`: its
        file cannot be opened, or this file system knows no locks."""
        if self._descriptor is not None:
            return True
        try:
            # Python opens files so that no program which this process starts inherits them.
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StoreUnavailable(f"{self.path} cannot be opened: {error.strerror}.") from error
        try:
            _lock(descriptor)
            _write_holder(descriptor)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError as error:
            os.close(descriptor)
            raise StoreUnavailable(f"{self.path} cannot be locked: {error.strerror}.") from error
        self._descriptor = descriptor
        _held.add(self)
        return True

    def holder(self) -> str:
        """Who has it, as `process 4711`; `another process` where that cannot be read."""
        try:
            pid = self.path.read_text(encoding="ascii", errors="replace").strip()
        except OSError:
            return "another process"
        return f"process {pid}" if pid.isdecimal() else "another process"

    def release(self) -> None:
        """Let it go; nothing happens when it is not ours. The file stays: who deleted it while
        another process opens it would leave two holders."""
        if self._descriptor is not None:
            os.truncate(self._descriptor, 0)
            _unlock(self._descriptor)
            self._forget()

    def _forget(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            _held.discard(self)


def _write_holder(descriptor: int) -> None:
    os.truncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))


# A fork copies descriptors, and the kernel keeps the lock while one copy is open: the child gives
# its own away at once, or a forgotten child would keep the next engine from starting.
_held: "weakref.WeakSet[EngineLock]" = weakref.WeakSet()


def _forget_all() -> None:
    for lock in tuple(_held):
        lock._forget()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_forget_all)
