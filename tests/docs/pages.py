"""The pages for people, and what tests look for in them."""

import re
from pathlib import Path

__all__ = ["LANGUAGES", "ROOT", "code_of", "fences", "heads", "page", "tables"]

ROOT = Path(__file__).parents[2]
LANGUAGES = ("en", "zh")
_CODE = re.compile(r"`([^`\n]+)`")


def page(name: str, language: str) -> str:
    folder = ROOT / "docs" if language == "en" else ROOT / "docs" / "zh"
    return (folder / f"{name}.md").read_text(encoding="utf-8")


def tables(text: str) -> list[list[list[str]]]:
    """Each table as rows of cells, without its heading and the line below that."""
    found = re.findall(r"(?:^\|.*\|$\n?)+", text, re.MULTILINE)
    return [
        [
            [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]
            for line in block.strip().splitlines()[2:]
        ]
        for block in found
    ]


def code_of(cell: str) -> list[str]:
    """What stands in backquotes."""
    return _CODE.findall(cell)


def heads(text: str) -> list[str]:
    return re.findall(r"^#{1,3} ", text, re.MULTILINE)


def fences(text: str) -> list[str]:
    return re.findall(r"^```\w+", text, re.MULTILINE)
