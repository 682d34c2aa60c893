"""What a mail is for, and the policies that hang on it: one table, to which more can be added."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

__all__ = ["PURPOSES", "UNSPECIFIED", "URGENT_CONFIRM_S", "OnUnknown", "Purpose", "Tells", "lookup"]


class OnUnknown(StrEnum):
    """When nobody knows whether the provider has the mail, and asking again could double it."""

    STOP = "stop"
    RESEND = "resend"  # two copies are harmless, none is not


class Tells(StrEnum):
    """What a status page may reveal to somebody who holds no mail's id.

    `service`: only what is true of everyone, so that "forgot password" cannot be used to find out
    who has an account. `address`: also whether the address works.
    """

    SERVICE = "service"
    ADDRESS = "address"


class Purpose(msgspec.Struct, frozen=True, kw_only=True):
    """One purpose. `expires_s`: seconds after acceptance, when the mail is of no use any more.

    `newest_wins`: a newer mail of the same app, purpose and sole recipient replaces a waiting one.
    `may_batch`: may share one call to the provider with other mails. `confirm_s`: so long after the
    provider took it, it should be known what became of it. `again_s`: so long after it was
    accepted, its reader may ask for another one.
    """

    name: str
    critical: bool
    expires_s: int
    newest_wins: bool
    on_unknown: OnUnknown
    may_batch: bool
    tells: Tells
    confirm_s: int = 86_400
    again_s: int = 60


_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
# Somebody waits for it: after so many seconds without news, a person should know.
URGENT_CONFIRM_S: Final = 10 * _MINUTE
_STOP, _RESEND = OnUnknown.STOP, OnUnknown.RESEND


def _urgent(name: str, expires_s: int, tells: Tells) -> Purpose:
    """Somebody sits in front of a screen and waits; a second copy does no harm."""
    return Purpose(
        name=name,
        critical=True,
        expires_s=expires_s,
        newest_wins=True,
        on_unknown=_RESEND,
        may_batch=False,
        tells=tells,
        confirm_s=URGENT_CONFIRM_S,
    )


def _patient(name: str, expires_s: int, tells: Tells = Tells.ADDRESS) -> Purpose:
    return Purpose(
        name=name,
        critical=False,
        expires_s=expires_s,
        newest_wins=False,
        on_unknown=_STOP,
        may_batch=True,
        tells=tells,
    )


PURPOSES: Final[Mapping[str, Purpose]] = {
    purpose.name: purpose
    for purpose in (
        _urgent("registration", _DAY, Tells.ADDRESS),
        _urgent("magic_link", 15 * _MINUTE, Tells.SERVICE),
        _urgent("otp", 10 * _MINUTE, Tells.SERVICE),
        _urgent("password_reset", _HOUR, Tells.SERVICE),
        _urgent("email_change", _DAY, Tells.ADDRESS),
        # Critical, but several invitations to one address may all be meant, and once is enough.
        Purpose(
            name="invite",
            critical=True,
            expires_s=72 * _HOUR,
            newest_wins=False,
            on_unknown=_STOP,
            may_batch=False,
            tells=Tells.ADDRESS,
            confirm_s=URGENT_CONFIRM_S,
        ),
        _patient("receipt", 7 * _DAY),
        _patient("notification", _DAY),
        _patient("bulk", 72 * _HOUR),
    )
}

# No purpose given, or an unknown name: it could be anything, so it says as little as possible.
UNSPECIFIED: Final = _patient("", _DAY, Tells.SERVICE)


def lookup(name: str, purposes: Mapping[str, Purpose] = PURPOSES) -> Purpose | None:
    """The purpose of that name; None: unknown, then warn once per app and use `UNSPECIFIED`.

    Case, spaces and dashes do not matter: `Magic-Link` is `magic_link`.
    """
    if not name:
        return UNSPECIFIED
    return purposes.get(name.strip().lower().replace("-", "_").replace(" ", "_"))
