"""A diagnosis is one row: conditions on the symptoms, and the reason they mean."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypedDict, Unpack

import msgspec

from mailproof.diagnosis.evidence import Origin
from mailproof.diagnosis.reading.symptoms import Symptoms
from mailproof.diagnosis.reasons import Closes, Next, Reason
from mailproof.diagnosis.stems import searcher

__all__ = ["Rule", "Table", "answers", "events", "first_fit", "kind_of", "rule"]

Words = str | Iterable[str]
Numbers = int | Iterable[int]
Check = Callable[[Symptoms], bool]

# A hostile provider may answer with any number; what is remembered stays small.
_KINDS_MAX: Final = 1_024
_MAIL: Final = frozenset({"smtp", "dsn"})


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One row. Every condition that is given must hold; within one, any of its values will do.

    `name` an error name or code in the body, `mark` a `key=value` in it, `field` a request field
    that was blamed, `enhanced` an RFC 3463 code or a prefix of it ending in a dot, `error` a bare
    exception class or errno name in the chain, `raised` a pattern over all of them, `header` a
    header that is present (or `name=substring`), `page` an HTML body, `shape` json, page, text or
    empty, `provider` as the evidence names it, `text` a regular expression over the lower-case
    words, `reply` one over the innermost reply of a mail server, lower case, on one line. `guide`
    names more exact guidance than the reason's own. `source` says where it is known from.
    """

    reason: Reason
    source: str
    status: frozenset[int] = frozenset()
    name: frozenset[str] = frozenset()
    mark: frozenset[str] = frozenset()
    field: str = ""
    header: tuple[tuple[str, str], ...] = ()
    page: bool | None = None
    code: frozenset[int] = frozenset()
    enhanced: tuple[str, ...] = ()
    stage: frozenset[str] = frozenset()
    error: frozenset[str] = frozenset()
    raised: str = ""
    channel: frozenset[str] = frozenset()
    origin: frozenset[Origin] = frozenset()
    written: bool | None = None
    shape: frozenset[str] = frozenset()
    provider: frozenset[str] = frozenset()
    remote: str = ""
    text: str = ""
    reply: str = ""
    says: Origin | None = None
    next: Next | None = None
    closes: Closes | None = None
    retry_after_s: float | None = None
    ambiguous: bool | None = None
    guide: str = ""

    def fits(self, seen: Symptoms) -> bool:
        return self.fits_kind(seen) and self.fits_words(seen)

    def fits_kind(self, seen: Symptoms) -> bool:
        """The conditions that many failures share; what they leave is remembered by `Table`."""
        return (
            (not self.status or seen.status in self.status)
            and (not self.code or seen.code in self.code)
            and (not self.stage or seen.stage in self.stage)
            and (not self.channel or seen.channel in self.channel)
            and (self.page is None or self.page is seen.page)
            and (not self.shape or seen.shape in self.shape)
            and (not self.origin or seen.origin in self.origin)
            and (self.written is None or self.written is seen.written)
            and (not self.provider or seen.provider in self.provider)
            and (not (self.error or self.raised) or bool(seen.types))
            and (not self.enhanced or bool(seen.enhanced))
            and (not self.field or bool(seen.fields))
            and (not self.remote or bool(seen.remote))
        )

    def fits_words(self, seen: Symptoms) -> bool:
        return all(check(seen) for check in self.checks())

    def checks(self) -> tuple[Check, ...]:
        """The conditions that are this failure's own, the cheap ones first."""
        name, mark, error, enhanced, header = (
            self.name, self.mark, self.error, self.enhanced, self.header,
        )  # fmt: skip
        checks: list[tuple[object, Check]] = [
            (name, lambda seen: not name.isdisjoint(seen.names)),
            (mark, lambda seen: not mark.isdisjoint(seen.marks)),
            (error, lambda seen: not error.isdisjoint(seen.types)),
            (enhanced, lambda seen: _any_enhanced(enhanced, seen.enhanced)),
            (header, lambda seen: _any_header(header, seen.headers)),
        ]
        if self.raised:
            raised = _search(self.raised)
            checks.append((raised, lambda seen: raised(seen.raised) is not None))
        if self.field:
            field = re.compile(self.field).search
            checks.append((field, lambda seen: any(map(field, seen.fields))))
        if self.remote:
            remote = re.compile(self.remote).search
            checks.append((remote, lambda seen: remote(seen.remote) is not None))
        if self.text:
            text = _search(self.text)
            checks.append((text, lambda seen: text(seen.low) is not None))
        if self.reply:
            reply = _search(self.reply)
            checks.append((reply, lambda seen: reply(seen.reply) is not None))
        return tuple(check for given, check in checks if given)


class Table(msgspec.Struct, frozen=True):
    """Rules in the order they are asked: the first that fits wins, so the most exact stands first.

    `replies`: asked only where a mail server spoke. `when`: asked only if one of these literals is
    in its reply or its name, so that the words of a hundred systems cost next to nothing.
    `asked` remembers which rules are left for a kind of failure: most of a table is about other
    channels and codes, and this takes two thirds off the time of a diagnosis.
    """

    name: str
    rules: tuple[Rule, ...]
    replies: bool = False
    when: tuple[str, ...] = ()
    asked: dict[tuple[object, ...], tuple[tuple[Rule, tuple[Check, ...]], ...]] = msgspec.field(
        default_factory=dict
    )

    def first_fit(self, seen: Symptoms, kind: tuple[object, ...]) -> Rule | None:
        """The first rule that fits; `kind` as made by `kind_of`."""
        if self.replies and not self._concerns(seen):
            return None
        left = self.asked.get(kind)
        if left is None:
            if len(self.asked) >= _KINDS_MAX:
                self.asked.clear()
            left = tuple((each, each.checks()) for each in self.rules if each.fits_kind(seen))
            self.asked[kind] = left
        for each, checks in left:
            for check in checks:
                if not check(seen):
                    break
            else:
                return each
        return None

    def _concerns(self, seen: Symptoms) -> bool:
        if not self.when:
            return bool(seen.reply or seen.code) or seen.channel in _MAIL
        said = f"{seen.reply}\n{seen.remote}" if seen.remote else seen.reply
        for word in self.when:  # noqa: SIM110 - a generator would cost as much as the words
            if word in said:
                return True
        return False


class Columns(TypedDict, total=False):
    """The conditions and consequences of a row as one writes them; see `Rule`."""

    status: Numbers
    name: Words
    mark: Words
    field: str
    header: Words
    page: bool
    code: Numbers
    enhanced: Words
    stage: Words
    error: Words
    raised: str
    channel: Words
    origin: Origin | Iterable[Origin]
    written: bool
    shape: Words
    provider: Words
    remote: str
    text: str
    reply: str
    says: Origin
    next: Next
    closes: Closes
    retry_after_s: float
    ambiguous: bool
    guide: str


def rule(reason: Reason, source: str, **columns: Unpack[Columns]) -> Rule:
    """Write a row as one reads it: a bare word, a number, or several; patterns as text.

    `says` overrides who said it, for an event that the provider itself caused.
    """
    read = {column: _READ.get(column, _as_is)(value) for column, value in columns.items()}
    return Rule(reason=reason, source=source, **read)


def answers(*rows: Rule) -> tuple[Rule, ...]:
    """Rows about what the provider itself says: no page of a proxy, no words of a receiver."""
    own = frozenset((Origin.PROVIDER, Origin.NETWORK))
    return tuple(
        msgspec.structs.replace(row, origin=row.origin or own, page=bool(row.page)) for row in rows
    )


def events(*rows: Rule) -> tuple[Rule, ...]:
    """Rows about events (webhooks)."""
    return tuple(msgspec.structs.replace(row, channel=frozenset(("webhook",))) for row in rows)


def first_fit(tables: Sequence[Table], seen: Symptoms) -> tuple[Table, Rule] | None:
    """The first rule that fits, with its table; None when nobody knows this one."""
    kind = kind_of(seen)
    for table in tables:
        if (fit := table.first_fit(seen, kind)) is not None:
            return table, fit
    return None


def kind_of(seen: Symptoms) -> tuple[object, ...]:
    """All that `Rule.fits_kind` looks at."""
    return (
        seen.channel,
        seen.status,
        seen.code,
        seen.stage,
        seen.page,
        seen.shape,
        seen.origin,
        seen.written,
        seen.provider,
        bool(seen.types),
        bool(seen.enhanced),
        bool(seen.fields),
        bool(seen.remote),
    )


@cache
def _search(pattern: str) -> Callable[[str], re.Match[str] | None]:
    """Compiled when first asked: compiling every row would cost each start a tenth of a second."""
    return searcher(pattern)


def _words(words: Words) -> frozenset[str]:
    return frozenset((words,) if isinstance(words, str) else words)


def _lower_words(words: Words) -> frozenset[str]:
    return frozenset(each.lower() for each in _words(words))


def _numbers(numbers: Numbers) -> frozenset[int]:
    return frozenset((numbers,) if isinstance(numbers, int) else numbers)


def _origins(origin: Origin | Iterable[Origin]) -> frozenset[Origin]:
    return frozenset((origin,) if isinstance(origin, Origin) else origin)


def _headers(words: Words) -> tuple[tuple[str, str], ...]:
    parted = (each.partition("=") for each in sorted(_lower_words(words)))
    return tuple((name, part) for name, _, part in parted)


def _as_is(value: Any) -> Any:
    return value


_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    "status": _numbers,
    "code": _numbers,
    "name": _lower_words,
    "mark": _lower_words,
    "error": _lower_words,
    "stage": _words,
    "channel": _words,
    "shape": _words,
    "provider": _words,
    "origin": _origins,
    "header": _headers,
    "enhanced": lambda words: tuple(sorted(_words(words))),
}


def _any_enhanced(wanted: tuple[str, ...], found: tuple[str, ...]) -> bool:
    return any(
        code.startswith(each) if each.endswith(".") else code == each
        for each in wanted
        for code in found
    )


def _any_header(wanted: tuple[tuple[str, str], ...], headers: Mapping[str, str]) -> bool:
    return any(name in headers and part in headers[name].lower() for name, part in wanted)
