"""Who is let in, and how the others are refused."""

from collections.abc import Callable
from typing import Any

import pytest

from mailproof.testing import DomainStatus, GivenKey, Switches
from tests.sandbox.api import MAIL, Api, conforms

Start = Callable[..., Api]


@pytest.mark.parametrize("header", ["", "Bearer ", "Basic re_sandbox_full_access_key"])
def test_a_request_without_a_key_is_told_that_it_is_missing(api: Api, header: str) -> None:
    answer = api.ask("POST", "/emails", MAIL, headers={"authorization": header})
    assert (answer.status, answer.name) == (401, "missing_api_key")
    assert answer.message == "Missing API key in the authorization header."


@pytest.mark.parametrize(
    ("switch", "status", "name"),
    [
        (400, 400, "validation_error"),
        (401, 401, "validation_error"),
        (403, 403, "invalid_api_key"),
    ],
)
def test_an_unknown_key_is_refused_in_the_way_that_was_chosen(
    start: Start, switch: Any, status: int, name: str
) -> None:
    api = start(switches=Switches(unknown_key=switch))
    answer = api.ask("GET", "/domains", headers={"authorization": "Bearer 1"})
    assert (answer.status, answer.name) == (status, name)
    assert answer.message.startswith("API key is invalid")


def test_a_sending_key_may_send_and_nothing_else(start: Start) -> None:
    api = start(keys=(GivenKey("re_sending", permission="sending_access"),))
    mail_id = api.sent()
    for method, path in [
        ("GET", "/domains"),
        ("GET", "/emails"),
        ("GET", f"/emails/{mail_id}"),
        ("GET", "/api-keys"),
    ]:
        answer = api.ask(method, path)
        assert (answer.status, answer.name) == (401, "restricted_api_key")
        assert answer.message == "This API key is restricted to only send emails"


def test_a_suspended_key_may_do_nothing(start: Start) -> None:
    api = start(keys=(GivenKey("re_suspended", state="suspended"),))
    answer = api.send()
    assert (answer.status, answer.name) == (403, "suspended_api_key")


def test_a_revoked_key_says_that_it_is_not_active(start: Start) -> None:
    api = start(keys=(GivenKey("re_inactive", state="inactive"),))
    answer = api.send()
    assert (answer.status, answer.name) == (403, "restricted_api_key")
    assert answer.message == "API key is not active"


def test_a_key_of_one_domain_may_not_send_from_another(start: Start) -> None:
    verified = DomainStatus.VERIFIED
    api = start(domains=(("acme.test", verified), ("shop.test", verified)))
    domains = api.ask("GET", "/domains", kind="domain list").json["data"]
    acme = next(domain["id"] for domain in domains if domain["name"] == "acme.test")
    made = api.ask(
        "POST",
        "/api-keys",
        {"name": "acme only", "permission": "sending_access", "domain_id": acme},
        kind="new api key",
    )
    bound = Api(api.sandbox, made.json["token"])

    bound.sent()
    answer = bound.send(**{"from": "shop@shop.test"})
    assert (answer.status, answer.name) == (403, "validation_error")
    assert answer.message == "This API key is not authorized to send emails from shop.test"


def test_keys_are_made_listed_renamed_and_deleted(api: Api) -> None:
    made = api.ask("POST", "/api-keys", {"name": "ci"}, kind="new api key")
    assert made.status == 201
    listed = api.ask("GET", "/api-keys", kind="api key list").json["data"]
    assert {key["name"] for key in listed} == {"sandbox", "ci"}
    assert "token" not in listed[0]

    path = f"/api-keys/{made.json['id']}"
    api.ask("PATCH", path, {"name": "build"}, kind="changed")
    api.ask("DELETE", path, kind="deleted")
    assert Api(api.sandbox, made.json["token"]).send().status == 400
    assert api.ask("DELETE", path).name == "not_found"


def test_access_that_does_not_exist_is_refused(api: Api) -> None:
    answer = api.ask("POST", "/api-keys", {"name": "ci", "permission": "all"})
    assert (answer.status, answer.name) == (422, "invalid_access")


def test_a_request_without_a_user_agent_never_reaches_the_api(api: Api) -> None:
    answer = api.ask("POST", "/emails", MAIL, headers={"user-agent": ""})
    assert (answer.status, answer.raw) == (403, b"error code: 1010")
    assert answer.headers["server"] == "cloudflare"
    assert answer.headers["content-type"].startswith("text/plain")
    assert not api.sandbox.mails


def test_an_unknown_path_and_a_wrong_method_are_refused_as_json(api: Api) -> None:
    unknown = api.ask("GET", "/mails")
    assert (unknown.status, unknown.name) == (404, "not_found")
    assert unknown.message == "The requested endpoint does not exist."
    wrong = api.ask("PUT", "/emails", MAIL)
    assert (wrong.status, wrong.name) == (405, "method_not_allowed")
    conforms(wrong.json, "error")


def test_a_domain_of_a_key_may_be_written_in_capitals(api: Api) -> None:
    (domain,) = api.ask("GET", "/domains").json["data"]
    made = api.ask("POST", "/api-keys", {"name": "shop", "domain_id": domain["id"].upper()})
    Api(api.sandbox, made.json["token"]).sent()
