"""Faults: how they are written, when they strike, and what a client sees of them."""

from typing import Any

import pytest

from mailproof.sandbox.errors import ERRORS
from mailproof.sandbox.faults.fault import Faults, Sighting, UnknownFault, read_fault
from mailproof.sandbox.faults.kinds import Act, Stage
from mailproof.sandbox.faults.table import FAULTS
from mailproof.testing import Fault
from tests.sandbox.api import MAIL, Api

SEEN = Sighting("POST", "/emails", ("ada@kunde.test",), ("Your sign-in link",))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("500", Fault("500")),
        ("slow=3", Fault("slow", seconds=3)),
        ("503,count=2", Fault("503", count=2)),
        ("hang-after, to=*@slow.test", Fault("hang-after", to="*@slow.test")),
        ("429,retry_after=30", Fault("429", retry_after=30)),
        ("html,probability=0.5,seed=7", Fault("html", probability=0.5, seed=7)),
        ("answer,status=202,body=ok", Fault("answer", status=202, body="ok")),
    ],
)
def test_a_fault_is_written_in_one_line(text: str, fault: Fault) -> None:
    assert read_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nope", "'nope' is no fault. There are: 400,"),
        ("500,twice", "'twice' is not written as name=value."),
        ("500,times=2", "Options are to, subject, path, count,"),
        ("500,count=two", "Options are"),
        ("500,count=0", "count 0 must be 1 or more"),
        ("slow=601", "601.0 s is not within 0 and 600 s"),
        ("500,probability=2", "probability 2.0 is not in (0, 1]"),
        ("answer,status=99", "99 is no status from 200 to 599"),
        ("777", "777 is no status"),
        ("500,seconds=3", "500: seconds means nothing here"),
        ("500=3", "500: seconds means nothing here"),
        ("hang-after,body=x", "hang-after: body means nothing here"),
        ("reset-before,retry_after=3", "reset-before: retry_after means nothing here"),
        ("doubled-webhooks,status=500", "doubled-webhooks: status means nothing here"),
    ],
)
def test_a_fault_that_cannot_be_says_what_there_is(text: str, said: str) -> None:
    with pytest.raises(UnknownFault, match=said.replace("(", r"\(").replace("]", r"\]")):
        read_fault(text)


@pytest.mark.parametrize(
    ("scope", "fits"),
    [
        ("", True),
        (",to=*@kunde.test", True),
        (",to=ADA@kunde.test", True),
        (",to=*@other.test", False),
        (",subject=Your*", True),
        (",subject=Invoice*", False),
        (",path=/emails", True),
        (",path=/domains*", False),
    ],
)
def test_a_fault_strikes_only_what_it_is_bound_to(scope: str, fits: bool) -> None:  # noqa: FBT001
    faults = Faults()
    faults.add(read_fault("500" + scope))
    assert (faults.of_request(SEEN) is not None) is fits


def test_a_counted_fault_is_used_up() -> None:
    faults = Faults()
    faults.add(read_fault("500,count=2"))
    struck = [faults.of_request(SEEN) is not None for _ in range(3)]
    assert struck == [True, True, False]
    assert not faults.list()


def test_a_fault_by_chance_draws_the_same_lots_for_the_same_seed() -> None:
    def lots(seed: int) -> list[bool]:
        faults = Faults()
        faults.add(read_fault(f"500,probability=0.5,seed={seed}"))
        return [faults.of_request(SEEN) is not None for _ in range(40)]

    assert lots(1) == lots(1) != lots(2)
    assert 5 < sum(lots(1)) < 35


def test_faults_strike_in_the_order_they_were_added() -> None:
    faults = Faults()
    faults.add(read_fault("500,count=1"))
    faults.add(read_fault("429"))
    struck = [faults.of_request(SEEN) for _ in range(2)]
    assert [fault.name if fault else None for fault in struck] == ["500", "429"]


ANSWERS = [
    name for name, kind in FAULTS.items() if kind.act is Act.ANSWER and kind.stage is Stage.READ
]


@pytest.fixture(scope="module")
def shared() -> Any:
    from mailproof.testing import Sandbox

    with Sandbox() as sandbox:
        yield Api(sandbox)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_fault_that_answers_is_answered_as_it_says_and_accepts_nothing(
    shared: Api, name: str
) -> None:
    shared.sandbox.forget()
    answer = shared.send(to=f"{name}@fault.test")
    assert answer.status == FAULTS[name].status
    assert not shared.sandbox.mails
    if name in ERRORS:
        assert answer.name == name
        assert answer.message == ERRORS[name].message
    (arrival,) = shared.sandbox.requests
    assert (arrival.fault, arrival.status) == (name, answer.status)


def test_every_name_of_resends_is_a_fault_with_its_documented_status() -> None:
    assert set(ERRORS) <= set(FAULTS)
    assert all(FAULTS[name].status == known.status for name, known in ERRORS.items())


def test_any_status_headers_and_body_can_be_answered(shared: Api) -> None:
    shared.sandbox.fail(
        Fault("answer", status=599, headers={"X-Why": "because"}, body={"odd": True}, count=1)
    )
    answer = shared.send()
    assert (answer.status, answer.json) == (599, {"odd": True})
    assert answer.headers["x-why"] == "because"


def test_a_status_without_a_name_has_the_shape_of_resend(shared: Api) -> None:
    answer = shared.send(to="520@fault.test")
    assert (answer.status, answer.name) == (520, "application_error")


@pytest.mark.parametrize("headers", [{"x-a": "b\r\nx-evil: 1"}, {"x a": "b"}, {"": "b"}])
def test_a_header_that_http_cannot_carry_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(UnknownFault, match="HTTP cannot carry the header"):
        Fault("answer", headers=headers)


def test_an_answer_can_tell_when_to_come_again(shared: Api) -> None:
    shared.sandbox.fail("503,retry_after=30,count=1")
    assert shared.send().headers["retry-after"] == "30"


def test_a_captive_portal_says_200_and_takes_nothing(shared: Api) -> None:
    answer = shared.send(to="captive-portal@fault.test")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert b"<form" in answer.raw


def test_a_label_says_how_often_before_the_mail_goes_through(shared: Api) -> None:
    statuses = [shared.send(to="429+2@fault.test").status for _ in range(4)]
    assert statuses == [429, 429, 200, 200]


def test_a_fault_named_by_one_of_a_batch_strikes_the_whole_request(shared: Api) -> None:
    items = [MAIL, {**MAIL, "to": "500@fault.test"}]
    assert shared.ask("POST", "/emails/batch", items).status == 500


@pytest.mark.parametrize("name", ["nothing-such", "slow=9999", "slow=x"])
def test_an_address_that_asks_for_nothing_known_is_refused_with_its_reason(
    shared: Api, name: str
) -> None:
    answer = shared.send(to=f"{name}@fault.test")
    assert (answer.status, answer.name) == (422, "validation_error")
    assert f"{name}@fault.test" in answer.message


@pytest.mark.parametrize(("fault", "status"), [("accept-500", 500), ("accept-502", 502)])
def test_a_mail_can_be_accepted_and_answered_as_if_it_were_not(
    api: Api, fault: str, status: int
) -> None:
    first = api.send(to=f"{fault}+1@fault.test", key="k")
    assert first.status == status
    (mail,) = api.sandbox.mails
    again = api.send(to=f"{fault}+1@fault.test", key="k")
    assert (again.status, again.json["id"]) == (200, mail.id)
    assert len(api.sandbox.mails) == 1


def test_a_refusal_passes_a_fault_that_needs_an_acceptance(api: Api) -> None:
    api.sandbox.fail("accept-500")
    assert api.send(subject=None).name == "missing_required_field"


def test_faults_touch_no_page_of_the_sandbox_itself(api: Api) -> None:
    api.sandbox.fail("reset-before")
    api.sandbox.fail("500")
    assert api.ask("GET", "/_sandbox/faults").status == 200
    assert api.ask("GET", "/inbox").status == 200


def test_heal_takes_all_faults_back(api: Api) -> None:
    api.sandbox.fail("500")
    api.sandbox.heal()
    api.sent()
