"""A link is opened as a mail scanner would: on this machine only, and nothing is followed."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.sandbox.api import Api
from tests.sandbox.paging import do, look, plain


@pytest.fixture
def site() -> Iterator[tuple[str, list[str]]]:
    """A little site that remembers who asked how."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.command} {self.path}")
            self.send_response(302 if self.path == "/away" else 200)
            self.send_header("location", "https://elsewhere.test/")
            self.send_header("content-type", "text/html")
            self.send_header("content-length", "2")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(b"ok")

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_link_is_opened_as_a_scanner_would_and_the_answers_are_shown(
    api: Api, site: tuple[str, list[str]]
) -> None:
    url, asked = site
    mail_id = api.sent(html=f'<a href="{url}/away">Go</a>')
    done = do(api, "scan", mail=mail_id, link=0, back=f"mail={mail_id}&tab=text")
    assert (done.status, done.headers["location"]) == (303, f"/?mail={mail_id}&tab=text")
    # One of each, and the redirect is not followed.
    assert asked == ["HEAD /away", "GET /away"]
    page = plain(look(api, f"mail={mail_id}"))
    assert "HEAD → 302 text/html → https://elsewhere.test/" in page
    assert "GET → 302 text/html → https://elsewhere.test/, 2 bytes" in page


def test_a_link_to_another_machine_is_not_opened(api: Api) -> None:
    links = ["http://192.0.2.7/x", "http://no-such-host.invalid/", "http://[bad/", "http:///x"]
    mail_id = api.sent(html="".join(f'<a href="{link}">x</a>' for link in links))
    for number in range(len(links)):
        assert do(api, "scan", mail=mail_id, link=number).status == 303
    page = plain(look(api, f"mail={mail_id}"))
    assert page.count("is not on this machine") == len(links)
    assert "192.0.2.7 is not on this machine" in page


def test_only_links_of_a_mail_can_be_opened(api: Api, site: tuple[str, list[str]]) -> None:
    _, asked = site
    mail_id = api.sent(html="<p>No link</p>")
    for given in ({"mail": mail_id, "link": 0}, {"mail": "x", "link": 0}, {"mail": mail_id}, {}):
        assert do(api, "scan", **given).status == 303
    assert not asked


def test_a_host_that_was_named_may_be_opened_too(start: Callable[..., Api]) -> None:
    api = start(scan_hosts=("app.invalid",))
    mail_id = api.sent(html='<a href="http://APP.invalid:1/x">Go</a>')
    do(api, "scan", mail=mail_id, link=0)
    page = plain(look(api, f"mail={mail_id}"))
    assert "GET → no answer (ClientConnectorDNSError" in page
