"""What an alert says, as its message said it."""

from datetime import tzinfo
from typing import Final

import msgspec

from mailproof.alerts.wording import Text, text_of
from mailproof.diagnosis.guidance.language import OperatorLanguage
from mailproof.store.records.alerts import AlertRow, DueMessage

__all__ = ["text_of_alert"]

# No alert is called so: what has no words of its own is put into those for all others.
_UNNAMED: Final = "other"


def text_of_alert(alert: AlertRow, language: OperatorLanguage, zone: tzinfo | None = None) -> Text:
    """Title, cause and fix of an alert as it stands now; `zone`: of the times in it.

    One that a release with other facts has opened is told by its name: no page fails for it.
    """
    message = _message(alert)
    try:
        return text_of(message, language, zone)
    except KeyError:
        plain = msgspec.structs.replace(message, name=_UNNAMED, facts={"name": alert.name})
        return text_of(plain, language, zone)


def _message(alert: AlertRow) -> DueMessage:
    over = alert.resolved_at is not None
    return DueMessage(
        id=0,
        channel="",
        kind="resolved" if over else "opened",
        tries=0,
        alert_id=alert.id,
        name=alert.name,
        about=alert.about,
        severity=alert.severity,
        count=alert.count,
        most=alert.count,
        since=alert.since,
        until=alert.resolved_at,
        facts=alert.facts,
    )
