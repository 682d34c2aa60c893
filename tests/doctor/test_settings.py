"""What the app is configured with: the environment, and `.env` files as people write them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.doctor.dotenv import parse_dotenv
from mailproof.doctor.environment import check_env_file
from mailproof.doctor.finding import Phrase
from mailproof.doctor.settings import read_settings

LINES = (
    ("KEY=re_1", "re_1"),
    ("export KEY=re_1", "re_1"),
    ("  KEY = re_1  ", "re_1"),
    ("KEY='re_1'", "re_1"),
    ('KEY="re_1"', "re_1"),
    ("KEY=`re_1`", "re_1"),
    ("KEY=re_1 # the key", "re_1"),
    ('KEY="re_1" # the key', "re_1"),
    ("KEY=p#ss", "p#ss"),
    ('KEY="p#ss"', "p#ss"),
    ("KEY='a\\nb'", "a\\nb"),
    ('KEY="a\\nb"', "a\nb"),
    ('KEY="say \\"hi\\""', 'say "hi"'),
    ("KEY=", ""),
    ("KEY=   ", ""),
    ('KEY=""', ""),
    ("KEY=a=b=c", "a=b=c"),
    ('KEY="Acme <hello@acme.test>"', "Acme <hello@acme.test>"),
    ("KEY=Acme <hello@acme.test>", "Acme <hello@acme.test>"),
    ("KEY=“re_1”", "“re_1”"),
    ('KEY="unclosed', '"unclosed'),
    ("# KEY=old\nKEY=new", "new"),
    ("KEY=old\nKEY=new", "new"),
    ('KEY="two\nlines"', "two\nlines"),
    ("OTHER=1\r\nKEY=re_1\r\n", "re_1"),
    ("\ufeffKEY=re_1", "re_1"),
)


@pytest.mark.parametrize(("text", "value"), LINES, ids=[repr(text) for text, _ in LINES])
def test_a_line_is_read_as_the_common_loaders_read_it(text: str, value: str) -> None:
    entries = [entry for entry in parse_dotenv(text.encode()).entries if entry.name == "KEY"]
    assert entries[-1].value == value


def test_a_line_number_is_right_after_a_value_of_several_lines() -> None:
    parsed = parse_dotenv(b'A="one\ntwo\nthree"\n\nB=2\nnonsense\n')
    assert [(entry.name, entry.line) for entry in parsed.entries] == [("A", 1), ("B", 5)]
    assert parsed.strange_lines == (6,)


@given(st.binary(max_size=300))
def test_any_bytes_can_be_read_as_a_file_of_settings(raw: bytes) -> None:
    parsed = parse_dotenv(raw)
    assert all(entry.line >= 1 for entry in parsed.entries)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r'"), max_size=60))
def test_what_stands_in_single_quotes_comes_back_unchanged(value: str) -> None:
    (entry,) = parse_dotenv(f"KEY='{value}'".encode()).entries
    assert entry.value == value


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / ".env"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_file_wins_over_the_environment_and_each_value_says_where_it_is_from(
    tmp_path: Path,
) -> None:
    file = write(tmp_path, "# mail\nRESEND_API_KEY=re_file\n")
    settings = read_settings({"RESEND_API_KEY": "re_env", "RESEND_FROM": "a@acme.test"}, file)
    assert settings.api_key is not None
    assert settings.sender is not None
    assert (settings.api_key.value, settings.api_key.where) == ("re_file", ".env:2")
    assert settings.sender.where == Phrase("environment")
    assert [note.key for note in check_env_file(settings)] == ["env_file.contradicted"]


def test_a_name_that_is_set_twice_is_named_with_both_lines(tmp_path: Path) -> None:
    file = write(tmp_path, "RESEND_API_KEY=re_1\nA=1\nRESEND_API_KEY=re_2\n")
    (note,) = check_env_file(read_settings({}, file))
    assert (note.key, note.facts["first"], note.facts["last"]) == ("env_file.doubled", "1", "3")


def test_a_file_that_powershell_wrote_is_read_and_named(tmp_path: Path) -> None:
    settings = read_settings({}, write(tmp_path, "RESEND_API_KEY=re_1\n".encode("utf-16")))
    assert settings.api_key is not None
    assert settings.api_key.value == "re_1"
    assert [note.key for note in check_env_file(settings)] == ["env_file.utf16"]


def test_a_line_that_is_no_setting_is_named(tmp_path: Path) -> None:
    (note,) = check_env_file(read_settings({}, write(tmp_path, "RESEND_API_KEY: re_1\n")))
    assert (note.key, note.facts["line"]) == ("env_file.strange_line", "1")


def test_a_reference_is_put_in_but_a_dollar_in_a_password_stays(tmp_path: Path) -> None:
    text = 'HOST=db.acme.test\nDATABASE_URL="postgres://app:pa$word@${HOST}/app"\n'
    settings = read_settings({}, write(tmp_path, text))
    assert settings.database_url is not None
    assert settings.database_url.value == "postgres://app:pa$word@db.acme.test/app"


def test_a_setting_does_not_show_its_value_in_a_traceback() -> None:
    settings = read_settings({"RESEND_API_KEY": "re_canary"})
    assert "re_canary" not in repr(settings)


def test_of_two_database_urls_mailproofs_own_counts() -> None:
    settings = read_settings(
        {"DATABASE_URL": "postgres://a", "MAILPROOF_DATABASE_URL": "postgres://b"}
    )
    assert settings.database_url is not None
    assert settings.database_url.value == "postgres://b"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("RESEND_FROM=a@${DOMAIN}", "a@acme.test"),
        ("RESEND_FROM=a@$DOMAIN", "a@acme.test"),
        ("RESEND_FROM=a@${NOBODY:-other.test}", "a@other.test"),
        ("RESEND_FROM='a@${DOMAIN}'", "a@${DOMAIN}"),
        ("RESEND_FROM=a@$SHELL", "a@$SHELL"),
    ],
)
def test_a_reference_is_read_as_the_common_loaders_read_it(
    tmp_path: Path, line: str, value: str
) -> None:
    file = write(tmp_path, f"DOMAIN=acme.test\n{line}\n")
    settings = read_settings({"SHELL": "/bin/sh"}, file)
    assert settings.sender is not None
    assert settings.sender.value == value


def test_a_file_in_utf16_without_its_mark_is_read_and_named(tmp_path: Path) -> None:
    settings = read_settings({}, write(tmp_path, "RESEND_API_KEY=re_1\n".encode("utf-16-le")))
    assert settings.api_key is not None
    assert [note.key for note in check_env_file(settings)] == ["env_file.utf16"]


def test_a_placeholder_and_a_url_without_a_login_are_no_secrets() -> None:
    environ = {"RESEND_API_KEY": "your-api-key", "SMTP_URL": "smtp://mailpit:1025"}
    assert read_settings(environ).secrets == {}
