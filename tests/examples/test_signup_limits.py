"""The sign-up example: how often mail may be asked for, and a kill between commit and hand-over."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.examples.tidewell import Browser, running
from tests.whole.house import House

ADA = "ada@kunde.test"


def test_within_the_cooldown_nobody_gets_a_second_mail(tmp_path: Path) -> None:
    with House(tmp_path) as house, running(house, tmp_path, COOLDOWN_S="60") as app:
        with Browser(app) as browser, Browser(app) as stranger:
            browser.register(ADA)
            app.links(1)
            assert browser.register(ADA).url.path == "/waiting"
            assert stranger.register(ADA).url.path == "/waiting"
            headers = {"x-csrf-token": browser.csrf(), "accept": "application/json"}
            asked = browser.post("/again", headers=headers)
            assert asked.status_code == 429
            assert 0 < int(asked.headers["retry-after"]) <= 61
            assert stranger.sign_in("nobody@kunde.test").status_code == 200
            assert stranger.sign_in("nobody@kunde.test").url.path == "/waiting"
        assert len(house.sandbox.mails) == 1


def test_after_it_the_status_element_asks_again_and_follows_the_new_mail(tmp_path: Path) -> None:
    with House(tmp_path) as house, running(house, tmp_path) as app, Browser(app) as browser:
        browser.register(ADA)
        app.links(1)
        headers = {"x-csrf-token": browser.csrf(), "accept": "application/json"}
        asked = browser.post("/again", headers=headers)
        assert asked.json()["status"].startswith(f"{house.url}/status/")
        assert len(app.links(2)) == 2


def test_a_network_that_asks_for_too_much_mail_is_stopped(tmp_path: Path) -> None:
    with (
        House(tmp_path) as house,
        running(house, tmp_path, ASKS_MAX="30") as app,
        Browser(app) as browser,
    ):
        csrf = browser.csrf()
        answers = [
            browser.post("/sign-in", data={"csrf": csrf, "address": f"n{n}@kunde.test"})
            for n in range(31)
        ]
        assert [answer.status_code for answer in answers] == [200] * 30 + [429]


def test_a_kill_after_the_commit_loses_neither_the_user_nor_the_mail(tmp_path: Path) -> None:
    """The gateway is away while somebody registers, and the application dies meanwhile."""

    def kept(query: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(tmp_path / "tidewell.db")) as database:
            return database.execute(query).fetchall()

    nobody = "http://127.0.0.1:9"
    with (
        House(tmp_path) as house,
        running(house, tmp_path, MAILPROOF_URL=nobody) as app,
        Browser(app) as browser,
    ):
        assert browser.register(ADA).url.path == "/waiting"
        assert kept("SELECT count(*) FROM mailproof_outbox") == [(1,)]
        app.kill()
        app.environ["MAILPROOF_URL"] = house.url
        app.start()
        (link,) = app.links(1)
        assert browser.press(link).url.path == "/home"
        assert kept("SELECT count(*) FROM mailproof_outbox") == [(0,)]
        assert kept("SELECT address FROM users") == [(ADA,)]
        assert len(house.sandbox.mails) == 1
