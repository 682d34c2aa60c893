"""Every page of the console, in one table."""

from collections.abc import Sequence
from typing import Final

from mailproof.console.pages import (
    alerts,
    keys,
    letter,
    mail,
    mails,
    overview,
    refusals,
    routes,
    selection,
    settings,
    suppressions,
)
from mailproof.console.visit import Page

__all__ = ["PAGES"]

PAGES: Final[Sequence[Page]] = (
    *overview.PAGES,
    *mails.PAGES,
    *selection.PAGES,
    *mail.PAGES,
    *letter.PAGES,
    *routes.PAGES,
    *refusals.PAGES,
    *suppressions.PAGES,
    *alerts.PAGES,
    *keys.PAGES,
    *settings.PAGES,
)
