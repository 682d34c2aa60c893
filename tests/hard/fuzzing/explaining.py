"""What people paste and what goes into the log: any bytes are read, and no secret comes out."""

import json
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec

from mailproof.diagnosis.report import Report
from mailproof.explain.decoding import NotText, text_of
from mailproof.explain.lines import Explainer
from mailproof.explain.reading import read
from mailproof.explain.telling import laid_out, reported, tell
from mailproof.record.cleaning import clean
from tests.explain.pasting import PASTES
from tests.hard.fuzzing.areas import Area, Wrong, alone
from tests.hard.fuzzing.mutating import TROUBLE, spoiled_bytes, spoiled_json, spoiled_tree
from tests.whole.canaries import ECHO, HOOK_SECRET, MAIL_PASSWORD, PERSON, PROVIDER_KEY, leaks

__all__ = ["AREAS"]

CASES: Final = Path(__file__).parents[2] / "diagnosis" / "cases"

_PASTED: Final = tuple(path.read_bytes() for path in sorted(PASTES.glob("*.txt")))
_CASES: Final = tuple(
    json.loads(line)
    for path in sorted(CASES.glob("*.jsonl"))
    for line in path.read_bytes().splitlines()
)
_WORDS: Final = tuple(
    sorted({word for paste in _PASTED for word in paste.split() if 3 <= len(word) <= 40})
)
_NAMES: Final = tuple(
    sorted({name for case in _CASES for name in (*case, *(case.get("input") or {}))})
)
# Whole, and with a label or a shape of its own: what a redactor must know wherever it stands.
_SECRETS: Final = (
    f"Authorization: Bearer {PROVIDER_KEY}".encode(),
    f'{{"api_key": "{PROVIDER_KEY}"}}'.encode(),
    f"smtp://canary:{MAIL_PASSWORD}@relay.test:587".encode(),
    f"RESEND_WEBHOOK_SECRET={HOOK_SECRET}".encode(),
)
_NEVER: Final = {
    "the provider's key": PROVIDER_KEY,
    "the relay's password": MAIL_PASSWORD,
    "the webhook's secret": HOOK_SECRET,
}


def draw_text(lots: Random) -> bytes:
    raw = lots.choice(_PASTED)
    if lots.random() < 0.3:
        other = lots.choice(_PASTED)
        at, end = lots.randrange(len(raw)), lots.randrange(len(other))
        raw = raw[:at] + b"\n" + other[end:]
    if lots.random() < 0.15:
        raw = raw.decode("utf-8", "replace").encode(
            lots.choice(("utf-16", "utf-16-be", "gb18030", "latin-1", "cp037")), "replace"
        )
    raw = spoiled_bytes(lots, raw, _WORDS)
    if lots.random() < 0.2:
        raw += b"\n" + lots.choice(_SECRETS) + b"\n"
    return raw


def check_text(raw: bytes) -> None:
    try:
        text = text_of(raw)
    except NotText:
        return
    reading = read(text)
    if reading is None:
        return
    for language in ("en", "zh"):
        shown = laid_out(tell(reading, language), width=80, strong=str)
        shown += msgspec.json.encode(reported(reading, language)).decode()
        if told := leaks(shown, _NEVER):
            raise Wrong(told[0])


def draw_line(lots: Random) -> bytes:
    case = lots.choice(_CASES)
    return spoiled_json(lots, case, _NAMES).replace(b"\n", b" ")


_EXPLAINERS: Final = (Explainer("en"), Explainer("zh"))


def check_line(line: bytes) -> None:
    for explainer in _EXPLAINERS:
        answer = explainer.answer(line)
        if not line.strip():
            continue
        tree = json.loads(answer)
        if set(tree) != {"id", "error"} and set(tree) != {"id", *Report.__struct_fields__}:
            raise Wrong(f"this is no answer: {answer[:300]!r}")


def draw_fields(lots: Random) -> dict[str, Any]:
    """Facts of a log line, with people and secrets anywhere in them."""
    tree = {
        "error": ECHO,
        "exc": [ECHO.split("; ")[0], {"to": f"{PERSON}@kunde.test", "n": 2**70}],
        "api_key": PROVIDER_KEY,
        "headers": {"Authorization": f"Bearer {PROVIDER_KEY}", "to": (f"<{PERSON}@kunde.test>",)},
        "path": f"/emails/{PERSON}@kunde.test",
        "wait_s": 1.5,
    }
    names = (*tree, "html", "code", "token", "subject", "password", "url", lots.choice(TROUBLE))
    spoiled = spoiled_tree(lots, tree, names)
    return spoiled if isinstance(spoiled, dict) else {"error": spoiled}


def check_fields(fields: dict[str, Any]) -> None:
    msgspec.json.encode(clean(fields))


AREAS: Final = (
    Area("explain", 10, draw_text, alone(check_text)),
    Area("jsonl", 10, draw_line, alone(check_line)),
    Area("logs", 4, draw_fields, alone(check_fields)),
)
