"""The watch: looks when something happened, opens and resolves alerts, delivers their messages.

Runs in the one process that holds the duties. What costs more than a moment is reviewed once a
minute, while there is mail. When nothing is wrong and no mail comes, it asks the database nothing.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Final

import structlog

from mailproof.alerts.calling import Calls
from mailproof.alerts.channels import Channel
from mailproof.alerts.conditions import (
    CRITICAL_WAITING,
    NO_PROVIDER,
    ROUTE_CLOSED,
    conditions,
)
from mailproof.alerts.heartbeat import Heartbeat, Pulse
from mailproof.alerts.limits import Limits
from mailproof.alerts.reviewed import reviewed
from mailproof.alerts.reviewing import Reviewing
from mailproof.alerts.wording import text_of, text_of_test
from mailproof.clock import Clock, first_of
from mailproof.diagnosis.guidance.language import OperatorLanguage
from mailproof.mail.events import EventType
from mailproof.store.base import Database, NewEvent, StoreError
from mailproof.store.records import alerts
from mailproof.store.records.alerts import DueMessage
from mailproof.store.records.picture import Picture, take_picture

__all__ = ["Watch"]

log: Final[structlog.typing.FilteringBoundLogger] = structlog.get_logger("mailproof.alerts")

# While mail is held up or critical mail waits, it looks this often.
_BUSY_S: Final = 2.0
_OF_THE_MOMENT: Final = frozenset({ROUTE_CLOSED, NO_PROVIDER, CRITICAL_WAITING})
# While nothing else is told than what lasts: wrong keys, and what is reviewed once a minute.
_QUIET_S: Final = 30.0
# After the database failed.
_STALLED_S: Final = 5.0
# A message is another process's to send when this one has said nothing for so long. Longer than
# the deadline of a delivery.
_LEASE_MS: Final = 60_000

_E = EventType
_AT_ONCE: Final = frozenset(
    {_E.ROUTE_CLOSED, _E.ROUTE_OPENED, _E.LANE_CLOSED, _E.LANE_RELEASING, _E.APPLICATION_REFUSED}
)
# Mail that has begun to wait: it may become late.
_LATER: Final = frozenset({_E.EMAIL_ACCEPTED, _E.EMAIL_QUEUED, _E.EMAIL_DEFERRED, _E.EMAIL_HELD})


class Watch:
    """Alerts of one installation. `late_after_s`: when a waiting critical mail is told.

    `zone`: of the times in messages, None: this machine's. `pulse`, through `calls`: whom to tell
    that all is well, None: nobody.
    """

    def __init__(  # noqa: PLR0913 - what it is made of, each of it once
        self,
        db: Database,
        channels: Sequence[Channel],
        language: OperatorLanguage,
        clock: Clock,
        *,
        late_after_s: float = 120.0,
        limits: Limits | None = None,
        zone: tzinfo | None = None,
        pulse: Pulse | None = None,
        calls: Calls | None = None,
    ) -> None:
        self._db = db
        self._channels: Mapping[str, Channel] = {channel.name: channel for channel in channels}
        self._language = language
        self._clock = clock
        self._late_after_s = late_after_s
        self._zone = zone
        self._reviewing = Reviewing(db, limits or Limits(), clock)
        self._sound = True
        self._heartbeat = (
            None
            if pulse is None or calls is None
            else Heartbeat(
                db,
                pulse,
                calls,
                clock,
                late_after_s=late_after_s,
                sound=lambda: self._sound,
                changed=self.poke,
            )
        )
        self._stirred = asyncio.Event()
        self._at_once = False
        self._look_at: float | None = None
        self._due = {name: asyncio.Event() for name in self._channels}
        self._running = False
        db.listen(self._hear)

    def poke(self) -> None:
        """Something may have changed that another process wrote: look now."""
        self._at_once = True
        self._stirred.set()

    def heard(self, last_event: int) -> None:
        """The newest event's id, wherever it was written; told once a second."""
        if self._running and self._reviewing.heard(last_event):
            self._stirred.set()

    async def run(self) -> None:
        """Look and deliver until cancelled."""
        self._running = True
        self._reviewing.begin()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._insist(self._look_on), name="alerts-watch")
                if self._heartbeat is not None:
                    group.create_task(self._insist(self._heartbeat.run), name="alerts-heartbeat")
                for channel in self._channels.values():
                    group.create_task(
                        self._insist(functools.partial(self._serve, channel)),
                        name=f"alerts-{channel.name}",
                    )
        finally:
            self._running = False

    async def send_test(self, name: str) -> str | None:
        """Send a test message to one channel. None: it was taken; else why not.

        Raises `KeyError`: no channel has this name.
        """
        return await self._channels[name].deliver(text_of_test(self._language))

    def _hear(self, events: Sequence[NewEvent]) -> None:
        """Called after each commit of this process."""
        if not self._running:
            return
        if events and self._reviewing.stir():
            self._stirred.set()
        for event in events:
            if event.type in _AT_ONCE:
                self.poke()
                return
            if self._look_at is None and event.type in _LATER:
                self._look_at = self._clock.now() + self._late_after_s
                self._stirred.set()

    async def _insist(self, work: Callable[[], Awaitable[None]]) -> None:
        """Go on after the database failed; alerts wait for it as mail does.

        After a bug too, which must stop neither the other channels nor the mail.
        """
        while True:
            try:
                await work()
            except StoreError as error:
                log.error("alerts.stalled", error=str(error), retry_s=_STALLED_S)  # noqa: TRY400
            except Exception:
                log.critical("alerts.crashed", retry_s=_STALLED_S, exc_info=True)
            await self._clock.sleep_until(self._clock.now() + _STALLED_S)

    async def _look_on(self) -> None:
        try:
            await self._keep_looking()
        except Exception:
            self._sound = False
            raise

    async def _keep_looking(self) -> None:
        await self._db.write(alerts.forget_channels, tuple(self._channels))
        self._wake_channels()
        while True:
            self._at_once = False
            self._look_at = None
            pause_s = await self._look()
            # Not before: what is urgent need not wait for it.
            if await self._reviewing.renew():
                pause_s = await self._look()
            self._sound = True
            await self._wait(None if pause_s is None else self._clock.now() + pause_s)

    async def _wait(self, until: float | None) -> None:
        """Until it is time to look. Mail that begins to wait only brings that time nearer."""
        while not self._at_once:
            times = [at for at in (until, self._look_at, self._reviewing.next_at) if at is not None]
            at = min(times, default=None)
            if at is not None and self._clock.now() >= at:
                return
            self._stirred.clear()
            await self._either(self._stirred, at)

    async def _look(self) -> float | None:
        """Look once. Returns after how many seconds to look again, None: when something happens."""
        review = await self._reviewing.latest()
        picture = await self._db.read(take_picture, round(self._late_after_s * 1_000))
        holding = [*conditions(picture), *reviewed(picture, review, self._reviewing.limits)]
        if self._heartbeat is not None and (failing := self._heartbeat.condition) is not None:
            holding.append(failing)
        if alerts.is_settled(picture.alerts, holding, picture.now):
            return _pause_s(picture)
        changes = await self._db.write(alerts.settle, holding, tuple(self._channels))
        if changes.opened or changes.changed or changes.resolved:
            self._wake_channels()
        return _BUSY_S

    def _wake_channels(self) -> None:
        for due in self._due.values():
            due.set()

    async def _serve(self, channel: Channel) -> None:
        """Deliver what is due on one channel. Another channel that hangs does not matter to it."""
        due = self._due[channel.name]
        while True:
            due.clear()
            messages, next_at = await self._db.write(alerts.due_messages, channel.name, _LEASE_MS)
            for message in messages:
                await self._deliver(channel, message)
            if not messages:
                until = None if next_at is None else self._after_s(next_at)
                await self._either(due, until)

    def _after_s(self, at_ms: int) -> float:
        """When our clock shows what the database's clock calls `at_ms`."""
        return self._clock.now() + max(0.0, (at_ms - self._db.now()) / 1_000)

    async def _deliver(self, channel: Channel, message: DueMessage) -> None:
        error = await channel.deliver(text_of(message, self._language, self._zone))
        if error is None:
            await self._db.write(alerts.delivered, message)
        else:
            await self._db.write(alerts.failed, message, error)

    async def _either(self, event: asyncio.Event, at: float | None) -> None:
        """Until `event`, or until the clock shows `at`."""
        if at is None:
            await event.wait()
        else:
            await first_of(event.wait(), self._clock.sleep_until(at))


def _pause_s(picture: Picture) -> float | None:
    if picture.critical or any(alert.name in _OF_THE_MOMENT for alert in picture.alerts):
        return _BUSY_S
    return _QUIET_S if picture.alerts else None
