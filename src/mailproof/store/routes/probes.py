"""Probes of closed routes, budgeted for all nodes together."""

from typing import Final

from mailproof.store.base import Tx
from mailproof.store.nodes.nodes import take_lease
from mailproof.store.routes.breakers import Route

__all__ = ["due_probe", "make_due", "may_ask", "take_wanted", "want_mail"]

# Whoever has the duty takes a probe within a second or so of its time. One that is due for longer
# has been taken, and found no mail.
_OVERDUE_MS: Final = 3_000
# How often a person may have a provider asked, whoever it is and at whatever node: a button that is
# pressed a hundred times asks no more often than a route that is being probed.
_ASKED_EVERY_MS: Final = 3_000


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


async def may_ask(tx: Tx, provider: str, who: str) -> bool:
    """May a person have this provider asked now? True: nobody has within the last 3 seconds, and
    for as long nobody else may. `who`: another one each time."""
    return await take_lease(tx, f"check:{provider}", who, _ASKED_EVERY_MS)


async def want_mail(tx: Tx, provider: str, sender: str) -> None:
    """Nothing but a live mail can tell whether this closed route is passable, and none waits for
    it: the next one that comes shall try it."""
    await tx.run("routes/want_mail", provider=provider, sender=sender, due_at=tx.now - _OVERDUE_MS)


async def take_wanted(tx: Tx, sender: str, pin: str, interval_ms: int) -> bool:
    """May a mail of this lane be that one? True: it is, and for an interval no other."""
    return bool(
        await tx.run(
            "routes/take_wanted",
            sender=sender,
            pin=pin,
            before=tx.now - _OVERDUE_MS,
            next_at=tx.now + interval_ms,
        )
    )
