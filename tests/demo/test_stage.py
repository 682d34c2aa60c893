"""What the story stands on: it says what did not come, and leaves nothing behind."""

import http.client
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mailproof.demo.breaks import Breaks
from mailproof.demo.child import Child, Ended
from mailproof.demo.pager import Pager
from mailproof.demo.stage import Stage

DEADLINE_S = 20.0


def child(program: str, folder: Path) -> Child:
    return Child(["-u", "-c", program], {}, folder)


def test_a_line_is_found_with_the_details_below_it(tmp_path: Path) -> None:
    process = child("print('one\\nroute.closed\\n    cause: x\\n    fix: y')", tmp_path)
    number = process.entry(r"route\.closed", within_s=DEADLINE_S, details=2)
    assert process.lines[number + 2] == "    fix: y"
    assert process.wait(DEADLINE_S) == 0
    process.stop()


def test_a_line_without_its_details_is_not_the_one(tmp_path: Path) -> None:
    process = child("print('route.closed\\nother\\nother')", tmp_path)
    with pytest.raises(Ended, match=r"(?s)it ended.*It said last:.*other"):
        process.entry(r"route\.closed", within_s=DEADLINE_S, details=2)
    process.stop()


def test_a_program_that_goes_on_and_says_nothing_is_told_after_the_deadline(tmp_path: Path) -> None:
    process = child("import signal; signal.pause()", tmp_path)
    with pytest.raises(Ended, match=r"not within 0.2 s"):
        process.entry("anything", within_s=0.2)
    assert process.stop() != 0


def test_a_program_that_does_not_listen_is_ended_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailproof.demo.child._STOP_MAX_S", 0.2)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf')\n"
    process = child(deaf + "while True: signal.pause()", tmp_path)
    process.entry("deaf", within_s=DEADLINE_S)
    assert process.stop() == -9
    assert "timed out" in process.lines[-1]


def test_an_alert_that_does_not_come_is_told_with_those_that_came() -> None:
    with Pager() as pager:
        line = http.client.HTTPConnection(urlsplit(pager.channel).netloc, timeout=DEADLINE_S)
        line.request("POST", "/", json.dumps({"title": "T", "message": "M", "type": "failure"}))
        assert line.getresponse().status == 200
        line.close()
        assert pager.wait_for(lambda alert: alert.title == "T", DEADLINE_S).text == "M"
        with pytest.raises(TimeoutError, match=r"there came: T$"):
            pager.wait_for(lambda alert: alert.title == "other", 0.1)


def test_the_folder_and_what_was_started_are_gone_afterwards() -> None:
    with Breaks() as breaks, Stage("en", breaks) as stage:
        folder = stage.folder
        stage.open_app(stage.sandbox.url, "re_x")
        app = stage.app
        stage.configure("re_x")
        assert folder.is_dir()
    assert not folder.exists()
    with pytest.raises(Ended, match="it ended"):
        app.entry("never said", within_s=DEADLINE_S)


def test_nothing_of_the_callers_settings_reaches_the_story(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILPROOF_LOG_LEVEL", "nonsense")
    monkeypatch.setenv("RESEND_API_KEY", "re_the_callers_own")
    with Breaks() as breaks, Stage("en", breaks) as stage:
        stage.configure("re_x")
        shown = stage.run(["config", "show"])
    assert shown.exit_code == 0, shown.out
    assert "nonsense" not in shown.out
    assert "RESEND_API_KEY" not in shown.out
