"""The vocabulary that mail APIs share: what they say of an account, a key, a sender, a mail.

They differ in shape and hardly in words. These rows are asked when no provider's own rule fits.
"""

from typing import Final

from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Rule, rule

__all__ = ["ACCOUNT", "KEY_AND_SENDER", "LAST", "MAIL"]

R = Reason

_API: Final = ("http", "sdk", "exception")
_WORDS: Final = "vocabulary that mail APIs share"
_NAMES: Final = "error names that mail APIs share"

ACCOUNT: Final[tuple[Rule, ...]] = (
    rule(
        R.CLOCK_SKEW,
        "AWS Signature Version 4, TC3-HMAC-SHA256, RFC 7519 section 4.1: times in a signature",
        channel=_API,
        text=r"signature (?:has |is )?(?:expired|not yet (?:valid|current))"
        r"|(?:time|clock).{0,20}(?:skew|too (?:far|large)|drift)|requesttimetooskewed"
        r"|timestamp.{0,40}(?:expired|invalid|range|window|too old|future)"
        r"|reasonable timeframe|token used (?:too early|before issued)|system time",
    ),
    rule(
        R.CREDENTIALS_MISSING,
        _NAMES,
        name=(
            "missing_api_key",
            "missing_token",
            "missing_authorization",
            "no_auth",
            "missingauthenticationtoken",
            "credentials_missing",
        ),
    ),
    rule(
        R.CREDENTIALS_MISSING,
        _WORDS,
        channel=_API,
        text=r"(?:missing|no|without|absent|empty)(?: (?:an?|the|your|valid"
        r"|or))* ?(?:api[-_ ]?(?:key|token)|auth(?:entication|orization)?[-_ ]?(?:header|token"
        r"|key|information|credentials)?|credentials|access token|bearer token|login)\b"
        r"|(?:api[-_ ]?(?:key|token)|authorization(?: header)?|credentials"
        r"|access token).{0,30}(?:missing|undefined|required(?! \w*(?:scope|perm|role|access))"
        r"|empty|not (?:defined|provided|supplied|set|found in|specified|present))|(?:make sure"
        r"|ensure|check)\b.{0,24}api[-_ ]?(?:key|token).{0,8} (?:set|present|provided|configured"
        r"|defined)\b|(?:missing|unable to (?:locate|find|load)) credentials",
        status=(0, 400, 401, 403, 422),
    ),
    rule(
        R.ACCOUNT_SUSPENDED,
        _NAMES,
        name=(
            "account_suspended",
            "account_disabled",
            "account_inactive",
            "user_suspended",
            "suspended",
            "sending_disabled",
            "account_blocked",
            "account_locked",
        ),
    ),
    rule(
        R.ACCOUNT_SUSPENDED,
        _WORDS,
        channel=_API,
        text=r"\b(?:account|user|project|server|subaccount|workspace|sending|tenant"
        r"|organi[sz]ation|api key|stream)\b.{0,40}\b(?:suspended|disabled|deactivated|paused"
        r"|locked|frozen|blocked|banned|under review|on hold|inactive|closed"
        r"|pending verification|not (?:yet )?(?:been )?(?:active|activated|approved|enabled))\b"
        r"|\b(?:suspended|disabled|deactivated|paused)\b.{0,20}\baccount"
        r"|pending (?:approval|review|activation)"
        r"|payment (?:is )?(?:overdue|failed|past due)|unpaid (?:invoice|bill)|欠费"
        r"|账[号户].{0,10}(?:冻结|停用|封禁)",
    ),
    rule(
        R.SANDBOX_RESTRICTED,
        _WORDS,
        channel=_API,
        text=r"\b(?:sandbox|trial|test(?:ing)? mode|demo) ?(?:mode|account|domain|subdomain"
        r"|plan)?\b.{0,120}(?:only|restrict|limit|not allowed|cannot|authorized recipients"
        r"|verified)|authorized recipients|only send (?:test|testing"
        r"|to (?:your own|verified))|(?:free|trial) (?:account|plan)s? can only send to",
    ),
    rule(
        R.QUOTA_EXCEEDED,
        _NAMES,
        name=(
            "quota_exceeded",
            "daily_quota_exceeded",
            "monthly_quota_exceeded",
            "not_enough_credits",
            "insufficient_credits",
            "credits_exhausted",
            "daily_limit_exceeded",
            "monthly_limit_exceeded",
            "limit_exceeded",
            "plan_limit_exceeded",
            "insufficient_balance",
        ),
    ),
    rule(
        R.QUOTA_EXCEEDED,
        _WORDS,
        channel=_API,
        text=r"quota|(?:daily|monthly|hourly|weekly|yearly|per[- ](?:day|month|hour)|plan"
        r"|subscription|free tier|sending)[ -](?:\w+[ -]){0,2}?(?:limit|allowance|cap"
        r"|maximum)|limit (?:for|of) (?:today|the day|this month|your plan|the month)"
        r"|(?:not enough|insufficient|no|out of|exceeded|run out of"
        r"|maximum) (?:\w+ )?(?:credits?|balance|funds)|credits? (?:exhausted|exceeded"
        r"|depleted|used up|expired)|limit \((?:hourly|daily|monthly)\)|余额不足|额度|配额",
    ),
    rule(
        R.RATE_LIMITED,
        _NAMES,
        name=(
            "rate_limit_exceeded",
            "rate_limited",
            "too_many_requests",
            "throttled",
            "throttling",
            "throttlingexception",
            "toomanyrequestsexception",
            "rate_limit_error",
            "ratelimitexceeded",
            "requestlimitexceeded",
        ),
    ),
    rule(
        R.RATE_LIMITED,
        _WORDS,
        channel=_API,
        text=r"too many (?:requests|connections|messages|emails|attempts)|rate[- _]?limit|throttl"
        r"|slow down|requests? per (?:second|minute)|sending too (?:fast|quickly)|过于频繁"
        r"|限流",
    ),
)

KEY_AND_SENDER: Final[tuple[Rule, ...]] = (
    rule(
        R.CREDENTIALS_RESTRICTED,
        _WORDS,
        channel=_API,
        text=r"(?:ip(?: address)?|host)\b.{0,40}(?:not (?:in|on|allowed|authorized|white-?listed)"
        r"|unauthori[sz]ed|unrecogni[sz]ed|denied|restricted)"
        r"|not (?:an? )?(?:allowed|white-?listed|authorized) ip"
        r"|(?:api key|token|key|user|permission|scope|role"
        r"|policy).{0,60}(?:not (?:have|allow|permit|authorized|grant)|n.t have|lacks?"
        r"|missing|insufficient|restricted|limited|required)[^.]{0,60}(?:permission|scope"
        r"|access|perform|action|resource|to send|privilege|only)"
        r"|(?:insufficient|missing|lacks?|required|no) (?:\w+ )?(?:permissions?|scopes?"
        r"|privileges?)|permission[ _](?:denied|error)|access denied"
        r"|not authorized to (?:perform|access|use|do)|restricted (?:api )?key"
        r"|forbidden for this (?:key|token)|权限不足|无权限|没有权限",
        status=(0, 400, 401, 403, 422),
    ),
    rule(
        R.SENDER_UNVERIFIED,
        _NAMES,
        name=(
            "domain_not_verified",
            "sender_not_verified",
            "unverified_sender",
            "domain_not_found",
            "sender_not_found",
            "from_domain_not_verified",
            "identity_not_verified",
        ),
    ),
    rule(
        R.SENDER_UNVERIFIED,
        _WORDS,
        channel=_API,
        text=r"(?:domain|sender|from|identity|address|signature)\b.{0,80}(?:not |n.t "
        r"|un)(?:been |yet |be |a )?(?:verif|validat|confirm|authenticat|authori[sz]|regist"
        r"|configured|approved|set up|found|exist|belong|own)|(?:domain|sender|identity"
        r"|address)\b.{0,60}(?:pend|await)\w* (?:\w+ )?(?:verif|confirm|dns)|(?:verify|validate"
        r"|authenticate|confirm|register) (?:your|the|this|a) (?:sender|sending"
        r"|from)? ?(?:domain|address|identity|email)|(?:(?:un|not an? )(?:verified|confirmed"
        r"|authori[sz]ed|registered)|unknown|invalid) (?:sender|sending|from)(?: domain| address"
        r"| identity)?\b|not (?:allowed|authorized|permitted) to send (?:\w+ )?(?:from|as"
        r"|on behalf)|发信(?:域名|地址).{0,12}(?:未|不存在|没有)",
    ),
    rule(
        R.CREDENTIALS_INVALID,
        _NAMES,
        name=(
            "invalid_api_key",
            "invalid_token",
            "invalid_credentials",
            "unauthorized",
            "authentication_error",
            "authentication_failed",
            "invalid_grant",
            "unauthenticated",
            "bad_credentials",
            "expired_token",
            "token_expired",
            "revoked_api_key",
            "expired_api_key",
            "not_authenticated",
        ),
    ),
    rule(
        R.CREDENTIALS_INVALID,
        _WORDS,
        channel=_API,
        text=r"(?:api[-_ ]?(?:key|token)|access[-_ ]?(?:key|token)|bearer|token|credentials?"
        r"|secret|password|username|signature|jwt|basic auth\w*"
        r"|authorization)\b.{0,40}(?:invalid|not (?:valid|recogni[sz]ed|found|exist|match"
        r"|correct|accepted)|incorrect|wrong|malformed|expired|revoked|unknown|rejected"
        r"|mismatch|n.t (?:exist|match))|(?:invalid|wrong|incorrect|bad|unknown|expired"
        r"|malformed|unrecogni[sz]ed) (?:\w+ )?(?:api[-_ ]?(?:key|token)"
        r"|access[-_ ]?(?:key|token)|token|credentials?|key|signature|password|login"
        r"|authentication|authorization)|(?:authentication|authorization"
        r"|login) (?:has )?(?:failed|failure|error|invalid|unsuccessful)"
        r"|failed to authenticate|(?:could not|unable to|cannot|couldn.t"
        r"|can.t) (?:be )?authenticated?\b|unauthori[sz]ed\b",
        status=(0, 400, 401, 403, 422, 500),
    ),
)

MAIL: Final[tuple[Rule, ...]] = (
    rule(
        R.IN_PROGRESS,
        _NAMES,
        name=(
            "concurrent_idempotent_requests",
            "resource_locked",
            "idempotency_in_progress",
            "conflict_in_progress",
            "request_in_progress",
        ),
    ),
    rule(
        R.IN_PROGRESS,
        "IETF draft Idempotency-Key: a first request still runs",
        channel=_API,
        text=r"(?:original|previous|another|first|same|concurrent) request.{0,40}(?:in progress"
        r"|running|process|pending|outstanding)|(?:already|still|currently) (?:in progress"
        r"|being processed|processing)|resource (?:is )?locked",
    ),
    rule(
        R.IDEMPOTENCY_CONFLICT,
        _NAMES,
        name=(
            "invalid_idempotent_request",
            "idempotency_error",
            "idempotency_conflict",
            "idempotency_key_reused",
        ),
    ),
    rule(
        R.IDEMPOTENCY_CONFLICT,
        "IETF draft Idempotency-Key: same key, other payload",
        channel=_API,
        text=r"idempoten\w*.{0,80}(?:different|another|other|mismatch|modified"
        r"|already (?:been )?used|reused|not match)",
    ),
    rule(
        R.RECIPIENT_SUPPRESSED,
        _WORDS,
        channel=_API,
        text=r"suppress|unsubscribed|opted[- ]out|(?:previously|hard)[- ]bounced|bounce list"
        r"|blocked (?:recipient|contact)|inactive recipient|do[- ]not[- ](?:email|contact)"
        r"|blacklisted (?:recipient|contact|email)|退订",
    ),
    rule(
        R.SENDER_BLOCKED,
        _WORDS,
        channel=_API,
        text=r"(?:domain|sender|ip)\b.{0,30}(?:blacklist|blocklist|black-?listed|block-?listed"
        r"|reputation)",
    ),
    rule(
        R.TEMPLATE_INVALID,
        _WORDS,
        channel=_API,
        text=r"template|(?:substitution|merge|personali[sz]ation|handlebars|mustache"
        r"|liquid)\b.{0,60}(?:invalid|missing|error|fail|undefined)"
        r"|rendering (?:data|error|failed)|模板",
    ),
    rule(
        R.MESSAGE_TOO_LARGE,
        _WORDS,
        channel=_API,
        text=r"too (?:large|big)|(?:size|length|total|bytes|mb)\b.{0,40}(?:exceed|over|limit"
        r"|maximum|larger|greater)|exceed\w*.{0,40}(?:size|bytes|\d ?mb|megabyte)"
        r"|maximum (?:message|email|request|payload|content|attachment)s? (?:size|length)"
        r"|超过.{0,10}(?:大小|限制)",
    ),
    rule(
        R.ATTACHMENT_REJECTED,
        _WORDS,
        channel=_API,
        text=r"attachment|file ?(?:type|name|extension)|mime ?type.{0,20}(?:not|invalid|unsupport)"
        r"|base64|附件",
    ),
    rule(
        R.CONTENT_REJECTED,
        _WORDS,
        channel=_API,
        text=r"\bspam\b|phishing|malware|virus|malicious|prohibited (?:content|link)"
        r"|content.{0,30}(?:reject|violat|policy|forbidden|illegal|prohibited)|敏感|违规"
        r"|垃圾邮件",
    ),
    rule(R.SENDER_INVALID, _NAMES, field=r"^(?:from|sender)\b|\.(?:from|sender)\b"),
    rule(
        R.SENDER_INVALID,
        _WORDS,
        channel=_API,
        status=(0, 200, 400, 422),
        text=r"[`'\"“](?:from|sender)(?:[._]?(?:email|address))?[`'\"”]"
        r"|\b(?:invalid|missing|malformed|empty|bad) (?:the )?(?:from|sender)\b"
        r"|\b(?:from|sender)(?: email)?(?: address| field| parameter| value)?:? (?:is "
        r"|was )?(?:invalid|missing|required|not (?:a )?valid|malformed|empty"
        r"|cannot be (?:blank|empty|null)|must)",
    ),
    rule(
        R.RECIPIENT_INVALID,
        _NAMES,
        field=r"^(?:to|cc|bcc|recipients?|email)\b|\.(?:to|cc|bcc|recipients?)\b|\bto[\[.]",
    ),
    rule(
        R.RECIPIENT_INVALID,
        _WORDS,
        channel=_API,
        status=(0, 200, 400, 422),
        text=r"[`'\"“](?:to|cc|bcc|recipients?)(?:[.\[]\d+\]?)?(?:[._]?(?:email|address))?[`'\"”]"
        r"|\b(?:invalid|malformed|bad|illegal) (?:the )?(?:to|cc|bcc|recipients?"
        r"|e-?mail address|address)\b"
        r"|\b(?:to|cc|bcc|recipient)s?(?: email)?(?: address(?:es)?| field"
        r"| parameter)?:? (?:is |are |was )?(?:invalid|not (?:a )?valid|malformed)"
        r"|not a valid e-?mail|收件人.{0,10}(?:无效|不合法|错误)",
    ),
    rule(
        R.CONFIGURATION_INVALID,
        _WORDS,
        channel=_API,
        text=r"\b(?:region|endpoint|route|path|url|api version|configuration set|ip pool"
        r"|message ?stream)\b.{0,40}(?:not (?:exist|found|valid|supported|allowed)|n.t exist"
        r"|invalid|unknown|unsupported)|(?:invalid|unknown|wrong|unsupported"
        r"|no such) (?:region|endpoint|route|path|url|api version)|unrecognized request"
        r"|method (?:is )?not (?:allowed|supported)|unsupported media type"
        r"|content-type (?:must|header|is not)",
    ),
)

# What is left when neither finer words nor the status said anything: a client that lost both.
LAST: Final[tuple[Rule, ...]] = (
    rule(
        R.MESSAGE_INVALID,
        _WORDS,
        channel=_API,
        text=r"(?:missing|invalid|required|unknown|unexpected|unsupported"
        r"|malformed)\b.{0,40}(?:field|parameter|property|argument|header|value|body|json"
        r"|subject|tag)|(?:field|parameter|property|argument|subject|body|header"
        r"|tag)s?\b.{0,40}(?:missing|invalid|required|malformed|not allowed|must|too long"
        r"|control char|newline)|validation (?:error|failed)",
    ),
    rule(
        R.PROVIDER_UNAVAILABLE,
        _WORDS,
        channel=_API,
        text=r"internal (?:server )?error"
        r"|(?:service|server|system) (?:is )?(?:temporarily )?(?:unavailable|busy|overloaded"
        r"|down)|temporar(?:y|ily) (?:problem|unavailable|failure|error)|maintenance"
        r"|unexpected (?:server )?error|something went wrong|系统(?:错误|繁忙)"
        r"|服务(?:不可用|繁忙)",
    ),
)
