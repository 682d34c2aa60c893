"""What the browser is told about every answer, and the files that pages load."""

import hashlib
import re
from importlib.resources import files

import pytest
from structlog.testing import capture_logs

from mailproof.console.headers import POLICY
from mailproof.console.rendering import Shelf
from tests.console.frame_world import World, clock, database, world

__all__ = ["clock", "database", "world"]

STATIC = files("mailproof.console") / "static"
PLACES = [
    ("GET", "/console", 200),
    ("GET", "/console/hello/5", 200),
    ("GET", "/console/sign-in", 303),
    ("GET", "/console/nothing", 404),
    ("GET", "/console/broken", 500),
    ("POST", "/console/deed", 400),
    ("DELETE", "/console/deed", 405),
    ("GET", "/console?lang=zh", 303),
    ("GET", "/console/static/nothing.css", 404),
]


@pytest.mark.parametrize(("method", "path", "status"), PLACES)
async def test_every_answer_carries_the_guards(
    world: World, method: str, path: str, status: int
) -> None:
    await world.signed_in()
    with capture_logs():
        heard = await world.ask(method, path)
    assert heard.status == status
    assert heard.headers["content-security-policy"] == POLICY.decode()
    assert heard.headers["x-content-type-options"] == "nosniff"
    assert heard.headers["cross-origin-opener-policy"] == "same-origin"
    assert heard.headers["referrer-policy"] == "same-origin"
    if "static" not in path:
        assert heard.headers["cache-control"] == "no-store"


async def test_a_page_that_is_stricter_keeps_its_own_policy(world: World) -> None:
    await world.signed_in()
    heard = await world.ask("GET", "/console/own")
    assert heard.headers["content-security-policy"] == "sandbox"
    assert heard.headers["cache-control"] == "no-store"


async def test_a_file_is_kept_for_a_year_under_the_mark_of_its_content(world: World) -> None:
    page = await world.ask("GET", "/console/sign-in")
    links = re.findall(r'"(/console/static/[^"]+)"', page.text)
    assert len(links) == 4
    for link in links:
        heard = await world.ask("GET", link)
        assert heard.status == 200
        assert heard.headers["cache-control"] == "public, max-age=31536000, immutable"
        bare, _, mark = link.partition("?v=")
        assert hashlib.sha256(heard.text.encode()).hexdigest().startswith(mark)
        for other in (bare, f"{bare}?v=0000"):
            assert (await world.ask("GET", other)).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["../visit.py", "..%2Fvisit.py", "", "vendored", "/etc/passwd"])
async def test_nothing_but_the_files_of_the_pages_is_served(world: World, name: str) -> None:
    assert (await world.ask("GET", f"/console/static/{name}")).status in {303, 404}


def test_no_template_has_a_style_or_a_script_of_its_own() -> None:
    for template in (files("mailproof.console") / "templates").iterdir():
        text = re.sub(r"{[{%#].*?[}%#]}", "", template.read_text("utf-8"), flags=re.DOTALL)
        found = re.findall(
            r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\ssrc=)|hx-on|javascript:", text
        )
        assert not found, template.name


def test_a_vendored_file_is_the_one_that_its_note_names() -> None:
    note = (STATIC / "vendored" / "README.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `([^`]+)` \|.*`([0-9a-f]{64})` \|$", note, re.MULTILINE))
    there = [each for each in (STATIC / "vendored").iterdir() if each.name != "README.md"]
    assert set(told) == {each.name for each in there}
    for each in there:
        assert hashlib.sha256(each.read_bytes()).hexdigest() == told[each.name], each.name


def test_a_file_of_an_unknown_kind_is_not_served() -> None:
    assert "vendored/README.md" not in Shelf().static
