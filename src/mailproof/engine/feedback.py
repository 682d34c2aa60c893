"""What providers tell by webhook: verified, read, and written in groups."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import structlog

from mailproof.engine.context import Context
from mailproof.engine.seldom import Seldom
from mailproof.providers.base import Confirms, Provider, ProviderEvent, Tells, WebhookRefused
from mailproof.store.base import StoreError, Tx
from mailproof.store.flush import Coalescer
from mailproof.store.mails.failures import failure_to_json
from mailproof.store.mails.feedback import Taken, receive
from mailproof.store.nodes.installation import Installation
from mailproof.store.records.feedback import Counted, count_feedback
from mailproof.store.records.inbox import Told

__all__ = ["Feedback", "as_told"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.engine")

_REQUESTS_MAX: Final = 200
# Requests that leave no event behind are counted this often: a stranger can cause no more writes.
_COUNT_EVERY_S: Final = 1.0


class Feedback:
    """Takes the webhooks of all providers that have one. Its `flush` and `run` belong to the
    engine's task group, also in a process that only accepts mail."""

    def __init__(
        self, context: Context, providers: Sequence[Provider], installation: Installation
    ) -> None:
        self._database = context.database
        self._clock = context.clock
        self._installation = installation
        self._tellers: dict[str, Tells] = {
            each.name: each
            for each in providers
            if isinstance(each, Tells) and each.capabilities.confirms is Confirms.WEBHOOK
        }
        self.flush = Coalescer(self._write, batch_max=_REQUESTS_MAX)
        self._refused: Counter[str] = Counter()
        self._heard: Counter[str] = Counter()
        self._seldom: dict[tuple[str, str], Seldom] = {}
        self._uncounted = asyncio.Event()

    async def hear(
        self, name: str, headers: Mapping[str, str], body: bytes
    ) -> Sequence[Taken] | WebhookRefused | None:
        """One request of a provider's webhook; when this returns what became of its events, they
        are on disk. None: no such provider has a webhook here.

        Raises `StoreUnavailable` (nothing was kept), `CommitUnknown`; it may be repeated.
        """
        teller = self._tellers.get(name)
        if teller is None:
            return None
        now = self._database.now()
        events = teller.read_webhook(headers, body, now=now)
        if isinstance(events, WebhookRefused):
            self._note_refused(name, events)
            return events
        if not events:
            self._heard[name] += 1
            self._uncounted.set()
            return ()
        told = tuple(as_told(name, event, self._installation, now) for event in events)
        return await self.flush.submit(told)

    async def run(self) -> None:
        """Count what left no event behind."""
        failing = Seldom(self._clock)
        while True:
            await self._uncounted.wait()
            await self._clock.sleep_until(self._clock.now() + _COUNT_EVERY_S)
            self._uncounted.clear()
            counted = [
                *(Counted(provider=name, refused=n) for name, n in self._refused.items()),
                *(Counted(provider=name, webhook=True, events=n)
                  for name, n in self._heard.items()),
            ]  # fmt: skip
            self._refused.clear()
            self._heard.clear()
            try:
                await self._database.write(count_feedback, counted)
            except StoreError as error:  # each of them was answered and logged; a number is lost
                if failing.may_say():
                    _log.warning("feedback.uncounted", error=str(error))
            except Exception:  # noqa: BLE001 - a bug in counting must not stop the mail
                _log.critical("feedback.crashed", exc_info=True)

    def _note_refused(self, name: str, refused: WebhookRefused) -> None:
        """Who sends nothing that looks like a signature is a stranger, and counts for nothing."""
        if refused.why != "unsigned":
            self._refused[name] += 1
            self._uncounted.set()
        seldom = self._seldom.setdefault((name, refused.why), Seldom(self._clock))
        if seldom.may_say():
            _log.warning("webhook.refused", provider=name, why=refused.why)

    async def _write(
        self,
        requests: Sequence[tuple[Told, ...]],
        again: bool,  # noqa: FBT001 - an event that is there already is `repeated`
    ) -> Sequence[Sequence[Taken]]:
        return await self._database.write(_receive_all, requests)


async def _receive_all(tx: Tx, requests: Sequence[tuple[Told, ...]]) -> list[list[Taken]]:
    taken = iter(await receive(tx, [told for request in requests for told in request]))
    return [[next(taken) for _ in request] for request in requests]


def as_told(
    provider: str,
    event: ProviderEvent,
    installation: Installation,
    now: int,
    *,
    asked: bool = False,
) -> Told:
    """As the store takes it: without addresses. `now`: UTC in ms, where the event has no time."""
    failure = event.failure
    return Told(
        provider=provider,
        event_id=event.event_id,
        fate=event.fate,
        at=event.at or now,
        provider_message_id=event.provider_message_id,
        email_id=event.email_id,
        people=tuple(installation.lookup(address) for address in event.recipients),
        sure=event.sure,
        hard=event.hard,
        reason=None if failure is None else failure.reason.value,
        failure=None if failure is None else msgspec.json.decode(failure_to_json(failure)),
        event=event.raw,
        asked=asked,
    )
