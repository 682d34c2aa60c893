"""The page and the element: small, strict, and with nothing from anywhere else."""

import base64
import gzip
import hashlib
import re
from pathlib import Path

import pytest

from mailproof.gateway.status.page import SCRIPT, page
from mailproof.gateway.status.telling import LANGUAGES, LOOKS, Told, tell
from mailproof.mail.lifecycle import State
from mailproof.store.mails.status import Standing
from tests.gateway.description import conforms, description
from tests.gateway.status.reading import HTML, Readers

ROOT = Path(__file__).parents[3]
NOW = 1_800_000_000_000
PAGE_MAX = 15 * 1024
ELEMENT_MAX = 8 * 1024


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_small_and_asks_nobody_else_for_anything(
    readers: Readers, language: str
) -> None:
    readers.put(readers.mail_to("page@customer.test"), State.HELD)
    shown = readers.ask_status(readers.token("page@customer.test"), HTML, accept_language=language)
    text = shown.raw.decode()
    assert len(shown.raw) < PAGE_MAX
    assert re.findall(r'(?:src|href)="([^"]*)"', text) == ["data:,", "../status.js"]
    assert "url(" not in text
    assert "@customer" not in text
    assert text.count("<h1") == 1
    assert 'role="status" aria-live="polite"' in text


def test_the_policy_lets_in_its_own_style_and_script_and_nothing_else(readers: Readers) -> None:
    shown = readers.ask_status(readers.token("page@customer.test"), HTML)
    policy = dict(
        part.strip().split(" ", 1) for part in shown.headers["content-security-policy"].split(";")
    )
    style = re.search(r"<style>(.*?)</style>", shown.raw.decode(), re.DOTALL)
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
    assert shown.headers["x-content-type-options"] == "nosniff"


def test_the_element_is_served_to_any_page_and_may_be_kept_for_an_hour(readers: Readers) -> None:
    script = readers.ask("GET", "/status.js", key="")
    assert script.raw == SCRIPT
    assert len(gzip.compress(script.raw, 6)) < ELEMENT_MAX
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["access-control-allow-origin"] == "*"
    assert script.headers["cache-control"] == "public, max-age=3600"
    assert b'"%' not in script.raw, "something was not filled in"


def test_the_element_brings_nothing_along_and_needs_no_exception_from_a_policy() -> None:
    source = SCRIPT.decode()
    for word in (
        "import",
        "eval",
        "innerHTML",
        "Function(",
        'setAttribute("style',
        ".style",
        "url(",
    ):
        assert word not in source, word


def test_all_that_the_element_says_comes_from_the_server() -> None:
    """Quoted pieces with a space in them that are no markup of ours."""
    own = re.sub(r"const STYLE = .*", "", SCRIPT.decode())
    spoken = [text for text in re.findall(r"[\"']([^\"'`\n]*)[\"']", own) if " " in text.strip()]
    assert spoken == ["0 0 16 16", "action primary"]
    assert own.isascii()


def test_the_page_has_a_link_to_us_and_the_domain_in_bold() -> None:
    mail = Standing(state=State.FAILED)
    shown = page(tell(mail, "en", support_url="https://help.example/?a=1&b"), NOW).body.decode()
    assert '<a class="action" href="https://help.example/?a=1&amp;b">Contact us</a>' in shown
    bounced = Standing(state=State.BOUNCED, address="maya@gmail.com.gmial.com")
    assert "<b>" not in page(tell(bounced, "en"), NOW).body.decode()
    bounced = Standing(state=State.BOUNCED, address="maya@gmail.comm")
    shown = page(tell(bounced, "en"), NOW).body.decode()
    assert "m•••a@gmail.comm. Did you mean <b>gmail.com</b>?" in shown
    assert "<button" not in shown, "nobody would answer it"


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


@pytest.mark.parametrize("page_of", ["docs/status.md", "docs/zh/status.md"])
def test_each_variable_that_dresses_it_is_on_the_page_about_it(page_of: str) -> None:
    text = (ROOT / page_of).read_text(encoding="utf-8")
    (line,) = re.findall(r"`--mail-status-`[^`]*((?:`[a-z0-9-]+`\s*)+)", text)
    used = set(re.findall(r"--mail-status-([a-z0-9-]+)", SCRIPT.decode()))
    assert set(re.findall(r"`([a-z0-9-]+)`", line)) == used
