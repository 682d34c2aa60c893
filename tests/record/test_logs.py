"""One pipeline for all lines of the process: JSON for machines, readable for people, no secrets."""

import logging
import re
import warnings
from datetime import datetime, timedelta
from io import StringIO

import pytest
import structlog

from mailproof.diagnosis.guidance.language import OperatorLanguage
from mailproof.record.logs import configure, say_all, set_level
from mailproof.record.words import words
from tests.record.conftest import Lines

log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.engine")

EMAIL_ID = "0198c0de-0000-7000-8000-000000000001"


def crash(why: str) -> None:
    raise ValueError(why)


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_for_machines_is_one_json_object_with_time_level_logger_and_event(
    stream: StringIO, lines: Lines
) -> None:
    configure("INFO", "auto", "en", stream=stream)
    log.info("email.sent", email_id=EMAIL_ID, took_ms=12)
    (line,) = lines()
    assert list(line)[:4] == ["timestamp", "level", "logger", "event"]
    assert datetime.fromisoformat(line.pop("timestamp")).utcoffset() == timedelta(0)
    assert line == {
        "level": "info",
        "logger": "mailproof.engine",
        "event": "email.sent",
        "email_id": EMAIL_ID,
        "took_ms": 12,
    }


def test_people_on_a_terminal_get_cause_and_fix_below_the_line() -> None:
    terminal = Terminal()
    configure("INFO", "auto", "zh", stream=terminal)
    log.error(
        "email.held", reason="sender_unverified", cause="域名未验证。", fix="打开 resend.com。"
    )
    plain = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue())
    first, second, third = plain.splitlines()
    assert "email.held" in first
    assert "reason=sender_unverified" in first
    assert (second, third) == ("    原因：域名未验证。", "    修复：打开 resend.com。")


def test_a_value_with_a_line_break_cannot_pretend_to_be_a_line_of_the_log(stream: StringIO) -> None:
    configure("INFO", "console", "en", stream=stream)
    log.info("email.accepted", app="shop\n2026-01-01 [critical] forged", fix="do\nthis")
    assert len(stream.getvalue().splitlines()) == 2
    assert "    fix: do this\n" in stream.getvalue()


def test_the_level_can_be_changed_while_the_process_runs(stream: StringIO, lines: Lines) -> None:
    configure("WARNING", "json", "en", stream=stream)
    library = logging.getLogger("some.library")
    log.info("email.sent")
    library.info("quiet")
    set_level("DEBUG")
    log.debug("email.sending")
    library.debug("loud")
    set_level("ERROR")
    log.warning("email.deferred")
    assert [line["event"] for line in lines()] == ["email.sending", "library.logged"]


def test_libraries_speak_through_the_same_pipeline(stream: StringIO, lines: Lines) -> None:
    configure("INFO", "json", "en", stream=stream)
    logging.getLogger("uvicorn.error").warning("shutting down for %s", "ada@example.com")
    (line,) = lines()
    assert (line["logger"], line["level"]) == ("uvicorn.error", "warning")
    assert line["message"] == "shutting down for a…@example.com"


def test_libraries_that_tell_of_each_request_are_kept_quiet(stream: StringIO, lines: Lines) -> None:
    configure("DEBUG", "json", "en", stream=stream)
    logging.getLogger("urllib3.connectionpool").debug("POST /hooks/token")
    logging.getLogger("uvicorn.access").info("GET /status/token")
    assert lines() == []


def test_a_library_whose_arguments_do_not_fit_its_format_is_heard_all_the_same(
    stream: StringIO, lines: Lines
) -> None:
    configure("INFO", "json", "en", stream=stream)
    logging.getLogger("some.library").error("%d mails", "many")
    (line,) = lines()
    assert "many" in line["message"]


def test_warnings_of_python_are_lines_too(stream: StringIO, lines: Lines) -> None:
    configure("INFO", "json", "en", stream=stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("this will go away", DeprecationWarning, stacklevel=1)
    assert "this will go away" in lines()[0]["message"]


def test_what_is_bound_to_the_context_is_on_each_line(stream: StringIO, lines: Lines) -> None:
    configure("INFO", "json", "en", stream=stream)
    with structlog.contextvars.bound_contextvars(request_id="r1", purpose="registration"):
        log.info("email.accepted", email_id=EMAIL_ID)
    log.info("email.sent")
    first, second = lines()
    assert (first["request_id"], first["purpose"]) == ("r1", "registration")
    assert "request_id" not in second


def test_an_exception_is_told_with_its_traceback_and_without_secrets(
    stream: StringIO, lines: Lines
) -> None:
    configure("INFO", "json", "en", stream=stream)
    try:
        crash("no key re_Ab12Cd34_Ef56Gh78Ij90Kl12Mn34Op56 for ada@example.com")
    except ValueError:
        log.exception("call.failed")
    (line,) = lines()
    assert "ValueError: no key re_[redacted] for a…@example.com" in line["exception"]
    assert "test_logs.py" in line["exception"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_line_that_wakes_somebody_says_what_to_do(
    stream: StringIO, lines: Lines, language: OperatorLanguage
) -> None:
    configure("INFO", "json", language, stream=stream)
    log.error("email.unconfirmed")
    log.critical("something.new")
    log.error("email.held", fix="mine")
    log.warning("email.deferred")
    told = words(language)
    assert [line.get("fix") for line in lines()] == [
        told.fixes["email.unconfirmed"],
        told.otherwise,
        "mine",
        None,
    ]


class Broken(StringIO):
    """A pipe whose reader went away, for a time."""

    broken = True

    def write(self, text: str) -> int:
        if self.broken:
            raise BrokenPipeError
        return super().write(text)


def test_a_log_that_nobody_reads_stops_nothing_and_tells_what_was_lost() -> None:
    stream = Broken()
    configure("INFO", "json", "en", stream=stream)
    log.info("email.sent")
    log.info("email.sent")
    stream.broken = False
    log.info("email.delivered")
    text = stream.getvalue()
    assert "email.delivered" in text
    assert '"event":"log.lines_lost"' in text
    assert '"count":2' in text


def test_both_languages_have_the_same_words() -> None:
    english, chinese = words("en"), words("zh")
    assert english.fixes.keys() == chinese.fixes.keys()
    assert english.labels.keys() == chinese.labels.keys()


CANARIES = {
    "key": ("re_Ab12Cd34_Ef56Gh78Ij90Kl12Mn34Op56", "Ef56Gh78"),
    "magic_link": ("https://app.acme.com/auth/verify?token=k3YbQ9xT7wPz5Lm2", "k3YbQ9xT7wPz5Lm2"),
    "code": ("Your code is 482913", "482913"),
    "address": ("Ada <ada.lovelace@example.com>", "lovelace"),
    "database": ("postgresql://app:hunter22secret@db/app", "hunter22secret"),
    "webhook": ("https://hooks.slack.com/services/T01ABCDEF/B01ABCDEF/aBcDeFgHiJkL0123", "aBcDeFg"),
    "bearer": ("Authorization: Bearer eyJhbGciOi.J9abc.def123", "J9abc"),
}


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("name", CANARIES)
def test_no_secret_leaves_by_any_way_into_the_log(name: str, form: str, stream: StringIO) -> None:
    value, telling = CANARIES[name]
    configure("DEBUG", "json" if form == "json" else "console", "en", stream=stream)

    class Thing:
        def __repr__(self) -> str:
            return f"<Thing {value}>"

    log.info("a.happened", note=value, deep={"list": [value, {"x": (value,)}]}, thing=Thing())
    log.info("a.happened", **{value: 1})
    log.info(value)
    log.error("a.failed", cause=value, fix=value)
    logging.getLogger("lib").warning("said %s", value)
    with structlog.contextvars.bound_contextvars(context=value):
        log.info("a.happened")
    try:
        crash(value)
    except ValueError:
        log.exception("a.crashed")
        logging.getLogger("lib").exception("oops")
    assert telling not in stream.getvalue()
    assert stream.getvalue().count("a.happened") == 3


TOLD: list[tuple[int, str, dict[str, object]]] = [
    (logging.INFO, "email.sent", {"email_id": EMAIL_ID, "took_ms": 12}),
    (logging.ERROR, "email.held", {"reason": "sender_unverified", "fix": "Open resend.com."}),
    (
        logging.WARNING,
        "email.deferred",
        {"detail": "ada@customer.test said re_abcdef_123456789012"},
    ),
]


def test_lines_said_together_are_the_lines_said_one_by_one(stream: StringIO, lines: Lines) -> None:
    configure("INFO", "json", "en", stream=stream)
    say_all("mailproof.engine", TOLD)
    for level, event, facts in TOLD:
        log.log(level, event, **facts)
    said = [{**line, "timestamp": ""} for line in lines()]
    assert len(said) == 2 * len(TOLD)
    assert said[: len(TOLD)] == said[len(TOLD) :]


def test_lines_said_together_reach_a_terminal_and_a_test_as_well() -> None:
    terminal = Terminal()
    configure("INFO", "console", "en", stream=terminal)
    say_all("mailproof.engine", TOLD)
    assert [event in terminal.getvalue() for _, event, _ in TOLD] == [True] * len(TOLD)
    with structlog.testing.capture_logs() as seen:
        say_all("mailproof.engine", TOLD)
    assert [line["event"] for line in seen] == [event for _, event, _ in TOLD]


def test_lines_of_a_flush_do_not_carry_what_one_request_has_bound(
    stream: StringIO, lines: Lines
) -> None:
    configure("INFO", "json", "en", stream=stream)
    with structlog.contextvars.bound_contextvars(request_id="of somebody else"):
        say_all("mailproof.engine", TOLD)
    assert not any("request_id" in line for line in lines())
