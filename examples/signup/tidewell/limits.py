"""How often mail may be asked for: an address now and then, a network a few times in a while."""

import hashlib
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from tidewell.database import Ask

__all__ = ["Crowd", "may_ask"]

_CLIENTS_MAX: Final = 10_000
_WINDOW_S: Final = 600.0


async def may_ask(
    session: AsyncSession, purpose: str, address: str, cooldown_s: int, now: float
) -> float:
    """0: yes, and it is noted. Else: in so many seconds. Known and unknown addresses are alike."""
    key = hashlib.sha256(f"{purpose}\n{address}".encode()).hexdigest()
    last = await session.scalar(select(Ask.at).where(Ask.key == key))
    if last is not None and 0 <= now - last < cooldown_s:
        return cooldown_s - (now - last)
    await session.execute(delete(Ask).where((Ask.key == key) | (Ask.at < now - 86_400)))
    session.add(Ask(key=key, at=now))
    await session.flush()
    return 0.0


class Crowd:
    """What each client has asked for lately, in memory: a script cannot mail a whole town."""

    def __init__(self, asks_max: int) -> None:
        self._asks_max = asks_max
        self._asks: dict[str, list[float]] = {}

    def may_ask(self, client: str, now: float) -> bool:
        recent = [at for at in self._asks.pop(client, []) if now - at < _WINDOW_S]
        may = len(recent) < self._asks_max
        if len(self._asks) >= _CLIENTS_MAX:
            del self._asks[next(iter(self._asks))]
        self._asks[client] = [*recent, now] if may else recent
        return may
