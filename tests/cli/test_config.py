"""`mailproof config`, as users and scripts run it."""

import json
from pathlib import Path

import pytest

from tests.cli.running import mailproof

GOOD = '[[providers]]\ntype = "resend"\napi_key = "env:RESEND_API_KEY"\nrate = "5/s"\n'
BAD = '[[providers]]\ntype = "resend"\nrate = "5 per sec"\nrat = 1\n'
ENV = {"RESEND_API_KEY": "re_abcdefgh_abcdefghijklmnopqrstuvwx"}


@pytest.fixture
def good(tmp_path: Path) -> str:
    path = tmp_path / "good.toml"
    path.write_text(GOOD, "utf-8")
    return str(path)


@pytest.fixture
def bad(tmp_path: Path) -> str:
    path = tmp_path / "bad.toml"
    path.write_text(BAD, "utf-8")
    return str(path)


def test_a_good_configuration_exits_0_also_with_a_warning(good: str) -> None:
    done = mailproof("config", "check", "--config", good, env=ENV)
    assert done.returncode == 0
    assert done.stdout.decode().splitlines() == [
        "Warning  no alert channel is configured: when mail stops, only the log says so."
        ' Add [[alerts.channels]] with url = "env:ALERT_URL", any Apprise URL.',
        f"{good}: good.",
    ]
    assert done.stderr == b""


def test_a_bad_configuration_exits_1_and_says_all_that_is_wrong(bad: str) -> None:
    done = mailproof("config", "check", "--config", bad)
    assert done.returncode == 1
    lines = done.stdout.decode().splitlines()
    assert lines[:2] == [
        f"Wrong  {bad}:4: providers[0].rat: there is no such setting. Did you mean rate?",
        f"Wrong  {bad}:3: providers[0].rate: '5 per sec' is not a rate."
        ' Write a number and a unit, such as "5/s" or "300/min".',
    ]
    assert lines[-1] == f"{bad}: 2 to mend."


def test_check_speaks_chinese(bad: str) -> None:
    done = mailproof("config", "check", "--config", bad, "--lang", "zh")
    assert (
        f"错误  {bad}:4: providers[0].rat: 没有这项设置。您是想写 rate 吗？" in done.stdout.decode()
    )
    assert done.stdout.decode().endswith(f"{bad}：有 2 处要改。\n")


def test_check_gives_scripts_one_object(bad: str) -> None:
    done = mailproof("config", "check", "--config", bad, "--json")
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert (answer["file"], answer["ok"]) == (bad, False)
    assert answer["problems"][1] == {
        "path": "providers[0].rate",
        "origin": f"{bad}:3",
        "problem": "'5 per sec' is not a rate.",
        "fix": 'Write a number and a unit, such as "5/s" or "300/min".',
    }
    assert {warning["path"] for warning in answer["warnings"]} == {"providers[0].api_key", ""}


def test_a_key_file_that_is_not_there_leaves_the_object_for_scripts_whole(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace("env:RESEND_API_KEY", "file:key.txt"), "utf-8")
    done = mailproof("config", "check", "--config", str(path), "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["warnings"][0]["problem"] == (
        "file:key.txt cannot be read (No such file or directory),"
        " so mail is accepted and held (credentials_missing)."
    )


def test_a_file_that_is_not_there_is_bad(tmp_path: Path) -> None:
    done = mailproof("config", "check", "--config", str(tmp_path / "none.toml"))
    assert done.returncode == 1
    assert "there is no such file." in done.stdout.decode()


def test_misuse_exits_2() -> None:
    assert mailproof("config", "check", "--lang", "fr").returncode == 2
    assert mailproof("config", "chekc").returncode == 2


def test_show_prints_what_is_in_force_and_why(good: str) -> None:
    done = mailproof(
        "config", "show", "--config", good, env={**ENV, "MAILPROOF_LOG_LEVEL": "debug"}
    )
    assert done.returncode == 0
    lines = [" ".join(line.split()) for line in done.stdout.decode().splitlines()]
    assert f'rate = "5/s" # {good}:4' in lines
    assert 'level = "DEBUG" # env MAILPROOF_LOG_LEVEL' in lines
    assert 'wait = "5s" # default' in lines
    assert ENV["RESEND_API_KEY"] not in done.stdout.decode()


def test_show_gives_scripts_one_object(good: str) -> None:
    answer = json.loads(mailproof("config", "show", "--config", good, "--json", env=ENV).stdout)
    assert answer["file"] == good
    assert {"path": "providers[0].rate", "value": '"5/s"', "origin": f"{good}:4"} in answer["data"]


def test_show_of_a_bad_configuration_exits_1_and_prints_nothing_on_stdout(bad: str) -> None:
    done = mailproof("config", "show", "--config", bad)
    assert (done.returncode, done.stdout) == (1, b"")
    assert "is not a rate" in done.stderr.decode()
