"""Asks providers what became of mails of which they have told nothing by themselves.

A provider with a webhook tells: it is asked only once a mail's time is over, or while its webhook
is ill. One without is asked about each mail. In both cases sends come first.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import structlog

from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Reason
from mailproof.engine.context import Context
from mailproof.engine.feedback import as_told
from mailproof.mail.fate import FINAL, Fate
from mailproof.providers.base import Confirms, Provider, ProviderEvent, Tells
from mailproof.store.base import Tx
from mailproof.store.mails.feedback import receive, settle_what_waits
from mailproof.store.mails.unsure import Look, Unsure, look_later, unsure
from mailproof.store.nodes.installation import Installation
from mailproof.store.nodes.nodes import Tick
from mailproof.store.records.feedback import feedback_health
from mailproof.store.routes.limits import reserve

__all__ = ["Confirming"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.engine")

_HOUR_MS: Final = 3_600_000
# Of one provider one mail is asked about in a round, so this is also the most calls a second.
_EVERY_S: Final = 1.0
_AT_ONCE: Final = 200
_DEADLINE_S: Final = 10.0
# While mail waits to be sent, questions wait too; but not for ever.
_LEAST_EVERY_S: Final = 10.0
_TIDY_EVERY_S: Final = 3_600.0
_JUDGE_EVERY_S: Final = 60.0
# A mail is asked about again when it is twice as old, until nothing is to be expected any more.
_AGAIN_LEAST_MS: Final = 15_000
_GIVE_UP_MS: Final = 72 * _HOUR_MS
_MINUTE_MS: Final = 60_000
_KEPT_MINUTES: Final = 30 * 24 * 60


class _Teller(msgspec.Struct):
    """A provider that tells. `mute`: the fingerprint of a key that may not ask; `ill`: its webhook
    does not get through; `asked_at`: by our clock."""

    provider: Provider
    tells: Tells
    mute: str = ""
    ill: bool = False
    asked_at: float = 0.0

    @property
    def has_webhook(self) -> bool:
        return self.provider.capabilities.confirms is Confirms.WEBHOOK

    @property
    def is_mute(self) -> bool:
        return self.mute == self.provider.fingerprint


class Confirming:
    """Runs where the duties are. `last`: what the process's last tick said."""

    def __init__(
        self,
        context: Context,
        providers: Sequence[Provider],
        installation: Installation,
        last: Callable[[], Tick | None],
    ) -> None:
        self._database = context.database
        self._policy = context.policy
        self._clock = context.clock
        self._installation = installation
        self._last = last
        self._tellers = {
            each.name: _Teller(each, each)
            for each in providers
            if isinstance(each, Tells) and each.capabilities.confirms is not Confirms.NONE
        }
        self._tidy_at = 0.0
        self._judge_at = 0.0

    async def once(self) -> float:
        """One round; returns after how many seconds the next one is due."""
        now = self._clock.now()
        if now >= self._tidy_at:
            self._tidy_at = now + _TIDY_EVERY_S
            await self._database.write(_tidy)
        tick = self._last()
        if tick is None or tick.next_look_at is None or tick.next_look_at > self._database.now():
            return _EVERY_S
        if now >= self._judge_at:
            self._judge_at = now + _JUDGE_EVERY_S
            ill = await self._database.read(_ill)
            for name, teller in self._tellers.items():
                teller.ill = name in ill
        looks: list[Look] = []
        questions: dict[str, Unsure] = {}
        for mail in await self._database.read(unsure, _AT_ONCE):
            told_by = self._tellers.get(mail.provider)
            look = Look(mail, None) if told_by is None else self._unasked(mail, told_by)
            if look is not None:
                looks.append(look)
            else:
                questions.setdefault(mail.provider, mail)
        if looks:
            await self._database.write(look_later, looks)
        for name, mail in questions.items():
            if await self._may_ask(self._tellers[name], sends_wait=tick.queued):
                await self._ask(mail, self._tellers[name])
        return _EVERY_S

    def _unasked(self, mail: Unsure, teller: _Teller) -> Look | None:
        """What follows without a question; None: it is to be asked about."""
        over_at = self._over_at(mail)
        is_over = self._database.now() >= over_at
        waits = teller.has_webhook and not is_over
        if teller.is_mute or mail.provider_message_id is None:
            # Whoever has no webhook either cannot tell, of no mail: that is no news of this one.
            return Look(mail, over_at if waits else None, unverified=teller.has_webhook and is_over)
        return Look(mail, over_at) if waits and not teller.ill else None

    async def _may_ask(self, teller: _Teller, *, sends_wait: bool) -> bool:
        name = teller.provider.name
        if sends_wait and self._clock.now() - teller.asked_at < _LEAST_EVERY_S:
            return False
        rate = self._policy.rates.get(name)
        if rate is not None:
            slots = await self._database.write(reserve, name, 1, rate)
            if not slots.count:
                return False
            await self._clock.sleep_until(
                self._clock.now() + (slots.first_at_us / 1000 - self._database.now()) / 1000
            )
        teller.asked_at = self._clock.now()
        return True

    async def _ask(self, mail: Unsure, teller: _Teller) -> None:
        found = await teller.tells.look_up(mail.provider_message_id or "", deadline_s=_DEADLINE_S)
        now, name = self._database.now(), teller.provider.name
        outcome = found.reason.value if isinstance(found, Failure) else found and found.fate.value
        _log.debug("provider.asked", provider=name, email_id=mail.id, outcome=outcome)
        if isinstance(found, Failure) and found.reason is Reason.CREDENTIALS_RESTRICTED:
            teller.mute = teller.provider.fingerprint
            _log.info("provider.mute", provider=name)
            return
        if isinstance(found, ProviderEvent) and found.fate is not Fate.SENT:
            told = as_told(name, found, self._installation, now, asked=True)
            # Whatever the answer's tags say: this mail was asked about.
            await self._database.write(receive, [msgspec.structs.replace(told, email_id=mail.id)])
            if found.fate in FINAL:
                # One that moved is left alone; an answer that could not move it is no answer.
                await self._database.write(look_later, [Look(mail, self._again_at(mail, now))])
                return
        look = Look(mail, self._again_at(mail, now), unverified=now >= self._over_at(mail))
        await self._database.write(look_later, [look])

    def _over_at(self, mail: Unsure) -> int:
        within_s = self._policy.handling(mail.purpose).purpose.confirm_s
        return mail.sent_at + within_s * 1000

    def _again_at(self, mail: Unsure, now: int) -> int | None:
        age = now - mail.sent_at
        if age >= _GIVE_UP_MS:
            return None
        again_at, over_at = now + max(_AGAIN_LEAST_MS, age), self._over_at(mail)
        # Never past the moment by which it is to be known.
        return min(again_at, over_at) if now < over_at else again_at


async def _tidy(tx: Tx) -> None:
    """Deal with events that wait for nothing any more, and forget old minutes."""
    await settle_what_waits(tx, _AT_ONCE)
    await tx.run("records/sweep_feedback", before=tx.now // _MINUTE_MS - _KEPT_MINUTES)


async def _ill(tx: Tx) -> frozenset[str]:
    """Providers whose webhook does not get through: it died lately, or has long been silent."""
    found = [
        *await feedback_health(tx, tx.now - _HOUR_MS),
        *await feedback_health(tx, tx.now - 24 * _HOUR_MS),
    ]
    return frozenset(each.provider for each in found if each.trouble is not None)
