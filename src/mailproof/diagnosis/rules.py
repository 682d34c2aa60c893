"""A diagnosis is one row: conditions on the symptoms, and the reason they mean."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from mailproof.diagnosis.evidence import Origin
from mailproof.diagnosis.reasons import Closes, Next, Reason
from mailproof.diagnosis.symptoms import Symptoms

__all__ = ["Rule", "Table", "first_fit", "rule"]

Words = str | Iterable[str]
Numbers = int | Iterable[int]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One row. Every condition that is given must hold; within one, any of its values will do.

    `name` an error name or code in the body, `mark` a `key=value` in it, `field` a request field
    that was blamed, `enhanced` an RFC 3463 code or a prefix of it ending in a dot, `error` a bare
    exception class or errno name in the chain, `header` a header that is present (or
    `name=substring`), `page` an HTML body, `text` a regular expression over the lower-case words.
    `guide` names more exact guidance than the reason's own. `source` says where it is known from.
    """

    reason: Reason
    source: str
    status: frozenset[int] = frozenset()
    name: frozenset[str] = frozenset()
    mark: frozenset[str] = frozenset()
    field: re.Pattern[str] | None = None
    header: Mapping[str, str] = {}
    page: bool | None = None
    code: frozenset[int] = frozenset()
    enhanced: tuple[str, ...] = ()
    stage: frozenset[str] = frozenset()
    error: frozenset[str] = frozenset()
    channel: frozenset[str] = frozenset()
    origin: Origin | None = None
    written: bool | None = None
    remote: re.Pattern[str] | None = None
    text: re.Pattern[str] | None = None
    says: Origin | None = None
    next: Next | None = None
    closes: Closes | None = None
    retry_after_s: float | None = None
    ambiguous: bool | None = None
    guide: str = ""

    def fits(self, seen: Symptoms) -> bool:
        return (
            (not self.status or seen.status in self.status)
            and (not self.code or seen.code in self.code)
            and (not self.name or not self.name.isdisjoint(seen.names))
            and (not self.mark or not self.mark.isdisjoint(seen.marks))
            and (not self.stage or seen.stage in self.stage)
            and (not self.channel or seen.channel in self.channel)
            and (self.page is None or self.page is seen.page)
            and (self.origin is None or self.origin is seen.origin)
            and (self.written is None or self.written is seen.written)
            and (not self.error or not self.error.isdisjoint(seen.types))
            and (not self.enhanced or _any_enhanced(self.enhanced, seen.enhanced))
            and (not self.header or _any_header(self.header, seen.headers))
            and (self.field is None or any(map(self.field.search, seen.fields)))
            and (self.remote is None or self.remote.search(seen.remote) is not None)
            and (self.text is None or self.text.search(seen.low) is not None)
        )


class Table(msgspec.Struct, frozen=True):
    """Rules in the order they are asked: the first that fits wins, so the most exact stands first."""

    name: str
    rules: tuple[Rule, ...]


def rule(  # noqa: PLR0913 - a row of a table: each argument is a column
    reason: Reason,
    source: str,
    *,
    status: Numbers = (),
    name: Words = (),
    mark: Words = (),
    field: str = "",
    header: Words = (),
    page: bool | None = None,
    code: Numbers = (),
    enhanced: Words = (),
    stage: Words = (),
    error: Words = (),
    channel: Words = (),
    origin: Origin | None = None,
    written: bool | None = None,
    remote: str = "",
    text: str = "",
    says: Origin | None = None,
    next: Next | None = None,  # noqa: A002 - the column's name
    closes: Closes | None = None,
    retry_after_s: float | None = None,
    ambiguous: bool | None = None,
    guide: str = "",
) -> Rule:
    """Write a row as one reads it: a bare word, a number, or several; patterns as text.

    `says` overrides who said it, for an event that the provider itself caused.
    """
    return Rule(
        reason=reason,
        source=source,
        status=_numbers(status),
        name=frozenset(each.lower() for each in _words(name)),
        mark=frozenset(each.lower() for each in _words(mark)),
        field=re.compile(field) if field else None,
        header=dict(each.lower().partition("=")[::2] for each in _words(header)),
        page=page,
        code=_numbers(code),
        enhanced=tuple(_words(enhanced)),
        stage=frozenset(_words(stage)),
        error=frozenset(each.lower() for each in _words(error)),
        channel=frozenset(_words(channel)),
        origin=origin,
        written=written,
        remote=re.compile(remote) if remote else None,
        text=re.compile(text) if text else None,
        says=says,
        next=next,
        closes=closes,
        retry_after_s=retry_after_s,
        ambiguous=ambiguous,
        guide=guide,
    )


def first_fit(tables: Sequence[Table], seen: Symptoms) -> tuple[Table, Rule] | None:
    """The first rule that fits, with its table; None when nobody knows this one."""
    for table in tables:
        for each in table.rules:
            if each.fits(seen):
                return table, each
    return None


_NOTHING: Final[frozenset[int]] = frozenset()


def _words(words: Words) -> Iterable[str]:
    return (words,) if isinstance(words, str) else words


def _numbers(numbers: Numbers) -> frozenset[int]:
    return frozenset((numbers,) if isinstance(numbers, int) else numbers)


def _any_enhanced(wanted: tuple[str, ...], found: tuple[str, ...]) -> bool:
    return any(
        code.startswith(each) if each.endswith(".") else code == each
        for each in wanted
        for code in found
    )


def _any_header(wanted: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    return any(name in headers and part in headers[name].lower() for name, part in wanted.items())
