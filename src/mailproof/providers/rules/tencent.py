"""Rules for Tencent Cloud SES (腾讯云邮件推送): its error codes and those of all its APIs.

Tencent answers HTTP 200 with `Response.Error`; the code decides, the message may be in Chinese.
"""

from typing import Final

from mailproof.diagnosis.evidence import Origin
from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Table, answers, events, rule

__all__ = ["TABLE"]

R = Reason

_SES: Final = "Tencent Cloud SES API 2020-10-02, error codes"
_ALL: Final = "Tencent Cloud API 3.0, common error codes"
_WORDS: Final = "Tencent Cloud SES, the messages behind its codes"
_CALLBACK: Final = "Tencent Cloud SES, event callbacks"

_GATEWAY: Final = (
    rule(R.CLOCK_SKEW, _ALL, name="AuthFailure.SignatureExpire"),
    rule(
        R.CLOCK_SKEW,
        _ALL,
        text=r"签名.{0,4}过期|signature.{0,12}expire|timestamp.{0,40}(?:expired|five minutes)",
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        _ALL,
        name=(
            *("AuthFailure.UnauthorizedOperation", "UnauthorizedOperation", "IpNotInWhitelist"),
            *("IpInBlacklist", "AuthFailure.MFAFailure", "UnauthorizedOperation.IpNotInWhitelist"),
            *("FailedOperation.NoAttachPermission", "FailedOperation.WithOutPermission"),
        ),
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        _ALL,
        text=r"未授权|无权限|没有.{0,6}权限|not authorized",
    ),
    rule(
        R.CREDENTIALS_INVALID,
        _ALL,
        name=(
            *("AuthFailure.SecretIdNotFound", "AuthFailure.InvalidSecretId", "AuthFailure"),
            *("AuthFailure.SignatureFailure", "AuthFailure.TokenFailure"),
            "AuthFailure.InvalidAuthorization",
        ),
    ),
    rule(
        R.CREDENTIALS_INVALID,
        _ALL,
        text=r"密钥.{0,8}(?:不存在|非法|无效)|secretid.{0,20}not (?:found|exist)",
    ),
    rule(
        R.CREDENTIALS_MISSING,
        "Tencent Cloud SDK sources",
        text=r"secret ?(?:id|key).{0,30}(?:should not be|is) (?:none|empty|null)"
        r"|no (?:valid )?credential",
    ),
    rule(
        R.RATE_LIMITED,
        f"{_ALL}; {_SES}",
        name=(
            *("RequestLimitExceeded", "RequestLimitExceeded.IPLimitExceeded"),
            *("RequestLimitExceeded.UinLimitExceeded", "FailedOperation.FrequencyLimit"),
            "RequestLimitExceeded.GlobalRegionUinLimitExceeded",
        ),
    ),
    rule(
        R.CONFIGURATION_INVALID,
        _ALL,
        name=(
            *(
                "InvalidAction",
                "NoSuchVersion",
                "NoSuchProduct",
                "UnsupportedRegion",
                "UnsupportedProtocol",
            ),
            *(
                "ResourceNotFound",
                "ActionOffline",
                "UnsupportedOperation",
                "FailedOperation.ProtocolCheckErr",
            ),
            "UnknownAction",
        ),
    ),
)

_ACCOUNT: Final = (
    rule(
        R.QUOTA_EXCEEDED,
        _SES,
        name=(
            *("FailedOperation.ExceedSendLimit", "FailedOperation.InsufficientQuota"),
            *("LimitExceeded", "LimitExceeded.ExceedSendLimit"),
        ),
    ),
    rule(
        R.QUOTA_EXCEEDED,
        _WORDS,
        text=r"(?:套餐|资源)包.{0,4}额度|额度不足|(?:当日|每日|当天).{0,8}限制|日.{0,4}上限",
    ),
    rule(R.RATE_LIMITED, _WORDS, text=r"频率(?:限制|控制)|请求(?:的)?次数|发送过多"),
    rule(
        R.ACCOUNT_SUSPENDED,
        _SES,
        name=(
            *("FailedOperation.InsufficientBalance", "FailedOperation.HighRejectionRate"),
            "FailedOperation.AccountFrozen",
        ),
    ),
    rule(
        R.ACCOUNT_SUSPENDED,
        _WORDS,
        text=r"欠费|余额不足|拒信率|账号.{0,6}(?:冻结|封禁|停用)|insufficient balance",
    ),
    rule(
        R.SENDER_UNVERIFIED,
        _SES,
        name=(
            *("OperationDenied.DomainNotVerified", "OperationDenied.SendAddressStatusError"),
            *("FailedOperation.NotAuthenticatedSender", "InvalidParameterValue.NoSuchSender"),
            *("InvalidParameterValue.NotExistDomain", "InvalidParameterValue.InvalidEmailIdentity"),
            "InvalidParameterValue.CreatedByOther",
        ),
    ),
    rule(
        R.SENDER_UNVERIFIED,
        _WORDS,
        text=r"域名.{0,10}(?:未|没有|失败|不存在)|发[信件](?!模板)(?:人|地址|sender"
        r"|域名)?.{0,10}(?:没有|未).{0,6}(?:认证|验证|审核)"
        r"|没有这个发件地址",
    ),
    rule(
        R.RECIPIENT_SUPPRESSED,
        _SES,
        name=(
            *("FailedOperation.EmailAddrInBlacklist", "FailedOperation.ReceiverHasUnsubscribed"),
            "FailedOperation.EmailAddrInBlocklist",
        ),
    ),
    rule(R.RECIPIENT_SUPPRESSED, _WORDS, text=r"黑名单|已退订|blocklist|blacklist|unsubscribed"),
    rule(
        R.RATE_LIMITED,
        f"{_SES}: too much for this mailbox provider, ten minutes of pause",
        name="FailedOperation.TemporaryBlocked",
        says=Origin.RECEIVER,
        retry_after_s=600.0,
    ),
    rule(
        R.RECIPIENT_REFUSED,
        _SES,
        name="FailedOperation.RejectedByRecipients",
        says=Origin.RECEIVER,
    ),
)

_MAIL: Final = (
    rule(R.CONTENT_REJECTED, _SES, name="FailedOperation.IllegalURL"),
    rule(R.CONTENT_REJECTED, _WORDS, text=r"不合规|违规|敏感|垃圾邮件"),
    rule(
        R.MESSAGE_TOO_LARGE,
        _SES,
        name=(
            *("FailedOperation.AttachContentToolarge", "FailedOperation.EmailContentToolarge"),
            "RequestSizeLimitExceeded",
        ),
    ),
    rule(
        R.ATTACHMENT_REJECTED,
        _SES,
        name=(
            *("FailedOperation.InvalidAttachName", "FailedOperation.TooManyAttachments"),
            "InvalidParameterValue.AttachContentIsWrong",
        ),
    ),
    rule(
        R.TEMPLATE_INVALID,
        _SES,
        name=(
            *("FailedOperation.InvalidTemplateID", "FailedOperation.TemplateContentToolarge"),
            *("FailedOperation.WrongContentJson", "InvalidParameterValue.TemplateNotExist"),
            *("OperationDenied.TemplateStatusError", "InvalidParameterValue.TemplateDataError"),
            *(
                "InvalidParameterValue.TemplateDataInconsistent",
                "FailedOperation.ExceedTemplateLimit",
            ),
            *(
                "InvalidParameterValue.TemplateNotMatchData",
                "InvalidParameterValue.InValidTemplateData",
            ),
            *(
                "InvalidParameterValue.TemplateContentIsNULL",
                "InvalidParameterValue.TemplateDataLenLimit",
            ),
            "InvalidParameterValue.TemplateContentIsWrong",
        ),
    ),
    rule(R.TEMPLATE_INVALID, _WORDS, text=r"模板.{0,12}(?:不存在|无效|不可用|未审核|审核)"),
    rule(
        R.SENDER_INVALID,
        _SES,
        name="FailedOperation.IncorrectSender",
    ),
    rule(
        R.RECIPIENT_INVALID,
        _SES,
        name=(
            *("FailedOperation.IncorrectEmail", "InvalidParameterValue.IllegalEmailAddress"),
            *("InvalidParameterValue.ReceiverEmailInvalid", "FailedOperation.UnsupportMailType"),
        ),
    ),
    rule(
        R.RECIPIENT_INVALID,
        _WORDS,
        text=r"(?:收件人?|邮箱|邮件)地址.{0,4}(?:错误|不合法|无效|格式)",
    ),
    rule(R.IN_PROGRESS, _SES, name="OperationDenied.ReceiverIsOperating"),
    rule(
        R.PROVIDER_UNAVAILABLE,
        f"{_ALL}; {_SES}",
        name=(
            *("FailedOperation.ServiceNotAvailable", "InternalError", "ServiceUnavailable"),
            *("InternalError.Timeout", "InternalServerError", "ResourceInsufficient"),
            "ResourceUnavailable",
        ),
    ),
    rule(
        R.MESSAGE_INVALID,
        f"{_ALL}; {_SES}",
        name=(
            *("InvalidParameter", "InvalidParameterValue", "MissingParameter", "UnknownParameter"),
            *("FailedOperation.MissingEmailContent", "FailedOperation.TooManyRecipients"),
            *(
                "InvalidParameterValue.EmailAddressIsNULL",
                "InvalidParameterValue.EmailContentIsWrong",
            ),
            *("InvalidParameterValue.SubjectLengthError", "MissingParameter.EmailsNecessary"),
            *("MissingParameter.SendParamNecessary", "InvalidRequest"),
            *("InvalidParameterValue.IllegalSenderName", "RequestParameterError"),
            *("LimitExceeded.ReceiverDetailRequestLimit", "MissingParameter.ReceiverIdNecessary"),
            *("InvalidParameterValue.BeginTimeBeforeNow", "OperationDenied.ReceiverNotExist"),
            *("OperationDenied.ReceiverStatusError", "LimitExceeded.ExceedReceiverLimit"),
            *("LimitExceeded.ReceiverDetailCountLimit", "InvalidParameterValue.WrongDate"),
        ),
    ),
    rule(
        R.UNKNOWN,
        f"{_ALL}: the family of a code that says no more",
        name=("FailedOperation", "FailedOperation.SendEmailErr", "OperationDenied"),
    ),
)

_POSTED: Final = (
    rule(R.COMPLAINED, _CALLBACK, mark=("event=complaint", "event=spamreport", "event=complained")),
    rule(R.RECIPIENT_SUPPRESSED, _CALLBACK, mark=("event=dropped", "event=unsubscribe")),
)

TABLE: Final = Table("tencent", (*events(*_POSTED), *answers(*_GATEWAY, *_ACCOUNT, *_MAIL)))
