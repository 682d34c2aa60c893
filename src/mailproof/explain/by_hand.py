"""The one line with which to see it with one's own eyes. Variables stand where secrets belong."""

import re
from collections.abc import Mapping
from typing import Final

from mailproof.diagnosis.evidence import DeliveryStatus, Origin, SmtpReply
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
_NAME: Final = r"(?:[a-z0-9-]+\.)+[a-z]{2,12}|localhost|\d{1,3}(?:\.\d{1,3}){3}"
# A host counts where a connection is spoken of: class names and help pages have dots too.
_SERVER: Final = re.compile(
    rf"""(?:(?P<scheme>smtps?)://(?:[^@\s/]*@)?|-connect\ |\brelay=\[?|\bhost\ (?=[\w.-]+\ ?\[)
    |\bserver\ (?=\S+\ said)|--server[ =]|\b[Cc]onnect(?:ing|ed)?\ (?:to\ )?(?:host\ )?[\"']?
    |\bECONNREFUSED\ |\bETIMEDOUT\ |\bENOTFOUND\ |\bhost,\ port:\ |^(?:<\ |S:\ )?220[ -]
    |\b(?:[Hh]ost(?:[Nn]ame)?|smtp_?[Hh]ost|[Ss]erver|address)[\"']?\s?[:=]\s?[\"']?)
    (?P<host>{_NAME})(?:\[[\da-f.:]+\])?(?:[:,]\s?(?P<port>\d{{2,5}})\b)?
    |(?<![\w/@.-])(?P<bare>{_NAME})(?:\[[\da-f.:]+\])?:(?P<bare_port>25|465|587|2525)\b""",
    re.VERBOSE | re.MULTILINE,
)
_NAMED: Final = re.compile(rf"(?<![\w/@.-])(?:{_NAME})(?![\w-])")
_PORT: Final = re.compile(r"\bport[\"']?\s?[:=]\s?[\"']?(25|465|587|2525)\b", re.IGNORECASE)
_MAIL_PORTS: Final = frozenset({"25", "465", "587", "2525"})
_SUBMISSION: Final = "587"
_TRANSFER: Final = "25"  # between mail servers
_DOMAIN: Final = re.compile(r"@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")

_TLS: Final = "openssl s_client -connect {host}:{port} -crlf -quiet"
_STARTTLS: Final = "openssl s_client -connect {host}:{port} -starttls smtp -crlf -quiet"
_PORT_OPEN: Final = "nc -vz -w 10 {host} {port}"
_LOGIN: Final = (
    "swaks --server {host}:{port} {tls} --quit-after AUTH"
    " --auth-user $SMTP_USER --auth-password $SMTP_PASSWORD"
)
_NOBODY_KNOWN: Final = "mailproof doctor"
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
        return _NOBODY_KNOWN
    usual = _TRANSFER if failure.origin is Origin.RECEIVER else _SUBMISSION
    host, port = _server(paste, evidence.provider, usual)
    if reason is _R.DNS_FAILURE:
        return f"dig +short {host}"
    if reason in (_R.CONNECTION_FAILED, _R.TIMED_OUT) or port not in _MAIL_PORTS:
        return _PORT_OPEN.format(host=host, port=port)
    wrapped = port == "465"  # TLS from the first byte (RFC 8314)
    if reason in _ABOUT_THE_LOGIN:
        tls = "--tls-on-connect" if wrapped else "--tls"
        return _LOGIN.format(host=host, port=port, tls=tls)
    return (_TLS if wrapped else _STARTTLS).format(host=host, port=port)


def _server(paste: str, provider: str, usual: str) -> tuple[str, str]:
    """Host and port of the server that was spoken to, as the paste has them."""
    if named := _PORT.search(paste):
        usual = named[1]
    spoken = [_spoken(hit) for hit in _SERVER.finditer(paste)]
    known = [each for each in spoken if provider_at(each[0])]
    bare = [name for name in _NAMED.findall(paste) if provider_at(name) and "smtp" in name]
    listed = PROVIDERS[provider].smtp_hosts if provider in PROVIDERS and provider != "smtp" else ()
    for choices in (known, [] if listed else spoken):
        if choices:
            host, port = next((each for each in choices if each[1]), choices[0])
            return host, port or usual
    return next(iter((*bare, *listed)), "$SMTP_HOST"), usual


def _spoken(hit: re.Match[str]) -> tuple[str, str]:
    implied = "465" if hit["scheme"] == "smtps" else ""
    return hit["host"] or hit["bare"], hit["port"] or hit["bare_port"] or implied


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
