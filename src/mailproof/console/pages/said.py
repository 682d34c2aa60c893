"""What a sentence about the whole is made of; free of HTML."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from mailproof.store.records.picture import ClosedRoute

__all__ = ["Sentence", "linked", "said"]

_SEALS: Final = {"broken": "bang", "waiting": "pause", "quiet": "pause", "proven": "tick"}


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """`fact`: what is; `rest`: what is safe; `line`: what else one may want to know.

    `tone`: broken, waiting, quiet or proven; `seal`: bang, pause, dots or tick. `href` and `link`:
    where it is mended, empty: nowhere. `route`: the closed one that it is about.
    """

    name: str
    tone: str
    seal: str
    fact: str
    rest: str = ""
    line: str = ""
    href: str = ""
    link: str = ""
    route: ClosedRoute | None = None

    @property
    def text(self) -> str:
        """Fact and rest in one line. After a full-width stop stands no space."""
        return f"{self.fact}{'' if self.fact.endswith('。') else ' '}{self.rest}".rstrip()


def linked(
    name: str, tone: str, words: Mapping[str, Any], fact: str, href: str, **more: Any
) -> Sentence:
    line = more.pop("line", words.get("line", ""))
    return said(name, tone, fact, href=href, link=words["link"], line=line, **more)


def said(name: str, tone: str, fact: str, **more: Any) -> Sentence:
    return Sentence(name=name, tone=tone, seal=_SEALS[tone], fact=fact, **more)
