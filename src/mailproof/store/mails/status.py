"""How one reader's mail stands, found by what a status token holds, and how the service is."""

from collections.abc import Sequence
from typing import Final

import msgspec

from mailproof.mail.lifecycle import State
from mailproof.store.base import Tx

__all__ = ["Asked", "Moved", "Standing", "standing_for", "what_moved"]

# Who waits sees for both of them when it goes on.
_TIMED: Final = frozenset({State.DEFERRED, State.SCHEDULED})


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a status token asks for: the newest mail of `purpose` for the address behind `mac`,
    accepted between the two times, UTC in milliseconds; or, where it is named, that `mail`."""

    app: str
    purpose: str
    mail: str
    mac: bytes
    since_ms: int
    until_ms: int


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """`state` None: no such mail, or none for this address. Times UTC in milliseconds; `due_at`:
    when it goes on, where that is known.

    `address`: whom the mail is for, empty where it goes to several; `newest_at`: when the newest
    mail of this purpose for this address was accepted.

    `stopped`: mail of this app and purpose cannot go out now, whoever it is for. It hangs on
    nothing else that the token says.
    """

    email_id: str | None = None
    state: State | None = None
    reason: str | None = None
    changed_at: int | None = None
    due_at: int | None = None
    stopped: bool = False
    purpose: str = ""
    accepted_at: int | None = None
    expires_at: int | None = None
    address: str = ""
    newest_at: int | None = None


async def standing_for(tx: Tx, asked: Asked) -> Standing:
    """One query with one row, whether there is such a mail or not."""
    row = await tx.one(
        "mails/status",
        lambda *values: values,
        app=asked.app,
        purpose=asked.purpose,
        mail=asked.mail or None,
        mac=asked.mac,
        since=asked.since_ms,
        until=asked.until_ms,
    )
    if row is None:
        raise TypeError("mails/status gives one row")
    email_id, mails_state, own_state, reason, own_reason, changed, due, *of_mail, stopped = row
    if mails_state is None:
        return Standing(stopped=bool(stopped))
    state = State(mails_state)
    purpose, accepted_at, expires_at, address, newest_at = of_mail
    # What became of this one reader's copy says more than what became of the mail.
    if own_state is not None and own_state not in {"open", mails_state}:
        state, reason = State(own_state), own_reason
    return Standing(
        email_id=email_id,
        state=state,
        reason=reason,
        changed_at=changed,
        due_at=due if state in _TIMED else None,
        stopped=bool(stopped),
        purpose=purpose,
        accepted_at=accepted_at,
        expires_at=expires_at,
        address=address or "",
        newest_at=newest_at,
    )


class Moved(msgspec.Struct, frozen=True):
    """Numbers that change when what they count has changed, and compare with nothing else."""

    lanes: int
    mails: dict[str, int]
    addresses: dict[bytes, int]


async def what_moved(tx: Tx, ids: Sequence[str], macs: Sequence[bytes]) -> Moved:
    """One query for all who follow along: `ids`, the mails; `macs`, the addresses to which a newer
    mail may come."""
    lanes, mails, addresses = 0, {}, {}
    rows = await tx.all("mails/status_moved", lambda *row: row, ids=list(ids), macs=list(macs))
    for name, mac, number in rows:
        if mac is not None:
            addresses[bytes(mac)] = number
        elif name == "lanes":
            lanes = number
        else:
            mails[name] = number
    return Moved(lanes, mails, addresses)
