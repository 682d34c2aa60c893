"""Rules for sendgrid."""

from typing import Final

from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Table, rule

__all__ = ["TABLE"]

R = Reason

TABLE: Final = Table(
    "sendgrid",
    (),
)
