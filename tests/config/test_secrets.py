"""Secrets: looked up when needed, and never shown."""

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mailproof.config.problems import ConfigInvalid, tell
from mailproof.config.showing import laid_out, rows_of
from tests.config.loading import KEY, SIGNING, read, wrong

PROVIDER = '[[providers]]\ntype = "resend"\napi_key = "{}"\n'


def test_a_variable_is_looked_up_each_time(tmp_path: Path) -> None:
    env = {"NAME": KEY}
    secret = read(tmp_path, PROVIDER.format("env:NAME"), env).settings.providers[0].api_key
    env["NAME"] = "another"
    assert secret.read() == "another"
    del env["NAME"]
    assert secret.read() == ""


def test_a_file_is_read_again_when_it_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "key.txt"
    file.write_text(f"{KEY}\n", "utf-8")
    secret = read(tmp_path, PROVIDER.format("file:key.txt")).settings.providers[0].api_key
    assert secret.read() == KEY

    before = file.stat()
    file.write_text("longer than it was before, by far\n", "utf-8")
    assert secret.read() == "longer than it was before, by far"

    # Put in place of the old one, with its size and its time, as a deployment does.
    swap = tmp_path / "swap.txt"
    swap.write_text("LONGER THAN IT WAS BEFORE, BY FAR\n", "utf-8")
    stat = file.stat()
    os.utime(swap, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    swap.replace(file)
    assert file.stat().st_size == stat.st_size
    assert secret.read() == "LONGER THAN IT WAS BEFORE, BY FAR"

    # The same size again, at another time.
    file.write_text("third time, and just as many as ..\n"[: stat.st_size], "utf-8")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 5_000_000_000))
    assert secret.read().startswith("third time")


def test_a_file_that_did_not_change_is_not_opened_again(tmp_path: Path) -> None:
    file = tmp_path / "key.txt"
    file.write_text("one", "utf-8")
    secret = read(tmp_path, PROVIDER.format("file:key.txt")).settings.providers[0].api_key
    assert secret.read() == "one"
    stat = file.stat()
    with file.open("r+") as same:  # in place: the same file, the same size, and the same time
        same.write("two")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert secret.read() == "one"


def test_a_file_that_goes_away_is_told_once_and_comes_back_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "key.txt"
    file.write_text(KEY, "utf-8")
    secret = read(tmp_path, PROVIDER.format("file:key.txt")).settings.providers[0].api_key
    file.unlink()
    with capture_logs() as logs:
        assert [secret.read(), secret.read()] == ["", ""]
    assert logs == [
        {
            "event": "secret.unreadable",
            "log_level": "warning",
            "origin": "file:key.txt",
            "why": "No such file or directory",
        }
    ]
    file.write_text("back", "utf-8")
    assert secret.read() == "back"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x" * (64 * 1024 + 1)])
def test_a_file_that_holds_no_secret_is_as_good_as_none(content: bytes, tmp_path: Path) -> None:
    tmp_path.joinpath("key.txt").write_bytes(content)
    with capture_logs() as logs:
        loaded = read(tmp_path, PROVIDER.format("file:key.txt"))
    assert loaded.settings.providers[0].api_key.read() == ""
    assert "api_key.file" in [each.key for each in loaded.warnings]
    assert logs == []  # the warning says it


def test_a_path_is_relative_to_the_file_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "mine.toml").write_text(PROVIDER.format("file:key.txt"), "utf-8")
    (tmp_path / "etc" / "key.txt").write_text(KEY, "utf-8")
    loaded = read(tmp_path, None, {"MAILPROOF_CONFIG": "etc/mine.toml"})
    assert loaded.settings.providers[0].api_key.read() == KEY


def test_the_secret_itself_behind_env_is_not_shown_as_a_name(tmp_path: Path) -> None:
    text = f'[[alerts.channels]]\nurl = "env:{KEY}"\n'
    assert wrong(tmp_path, text) == [
        "mailproof.toml:2: alerts.channels[0].url: the variable that env: names here is not set,"
        " and it does not look like the name of one. Write the name of a variable in capitals,"
        ' such as "env:RESEND_API_KEY", not the secret itself.'
    ]


# Each place where a secret may stand, or gets put by mistake.
EVERYWHERE = """
{unknown} = "{0}"
public_url = "https://me:{0}@example.com"
trusted_proxies = "{1}"
[[providers]]
type = "{1}"
name = "{1}"
api_key = "{0}"
base_url = "https://me:{0}@example.com?token={0}"
rate = "{1}"
webhook_secret = ["{0}", "env:{1}"]
[[providers]]
type = "resend"
name = "second"
api_key = "env:{1}"
[[alerts.channels]]
url = "{0}"
[purposes.{1}]
critical = true
[server]
admin_token = "{0}"
port = "{1}"
[store]
url = "mysql://me:{0}@db/mail"
"""


@pytest.mark.parametrize("unknown", ["api_key", "password", KEY])
def test_no_secret_is_in_anything_that_is_said(unknown: str, tmp_path: Path) -> None:
    hidden = "correct-horse-battery"
    text = EVERYWHERE.format(hidden, KEY, unknown=unknown)
    env = {"MAILPROOF_ADMIN_TOKN": hidden, "MAILPROOF_LOG_LEVEL": KEY}
    with pytest.raises(ConfigInvalid) as raised:
        read(tmp_path, text, env)
    invalid = raised.value
    assert len(invalid.problems) >= 12
    said = [str(invalid), repr(invalid), repr(invalid.problems), repr(invalid.warnings)]
    for language in ("en", "zh"):
        said += [str(each) for each in tell((*invalid.problems, *invalid.warnings), language)]
    for each in said:
        assert hidden not in each
        assert KEY not in each
        assert KEY[12:] not in each


def test_no_secret_is_in_the_settings_as_they_are_printed(tmp_path: Path) -> None:
    text = (
        f'{PROVIDER.format(KEY)}webhook_secret = "{SIGNING}"\n'
        '[[alerts.channels]]\nurl = "slack://correct/horse/battery"\n'
        '[server]\nadmin_token = "correct-horse-battery"\n'
        '[store]\nurl = "postgresql://me:hunter2@db/mail"\n'
    )
    loaded = read(tmp_path, text)
    for said in (repr(loaded), laid_out(rows_of(loaded)), repr(rows_of(loaded))):
        for secret in (KEY, SIGNING, "horse", "hunter2"):
            assert secret not in said
