"""How much may be under way at once: requests that wait, and bytes that were not yet written."""

from typing import Final

from mailproof.gateway.exchange import UNFINISHED, ClientLeft, Headers, Refused, Request

__all__ = ["Room"]

# Too short to matter to a person, long enough for a flush or a retry elsewhere.
_RETRY: Final[Headers] = ((b"retry-after", b"1"),)

_CLOSE: Final[Headers] = ((b"connection", b"close"),)


class Room:
    """`waiting_max` requests and `bytes_max` bytes of bodies, over all connections."""

    def __init__(self, *, waiting_max: int, bytes_max: int) -> None:
        self._waiting_max = waiting_max
        self._bytes_max = bytes_max
        self.waiting = 0
        self.bytes = 0

    def enter(self) -> None:
        """Raises `Refused`: too many are here. Whoever got in, `leave`s."""
        if self.waiting >= self._waiting_max:
            message = (
                f"{self.waiting} requests are waiting here already. Nothing was accepted; repeat "
                "the request in a moment."
            )
            raise Refused("rate_limit_exceeded", message, headers=_RETRY)
        self.waiting += 1

    def leave(self) -> None:
        self.waiting -= 1

    def take(self, size: int) -> None:
        """Raises `Refused`: `size` more bytes do not fit. Whoever got them, `give`s them back."""
        if self.bytes + size > self._bytes_max:
            message = (
                f"{self.bytes / 2**20:.0f} MB are on their way to the disk, and {size / 2**20:.1f} "
                "MB more do not fit. Nothing was accepted; repeat the request in a moment."
            )
            raise Refused("application_error", message, status=503, headers=_RETRY)
        self.bytes += size

    def give(self, size: int) -> None:
        self.bytes -= size


async def read_body(request: Request, room: Room, limit: int, taken: list[int]) -> bytes:
    """The whole body. Raises `Refused` before it is read where its declared length says enough.

    `taken` collects what was taken of `room`, for the caller to give back, whatever happens.
    """
    declared = request.header(b"content-length")
    size = int(declared) if declared and declared.isdecimal() else 0
    if size > limit:
        raise _too_large(limit)
    if size:
        room.take(size)
        taken.append(size)
    chunks: list[bytes] = []
    received = 0
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        chunk: bytes = message.get("body", b"")
        received += len(chunk)
        if received > limit:
            raise _too_large(limit)
        if received > size:
            room.take(received - size)
            taken.append(received - size)
            size = received
        if not message.get("more_body", False):
            return b"".join(chunks) + chunk if chunks else chunk
        if (cut := request.scope["state"].get(UNFINISHED)) is not None:
            said = f"{cut.message} Nothing was accepted."
            raise Refused(cut.name, said, status=cut.status_code, headers=_CLOSE)
        chunks.append(chunk)


def _too_large(limit: int) -> Refused:
    size = f"{limit // 2**20} MB" if limit >= 2**20 else f"{limit // 2**10} KB"
    message = (
        f"The body is larger than {size}, the most that is taken here. Send large files as links."
    )
    return Refused("validation_error", message, status=413, where="body")
