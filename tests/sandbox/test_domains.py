"""Domains: made, listed, checked, deleted, with their records."""

import pytest

from mailproof.testing import DomainStatus
from tests.sandbox.api import Api, conforms


def test_a_new_domain_has_not_started_and_shows_its_records(api: Api) -> None:
    answer = api.ask("POST", "/domains", {"name": "Shop.test"}, kind="domain with records")
    assert answer.status == 201
    domain = answer.json
    assert (domain["name"], domain["status"]) == ("shop.test", "not_started")
    assert {record["type"] for record in domain["records"]} == {"MX", "TXT"}
    assert {record["status"] for record in domain["records"]} == {"not_started"}


def test_a_check_makes_it_pending_until_somebody_sets_the_dns(api: Api) -> None:
    domain_id = api.ask("POST", "/domains", {"name": "shop.test"}).json["id"]
    api.ask("POST", f"/domains/{domain_id}/verify", kind="changed")
    assert api.ask("GET", f"/domains/{domain_id}").json["status"] == "pending"
    api.sandbox.verify_domain("shop.test")
    seen = api.ask("GET", f"/domains/{domain_id}", kind="domain with records").json
    assert seen["status"] == "verified"
    assert {record["status"] for record in seen["records"]} == {"verified"}


@pytest.mark.parametrize("status", list(DomainStatus))
def test_a_domain_can_be_put_in_every_state(api: Api, status: DomainStatus) -> None:
    api.sandbox.set_domain("acme.test", status)
    (domain,) = api.ask("GET", "/domains", kind="domain list").json["data"]
    assert domain["status"] == status.value
    conforms(api.ask("GET", f"/domains/{domain['id']}").json, "domain with records")


def test_a_domain_is_changed_and_deleted(api: Api) -> None:
    (domain,) = api.ask("GET", "/domains").json["data"]
    path = f"/domains/{domain['id']}"
    api.ask("PATCH", path, {"open_tracking": True}, kind="changed")
    assert api.ask("GET", path).json["open_tracking"] is True
    api.ask("PATCH", path, {"capabilities": {"sending": "disabled"}}, kind="changed")
    assert api.send().status == 403
    api.ask("DELETE", path, kind="deleted")
    assert api.ask("GET", path).name == "not_found"
    assert api.send().status == 403


def test_a_region_that_does_not_exist_is_refused(api: Api) -> None:
    answer = api.ask("POST", "/domains", {"name": "shop.test", "region": "mars-1"})
    assert (answer.status, answer.name) == (422, "invalid_region")


def test_a_refused_domain_was_never_made(api: Api) -> None:
    assert api.ask("POST", "/domains", {"name": "shop.test", "open_tracking": 3}).status == 422
    assert len(api.ask("GET", "/domains").json["data"]) == 1


@pytest.mark.parametrize("name", ["", None, 1, "shop", "a b.test", "me@shop.test", "acme.test"])
def test_what_can_be_no_domain_of_this_account_is_refused(api: Api, name: object) -> None:
    answer = api.ask("POST", "/domains", {"name": name})
    assert answer.status in {403, 422}
    conforms(answer.json, "error")
