"""Rules for Amazon SES: API v1 and v2, the errors that all AWS services share, and its events."""

from typing import Final

from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Table, answers, events, rule
from mailproof.providers.rules.sizes import TOO_LARGE

__all__ = ["TABLE"]

R = Reason

_V1: Final = "SES API v1 reference, common errors and SendEmail"
_V2: Final = "SES API v2 reference, SendEmail and SendBulkEmail"
_AWS: Final = "AWS General Reference, common errors"
_SDK: Final = "AWS SDK sources (botocore, JavaScript, Go, Java, PHP)"
_EVENTS: Final = "SES developer guide, contents of event data and notifications"

_CREDENTIALS: Final = (
    rule(
        R.CLOCK_SKEW,
        _AWS,
        name=("RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"),
    ),
    rule(
        R.CLOCK_SKEW,
        "AWS Signature Version 4 troubleshooting",
        text=r"signature (?:has )?(?:expired|not yet current)"
        r"|is (?:now )?(?:still )?(?:earlier|later)"
        r" than \d{8}t\d{6}z|request (?:has )?expired|too skewed",
    ),
    rule(
        R.CONFIGURATION_INVALID,
        "AWS Signature Version 4 troubleshooting: the key was used for another region or service",
        text=r"credential should be scoped to (?:a valid region|correct service)",
    ),
    rule(
        R.CONFIGURATION_INVALID,
        _SDK,
        error=(
            *("NoRegionError", "ConfigError", "UnknownEndpoint", "MissingRegionError"),
            "InvalidRegionError",
        ),
    ),
    rule(
        R.CONFIGURATION_INVALID,
        _SDK,
        text=r"missing region|must specify a region|region is missing|could not find region"
        r"|service may not be available in the|invalid endpoint: https?://",
    ),
    rule(
        R.CREDENTIALS_MISSING,
        _AWS,
        name=("MissingAuthenticationToken", "MissingAuthenticationTokenException"),
    ),
    rule(
        R.CREDENTIALS_MISSING,
        _SDK,
        error=(
            *("NoCredentialsError", "PartialCredentialsError", "CredentialsProviderError"),
            *("NoCredentialProviders", "CredentialsError", "CredentialRetrievalError"),
        ),
    ),
    rule(
        R.CREDENTIALS_MISSING,
        _SDK,
        text=r"(?:locate|load|retriev\w+|find|refresh|get|resolve)[\w ]{0,30} credentials"
        r"|no valid (?:providers|credential)|(?:missing|empty|no) (?:aws )?credentials"
        r"|credentials (?:are |were |is )?(?:missing|not (?:found|set|supplied))",
    ),
    rule(
        R.ACCOUNT_SUSPENDED,
        _AWS,
        name=("OptInRequired", "SubscriptionRequiredException", "SubscriptionRequired"),
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        _AWS,
        name=("AccessDenied", "AccessDeniedException", "NotAuthorized", "UnauthorizedOperation"),
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        "IAM policy denials",
        text=r"not authorized to perform|explicit deny|no identity-based policy",
    ),
    rule(
        R.CREDENTIALS_INVALID,
        _AWS,
        name=(
            *("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"),
            *("SignatureDoesNotMatch", "IncompleteSignature", "IncompleteSignatureException"),
            *("InvalidSignatureException", "ExpiredToken", "ExpiredTokenException"),
            *("AuthFailure", "InvalidToken"),
        ),
    ),
    rule(
        R.CREDENTIALS_INVALID,
        _AWS,
        text=r"security token .{0,60}(?:invalid|expired)|signature we calculated"
        r"|access key id .{0,40}"
        r"(?:not exist|invalid)|signature .{0,30}does ?n.t match",
    ),
)

_ACCOUNT: Final = (
    rule(
        R.ACCOUNT_SUSPENDED,
        f"{_V1}; {_V2}",
        name=(
            *("AccountSuspended", "AccountSuspendedException", "ACCOUNT_SUSPENDED"),
            *("AccountSendingPaused", "AccountSendingPausedException", "ACCOUNT_SENDING_PAUSED"),
            *("SendingPausedException", "ConfigurationSetSendingPaused"),
            *("ConfigurationSetSendingPausedException", "CONFIGURATION_SET_SENDING_PAUSED"),
        ),
    ),
    rule(
        R.ACCOUNT_SUSPENDED,
        "SES developer guide, sending review process",
        text=r"(?:sending|account|ability to send)\b.{0,50}(?:paused|suspended|disabled|shut ?down"
        r"|blocked|under review)",
    ),
    rule(
        R.QUOTA_EXCEEDED,
        f"{_V1}; {_V2}",
        name=("AccountDailyQuotaExceeded", "ACCOUNT_DAILY_QUOTA_EXCEEDED"),
    ),
    rule(
        R.QUOTA_EXCEEDED,
        "SES developer guide, errors related to sending quotas",
        text=r"(?:daily|24.?hours?).{0,40}(?:quota|limit)|(?:message|sending) quota.{0,20}exceed"
        r"|max 24",
    ),
    rule(
        R.RATE_LIMITED,
        f"{_AWS}; {_V2}",
        name=(
            *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled"),
            *("TooManyRequestsException", "RequestLimitExceeded", "RequestThrottledException"),
            *("AccountThrottled", "ACCOUNT_THROTTLED", "SlowDown"),
        ),
    ),
    rule(
        R.RATE_LIMITED,
        "SES developer guide, errors related to sending quotas",
        text=r"(?:maximum )?(?:sending )?rate(?: limit)? (?:was |is )?exceeded|sending rate"
        r"|throttl",
    ),
    rule(
        R.QUOTA_EXCEEDED,
        _V2,
        name=("LimitExceededException", "LimitExceeded"),
    ),
    rule(
        R.SANDBOX_RESTRICTED,
        "SES developer guide, moving out of the sandbox: there each recipient is checked as well",
        field=r"^address:to$",
        text=r"identit(?:y|ies) failed the check|address(?:es)? (?:is|are) not verified",
    ),
    rule(
        R.SENDER_UNVERIFIED,
        "SES developer guide, verified identities",
        field=r"^address:from$",
        text=r"identit(?:y|ies) failed the check|address(?:es)? (?:is|are) not verified",
    ),
    rule(
        R.SANDBOX_RESTRICTED,
        "SES developer guide: two failed identities, or a public mailbox, include a recipient",
        text=r"failed the check in region [\w-]+: [^,\s]+@[^,\s]+, ?\S+@"
        r"|failed the check in region [\w-]+: \S{1,60}@(?:gmail|googlemail|outlook|hotmail|yahoo|qq"
        r"|163|126|icloud|live|proton(?:mail)?)\.",
    ),
    rule(
        R.SANDBOX_RESTRICTED,
        "SES developer guide, moving out of the sandbox",
        text=r"(?:still |currently )?in the (?:amazon )?(?:ses )?sandbox"
        r"|recipient.{0,40}not (?:been )?verif",
    ),
    rule(
        R.SENDER_UNVERIFIED,
        f"{_V1}; {_V2}",
        name=(
            *("MailFromDomainNotVerified", "MailFromDomainNotVerifiedException"),
            *("MAIL_FROM_DOMAIN_NOT_VERIFIED", "FromEmailAddressNotVerified"),
            "FromEmailAddressNotVerifiedException",
        ),
    ),
    rule(
        R.SENDER_UNVERIFIED,
        "SES developer guide, verified identities",
        text=r"(?:not|n.t|un)\s?(?:been )?verified|identit(?:y|ies) failed the check"
        r"|email identity .{0,80}(?:not|n.t) (?:exist|found)",
    ),
)

_MAIL: Final = (
    rule(
        R.CONFIGURATION_INVALID,
        f"{_V1}; {_V2}",
        name=(
            *("ConfigurationSetDoesNotExist", "ConfigurationSetDoesNotExistException"),
            *("CONFIGURATION_SET_DOES_NOT_EXIST", "CONFIGURATION_SET_NOT_FOUND"),
            *("InvalidConfigurationSet", "InvalidConfigurationSetException"),
            *("InvalidSendingPoolName", "INVALID_SENDING_POOL_NAME", "InvalidAction"),
            *("MissingAction", "UnknownOperationException", "InvalidEndpointException"),
        ),
    ),
    rule(
        R.CONFIGURATION_INVALID,
        f"{_V1}; {_V2}",
        text=r"configuration set.{0,140}(?:not|n.t) (?:exist|found|been created)|sending pool"
        r"|unable to determine service/operation",
    ),
    rule(
        R.TEMPLATE_INVALID,
        f"{_V1}; {_V2}",
        name=(
            *("TemplateDoesNotExist", "TemplateDoesNotExistException", "TEMPLATE_NOT_FOUND"),
            *("TEMPLATE_DOES_NOT_EXIST", "MissingRenderingAttribute", "InvalidTemplate"),
            *("MissingRenderingAttributeException", "InvalidRenderingParameter"),
            *("InvalidRenderingParameterException", "InvalidTemplateException"),
            "InvalidTemplateDataException",
        ),
    ),
    rule(
        R.TEMPLATE_INVALID,
        f"{_V1}; {_V2}",
        text=r"template.{0,80}(?:(?:not|n.t) exist|not found|invalid|pars)|no template named"
        r"|rendering data|rendering (?:attribute|parameter)",
    ),
    rule(
        R.MESSAGE_TOO_LARGE,
        "SES developer guide, service quotas: message size",
        text=TOO_LARGE
        + r"|(?:message|mail) (?:length|size).{0,30}(?:more than|exceed|greater|larger|limit)"
        r"|exceeds?.{0,30}(?:message|maximum).{0,10} size|larger than .{0,30}bytes",
    ),
    rule(
        R.ATTACHMENT_REJECTED,
        "SES developer guide, unsupported attachment types",
        text=r"illegal filename|(?:unsupported|prohibited|blocked) (?:attachment|file)|attachment",
    ),
    rule(
        R.RECIPIENT_SUPPRESSED,
        "SES developer guide, global and account-level suppression lists",
        text=r"address(?:es)? (?:is |are |was |were )?(?:black|block)-?list|suppression list"
        r"|(?:address|recipient)s?\b.{0,30}\bsuppressed",
    ),
    rule(
        R.CONTENT_REJECTED,
        "SES developer guide: every mail is scanned for viruses",
        text=r"virus|malware|malicious|bad content|\bspam\b(?!.{0,20}list)",
        name=("MessageRejected", "MESSAGE_REJECTED"),
    ),
    rule(
        R.SENDER_INVALID,
        "SES API v1 reference, SendRawEmail",
        text=r"(?:missing|invalid|no|duplicate)[\w ]{0,24}['\"]?\b(?:from|sender|source"
        r"|mail from)\b['\"]?"
        r"(?: header| address|\.|$)",
    ),
    rule(
        R.RECIPIENT_INVALID,
        f"{_V1}: the address that the message names is one of the recipients",
        field=r"^address:to$",
        name=("InvalidParameterValue", "BadRequestException", "ValidationError"),
    ),
    rule(
        R.MESSAGE_INVALID,
        f"{_AWS}; {_V2}",
        name=(
            *("InvalidParameterValue", "InvalidParameter", "INVALID_PARAMETER"),
            *("INVALID_PARAMETER_VALUE", "InvalidParameterCombination", "ValidationError"),
            *("ValidationException", "MissingParameter", "MalformedQueryString"),
            *("BadRequestException", "SerializationException", "MalformedInput"),
            *("InvalidQueryParameter", "ParamValidationError", "MultipleValidationErrors"),
        ),
    ),
    rule(
        R.MESSAGE_INVALID,
        "SES developer guide, SMTP issues: headers that it cannot parse",
        text=r"transaction failed: (?:expected|duplicate|missing|invalid|illegal|empty)"
        r"|transaction failed: .{0,40}\bcontains (?:illegal|control)|duplicate header",
    ),
    rule(
        R.IN_PROGRESS,
        f"{_AWS}; {_V2}",
        name=("ConcurrentModificationException", "ConflictException"),
    ),
    rule(
        R.PROVIDER_UNAVAILABLE,
        f"{_AWS}; {_V2}",
        name=(
            *("InternalFailure", "InternalServerError", "InternalServiceError"),
            *("InternalServiceErrorException", "InternalServiceException", "ServiceUnavailable"),
            *("ServiceUnavailableException", "TRANSIENT_FAILURE", "TransientFailure"),
        ),
    ),
    rule(
        R.CONNECTION_FAILED,
        f"{_SDK}: connect failures of botocore, whose cause is hidden",
        error="EndpointConnectionError",
    ),
    rule(
        R.UNKNOWN,
        f"{_V1}; {_V2}: rejected or failed, and the words that say why were lost",
        name=("MessageRejected", "MESSAGE_REJECTED", "FAILED"),
        channel=("http", "sdk", "exception"),
    ),
)

_EVENTS_POSTED: Final = (
    rule(
        R.RECIPIENT_SUPPRESSED,
        _EVENTS,
        mark=(
            *("bouncesubtype=suppressed", "bouncesubtype=onaccountsuppressionlist"),
            *("bouncesubtype=unsubscribedrecipient", "complaintsubtype=onaccountsuppressionlist"),
        ),
    ),
    rule(
        R.COMPLAINED,
        _EVENTS,
        mark=("notificationtype=complaint", "eventtype=complaint"),
    ),
    rule(R.CONTENT_REJECTED, _EVENTS, mark="eventtype=reject"),
    rule(
        R.TEMPLATE_INVALID,
        _EVENTS,
        mark=("eventtype=rendering failure", "eventtype=renderingfailure"),
    ),
    rule(
        R.MAILBOX_FULL,
        _EVENTS,
        mark=("bouncesubtype=mailboxfull", "delaytype=mailboxfull"),
    ),
    rule(R.MESSAGE_TOO_LARGE, _EVENTS, mark="bouncesubtype=messagetoolarge"),
    rule(R.CONTENT_REJECTED, _EVENTS, mark="bouncesubtype=contentrejected"),
    rule(R.ATTACHMENT_REJECTED, _EVENTS, mark="bouncesubtype=attachmentrejected"),
    rule(R.MAILBOX_NOT_FOUND, _EVENTS, mark="bouncesubtype=noemail"),
    rule(
        R.SENDER_BLOCKED,
        f"{_EVENTS}: the sending IP is blocked, unnamed or known for spam at the receiver",
        mark=(
            *("delaytype=ipfailure", "delaytype=spamdetected"),
            "delaytype=byoiphostnamelookupunavailable",
        ),
    ),
    rule(
        R.PROVIDER_UNAVAILABLE,
        f"{_EVENTS}: the delay is inside SES",
        mark="delaytype=internalfailure",
    ),
    rule(
        R.RECEIVER_UNAVAILABLE,
        _EVENTS,
        mark=(
            *("delaytype=recipientservererror", "delaytype=transientcommunicationfailure"),
            "bouncesubtype=customtimeoutexceeded",
        ),
    ),
)

TABLE: Final = Table("ses", (*events(*_EVENTS_POSTED), *answers(*_CREDENTIALS, *_ACCOUNT, *_MAIL)))
