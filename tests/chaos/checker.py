"""The judge: was an accepted mail lost, or one doubled? Reads the database and the providers alone.

It shares no code with engine or store: its SQL and its tables of states are its own, so that a
mistake there is not made here too.
"""

import contextlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import asyncpg  # type: ignore[import-untyped]
import msgspec

__all__ = [
    "Arrived",
    "Attempt",
    "Event",
    "Eye",
    "Mail",
    "Picture",
    "Promise",
    "problems",
    "watching",
]

_UNREST: Final = """
    SELECT (SELECT count(*) FROM emails WHERE state IN
               ('scheduled', 'queued', 'deferred', 'held', 'sending'))
         + (SELECT count(*) FROM routes WHERE state = 'closed')
"""
_MAILS: Final = """
    SELECT CAST(e.id AS TEXT), e.subject, e.state, e.unknown_since, e.due_at, e.leased_until,
           e.provider, e.provider_message_id, l.state,
           CASE WHEN EXISTS (SELECT 1 FROM contents c WHERE c.email_id = e.id) THEN 1 ELSE 0 END,
           (SELECT count(*) FROM recipients r WHERE r.email_id = e.id),
           (SELECT count(*) FROM routes r WHERE r.state = 'closed' AND r.next_probe_at IS NOT NULL)
    FROM emails e LEFT JOIN lanes l ON l.id = e.lane_id ORDER BY e.seq
"""
_EVENTS: Final = """
    SELECT CAST(email_id AS TEXT), type, CAST(data AS TEXT) FROM events
    WHERE email_id IS NOT NULL ORDER BY id
"""
_ATTEMPTS: Final = """
    SELECT CAST(email_id AS TEXT), lease_no, provider, key, outcome, body_hash FROM attempts
    ORDER BY email_id, lease_no
"""

# With the provider, by its own word.
_GONE: Final = frozenset({"sent", "delivered", "bounced", "complained"})
# Over; if nothing is unknown of it, no provider has it.
_OVER: Final = frozenset({"failed", "expired", "suppressed", "canceled", "superseded"})
_TIMED: Final = frozenset({"deferred", "scheduled"})
_STATES: Final = _GONE | _OVER | _TIMED | {"queued", "held", "sending", "unconfirmed"}
# So much later than its time may something come whose time has come.
_LATE_MS: Final = 10_000


class Mail(msgspec.Struct, frozen=True):
    """A mail in the database, in the order of the columns above."""

    id: str
    subject: str
    state: str
    unknown_since: int | None
    due_at: int | None
    leased_until: int | None
    provider: str | None
    provider_message_id: str | None
    lane_state: str | None
    has_content: int
    recipients: int
    probed_routes: int


class Event(msgspec.Struct, frozen=True):
    email_id: str
    type: str
    data: str = "{}"

    @property
    def facts(self) -> Mapping[str, Any]:
        return dict(json.loads(self.data))


class Attempt(msgspec.Struct, frozen=True):
    email_id: str
    lease_no: int
    provider: str
    key: str
    outcome: str
    body_hash: bytes | None


class Arrived(msgspec.Struct, frozen=True):
    """A mail that a provider accepted. `stamp`: the mail of ours that it is, by its tag."""

    provider: str
    id: str
    stamp: str
    subject: str


class Promise(msgspec.Struct, frozen=True):
    """What a caller was told of mails with these subjects.

    `accepted`: a receipt. `refused`: they are not ours. `unknown`: no answer came, or one that says
    that nobody knows.
    """

    subjects: tuple[str, ...]
    told: Literal["accepted", "refused", "unknown"]
    ids: tuple[str, ...] = ()


class Picture(msgspec.Struct, frozen=True):
    """The database at one moment."""

    mails: tuple[Mail, ...]
    events: tuple[Event, ...]
    attempts: tuple[Attempt, ...]


class Eye:
    """Looks at a database on a connection of its own. Made by `watching`."""

    def __init__(self, rows_of: Callable[[str], Awaitable[Sequence[Any]]]) -> None:
        self._rows_of = rows_of

    async def look(self) -> Picture:
        """As it is now. To be asked when nobody writes: these are several statements."""
        return Picture(
            tuple(Mail(*row) for row in await self._rows_of(_MAILS)),
            tuple(Event(*row) for row in await self._rows_of(_EVENTS)),
            tuple(Attempt(*row) for row in await self._rows_of(_ATTEMPTS)),
        )

    async def unrest(self) -> int:
        """How many mails wait or are on their way, and how many routes are closed."""
        (row,) = await self._rows_of(_UNREST)
        return int(row[0])


@contextlib.asynccontextmanager
async def watching(where: Path | str) -> AsyncIterator[Eye]:
    """An eye on a SQLite file, or on the PostgreSQL database of a URL."""
    if isinstance(where, Path):
        with contextlib.closing(sqlite3.connect(where, timeout=10)) as file:

            async def rows_of(text: str) -> Sequence[Any]:
                return file.execute(text).fetchall()

            yield Eye(rows_of)
        return
    connection = await asyncpg.connect(where)
    try:
        yield Eye(connection.fetch)
    finally:
        await connection.close()


def problems(
    picture: Picture, arrived: Sequence[Arrived], promises: Iterable[Promise], *, now: int
) -> list[str]:
    """Every promise that is broken, one sentence each. `now`: UTC in ms, by the leases' clock.

    To be asked when the fault is gone and all has come to rest: then each mail has ended, or is on
    its way with a time.
    """
    at: dict[str, list[Arrived]] = defaultdict(list)
    for each in arrived:
        at[each.stamp].append(each)
    events: dict[str, list[Event]] = defaultdict(list)
    for event in picture.events:
        events[event.email_id].append(event)
    attempts: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in picture.attempts:
        attempts[attempt.email_id].append(attempt)
    known = {mail.id: mail for mail in picture.mails}
    found = [f"{stamp}: a provider has it, we do not" for stamp in at if stamp not in known]
    for mail in picture.mails:
        told = [
            *_standing(mail, now),
            *_at_provider(mail, at[mail.id]),
            *_events(mail, events[mail.id]),
            *_attempts(mail, attempts[mail.id], events[mail.id]),
        ]
        found += [f"{mail.id} ({mail.subject}, {mail.state}): {problem}" for problem in told]
    return found + [each for promise in promises for each in _kept(promise, picture, arrived)]


def _kept(promise: Promise, picture: Picture, arrived: Sequence[Arrived]) -> Iterable[str]:
    ours = Counter(mail.subject for mail in picture.mails)
    theirs = Counter(mail.subject for mail in arrived)
    here = [subject for subject in promise.subjects if ours[subject]]
    if promise.told == "unknown" and here and len(here) < len(promise.subjects):
        yield f"{promise.subjects}: only {here} of one request were kept"
    ids = {mail.id for mail in picture.mails}
    for subject in promise.subjects:
        if ours[subject] > 1:
            yield f"{subject}: {ours[subject]} mails of one request"
        if promise.told == "accepted" and not ours[subject]:
            yield f"{subject}: accepted and lost"
        if promise.told == "refused" and ours[subject]:
            yield f"{subject}: refused and kept all the same"
        if theirs[subject] > 1:
            yield f"{subject}: {theirs[subject]} copies at the providers"
        if theirs[subject] and not ours[subject]:
            yield f"{subject}: a provider has it, and it was never recorded"
    yield from (f"{id_}: a receipt for a mail that is not there" for id_ in {*promise.ids} - ids)


def _standing(mail: Mail, now: int) -> Iterable[str]:
    if mail.state not in _STATES:
        yield "no state that a mail can be in"
    if mail.state in {"queued", "sending"}:
        yield "is still on its way, though nothing is in its way"
    if mail.state in _TIMED and (mail.due_at is None or mail.due_at < now - _LATE_MS):
        yield f"waits for a time that has passed ({mail.due_at}, now {now})"
    if mail.state == "held" and (mail.lane_state != "closed" or not mail.probed_routes):
        yield f"is held in a lane that is {mail.lane_state}, and nobody will let it out"
    if not mail.recipients:
        yield "has no recipients"
    if mail.state not in _GONE | _OVER and not mail.has_content:
        yield "its content is lost"


def _at_provider(mail: Mail, copies: Sequence[Arrived]) -> Iterable[str]:
    if len(copies) > 1:
        yield f"{len(copies)} copies at the providers"
    if mail.state in _GONE:
        if not copies:
            yield "no provider has it"
        elif mail.provider_message_id not in {copy.id for copy in copies}:
            yield f"its provider's id {mail.provider_message_id} is that of another mail"
        elif mail.provider not in {copy.provider for copy in copies}:
            yield f"{mail.provider} is said to have it, and does not"
    elif copies and mail.unknown_since is None:
        yield f"{copies[0].provider} has it, and we say that nobody does"


def _events(mail: Mail, events: Sequence[Event]) -> Iterable[str]:
    types = [event.type.removeprefix("email.") for event in events]
    states = [name for name in types if name in _STATES]
    if types[:1] != ["accepted"] or types.count("accepted") != 1:
        yield f"its story does not begin with `accepted`, or begins twice: {types}"
    if mail.state != "queued" and states[-1:] != [mail.state]:
        yield f"its story ends otherwise: {types}"
    if types.count("sent") > 1 or ("sent" in types and "sending" in types[types.index("sent") :]):
        yield f"went on although it had been sent: {types}"
    ran_at = [event.facts.get("attempt") for event in events if event.type == "email.sending"]
    if len(set(ran_at)) != len(ran_at):
        yield f"two claims under one lease: {ran_at}"


def _attempts(mail: Mail, attempts: Sequence[Attempt], events: Sequence[Event]) -> Iterable[str]:
    hashes: dict[str, set[bytes]] = defaultdict(set)
    for attempt in attempts:
        if attempt.body_hash is not None:
            hashes[attempt.key].add(attempt.body_hash)
    yield from (f"other bytes under the key {key}" for key, all_ in hashes.items() if len(all_) > 1)
    begun = sum(event.type == "email.sending" for event in events)
    given_back = sum(event.facts.get("why") == "handed_back" for event in events)
    if mail.state not in {"sending", "unconfirmed"} and begun != len(attempts) + given_back:
        yield f"was begun {begun} times, and {len(attempts)} attempts are recorded"
    if mail.state in _GONE and [one.outcome for one in attempts].count("accepted") != 1:
        yield "is gone, and not by exactly one attempt"
    if any(event.type == "email.failed" or event.facts.get("may_double") for event in events):
        return  # a new key is meant to be a new mail
    unknown: Attempt | None = None
    for attempt in attempts:
        if unknown is not None and (attempt.key, attempt.provider) != (
            unknown.key,
            unknown.provider,
        ):
            yield f"{unknown.provider} may have it under {unknown.key}: repeated as {attempt.key}"
        if attempt.outcome == "unknown":
            unknown = attempt
