"""Mailproof: every email is proven sent, or fails loudly.

The names of the library are imported when they are asked for: the command line and the server,
which import this package first, would pay for them at each start. Types: `__init__.pyi`.
"""

import importlib
from typing import Any, Final

__version__ = "0.1.0"

_PUBLIC: Final = {
    "BlockingMailproof": "client.mailproof",
    "Email": "client.email",
    "InvalidInput": "mail.invalid",
    "KeyConflict": "client.errors",
    "KeyRefused": "client.errors",
    "LaneClosed": "client.errors",
    "Mailproof": "client.mailproof",
    "MailproofError": "client.errors",
    "NotAccepted": "client.errors",
    "NotConfigured": "client.errors",
    "NotNow": "client.errors",
    "OutcomeUnknown": "client.errors",
    "Receipt": "client.receipt",
    "State": "mail.lifecycle",
}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
