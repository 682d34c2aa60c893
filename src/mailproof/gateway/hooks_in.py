"""`POST /webhooks/{provider}`: what providers tell of mails that they have."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from mailproof.gateway.exchange import Answer, Refused, Request, json_answer
from mailproof.gateway.room import Room, read_body
from mailproof.providers.base import WebhookRefused
from mailproof.store.mails.feedback import Taken

__all__ = ["Hear", "HooksIn"]

# Resend's events are a few kilobytes; headers of a mail may come along.
_BODY_MAX: Final = 256 * 1024
# Of their own, so that no storm of events takes the place of mail. Who is refused comes again.
_WAITING_MAX: Final = 500
_BYTES_MAX: Final = 16 * 1024 * 1024
_SIGNED_BY: Final = (
    *(b"svix-id", b"svix-timestamp", b"svix-signature"),
    *(b"webhook-id", b"webhook-timestamp", b"webhook-signature"),
)
_STATUS: Final = {"unsigned": 401, "wrong_signature": 401, "old": 401, "unreadable": 400}

Hear = Callable[[str, Mapping[str, str], bytes], Awaitable[Sequence[Taken] | WebhookRefused | None]]


class HooksIn:
    """Answers 2xx only for what is on disk, so that a provider comes again with everything else.

    `missing`: the sentence for a path that is not here: nobody need know which providers there are.
    """

    def __init__(self, hear: Hear, missing: str) -> None:
        self._hear = hear
        self._missing = missing
        self._room = Room(waiting_max=_WAITING_MAX, bytes_max=_BYTES_MAX)

    async def take(self, request: Request) -> Answer:
        """Raises `Refused`, `StoreUnavailable`, `CommitUnknown`, `ClientLeft`."""
        taken: list[int] = []
        self._room.enter()
        try:
            body = await read_body(request, self._room, _BODY_MAX, taken)
            headers = {
                name.decode(): value
                for name in _SIGNED_BY
                if (value := request.header(name)) is not None
            }
            heard = await self._hear(request.email_id, headers, body)
        finally:
            self._room.leave()
            self._room.give(sum(taken))
        if heard is None:
            raise Refused("not_found", self._missing)
        if isinstance(heard, WebhookRefused):
            raise Refused("validation_error", heard.message, status=_STATUS[heard.why])
        return json_answer({"events": len(heard)})
