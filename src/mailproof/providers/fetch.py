"""The port to files at URLs: attachments that are fetched when their mail is accepted."""

from typing import Protocol

import msgspec

__all__ = ["Fetch", "Fetched", "NotFetched"]


class Fetched(msgspec.Struct, frozen=True):
    """The file, and what its server called it (`application/pdf`), which may be empty."""

    content: bytes
    content_type: str


class NotFetched(msgspec.Struct, frozen=True):
    """`problem` and `fix`: sentences without and with their full stop, as in `InvalidInput`."""

    problem: str
    fix: str


class Fetch(Protocol):
    async def __call__(
        self, url: str, *, limit_bytes: int, deadline_s: float
    ) -> Fetched | NotFetched:
        """The file at `url`, no more than `limit_bytes`, within `deadline_s` seconds.

        Refuses addresses that the internet cannot see. Raises nothing for what the world does.
        """
        ...
