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
    "resend": (resend.TABLE, *smtp.TABLES),
    "smtp": smtp.TABLES,
    "ses": (ses.TABLE, *smtp.TABLES),
    "sendgrid": (sendgrid.TABLE, *smtp.TABLES),
    "postmark": (postmark.TABLE, *smtp.TABLES),
    "mailgun": (mailgun.TABLE, *smtp.TABLES),
    "brevo": (brevo.TABLE, *smtp.TABLES),
    "mailersend": (mailersend.TABLE, *smtp.TABLES),
    "aliyun": (aliyun.TABLE, *smtp.TABLES),
    "tencent": (tencent.TABLE, *smtp.TABLES),
}

_UNKNOWN: Final = (others.TABLE, *smtp.TABLES)


def tables_for(provider: str) -> tuple[Table, ...]:
    """The rules to ask before the general ones; for a provider nobody knows, the small ones'."""
    return TABLES.get(provider, _UNKNOWN)
