"""The API key as it is written: what can be told without asking anybody."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from mailproof.diagnosis.placeholder import is_placeholder
from mailproof.diagnosis.reasons import Severity
from mailproof.doctor.finding import Noted, failed, fine, skipped, warned
from mailproof.doctor.settings import Setting, Settings

__all__ = ["Key", "check_key", "read_key"]

CHECK: Final = "key"

# Whose key is it? The shapes are documented by the providers, or fixed by their key checkers.
_SHAPES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("SendGrid", re.compile(r"SG\.[\w-]{10,}\.[\w-]{10,}")),
    ("Brevo", re.compile(r"x(?:keysib|smtpsib)-[0-9a-f]{16,}.*")),
    ("Mailgun", re.compile(r"key-[0-9a-f]{32}|[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}")),
    ("Postmark", re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")),
    ("MailerSend", re.compile(r"mlsn\.[0-9a-f]{16,}")),
    ("AWS", re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{12,}")),
    ("Aliyun", re.compile(r"LTAI[0-9A-Za-z]{12,}")),
    ("Tencent Cloud", re.compile(r"AKID[0-9A-Za-z]{12,}")),
    ("Mandrill", re.compile(r"md-[\w-]{16,}")),
    ("Stripe", re.compile(r"[sprk]{2}_(?:live|test)_\w{8,}")),
    ("OpenAI", re.compile(r"sk-(?:proj-)?[\w-]{16,}")),
    ("GitHub", re.compile(r"gh[opsu]_\w{20,}|github_pat_\w{20,}")),
    ("JWT", re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")),
)
_WEBHOOK_SECRET: Final = re.compile(r"whsec_.{8,}", re.DOTALL)

_RESEND_SHAPE: Final = re.compile(r"re_\w{17,}")
_QUOTES: Final = "\"'`“”‘’"
_BEARER: Final = re.compile(r"^\s*(?:authorization:\s*)?(?:bearer[\s:]+)+", re.IGNORECASE)


class Key(msgspec.Struct, frozen=True):
    """What is left when quotes, blanks and `Bearer` are taken off; `usable`: worth asking with."""

    value: str
    usable: bool
    foreign: str = ""

    def __repr__(self) -> str:  # a key must not reach a traceback or a log
        return f"<Key usable={self.usable}>"


def read_key(setting: Setting | None) -> Key:
    """Find the key inside the value. A placeholder or another provider's key is never sent out."""
    value = setting.value if setting is not None else ""
    bare = _BEARER.sub("", value.strip().strip(_QUOTES))
    bare = "".join(bare.split()).strip(_QUOTES)
    foreign = next((name for name, shape in _SHAPES if shape.fullmatch(bare)), "")
    if _WEBHOOK_SECRET.fullmatch(bare):
        foreign = "webhook"
    usable = bool(bare) and not foreign and not is_placeholder(bare) and bare.isascii()
    return Key(bare, usable, foreign)


def check_key(settings: Settings, *, own_server: bool) -> Iterator[Noted]:
    """Everything that is wrong with how the key is written, not only the first thing.

    `own_server`: the base URL is not Resend's, so keys of another length may be right.
    """
    setting = settings.api_key
    if setting is None and settings.smtp_url is not None:
        yield skipped(CHECK, "key.smtp_instead")
        return
    if setting is None:
        yield failed(CHECK, "key.missing")
        return
    facts = {"name": setting.name, "origin": setting.where}
    if not setting.value.strip():
        yield failed(CHECK, "key.empty", facts, evidence=f"{setting.name}=")
        return
    flaws = list(_wrapping(setting, facts))
    flaws += _content(setting, facts, own_server=own_server)
    yield from flaws or [fine(CHECK, "key.ok", facts, evidence=_shown(setting.value))]


def _wrapping(setting: Setting, facts: dict[str, str]) -> Iterator[Noted]:
    """What stands around the key, or in it, and would be sent with it."""
    value = setting.value
    stripped = value.strip()
    if stripped[:1] in _QUOTES or stripped[-1:] in _QUOTES:
        marks = [mark if mark in _QUOTES else "" for mark in (stripped[0], stripped[-1])]
        shown = f"{setting.name}={'…'.join(marks)}"
        yield failed(CHECK, "key.quoted", facts, evidence=shown)
    inner = stripped.strip(_QUOTES)
    if _BEARER.match(inner):
        yield failed(CHECK, "key.bearer", facts, evidence=f"{setting.name}=Bearer …")
        inner = _BEARER.sub("", inner)
    if "\n" in value or "\r" in value or "\\n" in value:
        yield failed(CHECK, "key.newline", facts, evidence=f"{setting.name}=…\\n")
    elif value != stripped or (len(inner.split()) > 1 and not is_placeholder(inner)):
        yield failed(CHECK, "key.blank", facts, evidence=f"{setting.name}=… ")
    if not inner.isascii() and not is_placeholder(inner):
        yield failed(CHECK, "key.odd_character", facts)


def _content(setting: Setting, facts: dict[str, str], *, own_server: bool) -> Iterator[Noted]:
    key = read_key(setting)
    if is_placeholder(key.value) or is_placeholder(setting.value.strip()):
        shown = setting.value.strip()[:40]
        placeholder = facts | {"value": shown}
        yield failed(CHECK, "key.placeholder", placeholder, evidence=f"{setting.name}={shown}")
    elif key.foreign == "webhook":
        yield failed(CHECK, "key.webhook_secret", facts, evidence="whsec_…")
    elif key.foreign:
        other = facts | {"other": key.foreign}
        yield failed(CHECK, "key.other_provider", other, evidence=_shown(key.value))
    elif key.value.isascii() and not own_server and not _RESEND_SHAPE.fullmatch(key.value):
        odd = facts | {"length": str(len(key.value))}
        if key.value.startswith("re_") and not re.fullmatch(r"\w+", key.value):
            yield failed(CHECK, "key.odd_character", facts)
        elif key.value.startswith("re_"):
            yield failed(CHECK, "key.too_short", odd, severity=Severity.ERROR)
        else:
            yield warned(CHECK, "key.odd_shape", odd, severity=Severity.ERROR)


def _shown(value: str) -> str:
    """Enough to recognise a key by, too little to use: its public prefix and its length."""
    prefix = re.match(r"re_|SG\.|x\w{6}-|key-|mlsn\.|AKI[AD]|ASIA|LTAI|sk[-_]|md-|gh\w_|eyJ", value)
    return f"{prefix[0] if prefix else ''}… ({len(value)})"
