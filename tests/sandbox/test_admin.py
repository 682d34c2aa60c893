"""The sandbox's own API and its inbox: what a checker, a script or a person sees."""

from typing import Any

import pytest

from mailproof.sandbox.faults.table import FAULTS
from mailproof.testing import ManualClock
from tests.sandbox.api import MAIL, Api


def own(api: Api, method: str, path: str, body: Any = None) -> Any:
    """Ask the sandbox's own API: it wants no key."""
    answer = Api(api.sandbox, "").ask(method, f"/_sandbox/{path}", body)
    assert answer.status == 200, answer
    return answer.json


def test_every_accepted_mail_is_shown_with_its_key_times_and_attempts(
    api: Api, clock: ManualClock
) -> None:
    api.send(key="welcome/1", to="accept-500+1@fault.test")
    clock.advance(2)
    api.send(key="welcome/1", to="accept-500+1@fault.test")
    api.send(subject=None)

    seen = own(api, "GET", "mails")
    assert seen["count"] == 1
    (mail,) = seen["data"]
    assert mail["idempotency_key"] == "welcome/1"
    assert mail["message"]["from"] == MAIL["from"]
    assert mail["accepted_at"] == clock.now() - 2
    assert [(one["status"], one["replayed"]) for one in mail["attempts"]] == [
        (500, False),
        (200, True),
    ]
    assert [event["event"] for event in mail["events"]] == ["sent", "delivered"]


def test_mails_can_be_found_by_recipient(api: Api) -> None:
    api.sent(to="ada@kunde.test")
    api.sent(to="bob@kunde.test")
    (mail,) = own(api, "GET", "mails?to=ADA@kunde.test")["data"]
    assert mail["message"]["to"] == ["ada@kunde.test"]


def test_every_request_is_shown_the_refused_ones_too_and_no_key_in_full(api: Api) -> None:
    api.send(subject=None)
    api.send(to="500@fault.test")
    requests = own(api, "GET", "requests")["data"]
    assert [(one["status"], one["fault"]) for one in requests] == [(422, ""), (500, "500")]
    assert api.key not in str(requests)


def test_what_arrived_can_be_forgotten(api: Api) -> None:
    api.send(key="k")
    assert own(api, "DELETE", "mails") == {"forgotten": 1}
    assert own(api, "GET", "mails")["count"] == 0
    api.send(key="k", subject="Another")
    assert own(api, "GET", "mails")["count"] == 1


def test_faults_are_added_listed_and_removed(api: Api) -> None:
    first = own(api, "POST", "faults", {"fault": "503,count=2"})
    second = own(api, "POST", "faults", {"name": "answer", "status": 418, "body": {"tea": True}})
    assert api.send().status == 503
    listed = own(api, "GET", "faults")["data"]
    assert [(one["name"], one["left"]) for one in listed] == [("503", 1), ("answer", None)]
    own(api, "DELETE", f"faults/{first['id']}")
    assert api.send().json == {"tea": True}
    own(api, "DELETE", f"faults/{second['id']}")
    api.sent()
    own(api, "POST", "faults", {"fault": "500"})
    assert own(api, "DELETE", "faults") == {"removed": 1}
    api.sent()


def test_all_known_faults_are_told_with_what_they_do(api: Api) -> None:
    known = own(api, "GET", "faults/known")["data"]
    assert [one["name"] for one in known] == list(FAULTS)
    assert all(one["what"] and one["strikes"] for one in known)


def test_keys_domains_and_limits_are_changed_while_it_runs(api: Api) -> None:
    own(api, "PUT", "keys", {"token": "re_new", "permission": "sending_access"})
    Api(api.sandbox, "re_new").sent()
    own(api, "PUT", "keys", {"token": "re_new", "state": "suspended"})
    assert Api(api.sandbox, "re_new").send().name == "suspended_api_key"
    own(api, "PUT", "keys", {"token": "re_new", "state": "active"})
    # What is not mentioned stays as it is.
    assert Api(api.sandbox, "re_new").ask("GET", "/domains").name == "restricted_api_key"

    own(api, "PUT", "domains", {"name": "shop.test", "status": "verified"})
    api.sent(**{"from": "a@shop.test"})
    own(api, "PUT", "domains", {"name": "shop.test", "status": "failed"})
    assert api.send(**{"from": "a@shop.test"}).status == 403

    limits = own(api, "PUT", "limits", {"daily_quota": 2})
    assert limits == {"rate_per_s": 0, "daily_quota": 2, "monthly_quota": 50_000}
    assert api.send().name == "daily_quota_exceeded"
    own(api, "PUT", "limits", {"daily_quota": None, "rate_per_s": 1})
    api.sent()
    assert api.send().name == "rate_limit_exceeded"


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("POST", "faults", {"fault": "nope"}, "'nope' is no fault"),
        ("POST", "faults", {"name": "500", "count": "x"}, "count"),
        ("POST", "faults", {"fault": "500", "count": 2}, "count"),
        ("POST", "faults", [], "object"),
        ("DELETE", "faults/fault-9", None, "There is no fault 'fault-9'"),
        ("PUT", "keys", {"token": "re_x", "domain": "no.test"}, "There is no domain 'no.test'"),
        ("PUT", "domains", {"name": "a.test", "status": "fine"}, "fine"),
        ("PUT", "limits", {"speed": 5}, "speed"),
        ("PUT", "limits", {"rate_per_s": -1}, ">= 0"),
        ("PUT", "keys", {"token": ""}, "length >= 1"),
        ("PUT", "domains", {"name": "a b.test", "status": "verified"}, "'a b.test' is no domain"),
        ("POST", "faults", {"name": "500", "times": 2}, "unknown field `times`"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_is_wrong(
    api: Api, method: str, path: str, body: Any, said: str
) -> None:
    answer = api.ask(method, f"/_sandbox/{path}", body)
    assert answer.status == 422
    assert said in answer.json["error"]


def test_the_inbox_shows_what_arrived_and_lets_no_mail_run_in_the_page(api: Api) -> None:
    evil = "<script>alert(1)</script>"
    mail_id = api.sent(subject=f"Hello {evil}", html=f"<p>Hi</p>{evil}")
    page = api.ask("GET", "/inbox").raw.decode()
    assert f"/inbox/{mail_id}" in page
    assert evil not in page
    mail = api.ask("GET", f"/inbox/{mail_id}").raw.decode()
    assert '<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" srcdoc=' in mail
    assert evil not in mail
    assert api.ask("GET", "/inbox/none").status == 404


def test_the_inbox_is_also_json(api: Api) -> None:
    mail_id = api.sent()
    accept = {"accept": "application/json"}
    (mail,) = api.ask("GET", "/inbox", headers=accept).json["data"]
    assert mail["id"] == mail_id
    assert api.ask("GET", f"/inbox/{mail_id}", headers=accept).json == mail


def test_the_inbox_says_that_a_mail_was_refused_and_where_to_look(api: Api) -> None:
    assert "/_sandbox/requests" not in api.ask("GET", "/inbox").raw.decode()
    api.ask("POST", "/emails", {})
    page = api.ask("GET", "/inbox").raw.decode()
    assert "/_sandbox/requests" in page
    assert "refused or got no answer: 1." in page


def test_the_inbox_speaks_the_language_of_the_browser(api: Api) -> None:
    page = api.ask("GET", "/inbox", headers={"accept-language": "zh-CN,zh;q=0.9"}).raw.decode()
    assert "还没有收到邮件" in page


def test_an_empty_inbox_says_so(api: Api) -> None:
    assert "Nothing has arrived yet" in api.ask("GET", "/inbox").raw.decode()
