"""Rules for Alibaba Cloud DirectMail (阿里云邮件推送): its API, the POP gateway, its relay."""

from typing import Final

from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Table, answers, events, rule
from mailproof.providers.rules.sizes import TOO_LARGE

__all__ = ["TABLE"]

R = Reason

_API: Final = "DirectMail API reference, SingleSendMail and BatchSendMail error codes"
_PUBLIC: Final = "DirectMail API reference, public error codes"
_POP: Final = "Alibaba Cloud OpenAPI, common error codes"
_EVENTS: Final = "DirectMail user guide, EventBridge and MNS notifications"
_SMTP: Final = "DirectMail user guide, SMTP return codes"

_GATEWAY: Final = (
    rule(
        R.CLOCK_SKEW,
        _POP,
        name=(
            *("InvalidTimeStamp.Expired", "InvalidTimeStamp.Format", "IllegalTimestamp"),
            "InvalidTimeStamp",
        ),
    ),
    rule(
        R.CLOCK_SKEW,
        _POP,
        text=r"time ?stamp .{0,40}(?:expired|is not|out of)|时间戳.{0,12}(?:过期|失效)",
    ),
    rule(
        R.CREDENTIALS_MISSING,
        _POP,
        name=("MissingAccessKeyId", "MissingSecurityToken", "MissingSignature"),
    ),
    rule(
        R.CREDENTIALS_MISSING,
        _POP,
        text=r"access ?key ?(?:id|secret)?.{0,24}(?:mandatory|missing|cannot be (?:null|empty)"
        r"|is required)"
        r"|unable to (?:load|find) credentials",
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        _POP,
        name=("Forbidden", "Forbidden.RAM", "NoPermission", "Forbidden.SubUser"),
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        _POP,
        text=r"not authori[sz]ed to operate|(?:没有|无)权限|未授权操作",
    ),
    rule(
        R.IDEMPOTENCY_CONFLICT,
        f"{_POP}: the same signed request came before, so the mail may be out",
        name="SignatureNonceUsed",
    ),
    rule(
        R.CREDENTIALS_INVALID,
        _POP,
        name=(
            *("InvalidAccessKeyId.NotFound", "InvalidAccessKeyId.Inactive", "InvalidAccessKeyId"),
            *(
                "InvalidAccessKeySecret",
                "SignatureDoesNotMatch",
                "IncompleteSignature",
                "Signature",
            ),
            *("InvalidSecurityToken.Expired", "InvalidSecurityToken.Malformed"),
            *("InvalidSecurityToken.MismatchWithAccessKey", "InvalidSecurityToken"),
            *("Forbidden.AccessKeyDisabled", "InvalidAccessKeyId.Malformed"),
        ),
    ),
    rule(
        R.CREDENTIALS_INVALID,
        _POP,
        text=r"specified access ?key|signature (?:is )?not match"
        r"|access ?key.{0,16}(?:not found|不存在|无效)"
        r"|authentication fail|认证失败",
    ),
    rule(
        R.ACCOUNT_SUSPENDED,
        _POP,
        name=("Forbidden.RiskControl", "Forbidden.UserVerification"),
    ),
    rule(
        R.ACCOUNT_SUSPENDED,
        _POP,
        text=r"欠费|账[号户].{0,10}(?:冻结|禁用|停用|异常|未开通)|实名认证|overdue"
        r"|not (?:been )?activated"
        r"|(?:user|account) .{0,24}(?:frozen|disabled|forbidden|in debt|suspended)",
    ),
    rule(
        R.QUOTA_EXCEEDED,
        _API,
        text=r"(?:daily|day|month\w*|send) ?(?:sending )?(?:quota|limit)"
        r"|quota .{0,16}(?:exceed|used)"
        r"|额度.{0,8}(?:不足|用完|超)|超.{0,6}(?:额度|日限额|日发信)",
    ),
    rule(
        R.RATE_LIMITED,
        _POP,
        name=("Throttling", "Throttling.User", "Throttling.Api"),
    ),
    rule(R.RATE_LIMITED, _POP, text=r"flow control|throttl|too many requests|频率|流控"),
    rule(
        R.CONFIGURATION_INVALID,
        _POP,
        name=(
            *("InvalidAction.NotFound", "InvalidVersion", "NoSuchVersion", "UnsupportedOperation"),
            *("UnsupportedHTTPMethod", "SDK.InvalidRegionId", "InvalidRegionId"),
            *("SDK.EndpointResolvingError", "EndpointNotFound"),
        ),
    ),
)

_MAIL: Final = (
    rule(
        R.SENDER_UNVERIFIED,
        f"{_API}: mailAddress is the sender address in the console, never the recipient",
        name=(
            *("InvalidMailAddress.NotFound", "InvalidMailAddressDomain.Malformed"),
            *("InvalidMailAddressStatus.Malformed", "InvalidDomain.NotFound", "CheckDomain.Failed"),
        ),
    ),
    rule(
        R.SENDER_INVALID,
        f"{_API}: AccountName is the sender address",
        name=(
            *("InvalidMailAddress.Malformed", "InvalidMailAddressName.Malformed"),
            "InvalidAccountName.Malformed",
        ),
    ),
    rule(
        R.SENDER_UNVERIFIED,
        _API,
        text=r"mail ?address (?:does not exist|status|domain)|发信(?:地址"
        r"|域名).{0,16}(?:不存在|未|状态|冻结)",
    ),
    rule(
        R.CONFIGURATION_INVALID,
        f"{_API}: the type of the sender address (trigger or batch) is set in the console",
        name=(
            *("InvalidMailAddressSendType.Malformed", "InvalidReceiver.NotFound"),
            "InvalidIP.NotFound",
        ),
    ),
    rule(
        R.RECIPIENT_SUPPRESSED,
        f"{_API}; {_SMTP} 559 and 563: the library of invalid addresses",
        name=("InvalidToAddress.Spam", "InvalidAddress.Locked"),
    ),
    rule(
        R.RECIPIENT_SUPPRESSED,
        _SMTP,
        text=r"rejected by invalid address|invalid rcptto|无效地址(?:库)?|退订",
    ),
    rule(
        R.RECIPIENT_INVALID,
        _API,
        name=(
            *("InvalidToAddress", "InvalidReceiverName.Malformed"),
            *("EmailFormatError", "EmailLengthError"),
        ),
    ),
    rule(
        R.CONTENT_REJECTED,
        _API,
        name="InvalidSendMail.Spam",
    ),
    rule(R.CONTENT_REJECTED, _SMTP, text=r"spam (?:filter|content)|垃圾邮件|违规内容|敏感词"),
    rule(
        R.TEMPLATE_INVALID,
        _API,
        name=("InvalidTemplate.NotFound", "InvalidTemplateName.Malformed"),
    ),
    rule(
        R.MESSAGE_TOO_LARGE,
        f"{_SMTP}: 557",
        text=TOO_LARGE
        + r"|length of data content|exceeds? .{0,24}(?:size|length)|too (?:large|long)"
        r"|uri string is too long",
    ),
    rule(
        R.SENDER_UNVERIFIED,
        f"{_SMTP}: the From differs from the login",
        text=r"mail from.{0,24}conform with|sender .{0,24}(?:mismatch|differs)",
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        f"{_POP}: a policy on the key's addresses",
        text=r"\bip\b.{0,24}(?:not (?:in|allowed)|policy)|白名单",
    ),
    rule(
        R.PROVIDER_UNAVAILABLE,
        _POP,
        name=("ServiceUnavailable", "InternalError", "InternalServiceError"),
    ),
    rule(
        R.MESSAGE_INVALID,
        _API,
        name=(
            *("InvalidBody", "InvalidSubject.Malformed", "MissingParameter", "InvalidParameter"),
            *("InvalidFromAlias.Malformed", "InvalidReplyAddress.Malformed"),
            *("InvalidReplyAddressAlias.Malformed", "InvalidTag.NotFound"),
        ),
    ),
    rule(
        R.MESSAGE_INVALID,
        _SMTP,
        text=r"number of rcpts|invalid setting|(?:parameter|body|subject)\b.{0,40}(?:mandatory"
        r"|wrongly|not supplied|missing)",
    ),
)

_POSTED: Final = (
    rule(R.COMPLAINED, _EVENTS, mark=("type=dm:feedback:fblreport", "event=complaint")),
    rule(
        R.RECIPIENT_SUPPRESSED, _EVENTS, mark=("type=dm:feedback:unsubscribe", "event=unsubscribe")
    ),
    rule(
        R.RECIPIENT_SUPPRESSED,
        f"{_EVENTS}: DirectMail's library of invalid addresses",
        mark=("type=dm:deliver:fail", "event=deliver"),
        text=r"invalid rcptto|invalid address|无效地址",
    ),
)

TABLE: Final = Table("aliyun", (*events(*_POSTED), *answers(*_GATEWAY, *_MAIL)))
