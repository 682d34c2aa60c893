"""Refusals are counted, and a scanner can fill neither the table nor the event log."""

from typing import Any

from mailproof.store.base import Database, Event
from mailproof.store.records.events import after
from mailproof.store.records.refusals import NewRefusal, RefusalKind, list_refusals, note
from mailproof.testing import ManualClock


def refusal(clock: ManualClock, **given: Any) -> NewRefusal:
    values: dict[str, Any] = {
        "at": int(clock.now() * 1_000),
        "kind": RefusalKind.OTHER,
        "app": "shop",
        "key_fingerprint": "1f2e3d4c",
        "client": "10.0.0.7",
        "path": "/emails",
        "name": "validation_error",
        "status": 422,
        "recipient": "a…@example.com",
        "purpose": "registration",
        "message": "`to`: 'ada@example' is not one email address.",
        **given,
    }
    return NewRefusal(**values)


async def events(database: Database) -> list[Event]:
    return await database.read(after, 0)


async def test_equal_refusals_of_a_minute_are_one_row_with_a_count(
    database: Database, clock: ManualClock
) -> None:
    first = refusal(clock)
    await database.write(note, [first, refusal(clock)])
    clock.advance(5)
    await database.write(note, [refusal(clock, client="10.0.0.8")])
    (row,) = await database.read(list_refusals, 10)
    assert (row.count, row.kind, row.key_fingerprint) == (3, RefusalKind.OTHER, "1f2e3d4c")
    assert (row.first_at, row.last_at - row.first_at) == (first.at, 5_000)
    assert (row.app, row.path, row.name, row.status) == ("shop", "/emails", "validation_error", 422)
    assert (row.client, row.recipient, row.purpose) == (
        "10.0.0.8",
        "a…@example.com",
        "registration",
    )


async def test_the_next_minute_is_a_new_row_and_comes_first(
    database: Database, clock: ManualClock
) -> None:
    await database.write(note, [refusal(clock)])
    clock.advance(60)
    await database.write(note, [refusal(clock, name="missing_required_field")])
    assert [row.name for row in await database.read(list_refusals, 10)] == [
        "missing_required_field",
        "validation_error",
    ]
    assert len(await database.read(list_refusals, 1)) == 1


async def test_what_exceeds_a_hundred_rows_a_minute_is_counted_under_others(
    database: Database, clock: ManualClock
) -> None:
    many = [
        refusal(clock, kind=RefusalKind.UNKNOWN_KEY, app="", key_fingerprint=f"{number:08x}")
        for number in range(300)
    ]
    for start in range(0, 300, 50):
        await database.write(note, many[start : start + 50])
    rows = await database.read(list_refusals, 500)
    assert len(rows) == 101
    (others,) = [row for row in rows if row.name == "others"]
    assert (others.count, others.kind) == (200, RefusalKind.UNKNOWN_KEY)
    assert sum(row.count for row in rows) == 300


async def test_a_placeholder_is_still_seen_among_a_hundred_unknown_keys(
    database: Database, clock: ManualClock
) -> None:
    unknown = [
        refusal(clock, kind=RefusalKind.UNKNOWN_KEY, app="", key_fingerprint=f"{number:08x}")
        for number in range(150)
    ]
    await database.write(note, [*unknown, refusal(clock, kind=RefusalKind.PLACEHOLDER, app="")])
    kinds = [row.kind for row in await database.read(list_refusals, 500)]
    assert RefusalKind.PLACEHOLDER in kinds


async def test_the_first_of_its_kind_in_a_minute_is_an_event_without_address_or_client(
    database: Database, clock: ManualClock
) -> None:
    await database.write(note, [refusal(clock)] * 3)
    await database.write(note, [refusal(clock)])
    (event,) = await events(database)
    assert event.type == "application.refused"
    assert event.data == {
        "kind": "other",
        "app": "shop",
        "path": "/emails",
        "name": "validation_error",
        "status": 422,
        "purpose": "registration",
        "count": 3,
    }


async def test_a_scanner_makes_no_event_without_a_key_and_five_a_minute_with_guessed_ones(
    database: Database, clock: ManualClock
) -> None:
    await database.write(
        note, [refusal(clock, kind=RefusalKind.NO_KEY, app="", key_fingerprint="")] * 500
    )
    assert not await events(database)
    for number in range(50):
        guessed = refusal(
            clock, kind=RefusalKind.UNKNOWN_KEY, app="", key_fingerprint=f"{number:08x}"
        )
        await database.write(note, [guessed])
    assert len(await events(database)) == 5


async def test_a_secret_in_the_message_is_not_stored(
    database: Database, clock: ManualClock
) -> None:
    key = "re_Ab12Cd34_Ef56Gh78Ij90Kl12Mn34Op56"
    await database.write(note, [refusal(clock, message=f"The key {key} of ada@acme.com is wrong")])
    (row,) = await database.read(list_refusals, 1)
    assert key not in row.message
    assert "ada@" not in row.message
