"""The alerts' page: what needs a human, whom it reached and when, and a test of each channel."""

from pathlib import Path
from typing import Any

from mailproof.config.settings import AlertChannel, Alerting, Secret
from mailproof.console.pages.rich import steps_of
from mailproof.store.records.alerts import Condition, delivered, due_messages, failed, settle
from mailproof.testing import ManualClock
from tests.alerts.receiver import Receiver
from tests.console.pages_world import PagesWorld, make_pages_world, opened, pages

__all__ = ["pages"]

CHANNELS = ("ops", "pager")


def condition(**facts: Any) -> Condition:
    given = {"provider": "resend", "sender": "*", "reason": "credentials_invalid", **facts}
    return Condition("route_closed", "resend/*", "CRITICAL", 3, 1_800_000_000_000, given)


async def holds(pages: PagesWorld, *conditions: Condition) -> None:
    await pages.database.write(settle, list(conditions), list(CHANNELS))


async def test_where_nothing_is_open_each_panel_says_what_would_stand_there(
    pages: PagesWorld,
) -> None:
    told = await pages.look("/console/alerts")
    assert "No alert is open." in told
    assert "Nothing needs a human. A closed route" in told
    assert "No channel is configured. Add [[alerts.channels]]" in told
    assert "No alert yet." in told


async def test_an_open_alert_stands_with_its_cause_its_fix_and_whom_it_reached(
    pages: PagesWorld,
) -> None:
    await holds(pages, condition())
    pages.clock.advance(5)
    ops, _ = await pages.database.write(due_messages, "ops", 1_000)
    await pages.database.write(delivered, ops[0])
    pager, _ = await pages.database.write(due_messages, "pager", 1_000)
    await pages.database.write(failed, pager[0], "No answer within 20 s.")
    told = await pages.look("/console/alerts")
    assert "1 alert is open. One channel does not take its messages." in told
    assert "Mail stopped: resend takes nothing from any sender" in told
    assert "Cause Resend does not know this API key" in told
    assert "ops: told 08:00:05" in told
    assert "pager: 1 try failed (No answer within 20 s.), again in 5 s" in told
    assert "docs/alerts/route_closed.md" in told
    zh = await pages.look("/console/alerts", "zh")
    assert "有 1 个告警未解决。" in zh
    assert "docs/zh/alerts/route_closed.md" in zh


async def test_one_that_is_over_stands_in_the_past_with_how_long_it_lasted(
    pages: PagesWorld,
) -> None:
    await holds(pages, condition())
    pages.clock.advance(60)
    await holds(pages)
    pages.clock.advance(30)
    await holds(pages)
    told = await pages.look("/console/alerts")
    assert "No alert is open." in told
    past = told.split(" Past ")[1]
    assert "Mail flows again: resend takes mail from any sender" in past
    assert "3 08:00:00 – 08:01:30" in past


async def test_an_alert_that_nobody_could_be_told_of_says_so(pages: PagesWorld) -> None:
    await pages.database.write(settle, [condition()], [])
    told = await pages.look("/console/alerts")
    assert "No channel is configured, so nobody hears of it elsewhere." in told
    assert "told to nobody: no channel is configured" in told


async def test_a_test_is_sent_to_the_channel_and_what_came_of_it_is_said(tmp_path: Path) -> None:
    clock = ManualClock()
    async with Receiver() as receiver, opened(tmp_path, clock) as database:
        url = receiver.url("/secret-path")
        channel = AlertChannel("ops", Secret("env:ALERT_URL", lambda: url))
        alerts = Alerting(channels=(channel,))
        pages = await make_pages_world(database, clock, alerts=alerts)
        assert "ops Apprise takes messages Send a test" in await pages.look("/console/alerts")
        heard = await pages.post("/console/alerts/test", {"channel": "ops"})
        assert receiver.titles == ["Mailproof: a test"]
        assert "ops took the test in" in heard.text
        receiver.status = 500
        heard = await pages.post("/console/alerts/test", {"channel": "ops"})
        assert "ops did not take the test:" in heard.text
        assert "secret-path" not in heard.text


async def test_a_channel_that_is_not_there_gets_no_test(pages: PagesWorld) -> None:
    heard = await pages.post("/console/alerts/test", {"channel": "nobody"})
    assert "There is no channel of that name any more." in heard.text


async def test_the_page_after_a_test_stays_and_leads_back_when_it_is_asked_for(
    pages: PagesWorld,
) -> None:
    heard = await pages.ask("GET", "/console/alerts/test", console_version="none")
    assert heard.status == 204
    heard = await pages.ask("GET", "/console/alerts/test")
    assert (heard.status, heard.headers["location"]) == (303, "/console/alerts")


async def test_a_viewer_sends_no_test(pages: PagesWorld) -> None:
    pages.cookies.clear()
    await pages.signed_in("vera", "viewer")
    assert (await pages.post("/console/alerts/test", {"channel": "ops"})).status == 403


def test_a_fix_is_told_sentence_by_sentence_and_no_command_is_torn() -> None:
    fix = "Open https://a.test/x. `mailproof routes` says more. Run `a. B` once."
    assert steps_of(fix) == [
        "Open https://a.test/x.",
        "`mailproof routes` says more.",
        "Run `a. B` once.",
    ]
    assert steps_of("打开页面。再运行 `x`。") == ["打开页面。", "再运行 `x`。"]
    assert steps_of("") == []


async def test_an_alert_with_facts_of_another_release_is_told_by_its_name_and_breaks_no_page(
    pages: PagesWorld,
) -> None:
    strange = Condition(
        "cursor_stuck", "metrics", "ERROR", 0, 1_800_000_000_000, {"kind": "behind"}
    )
    await holds(pages, strange)
    told = await pages.look("/console/alerts")
    assert "Mailproof needs attention: cursor_stuck metrics" in told
    assert "Mailproof needs attention: cursor_stuck metrics." in await pages.look("/console")
