"""The console's words: one file for each page and language, and the frame's in all of them."""

import functools
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

__all__ = ["LANGUAGES", "words_of"]

LANGUAGES: Final = ("en", "zh")


@functools.cache
def words_of(language: str, page: str) -> Mapping[str, Any]:
    """The words of a page, with the frame's under `frame`. `page` empty: the frame's alone.

    Raises `FileNotFoundError`: the page has no words in that language.
    """
    frame = _file(language, "frame")
    return {**(_file(language, page) if page else {}), "frame": frame}


@functools.cache
def _file(language: str, name: str) -> Mapping[str, Any]:
    text = (files("mailproof.console") / "words" / language / f"{name}.toml").read_text("utf-8")
    return tomllib.loads(text)
