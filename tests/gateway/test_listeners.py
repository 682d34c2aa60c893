"""Two sockets, one server: what is served where, to whom, and what everything else is told."""

import socket
from pathlib import Path
from typing import Any

import pytest

from mailproof.config.settings import Server
from mailproof.gateway.listening import CannotListen, open_listeners, url_of
from mailproof.gateway.public import Readiness
from tests.gateway.world import MAIL, World, secret

TOKEN = "a-token-that-nobody-guesses"


def exchange(world: World, request: bytes) -> bytes:
    with world.connect() as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(4096), b""))


@pytest.mark.parametrize("path", ["/admin/v1/state", "/admin/v1/log-level", "/metrics", "/console"])
def test_the_public_listener_serves_nothing_of_the_admins(shared: World, path: str) -> None:
    # Whatever the client says of itself, the socket decides.
    headers = {"host": f"127.0.0.1:{shared.admin_port}"}
    assert shared.ask("GET", path, headers=headers).name == "not_found"


@pytest.mark.parametrize(
    "path", ["/emails", "/healthz", "/readyz", "/openapi.json", "/v1/emails/x"]
)
def test_the_admin_listener_serves_nothing_of_the_publics(shared: World, path: str) -> None:
    headers = {"host": f"localhost:{shared.public_port}"}
    answer = shared.ask("GET", path, admin=True, headers=headers)
    assert (answer.status, answer.name) == (404, "not_found")
    assert "public listener" in answer.message


def test_the_state_is_shown_and_the_log_level_changed(shared: World) -> None:
    assert shared.ask("GET", "/admin/v1/state", admin=True).json == {"routes": []}
    answer = shared.ask("POST", "/admin/v1/log-level", {"level": "debug"}, admin=True)
    assert (answer.status, answer.json) == (200, {"level": "DEBUG"})
    assert shared.levels == ["DEBUG"]
    for body in ({"level": "LOUD"}, {}, 7):
        answer = shared.ask("POST", "/admin/v1/log-level", body, admin=True)
        assert (answer.status, answer.name) == (422, "validation_error")
    assert shared.levels == ["DEBUG"]


@pytest.mark.parametrize(
    ("host", "let_in"),
    [
        ("localhost", True),
        ("localhost:7026", True),
        ("127.0.0.1:7026", True),
        ("[::1]:7026", True),
        ("127.8.8.8", True),
        ("evil.example", False),
        ("evil.example:7026", False),
        ("127.0.0.1.evil.example", False),
        ("localhost@evil.example", False),
        ("192.168.0.7", False),
    ],
)
def test_a_foreign_host_is_refused_by_the_open_admin_listener(
    shared: World, host: str, *, let_in: bool
) -> None:
    answer = shared.ask("GET", "/admin/v1/state", admin=True, headers={"host": host})
    assert answer.status == (200 if let_in else 403)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "http://["]
)
def test_a_page_of_another_origin_changes_nothing(shared: World, origin: str) -> None:
    body, headers = {"level": "DEBUG"}, {"origin": origin}
    answer = shared.ask("POST", "/admin/v1/log-level", body, admin=True, headers=headers)
    assert (answer.status, answer.name) == (403, "security_error")
    assert not shared.levels


def test_a_page_of_its_own_may_change_what_it_likes(shared: World) -> None:
    headers = {"origin": f"http://127.0.0.1:{shared.admin_port}"}
    answer = shared.ask(
        "POST", "/admin/v1/log-level", {"level": "INFO"}, admin=True, headers=headers
    )
    assert answer.status == 200


def test_an_admin_listener_that_others_can_reach_wants_the_token(tmp_path: Path) -> None:
    server = Server(port=0, admin_host="0.0.0.0", admin_port=0, admin_token=secret(TOKEN))
    with World(tmp_path, server=server) as world:
        for given in ("", "Bearer wrong", f"Basic {TOKEN}", "Bearer "):
            answer = world.ask(
                "GET", "/admin/v1/state", admin=True, headers={"authorization": given}
            )
            assert (answer.status, answer.name) == (401, "missing_api_key")
        headers = {"authorization": f"Bearer {TOKEN}", "host": "mail.internal:7026"}
        assert world.ask("GET", "/admin/v1/state", admin=True, headers=headers).status == 200


def test_a_token_that_cannot_be_read_opens_nothing(tmp_path: Path) -> None:
    server = Server(port=0, admin_host="0.0.0.0", admin_port=0, admin_token=secret(""))
    with World(tmp_path, server=server) as world:
        headers = {"authorization": "Bearer "}
        assert world.ask("GET", "/admin/v1/state", admin=True, headers=headers).status == 401


def test_an_admin_listener_that_others_can_reach_does_not_start_without_a_token() -> None:
    with pytest.raises(CannotListen, match="admin_token"):
        open_listeners(Server(port=0, admin_host="0.0.0.0", admin_port=0))


def test_the_admin_port_is_the_next_one() -> None:
    for _ in range(20):  # the next port may be taken by somebody else
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        try:
            listeners = open_listeners(Server(port=port))
        except CannotListen:
            continue
        assert listeners.public_url == f"http://127.0.0.1:{port}"
        assert listeners.admin_url == f"http://127.0.0.1:{port + 1}"
        listeners.close()
        return
    pytest.fail("no two free ports in a row")


def test_port_0_takes_two_free_ones() -> None:
    listeners = open_listeners(Server(port=0))
    assert listeners.admin_port not in {0, listeners.public.getsockname()[1]}
    listeners.close()


@pytest.mark.parametrize(
    ("server", "said"),
    [
        (Server(port=7025, admin_port=7025), "server.admin_port: 7025 is the public port as well"),
        (Server(port=65_535), "server.port: 65535 leaves no port"),
        (Server(port=0, host="192.0.2.1"), "server.port: cannot listen on 192.0.2.1:0: "),
    ],
)
def test_what_cannot_be_listened_on_says_which_setting(server: Server, said: str) -> None:
    with pytest.raises(CannotListen) as raised:
        open_listeners(server)
    assert str(raised.value).startswith(said)


def test_a_taken_port_is_named_and_leaves_nothing_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=rf"server.admin_port: .*127.0.0.1:{port}: "):
            open_listeners(Server(port=0, admin_port=port))


def test_every_address_is_shown_as_one_that_can_be_called() -> None:
    with socket.create_server(("0.0.0.0", 0)) as everywhere:
        assert url_of(everywhere).startswith("http://127.0.0.1:")


def test_both_listeners_work_over_ipv6(tmp_path: Path) -> None:
    with World(tmp_path, server=Server(port=0, host="::1", admin_host="::1")) as world:
        assert world.listeners.public_url.startswith("http://[::1]:")
        assert world.send().status == 200
        assert world.ask("GET", "/admin/v1/state", admin=True).status == 200
        assert world.ask("GET", "/admin/v1/state").status == 404


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/emails", "GET, HEAD, OPTIONS, POST"),
        ("DELETE", "/emails/0198c0de-0000-7000-8000-000000000001", "GET, HEAD, OPTIONS, PATCH"),
        ("GET", "/emails/batch", "OPTIONS, POST"),
        ("GET", "/emails/0198c0de-0000-7000-8000-000000000001/cancel", "OPTIONS, POST"),
        ("POST", "/healthz", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(
    shared: World, method: str, path: str, allow: str
) -> None:
    answer = shared.ask(method, path)
    assert (answer.status, answer.name) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allow


@pytest.mark.parametrize(
    "path", ["/", "/mails", "/domains", "/api-keys", "/v1", "/emails/1/2/3", "//"]
)
def test_an_unknown_path_is_refused_as_resend_does(shared: World, path: str) -> None:
    answer = shared.ask("GET", path)
    assert (answer.status, answer.name) == (404, "not_found")
    assert answer.message == "The requested endpoint does not exist."


def test_a_path_of_slashes_is_refused_at_once(shared: World) -> None:
    assert shared.ask("GET", "/a" * 20_000).status == 404


def test_a_slash_at_the_end_means_nothing(shared: World) -> None:
    assert shared.ask("POST", "/emails/", MAIL).status == 200
    assert shared.ask("GET", "/healthz/").status == 200


def test_head_answers_as_get_without_a_body(shared: World) -> None:
    answer = shared.ask("HEAD", "/healthz")
    assert (answer.status, answer.raw) == (200, b"")
    assert answer.headers["content-length"] == "15"


def test_options_tells_what_is_allowed(shared: World) -> None:
    answer = shared.ask("OPTIONS", "/emails", key="")
    assert (answer.status, answer.raw) == (204, b"")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert "content-length" not in answer.headers


@pytest.mark.parametrize(
    "request_",
    [
        b"GARBAGE\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"POST /emails HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_in_resends_shape(world: World, request_: bytes) -> None:
    heard = exchange(world, request_)
    assert heard.startswith(b"HTTP/1.1 400 ")
    assert b'{"statusCode":400,"name":"validation_error","message":' in heard


@pytest.mark.parametrize(
    ("readiness", "status", "said"),
    [
        (Readiness(ready=True), 200, {"status": "ok", "reasons": []}),
        (
            Readiness(ready=True, reasons=("No provider.",)),
            200,
            {"status": "degraded", "reasons": ["No provider."]},
        ),
        (
            Readiness(ready=False, reasons=("Disk full.",)),
            503,
            {"status": "unavailable", "reasons": ["Disk full."]},
        ),
    ],
)
def test_readiness_says_what_is_wrong(
    shared: World, readiness: Readiness, status: int, said: Any
) -> None:
    shared.readiness = readiness
    answer = shared.ask("GET", "/readyz", key="")
    assert (answer.status, answer.json) == (status, said)
    assert shared.ask("GET", "/healthz", key="").json == {"status": "ok"}


def test_every_answer_has_a_request_id_and_a_sane_one_is_kept(shared: World) -> None:
    made = shared.ask("GET", "/healthz").headers["x-request-id"]
    assert made != shared.ask("GET", "/healthz").headers["x-request-id"]
    for given, kept in (("trace-1/2", True), ("a b", False), ("x" * 129, False), ("", False)):
        answer = shared.ask("GET", "/nowhere", headers={"x-request-id": given})
        assert (answer.headers["x-request-id"] == given) is kept
