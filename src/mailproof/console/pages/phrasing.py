"""How numbers, spans, moments and names are said, in one language and one zone."""

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from mailproof.console.words import words_of
from mailproof.console.zones import TimeForm, written
from mailproof.diagnosis.guidance.language import OperatorLanguage
from mailproof.providers.catalog import PROVIDERS
from mailproof.store.records.picture import COUNT_MAX
from mailproof.store.shapes import EVERY_SENDER

__all__ = ["Speech", "provider_title"]

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_TENTH_MS = 100
# One that names no product: whose name says more than its kind.
_NO_TITLE: Final = frozenset({"smtp", "unknown"})


def provider_title(name: str) -> str:
    """As people write it: `resend` is Resend; a name of their own stays as it is."""
    known = PROVIDERS.get(name)
    return name if known is None or name in _NO_TITLE else known.title


class Speech(msgspec.Struct, frozen=True):
    """Who listens: `now` in UTC milliseconds, `zone` where they are."""

    language: OperatorLanguage
    zone: ZoneInfo
    now: int

    @property
    def words(self) -> Mapping[str, Any]:
        """The words of the sentence that says how things are."""
        return words_of(self.language, "sentence")

    def number(self, count: int, *, most: int = COUNT_MAX) -> str:
        """`1,204`; from `most` on, where counting ended, `at least 10,000`."""
        text = f"{count:,}"
        return text if count < most else str(self.words["glue"]["least"]).format(count=text)

    def counted(self, table: Mapping[str, str], count: int, name: str = "", /, **facts: str) -> str:
        """The form for none, one or many: `none`, `one`, `many`; with a name `name_none`,
        `name_one`, `name`."""
        plain, before = (name, f"{name}_") if name else ("many", "")
        key = {0: f"{before}none", 1: f"{before}one"}.get(count, plain)
        return table.get(key, table[plain]).format(count=self.number(count), **facts)

    def moment(self, at_ms: int, form: TimeForm = "minute") -> str:
        """A moment of today by its time alone, of another day with that day."""
        short = written(at_ms, self.now, self.zone, self.language, "short")
        today = short == written(at_ms, self.now, self.zone, self.language, "time")
        return written(at_ms, self.now, self.zone, self.language, form) if today else short

    def span(self, length_ms: float) -> str:
        """`40 s`, `1 min 40 s`, `2 h 5 min`, `3 d 4 h`."""
        seconds = max(0, round(length_ms / 1_000))
        glue = self.words["glue"]
        if seconds < _MINUTE:
            return str(glue["seconds"]).format(s=seconds)
        minutes, s = divmod(seconds, _MINUTE)
        hours, m = divmod(minutes, _MINUTE)
        days, h = divmod(hours, 24)
        key, rest = (
            ("days", h) if seconds >= _DAY else ("hours", m) if seconds >= _HOUR else ("minutes", s)
        )
        key = key if rest else f"{key}_even"
        return str(glue[key]).format(d=days, h=h, m=m, s=s)

    def pace(self, length_ms: int | None) -> str:
        """How long mail takes: `14 ms`, `0.4 s`, `3 min`; empty: nobody knows."""
        if length_ms is None:
            return ""
        glue = self.words["glue"]
        if length_ms < _TENTH_MS:
            return str(glue["milliseconds"]).format(ms=length_ms)
        if length_ms >= _MINUTE * 1_000:
            return self.span(length_ms)
        return str(glue["seconds"]).format(s=f"{length_ms / 1_000:.1f}")

    def soon(self, at_ms: int) -> str:
        """`in 36 s`; what is due already: `now`."""
        glue = self.words["glue"]
        if at_ms <= self.now:
            return str(glue["gone"])
        return str(glue["soon"]).format(span=self.span(at_ms - self.now))

    def ago(self, at_ms: int) -> str:
        """`41 s ago`."""
        return str(self.words["glue"]["ago"]).format(span=self.span(self.now - at_ms))

    def provider_does(self, provider: str, sender: str, reason: str, *, login: bool = False) -> str:
        """What a provider does to mail of that sender, by the reason's name: `Resend refuses the
        API key`. `login`: it is shown a login, and no key."""
        closed, glue = self.words["closed"], self.words["glue"]
        key = f"{reason}_login" if login and f"{reason}_login" in closed else reason
        pattern = closed.get(key, closed["unknown"])
        whole = sender == EVERY_SENDER
        told = glue["every_sender"] if whole else sender
        text = str(pattern).format(provider=provider_title(provider), sender=told)
        if whole or "{sender}" in pattern:
            return text
        return str(glue["for_sender"]).format(what=text, sender=sender)

    def since(self, what: str, at_ms: int) -> str:
        """`Resend refuses the API key since 10:02.`"""
        return str(self.words["glue"]["since"]).format(what=what, since=self.moment(at_ms))

    def a_purpose(self, name: str) -> str:
        """`a sign-in link`."""
        table = self.words["a_purpose"]
        return str(table.get(name or "none", table["other"])).format(purpose=name)
