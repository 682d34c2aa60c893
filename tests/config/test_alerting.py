"""Who is told when mail stops: channels that do not hang on what they watch, limits, a watchdog."""

from pathlib import Path

import pytest

from mailproof.alerts.limits import Limits
from mailproof.config.monitored import travels_through
from mailproof.config.settings import ProviderSettings, Secret
from tests.config.loading import SIGNING, odd, read, wrong

RESEND = '[[providers]]\ntype = "resend"\napi_key = "env:RESEND_API_KEY"\n'
ENV = {"RESEND_API_KEY": "re_abcdefgh_abcdefghijklmnopqrstuvwx"}


# A file, and all that is said about it.
MISTAKES: dict[str, tuple[str, list[str]]] = {
    "alerts that would go by the provider that they watch": (
        '[[providers]]\ntype = "resend"\napi_key = "env:RESEND_API_KEY"\n'
        '[[alerts.channels]]\nurl = "resend://key:ops@acme.com/ada@example.com"\n',
        [
            "mailproof.toml:5: alerts.channels[0].url: alerts would go by mail through resend,"
            " which they are to watch: when it stops, nobody is told. Use a channel that does not"
            " need resend: a chat, a webhook, or another mail service. Beside such a one, this one"
            " may stay."
        ],
    ),
    "a webhook without a secret": (
        '[[alerts.channels]]\ntype = "webhook"\nurl = "https://ops.example.com/hook"\n',
        [
            "mailproof.toml:1: alerts.channels[0].secret: the webhook has no secret to sign with,"
            " so its receiver could not tell our alerts from anybody's. Write secret ="
            ' "env:ALERT_SECRET"; the variable holds whsec_ and at least 24 random bytes in Base64:'
            ' echo "whsec_$(openssl rand -base64 32)".'
        ],
    ),
    "a webhook whose secret is none": (
        '[[alerts.channels]]\ntype = "webhook"\nurl = "https://ops.example.com/hook"\n'
        'secret = "open sesame"\n',
        [
            "mailproof.toml:4: alerts.channels[0].secret: the secret (literal) is no signing secret"
            ' of a webhook. It is whsec_ and Base64: echo "whsec_$(openssl rand -base64 32)".'
        ],
    ),
    "a webhook at no web address": (
        f'[[alerts.channels]]\ntype = "webhook"\nurl = "slack://a/b/c"\nsecret = "{SIGNING}"\n',
        [
            "mailproof.toml:3: alerts.channels[0].url: the value (literal) is not a web address."
            ' Write a URL with https:// and a host, or leave type = "webhook" out for an Apprise'
            " URL."
        ],
    ),
    "a secret for a channel that signs nothing": (
        f'[[alerts.channels]]\nurl = "slack://a/b/c"\nsecret = "{SIGNING}"\n',
        [
            'mailproof.toml:3: alerts.channels[0].secret: only a channel with type = "webhook"'
            ' signs with a secret. Write type = "webhook", or take the secret out.'
        ],
    ),
    "a watchdog without an address": (
        '[alerts]\nheartbeat_url = "hc-ping.com/1234"\n',
        [
            "mailproof.toml:2: alerts.heartbeat_url: the value (literal) is not a web address."
            " Write the URL that your watchdog gives you, such as https://hc-ping.com/…."
        ],
    ),
    "a rate that could be meant either way": (
        "[alerts]\nbounce_rate = 0.05\n",
        [
            "mailproof.toml:2: alerts.bounce_rate: 0.05 is not a percentage."
            ' Write a number from 0 to 100 and the sign, such as "20%" or "0.1%".'
        ],
    ),
    "more than all": (
        '[alerts]\nquota_used = "101%"\n',
        [
            "mailproof.toml:2: alerts.quota_used: '101%' is not a percentage."
            ' Write a number from 0 to 100 and the sign, such as "20%" or "0.1%".'
        ],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_the_right_form(tmp_path: Path, mistake: str) -> None:
    text, told = MISTAKES[mistake]
    assert wrong(tmp_path, text, ENV) == told


def provider(base_url: str = "https://api.resend.com") -> ProviderSettings:
    return ProviderSettings(
        name="main",
        type="resend",
        api_key=Secret("env:RESEND_API_KEY", lambda: "re_x"),
        base_url=base_url,
        rate=None,
        webhook_secrets=(),
        accept_as_app_key=False,
    )


@pytest.mark.parametrize(
    "url",
    [
        "resend://key:ops@acme.com/ada@example.com",
        "mailtos://resend:key@smtp.resend.com?from=ops@acme.com",
        "mailtos://resend:key@acme.com?smtp=smtp.resend.com",
        "MAILTO://resend:key@SMTP.RESEND.COM:587",
        "mailto://a:b@resend.com",
    ],
)
def test_mail_by_the_very_provider_is_found(url: str) -> None:
    assert travels_through(url, [provider()]) == "main"


@pytest.mark.parametrize(
    "url",
    [
        "slack://a/b/c",
        "mailtos://ada:secret@gmail.com",
        "mailtos://ada:secret@smtp.other.com",
        "sendgrid://key:ops@acme.com",
        "json://smtp.resend.com/",
        "mailto://[broken",
    ],
)
def test_what_goes_another_way_is_no_trouble(url: str) -> None:
    assert travels_through(url, [provider()]) is None


def test_two_companies_of_one_country_are_not_taken_for_one() -> None:
    assert (
        travels_through("mailto://a:b@smtp.one.co.uk", [provider("https://api.two.co.uk")]) is None
    )
    assert travels_through("mailto://a:b@one.co.uk", [provider("https://two.co.uk")]) is None


def channels(*urls: str) -> str:
    return RESEND + "".join(f'[[alerts.channels]]\nurl = "{url}"\n' for url in urls)


BY_RESEND = "resend://key:ops@acme.com/ada@example.com"


def test_mail_through_the_very_server_that_is_a_provider_is_found_too(tmp_path: Path) -> None:
    text = (
        '[[providers]]\ntype = "smtp"\nname = "relay"\nurl = "env:SMTP_URL"\n'
        '[[alerts.channels]]\nurl = "mailtos://ada:secret@mail.acme.com"\n'
    )
    env = {"SMTP_URL": "smtps://ada:secret@smtp.acme.com"}
    (told,) = wrong(tmp_path, text, env)
    assert "alerts would go by mail through relay" in told


def test_two_channels_by_the_same_provider_are_no_better_than_one(tmp_path: Path) -> None:
    text = channels(BY_RESEND, "mailtos://resend:key@smtp.resend.com")
    told = wrong(tmp_path, text, ENV)
    assert len(told) == 2
    assert all("when it stops, nobody is told" in each for each in told)


def test_beside_another_channel_it_may_stay_with_a_warning(tmp_path: Path) -> None:
    told = odd(read(tmp_path, channels(BY_RESEND, "slack://a/b/c"), ENV))
    (found,) = [each for each in told if "by mail through resend" in each]
    assert "when it stops, only the other channels tell" in found


def test_a_webhook_is_a_channel_with_a_secret(tmp_path: Path) -> None:
    text = (
        '[[alerts.channels]]\ntype = "webhook"\nurl = "env:HOOK"\nsecret = "env:SECRET"\n'
        '[[alerts.channels]]\nurl = "env:CHAT"\n'
    )
    env = {"HOOK": "https://ops.example.com/hook", "SECRET": SIGNING, "CHAT": "slack://a/b/c"}
    webhook, chat = read(tmp_path, text, env).settings.alerts.channels
    assert (webhook.name, webhook.url.read()) == ("webhook", "https://ops.example.com/hook")
    assert webhook.secret is not None
    assert webhook.secret.read() == SIGNING
    assert (chat.name, chat.secret) == ("slack", None)


def test_the_address_that_a_service_gives_is_an_apprise_url_too(tmp_path: Path) -> None:
    text = '[[alerts.channels]]\nname = "team"\nurl = "https://hooks.slack.com/services/T0/B0/x"\n'
    (channel,) = read(tmp_path, text).settings.alerts.channels
    assert channel.name == "team"


@pytest.mark.parametrize("key", ["url", "heartbeat"])
def test_what_goes_unencrypted_to_another_machine_is_odd(tmp_path: Path, key: str) -> None:
    text = (
        '[alerts]\nheartbeat_url = "http://watch.example.com/1"\n'
        if key == "heartbeat"
        else '[[alerts.channels]]\ntype = "webhook"\nurl = "http://ops.example.com/h"\n'
        f'secret = "{SIGNING}"\n'
    )
    said = "http:// to another machine: what is sent there can be read and changed on the way."
    assert [each for each in odd(read(tmp_path, text)) if said in each]
    loopback = text.replace("watch.example.com", "127.0.0.1").replace("ops.example.com", "[::1]")
    assert not [each for each in odd(read(tmp_path, loopback)) if said in each]


def test_limits_are_read_and_what_is_not_given_is_the_default(tmp_path: Path) -> None:
    text = (
        '[alerts]\nsilence = 5\nfailure_rate = "12.5%"\ncomplaint_rate = "0.05 %"\n'
        'cursor_lag = "5m"\nheartbeat_url = "https://hc-ping.com/1"\nheartbeat_every = "5m"\n'
    )
    alerts = read(tmp_path, text).settings.alerts
    assert alerts.limits == Limits(
        silence=5, failure_rate=0.125, complaint_rate=0.0005, cursor_lag_s=300
    )
    assert alerts.heartbeat_url is not None
    assert (alerts.heartbeat_url.read(), alerts.heartbeat_every_s) == ("https://hc-ping.com/1", 300)
    assert read(tmp_path, "[alerts]\n").settings.alerts.limits == Limits()


def test_quotas_of_an_account_are_read_with_its_provider(tmp_path: Path) -> None:
    text = RESEND + "daily_quota = 1000\nmonthly_quota = 50000\n"
    (found,) = read(tmp_path, text, ENV).settings.providers
    assert (found.daily_quota, found.monthly_quota) == (1_000, 50_000)
