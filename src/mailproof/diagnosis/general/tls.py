"""TLS: what certificates, versions and wrong ports look like, and what only looks like TLS.

An end of file or a time-out in the handshake says nothing about certificates: the connection broke.
A wrong version number against an SMTP port is our own setting; against HTTPS it is somebody in
between who answers in plain text.
"""

from typing import Final

from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Rule, rule

__all__ = ["RULES"]

R = Reason

_OURS: Final = ("exception", "sdk")

_HANDSHAKE: Final = (
    rule(
        R.TIMED_OUT,
        "Time-outs of the TLS handshake: nothing was sent yet",
        channel=_OURS,
        text=r"handshake.{0,30}time[sd]?[- ]?out|time[sd]?[- ]?out.{0,30}handshake"
        r"|ssl connection timeout",
        ambiguous=False,
    ),
    rule(
        R.TIMED_OUT,
        "Python's ssl wraps time-outs of a read or write in its own class",
        raised=r"ssl",
        text=r"operation timed out",
    ),
    rule(
        R.CONNECTION_FAILED,
        "JSSE and OpenSSL wrap a broken connection in their own class; nothing was sent",
        written=False,
        raised=r"ssl",
        text=r"connection reset|broken pipe|connection (?:was )?closed",
        ambiguous=False,
    ),
    rule(
        R.CONNECTION_LOST,
        "JSSE and OpenSSL wrap a broken connection in their own class",
        raised=r"ssl",
        text=r"connection reset|broken pipe",
    ),
    rule(
        R.CONNECTION_LOST,
        "An end of file inside TLS, after the request was out",
        channel=_OURS,
        written=True,
        text=r"unexpected[ _]eof|eof occurred",
    ),
    rule(
        R.CONNECTION_FAILED,
        "An end of file or a reset inside the TLS handshake is a broken connection",
        channel=_OURS,
        text=r"unexpected[ _]eof|eof occurred|before secure tls|ssl_error_syscall"
        r"|reset.{0,20}ssl_connect|ssl_connect: connection reset"
        r"|handshake:? (?:eof|read|write)|(?:remote host|peer) (?:terminated"
        r"|closed).{0,20}handshake",
        ambiguous=False,
    ),
)

_WRONG_TLS_MODE: Final = (
    r"wrong[ _]version[ _]number|unknown protocol|plain ?text connection|unrecognized ssl message"
    r"|first record does not look like a tls|packet length too long|record layer failure"
    r"|\bhttp_request\b|corrupted frame|not an? (?:ssl|tls)"
    r"|unexpected (?:(?:ssl|tls) (?:message|packet)|packet format)"
    r"|record overflow|invalid (?:tls|ssl) record|invalidcontenttype|corrupt message"
)
_TLS: Final = (
    rule(
        R.CONFIGURATION_INVALID,
        "RFC 8314 section 3: implicit TLS spoken to a STARTTLS port, or the other way round",
        provider="smtp",
        channel=_OURS,
        text=_WRONG_TLS_MODE,
        ambiguous=False,
        guide="smtp_tls_mode",
    ),
    rule(
        R.CONFIGURATION_INVALID,
        "RFC 8314 section 3, at a provider's SMTP host",
        channel=_OURS,
        text=r"(?s)^(?=.{0,2000}?(?:smtp|:(?:25|465|587|2465|2525|2587)\b)).{0,2000}?(?:"
        + _WRONG_TLS_MODE
        + ")",
        ambiguous=False,
        guide="smtp_tls_mode",
    ),
    rule(
        R.CONFIGURATION_INVALID,
        "RFC 3207: the port does not offer STARTTLS",
        channel=_OURS,
        text=r"reserved for plain-?text connections|(?:starttls"
        r"|start tls).{0,40}(?:not (?:be )?(?:support|offer|advertis|availab)"
        r"|n.t support|unsupported|required but|is required)|not support secure connections"
        r"|(?:not support|no support|n.t (?:support|offer|advertise)).{0,20}starttls",
        ambiguous=False,
        guide="smtp_tls_mode",
    ),
    rule(
        R.TLS_FAILURE,
        "TLS errors by class: Python ssl, OpenSSL in Node, JSSE, .NET, Chromium, cURL",
        raised=r"ssl|tls|cert|pkix|self_signed|unable_to_(?:verify|get)|altname|hostname_mismatch"
        r"|handshake| eproto | curl_(?:35|5[13489]|6[046]|77|8[0123]|9[01]) ",
        ambiguous=False,
    ),
    rule(
        R.TLS_FAILURE,
        "RFC 8446 alerts and certificate checks as text",
        channel=_OURS,
        text=r"certificate|self[- ]signed|x509|\bpkix\b|\bcert\b|handshake[ _]failure|schannel"
        r"|secure channel|\bsecurity error occurred|tls(?:v1)?[ _:](?:alert|handshake| ?protocol"
        r"|error|version)"
        r"|no (?:shared|common) cipher|(?:ssl|tls).{0,30}(?:handshake|protocol|version|alert"
        r"|error|routines|failure)|unsupported[ _]protocol"
        r"|(?:ssl|tls) connection (?:could not|error)|trust (?:anchor|relationship)|"
        + _WRONG_TLS_MODE,
        ambiguous=False,
    ),
)

RULES: Final[tuple[Rule, ...]] = (*_HANDSHAKE, *_TLS)
