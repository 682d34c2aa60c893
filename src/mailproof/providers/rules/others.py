"""Rules for providers without a table of their own, told apart by their structure.

SparkPost, Mailjet, Mailchimp Transactional (Mandrill), SMTP2GO, Elastic Email, ZeptoMail, Azure
Communication Services, Microsoft Graph, Gmail, SendCloud. What all of them phrase alike (a key, a
domain, a quota) is read by words behind it, in `plain.py`.
"""

from typing import Final

from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Rule, Table, answers, events, rule
from mailproof.providers.rules import plain

__all__ = ["TABLE"]

R = Reason

_SPARKPOST: Final = "SparkPost support, extended error codes"
_SPARKPOST_EVENTS: Final = "SparkPost events reference"
_MAILJET: Final = "Mailjet Send API v3.1 guide, send errors"
_MAILJET_EVENTS: Final = "Mailjet Event API, bounce and blocked errors"
_MANDRILL: Final = "Mailchimp Transactional API reference, errors and reject reasons"
_SMTP2GO: Final = "SMTP2GO API reference, error codes"
_ELASTIC: Final = "Elastic Email API, message categories"
_ZEPTO: Final = "ZeptoMail API, error codes"
_AZURE: Final = "Azure Communication Services Email, error codes and delivery reports"
_GRAPH: Final = "Microsoft Graph and Exchange error codes"
_GMAIL: Final = "Gmail API, resolve errors"
_SENDCLOUD: Final = "SendCloud (搜狐) API 2.0, return codes"


def _sparkpost(reason: Reason, *codes: str) -> Rule:
    return rule(reason, _SPARKPOST, mark=[f"code={code}" for code in codes])


_SPARKPOST_ANSWERS: Final = (
    _sparkpost(R.SENDER_BLOCKED, "7000"),
    rule(
        R.SENDER_INVALID,
        f"{_SPARKPOST}: 7001 for a From without a domain",
        mark="code=7001",
        text=r"no (?:sending |from )?domain (?:was )?(?:specif|given|found)",
    ),
    _sparkpost(R.SENDER_UNVERIFIED, "7001"),
    _sparkpost(R.CREDENTIALS_RESTRICTED, "1100", "1303", "1304"),
    _sparkpost(R.ACCOUNT_SUSPENDED, "1601"),
    rule(
        R.TEMPLATE_INVALID,
        f"{_SPARKPOST}: 1600 with the template in its description",
        mark=("code=1600", "code=1603", "code=2000"),
        text=r"template",
    ),
    _sparkpost(R.CONFIGURATION_INVALID, "1101", "1102", "1103", "1600", "1603", "1910"),
    _sparkpost(R.QUOTA_EXCEEDED, "2101", "2102"),
    _sparkpost(R.SANDBOX_RESTRICTED, "2103", "2106"),
    _sparkpost(
        R.TEMPLATE_INVALID, "2004", "2005", "3000", "3001", "3010", "3020", "3040", "3050", "1901"
    ),
    _sparkpost(R.MESSAGE_TOO_LARGE, "10001"),
    _sparkpost(R.RECIPIENT_INVALID, "5002"),
    rule(
        R.RECIPIENT_SUPPRESSED,
        f"{_SPARKPOST}: 1902 with the list in its description",
        mark="code=1902",
        text=r"suppress",
    ),
    _sparkpost(R.CONTENT_REJECTED, "1902"),
    _sparkpost(R.PROVIDER_UNAVAILABLE, "1500", "1501", "1502", "1900"),
    _sparkpost(R.IN_PROGRESS, "1602", "2003", "2006"),
    rule(
        R.RECIPIENT_INVALID,
        _SPARKPOST,
        mark=("code=1300", "code=1400"),
        text=r"\brecipients?\b|address\.email",
    ),
    rule(
        R.SENDER_INVALID,
        _SPARKPOST,
        mark=("code=1300", "code=1400"),
        text=r"\bfrom\b",
    ),
    _sparkpost(
        R.MESSAGE_INVALID,
        *("1200", "1300", "1301", "1305", "1400", "1401", "1700", "1800", "2001", "2002", "3002"),
        *("10000", "10002"),
    ),
)

_MAILJET_ANSWERS: Final = (
    rule(
        R.CREDENTIALS_INVALID,
        "Mailjet API guide, authentication",
        text=r"api key (?:authentication|.{0,30}authorization) failure",
    ),
    rule(R.SENDER_UNVERIFIED, f"{_MAILJET}: send-0008 sender not validated", name="send-0008"),
    rule(R.ACCOUNT_SUSPENDED, f"{_MAILJET}: the key is blocked", name=("mj-0020", "send-0007")),
    rule(
        R.ACCOUNT_SUSPENDED,
        f"{_MAILJET}: the words tell a blocked account from a wrong key",
        name=("mj-0001", "mj-0015"),
        text=r"account\b.{0,40}(?:block|suspend|disabl|inactiv)|issue with your account",
    ),
    rule(R.CREDENTIALS_RESTRICTED, f"{_MAILJET}: mj-0002 no right for this", name="mj-0002"),
    rule(R.TEMPLATE_INVALID, _MAILJET, name=("mj-0017", "send-0011", "send-0012", "mj-0037")),
    rule(R.MESSAGE_TOO_LARGE, _MAILJET, name=("mj-0018", "mj-0032")),
    rule(R.ATTACHMENT_REJECTED, _MAILJET, field=r"attachments?\b|attached"),
    rule(
        R.TEMPLATE_INVALID,
        _MAILJET,
        name=("mj-0013", "mj-0003", "mj-0004", "send-0010"),
        field=r"template|variables",
    ),
    rule(
        R.RECIPIENT_INVALID,
        _MAILJET,
        field=r"^(?:to|cc|bcc)\[?\d*\]?\.?email$|^(?:messages\[?\d*\]?\.)?(?:to|cc|bcc)\[\d+\]",
    ),
    rule(
        R.SENDER_INVALID,
        _MAILJET,
        name=("mj-0013", "mj-0003", "send-0003"),
        field=r"^(?:from|sender)\b",
    ),
    rule(
        R.MESSAGE_INVALID,
        _MAILJET,
        name=(
            *("send-0003", "send-0001", "send-0002", "send-0004", "send-0010", "mj-0001"),
            *("mj-0003", "mj-0004", "mj-0005", "mj-0006", "mj-0010", "mj-0013", "mj-0014"),
        ),
    ),
)

_MANDRILL_ANSWERS: Final = (
    rule(R.CREDENTIALS_INVALID, _MANDRILL, name="invalid_key"),
    rule(
        R.ACCOUNT_SUSPENDED,
        _MANDRILL,
        name=("paymentrequired", "user_account_suspended"),
    ),
    rule(R.ACCOUNT_SUSPENDED, _MANDRILL, mark="queued_reason=account-suspended"),
    rule(
        R.CONFIGURATION_INVALID,
        _MANDRILL,
        name=("unknown_subaccount", "poolnotfound", "unknown_pool"),
    ),
    rule(R.TEMPLATE_INVALID, _MANDRILL, name=("unknown_template", "invalid_template")),
    rule(R.PROVIDER_UNAVAILABLE, _MANDRILL, name=("generalerror", "service_unavailable")),
    rule(
        R.RECIPIENT_SUPPRESSED,
        f"{_MANDRILL}: 200 with a rejected recipient",
        mark=(
            *("reject_reason=hard-bounce", "reject_reason=soft-bounce", "reject_reason=spam"),
            *("reject_reason=unsub", "reject_reason=custom", "reject_reason=unsubscribed"),
        ),
    ),
    rule(R.RECIPIENT_INVALID, _MANDRILL, mark=("reject_reason=invalid", "status=invalid")),
    rule(
        R.SENDER_UNVERIFIED,
        _MANDRILL,
        mark=("reject_reason=unsigned", "reject_reason=invalid-sender"),
    ),
    rule(R.SANDBOX_RESTRICTED, _MANDRILL, mark="reject_reason=test-mode-limit"),
    rule(
        R.CONTENT_REJECTED, _MANDRILL, mark=("reject_reason=rule", "reject_reason=recipient-spam")
    ),
    rule(R.MESSAGE_INVALID, _MANDRILL, name="validationerror", mark=("code=-2", "status=error")),
)

_MICROSOFT_AND_GOOGLE: Final = (
    rule(
        R.SENDER_UNVERIFIED,
        _AZURE,
        name=("DomainNotLinked", "SenderNotFound", "InvalidSenderUserName", "DomainNotVerified"),
    ),
    rule(R.SENDER_INVALID, _AZURE, name="InvalidSenderAddress"),
    rule(
        R.CREDENTIALS_INVALID, _GRAPH, name=("InvalidAuthenticationToken", "TokenExpired", "Denied")
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        _GRAPH,
        name=(
            *(
                "ErrorAccessDenied",
                "Authorization_RequestDenied",
                "unauthorized_client",
                "AccessDenied",
            ),
            *("ApplicationAccessPolicyDenied", "insufficientPermissions", "forbidden"),
            *("ACCESS_TOKEN_SCOPE_INSUFFICIENT", "accessNotConfigured"),
        ),
    ),
    rule(
        R.ACCOUNT_SUSPENDED,
        _GRAPH,
        name=(
            "MailboxNotEnabledForRESTAPI",
            "ErrorAccountSuspend",
            "ErrorMessageSubmissionBlocked",
        ),
    ),
    rule(
        R.SENDER_UNVERIFIED,
        _GRAPH,
        name=("ErrorInvalidUser", "ErrorNonExistentMailbox", "ErrorSendAsDenied"),
    ),
    rule(
        R.QUOTA_EXCEEDED,
        f"{_GRAPH}; {_GMAIL}",
        name=(
            *("ErrorExceededMessageLimit", "dailyLimitExceeded"),
            *("quotaExceeded", "ErrorQuotaExceeded"),
        ),
    ),
    rule(
        R.RATE_LIMITED,
        f"{_GRAPH}; {_GMAIL}",
        name=(
            *(
                "ApplicationThrottled",
                "TooManyRequests",
                "userRateLimitExceeded",
                "activityLimitReached",
            ),
            *("rateLimitExceeded", "RESOURCE_EXHAUSTED", "MailboxConcurrency", "ErrorServerBusy"),
        ),
    ),
    rule(R.MESSAGE_TOO_LARGE, _GRAPH, name=("ErrorMessageSizeExceeded", "RequestEntityTooLarge")),
    rule(R.RECIPIENT_INVALID, _GRAPH, name=("ErrorInvalidRecipients", "InvalidRecipients")),
    rule(R.RECIPIENT_SUPPRESSED, _AZURE, name="EmailDroppedAllRecipientsSuppressed"),
    rule(
        R.PROVIDER_UNAVAILABLE,
        _GRAPH,
        name=("ErrorInternalServerError", "ErrorMailboxStoreUnavailable"),
    ),
)

_REST: Final = (
    rule(R.CREDENTIALS_INVALID, _ZEPTO, name="SERR_157"),
    rule(R.CREDENTIALS_INVALID, _SENDCLOUD, mark="statuscode=40005"),
    rule(
        R.CREDENTIALS_RESTRICTED,
        f"{_ZEPTO}; {_SMTP2GO}",
        name=("SERR_156", "E_ApiResponseCodes.ENDPOINT_PERMISSION_DENIED"),
    ),
    rule(R.ACCOUNT_SUSPENDED, _ZEPTO, name="AE_101"),
    rule(R.QUOTA_EXCEEDED, _ZEPTO, name=("LE_101", "LE_102", "SMI_115")),
    rule(R.SANDBOX_RESTRICTED, f"{_ZEPTO}: until the account is reviewed", name="SM_133"),
    rule(R.TEMPLATE_INVALID, _ZEPTO, name="MTR_101"),
    rule(R.ATTACHMENT_REJECTED, _ZEPTO, name=("SM_120", "UE_106")),
    rule(R.SENDER_UNVERIFIED, _ZEPTO, name="SM_111"),
)

# The code only says that some field is wrong; the words, asked before, often say which.
_LAST: Final = (
    rule(
        R.MESSAGE_INVALID,
        f"{_ZEPTO}; {_SMTP2GO}",
        name=(
            "TM_3201",
            "GE_102",
            "TM_3301",
            "SM_101",
            "E_ApiResponseCodes.NON_VALIDATING_IN_PAYLOAD",
        ),
    ),
)

_POSTED: Final = (
    rule(R.RECIPIENT_SUPPRESSED, _AZURE, mark="status=suppressed"),
    rule(R.CONTENT_REJECTED, _AZURE, mark=("status=filteredspam", "status=quarantined")),
    rule(
        R.COMPLAINED,
        "events of complaint, as these providers name them",
        mark=(
            *("type=spam_complaint", "event=spam", "event=complaint", "event=complained"),
            *("status=abusereport", "type=email.complained", "event=spam_complaint"),
            *("type=complaint", "event=email.complained", "type=spam", "eventtype=complaint"),
        ),
    ),
    rule(
        R.RECIPIENT_SUPPRESSED,
        _SPARKPOST_EVENTS,
        mark=(
            "type=policy_rejection",
            "type=generation_rejection",
            "bounce_class=25",
            "bounce_class=26",
        ),
        text=r"suppress|customer policy|unsubscri",
    ),
    rule(
        R.RECIPIENT_SUPPRESSED,
        f"{_SPARKPOST_EVENTS}: 90 unsubscribe, 25 administrative failure",
        mark=("bounce_class=90", "bounce_class=25", "bounce_class=26", "category=notdelivered"),
    ),
    rule(
        R.RECIPIENT_DOMAIN_NOT_FOUND,
        f"{_SPARKPOST_EVENTS}: 21 DNS, given up at once",
        mark="bounce_class=21",
        enhanced="5.4.4",
    ),
    rule(R.TEMPLATE_INVALID, _SPARKPOST_EVENTS, mark="type=generation_failure"),
    rule(
        R.SENDER_UNVERIFIED,
        f"{_SPARKPOST_EVENTS}: SparkPost itself refused the From domain",
        mark=("type=policy_rejection", "type=generation_rejection"),
        text=r"(?:unconfigured|unverified) sending domain|domain.{0,40}not (?:been )?verif",
    ),
    rule(
        R.CONTENT_REJECTED,
        _SPARKPOST_EVENTS,
        mark=("type=policy_rejection", "type=generation_rejection"),
    ),
    rule(
        R.RECIPIENT_SUPPRESSED,
        f"{_MAILJET_EVENTS}; {_MANDRILL}",
        mark=(
            *("error=preblocked", "error=duplicate in campaign", "error=blacklisted"),
            *("error=spam reporter", "error=spamreporter", "event=unsub"),
        ),
    ),
    rule(
        R.RECIPIENT_SUPPRESSED, f"{_MANDRILL}; {_SMTP2GO}", mark=("event=reject", "event=rejected")
    ),
    rule(
        R.MAILBOX_NOT_FOUND,
        f"{_MAILJET_EVENTS}; {_MANDRILL}; {_ELASTIC}",
        mark=("error=user unknown", "bounce_description=bad_mailbox", "category=nomailbox"),
    ),
    rule(
        R.MAILBOX_DISABLED,
        f"{_MAILJET_EVENTS}; {_MANDRILL}",
        mark=("error=mailbox inactive", "bounce_description=inactive_mailbox"),
    ),
    rule(
        R.MAILBOX_FULL,
        f"{_MAILJET_EVENTS}; {_MANDRILL}",
        mark=("error=quota exceeded", "bounce_description=mailbox_full", "category=accountproblem"),
    ),
    rule(
        R.RECIPIENT_DOMAIN_NOT_FOUND,
        f"{_MAILJET_EVENTS}; {_MANDRILL}",
        mark=("error=invalid domain", "error=no mail host", "bounce_description=invalid_domain"),
    ),
    rule(
        R.RECIPIENT_INVALID,
        _MAILJET_EVENTS,
        mark=("error=typofix", "error=invalid email", "category=invalid"),
    ),
    rule(
        R.RECIPIENT_REFUSED,
        _MAILJET_EVENTS,
        mark=("error=relay/access denied", "error=policy issue"),
    ),
    rule(
        R.GREYLISTED,
        f"{_MAILJET_EVENTS}; {_ELASTIC}",
        mark=("error=greylisted", "category=greylisted"),
    ),
    rule(
        R.SENDER_BLOCKED,
        f"{_MAILJET_EVENTS}; {_ELASTIC}",
        mark=("error=sender blocked", "category=blacklisted"),
    ),
    rule(
        R.CONTENT_REJECTED,
        f"{_MAILJET_EVENTS}; {_ELASTIC}",
        mark=("error=content blocked", "category=spam"),
    ),
    rule(
        R.SENDER_UNAUTHENTICATED,
        _ELASTIC,
        mark=("category=spf", "category=dkim", "category=dmarc", "category=spfproblem"),
    ),
    rule(
        R.RECEIVER_UNAVAILABLE,
        f"{_MAILJET_EVENTS}; {_ELASTIC}",
        mark=(
            *("category=timeout", "category=connectionproblem", "category=connectionterminated"),
            *("category=dnsproblem", "category=throttled", "error=connection issue"),
            *("error=system issue", "error=protocol issue"),
        ),
    ),
)

TABLE: Final = Table(
    "others",
    (
        *events(*_POSTED),
        *answers(*_SPARKPOST_ANSWERS, *_MAILJET_ANSWERS, *_MANDRILL_ANSWERS),
        *answers(*_MICROSOFT_AND_GOOGLE, *_REST, *plain.RULES, *_LAST),
    ),
)
