"""What people are told to do reaches them whole."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mailproof.diagnosis import guidance
from mailproof.diagnosis.redaction.redact import redact_text


def test_what_we_advise_is_not_taken_for_a_secret() -> None:
    """Cause and fix pass through the same redaction, in logs and alerts."""
    folder = Path(guidance.__file__).parent
    for name in ("en.toml", "zh.toml"):
        tree = tomllib.loads((folder / name).read_text(encoding="utf-8"))
        for sentence in sentences(tree):
            if "://user:password@" not in sentence and "://用户名:密码@" not in sentence:
                assert redact_text(sentence) == sentence


def sentences(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    else:
        for child in tree.values() if isinstance(tree, dict) else tree:
            yield from sentences(child)
