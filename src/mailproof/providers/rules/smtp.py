"""What relays, mail servers and filters say: the words that only they use.

Relays (submission services) judge our account, servers and filters the mail. The mailbox providers
have a module of their own.
"""

from typing import Final

from mailproof.diagnosis.evidence import Origin
from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Table, rule
from mailproof.providers.rules.smtp_receivers import RECEIVERS
from mailproof.providers.rules.smtp_regions import REGIONS

__all__ = ["TABLES"]

R = Reason

_SENDGRID: Final = "SendGrid: SMTP errors and troubleshooting"
_SES: Final = "Amazon SES: SMTP response codes"
_MAILGUN: Final = "Mailgun: SMTP responses"
_RESEND: Final = "Resend: send with SMTP, errors"
_BREVO: Final = "Brevo: SMTP relay errors"
_SMTP2GO: Final = "smtp2go: SMTP error messages"
_FASTMAIL: Final = "Fastmail: sending errors"
_MIMECAST: Final = "Mimecast: SMTP error codes"
_PROOFPOINT: Final = "Proofpoint: bounce messages and dynamic reputation"
_BARRACUDA: Final = "Barracuda Email Security Gateway: replies"
_IRONPORT: Final = "Cisco Secure Email: banners of host access tables"
_SYMANTEC: Final = "Symantec Email Security.cloud: SMTP replies"
_TREND: Final = "Trend Micro Email Security: replies"
_CLOUDFLARE: Final = "Cloudflare Email Routing: postmaster"
_META: Final = "Facebook: postmaster response codes"
_RACKSPACE: Final = "Rackspace Email: bounce codes (Gnn)"
_IMPROVMX: Final = "ImprovMX: error codes"
_ZOHO: Final = "Zoho Mail: SMTP replies"
_EXIM: Final = "Exim and cPanel: default ACL messages"
_POSTFIX: Final = "Postfix: SMTP client and access messages"
_MCAFEE: Final = "McAfee Email Gateway: proxy messages"
_AMAVIS: Final = "amavis: reject messages"

RELAYS: Final = Table(
    "smtp.relays",
    (
        rule(
            R.SANDBOX_RESTRICTED,
            f"{_RESEND}; {_MAILGUN}",
            reply=r"only send testing|sandbox (?:sub)?domain|authori[sz]ed recipients",
        ),
        rule(
            R.CREDENTIALS_RESTRICTED,
            _SES,
            reply=r"not authori[sz]ed to perform",
        ),
        rule(
            R.QUOTA_EXCEEDED,
            f"{_SES}; {_SENDGRID}",
            reply=r"daily message quota|maximum credits|credits? (?:exceeded|exhausted|used)",
        ),
        rule(R.RATE_LIMITED, _SES, reply=r"throttling failure|maximum sending rate"),
        rule(
            R.ACCOUNT_SUSPENDED,
            f"{_SES}; {_BREVO}; {_ZOHO}",
            reply=r"unusual sending activity|outgoing blocked|sending (?:suspended|paused|"
            r"is disabled) |not yet activated|"
            r"(?:account|domain).{0,40}(?:under review|not (?:yet )?(?:been )?(?:activated|"
            r"approved))",
        ),
        rule(
            R.CREDENTIALS_RESTRICTED,
            f"{_BREVO}; {_SMTP2GO}",
            stage=("auth", "mail", "connect", "ehlo"),
            reply=r"unauthori[sz]ed ip|ip address is not (?:allowed|authori[sz]ed|whitelist)",
        ),
        rule(
            R.SENDER_UNVERIFIED,
            f"{_RESEND}; {_SENDGRID}; {_SES}; {_SMTP2GO}",
            reply=r"(?:domain|address|sender|identity|identities|email)\b.{0,80}"
            r"(?:(?:not|n't)(?: been)? (?:yet )?(?:verified|confirmed|validated|registered)|"
            r"failed the check)|"
            r"unconfigured (?:sending |sender |from )?(?:domain|address)|match a verified|"
            r"verify (?:the|your) (?:sender|domain)|unverified (?:sender|domain|"
            r"from)",
        ),
        rule(
            R.SENDER_UNVERIFIED,
            f"{_FASTMAIL}; {_ZOHO}",
            reply=r"relaying (?:disallowed|denied) as\b|authori[sz]ed to send from this"
            r"|not owned by|same as auth|equal auth|must (?:match|be).{0,20}(?:auth|login|logged)"
            r"|sender .{0,40}(?:does not|n't) (?:match|belong)",
        ),
        rule(
            R.CREDENTIALS_MISSING,
            _SENDGRID,
            reply=r"unauthenticated (?:senders?|mail|connection|session)s? (?:is |"
            r"are )?not allowed",
            remote=r"sendgrid|smtp\.|relay",
            says=Origin.PROVIDER,
        ),
    ),
    replies=True,
)

FILTERS: Final = (
    Table(
        "smtp.mimecast",
        (
            rule(
                R.SENDER_UNAUTHENTICATED,
                _MIMECAST,
                reply=r"(?:spf|dkim|dmarc) sender invalid|failed to authenticate",
            ),
            rule(
                R.SENDER_BLOCKED,
                _MIMECAST,
                reply=r"host network not allowed|reputation|\brbl\b",
            ),
            rule(R.GREYLISTED, _MIMECAST, code=451, reply=r"internal resources? (?:are |is )?temp"),
            rule(
                R.CONTENT_REJECTED,
                _MIMECAST,
                reply=r"security polic|signature|content exam|mcspam",
            ),
            rule(
                R.RECIPIENT_REFUSED,
                _MIMECAST,
                reply=r"envelope (?:blocked|rejected)|blocked senders|anti-?spoofing",
            ),
            rule(R.RELAY_DENIED, _MIMECAST, reply=r"open relay not"),
            rule(R.RECEIVER_UNAVAILABLE, _MIMECAST, reply=r"account (?:inbounds|service)"),
        ),
        replies=True,
        when=(
            "mimecast",
            "envelope",
            "internal resource",
            "security polic",
            "blocked senders",
            "anti-spoof",
            "host network",
            "open relay",
            "account inbounds",
            "account service is",
        ),
    ),
    Table(
        "smtp.filters",
        (
            rule(
                R.SENDER_BLOCKED,
                _PROOFPOINT,
                reply=r"proofpoint\.com/dnsbl|ipcheck\.proofpoint|prs\.proofpoint",
            ),
            rule(
                R.SENDER_BLOCKED,
                _IRONPORT,
                reply=r"mta's poor reputation|senderbase|access to this mail system",
            ),
            rule(
                R.CONTENT_REJECTED,
                f"{_BARRACUDA}; {_SYMANTEC}; {_AMAVIS}",
                reply=r"\bube\b|message filtered|banned content|- spam$|id=\d+-\d+.{0,6}spam",
            ),
            rule(R.RELAY_DENIED, _SYMANTEC, reply=r"trying to use me"),
            rule(R.SENDER_BLOCKED, _TREND, reply=r"\bers-|\bqil\b|email reputation"),
            rule(
                R.MAILBOX_NOT_FOUND,
                _TREND,
                reply=r"rejected: invalid-recipient|not in recipient list",
            ),
            rule(
                R.RECIPIENT_REFUSED,
                f"{_TREND}; {_BARRACUDA}",
                code=range(500, 600),
                reply=r"rejected: block-|:blocked\)|policy rejection",
            ),
            rule(R.RECEIVER_UNAVAILABLE, _CLOUDFLARE, reply=r"upstream error"),
            rule(
                R.MAILBOX_NOT_FOUND,
                _META,
                reply=r"rcp-p1\b",
            ),
            rule(R.RECIPIENT_REFUSED, _META, reply=r"rcp-p2|recipient preferences"),
            rule(R.SENDER_BLOCKED, _RACKSPACE, reply=r"\(g(?:1f|14|28)\)"),
            rule(R.ATTACHMENT_REJECTED, _RACKSPACE, reply=r"mime_banned|\(g1[a-d]\)"),
            rule(R.MESSAGE_INVALID, _RACKSPACE, reply=r"header_contenttype_2|\(g19\)"),
            rule(R.CONTENT_REJECTED, _RACKSPACE, reply=r"header_contenttype|\(g18\)"),
            rule(R.RATE_LIMITED, _RACKSPACE, reply=r"\(g2\)"),
            rule(R.RECEIVER_UNAVAILABLE, _RACKSPACE, reply=r"\(g(?:30|6|16)\)"),
            rule(R.RELAY_DENIED, _IMPROVMX, reply=r"#id-5\.9\.2"),
            rule(R.RECIPIENT_REFUSED, _ZOHO, reply=r"mailpolicy|(?:restricted by|failure) policy"),
            rule(R.PROVIDER_UNAVAILABLE, _BARRACUDA, code=422, reply=r"licen[cs]e expired"),
            rule(R.BLOCKED_BY_INTERMEDIARY, _MCAFEE, reply=r"\bmfe proxy"),
            rule(
                R.RELAY_DENIED,
                _EXIM,
                reply=r"not permitted to relay through|login to the imap/pop3",
            ),
            rule(
                R.MESSAGE_INVALID,
                _POSTFIX,
                reply=r"smtputf8 is required",
            ),
        ),
        replies=True,
    ),
)

CLIENTS: Final = Table(
    "smtp.clients",
    (
        rule(
            R.CREDENTIALS_MISSING,
            "our SMTP adapter: no URL, or a login without its password; nobody was called",
            channel="exception",
            text=r"the smtp url (?:is not set|has a login and no password)",
            ambiguous=False,
            guide="no_url",
        ),
        rule(
            R.CONFIGURATION_INVALID,
            "our SMTP adapter: the URL names no server",
            channel="exception",
            text=r"the smtp url cannot be read",
            ambiguous=False,
            guide="wrong_url",
        ),
        rule(
            R.SENDER_INVALID,
            "RFC 6531 section 3.4: From has letters beyond ASCII, and the server cannot carry them",
            channel="exception",
            text=r"sender's address needs smtputf8",
            ambiguous=False,
            guide="no_smtputf8",
        ),
        rule(
            R.RECIPIENT_INVALID,
            "RFC 6531 section 3.4: an address with letters beyond ASCII before its @",
            channel="exception",
            text=r"the address needs smtputf8",
            ambiguous=False,
            guide="no_smtputf8",
        ),
        rule(
            R.TEMPLATE_INVALID,
            "our SMTP adapter: a template lies at the provider that it was made at",
            channel="exception",
            text=r"an smtp server knows no provider template",
            ambiguous=False,
            guide="no_templates",
        ),
        rule(
            R.ATTACHMENT_REJECTED,
            "our SMTP adapter: nobody fetches a URL on the way",
            channel="exception",
            text=r"smtp carries only attachments with their content",
            ambiguous=False,
            guide="no_urls",
        ),
        rule(
            R.MESSAGE_INVALID,
            "nodemailer, Errors: EENVELOPE without a recipient",
            error="eenvelope",
            text=r"no recipients",
        ),
        rule(
            R.CREDENTIALS_MISSING,
            "JavaMail, nodemailer, Net::SMTP: a login was wanted and none is set",
            channel=("exception", "sdk"),
            text=r"no (?:user ?name|password|credentials) (?:specified|given|set)|"
            r"missing (?:credentials|user ?name|password|secret)",
            raised=r"auth|smtp|argument",
        ),
        rule(
            R.CONFIGURATION_INVALID,
            "Python smtplib, JavaMail, Go net/smtp: this connection offers no login that we know",
            channel=("exception", "sdk"),
            text=r"auth extension not supported|"
            r"no (?:suitable |common |supported )?auth\w* (?:method|mechanism)|"
            r"auth\w* mechanism.{0,20}(?:not supported|unsupported)|\bunencrypted connection|"
            r"(?:does not|doesn't) support (?:smtp )?auth\b",
            ambiguous=False,
        ),
        rule(
            R.CREDENTIALS_INVALID,
            "cURL 67, CURLE_LOGIN_DENIED: the server refused the login, and cURL keeps its words",
            error=("curl_67", "curle_login_denied"),
        ),
    ),
)

TABLES: Final = (CLIENTS, RELAYS, *RECEIVERS, *REGIONS, *FILTERS)
