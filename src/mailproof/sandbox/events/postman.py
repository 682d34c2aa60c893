"""Carries events to webhook endpoints: in time, again after a failure, wrongly when asked."""

import asyncio
import heapq
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import Final

import aiohttp
import msgspec

from mailproof.sandbox.clock import Clock, first_of
from mailproof.sandbox.events.webhooks import (
    ANSWER_WITHIN_S,
    RETRY_AFTER_S,
    Endpoint,
    Envelope,
    event_of,
)
from mailproof.sandbox.faults.kinds import Act
from mailproof.sandbox.messages.message import Mail, Moment

__all__ = ["Delivery", "Postman"]

_REMEMBERED: Final = 10_000


class Delivery(msgspec.Struct, frozen=True):
    """One try, as it went. `status` 0: no answer; then `error` says why."""

    at: float
    envelope_id: str
    mail_id: str
    event: str
    url: str
    number: int
    status: int
    error: str = ""


class _Due(msgspec.Struct, frozen=True):
    """An event whose time comes; with an `envelope`, one that an endpoint is to get (again)."""

    mail: Mail
    moment: Moment
    envelope: Envelope | None = None
    number: int = 1

    @property
    def is_void(self) -> bool:
        """The mail was canceled, moved or forgotten meanwhile, so that this never happens.

        By identity: a mail moved away and back again has moments that look alike.
        """
        return not any(moment is self.moment for moment in self.mail.moments)


class Postman:
    """Waits for what is due and posts it. `run` belongs to the server's task group."""

    def __init__(
        self,
        clock: Clock,
        endpoints: dict[str, Endpoint],
        tell: Callable[[Delivery], None],
    ) -> None:
        self.deliveries: deque[Delivery] = deque(maxlen=_REMEMBERED)
        self._clock = clock
        self._endpoints = endpoints
        self._tell = tell
        self._due: list[tuple[float, int, _Due]] = []
        self._order = count()
        self._changed = asyncio.Event()

    def schedule(self, mail: Mail, moments: Sequence[Moment]) -> None:
        """Send an event for each of these moments of `mail`, with what its mishap does to them."""
        mishap = mail.mishap
        times = [moment.at for moment in moments]
        if mishap is not None and mishap.act is Act.NO_WEBHOOKS:
            return
        if mishap is not None and mishap.act is Act.REORDER:
            times.reverse()
        if mishap is not None and mishap.act is Act.LATE:
            times = [at + mishap.late_s for at in times]
        for moment, at in zip(moments, times, strict=True):
            self._push(at, _Due(mail, moment))

    def forget(self) -> None:
        """Post nothing of what was due until now."""
        self._due.clear()

    def _posts_of(self, due: _Due) -> list[tuple[_Due, Envelope]]:
        """What is to be posted now: to each endpoint there is by now, or again to one."""
        if due.is_void:
            return []
        if due.envelope is not None:
            return [(due, due.envelope)]
        mail, event = due.mail, f"email.{due.moment.event}"
        act = None if mail.mishap is None else mail.mishap.act
        posts: list[tuple[_Due, Envelope]] = []
        for endpoint in self._endpoints.values():
            if not endpoint.wants(event):
                continue
            envelope = Envelope(
                id=f"msg_{secrets.token_hex(13)}",
                endpoint_id=endpoint.id,
                mail_id=mail.id,
                event=event,
                body=msgspec.json.encode(event_of(mail, due.moment)),
                badly_signed=act is Act.BAD_SIGNATURE,
            )
            posts += [(due, envelope)] * (2 if act is Act.DOUBLE else 1)
        return posts

    def _push(self, at: float, due: _Due) -> None:
        heapq.heappush(self._due, (at, next(self._order), due))
        self._changed.set()

    async def run(self) -> None:
        """Post for ever. Each post is a task of its own, so a slow receiver delays no other."""
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)) as session,
            asyncio.TaskGroup() as group,
        ):
            while True:
                for due, envelope in self._posts_of(await self._next()):
                    group.create_task(self._post(session, due, envelope))

    async def _next(self) -> _Due:
        while True:
            self._changed.clear()
            now = self._clock.now()
            if self._due and self._due[0][0] <= now:
                return heapq.heappop(self._due)[2]
            if not self._due:
                await self._changed.wait()
                continue
            await first_of(self._clock.sleep_until(self._due[0][0]), self._changed.wait())

    async def _post(self, session: aiohttp.ClientSession, due: _Due, envelope: Envelope) -> None:
        endpoint = self._endpoints.get(envelope.endpoint_id)
        if endpoint is None or endpoint.status != "enabled":
            return
        now = self._clock.now()
        status, error = 0, ""
        try:
            async with session.post(
                endpoint.url,
                data=envelope.body,
                headers=envelope.headers(endpoint, now),
                allow_redirects=False,
            ) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, ValueError) as problem:
            error = f"{type(problem).__name__}: {problem}"
        ended = self._clock.now()
        if not 200 <= status < 300 and due.number <= len(RETRY_AFTER_S):
            again = msgspec.structs.replace(due, envelope=envelope, number=due.number + 1)
            self._push(ended + RETRY_AFTER_S[due.number - 1], again)
        # Last: who hears of this try may move the clock at once, to the time of the next.
        self._remember(
            Delivery(
                at=ended,
                envelope_id=envelope.id,
                mail_id=envelope.mail_id,
                event=envelope.event,
                url=endpoint.url,
                number=due.number,
                status=status,
                error=error,
            )
        )

    def _remember(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)
        self._tell(delivery)
