"""Looking at mails: lists of them, one with all that happened to it, and where some of them are."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from mailproof.diagnosis.failure import Failure
from mailproof.mail.lifecycle import State
from mailproof.store.base import Event, Tx
from mailproof.store.mails.failures import failure_from_json
from mailproof.store.mails.finding import Wanted, find
from mailproof.store.mails.ids import as_id, as_ids
from mailproof.store.records import events as event_log
from mailproof.store.shapes import AttemptRow

__all__ = [
    "LISTED_MAX",
    "AttemptShown",
    "Mail",
    "MailPage",
    "RecipientShown",
    "Shown",
    "Standing",
    "content",
    "listing",
    "mails_at",
    "matching",
    "seq_of",
    "show",
    "states",
]

# Rows of one page. A page is one short transaction.
LISTED_MAX: Final = 500

# Once the mail is out, or was not meant to go out, an earlier failure is history.
_SETTLED: Final = frozenset({State.SENT, State.DELIVERED, State.SANDBOXED, State.SUPERSEDED})


class RecipientShown(msgspec.Struct, frozen=True):
    """`state`: `open`, or a state of a mail. `role`: to, cc or bcc."""

    address: str
    role: str
    state: str
    reason: str | None


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One mail as it is listed. Times are UTC in milliseconds.

    `failure`: the last one while it matters; for a held mail that was never tried, what closed its
    route. `maybe_sent`: a provider may have it although nobody heard so. `due_at`: when a scheduled
    or deferred mail goes on.
    """

    seq: int
    id: str
    app: str
    state: State
    purpose: str
    critical: bool
    sender: str
    subject: str
    created_at: int
    changed_at: int
    due_at: int | None
    expires_at: int
    provider: str | None
    provider_message_id: str | None
    reason: str | None
    maybe_sent: bool
    failure: Failure | None
    recipients: tuple[RecipientShown, ...]

    def addresses(self, role: str) -> list[str]:
        """Those of one role, as the app gave them."""
        return [each.address for each in self.recipients if each.role == role]


class MailPage(msgspec.Struct, frozen=True):
    """Newest first. `has_more`: there are more in the direction that was asked for."""

    mails: tuple[Mail, ...]
    has_more: bool


class AttemptShown(msgspec.Struct, frozen=True, kw_only=True):
    """One try at one provider. `outcome`: accepted, refused or unknown."""

    lease_no: int
    provider: str
    key: str
    started_at: int
    ended_at: int
    outcome: str
    reason: str | None
    provider_message_id: str | None
    failure: Failure | None


class Shown(msgspec.Struct, frozen=True):
    """A mail with all that happened to it, in order."""

    mail: Mail
    attempts: tuple[AttemptShown, ...]
    events: tuple[Event, ...]


class Standing(msgspec.Struct, frozen=True):
    """Where a mail is now. `failure` as in `Mail`."""

    id: str
    state: State
    reason: str | None
    due_at: int | None
    failure: Failure | None


class _Row(msgspec.Struct, frozen=True):
    """In the order of the columns of `mails/rows`."""

    seq: int
    id: str
    app: str
    state: str
    purpose: str
    critical: bool
    sender: str
    subject: str
    created_at: int
    changed_at: int
    due_at: int | None
    expires_at: int
    provider: str | None
    provider_message_id: str | None
    reason: str | None
    unknown_since: int | None
    lane_id: int
    failure: bytes | str | None


class _StandingRow(msgspec.Struct, frozen=True):
    """In the order of the columns of `mails/standing`."""

    id: str
    state: str
    reason: str | None
    due_at: int | None
    lane_id: int
    failure: bytes | str | None


async def show(tx: Tx, email_id: str, app: str | None = None) -> Shown | None:
    """A mail with its attempts and events. None: there is none with this id, or not of this app."""
    seq = await seq_of(tx, email_id, app)
    if seq is None:
        return None
    (mail,) = await mails_at(tx, [seq])
    attempts = await tx.all("mails/attempts_of", AttemptRow, id=mail.id)
    return Shown(
        mail,
        tuple(_attempt(row) for row in attempts),
        tuple(await event_log.of_email(tx, mail.id)),
    )


async def listing(  # noqa: PLR0913 - one filter each, all of them optional
    tx: Tx,
    *,
    app: str | None = None,
    state: str | None = None,
    purpose: str | None = None,
    reason: str | None = None,
    since: int | None = None,
    before_seq: int | None = None,
    after_seq: int | None = None,
    limit: int = 50,
) -> MailPage:
    """A page of mails, newest first; what is None does not filter. At most `LISTED_MAX` a page.

    `since`: accepted at or after, in milliseconds. `before_seq`: those that came before that mail,
    the next older page. `after_seq`: those that came right after it, the next newer page.
    """
    wanted = Wanted(app=app, state=state, purpose=purpose, reason=reason, since=since)
    limit = max(1, min(limit, LISTED_MAX))
    seqs = await find(tx, wanted, before_seq=before_seq, after_seq=after_seq, limit=limit + 1)
    return MailPage(tuple(await mails_at(tx, seqs[:limit])), len(seqs) > limit)


async def matching(
    tx: Tx, wanted: Wanted, *, before_seq: int | None = None, limit: int = LISTED_MAX
) -> tuple[list[str], int | None]:
    """The ids of the next mails that fit, newest first, and where to go on; None: that was all."""
    limit = max(1, min(limit, LISTED_MAX))
    seqs = await find(tx, wanted, before_seq=before_seq, after_seq=None, limit=limit)
    found = await tx.all("mails/ids_at", lambda seq, id_: (seq, id_), seqs=seqs) if seqs else []
    return [id_ for _, id_ in found], found[-1][0] if len(seqs) == limit else None


async def seq_of(tx: Tx, email_id: str, app: str | None = None) -> int | None:
    """Its place in the order of arrival, a cursor for `listing`. None: there is no such mail."""
    id_ = as_id(email_id)
    return None if id_ is None else await tx.one("mails/seq_of", int, id=id_, app=app)


async def states(tx: Tx, ids: Sequence[str]) -> dict[str, Standing]:
    """Where these mails are; those that do not exist are left out."""
    rows = await tx.all("mails/standing", _StandingRow, ids=as_ids(ids))
    closures = await _closures(tx, [(row.lane_id, row.reason) for row in rows])
    return {
        row.id: Standing(
            row.id,
            state := State(row.state),
            row.reason,
            row.due_at,
            _failure(state, row.reason, row.failure, closures.get((row.lane_id, row.reason))),
        )
        for row in rows
    }


async def content(tx: Tx, email_id: str, app: str | None = None) -> dict[str, Any] | None:
    """The mail in Resend's JSON, as the app sent it. None: its content is not kept any more."""
    id_ = as_id(email_id)
    if id_ is None:
        return None
    payload = await tx.one("mails/payload", bytes, id=id_, app=app)
    return None if payload is None else msgspec.json.decode(payload, type=dict[str, Any])


async def mails_at(tx: Tx, seqs: Sequence[int]) -> list[Mail]:
    """The mails at these places in the order of arrival, the newest first."""
    if not seqs:
        return []
    rows = await tx.all("mails/rows", _Row, seqs=list(seqs))
    closures = await _closures(tx, [(row.lane_id, row.reason) for row in rows])
    recipients: dict[str, list[RecipientShown]] = {row.id: [] for row in rows}

    def take(email_id: str, role: str, address: str, state: str, reason: str | None) -> None:
        recipients[email_id].append(RecipientShown(address, role, state, reason))

    await tx.all("mails/recipients_of", take, ids=list(recipients))
    return [
        _mail(row, tuple(recipients[row.id]), closures.get((row.lane_id, row.reason)))
        for row in rows
    ]


async def _closures(
    tx: Tx, held: Sequence[tuple[int, str | None]]
) -> dict[tuple[int, str | None], bytes | str]:
    """What closed the routes of these lanes, by lane and reason; the longest closed one wins."""
    lanes = sorted({lane for lane, reason in held if reason is not None})
    found: dict[tuple[int, str | None], bytes | str] = {}
    if lanes:
        await tx.all(
            "mails/closures",
            lambda lane, reason, failure: found.setdefault((lane, reason), failure),
            lanes=lanes,
        )
    return found


def _mail(row: _Row, recipients: tuple[RecipientShown, ...], closure: bytes | str | None) -> Mail:
    state = State(row.state)
    return Mail(
        seq=row.seq,
        id=row.id,
        app=row.app,
        state=state,
        purpose=row.purpose,
        critical=bool(row.critical),
        sender=row.sender,
        subject=row.subject,
        created_at=row.created_at,
        changed_at=row.changed_at,
        due_at=row.due_at,
        expires_at=row.expires_at,
        provider=row.provider,
        provider_message_id=row.provider_message_id,
        reason=row.reason,
        maybe_sent=row.unknown_since is not None,
        failure=_failure(state, row.reason, row.failure, closure),
        recipients=recipients,
    )


def _failure(
    state: State, reason: str | None, attempted: bytes | str | None, closure: bytes | str | None
) -> Failure | None:
    """The failure that explains where the mail is: that of its last attempt, unless it stands there
    for another reason, which then is the one that closed its route.
    """
    if state in _SETTLED:
        return None
    failure = failure_from_json(attempted)
    if closure is not None and (failure is None or failure.reason != reason):
        return failure_from_json(closure) or failure
    return failure


def _attempt(row: AttemptRow) -> AttemptShown:
    return AttemptShown(
        lease_no=row.lease_no,
        provider=row.provider,
        key=row.key,
        started_at=row.started_at,
        ended_at=row.ended_at,
        outcome=row.outcome,
        reason=row.reason,
        provider_message_id=row.provider_message_id,
        failure=failure_from_json(row.failure),
    )
