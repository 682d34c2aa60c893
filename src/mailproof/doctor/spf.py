"""Read SPF records (RFC 7208): is one whole, and does it stay within ten lookups?"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec

__all__ = ["LOOKUPS_MAX", "SpfCount", "count_lookups", "spf_flaw", "spf_records"]

# RFC 7208 section 4.6.4: beyond ten, receivers answer `permerror`, as if there were no SPF.
LOOKUPS_MAX: Final = 10
_WALK_MAX: Final = 30  # enough to prove the fault, and an end to circles

_TERM: Final = re.compile(
    r"""
    [-+?~]? (?:
        all
      | include : [^\s:/]+\.[^\s:/]+
      | (?:a|mx|ptr) (?: :[^\s/]+ )? (?: /\d{1,3} )? (?: //\d{1,3} )?
      | ip4 : \d{1,3}(?:\.\d{1,3}){3} (?: /\d{1,2} )?
      | ip6 : [0-9a-f:.]+ (?: /\d{1,3} )?
      | exists : \S+
    )
    | redirect = \S+\.\S+ | exp = \S+ | [a-z][\w.-]* = \S*
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LOOKS_UP: Final = re.compile(
    r"[-+?~]?(include|a|mx|ptr|exists)(?=[:/]|$)|(redirect)=", re.IGNORECASE
)
_TARGET: Final = re.compile(r"[-+?~]?(?:include:|redirect=)(\S+)", re.IGNORECASE)
_ALL: Final = re.compile(r"[-+?~]?all", re.IGNORECASE)
# What a record that was cut can end in: the beginning of a word, or a word without its argument.
_WORDS: Final = ("all", "include:", "exists:", "redirect=", "ptr", "mx", "a:", "ip4:", "ip6:")
_CUT_ARGUMENT: Final = re.compile(r"(?:include:|redirect=|ip4:|ip6:)\S*", re.IGNORECASE)
# What Resend has everybody include: one record of Amazon's without another lookup in it.
_LEAVES: Final = frozenset({"amazonses.com"})


class SpfCount(msgspec.Struct, frozen=True):
    """`lookups` that a receiver must make; `complete`: False when not all could be followed.

    `dead`: the first name that is included and has no SPF record, which breaks the whole record
    (RFC 7208 section 5.2); empty when there is none.
    """

    lookups: int = 0
    complete: bool = True
    dead: str = ""


def spf_records(texts: Sequence[str]) -> tuple[str, ...]:
    """Those of the TXT records that are SPF."""
    return tuple(text for text in texts if re.match(r"v=spf1(?:\s|$)", text.strip(), re.IGNORECASE))


def spf_flaw(record: str) -> str:
    """What breaks this one record, as a key: truncated, bad_term, no_end, all_pass; else empty."""
    terms = record.split()[1:]
    bad = [term for term in terms if not _TERM.fullmatch(term)]
    if bad:
        return "truncated" if bad[0] is terms[-1] and _is_cut(bad[0]) else "bad_term"
    if any(term.lower() in {"+all", "all"} for term in terms):
        return "all_pass"
    if not terms or not re.search(r"[-~?+]?all$|^redirect=", terms[-1], re.IGNORECASE):
        ended = any(re.match(r"[-~?]all$|redirect=", term, re.IGNORECASE) for term in terms)
        return "" if ended else "no_end"
    return ""


def _is_cut(term: str) -> bool:
    bare = term.lstrip("-+?~").lower()
    return _CUT_ARGUMENT.fullmatch(bare) is not None or any(w.startswith(bare) for w in _WORDS)


def _counted(record: str) -> list[str]:
    """The terms that count: beside an `all`, a redirect is ignored (RFC 7208 section 6.1)."""
    terms = record.split()[1:]
    ends = any(_ALL.fullmatch(term) for term in terms)
    return [term for term in terms if not (ends and term.lower().startswith("redirect="))]


async def count_lookups(
    texts: Sequence[str],
    ask: Callable[[str], Awaitable[Sequence[str] | None]],
    *,
    deadline_s: float,
) -> SpfCount:
    """Follow `include` and `redirect`; `ask` gives the TXT records of a name, None when unknown."""
    lookups, complete, dead, seen = 0, True, "", set(_LEAVES)
    waiting = list(spf_records(texts)[:1])
    try:
        async with asyncio.timeout(deadline_s):
            while waiting and lookups < _WALK_MAX:
                terms = _counted(waiting.pop())
                lookups += sum(1 for term in terms if _LOOKS_UP.match(term))
                targets = [hit[1].lower() for term in terms if (hit := _TARGET.match(term))]
                for target in targets:
                    if "%" in target or target in seen:
                        continue  # a macro depends on the mail; a circle counts once
                    seen.add(target)
                    answer = await ask(target)
                    found = spf_records(answer or ())
                    complete = complete and answer is not None
                    if answer is not None and not found:
                        dead = dead or target
                    waiting += found[:1]
    except TimeoutError:
        complete = False
    return SpfCount(lookups, complete, dead)
