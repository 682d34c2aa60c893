"""A process beside the one that sends: it accepts, waits, and answers what is true."""

from collections.abc import Iterator

import msgspec
import pytest

from mailproof.store.sqlite.engine_lock import EngineLock
from tests.whole.breaking import BrokenStore, Fault, broken_store, bug, lost
from tests.whole.house import House
from tests.whole.hurry import hurried


class StandingBy(msgspec.Struct, frozen=True):
    house: House
    store: BrokenStore


@pytest.fixture(scope="module")
def standing_by(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandingBy]:
    """Another process (this test) has the lock and does the work by hand."""
    folder = tmp_path_factory.mktemp("standing-by")
    lock = EngineLock(folder / "mailproof.db")
    assert lock.acquire()
    with hurried(), broken_store(folder, {}) as (house, made), house:
        yield StandingBy(house, made[0])
    lock.release()


def test_a_process_that_stands_by_says_so_once_and_in_readyz(standing_by: StandingBy) -> None:
    house = standing_by.house
    house.log.wait_for("engine.standing_by", level="warning")
    assert len(house.log.found("engine.standing_by")) == 1
    ready = house.ask("GET", "/readyz")
    assert (ready.status, ready.json["status"]) == (200, "degraded")
    assert ready.json["reasons"] == ["Another process sends from this store; this one stands by."]


@pytest.mark.parametrize(("fault", "status"), [(lost, 200), (bug, 500)])
def test_waiters_that_cannot_see_are_told_of_and_answered_truthfully(
    standing_by: StandingBy, fault: Fault, status: int
) -> None:
    """The mail is accepted: "yours" is true, and after a bug "nobody knows" is."""
    house, store = standing_by.house, standing_by.store
    before = len(house.log.found("waiters.blind"))
    store.faults = {"standing": fault}
    answer = house.send(headers={"prefer": "wait=1"})
    store.faults = {}
    house.log.until(lambda: len(house.log.found("waiters.blind")) == before + 1, "waiters.blind")
    assert answer.status == status
    assert house.send(headers={"prefer": "wait=1"}).state == "queued"


def test_a_failure_that_cannot_be_read_leaves_the_answer_what_it_is(
    standing_by: StandingBy,
) -> None:
    house, store = standing_by.house, standing_by.store
    store.faults = {"last_failure": lost}
    house.change(
        "CREATE TRIGGER other_process AFTER INSERT ON emails WHEN new.subject = 'Ends' BEGIN"
        " UPDATE emails SET state = 'failed', reason = 'message_invalid' WHERE id = new.id; END"
    )
    answer = house.send(subject="Ends")
    store.faults = {}
    assert (answer.status, answer.json["name"], answer.state) == (422, "validation_error", "failed")
    house.log.wait_for("failure.unread", level="warning")
