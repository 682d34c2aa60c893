"""The rules of the house that no linter knows."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from mailproof.cli import COMMANDS

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "mailproof"

LINES_MAX = 400
FUNCTION_LINES_MAX = 60
# A file is named after the one thing that it owns.
NO_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "base_classes"}
# Made by tools, on this machine only.
NOT_OURS = {".git", ".venv", ".hypothesis", "node_modules", "build", "dist", "__pycache__"}
TEXT = {"", ".cfg", ".css", ".html", ".json", ".jsonl", ".js", ".md", ".mjs", ".py", ".pyi", ".sh"}
TEXT |= {".sql", ".toml", ".ts", ".txt", ".yml", ".yaml"}

# Whatever can open a connection, and the parts of the package that may import it. Nobody else:
# each call out goes through one place that limits, measures and classifies it.
NETWORK: Mapping[str, tuple[str, ...]] = {
    "aiohttp": (
        "providers/attachment_fetch.py",
        "providers/http.py",
        "sandbox/events/postman.py",
        "sandbox/page/scanning.py",
    ),
    "aiosmtpd": ("sandbox/",),
    "aiosmtplib": ("providers/smtp.py", "providers/smtp_connection.py"),
    "apprise": ("alerts/channels.py",),
    "asyncpg": ("doctor/", "integrations/outbox/by_asyncpg.py", "store/postgres/"),
    "dns": ("doctor/", "sandbox/nameserver.py"),
    "ftplib": (),
    "http.client": ("demo/", "testing/"),
    "httptools": ("gateway/wire.py", "sandbox/"),
    "httpx": (),
    "requests": (),
    "smtplib": (),
    "socket": (
        "demo/interactive.py",
        "doctor/",
        "gateway/",
        "providers/attachment_fetch.py",
        "providers/http.py",
        "providers/smtp_connection.py",
        "sandbox/",
        "testing/",
    ),
    "socketserver": (),
    "ssl": (
        "doctor/",
        "providers/http.py",
        "providers/smtp.py",
        "providers/smtp_connection.py",
        "providers/smtp_health.py",
        "providers/smtp_pool.py",
        "sandbox/",
    ),
    "starlette": ("sandbox/",),
    "urllib.request": (),
    "urllib3": (),
    "uvicorn": ("gateway/", "sandbox/"),
    "websockets": (),
}

# Written in halves, so that this file does not hold what it looks for.
NO_WORDS = (
    "py" + "pi.org",
    "python" + "hosted",
    "registry." + "npm",
    "deb." + "debian.org",
    "crates" + ".io/api",
    "/ro" + "ot/",
    "/ho" + "me/",
    "/wo" + "rk/",
)


@cache
def our_files() -> tuple[Path, ...]:
    return tuple(sorted(_walk(ROOT)))


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in NOT_OURS or path.name.endswith((".egg-info", "_cache")):
            continue
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path


PYTHON = [path for path in our_files() if path.suffix == ".py"]
SOURCE = [path for path in PYTHON if path.is_relative_to(PACKAGE)]


def at_home(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", PYTHON, ids=at_home)
def test_a_module_is_short_enough_to_be_read(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= LINES_MAX, f"{lines} lines: split it by noun"


@pytest.mark.parametrize("path", PYTHON, ids=at_home)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    long = [
        f"{node.name} ({node.end_lineno - node.lineno + 1} lines)"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= FUNCTION_LINES_MAX
    ]
    assert not long


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert not [at_home(path) for path in our_files() if path.stem.lower() in NO_NAMES]


def test_every_folder_of_tests_is_a_package_so_that_names_may_repeat() -> None:
    folders = {path.parent for path in PYTHON if path.name.startswith("test_")}
    assert not [at_home(folder) for folder in folders if not (folder / "__init__.py").exists()]


@pytest.mark.parametrize("path", SOURCE, ids=at_home)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    if path.read_text(encoding="utf-8").strip():
        assert ast.get_docstring(tree_of(path))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", SOURCE, ids=at_home)
def test_only_adapters_import_what_can_open_a_connection(path: Path) -> None:
    here = path.relative_to(PACKAGE).as_posix()
    wrong = {
        name
        for name in _imported(path)
        for library, allowed in NETWORK.items()
        if (name == library or name.startswith(f"{library}.")) and not here.startswith(allowed)
    }
    assert not wrong, "NETWORK, above, says who may"


@pytest.mark.parametrize("path", SOURCE, ids=at_home)
def test_nothing_is_left_for_later(path: Path) -> None:
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", path.read_text(encoding="utf-8"))


def test_no_file_names_a_package_registry_or_a_place_on_one_machine() -> None:
    found = [
        f"{at_home(path)}:{number}: {word}"
        for path in our_files()
        if path.suffix in TEXT and path != Path(__file__)
        for number, line in enumerate(
            path.read_text(encoding="utf-8", errors="replace").split("\n")
        )
        for word in NO_WORDS
        if word in line
    ]
    assert not found


@pytest.mark.parametrize("path", [path for path in PYTHON if "tests" in path.parts], ids=at_home)
def test_the_name_of_a_test_is_a_sentence(path: Path) -> None:
    terse = [
        node.name
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and node.name.count("_") < 3
    ]
    assert not terse


def test_every_command_is_explained_to_people() -> None:
    for page in ("README.md", "README.zh.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        assert not [command for command in COMMANDS if f"mailproof {command}" not in text], page


def test_the_two_readmes_have_the_same_sections() -> None:
    english, chinese = (
        re.findall(r"^#{1,3} ", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
        for name in ("README.md", "README.zh.md")
    )
    assert english == chinese
