"""Every alert has a page in both languages, and the pages say what the program does."""

import json
import re

import pytest

from mailproof.alerts.limits import Limits, percent
from mailproof.alerts.webhook import body_of
from mailproof.alerts.wording import text_of_test
from mailproof.alerts.words import words
from mailproof.config.schema import SCHEMA, Table
from tests.docs.pages import LANGUAGES, code_of, fences, heads, page, tables

ALERTS = sorted({name.partition("-")[0] for name in words("en").conditions} - {"other"})


def table_of(language: str) -> list[str]:
    """The alerts in the table of `serve`."""
    for rows in tables(page("serve", language)):
        names = [code_of(row[0])[0] for row in rows if code_of(row[0])]
        if "route_closed" in names:
            return names
    pytest.fail("no table has route_closed")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_alert_is_in_both_tables(language: str) -> None:
    assert sorted(table_of(language)) == ALERTS
    overview = tables(page("alerts/README", language))[0]
    assert sorted(code_of(row[0])[0] for row in overview) == ALERTS


@pytest.mark.parametrize("name", [*ALERTS, "README"])
def test_both_pages_about_an_alert_have_the_same_parts(name: str) -> None:
    english, chinese = (page(f"alerts/{name}", language) for language in LANGUAGES)
    assert heads(english) == heads(chinese)
    assert fences(english) == fences(chinese)
    steps = [re.findall(r"^\d\. ", text, re.MULTILINE) for text in (english, chinese)]
    assert steps[0] == steps[1]
    codes = [set(re.findall(r"`([a-z_]+\.[a-z_]+|mailproof [a-z ]+)", text)) for text in
             (english, chinese)]  # fmt: skip
    assert codes[0] == codes[1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ALERTS)
def test_a_page_names_settings_that_there_are_with_their_defaults(name: str, language: str) -> None:
    text = page(f"alerts/{name}", language)
    alerts = SCHEMA.keys["alerts"]
    assert isinstance(alerts, Table)
    settings = re.findall(r"`alerts\.([a-z_]+)`(?: ?[(（]([\d.]+)(%?)| ?[(（]([\d.]+) %)?", text)
    for setting, number, sign, spaced in settings:
        assert setting in alerts.keys
        default = getattr(Limits(), setting, None)
        if sign or spaced:
            assert percent(default or 0) == f"{number or spaced}%"
        elif number and isinstance(default, int):
            assert default == int(number)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_body_of_a_webhook_has_the_fields_of_the_page(language: str) -> None:
    shown = re.search(r"```json\n(.*?)```", page("alerts/README", language), re.DOTALL)
    assert shown is not None
    assert list(json.loads(shown[1])) == list(json.loads(body_of(text_of_test("en"))))
