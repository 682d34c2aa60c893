"""A provider whose answers wait until a test lets them go, and a clock that somebody sets."""

import asyncio

from mailproof.diagnosis.failure import Failure
from mailproof.providers.base import Capabilities, Encoded, Health, Outgoing, Provider, Sent
from mailproof.testing import ManualClock

__all__ = ["KeepsAnswers", "WallClock"]


class KeepsAnswers:
    """The first `kept` calls reach the provider, and their answers wait in `answers`, in order."""

    def __init__(self, inner: Provider, kept: int) -> None:
        self._inner = inner
        self._left = kept
        self.answers: list[asyncio.Event] = []
        self.name = inner.name
        self.capabilities: Capabilities = inner.capabilities

    @property
    def fingerprint(self) -> str:
        return self._inner.fingerprint

    def sender_of(self, mailbox: str) -> str:
        return self._inner.sender_of(mailbox)

    def encode(self, mail: Outgoing) -> Encoded:
        return self._inner.encode(mail)

    async def send(self, encoded: Encoded, *, key: str, deadline_s: float) -> Sent | Failure:
        result = await self._inner.send(encoded, key=key, deadline_s=deadline_s)
        if self._left:
            self._left -= 1
            go = asyncio.Event()
            self.answers.append(go)
            await go.wait()
        return result

    async def check(self, *, deadline_s: float) -> Health:
        return await self._inner.check(deadline_s=deadline_s)


class WallClock:
    """A computer's clock, which can be set forward and back; what sleeps, sleeps on steadily."""

    def __init__(self, steady: ManualClock) -> None:
        self._steady = steady
        self.ahead_s = 0.0

    def now(self) -> float:
        return self._steady.now() + self.ahead_s

    async def sleep_until(self, at: float) -> None:
        await self._steady.sleep_until(self._steady.now() + max(0.0, at - self.now()))
