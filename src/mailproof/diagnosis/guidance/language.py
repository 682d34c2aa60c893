"""Which language an operator reads."""

import re
from collections.abc import Mapping
from typing import Final, Literal

__all__ = ["OperatorLanguage", "pick_language"]

OperatorLanguage = Literal["en", "zh"]

# POSIX order (Base Definitions 8.2), behind our own variable.
_VARIABLES: Final = ("MAILPROOF_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def pick_language(requested: str | None, environ: Mapping[str, str]) -> OperatorLanguage:
    """`zh` for any Chinese locale (`zh`, `zh_CN.UTF-8`, `zh-Hant`), else `en`.

    What was asked for on the command line decides; without it, the first variable that is set.
    """
    named = requested or next((environ[name] for name in _VARIABLES if environ.get(name)), "")
    return "zh" if re.split(r"[-_.@]", named.strip().lower())[0] == "zh" else "en"
