"""Where the configuration comes from, what wins over what, and what it is without a word."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from mailproof.config.problems import ConfigInvalid
from mailproof.config.reading import load, read_settings
from mailproof.config.settings import Delivery, Logging, Rate, Retention, Server
from mailproof.config.urls import sqlite_path
from mailproof.mail.purposes import PURPOSES, OnUnknown, Tells
from tests.config.loading import KEY, SIGNING, odd, read, wrong

EXAMPLE = """
language = "zh"
public_url = "https://mail.example.com"
trusted_proxies = ["127.0.0.1/32", "::1"]
[delivery]
wait = "5s"
probe_interval = 10
[[providers]]
name = "resend"
type = "resend"
api_key = "env:RESEND_API_KEY"
base_url = "https://api.resend.com"
rate = "300/min"
webhook_secret = ["env:HOOK"]
accept_as_app_key = true
[[providers]]
name = "backup"
type = "sandbox"
base_url = "http://127.0.0.1:8025/"
[purposes.registration]
match = { subject = "^(Activate your account|Sign-in link)" }
on_hold = "refuse"
[purposes.newsletter]
expires = "90m"
may_batch = true
tells = "address"
[[alerts.channels]]
url = "env:ALERT_URL"
[[alerts.channels]]
url = "slack://b/c/d"
[retention]
contents = "2d"
"""
ENV = {"RESEND_API_KEY": KEY, "HOOK": SIGNING, "ALERT_URL": "slack://a/b/c"}


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    settings = read(tmp_path, EXAMPLE, ENV).settings

    assert (settings.file, settings.language) == ("mailproof.toml", "zh")
    assert settings.public_url == "https://mail.example.com"
    assert settings.trusted_proxies == (ip_network("127.0.0.1/32"), ip_network("::1"))
    assert settings.delivery == Delivery(wait_s=5, probe_interval_s=10)
    assert settings.retention == Retention(contents_s=172_800)

    resend, backup = settings.providers
    assert (resend.name, resend.type, resend.base_url) == (
        "resend",
        "resend",
        "https://api.resend.com",
    )
    assert (resend.rate, resend.accept_as_app_key) == (Rate(300, 60), True)
    assert resend.api_key.read() == KEY
    assert [secret.read() for secret in resend.webhook_secrets] == [SIGNING]
    assert (backup.name, backup.type, backup.base_url) == (
        "backup",
        "sandbox",
        "http://127.0.0.1:8025",
    )
    assert (backup.rate, backup.api_key.read(), backup.webhook_secrets) == (None, "", ())

    assert [channel.name for channel in settings.alerts.channels] == ["slack", "slack-2"]
    assert settings.alerts.channels[0].url.read() == "slack://a/b/c"


def test_a_file_changes_built_in_purposes_and_adds_new_ones(tmp_path: Path) -> None:
    purposes = read(tmp_path, EXAMPLE, ENV).settings.purposes

    assert list(purposes) == [*PURPOSES, "newsletter"]
    registration = purposes["registration"]
    assert registration.purpose == PURPOSES["registration"]
    assert registration.on_hold == "refuse"
    assert registration.match is not None
    assert registration.match.subject is not None
    assert registration.match.subject.search("Sign-in link for Acme")
    assert registration.match.sender is None

    new = purposes["newsletter"].purpose
    assert (new.name, new.expires_s, new.may_batch, new.tells) == (
        "newsletter",
        5_400,
        True,
        Tells.ADDRESS,
    )
    # What is not said is as for mail without a purpose.
    assert (new.critical, new.newest_wins, new.on_unknown) == (False, False, OnUnknown.STOP)
    assert purposes["newsletter"].match is None


def test_an_empty_table_makes_a_purpose_too(tmp_path: Path) -> None:
    assert "welcome" in read(tmp_path, "[purposes.welcome]\n").settings.purposes


def test_without_a_file_and_a_variable_all_is_default_and_the_lack_is_said(tmp_path: Path) -> None:
    loaded = read(tmp_path)
    settings = loaded.settings
    assert (settings.file, settings.language, settings.providers) == ("", "en", ())
    assert (settings.delivery, settings.server, settings.log) == (Delivery(), Server(), Logging())
    assert odd(loaded) == [
        "no provider is configured: mail is accepted and held (credentials_missing), none goes out."
        " Export RESEND_API_KEY, or write [[providers]] in mailproof.toml."
    ]
    assert [each.key for each in loaded.warnings] == ["providers.none", "channel.none"]


def test_resends_key_alone_is_enough(tmp_path: Path) -> None:
    loaded = read(tmp_path, None, {"RESEND_API_KEY": KEY})
    (resend,) = loaded.settings.providers
    assert (resend.name, resend.type, resend.base_url) == (
        "resend",
        "resend",
        "https://api.resend.com",
    )
    assert resend.accept_as_app_key
    assert resend.api_key.read() == KEY
    assert odd(loaded) == []


def test_the_apps_base_url_which_names_us_is_not_taken_for_the_providers(tmp_path: Path) -> None:
    env = {"RESEND_API_KEY": KEY, "RESEND_BASE_URL": "http://127.0.0.1:7025"}
    assert read(tmp_path, None, env).settings.providers[0].base_url == "https://api.resend.com"


def test_with_a_file_the_key_alone_makes_no_provider_and_that_is_said(tmp_path: Path) -> None:
    loaded = read(tmp_path, 'language = "en"\n', {"RESEND_API_KEY": KEY})
    assert loaded.settings.providers == ()
    assert [each.key for each in loaded.warnings] == ["providers.none_in_file", "channel.none"]


def test_a_key_lets_apps_in_only_if_the_file_says_so(tmp_path: Path) -> None:
    text = '[[providers]]\ntype = "resend"\napi_key = "env:RESEND_API_KEY"\n'
    env = {"RESEND_API_KEY": KEY}
    assert not read(tmp_path, text, env).settings.providers[0].accept_as_app_key
    asked = f"{text}accept_as_app_key = true\n"
    assert read(tmp_path, asked, env).settings.providers[0].accept_as_app_key


@pytest.mark.parametrize("key", ["re_123", "re_your_api_key_goes_right_here"])
def test_a_key_that_anyone_could_guess_lets_no_app_in(key: str, tmp_path: Path) -> None:
    loaded = read(tmp_path, None, {"RESEND_API_KEY": key})
    assert not loaded.settings.providers[0].accept_as_app_key
    assert "accept_as_app_key.ignored" in [each.key for each in loaded.warnings]
    assert not any(key in said for said in odd(loaded))


def test_a_missing_key_stops_nobody_and_is_said(tmp_path: Path) -> None:
    text = '[[providers]]\ntype = "resend"\napi_key = "env:RESEND_API_KEY"\n'
    loaded = read(tmp_path, text)
    assert loaded.settings.providers[0].api_key.read() == ""
    assert odd(loaded) == [
        "mailproof.toml:3: providers[0].api_key: env:RESEND_API_KEY is not set, so mail is accepted"
        " and held (credentials_missing)."
        " Export RESEND_API_KEY, or put the key in a file and write file:PATH."
    ]


def test_the_file_is_the_named_one_else_the_variables_else_the_working_directorys(
    tmp_path: Path,
) -> None:
    for name in ("mailproof.toml", "variable.toml", "option.toml"):
        tmp_path.joinpath(name).write_text("[log]\n", "utf-8")
    env = {"MAILPROOF_CONFIG": "variable.toml"}
    assert load(path="option.toml", environ=env, cwd=tmp_path).settings.file == "option.toml"
    assert load(path=None, environ=env, cwd=tmp_path).settings.file == "variable.toml"
    assert load(path=None, environ={}, cwd=tmp_path).settings.file == "mailproof.toml"


def test_who_needs_no_warnings_gets_the_settings_alone(tmp_path: Path) -> None:
    env = {"MAILPROOF_DELIVERY_WAIT": "2s"}
    assert read_settings(path=None, environ=env, cwd=tmp_path).delivery.wait_s == 2


def test_a_mark_before_the_text_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    text = b'\xef\xbb\xbflanguage = "zh"\r\n[delivery]\r\nwait = "1s"\r\n'
    settings = read(tmp_path, text).settings
    assert (settings.language, settings.delivery.wait_s) == ("zh", 1)


def test_the_store_is_beside_the_file_else_in_the_working_directory(tmp_path: Path) -> None:
    folder = tmp_path / "etc 邮件"
    folder.mkdir()
    folder.joinpath("mine.toml").write_text("[log]\n", "utf-8")
    beside = load(path="etc 邮件/mine.toml", environ={}, cwd=tmp_path).settings.store_url
    assert sqlite_path(beside.read()) == folder / "mailproof.db"
    alone = load(path=None, environ={}, cwd=tmp_path).settings.store_url
    assert sqlite_path(alone.read()) == tmp_path / "mailproof.db"


@pytest.mark.parametrize(
    "url", ["postgresql://me@db/mail", "postgres://me@db/mail", "sqlite:///data/mailproof.db"]
)
def test_the_store_can_be_named(url: str, tmp_path: Path) -> None:
    assert read(tmp_path, None, {"MAILPROOF_DATABASE_URL": url}).settings.store_url.read() == url
    text = f'[store]\nurl = "{url}"\n'
    assert read(tmp_path, text).settings.store_url.read() == url


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///data/mail.db", Path("/data/mail.db")),
        ("sqlite:////data/mail.db", Path("/data/mail.db")),
        ("sqlite:///C:/data/mail.db", Path("C:/data/mail.db")),
        ("postgresql://db/mail", None),
    ],
)
def test_a_stores_url_names_a_file_or_none(url: str, path: Path | None) -> None:
    assert sqlite_path(url) == path


def test_an_admin_page_beyond_this_machine_needs_a_token(tmp_path: Path) -> None:
    env = {"MAILPROOF_ADMIN_TOKEN": "x" * 32, "MAILPROOF_SERVER_ADMIN_HOST": "0.0.0.0"}
    server = read(tmp_path, None, env).settings.server
    assert server.admin_token is not None
    assert server.admin_token.read() == "x" * 32
    assert len(wrong(tmp_path, None, {"MAILPROOF_SERVER_ADMIN_HOST": "::"})) == 1
    for host in ("::1", "127.9.9.9", "localhost"):
        assert wrong(tmp_path, None, {"MAILPROOF_SERVER_ADMIN_HOST": host}) == []


# A file, and the keys of what is odd about it.
ODD = {
    "plain HTTP to another machine": (
        '[[providers]]\ntype = "resend"\napi_key = "env:RESEND_API_KEY"\n'
        'base_url = "http://relay.example.com"\n',
        ["base_url.plain"],
    ),
    "plain HTTP to this machine": (
        '[[providers]]\ntype = "resend"\napi_key = "env:RESEND_API_KEY"\n'
        'base_url = "http://127.0.0.1:9"\n',
        [],
    ),
    "a literal key": (
        f'[[providers]]\ntype = "resend"\napi_key = "{KEY}"\n',
        ["secret.literal"],
    ),
    "a variable's name for its value": (
        '[[alerts.channels]]\nurl = "slack://x"\n[server]\nadmin_token = "RESEND_API_KEY"\n',
        ["providers.none_in_file", "admin_token.short", "secret.variable", "secret.literal"],
    ),
    "a variable's name for a key": (
        '[[providers]]\ntype = "resend"\napi_key = "${RESEND_API_KEY}"\n',
        ["secret.variable"],
    ),
    "a placeholder for a key": (
        '[[providers]]\ntype = "resend"\napi_key = "re_xxxxxxxxx"\n',
        ["api_key.placeholder"],
    ),
    "a password in the store's URL": (
        '[store]\nurl = "postgresql://me:hunter2@db/mail"\n',
        ["providers.none_in_file", "secret.literal"],
    ),
    "a store's URL without a password": (
        '[store]\nurl = "postgresql://me@db/mail"\n',
        ["providers.none_in_file"],
    ),
    "everybody is a trusted proxy": (
        'trusted_proxies = ["0.0.0.0/0"]\n',
        ["providers.none_in_file", "networks.everyone"],
    ),
    "a mistyped purpose": (
        "[purposes.registraton]\ncritical = true\n",
        ["providers.none_in_file", "purpose.close"],
    ),
}


@pytest.mark.parametrize(("text", "keys"), ODD.values(), ids=ODD)
def test_what_works_but_is_odd_is_a_warning(text: str, keys: list[str], tmp_path: Path) -> None:
    loaded = read(tmp_path, text, {"RESEND_API_KEY": KEY})
    assert sorted(each.key for each in loaded.warnings if each.key != "channel.none") == sorted(
        keys
    )


def test_what_is_wrong_carries_the_warnings_too(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid) as raised:
        read(tmp_path, '[[providers]]\ntype = "resend"\nrate = 5\n')
    assert [each.key for each in raised.value.problems] == ["rate.wrong"]
    assert "api_key.absent_resend" in [each.key for each in raised.value.warnings]
