"""What a call of the library can end in when no receipt comes back.

Each says what happened, where, and what to do. Bad input is `InvalidInput`, as at the gateway.
"""

__all__ = [
    "KeyConflict",
    "KeyRefused",
    "LaneClosed",
    "MailproofError",
    "NotAccepted",
    "NotConfigured",
    "NotNow",
    "OutcomeUnknown",
]


class MailproofError(Exception):
    """`what` happened, `where`, and the `fix`: sentences without and with their full stop."""

    def __init__(self, what: str, *, where: str, fix: str) -> None:
        super().__init__(f"{where}: {what}. {fix}")
        self.what = what
        self.where = where
        self.fix = fix


class NotConfigured(MailproofError):
    """The application was not told how mail goes out, or uses this object in a wrong way."""


class NotAccepted(MailproofError):
    """No mail exists, and repeating the same call gives the same answer.

    `status` and `name`: the gateway's answer, in Resend's terms
    (resend.com/docs/api-reference/errors).
    """

    status = 0
    name = ""


class KeyRefused(NotAccepted):
    """The gateway refuses the API key: no mail of this application is accepted."""


class KeyConflict(NotAccepted):
    """The idempotency key belongs to an earlier mail with another content."""


class NotNow(MailproofError):
    """No mail exists, and a later call may succeed. `retry_after_s`: when, if that is known."""

    retry_after_s: float | None = None


class LaneClosed(NotNow):
    """Mail from this sender cannot go out now, and its purpose or key asks to be refused then."""


class OutcomeUnknown(MailproofError):
    """Nobody knows whether the mail was accepted. Sending it again with `idempotency_key`, within
    24 hours, makes no second one."""

    idempotency_key = ""
