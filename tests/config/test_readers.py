"""What a configuration says about readers: where they write to, and how soon they may ask again."""

from pathlib import Path

import pytest

from mailproof.config.problems import ConfigInvalid
from mailproof.config.reading import load
from mailproof.config.settings import Settings


def read(folder: Path, text: str) -> Settings:
    (folder / "mailproof.toml").write_text(text, encoding="utf-8")
    return load(path=None, environ={}, cwd=folder, language="en").settings


@pytest.mark.parametrize(
    "url",
    [
        "mailto:help@acme.test",
        "mailto:help@acme.test?subject=Sign-up",
        "mailto:hilfe@münchen.test",
        "https://acme.test/help",
        "https://acme.test/help?from=mail#form",
    ],
)
def test_readers_write_to_an_address_or_a_page(tmp_path: Path, url: str) -> None:
    assert read(tmp_path, f'support_url = "{url}"').support_url == url


@pytest.mark.parametrize(
    "url",
    [
        *("help@acme.test", "http://acme.test/help", "javascript:alert(1)", "mailto:", "https://"),
        *(
            "mailto:help",
            "mailto:a@b@c",
            "mailto:a@b.test,c@d.test",
            "mailto:<a@b.test>",
            "ftp://a",
        ),
        *("https://", "mailto:a@b.test?subject=a b", "tel:110", "", " "),
    ],
)
def test_what_a_browser_could_not_open_is_refused_with_what_to_write(
    tmp_path: Path, url: str
) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        read(tmp_path, f'support_url = "{url}"')
    assert 'Write "mailto:help@example.com", or the https:// URL' in str(refused.value)


def test_without_it_readers_are_led_nowhere(tmp_path: Path) -> None:
    assert read(tmp_path, "").support_url == ""


def test_another_mail_may_be_asked_for_after_a_minute_or_what_is_set(tmp_path: Path) -> None:
    settings = read(tmp_path, '[purposes.otp]\nagain_after = "90s"\n')
    again = {name: each.purpose.again_s for name, each in settings.purposes.items()}
    assert again.pop("otp") == 90
    assert set(again.values()) == {60}
    with pytest.raises(ConfigInvalid, match="again_after"):
        read(tmp_path, '[purposes.otp]\nagain_after = "2h"\n')
