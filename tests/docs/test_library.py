"""docs/library.md against the code: the statements, the names, the examples, in both languages."""

import ast
import re

import pytest

import mailproof
from mailproof import MailproofError, Receipt
from mailproof.client.configured import OWN_VARIABLES
from mailproof.integrations.outbox import ddl
from tests.docs.pages import LANGUAGES, code_of, fences, heads, page, tables


def test_both_languages_have_the_same_sections_and_examples() -> None:
    english, chinese = page("library", "en"), page("library", "zh")
    assert heads(english) == heads(chinese)
    assert fences(english) == fences(chinese)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("dialect", ["postgresql", "sqlite", "mysql"])
def test_the_statements_that_make_the_table_are_those_of_the_code(
    language: str, dialect: str
) -> None:
    assert f"\n{ddl(dialect)};\n```" in page("library", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_error_each_variable_and_each_part_of_a_receipt_is_told(language: str) -> None:
    receipt, environment, errors = tables(page("library", language))
    told = {name for row in errors for name in code_of(row[0])}
    public = {name for name in dir(mailproof) if name[0].isupper()}
    raised = {
        name
        for name in public
        if isinstance(kind := getattr(mailproof, name), type) and issubclass(kind, MailproofError)
    }
    assert told == raised - {"MailproofError", "NotConfigured"} | {"InvalidInput"}
    named = {name for row in environment for cell in row for name in code_of(cell)}
    assert named >= OWN_VARIABLES | {"MAILPROOF_PUBLIC_URL"}
    parts = {name.partition("(")[0] for row in receipt for name in code_of(row[0])}
    own = {name for name in dir(Receipt) if not name.startswith("_")}
    assert parts == own


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_python_in_it_can_be_compiled_and_imports_what_there_is(language: str) -> None:
    for code in re.findall(r"```python\n(.*?)```", page("library", language), re.DOTALL):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and node.module:
                module = __import__(node.module, fromlist=["_"])
                assert all(hasattr(module, alias.name) for alias in node.names)
