"""Take in a paste from a file or a pipe: all of it, up to a limit that no log should need."""

import io
from typing import BinaryIO, Final

__all__ = ["BYTES_MAX", "newest"]

BYTES_MAX: Final = 64 << 20
_BLOCK: Final = 1 << 20


def newest(source: BinaryIO, limit: int = BYTES_MAX) -> tuple[bytes, int]:
    """Read to the end; return the last `limit` bytes, and how many stood before them.

    A pipe and a file give the same. A text that was cut begins with a line.
    """
    kept, length = bytearray(), 0
    if source.seekable():
        length = max(0, source.seek(0, io.SEEK_END) - limit)
        source.seek(length)
    while block := source.read(_BLOCK):
        kept += block
        if len(kept) > limit + _BLOCK:
            length += len(kept) - limit
            del kept[:-limit]
    if len(kept) > limit:
        length += len(kept) - limit
        del kept[:-limit]
    if length:
        cut = kept.find(b"\n", 0, _BLOCK) + 1
        del kept[:cut]
        length += cut
    return bytes(kept), length
