"""The sentence on every page but the overview, where it stands at length."""

from collections.abc import Mapping
from typing import Final

from mailproof.config.settings import Settings
from mailproof.console.pages.sentence import sentence
from mailproof.console.pages.standing import Standing, take_standing
from mailproof.console.visit import Strip, Visit
from mailproof.store.base import Tx
from mailproof.store.console.counts import waits

__all__ = ["tell_strip"]

# What a page says in its own sentence.
_TOLD_BY: Final[Mapping[str, frozenset[str]]] = {
    "/console/routes": frozenset(
        {"route_closed", "critical_stopped", "carried", "paused", "stranded"}
    ),
    "/console/refusals": frozenset({"refused", "refused_unknown"}),
    "/console/alerts": frozenset({"channel_failing"}),
}
# Said where nothing need be done, so that the strip would only stand in the way.
_NOT_TOLD = frozenset({"well", "untried"})


async def tell_strip(visit: Visit) -> Strip | None:
    """None: all is well. Raises what the store raises."""
    standing = await visit.read(_look, visit.parts.settings)
    said = sentence(standing, visit.language, visit.zone)
    if said.name in _NOT_TOLD or said.name in _TOLD_BY.get(visit.request.path, ()):
        return None
    return Strip(tone=said.tone, seal=said.seal, text=said.text, href=said.href, link=said.link)


async def _look(tx: Tx, settings: Settings) -> Standing:
    return await take_standing(tx, settings, await waits(tx))
