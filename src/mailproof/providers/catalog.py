"""Who the providers are: their hosts, what gives them away in a paste, how to ask them by hand."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

__all__ = ["PROVIDERS", "UNKNOWN", "Provider", "provider_at", "provider_in", "titled"]


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """One provider. Hosts match with their subdomains. `signs` are regular expressions over the
    lower-case text: class names, header names, error names that no other provider has; `last_sign`
    is a word that also means something else, asked when nobody has a sign. `by_hand`
    asks whether the key works and what the account may send from; variables stand for secrets.
    """

    name: str
    title: str
    title_zh: str = ""
    api_hosts: tuple[str, ...] = ()
    smtp_hosts: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    last_sign: str = ""
    by_hand: str = ""


_BEARER: Final = 'curl -i {url} -H "Authorization: Bearer ${key}"'

_RESEND_NAME: Final = (
    r"\bname['\"]?\s?[:=]\s?['\"](?:validation_error|application_error|not_found|rate_limit_exceeded"
    r"|missing_required_field|internal_server_error|invalid_parameter|method_not_allowed"
    r"|security_error|invalid_region)['\"]"
)

# Hosts, headers and names: each provider's API and SMTP reference, mid-2026.
_ALL: Final = (
    Provider(
        name="resend",
        title="Resend",
        api_hosts=("resend.com", "resend.dev"),
        smtp_hosts=("smtp.resend.com",),
        signs=(
            r"\bresend(?:error|[.\\]+exceptions|[-_ ](?:java|go|php|ruby|rust))\b",
            r"\b(?:missing|restricted|suspended|invalid)_api_key\b|\b(?:daily|monthly)_quota_exceeded\b",
            r"\binvalid_(?:from_address|idempotent_request|idempotency_key|attachment)\b",
            r"\bconcurrent_idempotent_requests\b|\breached_daily_quota\b|\blast_event\b|x-resend-",
            r"you can only send testing emails to your own",
            # No other provider's errors have these two fields with these values side by side.
            rf"statuscode['\"]?\s?[:=].{{0,400}}{_RESEND_NAME}",
            rf"{_RESEND_NAME}.{{0,400}}statuscode",
            r"\"type\"\s?:\s?\"email\.(?:bounced|failed|complained|suppressed|delivery_delayed|delivered"
            r"|sent|opened|clicked|scheduled|received)\"",
            # Its words, by SMTP and by the API, also where the name beside them was cut off.
            r"domain is not verified\. please, add and ver",
            r"you have reached your (?:daily|monthly) email sending quota",
            r"invalid `(?:from|to|cc|bcc|reply_to)` field\. the email address needs to follow",
            r"missing api key\. pass it to the constructor `?new resend",
        ),
        # "please resend the mail" names nobody
        last_sign=r"(?<!to )(?<!please )\bresend\b(?! (?:the|it|this|that|your|an?|later)\b)"
        r"|\b(?:535[ -]|\")api key is invalid",
        by_hand=_BEARER.format(url="https://api.resend.com/domains", key="RESEND_API_KEY"),
    ),
    Provider(
        name="ses",
        title="Amazon SES",
        api_hosts=("amazonses.com", "email.us-east-1.amazonaws.com"),
        signs=(
            r"\bemail(?:-smtp)?(?:-fips)?\.[a-z]{2}(?:-[a-z]+)+-\d\.amazonaws\.com",
            r"\bbotocore\.|\b(?:sesv2|ses)client\b|aws-sdk/client-ses|\bsoftware\.amazon\.awssdk",
            r"ses:send(?:raw)?email|\baws ses(?:v2)? ",
            r"\bcalling the send(?:raw|bulk|templated)?email op",
            r"maximum sending rate exceeded|daily message quota exceeded",
            r"x-amzn-(?:requestid|errortype)|\bmailfromdomainnotverified"
            r"|email address is(?: not|n't) verified\. the following identit",
            r"\bsecurity token included in the request|arn:aws:ses:|\"notificationtype\""
            r"|\"eventtype\"\s?:\s?\"(?:reject|bounce|deliverydelay)",
        ),
        by_hand="aws sesv2 get-account --region $AWS_REGION"
        " && aws sesv2 list-email-identities --region $AWS_REGION",
    ),
    Provider(
        name="sendgrid",
        title="SendGrid",
        api_hosts=("sendgrid.com", "sendgrid.net"),
        signs=(
            r"\bsendgrid\b|\bsg_(?:event|message)_id\b|python_http_client\.exceptions",
            r"provided authorization grant is invalid|does not match a verified sender identity",
            r"^status,reason,email,created$",  # its export of bounces
        ),
        by_hand=_BEARER.format(url="https://api.sendgrid.com/v3/scopes", key="SENDGRID_API_KEY"),
    ),
    Provider(
        name="postmark",
        title="Postmark",
        api_hosts=("postmarkapp.com", "mtasv.net"),
        signs=(
            r"\bpostmark",
            r"\"errorcode\"\s?:\s?\d+\s?,\s?\"message\"",
            r"\"recordtype\"|\bmessagestream\b",
        ),
        by_hand="curl -i https://api.postmarkapp.com/server"
        ' -H "Accept: application/json" -H "X-Postmark-Server-Token: $POSTMARK_SERVER_TOKEN"',
    ),
    Provider(
        name="mailgun",
        title="Mailgun",
        api_hosts=("mailgun.net", "mailgun.org", "mailgun.com"),
        signs=(r"\bmailgun", r"sandbox subdomains are for test purposes", r"\"event-data\""),
        by_hand='curl -i https://api.mailgun.net/v4/domains --user "api:$MAILGUN_API_KEY"',
    ),
    Provider(
        name="brevo",
        title="Brevo",
        api_hosts=("brevo.com", "sendinblue.com"),
        smtp_hosts=("smtp-relay.brevo.com",),
        signs=(
            r"\bbrevo\b|\bsendinblue\b|\bsib[-_]api",
            r"\"event\"\s?:\s?\"(?:hard_bounce|soft_bounce|spam|invalid_email|deferred|blocked|error"
            r"|unsubscribed|delivered|request)\".{0,600}\"message-id\"\s?:",
            r"unrecognised ip address|\bts_epoch\b",
            r"\bxkeysib-|\bxsmtpsib-",
        ),
        by_hand='curl -i https://api.brevo.com/v3/account -H "api-key: $BREVO_API_KEY"',
    ),
    Provider(
        name="mailersend",
        title="MailerSend",
        api_hosts=("mailersend.com", "mailersend.net"),
        signs=(r"\bmailersend", r"#ms\d{5}", r"\"type\"\s?:\s?\"activity\.(?:hard|soft)_bounced"),
        by_hand=_BEARER.format(
            url="https://api.mailersend.com/v1/domains", key="MAILERSEND_API_KEY"
        ),
    ),
    Provider(
        name="aliyun",
        title="Alibaba Cloud DirectMail",
        title_zh="阿里云邮件推送",
        api_hosts=("dm.aliyuncs.com", "dm.ap-southeast-1.aliyuncs.com"),
        smtp_hosts=("smtpdm.aliyun.com", "smtpdm-ap-southeast-1.aliyun.com"),
        signs=(
            r"\bdm(?:\.[\w-]+)?\.aliyuncs\.com|smtpdm[\w-]*\.aliyun",
            r"\baliyun|aliyunsdk|alibabacloud",
            r"\b(?:single|batch)sendmail\b",
            r"\b526 authentication failure\[",
        ),
        by_hand="aliyun dm GetIpfilterList; aliyun dm QueryDomainByParam --PageNo 1 --PageSize 50",
    ),
    Provider(
        name="tencent",
        title="Tencent Cloud SES",
        title_zh="腾讯云邮件推送",
        api_hosts=("ses.tencentcloudapi.com", "tencentcloudapi.com"),
        smtp_hosts=("smtp.qcloudmail.com",),
        signs=(
            r"\btencentcloud|qcloudmail\.com",
            r"\"response\"\s?:\s?\{\s?\"error\"\s?:\s?\{\s?\"code\"",
            r"\bfailedoperation\.\w+|authfailure\.secretid",
        ),
        by_hand="tccli ses ListEmailIdentities --region ap-guangzhou",
    ),
    Provider(
        name="smtp",
        title="the SMTP server",
        title_zh="SMTP 服务器",
        smtp_hosts=(
            "smtp.gmail.com",
            "smtp-relay.gmail.com",
            "smtp.office365.com",
            "smtp-mail.outlook.com",
            "smtp.qq.com",
            "smtp.exmail.qq.com",
            "smtp.163.com",
            "smtp.126.com",
            "smtp.qiye.163.com",
            "smtp.mail.yahoo.com",
            "smtp.zoho.com",
            "smtp.mail.ru",
            "smtp.yandex.com",
            "smtp.yandex.ru",
            "smtp.mail.me.com",
            "smtp.sina.com",
            "smtp.feishu.cn",
            "smtp.larksuite.com",
            "smtp.fastmail.com",
        ),
        signs=(
            r"\b(?:aio)?smtplib\.|\bnet::smtp|\bnodemailer\b|\bsmtpconnection\b|\bnet/smtp\b",
            r"\b(?:javax|jakarta)\.mail\b|\bsystem\.net\.mail\b|\bmailkit\b|\bphpmailer\b|\bswiftmailer\b",
            r"\be?smtp\b",
            r"\bresponsecode\b|\be(?:auth|envelope|message)\b|\bcommand['\"]?: ?['\"]conn\b",
            r"\bport['\"]?[:=] ?(?:25|465|587|2525)\b|:(?:25|465|587|2525)\b",
            r"\bhost, port: [\w.-]+, ?\d|\bcom\.sun\.mail\b|\bangus\.mail\b|\bgomail\b|\blettre\b",
            r"\b(?:permanent|transient) error \([45]\d\d\)|\bapp/mailers/|\bactionmailer\b",
            r"\bsymfony.mailer\b|\besmtptransport\b|\bwith starttls\b|\bbamboo\.smtp",
        ),
        by_hand="openssl s_client -connect $SMTP_HOST:587 -starttls smtp -crlf -quiet",
    ),
)

PROVIDERS: Final[Mapping[str, Provider]] = {each.name: each for each in _ALL}
UNKNOWN: Final = Provider(name="unknown", title="the mail provider", title_zh="邮件服务商")

_HOST: Final = re.compile(r"(?<![\w.-])((?:[a-z0-9-]+\.){1,6}[a-z]{2,12})(?![\w-])")
_READ_MAX: Final = 200_000


def titled(name: str, language: str) -> str:
    """The provider's name for people."""
    provider = PROVIDERS.get(name, UNKNOWN)
    return (provider.title_zh if language == "zh" else "") or provider.title


def provider_at(host: str) -> str:
    """Whose host is it, as URLs or logs (`smtp.resend.com[192.0.2.1]:587`) write it? Else empty."""
    bare = host.lower().strip('"').partition("[")[0].partition(":")[0].rstrip(".")
    labels = bare.split(".")
    for cut in range(len(labels) - 1):
        if name := _BY_HOST.get(".".join(labels[cut:])):
            return name
    return ""


def provider_in(text: str) -> str:
    """The provider that a paste gives away by a host, or by a sign of its own; else `unknown`."""
    low = text[-_READ_MAX:].lower()
    for host in _HOST.findall(low):
        if (name := provider_at(host)) and name != "smtp":
            return name
    for provider in _ALL:
        if any(re.search(sign, low, re.DOTALL | re.MULTILINE) for sign in provider.signs):
            return provider.name
    for provider in _ALL:
        if provider.last_sign and re.search(provider.last_sign, low):
            return provider.name
    if any(provider_at(host) for host in _HOST.findall(low)):
        return "smtp"
    return UNKNOWN.name


_BY_HOST: Final[Mapping[str, str]] = {
    host: provider.name
    for provider in reversed(_ALL)
    for host in (*provider.api_hosts, *provider.smtp_hosts)
}
