"""Every metric by its name: what it counts or measures, and by what. One table.

Names and labels never change once released: dashboards and rules rely on them. Each label takes few
values: what the configuration and the taxonomy do not know is `other`.
"""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

__all__ = ["AGES_S", "FAMILIES", "NONE", "OTHER", "Family", "Kind"]

Kind = Literal["counter", "gauge", "histogram"]

# A label's value for what nobody has named, and for what nobody here knows.
NONE: Final = "none"
OTHER: Final = "other"

# Seconds from acceptance to the provider's yes, or to the disk: the upper ends of the buckets.
AGES_S: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)


class Family(msgspec.Struct, frozen=True):
    """`of_process`: each process has its own; all else is the same whichever process is asked."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    of_process: bool = False


def _families(*families: Family) -> Mapping[str, Family]:
    return {family.name: family for family in families}


FAMILIES: Final = _families(
    # ---- counted from the event log ----
    Family(
        "mailproof_emails_accepted_total",
        "counter",
        ("purpose",),
        "Emails accepted: on disk, and ours to send.",
    ),
    Family(
        "mailproof_emails_total",
        "counter",
        ("state", "purpose"),
        "Moves of emails into each state. Accepted mail begins as queued without a move.",
    ),
    Family(
        "mailproof_attempts_total",
        "counter",
        ("provider", "outcome", "reason"),
        "Attempts to send: accepted or refused by the provider, or nobody knows. "
        "The reason is none when it was accepted.",
    ),
    Family(
        "mailproof_accept_to_sent_seconds",
        "histogram",
        ("purpose",),
        "From our yes to the provider's yes, retries and holds included. "
        "Mail that its app had scheduled counts only where it went within a minute.",
    ),
    Family(
        "mailproof_held_total",
        "counter",
        ("reason",),
        "Emails put on hold, by what closed their way. A mail may be held more than once.",
    ),
    Family(
        "mailproof_expired_total",
        "counter",
        ("reason",),
        "Emails that expired before they could go, by what they waited for last.",
    ),
    Family(
        "mailproof_unconfirmed_total",
        "counter",
        ("provider",),
        "Emails of which nobody knows whether this provider has them.",
    ),
    Family(
        "mailproof_events_total",
        "counter",
        ("type",),
        "Events of the event log, each counted once: route.closed, alert.undelivered and the rest.",
    ),
    Family(
        "mailproof_refusals_total",
        "counter",
        ("kind",),
        "Requests to send that were answered with an error: no email came of them. The kind says "
        "whose key it was: placeholder, once_valid, unknown_key, no_key, or other (a good one).",
    ),
    # ---- measured in the database ----
    Family(
        "mailproof_emails_waiting",
        "gauge",
        ("state", "purpose"),
        "Emails that wait now, or are being sent.",
    ),
    Family(
        "mailproof_oldest_waiting_seconds",
        "gauge",
        ("purpose",),
        "How long the oldest email that is queued, deferred, held or unconfirmed has waited. "
        "Scheduled mail counts from when it is due; 0: nothing waits.",
    ),
    Family(
        "mailproof_route_open",
        "gauge",
        ("provider", "sender"),
        "1: mail may go this way, 0: it is closed. Sender * is all of the provider; beyond 100 "
        "senders the rest is one, other, which is open when all of them are.",
    ),
    Family(
        "mailproof_route_closed_seconds",
        "gauge",
        ("provider", "sender", "reason"),
        "How long this way has been closed, and why. No series: it is open.",
    ),
    Family(
        "mailproof_nodes",
        "gauge",
        ("role", "sends"),
        "Processes that have said within the last 5 seconds that they live.",
    ),
    Family(
        "mailproof_node_heartbeat_age_seconds",
        "gauge",
        ("host", "role"),
        "How long ago a process of this role on this host last said that it lives.",
    ),
    Family(
        "mailproof_cursor_lag_seconds",
        "gauge",
        ("cursor",),
        "How old the first event is that this follower of the event log has not dealt with. "
        "metrics: the counters here; 0: all is dealt with.",
    ),
    Family(
        "mailproof_cursor_lag_events",
        "gauge",
        ("cursor",),
        "How many events this follower of the event log is behind, at most.",
    ),
    Family(
        "mailproof_cursor_failing",
        "gauge",
        ("cursor",),
        "1: this follower of the event log stands still, for a fault that it has written down.",
    ),
    Family(
        "mailproof_feedback_mails",
        "gauge",
        ("provider", "outcome"),
        "Of the last 24 hours: mails of whose end this provider shall tell (sent), of whose end it "
        "has told (confirmed), and of whose end nobody could tell in time (unverified).",
    ),
    Family(
        "mailproof_webhook_requests",
        "gauge",
        ("provider", "verdict"),
        "Of the last 24 hours: events that came by webhook (taken), and requests whose signature "
        "does not fit the secret (refused).",
    ),
    Family(
        "mailproof_webhook_last_event_age_seconds",
        "gauge",
        ("provider",),
        "How long ago this provider's webhook last told of a mail. No series: not in 24 hours.",
    ),
    Family(
        "mailproof_webhook_lag_seconds",
        "gauge",
        ("provider",),
        "How long after it had happened this provider's webhook told of it, on average of the last "
        "hour. No series: it told of nothing.",
    ),
    Family(
        "mailproof_feedback_trouble",
        "gauge",
        ("provider", "trouble"),
        "1: the webhook has this trouble. wrong_secret: signatures do not fit; silent: mails go "
        "out, and nothing comes back.",
    ),
    # ---- of the process that is asked ----
    Family(
        "mailproof_build_info",
        "gauge",
        ("version", "store"),
        "Always 1; says which release runs, on which kind of store.",
        of_process=True,
    ),
    Family(
        "mailproof_store_readable",
        "gauge",
        (),
        "1: the database has answered. 0: it has not, and all that is counted or measured in it is "
        "missing from this page.",
        of_process=True,
    ),
    Family(
        "mailproof_accept_seconds",
        "histogram",
        (),
        "From a checked request to its email on disk, in this process.",
        of_process=True,
    ),
    Family(
        "mailproof_flushes_total",
        "counter",
        ("flush",),
        "Group commits of this process: accept takes mail in, record writes what became of it.",
        of_process=True,
    ),
    Family(
        "mailproof_flushed_items_total",
        "counter",
        ("flush",),
        "What these group commits wrote: requests accepted, attempts recorded.",
        of_process=True,
    ),
    Family(
        "mailproof_flush_seconds_total",
        "counter",
        ("flush",),
        "How long these group commits took in all, until the disk had answered.",
        of_process=True,
    ),
    Family(
        "mailproof_in_flight_emails",
        "gauge",
        ("provider",),
        "Emails that this process has claimed and not yet recorded.",
        of_process=True,
    ),
    Family(
        "mailproof_in_flight_bytes",
        "gauge",
        (),
        "Bytes of requests that this process has taken and not yet written.",
        of_process=True,
    ),
)
