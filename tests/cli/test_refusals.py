"""`mailproof refusals`: what apps asked for in vain."""

from mailproof.store.base import Database
from mailproof.store.records.refusals import NewRefusal, RefusalKind, note
from tests.cli.desk import Desk, desk

__all__ = ["desk"]


async def two_refusals(database: Database) -> None:
    for path in ("/emails", "/emails/batch"):
        refusal = NewRefusal(
            at=database.now(),
            kind=RefusalKind.PLACEHOLDER,
            app="shop",
            key_fingerprint="0a1b2c3d",
            client="192.0.2.7",
            path=path,
            name="validation_error",
            status=400,
            recipient="a…@example.com",
            purpose="registration",
            message="API key is invalid",
        )
        await database.write(note, [refusal, refusal])


def test_a_script_gets_the_documented_fields(desk: Desk) -> None:
    desk.seed(two_refusals)
    rows = desk.json("refusals")["data"]
    assert {row["path"] for row in rows} == {"/emails", "/emails/batch"}
    documented = {"first_at", "last_at", "count", "app", "path", "name", "client", "purpose"}
    assert documented <= set(rows[0])
    assert (rows[0]["count"], rows[0]["client"], rows[0]["kind"]) == (2, "192.0.2.7", "placeholder")
    assert len(desk.json("refusals", "--limit", "1")["data"]) == 1


def test_a_person_gets_a_table(desk: Desk) -> None:
    desk.seed(two_refusals)
    head, first, _ = desk.run("refusals").stdout.splitlines()
    assert head.index("ERROR") == first.index("400 validation_error")
    assert "客户端" in desk.run("refusals", "--lang", "zh").stdout


def test_nothing_refused_is_said(desk: Desk) -> None:
    desk.run("db", "migrate")
    assert "No request was refused." in desk.run("refusals").stderr
