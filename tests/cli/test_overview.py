"""`mailproof tail --overview`: one screen that says how things are, and stays true."""

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mailproof.cli.overview import Seen, drawn, drawn_away, local_zone, look
from mailproof.cli.screen import Screen
from mailproof.cli.spans import Line, colours, cut, joined, padded, wrapped
from mailproof.cli.tables import columns_of
from mailproof.cli.tracks import TONES, TRACK_COLUMNS, TRACKS, track
from mailproof.console.pages.sentence import store_away
from mailproof.diagnosis.guidance import OperatorLanguage
from mailproof.mail.lifecycle import State
from mailproof.record.metrics.counting import Known
from mailproof.record.metrics.following import Counting
from mailproof.store.base import Database
from mailproof.testing import ManualClock
from tests.cli.desk import Desk, desk
from tests.cli.terminal import Terminal
from tests.console.pages_world import PagesWorld, make_pages_world, opened
from tests.store.mails import ONE, accepted, new_mail
from tests.store.seeding import open_for_mail

__all__ = ["desk"]

KNOWN = Known(purposes=frozenset({"registration", "magic_link"}), providers=frozenset({"resend"}))
UTC = ZoneInfo("UTC")
SIZES = [(80, 24), (40, 12), (120, 50), (20, 5)]


def text_of(lines: list[Line]) -> str:
    return "\n".join(joined(line, colour=False) for line in lines)


def seen_of(tmp_path: Path, happens: Callable[[PagesWorld], Awaitable[Any]]) -> Seen:
    async def run() -> Seen:
        clock = ManualClock()
        async with opened(tmp_path, clock) as database:
            world = await make_pages_world(database, clock)
            await happens(world)
            await Counting(database, KNOWN, clock, lambda: True).catch_up()
            return await database.read(look, world.parts.settings, UTC)

    return asyncio.run(run())


async def well(world: PagesWorld) -> None:
    await world.send(3)
    await world.send(1, purpose="magic_link")


async def incident(world: PagesWorld) -> None:
    await world.send(2)
    await world.close()
    await world.hold(5)
    await world.hold(2, purpose="magic_link")


def test_all_is_well_in_the_words_of_the_console(tmp_path: Path) -> None:
    lines = drawn(seen_of(tmp_path, well), "en", UTC, (80, 24))
    screen = text_of(lines)
    assert screen.startswith("✓ ")
    assert lines[0][0] == ("✓ ", "proven")
    for word in ("Critical", "Registration", "● Flows", "Routes", "resend", "● Open", "Last"):
        assert word in screen
    assert "Waiting" not in screen
    assert "●─● ○" in screen


def test_an_incident_is_said_first_then_proven(tmp_path: Path) -> None:
    lines = drawn(seen_of(tmp_path, incident), "en", UTC, (80, 24))
    screen = text_of(lines)
    assert screen.startswith("! Resend refuses the API key since ")
    assert lines[0][1][1] == "broken strong"
    assert "● Stopped at" in screen
    assert "● Closed" in screen
    assert "●┄‖ ○ Held" in screen
    assert "Key refused" in screen
    assert "expires in" in screen


def test_it_speaks_chinese(tmp_path: Path) -> None:
    screen = text_of(drawn(seen_of(tmp_path, incident), "zh", UTC, (80, 24)))
    for word in ("Resend", "关键邮件", "线路", "等待", "●┄‖ ○ 已暂存", "最近", "按 q 退出"):
        assert word in screen


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("happens", [well, incident])
def test_it_fits_every_terminal(
    tmp_path: Path,
    size: tuple[int, int],
    language: OperatorLanguage,
    happens: Callable[[PagesWorld], Awaitable[None]],
) -> None:
    lines = drawn(seen_of(tmp_path, happens), language, UTC, size)
    assert len(lines) <= size[1]
    for line in lines:
        assert columns_of(joined(line, colour=False)) <= size[0]


def test_at_80_by_24_every_part_of_an_incident_has_its_place(tmp_path: Path) -> None:
    screen = text_of(drawn(seen_of(tmp_path, incident), "en", UTC, (80, 24)))
    labels = [line[:12].strip() for line in screen.splitlines() if line[:1].isupper()]
    assert labels == ["Critical", "Routes", "Waiting", "Last"]


async def many(world: PagesWorld) -> None:
    """More routes than are shown."""
    for number in range(9):
        await world.close(sender=f"shop{number}.test")
        await world.hold(1, lane_sender=f"shop{number}.test", sender=f"a@shop{number}.test")


def test_what_there_is_no_room_for_is_counted(tmp_path: Path) -> None:
    screen = text_of(drawn(seen_of(tmp_path, many), "en", UTC, (80, 24))).splitlines()
    begun = next(at for at, line in enumerate(screen) if line.startswith("Routes"))
    shown = sum("● Closed" in line for line in screen)
    assert screen[begun + 1].startswith(f"+{10 - shown} ")


def test_a_store_that_is_away_is_said_first() -> None:
    said = store_away("connection refused", "en", UTC, 0)
    lines = drawn_away(said, "en", (40, 24))
    assert lines[0][0] == ("! ", "broken strong")
    assert "connection refused" in text_of(lines)
    assert max(columns_of(line) for line in text_of(lines).splitlines()) <= 40


# ---- on a real terminal


async def some_mail(database: Database) -> None:
    await open_for_mail(database)
    await accepted(database, new_mail(database.now()), routing=ONE)


def watching(desk: Desk, **given: Any) -> Terminal:
    return Terminal("tail", "--overview", "--config", str(desk.config), **given)


def test_it_follows_what_another_process_writes_and_q_gives_the_terminal_back(
    desk: Desk,
) -> None:
    desk.seed(some_mail)
    with watching(desk) as terminal:
        screen = terminal.wait_for("accepted")
        assert len(screen) <= 24
        count = sum("accepted" in line for line in screen)
        desk.seed(some_mail)
        while sum("accepted" in line for line in terminal.screen) == count:
            terminal.read()
        terminal.press("q")
        assert terminal.end() == 0
        assert terminal.heard.startswith("\x1b[?1049h\x1b[?25l")
        assert terminal.heard.endswith("\x1b[?25h\x1b[?1049l")
        assert terminal.settings_now() == terminal.before


def test_ctrl_c_ends_it_too_and_gives_the_terminal_back(desk: Desk) -> None:
    desk.seed(some_mail)
    with watching(desk) as terminal:
        terminal.wait_for("accepted")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 0
        assert terminal.heard.endswith("\x1b[?25h\x1b[?1049l")
        assert terminal.settings_now() == terminal.before


def test_it_is_drawn_anew_for_another_size(desk: Desk) -> None:
    desk.seed(some_mail)
    with watching(desk) as terminal:
        terminal.wait_for("accepted")
        terminal.resize(30, 10)
        while max(columns_of(line) for line in terminal.wait_for("q ends")) > 30:
            terminal.read()
        assert len(terminal.screen) <= 10
        terminal.press("q")
        assert terminal.end() == 0


@pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_left_out_where_nobody_wants_them(
    desk: Desk,
    env: dict[str, str],
    coloured: bool,  # noqa: FBT001 - a table of cases
) -> None:
    desk.seed(some_mail)
    with watching(desk, env=env) as terminal:
        terminal.wait_for("accepted")
        assert ("\x1b[2m" in terminal.heard) is coloured
        terminal.press("q")
        assert terminal.end() == 0


def test_where_there_is_no_terminal_it_is_printed_once(desk: Desk) -> None:
    desk.seed(some_mail)
    printed = desk.run("tail", "--overview").stdout
    assert "accepted" in printed
    assert "\x1b" not in printed
    assert "q ends" not in printed


def test_it_is_for_people_only(desk: Desk) -> None:
    desk.seed(some_mail)
    refused = desk.run("tail", "--overview", "--json", code=2)
    assert "--json gives the events" in refused.stderr


def test_a_list_on_a_terminal_shows_how_far_each_mail_has_come(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.seed(some_mail)
    monkeypatch.setenv("COLUMNS", "200")
    listing = ("emails", "list", "--config", str(desk.config))
    with Terminal(*listing, columns=200) as wide, Terminal(*listing, columns=60) as narrow:
        assert wide.end() == narrow.end() == 0
        assert "● ○ ○ queued" in wide.heard
        assert "● ○ ○" not in narrow.heard
    assert "● ○ ○" not in desk.run("emails", "list").stdout
    assert json.loads(desk.run("emails", "list", "--json").stdout)["data"]


# ---- its parts


def test_what_stands_there_already_is_not_drawn_again(capfd: pytest.CaptureFixture[str]) -> None:
    async def paint() -> None:
        screen = Screen(colour=False)
        for text in ("one", "one", "two", "two"):
            screen.paint([((text, ""),)])

    asyncio.run(paint())
    drawn_ = capfd.readouterr().out
    assert drawn_.count("one") == drawn_.count("two") == 1


def test_every_state_has_a_track_and_looks_as_the_console_draws_it() -> None:
    assert set(TRACKS) == set(State)
    assert {len(track(state)) for state in State} == {TRACK_COLUMNS}
    assert set(TONES.values()) == {"proven", "waiting", "broken"}


def test_what_is_cut_ends_in_a_mark_and_is_never_too_wide() -> None:
    line: Line = (("abc", ""), ("邮件邮件", "strong"))
    assert joined(cut(line, 80), colour=False) == "abc邮件邮件"
    assert joined(cut(line, 8), colour=False) == "abc邮件…"
    assert joined(cut(line, 7), colour=False) == "abc邮…"
    for width in range(12):
        assert sum(columns_of(text) for text, _ in cut(line, width)) <= width
    assert padded("邮件", 6) == "邮件  "
    assert columns_of(padded("邮件邮件", 6)) == 6


def test_a_text_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in joined(cut((("\x1b[31mred\nx", ""),), 80), colour=True)
    assert columns_of("e\u0301") == 1


def test_a_text_is_broken_at_blanks_and_within_chinese() -> None:
    assert wrapped("one two three", 7, 3) == ["one two", "three"]
    assert wrapped("one two three", 7, 1) == ["one tw…"]
    chinese = wrapped("邮件不会离开这台机器，应答一致。", 12, 5)
    assert max(columns_of(each) for each in chinese) <= 12
    assert "".join(chinese) == "邮件不会离开这台机器，应答一致。"
    assert not any(each.startswith(("，", "。")) for each in chinese)
    assert wrapped("", 10, 2) == []


def test_the_zone_is_that_of_the_machine() -> None:
    assert local_zone({"TZ": "Asia/Shanghai"}).key == "Asia/Shanghai"
    assert local_zone({"TZ": "no/such/zone"}).key == "UTC"


def test_no_colour_is_asked_for_by_a_variable_or_a_plain_terminal() -> None:
    assert colours({"TERM": "xterm"})
    assert not colours({"TERM": "xterm", "NO_COLOR": "1"})
    assert not colours({"TERM": "dumb"})
