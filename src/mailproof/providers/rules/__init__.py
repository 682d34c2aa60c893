"""Every provider's rules, in one visible list: to add a provider, add its table here."""

from collections.abc import Mapping
from typing import Final

from mailproof.diagnosis.rules import Table
from mailproof.providers.rules import (
    aliyun,
    brevo,
    mailersend,
    mailgun,
    others,
    postmark,
    resend,
    sendgrid,
    ses,
    smtp,
    tencent,
)

__all__ = ["TABLES", "tables_for"]

# Whatever relays over SMTP quotes the words of mail servers, so their table stands behind each.
TABLES: Final[Mapping[str, tuple[Table, ...]]] = {
    "resend": (resend.TABLE, smtp.TABLE),
    "smtp": (smtp.TABLE,),
    "ses": (ses.TABLE, smtp.TABLE),
    "sendgrid": (sendgrid.TABLE, smtp.TABLE),
    "postmark": (postmark.TABLE, smtp.TABLE),
    "mailgun": (mailgun.TABLE, smtp.TABLE),
    "brevo": (brevo.TABLE, smtp.TABLE),
    "mailersend": (mailersend.TABLE, smtp.TABLE),
    "aliyun": (aliyun.TABLE, smtp.TABLE),
    "tencent": (tencent.TABLE, smtp.TABLE),
}

_UNKNOWN: Final = (others.TABLE, smtp.TABLE)


def tables_for(provider: str) -> tuple[Table, ...]:
    """The rules to ask before the general ones; for a provider nobody knows, the small ones'."""
    return TABLES.get(provider, _UNKNOWN)
