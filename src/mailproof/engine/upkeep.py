"""What is done once a second: say that this process lives, learn what has changed, and do what time
demands where the duties are."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import structlog

from mailproof.clock import first_of
from mailproof.engine.context import Context
from mailproof.engine.seldom import Seldom
from mailproof.store.base import StoreError
from mailproof.store.mails.duties import (
    end_pinned_to_removed,
    expire,
    free_unknown,
    recover_leases,
    resend_unconfirmed,
    sweep,
    sweep_seldom,
    wake_due,
)
from mailproof.store.nodes.nodes import Tick, enter, take_lease, tick

__all__ = ["Upkeep"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.engine")

_EVERY_S: Final = 1.0
_AT_ONCE: Final = 500  # mails a transaction, so that nobody else waits long
_DUTY_LEASE_MS: Final = 5_000
_SWEEP_EVERY_S: Final = 60.0
_SWEEP_SELDOM_EVERY_S: Final = 3_600.0
# A store that is busy says so well before this; one that says nothing hangs.
_ANSWER_MAX_S: Final = 15.0


class Upkeep:
    """The heartbeat of a process. `heard` is told of each tick, on every node; `due` is called when
    mail may go whose time has come.

    `leased`: the duties are leased in the store (many machines); else who sends has them.
    """

    def __init__(
        self,
        context: Context,
        heard: Callable[[Tick], None],
        due: Callable[[], None],
        *,
        leased: bool,
    ) -> None:
        self._database = context.database
        self._node = context.node
        self._policy = context.policy
        self._routing = context.routing
        self._clock = context.clock
        self._heard = heard
        self._due = due
        self._leased = leased
        self._sweep_at = 0.0
        self._sweep_seldom_at = 0.0
        self._poked = asyncio.Event()
        self.is_engine = False
        self.has_duties = False
        self.last: Tick | None = None

    def poke(self) -> None:
        """Tick now: something has changed that hangs on it."""
        self._poked.set()

    async def run(self) -> None:
        """Tick each second. A store that does not answer is said once a minute, and asked again."""
        failing = Seldom(self._clock)
        while True:
            self._poked.clear()
            try:
                await self.once()
                failing.over()
            except Exception as error:  # noqa: BLE001 - a bug in one duty; the others must go on
                if failing.may_say():
                    _say(error)
            next_at = self._clock.now() + _EVERY_S
            await first_of(self._clock.sleep_until(next_at), self._poked.wait())

    async def once(self) -> Tick:
        """One tick: two statements where duties are leased, else one, unless something is due."""
        async with asyncio.timeout(_ANSWER_MAX_S):
            found = await self._database.write(tick, self._node.id, engine=self.is_engine)
        if found is None:
            await self._database.write(enter, self._node)
            return await self.once()
        self.has_duties = self.is_engine and (
            not self._leased
            or await self._database.write(take_lease, "duties", self._node.id, _DUTY_LEASE_MS)
        )
        self.last = found
        self._heard(found)
        if self.has_duties:
            await self._do_what_is_due(found)
        return found

    async def recover(self, dead: Sequence[str]) -> int:
        """Take over what these nodes (none named: whoever) were sending when they died."""
        total = 0
        while count := await self._database.write(
            recover_leases, _AT_ONCE, self._routing, dead=dead
        ):
            total += count
        return total

    async def _do_what_is_due(self, found: Tick) -> None:
        now, write = self._database.now(), self._database.write
        if found.next_expiry_at is not None and found.next_expiry_at <= now:
            while await write(expire, _AT_ONCE, self._routing) >= _AT_ONCE:
                pass
        if found.next_due_at is not None and found.next_due_at <= now:
            while await write(wake_due, _AT_ONCE) >= _AT_ONCE:
                self._due()
            self._due()
        if found.next_lease_end_at is not None and found.next_lease_end_at <= now:
            while await write(recover_leases, _AT_ONCE, self._routing) >= _AT_ONCE:
                pass
        if found.unconfirmed:
            await write(expire, _AT_ONCE, self._routing)
            await write(resend_unconfirmed, self._policy.resends, _AT_ONCE, self._routing)
        if found.next_probe_at is not None:  # something is closed
            await write(free_unknown, self._policy.resends, _AT_ONCE, self._routing)
        if self._clock.now() >= self._sweep_at:
            self._sweep_at = self._clock.now() + _SWEEP_EVERY_S
            await write(end_pinned_to_removed, _AT_ONCE, self._routing)
            swept = await write(sweep, _AT_ONCE, contents_ms=int(self._policy.contents_s * 1000))
            if max(msgspec.structs.astuple(swept)) >= _AT_ONCE:
                # There is more: who accepts a thousand mails a minute must get rid of as many.
                self._sweep_at = self._clock.now()
        if self._clock.now() >= self._sweep_seldom_at:
            self._sweep_seldom_at = self._clock.now() + _SWEEP_SELDOM_EVERY_S
            old = await write(sweep_seldom, _AT_ONCE, mails_ms=int(self._policy.mails_s * 1000))
            if max(msgspec.structs.astuple(old)) >= _AT_ONCE:
                self._sweep_seldom_at = self._clock.now()


def _say(error: Exception) -> None:
    if isinstance(error, StoreError):
        _log.critical("store.unavailable", error=str(error))
    elif isinstance(error, TimeoutError):
        _log.critical("store.unavailable", error=f"No answer within {_ANSWER_MAX_S:g} s.")
    else:
        _log.critical("upkeep.crashed", exc_info=error)
