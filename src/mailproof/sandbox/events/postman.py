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
from mailproof.sandbox.faults.fault import Fault
from mailproof.sandbox.faults.table import Act
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
    mail: Mail
    moment: Moment
    envelope: Envelope
    number: int = 1


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

    def schedule(self, mail: Mail, moments: Sequence[Moment], mishap: Fault | None) -> None:
        """Send an event for each of these moments of `mail`, with what `mishap` does to them."""
        act = mishap.kind.act if mishap is not None else None
        if act is Act.NO_WEBHOOKS:
            return
        times = [moment.at for moment in moments]
        if act is Act.REORDER:
            times.reverse()
        if act is Act.LATE and mishap is not None:
            late_s = mishap.kind.seconds if mishap.seconds is None else mishap.seconds
            times = [at + late_s for at in times]
        for moment, at in zip(moments, times, strict=True):
            for endpoint in self._endpoints.values():
                if endpoint.wants(f"email.{moment.event}"):
                    due = self._wrap(mail, moment, endpoint, badly_signed=act is Act.BAD_SIGNATURE)
                    for _ in range(2 if act is Act.DOUBLE else 1):
                        self._push(at, due)

    def _wrap(self, mail: Mail, moment: Moment, endpoint: Endpoint, *, badly_signed: bool) -> _Due:
        envelope = Envelope(
            id=f"msg_{secrets.token_hex(13)}",
            endpoint_id=endpoint.id,
            mail_id=mail.id,
            event=f"email.{moment.event}",
            body=msgspec.json.encode(event_of(mail, moment)),
            badly_signed=badly_signed,
        )
        return _Due(mail, moment, envelope)

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
                due = await self._next()
                group.create_task(self._post(session, due))

    async def _next(self) -> _Due:
        while True:
            self._changed.clear()
            now = self._clock.now()
            if self._due and self._due[0][0] <= now:
                return heapq.heappop(self._due)[2]
            if not self._due:
                await self._changed.wait()
                continue
            await self._until(self._due[0][0] - now)

    async def _until(self, seconds: float) -> None:
        """Sleep so long by the sandbox's clock, or until something else is due."""
        await first_of(self._clock.sleep(seconds), self._changed.wait())

    async def _post(self, session: aiohttp.ClientSession, due: _Due) -> None:
        endpoint = self._endpoints.get(due.envelope.endpoint_id)
        # A canceled or rescheduled mail has another way now; this event never happens.
        if endpoint is None or endpoint.status != "enabled" or due.moment not in due.mail.moments:
            return
        now = self._clock.now()
        status, error = 0, ""
        try:
            async with session.post(
                endpoint.url,
                data=due.envelope.body,
                headers=due.envelope.headers(endpoint, now),
                allow_redirects=False,
            ) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, ValueError) as problem:
            error = f"{type(problem).__name__}: {problem}"
        self._remember(due, endpoint, status, error)
        if not 200 <= status < 300 and due.number <= len(RETRY_AFTER_S):
            again = msgspec.structs.replace(due, number=due.number + 1)
            self._push(self._clock.now() + RETRY_AFTER_S[due.number - 1], again)

    def _remember(self, due: _Due, endpoint: Endpoint, status: int, error: str) -> None:
        delivery = Delivery(
            at=self._clock.now(),
            envelope_id=due.envelope.id,
            mail_id=due.mail.id,
            event=due.envelope.event,
            url=endpoint.url,
            number=due.number,
            status=status,
            error=error,
        )
        self.deliveries.append(delivery)
        self._tell(delivery)
