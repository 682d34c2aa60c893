"""The log of the whole process: one pipeline for our lines and those of libraries.

People on a terminal get coloured lines with cause and fix below; everything else gets a JSON object
per line. All of it goes to stderr: stdout is for data.
"""

import functools
import logging
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor

from mailproof.diagnosis.guidance.language import OperatorLanguage
from mailproof.record.cleaning import clean
from mailproof.record.words import Words, words

__all__ = ["Format", "LevelName", "configure", "say_all", "set_level"]

LevelName = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
Format = Literal["auto", "console", "json"]

# What a library may say at most: below these it tells of each request, with URLs and payloads.
_LIBRARIES: Final[Mapping[str, int]] = {
    "apprise": logging.WARNING,
    "asyncio": logging.INFO,
    "urllib3": logging.INFO,
    # What it says at INFO, we say ourselves.
    "uvicorn": logging.WARNING,
}
_STANDARD: Final = (
    logging.DEBUG,
    logging.INFO,
    logging.WARNING,
    logging.ERROR,
    logging.CRITICAL,
)
_stamp: Final = structlog.processors.TimeStamper(fmt="iso", utc=True)
_FIRST: Final = ("timestamp", "level", "logger", "event")
_BELOW: Final = ("cause", "fix")


def configure(
    level: LevelName, form: Format, language: OperatorLanguage, *, stream: TextIO | None = None
) -> None:
    """Set up the process's log. Once per process, before anything is said.

    `form` auto: for people when `stream` is a terminal, else JSON. `stream` None: stderr.
    """
    out = sys.stderr if stream is None else stream
    pretty = form == "console" or (form == "auto" and out.isatty())
    said = words(language)
    render = _Console(said, colors=out.isatty()) if pretty else _as_json
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _add_name,
        _stamp,
        functools.partial(_add_fix, said),
        structlog.processors.format_exc_info,
        _redact,
        render,
    ]
    structlog.configure(
        processors=processors,
        logger_factory=_Factory(_Lines(out)),
        context_class=dict,
        cache_logger_on_first_use=False,  # or a logger would keep the level of its first line
    )
    root = logging.getLogger()
    root.handlers = [_Bridge()]
    logging.captureWarnings(capture=True)
    set_level(level)


def set_level(level: LevelName) -> None:
    """Say this and what is louder from now on; takes effect with the next line."""
    number = logging.getLevelNamesMapping()[level]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(number))
    logging.getLogger().setLevel(number)
    for name, least in _LIBRARIES.items():
        logging.getLogger(name).setLevel(max(number, least))


def say_all(name: str, lines: Sequence[tuple[int, str, Mapping[str, Any]]]) -> None:
    """Say level, event and facts of each line as the logger `name`, all of them with one write.

    What a thousand mails a second did is told this way: the same lines as one by one, for a third
    of the cost. Whether a level is on, the caller has asked. Nothing is merged from the context:
    what was committed together came from many requests.
    """
    config = structlog.get_config()
    factory = config["logger_factory"]
    if config["processors"][-1] is not _as_json or not isinstance(factory, _Factory):
        logger = structlog.get_logger(name).bind()
        for level, event, facts in lines:
            logger.log(level, event, **facts)
        return
    head = {**_stamp(None, "", {}), "level": "", "logger": name, "event": ""}
    texts = []
    for level, event, facts in lines:
        head["level"], head["event"] = logging.getLevelName(level).lower(), event
        texts.append(msgspec.json.encode(head | clean(facts)).decode())
    factory.lines.write("\n".join(texts))


class _Lines:
    """Writes whole lines to one stream, from any thread.

    A log that cannot be written must not stop the mail: what was lost is counted, and told as soon
    as there is somebody to tell.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._lost = 0

    def write(self, line: str) -> None:
        with self._lock:
            try:
                self._stream.write(line + "\n")
                self._stream.flush()
            except (OSError, ValueError):  # a pipe without a reader, a full disk, a closed stream
                self._lost += 1
                return
            lost, self._lost = self._lost, 0
        if lost:
            structlog.get_logger("mailproof.record").error("log.lines_lost", count=lost)


class _Factory:
    """Makes the loggers that write to `lines`."""

    def __init__(self, lines: _Lines) -> None:
        self.lines = lines

    def __call__(self, name: str = "mailproof", *_: Any) -> "_Logger":
        return _Logger(name, self.lines)


class _Logger:
    """What structlog calls with a finished line, whatever its level."""

    def __init__(self, name: str, lines: _Lines) -> None:
        self.name = name
        self.msg = self.debug = self.info = self.warning = self.error = self.critical = lines.write


class _Bridge(logging.Handler):
    """Brings what libraries say with the standard library's logging into the same pipeline."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # its arguments do not fit its format
            message = f"{record.msg} {record.args!r}"
        level = max((each for each in _STANDARD if each <= record.levelno), default=logging.DEBUG)
        facts = {} if record.exc_info is None else {"exc_info": record.exc_info}
        structlog.get_logger(record.name).log(level, "library.logged", message=message, **facts)


def _add_name(logger: Any, _: str, event: EventDict) -> EventDict:
    event["logger"] = logger.name
    return event


def _add_fix(said: Words, _logger: Any, _method: str, event: EventDict) -> EventDict:
    """Whoever is woken by a line shall know what to do about it."""
    if event["level"] in {"error", "critical"} and not event.get("fix"):
        event["fix"] = said.fix(str(event["event"]))
    return event


def _redact(_logger: Any, _method: str, event: EventDict) -> EventDict:
    first = {name: event.pop(name) for name in _FIRST[:3]}
    return {**first, **clean(event)}


def _as_json(_logger: Any, _method: str, event: EventDict) -> str:
    ordered = {**{name: event[name] for name in _FIRST}, **event}
    return msgspec.json.encode(ordered).decode()


class _Console:
    """One line for the facts; cause and fix, which are sentences, get a line each below."""

    def __init__(self, said: Words, *, colors: bool) -> None:
        self._labels = said.labels
        self._render = structlog.dev.ConsoleRenderer(
            colors=colors,
            pad_event_to=24,
            exception_formatter=structlog.dev.plain_traceback,
            sort_keys=False,
        )

    def __call__(self, logger: Any, method: str, event: EventDict) -> str:
        below = [(name, event.pop(name)) for name in _BELOW if event.get(name)]
        trace = event.pop("exception", None)
        line = str(self._render(logger, method, event))
        told = [f"    {self._labels[name]}{' '.join(str(text).split())}" for name, text in below]
        return "\n".join([line, *told, *([] if trace is None else [str(trace)])])
