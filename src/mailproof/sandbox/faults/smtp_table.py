"""The faults of an SMTP server by name, each with the reason that a client finds in it.

Codes and enhanced codes are those of RFC 5321, 4954 and 3463. The texts are our own, in the shape
that each service is known to use: its words and links, by which its refusals are told apart.
"""

from collections.abc import Mapping
from typing import Final

from mailproof.sandbox.faults.kinds import HANG_MAX_S, Act, Kind, Stage

__all__ = ["SMTP_FAULTS"]


def _says(stage: Stage, code: int, text: str, reason: str, what: str = "") -> Kind:
    """A refusal; `what` when its text does not speak for itself."""
    told = f"{what}: {code}" if what else f"{code} {text}"
    return Kind(stage, Act.ANSWER, told, code, body=text, reason=reason)


def _does(stage: Stage, act: Act, what: str, reason: str, seconds: float = 0.0) -> Kind:
    seconds = HANG_MAX_S if act is Act.HANG else seconds
    return Kind(stage, act, what, 0, seconds=seconds, reason=reason)


def _lacks(word: str, what: str, reason: str) -> Kind:
    return Kind(Stage.EHLO, Act.WITHHOLD, what, 0, body=word, reason=reason)


def _shows(certificate: str, what: str) -> Kind:
    return Kind(Stage.HANDSHAKE, Act.CERTIFICATE, what, 0, body=certificate, reason="tls_failure")


_BEFORE_LOGIN: Final[Mapping[str, Kind]] = {
    "smtp-connect-close": _does(
        Stage.CONNECT, Act.HANG_UP, "hangs up without a word", "connection_failed"
    ),
    "smtp-connect-reset": _does(
        Stage.CONNECT, Act.RESET, "resets the connection without a word", "connection_failed"
    ),
    "smtp-connect-hang": _does(Stage.CONNECT, Act.HANG, "never greets", "timed_out"),
    "smtp-banner-slow": _does(Stage.CONNECT, Act.SLOW, "greets late, then all is well", "", 3),
    "smtp-connect-421": _says(
        Stage.CONNECT, 421, "4.3.2 Closed for maintenance, come again later", "provider_unavailable"
    ),
    "smtp-connect-limit": _says(
        Stage.CONNECT, 421, "4.7.0 Too many connections from your address", "rate_limited"
    ),
    "smtp-connect-554": _says(
        Stage.CONNECT, 554, "5.7.1 Your address is on our blocklist", "sender_blocked"
    ),
    "smtp-ehlo-421": _says(
        Stage.EHLO, 421, "4.3.2 Shutting down, come again later", "provider_unavailable"
    ),
    "smtp-ehlo-550": _says(
        Stage.EHLO, 550, "5.7.1 Client refused: no reverse DNS for your address", "sender_blocked"
    ),
    "smtp-no-starttls": _lacks("STARTTLS", "does not offer STARTTLS", "configuration_invalid"),
    "smtp-no-auth": _lacks("AUTH", "does not offer AUTH", "configuration_invalid"),
    "smtp-no-auth-in-clear": _lacks(
        "AUTH in clear", "offers AUTH after STARTTLS only", "configuration_invalid"
    ),
    "smtp-no-utf8": _lacks(
        "SMTPUTF8", "does not offer SMTPUTF8, which ü@ needs", "recipient_invalid"
    ),
    "smtp-starttls-454": _says(
        Stage.STARTTLS, 454, "4.7.0 TLS is not available just now", "provider_unavailable"
    ),
    "smtp-certificate-expired": _shows("expired", "shows a certificate that expired in 2021"),
    "smtp-certificate-other-name": _shows("other-name", "shows the certificate of another host"),
}

_LOGIN: Final[Mapping[str, Kind]] = {
    "smtp-auth-535": _says(Stage.AUTH, 535, "5.7.8 Authentication failed", "credentials_invalid"),
    "smtp-auth-454": _says(
        Stage.AUTH, 454, "4.7.0 The login server does not answer", "provider_unavailable"
    ),
    "smtp-auth-qq": _says(
        Stage.AUTH,
        535,
        "Login fail. The password is wrong, or the service is not open; "
        "more at https://service.mail.qq.com/",
        "credentials_invalid",
        "as QQ Mail, which wants its authorization code",
    ),
    "smtp-auth-163": _says(
        Stage.AUTH,
        550,
        "User has no permission",
        "credentials_restricted",
        "as 163 and 126, where SMTP is not switched on",
    ),
    "smtp-auth-gmail": _says(
        Stage.AUTH,
        535,
        "5.7.8 Login and password were not taken. More:\n"
        "5.7.8 https://support.google.com/mail/?p=BadCredentials sandbox - gsmtp",
        "credentials_invalid",
        "as Gmail",
    ),
    "smtp-auth-gmail-app": _says(
        Stage.AUTH,
        534,
        "5.7.9 An application-specific password is wanted. More:\n"
        "5.7.9 https://support.google.com/mail/?p=InvalidSecondFactor sandbox - gsmtp",
        "credentials_restricted",
        "as Gmail, which wants an app password",
    ),
    "smtp-auth-outlook": _says(
        Stage.AUTH,
        535,
        "5.7.139 Authentication unsuccessful, basic authentication is disabled. [sandbox]",
        "credentials_restricted",
        "as Outlook, which takes no passwords any more",
    ),
}

_MAIL: Final[Mapping[str, Kind]] = {
    "smtp-mail-530": _says(Stage.MAIL, 530, "5.7.0 Authentication required", "credentials_missing"),
    "smtp-mail-unverified": _says(
        Stage.MAIL, 550, "5.7.1 The sender domain is not verified", "sender_unverified"
    ),
    "smtp-mail-not-yours": _says(
        Stage.MAIL, 553, "5.7.1 Sender address rejected: not owned by user", "sender_unverified"
    ),
    "smtp-mail-quota": _says(
        Stage.MAIL, 550, "5.4.5 Daily sending quota exceeded", "quota_exceeded"
    ),
    "smtp-mail-552": _says(
        Stage.MAIL, 552, "5.3.4 The mail is larger than is taken here", "message_too_large"
    ),
    "smtp-rate-limit": _says(Stage.MAIL, 451, "4.7.0 Too many messages, slow down", "rate_limited"),
    "smtp-mail-421": _says(
        Stage.MAIL, 421, "4.3.2 Shutting down, come again later", "provider_unavailable"
    ),
    "smtp-rcpt-450": _says(
        Stage.RCPT, 450, "4.2.1 The mailbox is busy, come again later", "receiver_unavailable"
    ),
    "smtp-rcpt-451": _says(
        Stage.RCPT, 451, "4.7.1 Greylisted, come again in 60 seconds", "greylisted"
    ),
    "smtp-rcpt-550": _says(Stage.RCPT, 550, "5.1.1 No such user here", "mailbox_not_found"),
    "smtp-rcpt-552": _says(Stage.RCPT, 552, "5.2.2 The mailbox is full", "mailbox_full"),
    "smtp-rcpt-554": _says(Stage.RCPT, 554, "5.7.1 Relay access denied", "relay_denied"),
    "smtp-rcpt-421": _says(
        Stage.RCPT, 421, "4.3.2 Shutting down, come again later", "provider_unavailable"
    ),
}

_CONTENTS: Final[Mapping[str, Kind]] = {
    "smtp-data-451": _says(
        Stage.DATA, 451, "4.3.0 Local error, come again later", "provider_unavailable"
    ),
    "smtp-data-hang": _does(Stage.DATA, Act.HANG, "never says 354", "timed_out"),
    "smtp-data-cut": _does(
        Stage.DATA, Act.CUT, "says 354 and resets the connection within the mail", "connection_lost"
    ),
    "smtp-dot-451": _says(
        Stage.DOT,
        451,
        "4.3.0 The mail could not be queued, come again later",
        "provider_unavailable",
    ),
    "smtp-dot-421": _says(
        Stage.DOT, 421, "4.3.2 Shutting down, come again later", "provider_unavailable"
    ),
    "smtp-dot-550": _says(Stage.DOT, 550, "5.7.1 Message rejected as spam", "content_rejected"),
    "smtp-dot-552": _says(
        Stage.DOT, 552, "5.3.4 The mail is larger than is taken here", "message_too_large"
    ),
    "smtp-dot-554": _says(Stage.DOT, 554, "5.6.0 The mail is malformed", "message_invalid"),
    "smtp-dot-hang": _does(
        Stage.DOT, Act.HANG, "takes no mail and never answers the dot", "timed_out"
    ),
    "smtp-dot-reset": _does(
        Stage.DOT, Act.RESET, "takes no mail and resets the connection", "connection_lost"
    ),
    "smtp-accept-hang": _does(
        Stage.QUEUED, Act.HANG, "accepts the mail and never answers the dot", "timed_out"
    ),
    "smtp-accept-close": _does(
        Stage.QUEUED, Act.HANG_UP, "accepts the mail and hangs up", "connection_lost"
    ),
    "smtp-accept-reset": _does(
        Stage.QUEUED, Act.RESET, "accepts the mail and resets the connection", "connection_lost"
    ),
    "smtp-accept-slow": _does(
        Stage.QUEUED, Act.SLOW, "accepts the mail at once and answers late", "", 3
    ),
    "smtp-accept-451": _says(
        Stage.QUEUED,
        451,
        "4.3.0 The mail could not be queued, come again later",
        "provider_unavailable",
        "accepts the mail and denies it",
    ),
}

SMTP_FAULTS: Final[Mapping[str, Kind]] = {**_BEFORE_LOGIN, **_LOGIN, **_MAIL, **_CONTENTS}
