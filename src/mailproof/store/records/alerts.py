"""Alerts: what holds now is opened once for all processes, told on each channel, and resolved."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from mailproof.mail.events import EventType
from mailproof.store.base import Json, NewEvent, Tx
from mailproof.store.records.picture import OpenAlert, open_alerts

__all__ = [
    "GONE_FOR_S",
    "TRIES_MAX",
    "AlertRow",
    "Changes",
    "Condition",
    "DueMessage",
    "delivered",
    "due_messages",
    "failed",
    "forget_channels",
    "is_settled",
    "list_alerts",
    "settle",
]

# An alert is resolved when its condition has been gone for so many seconds: soon the first time,
# so that the good news is quick; later when it came and went before within the hour, so that
# flapping makes no storm of messages.
GONE_FOR_S: Final = (5.0, 60.0, 300.0)
# A message waits this long before it goes, so that it can say how many: a look lies between.
_GATHER_MS: Final = 3_000
# Seconds until a message is tried again; from the last one on always as long.
_BACKOFF_S: Final = (5, 15, 60, 120, 300)
# With these pauses, about 24 hours.
TRIES_MAX: Final = 292

Kind = Literal["opened", "resolved"]


class Condition(msgspec.Struct, frozen=True):
    """Something that a person should know holds now. `name` and `about` make it one and the same.

    `facts`: what the words need, without addresses and secrets. `since`: UTC in milliseconds.
    """

    name: str
    about: str
    severity: str
    count: int
    since: int
    facts: Mapping[str, Any] = {}


class _Facts(msgspec.Struct):
    """What is stored of a condition. `most`: its highest count; `gone_at`: it no longer holds;
    `told`: the reasons that its messages gave."""

    since: int
    most: int
    facts: dict[str, Any]
    gone_at: int | None = None
    told: list[str] = []


class Changes(msgspec.Struct, frozen=True):
    """The conditions that began and ended, or have another cause now, by name and about."""

    opened: tuple[tuple[str, str], ...] = ()
    changed: tuple[tuple[str, str], ...] = ()
    resolved: tuple[tuple[str, str], ...] = ()


class DueMessage(msgspec.Struct, frozen=True):
    """One message for one channel. Times in UTC milliseconds; `until` None: it still holds."""

    id: int
    channel: str
    kind: Kind
    tries: int
    alert_id: int
    name: str
    about: str
    severity: str
    count: int
    most: int
    since: int
    until: int | None
    facts: Mapping[str, Any]


class AlertRow(msgspec.Struct, frozen=True):
    """An alert as it is listed. `since`: when what it is about began, UTC in milliseconds; `facts`:
    what its words need."""

    id: int
    name: str
    about: str
    severity: str
    opened_at: int
    resolved_at: int | None
    count: int
    since: int
    facts: Mapping[str, Any]


def is_settled(alerts: Sequence[OpenAlert], conditions: Sequence[Condition], now: int) -> bool:
    """Would `settle` change nothing? Then no transaction need be begun."""
    holding = {(each.name, each.about): each for each in conditions}
    if len(holding) > len(alerts):
        return False
    for alert in alerts:
        condition = holding.pop((alert.name, alert.about), None)
        kept = _read(alert.facts)
        if condition is None:
            if kept.gone_at is None or _is_over(alert, kept, now):
                return False
        elif _updated(alert, kept, condition) is not None:
            return False
    return not holding


async def settle(tx: Tx, conditions: Sequence[Condition], channels: Sequence[str]) -> Changes:
    """Make the open alerts those of `conditions`.

    A new one gets a message for each channel; one that has been gone for long enough (`GONE_FOR_S`)
    gets the good news. Who opened it first, opened it for all processes. One with another reason
    now is told again, each reason once: who mended the first would not know of the second.
    """
    holding = {(each.name, each.about): each for each in conditions}
    changed, resolved = [], []
    for alert in await open_alerts(tx):
        condition = holding.pop((alert.name, alert.about), None)
        kept = _read(alert.facts)
        if condition is not None:
            if await _keep(tx, alert, kept, condition):
                changed.append((alert.name, alert.about))
        elif kept.gone_at is None:
            kept.gone_at = tx.now
            await _write(tx, alert.id, alert.severity, alert.count, kept)
        elif _is_over(alert, kept, tx.now):
            await _resolve(tx, alert, kept)
            resolved.append((alert.name, alert.about))
    opened = [
        (each.name, each.about)
        for each in holding.values()
        if await _open(tx, each, channels) is not None
    ]
    return Changes(tuple(opened), tuple(changed), tuple(resolved))


async def due_messages(tx: Tx, channel: str, lease_ms: int) -> tuple[list[DueMessage], int | None]:
    """The channel's messages that must go now, the oldest first, and when the next one must.

    They are leased for `lease_ms`: should this process die while it delivers them, they go again.
    """
    ids = await tx.all(
        "records/lease_alert_messages", int, channel=channel, now=tx.now, until=tx.now + lease_ms
    )
    due = await tx.all("records/alert_messages_by_id", _due, ids=ids) if ids else []
    next_at = await tx.one("records/next_alert_message_of", _or_none, channel=channel)
    return due, next_at


async def delivered(tx: Tx, message: DueMessage) -> None:
    """The channel took it."""
    if await tx.run("records/alert_message_delivered", id=message.id, now=tx.now):
        tx.tell(NewEvent(EventType.ALERT_DELIVERED, data=_event_data(message)))


async def failed(tx: Tx, message: DueMessage, error: str) -> None:
    """It did not get through; `error` says why, redacted. It is tried again, for about a day."""
    tries = message.tries + 1
    gives_up = tries >= TRIES_MAX
    due_at = tx.now + 1_000 * _BACKOFF_S[min(tries, len(_BACKOFF_S)) - 1]
    touched = await tx.run(
        "records/alert_message_failed",
        id=message.id,
        tries=tries,
        due_at=due_at,
        given_up_at=tx.now if gives_up else None,
        error=error,
    )
    if touched:
        data = {**_event_data(message), "error": error, "tries": tries}
        data |= {"given_up": True} if gives_up else {"due_at": due_at}
        tx.tell(NewEvent(EventType.ALERT_UNDELIVERED, data=data))


async def forget_channels(tx: Tx, channels: Sequence[str]) -> None:
    """Give up what waits for channels that are not configured any more, and tell new ones (or
    those that came back) what is open now."""
    for name in await tx.all("records/alert_channels_waiting", str):
        if name not in channels:
            count = await tx.run("records/give_up_channel", channel=name, now=tx.now)
            data = {"channel": name, "count": count, "error": "not configured any more"}
            tx.tell(NewEvent(EventType.ALERT_UNDELIVERED, data={**data, "given_up": True}))
    for channel in channels:
        await tx.run("records/tell_open_alerts", channel=channel, now=tx.now)


async def list_alerts(tx: Tx, limit: int) -> list[AlertRow]:
    """The last alerts, open ones first, then the newest."""
    return await tx.all("records/list_alerts", _row, most=limit)


async def _open(tx: Tx, condition: Condition, channels: Sequence[str]) -> int | None:
    facts = dict(condition.facts)
    kept = _Facts(condition.since, condition.count, facts, told=_reasons(facts))
    alert_id = await tx.one(
        "records/open_alert",
        int,
        name=condition.name,
        about=condition.about,
        severity=condition.severity,
        now=tx.now,
        count=condition.count,
        facts=_written(kept),
    )
    if alert_id is None:
        return None
    due_at = tx.now + _GATHER_MS
    for channel in channels:
        await _message(tx, alert_id, channel, "opened", due_at)
    tx.tell(
        NewEvent(
            EventType.ALERT_OPENED,
            data={
                "alert": condition.name,
                "about": condition.about,
                "severity": condition.severity,
                "count": condition.count,
            },
        )
    )
    return alert_id


async def _keep(tx: Tx, alert: OpenAlert, kept: _Facts, condition: Condition) -> bool:
    """True: it has a reason that nobody has been told of."""
    updated = _updated(alert, kept, condition)
    if updated is None:
        return False
    await _write(tx, alert.id, condition.severity, condition.count, updated)
    if len(updated.told) == len(kept.told):
        return False
    await tx.run("records/tell_again", alert_id=alert.id, due_at=tx.now + _GATHER_MS)
    return True


def _reasons(facts: Mapping[str, Any], told: Sequence[str] = ()) -> list[str]:
    """`told` and the reason that stands in `facts`, each once."""
    reason = facts.get("reason")
    return [*told] if reason is None or reason in told else [*told, str(reason)]


def _updated(alert: OpenAlert, kept: _Facts, condition: Condition) -> _Facts | None:
    """What is to be stored now; None: nothing has changed."""
    now = _Facts(
        since=min(kept.since, condition.since),
        most=max(kept.most, condition.count),
        facts=msgspec.to_builtins(dict(condition.facts)),
        told=_reasons(condition.facts, kept.told),
    )
    same = now == kept and (condition.severity, condition.count) == (alert.severity, alert.count)
    return None if same else now


def _is_over(alert: OpenAlert, kept: _Facts, now: int) -> bool:
    gone_for_s = GONE_FOR_S[min(alert.recent, len(GONE_FOR_S) - 1)]
    return kept.gone_at is not None and now - kept.gone_at >= gone_for_s * 1_000


async def _resolve(tx: Tx, alert: OpenAlert, kept: _Facts) -> None:
    """Tell it where the alert was told. Where that message has not got through yet, the good news
    goes in its place: it says all that happened."""
    if not await tx.run("records/resolve_alert", id=alert.id, now=tx.now):
        return
    channels = await tx.all("records/channels_of_alert", str, alert_id=alert.id)
    await tx.run("records/drop_opened_messages", alert_id=alert.id, now=tx.now)
    for channel in channels:
        await _message(tx, alert.id, channel, "resolved", tx.now)
    open_s = round(((kept.gone_at or tx.now) - kept.since) / 1_000)
    data = {"alert": alert.name, "about": alert.about, "open_s": open_s, "count": kept.most}
    tx.tell(NewEvent(EventType.ALERT_RESOLVED, data=data))


async def _message(tx: Tx, alert_id: int, channel: str, kind: Kind, due_at: int) -> None:
    await tx.run(
        "records/insert_alert_message",
        alert_id=alert_id,
        channel=channel,
        kind=kind,
        due_at=due_at,
    )


async def _write(tx: Tx, alert_id: int, severity: str, count: int, kept: _Facts) -> None:
    await tx.run(
        "records/update_alert",
        id=alert_id,
        severity=severity,
        count=count,
        facts=_written(kept),
        now=tx.now,
    )


def _written(kept: _Facts) -> Json:
    return Json(msgspec.to_builtins(kept))


def _read(facts: str) -> _Facts:
    return msgspec.json.decode(facts, type=_Facts)


def _row(  # noqa: PLR0913 - one parameter per column
    id_: int,
    name: str,
    about: str,
    severity: str,
    opened_at: int,
    resolved_at: int | None,
    count: int,
    facts: str,
) -> AlertRow:
    kept = _read(facts)
    return AlertRow(
        id_, name, about, severity, opened_at, resolved_at, count, kept.since, kept.facts
    )


def _due(  # noqa: PLR0913 - one parameter per column
    id_: int,
    channel: str,
    kind: Kind,
    tries: int,
    alert_id: int,
    name: str,
    about: str,
    severity: str,
    count: int,
    facts: str,
) -> DueMessage:
    kept = _read(facts)
    return DueMessage(
        id=id_,
        channel=channel,
        kind=kind,
        tries=tries,
        alert_id=alert_id,
        name=name,
        about=about,
        severity=severity,
        count=count,
        most=kept.most,
        since=kept.since,
        until=kept.gone_at if kind == "resolved" else None,
        facts=kept.facts,
    )


def _event_data(message: DueMessage) -> dict[str, Any]:
    return {
        "channel": message.channel,
        "alert": message.name,
        "about": message.about,
        "kind": message.kind,
    }


def _or_none(value: int | None) -> int | None:
    return value
