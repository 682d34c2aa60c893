"""The page and the element: small, strict, and with nothing from anywhere else."""

import base64
import hashlib
import re

import pytest

from mailproof.gateway.status.page import SCRIPT
from mailproof.gateway.status.telling import LANGUAGES, LOOKS, Told, said
from mailproof.mail.lifecycle import State
from tests.gateway.description import conforms, description
from tests.gateway.status.reading import HTML, Readers

PAGE_MAX = 15 * 1024
SCRIPT_MAX = 6_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_small_and_asks_nobody_else_for_anything(
    readers: Readers, language: str
) -> None:
    readers.put(readers.mail_to("page@customer.test"), State.HELD)
    page = readers.ask_status(readers.token("page@customer.test"), HTML, accept_language=language)
    text = page.raw.decode()
    assert len(page.raw) < PAGE_MAX
    assert re.findall(r'(?:src|href)="([^"]*)"', text) == ["data:,", "../status.js"]
    assert "url(" not in text
    assert "@customer" not in text
    assert text.count("<h1") == 1
    assert 'role="status" aria-live="polite"' in text


def test_the_policy_lets_in_its_own_style_and_script_and_nothing_else(readers: Readers) -> None:
    page = readers.ask_status(readers.token("page@customer.test"), HTML)
    policy = dict(
        part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";")
    )
    style = re.search(r"<style>(.*?)</style>", page.raw.decode(), re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "script-src": "'self'",
        "img-src": "data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert page.headers["x-content-type-options"] == "nosniff"


def test_the_element_is_served_to_any_page_and_may_be_kept_for_an_hour(readers: Readers) -> None:
    script = readers.ask("GET", "/status.js", key="")
    assert script.raw == SCRIPT
    assert len(script.raw) < SCRIPT_MAX
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["access-control-allow-origin"] == "*"
    assert script.headers["cache-control"] == "public, max-age=3600"
    assert b'"%' not in script.raw, "something was not filled in"


def test_what_is_told_is_as_described(readers: Readers) -> None:
    email_id = readers.mail_to("described@customer.test")
    now = readers.database.now()
    readers.put(email_id, State.DEFERRED, due_at=now + 60_000)
    conforms(readers.ask_status(readers.token("described@customer.test")).json, "Status")
    conforms(readers.ask_status(readers.token("described@customer.test", "otp")).json, "Status")
    wrong = readers.ask_status("nonsense").json
    conforms(wrong, "Status")
    conforms(wrong, "Error")


def test_the_description_has_the_states_and_looks_of_the_code() -> None:
    schema = description()["components"]["schemas"]["Status"]["properties"]
    assert schema["state"]["enum"] == list(LOOKS)
    assert set(schema) == set(Told.__struct_fields__)
    for field in ("tone", "seal"):
        used = {getattr(look, field) for look in LOOKS.values()}
        assert used == set(schema["look"]["properties"][field]["enum"])
    assert schema["lang"]["enum"] == list(LANGUAGES)


def test_no_reader_is_told_of_codes_providers_or_reasons() -> None:
    for language in LANGUAGES:
        for name in LOOKS:
            told = said(name, language)
            words = f"{told.title} {told.text} {told.action}".lower()
            for word in ("resend", "smtp", "http", "provider", "error", "{", "_", "!"):
                assert word not in words, (language, name)
