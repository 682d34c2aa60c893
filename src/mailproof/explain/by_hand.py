"""The one line with which to see it with one's own eyes. Variables stand where secrets belong."""

import re
from collections.abc import Mapping
from typing import Final

from mailproof.diagnosis.evidence import DeliveryStatus, SmtpReply
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Reason
from mailproof.providers.catalog import PROVIDERS, provider_at

__all__ = ["by_hand"]

_R = Reason
_ABOUT_THE_RECIPIENT: Final = frozenset(
    {
        _R.MAILBOX_NOT_FOUND, _R.RECIPIENT_DOMAIN_NOT_FOUND, _R.MAILBOX_DISABLED, _R.MAILBOX_FULL,
        _R.RECIPIENT_REFUSED, _R.RECEIVER_UNAVAILABLE, _R.GREYLISTED, _R.RECIPIENT_INVALID,
    }
)  # fmt: skip
_ABOUT_THE_LOGIN: Final = frozenset(
    {_R.CREDENTIALS_INVALID, _R.CREDENTIALS_MISSING, _R.CREDENTIALS_RESTRICTED, _R.RELAY_DENIED}
)
_ABOUT_THE_WAY: Final[Mapping[Reason, str]] = {
    _R.DNS_FAILURE: "dig +short {host}",
    _R.CONNECTION_FAILED: "curl -sv --max-time 10 https://{host}/ -o {null}",
    _R.TIMED_OUT: "curl -sv --max-time 10 https://{host}/ -o {null}",
    _R.TLS_FAILURE: "openssl s_client -connect {host}:443 -servername {host} -brief",
    _R.CLOCK_SKEW: "date -u; curl -sI https://{host}/ | grep -i ^date",
}
_API_HOSTS: Final[Mapping[str, str]] = {
    "resend": "api.resend.com",
    "ses": "email.$AWS_REGION.amazonaws.com",
    "sendgrid": "api.sendgrid.com",
    "postmark": "api.postmarkapp.com",
    "mailgun": "api.mailgun.net",
    "brevo": "api.brevo.com",
    "mailersend": "api.mailersend.com",
    "aliyun": "dm.aliyuncs.com",
    "tencent": "ses.tencentcloudapi.com",
}
_HOST: Final = re.compile(
    r"(?<![\w.@-])((?:smtp|mail|relay|email-smtp|smtpdm)[\w-]*(?:\.[a-z0-9-]+){1,4}\.[a-z]{2,12})\b"
)
_DOMAIN: Final = re.compile(r"@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")

_SMTP: Final = "openssl s_client -connect {host}:587 -starttls smtp -crlf -quiet"
_LOGIN: Final = (
    "swaks --server {host}:587 --tls --quit-after AUTH"
    " --auth-user $SMTP_USER --auth-password $SMTP_PASSWORD"
)
_UNVERIFIED_RECORDS: Final = "dig +short TXT {domain}; dig +short TXT _dmarc.{domain}"


def by_hand(failure: Failure, paste: str) -> str:
    """A command to run; `paste` is only searched for the SMTP server's name."""
    reason, evidence = failure.reason, failure.evidence
    if reason is _R.SENDER_UNAUTHENTICATED:
        return _UNVERIFIED_RECORDS.format(domain=_domain(evidence.context.sender) or "$FROM_DOMAIN")
    if reason in _ABOUT_THE_RECIPIENT:
        recipient = next(iter(evidence.context.to), "") or _said(evidence.seen)
        return f"dig +short MX {_domain(recipient) or '$RECIPIENT_DOMAIN'}"
    if evidence.provider in _API_HOSTS and not isinstance(
        evidence.seen, (SmtpReply, DeliveryStatus)
    ):
        if line := _ABOUT_THE_WAY.get(reason):
            return line.format(host=_API_HOSTS[evidence.provider], null="/dev/null")
        return PROVIDERS[evidence.provider].by_hand
    if evidence.provider == "unknown" and not isinstance(
        evidence.seen, (SmtpReply, DeliveryStatus)
    ):
        return 'curl -i "$PROVIDER_URL" -H "Authorization: Bearer $API_KEY"'
    host = _smtp_host(paste, evidence.provider)
    if reason is _R.DNS_FAILURE:
        return f"dig +short {host}"
    return (_LOGIN if reason in _ABOUT_THE_LOGIN else _SMTP).format(host=host)


def _smtp_host(paste: str, provider: str) -> str:
    hosts = _HOST.findall(paste.lower())
    known = [host for host in hosts if provider_at(host)]
    listed = PROVIDERS[provider].smtp_hosts if provider in PROVIDERS and provider != "smtp" else ()
    return next(iter((*known, *listed, *hosts)), "$SMTP_HOST")


def _domain(address: str) -> str:
    hit = _DOMAIN.search(address)
    return hit[1].lower() if hit else ""


def _said(seen: object) -> str:
    match seen:
        case SmtpReply():
            return seen.reply
        case DeliveryStatus():
            return seen.diagnostic
        case _:
            return ""
