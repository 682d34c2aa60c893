"""The catalogue of events: every name that the event log may hold, and how loud each one is."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from mailproof.mail.lifecycle import State

__all__ = ["LEVELS", "OF_STATE", "EventType", "Level"]


class Level(StrEnum):
    """DEBUG a call, INFO a state, WARNING heals by itself, ERROR needs a human, CRITICAL: no
    critical mail can leave."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


class EventType(StrEnum):
    """What happened, as `noun.past_participle`. Names never change once released."""

    EMAIL_ACCEPTED = "email.accepted"
    EMAIL_SCHEDULED = "email.scheduled"
    EMAIL_QUEUED = "email.queued"
    EMAIL_DEFERRED = "email.deferred"
    EMAIL_HELD = "email.held"
    EMAIL_SENDING = "email.sending"
    EMAIL_UNCONFIRMED = "email.unconfirmed"
    EMAIL_SENT = "email.sent"
    EMAIL_DELIVERED = "email.delivered"
    EMAIL_BOUNCED = "email.bounced"
    EMAIL_COMPLAINED = "email.complained"
    EMAIL_FAILED = "email.failed"
    EMAIL_EXPIRED = "email.expired"
    EMAIL_SUPPRESSED = "email.suppressed"
    EMAIL_CANCELED = "email.canceled"
    EMAIL_SUPERSEDED = "email.superseded"
    EMAIL_SANDBOXED = "email.sandboxed"
    # Not a state: the provider says that it tries again by itself.
    EMAIL_DELAYED = "email.delayed"
    # Not a state: nobody could tell in time what became of it.
    EMAIL_UNVERIFIED = "email.unverified"
    # Not a state: its node died, or another one took it over, while it was with the provider.
    EMAIL_LEASE_LOST = "email.lease_lost"
    EMAIL_RESCHEDULED = "email.rescheduled"
    # A person looked at what it says, links and codes too.
    EMAIL_REVEALED = "email.revealed"
    # At a provider without idempotency keys: from here on its bytes may be out.
    ATTEMPT_STARTED = "attempt.started"
    # A provider said something that would be an illegal move.
    EVENT_IGNORED = "event.ignored"
    RECIPIENT_CHANGED = "recipient.changed"

    ROUTE_CLOSED = "route.closed"
    ROUTE_PROBED = "route.probed"
    ROUTE_OPENED = "route.opened"
    # Closed by a person, and opened again by one.
    ROUTE_PAUSED = "route.paused"
    ROUTE_RESUMED = "route.resumed"
    LANE_CLOSED = "lane.closed"
    LANE_RELEASING = "lane.releasing"
    LANE_OPENED = "lane.opened"

    APPLICATION_REFUSED = "application.refused"
    PURPOSE_UNKNOWN = "purpose.unknown"

    KEY_CREATED = "key.created"
    KEY_REVOKED = "key.revoked"
    SUPPRESSION_ADDED = "suppression.added"
    SUPPRESSION_REMOVED = "suppression.removed"

    PERSON_ADDED = "person.added"
    PERSON_REMOVED = "person.removed"
    PERSON_PASSWORD_CHANGED = "person.password_changed"  # noqa: S105 - a name
    PERSON_SIGNED_IN = "person.signed_in"
    PERSON_SIGN_IN_FAILED = "person.sign_in_failed"

    ALERT_OPENED = "alert.opened"
    ALERT_RESOLVED = "alert.resolved"
    ALERT_DELIVERED = "alert.delivered"
    ALERT_UNDELIVERED = "alert.undelivered"
    # The watchdog outside could not be told that all is well.
    ALERT_HEARTBEAT_FAILED = "alert.heartbeat_failed"

    ENGINE_STARTED = "engine.started"
    ENGINE_STOPPED = "engine.stopped"


E = EventType

# The event that says that a mail has come into this state.
OF_STATE: Final[Mapping[State, EventType]] = {state: EventType(f"email.{state}") for state in State}

# What is not here is INFO. A reason's own severity raises `email.failed` and `route.closed`.
LEVELS: Final[Mapping[EventType, Level]] = {
    # Each mail has one line at INFO: the one that says where it came to.
    E.EMAIL_ACCEPTED: Level.DEBUG,
    E.EMAIL_SENDING: Level.DEBUG,
    E.EMAIL_DEFERRED: Level.WARNING,
    E.EMAIL_UNCONFIRMED: Level.ERROR,
    E.EMAIL_BOUNCED: Level.WARNING,
    E.EMAIL_COMPLAINED: Level.WARNING,
    E.EMAIL_FAILED: Level.ERROR,
    E.EMAIL_EXPIRED: Level.ERROR,
    E.EMAIL_DELAYED: Level.WARNING,
    E.EMAIL_UNVERIFIED: Level.WARNING,
    E.EMAIL_LEASE_LOST: Level.WARNING,
    E.ATTEMPT_STARTED: Level.DEBUG,
    E.EMAIL_SUPPRESSED: Level.WARNING,
    E.ROUTE_CLOSED: Level.ERROR,
    E.ROUTE_PROBED: Level.DEBUG,
    E.ROUTE_PAUSED: Level.WARNING,
    E.LANE_CLOSED: Level.WARNING,
    E.APPLICATION_REFUSED: Level.WARNING,
    E.PURPOSE_UNKNOWN: Level.WARNING,
    E.PERSON_SIGN_IN_FAILED: Level.WARNING,
    E.ALERT_UNDELIVERED: Level.ERROR,
    E.ALERT_HEARTBEAT_FAILED: Level.ERROR,
}
