"""Finding mails by what a person types, in steps that cost a bounded time however much there is.

No index knows addresses or subjects: it would double the cost of accepting. So mails are walked
through, along the best index that there is, and a search that has read its share says how far it
came and goes on from there when it is asked to.
"""

import re
from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from mailproof.mail.lifecycle import State
from mailproof.store.base import Tx
from mailproof.store.mails.finding import place_of
from mailproof.store.mails.listing import LISTED_MAX, Mail, mails_at

__all__ = ["COUNTED_MAX", "Found", "Query", "count_newer", "search", "seqs_before"]

# "3 new mails": of more than this nobody needs the number.
COUNTED_MAX: Final = 1_000

_SEQ_MAX: Final = 2**62
_TIME_MAX: Final = 2**62
# Mails that one search reads at most, and in steps of how many: some tens of milliseconds.
_READ_MAX: Final = 20_000
_STEP: Final = 10_000
# Of ids that begin alike: an id begins with the minute in which it was made.
_IDS_MAX: Final = 1_000
# How far the order of arrival and the time of acceptance may disagree between nodes.
_SLACK_MS: Final = 60_000
_ID: Final = re.compile(r"[0-9a-f]{8}-?[0-9a-f-]{0,27}", re.IGNORECASE)
_ID_DIGITS: Final = range(8, 33)

_ENDED: Final = frozenset(
    {
        State.FAILED,
        State.EXPIRED,
        State.BOUNCED,
        State.COMPLAINED,
        State.SUPPRESSED,
        State.CANCELED,
        State.SUPERSEDED,
        State.SANDBOXED,
    }
)
_WAITING: Final = frozenset(
    {
        State.SCHEDULED,
        State.QUEUED,
        State.DEFERRED,
        State.HELD,
        State.UNCONFIRMED,
        State.SENDING,
    }
)


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for; what is empty or None does not matter.

    `text`: an id (whole, or its first 8 characters or more), any part of a recipient's address, or
    of the subject; upper and lower case are one. `since`, `until`: accepted then, UTC in
    milliseconds, the latter not included.
    """

    text: str = ""
    states: tuple[State, ...] = ()
    purpose: str | None = None
    reason: str | None = None
    app: str | None = None
    since: int | None = None
    until: int | None = None


class Found(msgspec.Struct, frozen=True):
    """One page, newest first.

    `older`: the `before_seq` of the next older page, None: there is none. `newer`: is there a newer
    page? `searched_to`: the search has read its share and came to mails that were accepted then
    (UTC in ms); `older` goes on from there. None: the page is full, or there is no more.
    """

    mails: tuple[Mail, ...]
    older: int | None
    newer: bool
    searched_to: int | None


class _Range(msgspec.Struct, frozen=True):
    """Places in the order of arrival, both ends excluded."""

    above: int
    below: int


class _Seen(msgspec.Struct, frozen=True):
    """Places of mails that fit, in the order of the walk, and how far it came (that place is read
    too); None: to its end, or to as many as were wanted."""

    seqs: list[int]
    stopped_at: int | None


Way = Literal["older", "newer"]


async def search(
    tx: Tx,
    query: Query,
    *,
    before_seq: int | None = None,
    after_seq: int | None = None,
    limit: int = 50,
) -> Found:
    """A page of at most `limit` mails that fit. `before_seq`: those that came before that place,
    the next older page. `after_seq`: those that came right after it, the next newer page; the
    newest page where they are too few for one.
    """
    limit = max(1, min(limit, LISTED_MAX))
    if after_seq is not None:
        seen = await _seen(tx, query, "newer", limit + 1, above=after_seq)
        if len(seen.seqs) < limit:
            return await search(tx, query, limit=limit)
        seqs = seen.seqs[:limit][::-1]
        return Found(tuple(await mails_at(tx, seqs)), seqs[-1], len(seen.seqs) > limit, None)
    seen = await _seen(tx, query, "older", limit + 1, below=before_seq)
    seqs, older, searched_to = seen.seqs[:limit], seen.stopped_at, None
    if len(seen.seqs) > limit:
        older = seqs[-1]
    elif older is not None:
        searched_to = await tx.one("mails/created_from", lambda _, at: int(at), seq=older)
    newer = before_seq is not None and await _any_since(tx, query, before_seq)
    return Found(tuple(await mails_at(tx, seqs)), older, newer, searched_to)


async def count_newer(tx: Tx, query: Query, after_seq: int) -> int:
    """How many mails that fit have come since that place, at most `COUNTED_MAX`."""
    return len((await _seen(tx, query, "newer", COUNTED_MAX, above=after_seq)).seqs)


async def seqs_before(
    tx: Tx, query: Query, before_seq: int | None, limit: int
) -> tuple[list[int], int | None]:
    """The places of at most `limit` mails that fit, newest first, and where to go on (the
    `before_seq` of the next call); None: that was all."""
    seen = await _seen(tx, query, "older", limit, below=before_seq)
    return seen.seqs, seen.seqs[-1] if len(seen.seqs) == limit else seen.stopped_at


async def _any_since(tx: Tx, query: Query, seq: int) -> bool:
    seen = await _seen(tx, query, "newer", 1, above=seq - 1)
    return bool(seen.seqs) or seen.stopped_at is not None


async def _seen(  # noqa: PLR0913 - where to begin, in which direction, for how many
    tx: Tx,
    query: Query,
    way: Way,
    wanted: int,
    *,
    above: int | None = None,
    below: int | None = None,
) -> _Seen:
    within = await _range(tx, query, above, below)
    values = _values(query)
    if (ids := _ids(query.text)) is not None:
        by_id = await tx.all(
            "console/walk_ids",
            int,
            first=ids[0],
            last=ids[1],
            looked=_IDS_MAX,
            **_between(within),
            **(values | {"pattern": None}),
        )
        if by_id:
            return _sorted(by_id, way, wanted)
    states = frozenset(query.states)
    if states and states <= _WAITING:
        waiting = await tx.all(
            "console/walk_waiting", int, looked=_STEP, **_between(within), **values
        )
        if waiting[-1:] != [-1]:
            return _sorted(waiting, way, wanted)
    elif states and states <= _ENDED:
        return await _through_states(tx, query, way, wanted, within)
    if query.app is not None:
        name = "console/walk_app" if way == "older" else "console/walk_app_next"
        return await _looked(tx, name, values, way, wanted, within)
    return await _through_all(tx, values, way, wanted, within)


def _sorted(seqs: Sequence[int], way: Way, wanted: int) -> _Seen:
    return _Seen(sorted(seqs, reverse=way == "older")[:wanted], None)


async def _through_all(
    tx: Tx, values: dict[str, Any], way: Way, wanted: int, within: _Range
) -> _Seen:
    """Mail by mail, step by step."""
    first, last = await _ends(tx)
    above, below = max(within.above, first - 1), min(within.below, last + 1)
    found: list[int] = []
    for _ in range(_READ_MAX // _STEP):
        if below - above <= 1:
            return _Seen(found, None)
        if way == "older":
            step = _Range(max(above, below - _STEP - 1), below)
            below = step.above + 1
        else:
            step = _Range(above, min(below, above + _STEP + 1))
            above = step.below - 1
        name = "console/walk" if way == "older" else "console/walk_next"
        rest = wanted - len(found)
        found += await tx.all(name, int, limit=rest, **_between(step), **values)
        if len(found) == wanted:
            return _Seen(found, None)
    at = below if way == "older" else above
    return _Seen(found, at if below - above > 1 else None)


async def _through_states(tx: Tx, query: Query, way: Way, wanted: int, within: _Range) -> _Seen:
    """Along the index of what has ended, state by state. Where one state was not read to its end,
    mails of the others beyond that place are left for later: they must not come before their turn.
    """
    name = "console/walk_state" if way == "older" else "console/walk_state_next"
    values = _values(query)
    seen = [
        await _looked(tx, name, values | {"state": state.value}, way, wanted, within)
        for state in sorted(set(query.states))
    ]
    sign = -1 if way == "older" else 1
    seqs = sorted((seq for each in seen for seq in each.seqs), key=lambda seq: sign * seq)
    stops = [each.stopped_at for each in seen if each.stopped_at is not None]
    if not stops:
        return _Seen(seqs[:wanted], None)
    stop = max(stops) if way == "older" else min(stops)
    kept = [seq for seq in seqs if sign * seq <= sign * stop][:wanted]
    return _Seen(kept, None if len(kept) == wanted else stop)


async def _looked(  # noqa: PLR0913 - where, what for, and how far
    tx: Tx, name: str, values: dict[str, Any], way: Way, wanted: int, within: _Range
) -> _Seen:
    """Along an index, at most a step of it. How far that came, the answer's last row says, below
    zero."""
    # Where nothing but the index decides, what is wanted is what is looked at.
    narrows = any(values[each] is not None for each in ("pattern", "purpose", "reason"))
    narrows |= bool(values["states"]) and "state" not in values
    narrows |= values["app"] is not None and "state" in values
    looked = _STEP if narrows else wanted
    rows = await tx.all(name, int, looked=looked, limit=wanted, **_between(within), **values)
    stopped_at = -rows.pop() if rows and rows[-1] < 0 else None
    rows.sort(reverse=way == "older")
    return _Seen(rows, None if len(rows) == wanted else stopped_at)


async def _range(tx: Tx, query: Query, above: int | None, below: int | None) -> _Range:
    low, high = above or 0, _SEQ_MAX if below is None else below
    if query.since is not None:
        low = max(low, await place_of(tx, query.since) - 1)
    if query.until is not None and (end := await place_of(tx, query.until + 2 * _SLACK_MS)):
        high = min(high, end)
    return _Range(low, high)


async def _ends(tx: Tx) -> tuple[int, int]:
    """The first and the last place that is taken; the last before the first: none is."""
    ends = await tx.one("mails/span", lambda first, last: (first, last))
    if ends is None or ends[0] is None:
        return 1, 0
    return int(ends[0]), int(ends[1])


def _between(within: _Range) -> dict[str, int]:
    return {"above": within.above, "below": within.below}


def _values(query: Query) -> dict[str, Any]:
    return {
        "states": [state.value for state in query.states],
        "purpose": query.purpose,
        "reason": query.reason,
        "app": query.app,
        "since": query.since or 0,
        "until": _TIME_MAX if query.until is None else query.until,
        "pattern": _pattern(query.text),
    }


def _pattern(text: str) -> str | None:
    """As LIKE wants it. SQLite knows upper and lower case of ASCII alone, so another letter that
    has both stands for any letter."""
    typed = text.strip()
    if not typed:
        return None
    told = "".join(
        f"!{each}"
        if each in "!%_"
        else "_"
        if not each.isascii() and each.lower() != each.upper()
        else each
        for each in typed
    )
    return f"%{told}%"


def _ids(text: str) -> tuple[str, str] | None:
    """The first and the last id that begins so; None: no id does."""
    typed = text.strip()
    digits = typed.replace("-", "").lower()
    if not _ID.fullmatch(typed) or len(digits) not in _ID_DIGITS:
        return None
    return _as_id(digits.ljust(32, "0")), _as_id(digits.ljust(32, "f"))


def _as_id(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
