"""Each transaction of the running whole is broken in turn: the log says so, and mail goes on."""

import ast
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from mailproof.config.settings import Rate
from tests.whole.breaking import BrokenStore, bug, lost
from tests.whole.house import MAIL, House
from tests.whole.hurry import hurried
from tests.whole.log import Line, is_loud

# One worker builds its world for all of them.
pytestmark = pytest.mark.xdist_group("whole-nothing-swallowed")

PACKAGE = Path(__file__).parents[2] / "src" / "mailproof"
WIRED = ("serving.py", "engine", "alerts", "gateway", "record/metrics")
_COUNT = itertools.count()
AT_ONCE = {"prefer": "respond-async"}

_OPEN_ALERTS = "SELECT 1 FROM alerts WHERE name = 'route_closed' AND resolved_at IS NULL"

# Where the others are broken: they run once, at the start or the end, or on other stores.
ELSEWHERE = {
    "_make_due": "tests/engine/test_checking.py: asked when a person wants a provider checked",
    "_receive_all": "tests/engine/test_feedback.py: this house has no webhook",
    "begin": "tests/chaos: of providers without keys, and this house's has them",
    "count_feedback": "tests/engine/test_feedback.py: this house has no webhook",
    "enter": "test_starting_and_stopping.py",
    "hand_back": "test_starting_and_stopping.py",
    "is_known": "asked only where the files of a mail are fetched",
    "installation": "test_starting_and_stopping.py",
    "keep_tally": "asked a minute after a mail, in one go with `next_tally` before it",
    "_leave": "test_starting_and_stopping.py",
    "last_failure": "test_standing_by.py",
    "list_keys": "asked by `emails show` alone: tests/cli/test_status_url.py",
    "read": "tests/gateway/status: origins are asked for with a reader's page",
    "standing_for": "tests/gateway/status: a store that is away is a page that says so",
    "what_moved": "tests/gateway/status/test_streams.py",
    "start_routes": "test_starting_and_stopping.py",
    "_say_started": "test_starting_and_stopping.py",
    "_tell": "of a watchdog, which the whole here has not: alerts/test_heartbeat.py",
    "standing": "test_standing_by.py",
    "take_lease": "leased duties are PostgreSQL's; in `Upkeep.once`, as the tick before it",
}

Trigger = Callable[["World"], None]
Kind = Literal["lost", "bug"]


class World(msgspec.Struct):
    house: House
    store: BrokenStore
    mark: int = 0

    def since(self, event: str) -> list[Line]:
        return [line for line in self.house.log.lines[self.mark :] if line.get("event") == event]

    def has_met(self, name: str) -> None:
        self.house.log.until(lambda: name in self.store.met, f"{name} is asked for")


class Case(msgspec.Struct, frozen=True):
    """`lost`, `bug`: the event that tells of the fault. `with_`: what must fail beside it."""

    trigger: Trigger
    lost: str
    bug: str
    with_: tuple[str, ...] = ()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made: list[BrokenStore] = []

    def around(database: Any) -> Any:
        made.append(BrokenStore(database))
        return made[0]

    folder = tmp_path_factory.mktemp("broken")
    with hurried(), House(folder, store=around, rate=Rate(1_000, 1.0)) as house:
        yield World(house, made[0])


def recover(world: World) -> None:
    """Everything is mended: what waits is canceled, what is closed opened, and mail goes."""
    house, store = world.house, world.store
    store.faults.clear()
    house.provider_key = house.sandbox.api_key
    house.change("DELETE FROM nodes WHERE role = 'ghost'")
    for (email_id,) in house.rows("SELECT id FROM emails WHERE state IN ('scheduled', 'held')"):
        house.ask("POST", f"/emails/{email_id}/cancel")
    house.change("UPDATE emails SET state = 'failed' WHERE state = 'unconfirmed'")
    house.reopen()
    house.log.until(lambda: house.send().state == "sent", "mail goes again")
    house.log.until(lambda: not house.rows(_OPEN_ALERTS), "the alert is over")


# ---- what asks for each transaction ----


def _send(world: World) -> None:
    world.house.send(headers=AT_ONCE)


def _send_for_a_new_app(changes: Mapping[str, Any], **given: Any) -> Trigger:
    """What is refused again and again for one app is one line a minute."""

    def trigger(world: World) -> None:
        key = world.house.make_key(f"app{next(_COUNT)}", **given)
        world.house.ask("POST", "/emails", {**MAIL, **changes}, key=key)

    return trigger


def _send_strict_and_leave_early(world: World) -> None:
    """The provider is slow, so that the wait ends first."""
    world.house.sandbox.fail("slow,seconds=0.5,count=1")
    _send_for_a_new_app({}, wait_ms=100, on_hold="refuse")(world)


def _rate_limited(world: World) -> None:
    world.house.send(to="rate_limit_exceeded@fault.test", headers=AT_ONCE)


def _hold(world: World) -> None:
    """A route closes, and the mail that closed it waits behind it."""
    world.house.send(to="invalid_api_key@fault.test", headers=AT_ONCE)


def _close_with_nothing_behind(world: World) -> None:
    answer = world.house.send(
        to="invalid_api_key@fault.test", headers={"prefer": "handling=strict"}
    )
    assert answer.status == 403


def _close_for_content(world: World) -> None:
    """Three in a row are refused for reasons of their own: no check can open the route."""
    for _ in range(3):
        world.house.send(to="invalid_parameter@fault.test", headers=AT_ONCE)


def _unconfirmed(world: World) -> None:
    world.house.send(to="invalid_idempotent_request@fault.test")


def _scheduled_then(change: str) -> Trigger:
    def trigger(world: World) -> None:
        answer = world.house.send(scheduled_at="in 1 hour")
        statement = f"UPDATE emails SET {change} WHERE id = ?"  # noqa: S608 - written below
        world.house.change(statement, answer.json["id"])

    return trigger


def _another_node(world: World) -> None:
    world.house.change(
        "INSERT INTO nodes VALUES ('ghost', 'ghost', 0, 'h', 1, '0', 0, 99999999999999)"
    )


def _another_node_that_writes(world: World) -> None:
    _another_node(world)
    world.house.log.until(lambda: _is_noticed(world), "a write is noticed")


def _is_noticed(world: World) -> bool:
    world.house.change("UPDATE nodes SET version = version WHERE id = 'ghost'")
    return "any_queued" in world.store.met


def _change_key(world: World) -> None:
    world.house.provider_key = world.house.sandbox.api_key + "_wrong"


def _refused(world: World) -> None:
    world.house.send(to="nobody", subject=f"{next(_COUNT)}")
    world.house.ask("POST", "/emails", [], headers={"x-app": "1"})


def _sent_and_told_nothing_of(to: str) -> Trigger:
    """It is time to ask the provider what became of a mail that it has."""

    def trigger(world: World) -> None:
        house = world.house
        mail = house.send(to=to).json["id"]
        house.log.until(lambda: house.state_of(mail) == "sent", "it is sent")
        house.change("UPDATE emails SET confirm_at = 1 WHERE id = ?", mail)

    return trigger


def _refused_alerts(world: World) -> None:
    world.house.pager.answers.extend([500])
    _close_with_nothing_behind(world)


def _get(path: str) -> Trigger:
    return lambda world: void(world.house.ask("GET", path.format(id=_some_id(world))))


def _move(world: World) -> None:
    at = {"scheduled_at": "in 1 hour"}
    world.house.ask("PATCH", f"/emails/{_some_id(world)}", at)


def _cancel(world: World) -> None:
    world.house.ask("POST", f"/emails/{_some_id(world)}/cancel")


def _state(world: World) -> None:
    world.house.admin("/admin/v1/state")


def _scrape(world: World) -> None:
    world.house.admin("/metrics")


def _nothing(world: World) -> None:
    """It comes by itself."""


def _some_id(world: World) -> str:
    ((email_id,),) = world.house.rows("SELECT id FROM emails ORDER BY seq LIMIT 1")
    return str(email_id)


def void(_: object) -> None:
    return None


def _request(trigger: Trigger) -> Case:
    """An endpoint that sends nothing."""
    return Case(trigger, "request.failed", "request.crashed")


def _sending(trigger: Trigger) -> Case:
    return Case(trigger, "application.refused", "request.crashed")


def _claiming(trigger: Trigger, *with_: str) -> Case:
    return Case(trigger, "claim.failed", "claim.crashed", with_)


def _duty(trigger: Trigger) -> Case:
    return Case(trigger, "store.unavailable", "upkeep.crashed")


def _asking(trigger: Trigger) -> Case:
    return Case(trigger, "confirming.crashed", "confirming.crashed")


def _alerting(trigger: Trigger, *with_: str) -> Case:
    return Case(trigger, "alerts.stalled", "alerts.crashed", with_)


_LEFT_OVER = "state = 'sending', provider = 'resend', leased_by = 'x', leased_until = 1"

CASES: Mapping[str, Case] = {
    "accept": _sending(_send_for_a_new_app({})),
    "find_key": _sending(_send_for_a_new_app({})),
    "store_content": _sending(_send_for_a_new_app({"text": "x" * 300_000})),
    "stop_waiting": _sending(_send_strict_and_leave_early),
    "note": Case(_refused, "refusals.kept", "refusals.lost"),
    "record": Case(_send, "outcome.unwritten", "send.crashed"),
    "take": _claiming(_send),
    "slow_down": Case(_rate_limited, "pause.unwritten", "send.crashed"),
    "take_probe": Case(_hold, "probe.crashed", "probe.crashed"),
    "due_probe": Case(_hold, "probe.crashed", "probe.crashed"),
    "want_mail": Case(_close_for_content, "probe.crashed", "probe.crashed"),
    "take_fingerprint": Case(_change_key, "probe.crashed", "probe.crashed"),
    "_open": Case(_close_with_nothing_behind, "probe.crashed", "probe.crashed"),
    "_is_closed": Case(_nothing, "check.crashed", "check.crashed"),
    "_keep": Case(_nothing, "check.crashed", "check.crashed"),
    "tick": _duty(_nothing),
    "expire": _duty(_scheduled_then("expires_at = 1")),
    "wake_due": _duty(_scheduled_then("due_at = 1")),
    "recover_leases": _duty(_scheduled_then(_LEFT_OVER)),
    "resend_unconfirmed": _duty(_unconfirmed),
    "free_unknown": _duty(_hold),
    "end_pinned_to_removed": _duty(_nothing),
    "sweep": _duty(_nothing),
    "sweep_seldom": _duty(_nothing),
    "_tidy": _asking(_nothing),
    "_ill": _asking(_sent_and_told_nothing_of("unconfirmed@fault.test")),
    "unsure": _asking(_sent_and_told_nothing_of("unconfirmed@fault.test")),
    "reserve": _asking(_sent_and_told_nothing_of("unconfirmed@fault.test")),
    "look_later": _asking(_sent_and_told_nothing_of("unconfirmed@fault.test")),
    "receive": _asking(_sent_and_told_nothing_of("delivered@fault.test")),
    "changed": Case(_another_node, "look.failed", "look.crashed"),
    "any_queued": Case(_another_node_that_writes, "look.failed", "look.crashed"),
    "take_picture": _alerting(_close_with_nothing_behind),
    "settle": _alerting(_close_with_nothing_behind),
    "next_tally": _alerting(_send),
    "take_review": _alerting(_send),
    "keep_samples": _alerting(_send),
    "forget_channels": _alerting(_close_with_nothing_behind, "take_picture"),
    "due_messages": _alerting(_close_with_nothing_behind),
    "delivered": _alerting(_close_with_nothing_behind),
    "failed": _alerting(_refused_alerts),
    "routes_closed": Case(_nothing, "reminder.failed", "reminder.crashed"),
    "critical_waiting": Case(_nothing, "reminder.failed", "reminder.crashed"),
    "_state": _request(_state),
    "next_page": Case(_send, "metrics.stalled", "metrics.crashed"),
    "_add": Case(_send, "metrics.stalled", "metrics.crashed"),
    "read_gauges": Case(_scrape, "metrics.unread", "request.crashed"),
    "_page": _request(_get("/emails")),
    "_shown_with_content": _request(_get("/emails/{id}")),
    "show": _request(_get("/v1/emails/{id}")),
    "reschedule": _request(_move),
    "cancel": _request(_cancel),
}


@pytest.mark.parametrize("kind", ["lost", "bug"])
@pytest.mark.parametrize("name", CASES)
def test_a_transaction_that_fails_is_in_the_log_and_mail_goes_on(
    world: World, name: str, kind: Kind
) -> None:
    case, fault = CASES[name], {"lost": lost, "bug": bug}[kind]
    recover(world)
    event = case.lost if kind == "lost" else case.bug
    world.store.met.clear()
    world.mark = len(world.house.log.lines)
    world.store.faults = {**dict.fromkeys(case.with_, fault), name: fault}
    case.trigger(world)
    world.has_met(name)
    world.house.log.until(lambda: bool(world.since(event)), event)
    line = world.since(event)[0]
    assert is_loud(line)
    said = f"{line.get('error', '')} {line.get('exception', '')}"
    assert re.search("the disk is away|a bug of ours", said)
    recover(world)


def test_every_transaction_of_the_whole_is_broken_somewhere() -> None:
    assert _transactions() == set(CASES) | set(ELSEWHERE)


def _transactions() -> set[str]:
    """The names of what is run by `write(…)` and `read(…)`, as the source has them."""
    found = {"changed"}
    for part in WIRED:
        place = PACKAGE / part
        for path in [place] if place.is_file() else place.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                match node:
                    case ast.Call(
                        func=ast.Attribute(attr="write" | "read") | ast.Name(id="write"),
                        args=[ast.Name(id=name) | ast.Attribute(attr=name), *_],
                    ):
                        found.add(name)
    return found
