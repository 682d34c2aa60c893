"""Who is recognised by what."""

import pytest

from mailproof.providers.catalog import PROVIDERS, provider_at, provider_in, titled
from mailproof.providers.rules import TABLES


def test_the_catalogue_and_the_rules_know_the_same_providers() -> None:
    assert PROVIDERS.keys() == TABLES.keys()


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("api.resend.com", "resend"),
        ("smtp.resend.com[192.0.2.1]:587", "resend"),
        ("SMTP.GMAIL.COM:587", "smtp"),
        ("smtpdm.aliyun.com", "aliyun"),
        ("notresend.com", ""),
        ("resend.com.evil.test", ""),
        ("", ""),
    ],
)
def test_a_host_belongs_to_its_provider_only(host: str, name: str) -> None:
    assert provider_at(host) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://api.eu.mailgun.net/v3/acme.test/messages", "mailgun"),
        ("botocore.exceptions.ClientError: An error occurred (Throttling)", "ses"),
        ('{"ErrorCode":300,"Message":"Invalid"}', "postmark"),
        ('{"Response":{"Error":{"Code":"AuthFailure.SecretIdNotFound"}}}', "tencent"),
        ("sib-api-v3-sdk: unauthorized", "brevo"),
        ("The from.email domain must be verified. #MS42207", "mailersend"),
        ("dm.aliyuncs.com answered 400", "aliyun"),
        ("smtplib.SMTPException: no", "smtp"),
        ("connect ECONNREFUSED 127.0.0.1:587", "smtp"),
        ("An error occurred (Throttling) when calling the SendEmail operation: Rate", "ses"),
        ("[TencentCloudSDKException] code:RequestLimitExceeded", "tencent"),
        ("sib_api_v3_sdk.rest.ApiException: (401)", "brevo"),
        ("526 Authentication failure[0]", "aliyun"),
        ('"message":"The a.test domain is not verified. Please, add and ver', "resend"),
        ("Error: Invalid login: 535 API key is invalid", "resend"),
        ("gomail: could not send email 1", "smtp"),
        ("error: permanent error (535): 5.7.8", "smtp"),
        ("status,reason,email,created\n5.1.1,x,a@b.test,1", "sendgrid"),
        ("resent the mail", "unknown"),
        ("log in to resend the activation mail", "unknown"),
        ("resend: API key is invalid", "resend"),
    ],
)
def test_a_paste_gives_its_provider_away(text: str, name: str) -> None:
    assert provider_in(text) == name


def test_a_host_of_a_provider_beats_the_word_smtp() -> None:
    assert provider_in("smtp relay smtp.sendgrid.net refused") == "sendgrid"


def test_every_provider_has_a_line_to_check_by_hand_without_a_secret_in_it() -> None:
    assert all(each.by_hand for each in PROVIDERS.values())
    assert not [each for each in PROVIDERS.values() if "Bearer r" in each.by_hand]


def test_titles_follow_the_language() -> None:
    assert titled("aliyun", "zh") == "阿里云邮件推送"
    assert titled("ses", "zh") == "Amazon SES"
    assert titled("resend", "zh") == titled("resend", "en") == "Resend"
