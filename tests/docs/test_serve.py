"""What `docs/serve.md` says is what the program does, in both languages."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailproof.cli import COMMANDS
from mailproof.config.reading import load
from mailproof.config.schema import SCHEMA, Leaf, Named, Shape, Table, Tables
from mailproof.config.showing import rows_of
from mailproof.mail.events import LEVELS, EventType, Level
from tests.docs.pages import LANGUAGES, code_of, fences, heads, page, tables

# Defaults that are not a value: the page says them in words.
IN_WORDS = {"language", "store.url", "server.admin_port", "providers[].name"}
IN_WORDS |= {f"alerts.channels[].{name}" for name in ("name", "type", "secret")}
SERVE = re.compile(r"```console\n\$ .*mailproof serve\n(.*?)```", re.DOTALL)
REQUIRED = {"providers[].type", "alerts.channels[].url"}


def names(shape: Shape = SCHEMA, path: str = "") -> Iterator[str]:
    match shape:
        case Leaf():
            yield path
        case Table():
            for key, inner in shape.keys.items():
                yield from names(inner, f"{path}.{key}" if path else key)
        case Tables():
            yield from names(shape.entry, f"{path}[]")
        case Named():
            yield from names(shape.entry, f"{path}.NAME")


def table_with(name: str, language: str) -> dict[str, list[str]]:
    """The table whose first column has `name`: its rows by their first column's code."""
    for rows in tables(page("serve", language)):
        found = {code_of(row[0])[0]: row for row in rows if code_of(row[0])}
        if name in found:
            return found
    pytest.fail(f"no table has {name}")


def defaults(folder: Path) -> dict[str, str]:
    """By name as on the page; of a provider as with a file that names nothing but its type."""
    (folder / "mailproof.toml").write_text('[[providers]]\ntype = "resend"\n', encoding="utf-8")
    loaded = load(path=None, environ={}, cwd=folder)
    return {
        re.sub(r"\[\d+\]", "[]", row.path).replace("purposes.receipt.", "purposes.NAME."): (
            row.value.strip('"')
        )
        for row in rows_of(loaded)
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_is_on_the_page_and_no_other(language: str) -> None:
    assert sorted(table_with("delivery.wait", language)) == sorted(names())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_default_on_the_page_is_the_one_in_force(language: str, tmp_path: Path) -> None:
    real = defaults(tmp_path)
    none = {"en": "none", "zh": "无"}[language]
    compared = 0
    for name, row in table_with("delivery.wait", language).items():
        if name in IN_WORDS | REQUIRED or name.startswith("purposes.NAME.match"):
            continue
        if name.startswith("purposes.") and name != "purposes.NAME.on_hold":
            continue
        told = row[1].strip("`")
        assert real[name] == ("none" if told == none else told), name
        compared += 1
    assert compared > 20


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_event_is_on_the_page_with_its_level(language: str) -> None:
    told = table_with("email.accepted", language)
    assert list(told) == [event.value for event in EventType]
    levels = {name: row[1] for name, row in told.items()}
    assert levels == {each.value: LEVELS.get(each, Level.INFO).value for each in EventType}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_of_an_operator_is_on_the_page(language: str) -> None:
    said = {code.split()[0] for row in table_with("serve", language).values() for code in
            code_of(row[0])}  # fmt: skip
    assert said == set(COMMANDS) - {"explain", "doctor", "sandbox", "demo"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.skipif(os.name == "nt", reason="it is stopped by a POSIX signal")
def test_serve_says_what_the_page_shows(language: str, tmp_path: Path) -> None:
    shown = SERVE.search(page("serve", language))
    assert shown is not None
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAILPROOF_")}
    env = {
        **kept,
        "RESEND_API_KEY": "re_Br8kW2dQx9LmZ5tXv7Bn4Pc6DsEf",
        # Nobody listens there: this test asks nobody outside.
        "MAILPROOF_PROVIDERS_0_BASE_URL": "http://127.0.0.1:9",
        "MAILPROOF_LANGUAGE": language,
        "PYTHONUTF8": "1",
    }
    serve = subprocess.Popen(
        [sys.executable, "-m", "mailproof", "serve", "--port", "0", "--admin-port", "0"],
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=env,
        cwd=tmp_path,
    )
    wanted = _in_general(shown[1]).splitlines()
    with serve:
        assert serve.stderr is not None
        said: list[str] = []
        for line in serve.stderr:
            if not line.startswith("{"):
                said.append(_in_general(line.rstrip("\n")))
            if line.strip() == wanted[-1]:
                break
        serve.send_signal(signal.SIGTERM)
        serve.stderr.read()
    assert serve.returncode == 0
    assert said == wanted


def _in_general(text: str) -> str:
    text = re.sub(r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:PORT", text)
    text = re.sub(r"(password|密码) [\w…-]+", r"\1 SECRET", text)
    return re.sub(r"/\S*?/mailproof\.db", "mailproof.db", text)


def test_both_pages_have_the_same_parts() -> None:
    english, chinese = (page("serve", language) for language in LANGUAGES)
    assert heads(english) == heads(chinese)
    assert fences(english) == fences(chinese)
    assert [len(rows) for rows in tables(english)] == [len(rows) for rows in tables(chinese)]
