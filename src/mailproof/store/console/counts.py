"""How much there is: in each tab, in the rail, and of what waits, by why it waits."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from mailproof.mail.lifecycle import State
from mailproof.store.base import Tx
from mailproof.store.mails.finding import place_of
from mailproof.store.records.picture import REFUSED_FOR_MS

__all__ = ["COUNT_MAX", "NAV_MAX", "Counts", "Nav", "Wait", "counts", "nav", "total", "waits"]

# Beyond this, a number is at least so much.
COUNT_MAX: Final = 10_000
# Of what waits, in the rail, which is on every page.
NAV_MAX: Final = 1_000

# Where there are too many to count, so many are looked at, spread evenly over all of them.
_SAMPLE: Final = 1_000
_LANES_MAX: Final = 10_000
# Held mail is counted fully in so many lanes, and in more of them altogether as much as in these.
_LANES_COUNTED: Final = 50
_COUNTED_IN_ALL: Final = _LANES_COUNTED * COUNT_MAX
_LOOKED_IN_ALL: Final = 1_000
# Deferred and scheduled mail is looked at together: by when it is due.
_DUE: Final = "due"
_DUE_STATES: Final = frozenset({State.DEFERRED.value, State.SCHEDULED.value})
_ENDED: Final = ("failed", "expired", "bounced", "complained")
_OTHER: Final = ("suppressed", "canceled", "superseded", "sandboxed")
_SENT: Final = frozenset({State.SENT.value, State.DELIVERED.value})


class Counts(msgspec.Struct, frozen=True):
    """Mails accepted within a span of time, by where they stand now.

    `waiting`: also those with a provider at this moment. `sent`: taken by a provider, delivered or
    not. `bad`: failed, expired, bounced, complained. `other`: suppressed, canceled, superseded,
    sandboxed. `exact`: False where there were too many to count: then they are about right.
    """

    all: int
    waiting: int
    sent: int
    bad: int
    other: int
    exact: bool


class Nav(msgspec.Struct, frozen=True):
    """The counts in the rail. `waiting`: at most `NAV_MAX`. `routes_closed`: also paused ones.

    `refusals_apps`: who was refused for a wrong key or sender within the last hour, apps, or
    clients where nobody knows the app. `alerts`: those that are open.
    """

    waiting: int
    routes_closed: int
    refusals_apps: int
    alerts: int


class Wait(msgspec.Struct, frozen=True):
    """Mails that wait in one state, for one reason (None: for nothing but their turn). `provider`:
    the one that they are bound to, if to one.

    `count`: at least so many where there are `more`, which is from `COUNT_MAX` on, or earlier where
    mail is held in more than 50 lanes. `first_expires_at`, `oldest_at` (when the first of them was
    accepted): UTC in milliseconds, as far as the mails tell that go first.
    """

    state: State
    reason: str | None
    provider: str | None
    count: int
    first_expires_at: int
    oldest_at: int
    more: bool = False


class _Held(msgspec.Struct, frozen=True):
    """In the order of the columns of `console/waits_held`."""

    reason: str | None
    pin: str
    count: int
    first_expires_at: int
    oldest_at: int


class _Group(msgspec.Struct, frozen=True):
    """In the order of the columns of `console/waits_other`."""

    state: str
    reason: str | None
    bound: str
    count: int
    first_expires_at: int
    oldest_at: int


async def counts(tx: Tx, since: int | None) -> Counts:
    """Of mails accepted at `since` (UTC in milliseconds) or later, to within a minute; None: of all
    that are kept."""
    first, last = await _ends(tx)
    above = max(first - 1, 0 if since is None else await place_of(tx, since) - 1)
    ended = await tx.one("console/count_ended", _numbers, above=above, most=COUNT_MAX)
    by_state = dict(zip(_ENDED + _OTHER, ended or (), strict=True))
    waiting_all, waiting = await tx.one(
        "console/count_waiting", _numbers, above=above, most=COUNT_MAX
    ) or (0, 0)
    span = last - above
    exact = max(*by_state.values(), waiting_all) < COUNT_MAX
    if exact and span <= COUNT_MAX:
        span = await tx.one("console/count_after", int, above=above, most=COUNT_MAX) or 0
    bad = sum(by_state[name] for name in _ENDED)
    other = sum(by_state[name] for name in _OTHER)
    if exact:
        return Counts(span, waiting, span - waiting - bad - other, bad, other, span <= COUNT_MAX)
    return await _about(tx, above, last, Counts(span, waiting, 0, bad, other, exact=False))


async def _about(tx: Tx, above: int, last: int, least: Counts) -> Counts:
    """By a sample; none is told to be less than was counted."""
    span = last - above
    step = max(1, span // _SAMPLE)
    seqs = list(range(last, above, -step))
    found: Mapping[str, int] = dict(await tx.all("console/states_at", _pair, seqs=seqs))
    size = max(1, sum(found.values()))

    def about(states: Sequence[str]) -> int:
        return round(span * sum(found.get(state, 0) for state in states) / size)

    bad, other = max(about(_ENDED), least.bad), max(about(_OTHER), least.other)
    sent = about([*_SENT])
    waiting = max(span - sent - bad - other, least.waiting)
    return Counts(span, waiting, max(0, span - waiting - bad - other), bad, other, exact=False)


async def total(tx: Tx) -> int:
    """About how many mails are kept."""
    first, last = await _ends(tx)
    return last - first + 1


async def nav(tx: Tx) -> Nav:
    """All of it in one statement."""
    found = await tx.one(
        "console/nav", Nav, most=NAV_MAX, minute=(tx.now - REFUSED_FOR_MS) // 60_000
    )
    if found is None:
        raise LookupError("Counts gave no row.")
    return msgspec.structs.replace(found, waiting=min(found.waiting, NAV_MAX))


async def waits(tx: Tx) -> list[Wait]:
    """What waits, and why; the most first."""
    lanes = await tx.one("console/held_lanes", int, most=_LANES_MAX) or 0
    # Of many lanes, less is looked at in each: altogether it is as much.
    most = COUNT_MAX if lanes <= _LANES_COUNTED else _COUNTED_IN_ALL // lanes
    looked = max(_LOOKED_IN_ALL // max(lanes, 2), 2)
    held = await tx.all("console/waits_held", _Held, most=most, looked=looked)
    groups = [
        (_Group(State.HELD.value, each.reason, each.pin, *msgspec.structs.astuple(each)[2:]), most)
        for each in held
    ]
    others = await tx.all("console/waits_other", _Group, most=COUNT_MAX)
    groups += [(each, COUNT_MAX) for each in others]
    merged = _merged(groups, _full(others))
    return sorted(merged, key=lambda wait: (-wait.count, wait.state, wait.reason or ""))


def _full(groups: Sequence[_Group]) -> frozenset[str]:
    """States of which so many wait that not all were looked at; two share what is looked at."""
    counted: Counter[str] = Counter()
    for each in groups:
        counted[_DUE if each.state in _DUE_STATES else each.state] += each.count
    full = {state for state, count in counted.items() if count >= COUNT_MAX}
    return frozenset(full | (_DUE_STATES if _DUE in full else set()))


def _merged(groups: Sequence[tuple[_Group, int]], full: frozenset[str]) -> list[Wait]:
    found: dict[tuple[str, str | None, str], Wait] = {}
    for each, most in groups:
        key = each.state, each.reason, each.bound
        was = found.get(key)
        found[key] = Wait(
            State(each.state),
            each.reason,
            each.bound or None,
            each.count + (was.count if was else 0),
            min(each.first_expires_at, was.first_expires_at) if was else each.first_expires_at,
            min(each.oldest_at, was.oldest_at) if was else each.oldest_at,
            each.count >= most or each.state in full or bool(was and was.more),
        )
    return list(found.values())


async def _ends(tx: Tx) -> tuple[int, int]:
    """The first and the last place that is taken; the last before the first: none is."""
    first, last = await tx.one("mails/span", _numbers) or (None, None)
    return (1, 0) if first is None or last is None else (first, last)


def _numbers(*numbers: int) -> tuple[int, ...]:
    return numbers


def _pair(name: str, count: int) -> tuple[str, int]:
    return name, count
