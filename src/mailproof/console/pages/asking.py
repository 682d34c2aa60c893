"""Asking a provider for its health now, and saying afterwards what came of it."""

from typing import Final

import msgspec

from mailproof.console.pages.phrasing import provider_title
from mailproof.console.visit import Answer, Visit
from mailproof.console.words import words_of
from mailproof.store.records.checks import Check, history

__all__ = ["Done", "ask_provider", "told_of_asking"]

_TONES: Final = {"good": "proven", "bad": "broken", "cannot_tell": "waiting"}
_SEALS: Final = {"proven": "tick", "broken": "bang", "waiting": "pause", "quiet": "pause"}
# What was asked longer ago than this is no news any more.
_NEWS_MS: Final = 120_000


class Done(msgspec.Struct, frozen=True):
    """What came of a deed, above the page from which it was done."""

    text: str
    tone: str = "proven"

    @property
    def seal(self) -> str:
        return _SEALS[self.tone]


async def ask_provider(visit: Visit, name: str, back: str) -> Answer:
    """Ask it, and go back to the page; what it answered stands in the database."""
    await visit.parts.check(name)
    return visit.redirect(f"{back}?asked={name}")


async def told_of_asking(visit: Visit) -> Done | None:
    """What the provider in the query answered; None: nobody asked, or that is over."""
    name = visit.request.query.get("asked", "")
    if name not in {each.name for each in visit.parts.settings.providers}:
        return None
    found = await visit.read(history, name, 1)
    words = words_of(visit.language, "overview")["done"]
    if not found or visit.now - found[0].at > _NEWS_MS:
        return Done(words["unasked"].format(provider=provider_title(name)), "quiet")
    return _told(found[0], visit)


def _told(check: Check, visit: Visit) -> Done:
    words = words_of(visit.language, "overview")["done"]
    reasons = words_of(visit.language, "")["frame"]["reasons"]
    facts = {"provider": provider_title(check.provider), "time": visit.time(check.at, "time")}
    verdict = check.verdict
    if verdict != "good" and check.reason:
        reason = reasons.get(check.reason, check.reason)
        facts["reason"] = reason[:1].lower() + reason[1:]
    elif verdict == "cannot_tell":
        verdict = "cannot_tell_plain"
    elif verdict == "bad":
        facts["reason"] = reasons["unknown"]
    return Done(words[verdict].format(**facts), _TONES[check.verdict])
