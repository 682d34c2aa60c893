"""What breaks at the start or the end, or hangs: said, or loudly dead."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mailproof.config.settings import Rate
from mailproof.engine import engine, probing, pump, upkeep
from mailproof.store.base import NewEvent, StoreError
from tests.whole.breaking import BrokenProvider, broken_store, bug, lost
from tests.whole.house import QUICK, House

HASTY = msgspec.structs.replace(QUICK, deadline_s=1.0, wait_s=1.0, lease_s=5.0)


def causes(error: BaseException) -> Iterator[BaseException]:
    """The errors in a group, at any depth."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from causes(each)
    else:
        yield error


@pytest.mark.parametrize("name", ["installation", "enter"])
def test_a_store_that_fails_at_the_start_ends_the_program(tmp_path: Path, name: str) -> None:
    with (
        broken_store(tmp_path, {name: lost}) as (house, _),
        pytest.raises(BaseException) as caught,  # noqa: PT011 - looked into below
        house,
    ):
        pytest.fail("it must not serve")
    assert any(isinstance(each, StoreError) for each in causes(caught.value))


@pytest.mark.parametrize("name", ["start_routes", "_say_started"])
def test_an_engine_that_cannot_start_says_so_and_starts_later(tmp_path: Path, name: str) -> None:
    with broken_store(tmp_path, {name: lost}) as (house, made), house:
        line = house.log.wait_for("engine.not_started", level="critical")
        assert "the disk is away" in line["error"]
        kept = house.send(headers={"prefer": "respond-async"})
        assert kept.status == 200
        made[0].faults.clear()
        house.sandbox.wait_for(1)


def test_a_store_that_fails_at_the_end_is_told(tmp_path: Path) -> None:
    with broken_store(tmp_path, {"_leave": lost}) as (house, _):
        with house:
            assert house.send().state == "sent"
        house.log.wait_for("node.not_left", level="warning")


def test_mail_that_cannot_be_handed_back_at_the_end_is_told(tmp_path: Path) -> None:
    with broken_store(tmp_path, {"hand_back": lost}, rate=Rate(2, 1.0)) as (house, _):
        with house:
            for _ in range(6):
                house.send(headers={"prefer": "respond-async"})
        line = house.log.wait_for("leases.kept")
        assert "the disk is away" in line["error"]


def test_a_store_that_hangs_is_told_although_it_raises_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_ANSWER_MAX_S", 0.2)
    monkeypatch.setattr(upkeep, "_EVERY_S", 0.05)
    with broken_store(tmp_path, {}) as (house, made), house:
        made[0].hangs.add("tick")
        line = house.log.wait_for("store.unavailable", level="critical")
        assert "No answer" in line["error"]
        made[0].hangs.clear()
        assert house.send().state == "sent"


@contextmanager
def broken_provider(folder: Path) -> Iterator[tuple[House, BrokenProvider]]:
    made: list[BrokenProvider] = []

    def around(provider: Any) -> Any:
        made.append(BrokenProvider(provider))
        return made[0]

    with House(folder, providers=around, delivery=HASTY) as house:
        yield house, made[0]


def test_whatever_a_provider_raises_is_told_and_other_mail_goes_on(tmp_path: Path) -> None:
    with broken_provider(tmp_path) as (house, provider):
        for call in ("send", "encode", "check"):
            provider.faults = {call: bug}
            if call != "check":
                house.send(headers={"prefer": "respond-async"})
            event = "check.crashed" if call == "check" else "send.crashed"
            line = house.log.wait_for(event, level="critical")
            assert "a bug of ours" in line["exception"]
            house.log.lines.clear()
            provider.faults = {}
            assert house.send().state == "sent"


def test_a_provider_that_never_answers_is_told_and_keeps_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "_LATE_MAX_S", -0.7)
    monkeypatch.setattr(probing, "_CHECK_DEADLINE_S", 0.2)
    monkeypatch.setattr(probing, "_LATE_MAX_S", 0.1)
    monkeypatch.setattr(engine, "_PROBE_EVERY_S", 0.05)
    with broken_provider(tmp_path) as (house, provider):
        provider.hangs = {"send", "check"}
        stuck = house.send(headers={"prefer": "respond-async"}).json["id"]
        house.log.wait_for("check.crashed", level="critical")
        house.log.wait_for("send.crashed", level="critical", email_id=stuck)
        provider.hangs = set()
        assert house.send().state == "sent"


def test_a_listener_that_crashes_is_told_and_mail_goes_on(tmp_path: Path) -> None:
    def crash(_: Sequence[NewEvent]) -> None:
        raise bug()

    with House(tmp_path) as house:
        house.database.listen(crash)
        assert house.send().state == "sent"
        line = house.log.wait_for("task.crashed", level="critical")
        assert "a bug of ours" in line["exception"]


def test_a_provider_that_cannot_be_reached_is_told_without_its_password(tmp_path: Path) -> None:
    password, key = "CanarySmtpPw5", "re_CanaryPr_0vider0123456789abcd"
    away = f"http://canary:{password}@127.0.0.1:9"
    with House(tmp_path, base_url=away, provider_key=key) as house:
        house.send(headers={"prefer": "respond-async"})
        house.log.wait_for("email.deferred")
        kept = [str(row) for row in house.rows("SELECT failure FROM attempts")]
        kept += [str(row) for row in house.rows("SELECT data FROM events")]
    told = "\n".join([*house.log.raw, *kept])
    assert "email.deferred" in told
    assert password not in told
    assert key not in told
