"""The console's place on the admin port: people come without a token, web pages do not."""

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from mailproof.config.settings import Server
from mailproof.gateway.exchange import Answer, Request
from tests.gateway.world import World, secret

TOKEN = "a-token-that-is-long-enough"


async def console(request: Request) -> Answer:
    return Answer(200, request.path.encode(), (), b"text/plain")


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("door"), console=console) as made:
        yield made


@pytest.mark.parametrize("path", ["/console", "/console/", "/console/mails", "/console/static/x"])
def test_the_console_is_on_the_admin_port_alone(door: World, path: str) -> None:
    assert door.ask("GET", path, admin=True).raw == path.rstrip("/").encode()
    assert door.ask("GET", path).status == 404


def test_who_opens_the_bare_port_is_led_to_the_console(door: World) -> None:
    answer = door.ask("GET", "/", admin=True)
    assert (answer.status, answer.headers["location"]) == (303, "/console")


@pytest.mark.parametrize("path", ["/consoles", "/console.html", "/Console"])
def test_a_neighbour_of_the_console_is_not_the_console(door: World, path: str) -> None:
    assert door.ask("GET", path, admin=True).name == "not_found"


def test_a_name_of_somebody_elses_leads_nobody_in(door: World) -> None:
    answer = door.ask("GET", "/console", admin=True, headers={"host": "evil.example"})
    assert (answer.status, answer.name) == (403, "security_error")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1"])
def test_a_form_of_another_page_is_refused(door: World, origin: str) -> None:
    answer = door.ask("POST", "/console/deed", admin=True, headers={"origin": origin})
    assert (answer.status, answer.name) == (403, "security_error")


def test_a_trusted_proxy_may_call_it_what_people_typed(tmp_path: Path) -> None:
    trusted = (ip_network("127.0.0.1/32"),)
    with World(tmp_path, console=console, trusted_proxies=trusted) as world:
        headers = {"host": "mail.example:8443", "origin": "https://mail.example:8443"}
        assert world.ask("POST", "/console/x", admin=True, headers=headers).status == 200
        headers["origin"] = "https://evil.example"
        assert world.ask("POST", "/console/x", admin=True, headers=headers).status == 403
        # What needs no sign-in is still for this machine's own names alone.
        del headers["origin"]
        assert world.ask("GET", "/admin/v1/state", admin=True, headers=headers).status == 403


def test_people_sign_in_and_need_no_token_where_tools_do(tmp_path: Path) -> None:
    server = Server(port=0, admin_host="0.0.0.0", admin_port=0, admin_token=secret(TOKEN))
    with World(tmp_path, server=server, console=console) as world:
        headers = {"host": "mail.internal:7026"}
        assert world.ask("GET", "/console", admin=True, headers=headers).status == 200
        assert world.ask("GET", "/metrics", admin=True, headers=headers).status == 401


def test_without_a_console_its_paths_are_nothing(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        assert world.ask("GET", "/console", admin=True).name == "not_found"
        assert world.ask("GET", "/", admin=True).name == "not_found"
