"""What an SMTP URL means: the server, the port, the login, and how it is encrypted."""

import pytest

from mailproof.providers.smtp_url import read_smtp_url


@pytest.mark.parametrize(
    ("text", "port", "tls"),
    [
        ("smtp://mail.acme.test", 587, "starttls"),
        ("smtp://mail.acme.test:2525", 2525, "starttls"),
        ("smtps://mail.acme.test", 465, "implicit"),
        ("smtp://mail.acme.test?tls=implicit", 465, "implicit"),
        ("smtp://mail.acme.test?tls=none", 587, "none"),
        ("smtp://mail.acme.test?tls=STARTTLS&pool=true", 587, "starttls"),
        ("smtp://127.0.0.1:1025", 1025, "none"),
        ("smtp://localhost:25", 25, "none"),
        ("smtp://[::1]:25", 25, "none"),
        ("smtp://localhost:25?tls=starttls", 25, "starttls"),
        # A container beside us is another machine to whoever listens in between.
        ("smtp://relay:25", 25, "starttls"),
    ],
)
def test_a_url_means_a_port_and_a_way_to_encrypt(text: str, port: int, tls: str) -> None:
    url = read_smtp_url(text)
    assert url is not None
    assert (url.port, url.tls) == (port, tls)


def test_a_login_is_percent_encoded() -> None:
    url = read_smtp_url(" 'smtp://a%40acme.test:p%2Fw%3Ax%23@mail.acme.test' ")
    assert url is not None
    assert (url.login, url.password) == ("a@acme.test", "p/w:x#")
    assert "p/w" not in repr(url)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mail.acme.test:587",
        "http://mail.acme.test",
        "smtp://",
        "smtp://mail.acme.test:0",
        "smtp://mail.acme.test:port",
        "smtp://mail.acme.test?tls=maybe",
        "smtp://mail.acme.test?tls=none&tls=starttls",
        "smtp://a:p@ss/word@mail.acme.test",
    ],
)
def test_what_names_no_server_is_not_read(text: str) -> None:
    assert read_smtp_url(text) is None
