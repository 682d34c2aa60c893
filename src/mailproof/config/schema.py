"""Every setting there is, as one table: its name in the file, its kind, its field in `Settings`."""

from collections.abc import Mapping
from typing import Final

import msgspec

from mailproof.config import kinds, secrets, urls
from mailproof.config.kinds import Kind, choice, span, whole
from mailproof.config.problems import ValuePath

__all__ = ["ALIASES", "SCHEMA", "Leaf", "Named", "Shape", "Table", "Tables", "leaf_at"]


class Leaf(msgspec.Struct, frozen=True):
    """One value. `field`: its name in the struct, where that differs from the key's."""

    kind: Kind
    field: str = ""


class Table(msgspec.Struct, frozen=True):
    """`[delivery]`: a fixed set of keys."""

    keys: Mapping[str, "Shape"]


class Tables(msgspec.Struct, frozen=True):
    """`[[providers]]`: any number of the same table, in order."""

    entry: Table


class Named(msgspec.Struct, frozen=True):
    """`[purposes.NAME]`: the same table under names of the user's choice."""

    entry: Table


Shape = Leaf | Table | Tables | Named

# Spans have bounds where a value beyond them could only be a slip: a probe every 5 ms is none.
SCHEMA: Final = Table(
    {
        "language": Leaf(kinds.LANGUAGE),
        "public_url": Leaf(urls.PUBLIC_URL),
        "support_url": Leaf(urls.SUPPORT_URL),
        "trusted_proxies": Leaf(kinds.NETWORKS),
        "delivery": Table(
            {
                "wait": Leaf(span("0s", "60s"), "wait_s"),
                "probe_interval": Leaf(span("1s", "60s"), "probe_interval_s"),
                "check_interval": Leaf(span("5s", "1d"), "check_interval_s"),
                "deadline": Leaf(span("1s", "5m"), "deadline_s"),
                "lease": Leaf(span("5s", "1h"), "lease_s"),
                "at_once": Leaf(whole(1, 1_000)),
                "drain": Leaf(span("0s", "10m"), "drain_s"),
            }
        ),
        "providers": Tables(
            Table(
                {
                    "name": Leaf(kinds.NAME),
                    "type": Leaf(choice("resend", "smtp", "sandbox")),
                    "api_key": Leaf(secrets.SECRET),
                    "base_url": Leaf(urls.API_URL),
                    "url": Leaf(secrets.SECRET),
                    "connections": Leaf(whole(1, 100)),
                    "rate": Leaf(kinds.RATE),
                    "daily_quota": Leaf(whole(1, 1_000_000_000)),
                    "monthly_quota": Leaf(whole(1, 1_000_000_000)),
                    "webhook_secret": Leaf(secrets.SECRETS),
                    "accept_as_app_key": Leaf(kinds.SWITCH),
                }
            )
        ),
        "purposes": Named(
            Table(
                {
                    "critical": Leaf(kinds.SWITCH),
                    "expires": Leaf(span("1s", "365d"), "expires_s"),
                    "confirm_within": Leaf(span("1m", "30d"), "confirm_s"),
                    "again_after": Leaf(span("0s", "1h"), "again_s"),
                    "newest_wins": Leaf(kinds.SWITCH),
                    "on_unknown": Leaf(choice("stop", "resend")),
                    "may_batch": Leaf(kinds.SWITCH),
                    "tells": Leaf(choice("service", "address")),
                    "on_hold": Leaf(choice("promise", "refuse")),
                    "match": Table(
                        {"subject": Leaf(kinds.PATTERN), "from": Leaf(kinds.PATTERN, "sender")}
                    ),
                }
            )
        ),
        "alerts": Table(
            {
                "channels": Tables(
                    Table(
                        {
                            "name": Leaf(kinds.NAME),
                            "type": Leaf(choice("apprise", "webhook")),
                            "url": Leaf(secrets.SECRET),
                            "secret": Leaf(secrets.SECRET),
                        }
                    )
                ),
                "oldest_waiting": Leaf(span("1s", "1d"), "oldest_waiting_s"),
                "silence": Leaf(whole(1, 1_000)),
                "failure_rate": Leaf(kinds.PERCENT),
                "bounce_rate": Leaf(kinds.PERCENT),
                "complaint_rate": Leaf(kinds.PERCENT),
                "volume_jump": Leaf(whole(1, 10_000)),
                "quota_used": Leaf(kinds.PERCENT),
                "unverified": Leaf(whole(1, 1_000_000)),
                "cursor_lag": Leaf(span("5s", "1d"), "cursor_lag_s"),
                "heartbeat_url": Leaf(secrets.SECRET),
                "heartbeat_every": Leaf(span("10s", "1d"), "heartbeat_every_s"),
            }
        ),
        "retention": Table(
            {
                "events": Leaf(span("1h", "36500d"), "events_s"),
                "mails": Leaf(span("1h", "36500d"), "mails_s"),
                "contents": Leaf(span("1h", "36500d"), "contents_s"),
            }
        ),
        "server": Table(
            {
                "host": Leaf(kinds.HOST),
                "port": Leaf(whole(0, 65_535)),
                "admin_host": Leaf(kinds.HOST),
                "admin_port": Leaf(whole(0, 65_535)),
                "admin_token": Leaf(secrets.SECRET),
                "console_password": Leaf(secrets.SECRET),
            }
        ),
        "log": Table(
            {
                "level": Leaf(choice("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")),
                "format": Leaf(choice("auto", "console", "json")),
            }
        ),
        "store": Table({"url": Leaf(secrets.SECRET)}),
    }
)

# Shorter names for what people set most; `MAILPROOF_SERVER_ADMIN_TOKEN` works too, and wins.
ALIASES: Final[Mapping[str, ValuePath]] = {
    "MAILPROOF_ADMIN_TOKEN": ("server", "admin_token"),
    "MAILPROOF_CONSOLE_PASSWORD": ("server", "console_password"),
    "MAILPROOF_DATABASE_URL": ("store", "url"),
}


def leaf_at(path: ValuePath) -> Leaf:
    """The row of a value that is known to have one. Raises `KeyError`: it has none."""
    shape: Shape = SCHEMA
    for step in path:
        match shape:
            case Table():
                shape = shape.keys[str(step)]
            case Tables() | Named():
                shape = shape.entry
            case Leaf():
                break
    if not isinstance(shape, Leaf):
        raise KeyError(path)
    return shape
