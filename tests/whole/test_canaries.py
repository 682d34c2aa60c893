"""Secrets and people, pushed through every way to fail: none of them is told anywhere."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mailproof.config.settings import Settings
from mailproof.sandbox.faults.fault import Fault
from mailproof.sandbox.settings import GivenKey
from mailproof.sandbox.settings import Settings as SandboxSettings
from mailproof.store.base import CommitUnknown, StoreUnavailable
from mailproof.testing import Sandbox
from tests.cli.running import mailproof
from tests.whole.breaking import BrokenStore
from tests.whole.canaries import (
    DATABASE_PASSWORD,
    ECHO,
    HOOK_SECRET,
    KEPT_FOR_SENDING,
    MAGIC,
    MAIL,
    MAIL_PASSWORD,
    NAME,
    NEVER,
    PAGER_PASSWORD,
    PAGER_TOKEN,
    PERSON,
    PERSONAL,
    PROVIDER_KEY,
    STRANGE_KEY,
    leaks,
)
from tests.whole.house import House, secret
from tests.whole.hurry import hurried

# One worker builds its world for all of them.
pytestmark = pytest.mark.xdist_group("whole-canaries")


class World(msgspec.Struct, frozen=True):
    house: House
    store: BrokenStore
    config: Path

    def send(self, /, *, headers: Mapping[str, str] | None = None, **changes: Any) -> None:
        self.house.ask("POST", "/emails", {**MAIL, **changes}, headers=headers)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Everything has gone wrong once, and is over."""
    folder = tmp_path_factory.mktemp("canaries")
    made: list[BrokenStore] = []

    def around(database: Any) -> Any:
        made.append(BrokenStore(database))
        return made[0]

    sandbox = Sandbox(SandboxSettings(rate_per_s=0, keys=(GivenKey(PROVIDER_KEY),)))
    with (
        hurried(),
        sandbox,
        House(
            folder,
            sandbox=sandbox,
            store=around,
            provider_key=PROVIDER_KEY,
            channels={"dead": f"json://canary:{PAGER_PASSWORD}@127.0.0.1:9/{PAGER_TOKEN}"},
            adjust=_with_more_secrets,
        ) as house,
    ):
        found = World(house, made[0], _config(folder, house))
        for break_it in PATHS:
            break_it(found)
        yield found


def _with_more_secrets(settings: Settings) -> Settings:
    (provider,) = settings.providers
    hooked = msgspec.structs.replace(provider, webhook_secrets=(secret(HOOK_SECRET),))
    return msgspec.structs.replace(settings, providers=(hooked,))


def _config(folder: Path, house: House) -> Path:
    path = folder / "mailproof.toml"
    path.write_text(
        f"""
        language = "en"
        [[providers]]
        name = "resend"
        type = "resend"
        api_key = "{PROVIDER_KEY}"
        base_url = "{house.sandbox.url}"
        webhook_secret = "{HOOK_SECRET}"
        [[alerts.channels]]
        name = "dead"
        url = "json://canary:{PAGER_PASSWORD}@127.0.0.1:9/{PAGER_TOKEN}"
        """,
        encoding="utf-8",
    )
    return path


# ---- the ways to fail ----


def _strange_requests(world: World) -> None:
    house = world.house
    raw = json.dumps(MAIL).encode()
    for headers, body in (
        ({}, raw[:-1]),
        ({}, raw + b"}"),
        ({}, b'{"from": "' + PERSON.encode() + b'@acme.test", "x": \xff}'),
        ({"authorization": f"Basic {STRANGE_KEY}"}, raw),
        ({"authorization": f"Bearer {STRANGE_KEY}"}, raw),
        ({"user-agent": f"curl --user {STRANGE_KEY} {PERSON}@kunde.test"}, raw[:-1]),
        ({"x-request-id": f"{PERSON}@kunde.test"}, raw[:-1]),
        ({"mailproof-purpose": f"{PERSON}@kunde.test token={MAGIC}"}, raw[:-1]),
        ({"mailproof-purpose": f"{PERSON}@kunde.test token={MAGIC}"}, raw),
        ({"prefer": f"wait={STRANGE_KEY}"}, raw),
        ({"idempotency-key": f"{STRANGE_KEY} " * 20}, raw),
    ):
        house.ask("POST", "/emails", raw=body, headers=headers, key=headers_key(house, headers))
    house.ask("POST", f"/emails?api_key={STRANGE_KEY}", MAIL, key="")
    house.ask("GET", f"/emails/{PERSON}@kunde.test")
    house.ask("GET", f"/emails?after={STRANGE_KEY}&limit={PERSON}@kunde.test")
    house.ask("PATCH", f"/emails/{STRANGE_KEY}", {"scheduled_at": f"token={MAGIC}"})
    house.ask("GET", f"/verify/{MAGIC}?token={MAGIC}")


def headers_key(house: House, headers: Mapping[str, str]) -> str:
    return "" if "authorization" in headers else house.key


def _invalid_mails(world: World) -> None:
    for changes in (
        {"to": f"{NAME} <{PERSON}"},
        {"from": f"{NAME} {PERSON}@acme.test"},
        {"from": "1"},
        {"subject": None},
        {"subject": 5, "html": 7},
        {"headers": {"X-Link": f"https://app.test/verify?token={MAGIC}\r\nBcc: {PERSON}@x.test"}},
        {"tags": [{"name": f"{PERSON}@kunde.test", "value": f"token={MAGIC}"}]},
        {"scheduled_at": f"{PERSON}@kunde.test"},
        {"attachments": [{"filename": f"{PERSON}@kunde.test", "content": f"token={MAGIC}"}]},
        {"attachments": [{"path": f"http://canary:{MAIL_PASSWORD}@127.0.0.1:9/?token={MAGIC}"}]},
    ):
        world.house.ask("POST", "/emails", {**MAIL, **changes})
    world.house.ask("POST", "/emails/batch", [MAIL, {**MAIL, "to": f"{NAME} <{PERSON}"}])


def _echoing_provider(world: World) -> None:
    """Ends the mail, holds it, defers it, and says all that it was given each time."""
    house = world.house
    errors: list[tuple[int, Any]] = [
        (status, {"statusCode": status, "name": name, "message": ECHO, "request": MAIL})
        for status, name in (
            (422, "validation_error"),
            (403, "invalid_api_key"),
            (500, "application_error"),
            (409, "invalid_idempotent_request"),
        )
    ]
    errors += [(502, f"<html><pre>{ECHO}</pre></html>"), (418, ECHO)]
    for status, body in errors:
        house.sandbox.fail(Fault("answer", status=status, body=body, path="/emails"))
        world.send()
        world.send(headers={"prefer": "handling=strict"})
        house.sandbox.heal()
        house.run(house.database.write(_reopen_all))


async def _reopen_all(tx: Any) -> None:
    """Let the next mail meet the provider again."""
    from mailproof.store.routes.breakers import open_route
    from mailproof.store.routes.lanes import settle_lanes
    from mailproof.store.shapes import Routing

    for provider, sender in (("resend", "*"), ("resend", "acme.test")):
        await open_route(tx, provider, sender)
    await settle_lanes(tx, Routing(order=("resend",)))


def _failing_store(world: World) -> None:
    words = f"postgresql://canary:{DATABASE_PASSWORD}@db.test/mail: Key (address)=({PERSON}@x.test)"
    faults: tuple[Callable[[], BaseException], ...] = (
        lambda: StoreUnavailable(words),
        lambda: CommitUnknown(words),
        lambda: RuntimeError(f"{words} {ECHO}"),
    )
    for fault in faults:
        for name in ("accept", "routes_closed", "note", "take_picture", "_keep", "take"):
            world.store.met.clear()
            world.store.faults = {name: fault}
            world.house.log.until(lambda: _is_met(world, name), name)  # noqa: B023
        world.store.faults = {}


def _is_met(world: World, name: str) -> bool:
    """Give everybody a reason to ask the store."""
    world.send(headers={"prefer": "respond-async"})
    world.send(to=f"{NAME} <{PERSON}")
    world.house.ask("GET", "/readyz")
    return name in world.store.met


def _held_and_expired(world: World) -> None:
    house = world.house
    house.sandbox.fail(Fault("answer", status=403, path="/emails", body=_refused_key()))
    house.log.until(lambda: _is_held(world), "a mail is held")
    house.log.until(lambda: _is_expired(world), "a mail is expired")


def _is_held(world: World) -> bool:
    """As soon as the route is closed."""
    world.send(headers={"mailproof-purpose": "magic_link", "prefer": "respond-async"})
    return bool(world.house.log.found("email.held"))


def _is_expired(world: World) -> bool:
    """The held mail may be trying the route at this moment."""
    world.house.change("UPDATE emails SET expires_at = 1 WHERE state IN ('held', 'deferred')")
    return bool(world.house.log.found("email.expired"))


def _refused_key() -> dict[str, Any]:
    return {"statusCode": 403, "name": "invalid_api_key", "message": ECHO}


def _failing_alerts(world: World) -> None:
    world.house.log.wait_for("alert.undelivered")


PATHS: tuple[Callable[[World], None], ...] = (
    _strange_requests,
    _invalid_mails,
    _echoing_provider,
    _failing_store,
    _held_and_expired,
    _failing_alerts,
)


# ---- where nothing may be ----


def all_canaries(world: World) -> dict[str, str]:
    return {**NEVER, **PERSONAL, "the app's key": world.house.key}


def test_the_ways_to_fail_have_all_been_gone(world: World) -> None:
    events = {line.get("event") for line in world.house.log.lines}
    assert events >= {
        "alert.undelivered",
        "alerts.stalled",
        "application.refused",
        "claim.failed",
        "email.expired",
        "email.failed",
        "email.held",
        "request.crashed",
        "route.closed",
    }


def test_no_line_of_the_log_tells_any(world: World) -> None:
    assert not [found for line in world.house.log.raw for found in leaks(line, all_canaries(world))]


def test_no_table_keeps_any_but_what_is_to_be_sent(world: World) -> None:
    found = []
    for table, column, value in cells(world.house.path):
        if (table, column) not in KEPT_FOR_SENDING:
            text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
            found += [f"{table}.{column} {leak}" for leak in leaks(text, all_canaries(world))]
    assert not found


def cells(path: Path) -> Iterator[tuple[str, str, Any]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        for (table,) in tables.fetchall():
            rows = connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - a name of ours
            for row in rows:
                for described, value in zip(rows.description, row, strict=True):
                    if isinstance(value, str | bytes):
                        yield table, described[0], value


def test_neither_readiness_nor_state_tells_any(world: World) -> None:
    house = world.house
    for said in (house.ask("GET", "/readyz"), house.admin("/admin/v1/state")):
        assert said.status == 200
        assert not leaks(said.raw.decode(), all_canaries(world))


def test_readiness_tells_of_a_broken_store_without_its_password(world: World) -> None:
    words = f"postgresql://canary:{DATABASE_PASSWORD}@db.test/mail is away"
    world.store.faults = {"routes_closed": lambda: StoreUnavailable(words)}
    said = world.house.ask("GET", "/readyz")
    world.store.faults = {}
    assert said.status == 503
    assert "is away" in said.raw.decode()
    assert not leaks(said.raw.decode(), all_canaries(world))


@pytest.mark.parametrize(
    "command",
    [
        "routes",
        "routes --json",
        "refusals",
        "refusals --json",
        "health --json",
        "keys list",
        "alerts list --json",
        "alerts test",
        "config show",
        "config show --json",
        "config check",
        "tail --json --no-follow",
        "routes reopen {provider_key}",
        "emails show {provider_key}",
        "keys revoke {provider_key}",
        "send --to {person} --from {person} --subject x --text x",
    ],
)
def test_no_command_tells_any(world: World, command: str) -> None:
    given = command.format(provider_key=STRANGE_KEY, person=f"{NAME} <{PERSON}".replace(" ", "_"))
    said = told(given.split(), world)
    asked = {STRANGE_KEY, PERSON} if "{" in command else set()
    canaries = {name: text for name, text in all_canaries(world).items() if text not in asked}
    assert not leaks(said, canaries)


@pytest.mark.parametrize("command", ["emails list", "emails list --json", "emails show {id}"])
def test_a_look_at_mails_shows_people_but_no_secret(world: World, command: str) -> None:
    ((email_id,),) = world.house.rows("SELECT id FROM emails WHERE state = 'failed' LIMIT 1")
    said = told(command.format(id=email_id).split(), world)
    assert not leaks(said, {**NEVER, "the app's key": world.house.key})


@pytest.mark.parametrize("command", ["routes", "config show", "config check", "serve --port 0"])
def test_a_database_that_cannot_be_reached_is_told_without_its_password(
    world: World, command: str
) -> None:
    url = f"postgresql://canary:{DATABASE_PASSWORD}@127.0.0.1:9/mail"
    said = told(command.split(), world, MAILPROOF_DATABASE_URL=url)
    assert said.strip()
    assert not leaks(said, NEVER)


def told(command: list[str], world: World, **env: str) -> str:
    done = mailproof(*command, "--config", str(world.config), env=env)
    assert b"Traceback" not in done.stderr
    return (done.stdout + done.stderr).decode()
