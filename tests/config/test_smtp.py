"""An SMTP server in the configuration."""

from pathlib import Path

import pytest

from mailproof.config.monitored import travels_through
from mailproof.config.showing import laid_out, rows_of
from tests.config.loading import odd, read, wrong

SMTP = '[[providers]]\ntype = "smtp"\nurl = "env:SMTP_URL"\n'
PASSWORD = "p%40ss-word-1"


def url(rest: str) -> dict[str, str]:
    return {"SMTP_URL": rest}


def about_the_provider(folder: Path, given: str) -> list[str]:
    return [each for each in odd(read(folder, SMTP, url(given))) if "providers[0]" in each]


def test_a_server_is_read_and_its_url_only_looked_up_when_it_is_needed(tmp_path: Path) -> None:
    environ = url(f"smtp://me:{PASSWORD}@mail.acme.test:587")
    (provider,) = read(tmp_path, SMTP + "connections = 2\n", environ).settings.providers
    assert (provider.name, provider.type, provider.connections) == ("smtp", "smtp", 2)
    environ["SMTP_URL"] = "smtp://other.acme.test"
    assert provider.url.read() == "smtp://other.acme.test"
    assert not provider.api_key.read()
    assert not provider.accept_as_app_key


def test_a_good_url_is_remarked_by_nothing(tmp_path: Path) -> None:
    for given in (
        f"smtp://me:{PASSWORD}@mail.acme.test:587",
        f"smtps://me:{PASSWORD}@mail.acme.test",
        "smtp://127.0.0.1:1025",
        "smtp://relay:25?tls=none",
    ):
        assert not about_the_provider(tmp_path, given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "SMTP_URL is not set, so mail is accepted and held (credentials_missing)."),
        ("smtp://me@mail.acme.test", "the URL has a login and no password"),
        (f"smtp://me:{PASSWORD}@mail.acme.test?tls=none", "can be read on the way"),
        (f"smtp://me:{PASSWORD}@mail.acme.test:465", "wants TLS at once"),
        (f"smtps://me:{PASSWORD}@mail.acme.test:587", "begins without TLS"),
    ],
)
def test_what_is_odd_about_a_url_is_said_without_its_password(
    given: str, said: str, tmp_path: Path
) -> None:
    (remark,) = about_the_provider(tmp_path, given)
    assert said in remark
    assert PASSWORD not in remark


@pytest.mark.parametrize(
    "given",
    ["mail.acme.test:587", "https://mail.acme.test", f"smtp://a:{PASSWORD}/x@mail.acme.test"],
)
def test_a_url_that_names_no_server_is_wrong_and_is_not_repeated(
    given: str, tmp_path: Path
) -> None:
    (said,) = wrong(tmp_path, SMTP, url(given))
    assert "env:SMTP_URL is no URL of an SMTP server." in said
    assert "%40" in said
    assert PASSWORD not in said


def test_a_url_with_a_password_in_the_file_itself_is_remarked(tmp_path: Path) -> None:
    literal = SMTP.replace("env:SMTP_URL", f"smtp://me:{PASSWORD}@mail.acme.test")
    assert any("providers[0].url" in each for each in odd(read(tmp_path, literal)))
    assert not [
        each
        for each in odd(read(tmp_path, SMTP.replace("env:SMTP_URL", "smtp://127.0.0.1")))
        if "providers[0]" in each
    ]


def test_settings_of_another_type_are_said_to_mean_nothing(tmp_path: Path) -> None:
    text = SMTP + 'base_url = "https://api.acme.test"\n'
    remarks = odd(read(tmp_path, text, url("smtp://127.0.0.1")))
    assert any("base_url means nothing to a provider of type smtp" in each for each in remarks)
    text = '[[providers]]\ntype = "resend"\nconnections = 3\n'
    assert any("connections means nothing" in each for each in odd(read(tmp_path, text)))


def test_the_url_is_shown_by_its_place_alone(tmp_path: Path) -> None:
    loaded = read(tmp_path, SMTP, url(f"smtp://me:{PASSWORD}@mail.acme.test"))
    shown = laid_out(rows_of(loaded))
    assert 'url = "env:SMTP_URL"' in shown
    assert "mail.acme.test" not in shown


def test_an_alert_that_would_travel_through_the_server_is_noticed(tmp_path: Path) -> None:
    environ = url(f"smtp://me:{PASSWORD}@smtp.acme.test")
    providers = read(tmp_path, SMTP, environ).settings.providers
    assert travels_through("mailtos://me:pw@acme.test?smtp=smtp.acme.test", providers) == "smtp"
    assert travels_through("mailtos://me:pw@other.test", providers) is None
