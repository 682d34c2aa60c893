"""`docs/metrics.md` and the table of metrics are one."""

import re

import pytest

from mailproof.record.metrics.catalog import FAMILIES
from tests.docs.pages import LANGUAGES, code_of, fences, heads, page, tables
from tests.metric_names import names_in, series_names


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_metric_is_on_the_page_with_its_type_and_labels(language: str) -> None:
    (rows,) = [
        rows for rows in tables(page("metrics", language)) if "mailproof_build_info" in str(rows)
    ]
    told = [(code_of(row[0])[0], row[1], tuple(code_of(row[2]))) for row in rows]
    assert told == [(each.name, each.kind, each.labels) for each in FAMILIES.values()]
    assert all(row[3] for row in rows)


def test_the_english_meaning_is_what_the_endpoint_says_itself() -> None:
    text = page("metrics", "en")
    missing = [each.name for each in FAMILIES.values() if each.help.rstrip(".") not in text]
    assert not missing


def test_what_is_of_the_process_stands_below_all_else() -> None:
    own = [each.of_process for each in FAMILIES.values()]
    assert own == sorted(own)
    assert next(each.name for each in FAMILIES.values() if each.of_process) == (
        "mailproof_build_info"
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["metrics", "operate"])
def test_the_pages_name_no_metric_that_does_not_exist(name: str, language: str) -> None:
    assert names_in(page(name, language)) <= series_names()


@pytest.mark.parametrize("name", ["metrics", "operate"])
def test_both_pages_have_the_same_parts(name: str) -> None:
    english, chinese = (page(name, language) for language in LANGUAGES)
    assert heads(english) == heads(chinese)
    assert fences(english) == fences(chinese)
    assert [len(rows) for rows in tables(english)] == [len(rows) for rows in tables(chinese)]
    assert _commands(english) == _commands(chinese)


def _commands(text: str) -> list[str]:
    """What is to be typed, block by block."""
    return re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
