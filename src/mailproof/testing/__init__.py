"""For the tests of your own application: a Resend of your own that fails on demand.

`Sandbox` is the server, also as the pytest fixture `mailproof_sandbox`; docs/sandbox.md shows it.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mailproof.sandbox.domains import DomainStatus
    from mailproof.sandbox.faults.fault import Fault, UnknownFault
    from mailproof.sandbox.settings import GivenKey, Settings, Switches
    from mailproof.testing.clock import ManualClock
    from mailproof.testing.sandbox import ReceivedMail, Sandbox

__all__ = [
    "DomainStatus",
    "Fault",
    "GivenKey",
    "ManualClock",
    "ReceivedMail",
    "Sandbox",
    "Settings",
    "Switches",
    "UnknownFault",
]

_HOMES = {
    "DomainStatus": "mailproof.sandbox.domains",
    "Fault": "mailproof.sandbox.faults.fault",
    "GivenKey": "mailproof.sandbox.settings",
    "ManualClock": "mailproof.testing.clock",
    "ReceivedMail": "mailproof.testing.sandbox",
    "Sandbox": "mailproof.testing.sandbox",
    "Settings": "mailproof.sandbox.settings",
    "Switches": "mailproof.sandbox.settings",
    "UnknownFault": "mailproof.sandbox.faults.fault",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for: pytest imports this package in every run, mostly for nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
