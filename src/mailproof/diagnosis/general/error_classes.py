"""An exception whose class says what its words do not: asked last, when all else has found nothing.

SDKs name a class for each answer (`InactiveRecipientError`, `ServiceUnavailableError`), and many
logs keep the class and lose the message. The stems are the same in every language.
"""

from typing import Final

from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Rule, Table, rule

__all__ = ["TABLE"]

R = Reason


def _named(reason: Reason, source: str, stems: str) -> Rule:
    return rule(
        reason,
        source,
        channel=("sdk", "exception"),
        status=0,
        raised=stems,
    )


TABLE: Final = Table(
    "error_classes",
    (
        _named(
            R.CREDENTIALS_MISSING,
            "resend-python, botocore, AWS SDK for JavaScript",
            r"missing_?(?:api_?key|token|auth|credential)|no_?(?:api_?key|credential)"
            r"|credentialsprovider",
        ),
        _named(
            R.CREDENTIALS_INVALID,
            "postmark-gem, resend-python, python-http-client, Jakarta Mail, Net::SMTP",
            r"(?:invalid|bad|expired|incorrect)_?(?:api_?key|token|credential|login|client_?token)"
            r"|unauthori[sz]ed(?!access)|unauthenticated|authentication_?(?:error|failed)"
            r"|unrecognizedclient|signaturedoesnotmatch| eauth ",
        ),
        _named(
            R.CREDENTIALS_RESTRICTED,
            "AWS common errors, Google and gRPC status classes",
            r"access_?denied|permission_?(?:denied|error)|not_?authorized|insufficient_?(?:scope"
            r"|permission)",
        ),
        _named(
            R.ACCOUNT_SUSPENDED,
            "Amazon SES API, SendEmail errors",
            r"(?:account|sending)_?(?:suspended|paused|disabled)",
        ),
        _named(R.QUOTA_EXCEEDED, "App Engine, Google API clients", r"quota"),
        _named(
            R.RATE_LIMITED,
            "python-http-client, resend-ruby, AWS common errors",
            r"rate_?limit|too_?many_?requests|throttl|limit_?exceeded",
        ),
        _named(
            R.SENDER_UNVERIFIED,
            "Amazon SES API, SendEmail errors",
            r"(?:domain|sender|identity)_?not_?verified",
        ),
        _named(
            R.RECIPIENT_SUPPRESSED,
            "postmark-gem, Postmark.php, postmark.js",
            r"inactive_?recipients?|suppressed",
        ),
        _named(
            R.RECIPIENT_INVALID,
            "Jakarta Mail, SwiftMailer, Symfony Mime, App Engine: an address that cannot be parsed",
            r" addressexception |rfccompliance|invalid_?(?:recipient|email_?(?:error|exception))",
        ),
        _named(
            R.MESSAGE_TOO_LARGE,
            "python-http-client",
            r"(?:payload|entity|message|request|content)_?too_?(?:large|big|long)",
        ),
        _named(
            R.TEMPLATE_INVALID,
            "Amazon SES API, SendTemplatedEmail errors",
            r"(?<!rest)template|missingrenderingattribute",
        ),
        _named(
            R.MESSAGE_INVALID,
            "resend-python, python-http-client, postmark-gem, Jakarta Bean Validation",
            r"validation|invalid_?(?:message|parameter|request|input)|bad_?request"
            r"|missing_?(?:required_?)?(?:field|parameter)|unprocessable",
        ),
        _named(
            R.CONFIGURATION_INVALID,
            "python-http-client, AWS common errors",
            r" not_?found(?:error|exception)|method_?not_?allowed|unsupported_?media"
            r"|(?:set|identity|pool|stream|domain)_?does_?not_?exist|no_?region",
        ),
        _named(
            R.PROVIDER_UNAVAILABLE,
            "python-http-client, postmark-gem, resend-ruby, AWS common errors",
            r"application_?error|internal_?(?:server|failure|error)|service_?(?:unavailable"
            r"|failure)|bad_?gateway"
            r"|gateway_?time_?out"
            r"|server_?(?:error|exception|busy)|unexpected_?(?:http_?)?response",
        ),
    ),
)
