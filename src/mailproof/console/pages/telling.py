"""How one mail's page says things: moments, spans, who did it, what a provider is called."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from mailproof.console.zones import written
from mailproof.diagnosis.guidance import OperatorLanguage, guidance

__all__ = ["Teller"]

# After a full-width sign stands no space, nor before one.
_CJK_GAP: Final = re.compile(r"(?<=[，。；：、！？（）“”]) +| +(?=[，。；：、！？）“”])")
_UNITS: Final = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000))


class Teller(msgspec.Struct, frozen=True):
    """One language, one zone, one now (UTC in milliseconds). `words`: those of `mail.toml`.

    `types`: of what type each configured provider is, by its name.
    """

    words: Mapping[str, Any]
    language: OperatorLanguage
    zone: ZoneInfo
    now: int
    types: Mapping[str, str] = {}

    def moment(self, at: int) -> str:
        """As a part of a sentence: `at 10:02`, `tomorrow at 10:02`, `on 25 November at 10:02`."""
        today = datetime.fromtimestamp(self.now / 1000, self.zone).date()
        day = datetime.fromtimestamp(at / 1000, self.zone).date()
        names = {
            today: "today",
            today - timedelta(days=1): "yesterday",
            today + timedelta(days=1): "tomorrow",
        }
        form: str = self.words["moment"][names.get(day, "other")]
        return form.format(minute=self._written(at, "minute"), day=self._written(at, "day"))

    def clock(self, at: int) -> str:
        """With its seconds, where evidence counts; another day with its date."""
        return self._written(at, "short")

    def stamp(self, at: int) -> str:
        """Whole, for a text that is read elsewhere: `2026-11-24 10:02:07.104`."""
        moment = datetime.fromtimestamp(at / 1000, self.zone)
        return moment.replace(tzinfo=None).isoformat(" ", "milliseconds")

    def span(self, ms: int) -> str:
        """`181 ms`, `1.4 s`, `12 min`: two figures at most where nobody needs more."""
        unit, size = next((each for each in _UNITS if ms >= each[1]), ("ms", 1))
        n = f"{ms / size:.1f}".removesuffix(".0") if ms < 10 * size else str(round(ms / size))
        told: str = self.words["spans"][unit].format(n=n)
        return told

    def provider(self, name: str | None) -> str:
        """A provider as people write it: `Resend`; one with a name of its own by that."""
        if not name:
            told: str = self.words["parts"]["unknown_provider"]
            return told
        known = guidance(self.language).providers
        if self.types.get(name, name) == name and name in known and name != "unknown":
            return known[name]["title"]
        return name

    def actor(self, actor: str) -> str:
        """Who did it: `lena, in the console`."""
        kind, _, name = actor.partition(":")
        forms = self.words["actors"]
        if not name or kind not in forms:
            return actor
        told: str = forms[kind].format(name=name)
        return told

    def state(self, state: str) -> str:
        """The name of a state, or what came instead of one."""
        told: str = self.words["frame"]["states"].get(state, state)
        return told

    def purpose(self, purpose: str) -> str:
        told: str = self.words["frame"]["purposes"].get(purpose or "none", purpose)
        return told

    def reason(self, reason: str) -> str:
        """The plain name of a reason."""
        told: str = self.words["frame"]["reasons"].get(reason, reason)
        return told

    def tidy(self, text: str) -> str:
        """A sentence made of parts, with its spaces where the language has them."""
        return _CJK_GAP.sub("", text.strip()) if self.language == "zh" else text.strip()

    def joined(self, *sentences: str) -> str:
        """Sentences after each other; Chinese has no space between them."""
        return ("" if self.language == "zh" else " ").join(each for each in sentences if each)

    def _written(self, at: int, form: Any) -> str:
        return written(at, self.now, self.zone, self.language, form)
