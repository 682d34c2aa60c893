"""Who may see and change the sandbox: not a foreign page, whatever name leads it here."""

import json
from collections.abc import Mapping

import pytest

from mailproof.testing import Sandbox
from tests.sandbox.api import MAIL, Api
from tests.sandbox.paging import BROWSER

FOREIGN = [
    {"origin": "https://evil.test"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/_sandbox/page/empty"),
        ("POST", "/_sandbox/page/faults"),
        ("POST", "/_sandbox/page/scan"),
        ("DELETE", "/_sandbox/mails"),
        ("POST", "/_sandbox/faults"),
        ("PUT", "/_sandbox/keys"),
    ],
)
def test_a_page_of_another_origin_may_change_nothing(
    api: Api, method: str, path: str, headers: Mapping[str, str]
) -> None:
    api.sent()
    body = json.dumps({"fault": "500"}).encode()
    answer = api.ask(method, path, raw=body, headers=headers)
    assert answer.status == 403
    assert "another origin" in answer.json["error"]
    assert len(api.sandbox.mails) == 1
    api.sent()


@pytest.mark.parametrize("host", ["evil.test", "evil.test:8025", "127.0.0.1.evil.test", "10.0.0.1"])
@pytest.mark.parametrize("path", ["/", "/inbox", "/_sandbox/mails", "/_sandbox/static/sandbox.js"])
def test_a_name_that_somebody_elses_dns_points_here_shows_nothing(
    api: Api, host: str, path: str
) -> None:
    answer = api.ask("GET", path, headers={"host": host, **BROWSER})
    assert answer.status == 403
    assert "127.0.0.1" in answer.json["error"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9", "[::1]:8025", "LOCALHOST.:80"])
def test_this_machine_is_known_by_all_its_names(api: Api, host: str) -> None:
    assert api.ask("GET", "/_sandbox/mails", headers={"host": host}).status == 200


def test_an_api_call_is_served_under_any_name(api: Api) -> None:
    body = json.dumps(MAIL).encode()
    given = {"host": "api.resend.test", "content-type": "application/json"}
    assert api.ask("POST", "/emails", raw=body, headers=given).status == 200


def test_a_sandbox_opened_to_others_is_known_by_any_name() -> None:
    with Sandbox(host="0.0.0.0") as sandbox:
        api = Api(sandbox)
        assert api.ask("GET", "/_sandbox/mails", headers={"host": "sandbox:8025"}).status == 200
        answer = api.ask("DELETE", "/_sandbox/mails", headers={"origin": "https://evil.test"})
        assert answer.status == 403
