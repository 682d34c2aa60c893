"""Variables: each setting has one, and it wins over the file."""

from pathlib import Path

import pytest

from mailproof.config.settings import Rate
from tests.config.loading import KEY, SIGNING, odd, read, wrong

FILE = """
language = "en"
[delivery]
wait = "5s"
[[providers]]
name = "main-one"
type = "resend"
api_key = "env:RESEND_API_KEY"
rate = "5/s"
[purposes.welcome]
critical = false
[[alerts.channels]]
name = "ops"
url = "env:ALERT"
"""
ENV = {"RESEND_API_KEY": KEY, "ALERT": "slack://a"}


def test_a_variable_wins_over_the_file(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        FILE,
        {
            **ENV,
            "MAILPROOF_LANGUAGE": "zh_CN.UTF-8",
            "MAILPROOF_PUBLIC_URL": "https://mail.example.com/",
            "MAILPROOF_TRUSTED_PROXIES": "10.0.0.0/8, 127.0.0.1",
            "MAILPROOF_DELIVERY_WAIT": "1m",
            "MAILPROOF_PROVIDERS_0_BASE_URL": "https://other.example.com",
            "MAILPROOF_PROVIDERS_MAIN_ONE_RATE": "7/s",
            "MAILPROOF_PROVIDERS_0_WEBHOOK_SECRET": f"env:A,{SIGNING}",
            "A": SIGNING,
            "MAILPROOF_PROVIDERS_0_ACCEPT_AS_APP_KEY": "yes",
            "MAILPROOF_PURPOSES_REGISTRATION_ON_HOLD": "refuse",
            "MAILPROOF_PURPOSES_WELCOME_CRITICAL": "true",
            "MAILPROOF_PURPOSES_MAGIC_LINK_MATCH_FROM": "^login@",
            "MAILPROOF_ALERTS_CHANNELS_0_URL": "mailto://x:y@example.com",
            "MAILPROOF_ALERTS_OLDEST_WAITING": "90",
            "MAILPROOF_SERVER_PORT": "8080",
            "MAILPROOF_LOG_LEVEL": "debug",
        },
    ).settings
    (provider,) = settings.providers
    assert (settings.language, settings.public_url) == ("zh", "https://mail.example.com")
    assert [str(network) for network in settings.trusted_proxies] == [
        "10.0.0.0/8",
        "127.0.0.1/32",
    ]
    assert settings.delivery.wait_s == 60
    assert provider.base_url == "https://other.example.com"
    assert provider.rate == Rate(7, 1)
    assert provider.accept_as_app_key
    assert [secret.origin for secret in provider.webhook_secrets] == [
        "env:A",
        "env:MAILPROOF_PROVIDERS_0_WEBHOOK_SECRET",
    ]
    assert settings.purposes["registration"].on_hold == "refuse"
    assert settings.purposes["welcome"].purpose.critical
    match = settings.purposes["magic_link"].match
    assert match is not None
    assert match.sender is not None
    assert settings.alerts.channels[0].url.read() == "mailto://x:y@example.com"
    assert settings.alerts.oldest_waiting_s == 90
    assert settings.server.port == 8080
    assert settings.log.level == "DEBUG"


def test_variables_alone_can_make_a_provider_and_change_the_default_one(tmp_path: Path) -> None:
    env = {
        **ENV,
        "MAILPROOF_PROVIDERS_RESEND_RATE": "2/s",
        "MAILPROOF_PROVIDERS_1_NAME": "trial",
        "MAILPROOF_PROVIDERS_1_TYPE": "sandbox",
        "MAILPROOF_PROVIDERS_1_BASE_URL": "http://127.0.0.1:8025",
        "MAILPROOF_PROVIDERS_1_API_KEY": KEY,
    }
    loaded = read(tmp_path, None, env)
    resend, trial = loaded.settings.providers
    assert (resend.name, resend.rate) == ("resend", Rate(2, 1))
    assert (trial.name, trial.api_key.read()) == ("trial", KEY)
    assert odd(loaded) == []


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    assert wrong(tmp_path, FILE, {**ENV, "MAILPROOF_DELIVERY_WAIT": "soon"}) == [
        "MAILPROOF_DELIVERY_WAIT: delivery.wait: 'soon' is not a span of time."
        ' Write a number and a unit, such as "5s", "10m", "1h" or "400d".'
    ]


def test_a_gap_between_entries_is_a_mistake(tmp_path: Path) -> None:
    said = wrong(tmp_path, FILE, {**ENV, "MAILPROOF_PROVIDERS_2_TYPE": "resend"})
    assert said[0] == (
        "MAILPROOF_PROVIDERS_2_TYPE: providers[2]: entries are counted from 0 without a gap, and"
        " the next one is 1. Use 1 in the variable's name."
    )


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("MAILPROOF_DELIVRY_WAIT", "Did you mean MAILPROOF_DELIVERY_WAIT?"),
        ("MAILPROOF_LANG", "Did you mean MAILPROOF_LANGUAGE?"),
        ("MAILPROOF_ADMIN_TOKN", "Did you mean MAILPROOF_ADMIN_TOKEN?"),
        ("MAILPROOF_PROVIDERS_MAIN_ONE_RAT", "Did you mean MAILPROOF_PROVIDERS_MAIN_ONE_RATE?"),
        ("MAILPROOF_XYZZY", "Unset it, or see `mailproof config show` for what there is."),
    ],
)
def test_an_unknown_variable_is_a_warning_with_the_right_name(
    name: str, fix: str, tmp_path: Path
) -> None:
    assert odd(read(tmp_path, FILE, {**ENV, name: "hunter2"})) == [
        f"{name}: no setting has this variable; it changes nothing. {fix}"
    ]


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    loaded = read(tmp_path, FILE, {**ENV, "MAILPROOF_DELIVERY_WAIT": " ", "MAILPROOF_X": ""})
    assert loaded.settings.delivery.wait_s == 5
    assert odd(loaded) == []


def test_of_two_variables_for_one_setting_the_exact_one_wins_and_that_is_said(
    tmp_path: Path,
) -> None:
    env = {
        **ENV,
        "MAILPROOF_DATABASE_URL": "postgresql://db/one",
        "MAILPROOF_STORE_URL": "postgresql://db/two",
    }
    loaded = read(tmp_path, FILE, env)
    assert loaded.settings.store_url.read() == "postgresql://db/two"
    assert odd(loaded) == [
        "MAILPROOF_STORE_URL: store.url: MAILPROOF_DATABASE_URL sets the same;"
        " MAILPROOF_STORE_URL wins. Unset one of them."
    ]


def test_the_language_is_the_settings_else_the_locales(tmp_path: Path) -> None:
    locale = {"LANG": "zh_CN.UTF-8"}
    assert read(tmp_path, None, locale).settings.language == "zh"
    assert read(tmp_path, None, {**locale, "MAILPROOF_LANGUAGE": "en"}).settings.language == "en"
    assert read(tmp_path, 'language = "en"\n', locale).settings.language == "en"


def test_each_value_that_was_given_says_where_it_stands(tmp_path: Path) -> None:
    loaded = read(tmp_path, FILE, {**ENV, "MAILPROOF_DELIVERY_WAIT": "1s"})
    assert str(loaded.origins["delivery.wait"]) == "MAILPROOF_DELIVERY_WAIT"
    assert str(loaded.origins["providers[0].rate"]) == "mailproof.toml:9"
    assert str(loaded.origins["alerts.channels[0].url"]) == "mailproof.toml:14"
    assert "delivery.lease" not in loaded.origins
