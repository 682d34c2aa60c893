"""Read, not run: no handler in the source swallows, no task is without a parent."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec

from mailproof.record.words import words

PACKAGE = Path(__file__).parents[2] / "src" / "mailproof"

# What says that a value is not what it was tried as; nothing has gone wrong in the world.
NOT_ONE = {
    "Conflicted",
    "DecodeError",
    "Error",  # binascii's
    "ImportError",
    "IndexError",
    "InvalidInput",
    "KeyError",
    "LookupError",
    "NotImplementedError",
    "OverflowError",
    "RecursionError",
    "StopIteration",
    "TypeError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "UnicodeError",
    "UnknownFault",
    "Unreadable",
    "ValidationError",
    "ValueError",
}
# Handlers of the world's errors that neither raise nor log nor use what they caught, each with why
# nobody need hear of it. By file and what is caught.
QUIET: Mapping[tuple[str, str], str] = {
    ("alerts/channels.py", "TimeoutError"): "returned as the reason why the message did not go",
    ("cli/__init__.py", "BrokenPipeError"): "who read the output has left: nobody is there to tell",
    ("cli/emails.py", "OSError"): "a time beyond this machine's calendar: refused in words",
    ("cli/explain.py", "OSError"): "a pasted text that cannot be a path: it is explained as a text",
    ("cli/opening.py", "OSError"): "a container's user may have no name: its number is used",
    ("cli/outbox.py", "KeyboardInterrupt"): "how it is told to stop",
    ("cli/sandbox.py", "KeyboardInterrupt"): "how it is told to stop",
    ("cli/overview.py", "OSError"): "a machine that keeps its zone elsewhere: told in UTC",
    ("cli/overview.py", "ZoneInfoNotFoundError"): "a TZ of another form: told in UTC",
    ("cli/screen.py", "TimeoutError"): "a second has passed and no key was pressed",
    ("cli/tail.py", "KeyboardInterrupt"): "how it is told to stop",
    ("cli/users.py", "LastAdmin"): "refused in words",
    ("console/pages/mending.py", "OSError"): "a key's file that is away: shown as not set",
    ("console/pages/route_deeds.py", "OtherProviders"): "said above the page that follows",
    ("console/serving.py", "Busy"): "answered with a page that says so",
    ("console/serving.py", "NotFound"): "answered with a page that says so",
    ("console/sign_in.py", "Busy"): "answered with a page that says so",
    ("console/zones.py", "IsADirectoryError"): "a zone that a browser made up: times are in UTC",
    ("console/zones.py", "PermissionError"): "see above",
    ("console/zones.py", "ZoneInfoNotFoundError"): "see above",
    ("demo/interactive.py", "TimeoutError"): "an hour without an alert: all is well",
    ("doctor/resolving.py", "NXDOMAIN"): "an answer, and returned as one",
    ("doctor/resolving.py", "NoAnswer"): "an answer, and returned as one",
    ("doctor/resolving.py", "TimeoutError"): "returned as evidence",
    ("doctor/run.py", "TimeoutError"): "becomes a finding",
    ("doctor/spf.py", "TimeoutError"): "the count is told as incomplete",
    ("engine/engine.py", "_Stopped"): "raised by ourselves, to end a group",
    ("gateway/door.py", "ClientLeft"): "nobody is there to be answered: an INFO line",
    ("gateway/refusals.py", "TimeoutError"): "a second has passed: what was gathered is handed on",
    ("providers/attachment_fetch.py", "TimeoutError"): "refused in words",
    ("providers/http.py", "TimeoutError"): "returned as evidence",
    ("providers/resend_webhook.py", "EmptyWebhookSecretError"): "no secret: the request is refused",
    ("record/logs.py", "OSError"): "the log itself cannot be written: counted, and told later",
    ("sandbox/faults/edge.py", "TimeoutError"): "a fault that was asked for",
    ("sandbox/log.py", "BrokenPipeError"): "who read the output has left",
    ("sandbox/nameserver.py", "DNSException"): "no question; RFC 1035 leaves the answer to us",
    ("gateway/status/serving.py", "StatusTokenInvalid"): "anybody may show one: it is answered",
    ("sandbox/page/scanning.py", "OSError"): "a name that leads nowhere: refused in words",
    ("sandbox/smtp/letters.py", "HeaderParseError"): "shown as it came",
    ("serving.py", "_Done"): "raised by ourselves, to end a group",
    ("store/postgres/pool.py", "OSError"): "a connection that is thrown away did not part politely",
    ("store/postgres/pool.py", "PostgresError"): "see above",
    ("store/postgres/pool.py", "InterfaceError"): "see above",
    ("store/postgres/pool.py", "TimeoutError"): "see above",
    ("store/sqlite/backup.py", "FileExistsError"): "refused in words",
    ("store/sqlite/backup.py", "OSError"): "a file system without links: written another way",
    ("store/sqlite/engine_lock.py", "BlockingIOError"): "returned: another process has the lock",
    ("store/sqlite/engine_lock.py", "OSError"): "who holds it cannot be told: said without a name",
    ("store/sqlite/filesystem.py", "OSError"): "the kind of file system is not known: not refused",
    ("testing/provider_suite.py", "TimeoutError"): "what the check wanted to see",
    ("testing/store_suite/people.py", "LastAdmin"): "what the case wanted to see",
}
_LOUD = {"warning", "error", "critical", "exception", "log"}


class Caught(msgspec.Struct, frozen=True):
    file: str
    line: int
    kinds: tuple[str, ...]
    is_heard: bool


@cache
def trees() -> tuple[tuple[str, ast.Module], ...]:
    return tuple(
        (path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8")))
        for path in sorted(PACKAGE.rglob("*.py"))
    )


def _name(node: ast.expr | None) -> Iterator[str]:
    match node:
        case ast.Tuple(elts=parts):
            for part in parts:
                yield from _name(part)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            yield name
        case None:
            yield "everything"
        case _:
            yield ast.unparse(node)


def _is_heard(handler: ast.ExceptHandler) -> bool:
    """Does it raise, say it in the log, or make something of what it caught?"""
    for part in handler.body:
        for node in ast.walk(part):
            match node:
                case ast.Raise():
                    return True
                case ast.Call(func=ast.Attribute(attr=name)) if name in _LOUD:
                    return True
                case ast.Name(id=name) if name == handler.name:
                    return True
    return False


def caught(tree: ast.Module, file: str) -> Iterator[Caught]:
    for node in ast.walk(tree):
        match node:
            case ast.ExceptHandler():
                yield Caught(file, node.lineno, tuple(_name(node.type)), _is_heard(node))
            case ast.Call(func=ast.Attribute(attr="suppress")):
                kinds = tuple(kind for each in node.args for kind in _name(each))
                yield Caught(file, node.lineno, kinds, is_heard=False)


def handlers() -> list[Caught]:
    return [each for file, tree in trees() for each in caught(tree, file)]


def test_no_handler_swallows_what_the_world_did() -> None:
    found = [
        f"{each.file}:{each.line}: {kind}"
        for each in handlers()
        if not each.is_heard
        for kind in each.kinds
        if kind not in NOT_ONE and (each.file, kind) not in QUIET
    ]
    assert not found, "raise it, log it, return it, or say in QUIET why nobody need hear of it"


def test_what_may_be_quiet_is_still_there() -> None:
    quiet = {(each.file, kind) for each in handlers() if not each.is_heard for kind in each.kinds}
    assert not set(QUIET) - quiet


def test_a_handler_that_swallows_is_found() -> None:
    source = "try:\n    work()\nexcept OSError as error:\n    log.debug('x')\n"
    (quiet,) = caught(ast.parse(source), "x.py")
    assert quiet == Caught("x.py", 3, ("OSError",), is_heard=False)
    (heard,) = caught(ast.parse(source.replace("debug", "warning")), "x.py")
    assert heard.is_heard


def test_every_task_has_a_parent_that_fails_with_it() -> None:
    """In a `TaskGroup`, by the name that its `async with` gave it, or handed over as `group`."""
    parents = {"group", "background", "pumping", "sends", "_group"}
    strays = [
        f"{file}:{node.lineno}"
        for file, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"create_task", "ensure_future"}
        and not set(_name(node.func.value)) & parents
    ]
    assert not strays


def _events_at(levels: set[str]) -> Iterator[tuple[str, str]]:
    for file, tree in trees():
        if file.startswith(("sandbox/", "testing/", "demo/")):
            continue
        for node in ast.walk(tree):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="log" | "_log"), attr=level),
                    args=[ast.Constant(value=str(event)), *_],
                ) if level in levels:
                    yield file, event


def test_every_line_that_needs_a_human_says_what_to_do_in_both_languages() -> None:
    loud = {event for _, event in _events_at({"error", "critical", "exception"})}
    assert len(loud) > 15
    for language in ("en", "zh"):
        assert not loud - set(words(language).fixes), language
