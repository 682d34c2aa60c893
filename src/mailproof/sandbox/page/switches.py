"""The faults that have a switch on the page, by what they are about, and which of them are on."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from mailproof.sandbox.faults.fault import Fault, Faults, Standing, read_fault
from mailproof.sandbox.faults.kinds import Act

__all__ = ["GROUPS", "Broken", "Switch", "broken", "switches"]

# What a group is about, and its switches: a name in the words, and the fault as one would write it.
# The first of them that fits a call strikes, as everywhere.
GROUPS: Final[Mapping[str, Mapping[str, str]]] = {
    "key": {
        "wrong": "unknown-key,status=401",
        "restricted": "restricted_api_key",
        "suspended": "suspended_api_key",
    },
    "account": {
        "unverified": "sender-unverified",
        "quota": "daily_quota_exceeded",
        "rate": "rate_limit_exceeded,retry_after=2",
    },
    "line": {
        "slow": "slow=8",
        "down": "503",
        "hangs": "hang-after",
        "cut": "accept-reset",
        "portal": "captive-portal",
    },
    "receiver": {
        "bounces": "receiver-bounces",
        "complains": "receiver-complains",
        "twice": "doubled-webhooks",
        "late": "late-webhooks=30",
        "disordered": "reordered-webhooks",
    },
    "smtp": {
        "smtp_login": "smtp-auth-535",
        "smtp_sender": "smtp-mail-unverified",
        "smtp_nobody": "smtp-rcpt-550",
        "smtp_greylisted": "smtp-rcpt-451",
        "smtp_silent": "smtp-connect-hang",
        "smtp_cut": "smtp-accept-reset",
        "smtp_certificate": "smtp-certificate-expired",
    },
}
_FIRST_REFUSAL: Final = 400


class Switch(msgspec.Struct, frozen=True):
    """One of the switches; `fault_id` is empty while it is off."""

    name: str
    text: str
    fault_id: str


class Broken(msgspec.Struct, frozen=True):
    """All that is on: since when (Unix seconds), and how often it has struck.

    `refuses`: does all of it refuse, so that what it struck was lost? `others`: those without a
    switch, as they would be written.
    """

    since: float
    struck: int
    count: int
    refuses: bool
    others: Sequence[tuple[str, str]]


def switches(faults: Faults, *, smtp: bool) -> Mapping[str, Sequence[Switch]]:
    """The switches by group; those of SMTP only where there is some."""
    on = {_plain(each.fault): each.fault.id for each in faults.standing()}
    return {
        group: [Switch(name, text, on.get(_written(text), "")) for name, text in rows.items()]
        for group, rows in GROUPS.items()
        if group != "smtp" or smtp
    }


def broken(faults: Faults) -> Broken | None:
    """What is broken on purpose now; None: nothing is."""
    standing = faults.standing()
    if not standing:
        return None
    switched = {_written(text) for rows in GROUPS.values() for text in rows.values()}
    return Broken(
        since=min(each.since for each in standing),
        struck=sum(each.struck for each in standing),
        count=len(standing),
        refuses=all(_refuses(each.fault) for each in standing),
        others=[
            (each.fault.id, _text_of(each))
            for each in standing
            if _plain(each.fault) not in switched
        ],
    )


def _written(text: str) -> bytes:
    return _plain(read_fault(text))


def _plain(fault: Fault) -> bytes:
    """The same for two faults that do the same; their headers and bodies cannot be hashed."""
    return msgspec.json.encode(msgspec.structs.replace(fault, id=""), order="deterministic")


def _refuses(fault: Fault) -> bool:
    kind = fault.kind
    if kind.stage.accepts or kind.act in {Act.SLOW, Act.WITHHOLD}:
        return False
    return kind.act is not Act.ANSWER or (fault.status or kind.status) >= _FIRST_REFUSAL


def _text_of(standing: Standing) -> str:
    """As one would write it: `503,count=2,to=*@slow.test`, with how often is left."""
    fault = standing.fault
    plain = msgspec.structs.asdict(Fault(fault.name))
    given = {
        name: value
        for name, value in msgspec.structs.asdict(fault).items()
        if name not in {"id", "name", "headers", "body"} and value != plain[name]
    }
    if standing.left is not None:
        given["count"] = standing.left
    return ",".join([fault.name, *(f"{name}={value}" for name, value in given.items())])
