"""The settings' page: what is in force and where it comes from, with no secret on it."""

from pathlib import Path

import msgspec
import pytest

from mailproof.config.reading import Loaded, load
from mailproof.console.pages.settings import laid_beside
from tests.console.pages_world import PagesWorld, pages

__all__ = ["pages"]

FILE = """
public_url = "https://mail.acme.test"
[delivery]
wait = "3s"
[[providers]]
name = "resend"
type = "resend"
api_key = "re_literal_secret_that_must_not_be_shown"
"""


def loaded(folder: Path, text: str = FILE) -> Loaded:
    path = folder / "mailproof.toml"
    path.write_text(text, encoding="utf-8")
    return load(path=str(path), environ={"MAILPROOF_LOG_LEVEL": "DEBUG"}, cwd=folder)


async def serving(pages: PagesWorld, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process runs with that file."""
    monkeypatch.setenv("MAILPROOF_LOG_LEVEL", "DEBUG")
    pages.parts = msgspec.structs.replace(pages.parts, settings=loaded(folder).settings)
    pages.console._parts = pages.parts


async def test_each_value_stands_with_where_it_comes_from(
    pages: PagesWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await serving(pages, tmp_path, monkeypatch)
    told = await pages.look("/console/settings")
    assert 'public_url "https://mail.acme.test"' in told
    assert f'wait "3s" {tmp_path / "mailproof.toml"}:4' in told
    assert 'level "DEBUG" environment, MAILPROOF_LOG_LEVEL' in told
    assert 'format "auto" default' in told
    zh = await pages.look("/console/settings", "zh")
    assert "环境变量 MAILPROOF_LOG_LEVEL" in zh


async def test_no_secret_is_on_the_page(
    pages: PagesWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await serving(pages, tmp_path, monkeypatch)
    heard = await pages.ask("GET", "/console/settings")
    assert "re_literal" not in heard.text
    assert "hidden" in heard.text


async def test_a_value_that_has_changed_since_the_start_says_both(
    pages: PagesWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await serving(pages, tmp_path, monkeypatch)
    loaded(tmp_path, FILE.replace('"3s"', '"9s"'))
    told = await pages.look("/console/settings")
    assert "1 setting has changed since, and is taken up with the next start." in told
    assert 'wait "3s" In the file and the environment now: "9s".' in told


async def test_a_file_that_cannot_be_used_any_more_is_said_and_what_runs_is_shown(
    pages: PagesWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await serving(pages, tmp_path, monkeypatch)
    (tmp_path / "mailproof.toml").write_text('[delivery]\nwait = "soon"\n', encoding="utf-8")
    told = await pages.look("/console/settings")
    assert "The configuration as it is now cannot be used:" in told
    assert 'wait "3s"' in told


def test_what_the_command_line_has_given_is_no_change_of_the_file(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    server = msgspec.structs.replace(found.settings.server, port=0)
    settings = msgspec.structs.replace(found.settings, server=server)
    port = next(each for each in laid_beside(settings, found) if each.row.path == "server.port")
    assert (port.row.value, port.by_hand, port.now) == ("0", True, "")


async def test_the_settings_cannot_be_changed_there(pages: PagesWorld) -> None:
    assert (await pages.post("/console/settings", {"wait": "1s"})).status == 405
