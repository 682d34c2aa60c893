"""How things stand at one moment: what the sentence at the top is made of."""

import os
from collections.abc import Mapping, Sequence

import msgspec

from mailproof.config.settings import Settings
from mailproof.store.base import Tx
from mailproof.store.console.counts import COUNT_MAX, Counts, Wait
from mailproof.store.console.messages import Undelivered, expired_since, undelivered
from mailproof.store.console.minutes import PurposeNow
from mailproof.store.nodes.nodes import Node, living
from mailproof.store.records.alerts import AlertRow, list_alerts
from mailproof.store.records.checks import Check, latest
from mailproof.store.records.picture import Picture, take_picture
from mailproof.store.shapes import PAUSED

__all__ = ["Standing", "kinds_of", "late_after_ms", "take_standing", "with_proof"]

_ALERTS_MAX = 100


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Times in UTC milliseconds. `providers`: those configured, by preference, each with its type.

    `alerts`: the open ones. `expired`: mails that did since a route closed. `waits`: what waits and
    why. `undelivered`: channels that do not take what they are to tell. `pid`: of this process, to
    find it among `nodes`.

    Only after `with_proof`: `today`, `waiting`, `bad`: mails accepted since the day began, that
    wait, that ended badly; `sent_at`, `sent_purpose`: the last one that a provider took;
    `good_check`: the last health check that was good.
    """

    now: int
    providers: Mapping[str, str]
    picture: Picture
    alerts: tuple[AlertRow, ...] = ()
    nodes: tuple[Node, ...] = ()
    pid: int = 0
    undelivered: tuple[Undelivered, ...] = ()
    waits: tuple[Wait, ...] = ()
    expired: int = 0
    today: int = 0
    bad: int = 0
    sent_at: int | None = None
    sent_purpose: str = ""
    good_check: Check | None = None

    @property
    def waiting(self) -> int:
        """Mails that wait for anything, at most `COUNT_MAX`."""
        return min(COUNT_MAX, sum(wait.count for wait in self.waits))

    @property
    def unconfirmed(self) -> int:
        return sum(wait.count for wait in self.waits if wait.state == "unconfirmed")

    @property
    def first_expires_at(self) -> int | None:
        """Of what is held."""
        times = [wait.first_expires_at for wait in self.waits if wait.state == "held"]
        return min(times, default=None)


def kinds_of(settings: Settings) -> Mapping[str, str]:
    """The type of each configured provider, by preference."""
    return {each.name: each.type for each in settings.providers}


def late_after_ms(settings: Settings) -> int:
    """When a critical mail that waits is late."""
    return int(settings.alerts.oldest_waiting_s * 1_000)


async def take_standing(tx: Tx, settings: Settings, waits: Sequence[Wait]) -> Standing:
    """One look; reads a few rows of each table, however much mail there is."""
    picture = await take_picture(tx, late_after_ms(settings))
    closed = [route.since for route in picture.routes if route.reason != PAUSED]
    return Standing(
        now=tx.now,
        providers=kinds_of(settings),
        picture=picture,
        alerts=tuple(
            each for each in await list_alerts(tx, _ALERTS_MAX) if each.resolved_at is None
        ),
        nodes=tuple(await living(tx)),
        pid=os.getpid(),
        undelivered=tuple(await undelivered(tx)),
        waits=tuple(waits),
        expired=await expired_since(tx, min(closed)) if closed else 0,
    )


async def with_proof(
    tx: Tx, standing: Standing, today: Counts, purposes: Sequence[PurposeNow]
) -> Standing:
    """What shows that all is well, and when it last did."""
    sent = max(
        ((each.last_sent_at, each.purpose) for each in purposes if each.last_sent_at is not None),
        default=(None, ""),
    )
    checks = [each for each in await latest(tx) if each.verdict == "good"]
    return msgspec.structs.replace(
        standing,
        today=today.all,
        bad=today.bad,
        sent_at=sent[0],
        sent_purpose=sent[1],
        good_check=max(checks, key=lambda each: each.at, default=None),
    )
