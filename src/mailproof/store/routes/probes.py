"""Probes of closed routes, budgeted for all nodes together."""

from mailproof.store.base import Tx
from mailproof.store.routes.breakers import Route

__all__ = ["due_probe", "make_due"]


async def due_probe(tx: Tx, *, provider: str, interval_ms: int, most_ms: int) -> Route | None:
    """Take the next probe of this provider's closed routes, if one is due. Whoever takes it makes
    it: the next comes after twice the time, at most `most_ms`."""
    return await tx.one(
        "routes/due_probe",
        Route,
        provider=provider,
        now=tx.now,
        interval_ms=interval_ms,
        most_ms=most_ms,
    )


async def make_due(tx: Tx, provider: str, sender: str) -> bool:
    """An operator says that the cause is mended: probe at once. False: that route is not closed."""
    return bool(await tx.run("routes/make_due", provider=provider, sender=sender, now=tx.now))
