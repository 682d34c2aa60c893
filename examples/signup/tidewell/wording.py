"""Tidewell's words, in English, Chinese, Japanese and Korean."""

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

__all__ = ["LANGUAGES", "pick", "words"]

LANGUAGES: Final = {"en": "English", "zh": "中文", "ja": "日本語", "ko": "한국어"}
_FOLDER: Final = Path(__file__).parent / "words"


def pick(*wanted: str) -> str:
    """The first that there is; each may be a list as browsers send it. Else English."""
    for tag in ",".join(wanted).split(","):
        name = tag.strip().partition(";")[0].partition("-")[0].lower()
        if name in LANGUAGES:
            return name
    return "en"


@functools.cache
def words(language: str) -> Mapping[str, Any]:
    return tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
