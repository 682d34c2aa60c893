"""What we refuse is gathered, merged, logged and handed on."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from mailproof.diagnosis.redaction.redact import redact_text
from mailproof.gateway.exchange import Refused, Request
from mailproof.gateway.refusals import Refusals, recipient_of, sender_of
from mailproof.store.base import CommitUnknown, StoreUnavailable
from mailproof.store.records.refusals import OTHERS, NewRefusal, RefusalKind
from mailproof.testing import ManualClock

REFUSED = Refused("validation_error", "to[0]: bad", where="to[0]")


class Notebook:
    """Takes what it is given, or fails as it is told."""

    def __init__(self) -> None:
        self.pages: list[list[NewRefusal]] = []
        self.fails: Exception | None = None
        self.written = asyncio.Event()

    async def note(self, refusals: Sequence[NewRefusal]) -> None:
        if self.fails is not None:
            raise self.fails
        self.pages.append(list(refusals))
        self.written.set()


def refusal(**given: Any) -> NewRefusal:
    values: dict[str, Any] = {
        "at": 1,
        "kind": RefusalKind.OTHER,
        "app": "shop",
        "key_fingerprint": "f",
        "client": "192.0.2.7",
        "path": "/emails",
        "name": "validation_error",
        "status": 422,
        **given,
    }
    return NewRefusal(**values)


def request(body: bytes = b"", token: str = "") -> Request:
    async def receive() -> dict[str, Any]:
        raise AssertionError

    made = Request({"headers": [(b"user-agent", b"resend-node:4")]}, receive)
    made.body, made.token = body, token
    return made


def told(logs: Sequence[Any]) -> list[tuple[str, int]]:
    return [
        (log["log_level"], log["count"]) for log in logs if log["event"] == "application.refused"
    ]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def refusals(notebook: Notebook, clock: ManualClock) -> Refusals:
    return Refusals(notebook.note, "en", monotonic=clock.now)


async def test_the_first_of_its_kind_is_handed_on_at_once(
    notebook: Notebook, refusals: Refusals
) -> None:
    async with asyncio.TaskGroup() as group:
        running = group.create_task(refusals.run())
        refusals.add(refusal(), request(), REFUSED)
        async with asyncio.timeout(0.5):  # a second is how often it looks without being told
            await notebook.written.wait()
        running.cancel()
    assert notebook.pages == [[refusal()]]


async def test_what_follows_is_handed_on_with_the_next_second(
    notebook: Notebook, refusals: Refusals
) -> None:
    refusals.add(refusal(at=1), request(), REFUSED)
    await refusals.flush()
    notebook.written.clear()
    refusals.add(refusal(at=2), request(), REFUSED)
    refusals.add(refusal(at=3), request(), REFUSED)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(refusals.run())
        async with asyncio.timeout(5):
            await notebook.written.wait()
        running.cancel()
    assert notebook.pages[1:] == [[refusal(at=2), refusal(at=3)]]


async def test_equal_refusals_are_merged_and_none_is_lost(
    notebook: Notebook, refusals: Refusals
) -> None:
    for number in range(500):
        refusals.add(refusal(at=number), request(), REFUSED)
    refusals.add(refusal(app="other"), request(), REFUSED)
    await refusals.flush()
    (page,) = notebook.pages
    assert len(page) == 501
    assert (page[0].at, page[499].at) == (0, 499)
    assert len({id(each) for each in page}) == 3
    await refusals.flush()
    assert len(notebook.pages) == 1


async def test_a_kind_is_logged_once_a_minute_with_its_count(
    refusals: Refusals, clock: ManualClock
) -> None:
    with capture_logs() as logs:
        for _ in range(100):
            refusals.add(refusal(), request(), REFUSED)
        clock.advance(60)
        refusals.add(refusal(), request(), REFUSED)
    assert told(logs) == [("warning", 1), ("warning", 100)]


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        (RefusalKind.PLACEHOLDER, "error"),
        (RefusalKind.ONCE_VALID, "error"),
        (RefusalKind.UNKNOWN_KEY, "warning"),
        (RefusalKind.OTHER, "warning"),
        (RefusalKind.NO_KEY, "info"),
    ],
)
async def test_how_loud_it_is_says_who_must_act(
    refusals: Refusals, kind: RefusalKind, level: str
) -> None:
    with capture_logs() as logs:
        refusals.add(refusal(kind=kind), request(token="1"), REFUSED)
    assert told(logs) == [(level, 1)]
    assert ("fix" in logs[0]) == (level == "error")
    assert (logs[0]["client"], logs[0]["user_agent"]) == ("192.0.2.7", "resend-node:4")


async def test_our_own_trouble_is_loud_and_says_what_it_is(refusals: Refusals) -> None:
    refused = Refused("application_error", "Later.", status=503, detail="the disk is full")
    with capture_logs() as logs:
        refusals.add(refusal(status=503), request(), refused)
    assert (logs[0]["log_level"], logs[0]["error"]) == ("error", "the disk is full")


async def test_the_log_holds_the_place_of_a_bad_value_and_not_the_value(refusals: Refusals) -> None:
    body = b'{"to": "someone@private.example", "from": "private person@"}'
    refused = Refused("validation_error", "from: 'private person@' is none", where="from")
    with capture_logs() as logs:
        refusals.add(refusal(recipient=recipient_of(body)), request(body), refused)
    assert logs[0]["where"] == "from"
    assert "private person" not in str(logs)
    assert "someone" not in str(logs)


@pytest.mark.parametrize(("language", "said"), [("en", "a placeholder"), ("zh", "是占位符")])
async def test_the_fix_is_said_in_the_operators_language(
    notebook: Notebook, language: Any, said: str
) -> None:
    with capture_logs() as logs:
        new = refusal(kind=RefusalKind.PLACEHOLDER)
        Refusals(notebook.note, language).add(new, request(token="1"), REFUSED)
    assert said in logs[0]["fix"]
    # The log redacts whatever looks like a key: what a person must look for has to survive that.
    assert "RESEND_API_KEY" in redact_text(logs[0]["fix"])
    assert "`1`" in redact_text(logs[0]["fix"])


async def test_a_scanner_fills_neither_log_nor_memory(
    notebook: Notebook, refusals: Refusals, clock: ManualClock
) -> None:
    with capture_logs() as logs:
        for number in range(1_000):
            new = refusal(kind=RefusalKind.UNKNOWN_KEY, key_fingerprint=str(number))
            refusals.add(new, request(), REFUSED)
        await refusals.flush()
    assert len(told(logs)) == 101
    (page,) = notebook.pages
    assert len(page) == 1_000
    assert sum(each.name == OTHERS for each in page) == 900
    clock.advance(60)
    with capture_logs() as logs:
        refusals.add(refusal(key_fingerprint="new"), request(), REFUSED)
    assert told(logs) == [("warning", 1)]


async def test_what_cannot_be_written_is_kept_until_it_can(
    notebook: Notebook, refusals: Refusals
) -> None:
    notebook.fails = StoreUnavailable("down")
    refusals.add(refusal(at=1), request(), REFUSED)
    with capture_logs() as logs:
        await refusals.flush()
    refusals.add(refusal(at=2), request(), REFUSED)
    notebook.fails = None
    await refusals.flush()
    assert notebook.pages == [[refusal(at=1), refusal(at=2)]]
    assert ("warning", "refusals.kept") in [(log["log_level"], log["event"]) for log in logs]


async def test_what_may_have_been_written_is_not_counted_twice(
    notebook: Notebook, refusals: Refusals
) -> None:
    notebook.fails = CommitUnknown("lost")
    refusals.add(refusal(), request(), REFUSED)
    with capture_logs() as logs:
        await refusals.flush()
    notebook.fails = None
    await refusals.flush()
    assert not notebook.pages
    assert [log["event"] for log in logs] == ["refusals.lost"]


async def test_a_defect_in_noting_is_loud_and_stops_nothing(
    notebook: Notebook, refusals: Refusals
) -> None:
    notebook.fails = UnicodeEncodeError("utf-8", "x", 0, 1, "odd")
    refusals.add(refusal(), request(), REFUSED)
    with capture_logs() as logs:
        await refusals.flush()
    assert [(log["log_level"], log["event"]) for log in logs] == [("critical", "refusals.lost")]


@pytest.mark.parametrize(
    ("body", "where", "recipient", "sender"),
    [
        (b'{"to": "ada@example.com", "from": " 1 "}', "", "a…@example.com", "1"),
        (b'{"to": ["ada@example.com", "b@c.test"]}', "", "a…@example.com", ""),
        (b'[{"to": "a@b.test"}, {"to": "zoe@b.test", "from": "2"}]', "[1].to", "z…@b.test", "2"),
        (b'[{"to": "zoe@b.test"}]', "", "z…@b.test", ""),
        (b'[{"to": "zoe@b.test"}]', "[7].to", "", ""),
        (b'{"to": 7, "from": 7}', "", "", ""),
        (b'{"to": []}', "", "", ""),
        (b"[]", "", "", ""),
        (b"7", "", "", ""),
        (b"\xff{", "", "", ""),
        (b"[" * 100_000, "", "", ""),
    ],
)
def test_who_was_meant_is_told_as_far_as_it_can_be(
    body: bytes, where: str, recipient: str, sender: str
) -> None:
    assert recipient_of(body, where) == recipient
    assert sender_of(body, where) == sender
