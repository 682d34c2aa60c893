"""The judge is awake: each way to lose, double or forget a mail is found."""

import json
from collections.abc import Callable
from typing import Final

import msgspec
import pytest

from tests.chaos.checker import Arrived, Attempt, Event, Mail, Picture, Promise, problems

NOW: Final = 1_800_000_000_000
ID, OTHER = "0198c0de-0000-7000-8000-000000000001", "0198c0de-0000-7000-8000-000000000002"


class Case(msgspec.Struct, frozen=True):
    """One mail, its story, and what the world has of it."""

    mail: Mail
    events: tuple[Event, ...]
    attempts: tuple[Attempt, ...]
    arrived: tuple[Arrived, ...]
    promises: tuple[Promise, ...]

    def problems(self) -> list[str]:
        picture = Picture((self.mail,), self.events, self.attempts)
        return problems(picture, self.arrived, self.promises, now=NOW)

    def but(self, **given: object) -> "Case":
        return msgspec.structs.replace(self, **given)

    def with_mail(self, **given: object) -> "Case":
        return self.but(mail=msgspec.structs.replace(self.mail, **given))


def story(*types: str) -> tuple[Event, ...]:
    """Events of the mail; each `sending` under the next lease."""
    leases = iter(range(1, 10))
    return tuple(
        Event(
            ID,
            f"email.{name}",
            json.dumps({"attempt": next(leases)} if name == "sending" else {}),
        )
        for name in types
    )


def attempt(lease_no: int, outcome: str, *, epoch: int = 0, body: bytes = b"h") -> Attempt:
    return Attempt(ID, lease_no, "resend", f"{ID}.{epoch}", outcome, body)


COPY: Final = Arrived("resend", "pm-1", ID, "mail-1")
SENT: Final = Case(
    mail=Mail(
        id=ID,
        subject="mail-1",
        state="sent",
        unknown_since=None,
        due_at=None,
        leased_until=None,
        provider="resend",
        provider_message_id="pm-1",
        lane_state="open",
        has_content=1,
        recipients=1,
        probed_routes=0,
    ),
    events=story("accepted", "sending", "sent"),
    attempts=(attempt(1, "accepted"),),
    arrived=(COPY,),
    promises=(Promise(("mail-1",), "accepted", (ID,)),),
)
FAILED: Final = SENT.with_mail(state="failed", provider_message_id=None).but(
    events=story("accepted", "sending", "failed"), attempts=(attempt(1, "refused"),), arrived=()
)
TWICE: Final = SENT.but(
    events=story("accepted", "sending", "deferred", "sending", "sent"),
    attempts=(attempt(1, "unknown"), attempt(2, "accepted")),
)


@pytest.mark.parametrize("case", [SENT, FAILED, TWICE], ids=["sent", "failed", "sent twice"])
def test_what_is_right_is_not_found_fault_with(case: Case) -> None:
    assert case.problems() == []


FAULTS: Final[dict[str, tuple[Callable[[], Case], str]]] = {
    "a receipt for nothing": (
        lambda: SENT.but(promises=(Promise(("mail-9",), "accepted", (OTHER,)),)),
        "accepted and lost",
    ),
    "a refusal that was kept": (
        lambda: SENT.but(promises=(Promise(("mail-1",), "refused"),)),
        "refused and kept",
    ),
    "half a request": (
        lambda: SENT.but(promises=(Promise(("mail-1", "mail-9"), "unknown"),)),
        "of one request were kept",
    ),
    "a mail that nobody recorded": (
        lambda: SENT.but(arrived=(COPY, Arrived("resend", "pm-9", OTHER, "mail-9"))),
        "a provider has it, we do not",
    ),
    "two copies": (
        lambda: SENT.but(arrived=(COPY, msgspec.structs.replace(COPY, id="pm-2"))),
        "2 copies",
    ),
    "sent, and nobody has it": (lambda: SENT.but(arrived=()), "no provider has it"),
    "another mail's id": (
        lambda: SENT.with_mail(provider_message_id="pm-2"),
        "is that of another mail",
    ),
    "another provider's mail": (
        lambda: SENT.with_mail(provider="backup"),
        "is said to have it, and does not",
    ),
    "failed, and it is there": (
        lambda: FAILED.but(arrived=(COPY,)),
        "we say that nobody does",
    ),
    "a state that there is not": (lambda: SENT.with_mail(state="lost"), "no state"),
    "stuck": (
        lambda: SENT.with_mail(state="queued").but(arrived=()),
        "still on its way",
    ),
    "held for ever": (
        lambda: FAILED.with_mail(state="held").but(events=story("accepted", "held"), attempts=()),
        "nobody will let it out",
    ),
    "deferred for ever": (
        lambda: FAILED.with_mail(state="deferred", due_at=NOW - 60_000),
        "a time that has passed",
    ),
    "no recipients": (lambda: SENT.with_mail(recipients=0), "no recipients"),
    "no content to send": (
        lambda: FAILED.with_mail(state="deferred", due_at=NOW + 1, has_content=0),
        "content is lost",
    ),
    "a story without a beginning": (
        lambda: SENT.but(events=story("sending", "sent")),
        "does not begin",
    ),
    "a story that ends otherwise": (
        lambda: SENT.but(events=story("accepted", "sending", "deferred")),
        "ends otherwise",
    ),
    "on after it was sent": (
        lambda: SENT.but(events=story("accepted", "sending", "sent", "sending", "sent")),
        "went on although",
    ),
    "two claims under one lease": (
        lambda: TWICE.but(events=story("accepted", "sending") + story("sending", "sent")),
        "two claims under one lease",
    ),
    "an attempt that left no trace": (
        lambda: TWICE.but(attempts=(attempt(2, "accepted"),)),
        "1 attempts are recorded",
    ),
    "accepted by two attempts": (
        lambda: TWICE.but(attempts=(attempt(1, "accepted"), attempt(2, "accepted"))),
        "not by exactly one attempt",
    ),
    "a new key after an unknown outcome": (
        lambda: TWICE.but(attempts=(attempt(1, "unknown"), attempt(2, "accepted", epoch=1))),
        "may have it under",
    ),
    "other bytes under one key": (
        lambda: TWICE.but(attempts=(attempt(1, "unknown"), attempt(2, "accepted", body=b"i"))),
        "other bytes",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_wrong_is_found_and_named(name: str) -> None:
    made, told = FAULTS[name]
    assert any(told in problem for problem in made().problems()), made().problems()
