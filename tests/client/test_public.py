"""`from mailproof import …`: what is promised is there, and costs nobody else anything."""

import ast
import subprocess
import sys
from pathlib import Path

import mailproof

STUB = Path(mailproof.__file__).with_suffix(".pyi")


def test_each_public_name_is_there_with_the_type_that_the_stub_gives_it() -> None:
    stub = {
        alias.name: node.module
        for node in ast.parse(STUB.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert {name for name in dir(mailproof) if name in stub} == set(stub)
    for name, module in stub.items():
        assert getattr(mailproof, name).__module__ == module


def test_the_package_itself_is_imported_without_the_library() -> None:
    loaded = "import sys, mailproof; print([n for n in sys.modules if n.startswith('mailproof.')])"
    done = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_name_that_is_not_there_is_an_ordinary_error() -> None:
    assert not hasattr(mailproof, "Mailprof")
