"""The tour holds, in both languages, and breaks where it must."""

import subprocess
import sys
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import pytest

from mailproof.demo.tour import DOMAIN, Tour, TourBroke, pending

STEPS = ("silence", "explain", "doctor", "mended", "arrives", "honest")


def words(language: str) -> Mapping[str, Any]:
    return tomllib.loads(
        (files("mailproof.demo") / "words" / f"{language}.toml").read_text("utf-8")
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_demo_tells_the_whole_story_and_ends_with_0(language: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mailproof", "demo", "--lang", language],
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    places = [done.stdout.index(words(language)["steps"][step]["title"]) for step in STEPS]
    assert places == sorted(places)
    assert "sender_unverified" in done.stdout
    assert "{" not in words(language)["ending"].format(steps=len(STEPS))
    assert words(language)["ending"].format(steps=len(STEPS)) in done.stdout


def test_both_languages_tell_of_the_same_steps() -> None:
    english, chinese = words("en"), words("zh")
    assert english.keys() == chinese.keys()
    assert tuple(english["steps"]) == tuple(chinese["steps"]) == STEPS


def test_a_mail_that_was_not_refused_breaks_the_tour_at_the_first_step(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sandbox = pending()
    sandbox.verify_domain(DOMAIN)
    with pytest.raises(TourBroke, match=r"step 1: a mail arrived"):
        Tour("en", sandbox).walk()
    assert words("en")["steps"]["explain"]["title"] not in capsys.readouterr().out


def test_another_failure_than_the_promised_one_breaks_the_tour() -> None:
    sandbox = pending()
    sandbox.fail("503")
    with pytest.raises(TourBroke, match=r"step 2: explain did not name the reason"):
        Tour("en", sandbox).walk()


def test_an_app_that_is_not_silent_breaks_the_tour() -> None:
    sandbox = pending()
    sandbox.fail("reset-after")
    with pytest.raises(TourBroke, match=r"step 1: the app was not silent"):
        Tour("en", sandbox).walk()
