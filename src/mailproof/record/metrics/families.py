"""From what is known at one moment to the families that Prometheus reads."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final

import msgspec
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from mailproof.engine.measures import Measures, Spread
from mailproof.mail.events import EventType
from mailproof.mail.lifecycle import WAITING, State
from mailproof.record.metrics.catalog import AGES_S, FAMILIES, NONE, OTHER, Family
from mailproof.record.metrics.counting import ACCEPTED, BUCKET, EMAILS, EVENTS, SUM_MS, Known
from mailproof.store.nodes.nodes import DEAD_AFTER_MS
from mailproof.store.records.feedback import Trouble
from mailproof.store.records.gauges import Gauges, WaitingGauge
from mailproof.store.records.refusals import TOTAL as REFUSALS
from mailproof.store.records.refusals import RefusalKind
from mailproof.store.records.totals import Total

__all__ = ["Moment", "families"]

# Of these the oldest is late, not early.
_LATE: Final = frozenset({State.QUEUED, State.DEFERRED, State.HELD, State.UNCONFIRMED})
_UNDER_WAY: Final = (*sorted(WAITING), State.SENDING, State.UNCONFIRMED)

# Values by the values of their labels, in the order of the table.
Samples = Mapping[tuple[str, ...], float]
# What is at most so long, by the upper end; and the sum.
Buckets = tuple[Sequence[tuple[str, float]], float]


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """All that is shown. `gauges` None: the database did not answer."""

    gauges: Gauges | None
    measures: Measures
    known: Known
    version: str
    store: str


def families(moment: Moment) -> Iterator[Metric]:
    """Every family of the table, also one without samples: that it exists is said."""
    samples = _of_process(moment)
    spreads: dict[str, Mapping[tuple[str, ...], Buckets]] = {
        "mailproof_accept_seconds": {(): _spread(moment.measures.accepting)}
    }
    if moment.gauges is not None:
        samples |= _measured(moment.gauges, moment.known)
        samples |= _counted(moment.gauges.totals, moment.known)
        spreads |= _ages(moment.gauges.totals)
    for family in FAMILIES.values():
        if family.kind == "histogram":
            yield _histogram(family, spreads.get(family.name, {}))
        else:
            yield _plain(family, samples.get(family.name, {}))


def _plain(family: Family, samples: Samples) -> Metric:
    made: CounterMetricFamily | GaugeMetricFamily
    if family.kind == "counter":
        made = CounterMetricFamily(family.name, family.help, labels=family.labels)
    else:
        made = GaugeMetricFamily(family.name, family.help, labels=family.labels)
    for labels, value in sorted(samples.items()):
        made.add_metric(labels, value)
    return made


def _histogram(family: Family, spreads: Mapping[tuple[str, ...], Buckets]) -> Metric:
    made = HistogramMetricFamily(family.name, family.help, labels=family.labels)
    for labels, (buckets, total) in sorted(spreads.items()):
        made.add_metric(labels, buckets, total)
    return made


def _of_process(moment: Moment) -> dict[str, Samples]:
    measures = moment.measures
    flushes = measures.flushes
    return {
        "mailproof_build_info": {(moment.version, moment.store): 1},
        "mailproof_store_readable": {(): 0 if moment.gauges is None else 1},
        "mailproof_flushes_total": {(name,): each.flushes for name, each in flushes.items()},
        "mailproof_flushed_items_total": {(name,): each.items for name, each in flushes.items()},
        "mailproof_flush_seconds_total": {(name,): each.seconds for name, each in flushes.items()},
        "mailproof_in_flight_emails": {(name,): n for name, n in measures.in_flight.items()},
        "mailproof_in_flight_bytes": {(): measures.in_flight_bytes},
    }


def _measured(gauges: Gauges, known: Known) -> dict[str, Samples]:
    now = gauges.now
    purposes = sorted({*known.purposes, NONE})
    waiting: dict[tuple[str, ...], float] = defaultdict(float)
    waiting |= {(state, purpose): 0 for state in _UNDER_WAY for purpose in purposes}
    for each in gauges.waiting:
        waiting[each.state, _purpose(each, known)] += each.count
    closed = [route for route in gauges.routes if route.since is not None]
    nodes: dict[tuple[str, ...], float] = defaultdict(float)
    seen: dict[tuple[str, ...], float] = {}
    for node in gauges.nodes:
        if now - node.seen_at <= DEAD_AFTER_MS:
            nodes[node.role, "true" if node.sends else "false"] += 1
        place = node.host, node.role
        seen[place] = min(seen.get(place, float("inf")), _age_s(now, node.seen_at))
    return {
        "mailproof_emails_waiting": waiting,
        "mailproof_oldest_waiting_seconds": _oldest(gauges, known),
        "mailproof_route_open": {(r.provider, r.sender): int(r.is_open) for r in gauges.routes},
        "mailproof_route_closed_seconds": {
            (r.provider, r.sender, r.reason or NONE): _age_s(now, r.since) for r in closed
        },
        "mailproof_nodes": nodes,
        "mailproof_node_heartbeat_age_seconds": seen,
        "mailproof_cursor_lag_seconds": {(c.name,): _age_s(now, c.next_at) for c in gauges.cursors},
        "mailproof_cursor_lag_events": {(c.name,): max(c.behind, 0) for c in gauges.cursors},
        "mailproof_cursor_failing": {(c.name,): int(bool(c.error)) for c in gauges.cursors},
        **_told(gauges),
    }


def _told(gauges: Gauges) -> dict[str, Samples]:
    """What providers tell of the mails that they have taken."""
    mails: dict[tuple[str, ...], float] = {}
    requests: dict[tuple[str, ...], float] = {}
    ages: dict[tuple[str, ...], float] = {}
    lags: dict[tuple[str, ...], float] = {}
    troubles: dict[tuple[str, ...], float] = {}
    for each in gauges.feedback:
        for outcome in ("sent", "confirmed", "unverified"):
            mails[each.provider, outcome] = getattr(each, outcome)
        requests[each.provider, "taken"] = each.events
        requests[each.provider, "refused"] = each.refused_signatures
        if each.last_event_at is not None:
            ages[each.provider,] = _age_s(gauges.now, each.last_event_at)
        if each.lag_ms is not None:
            lags[each.provider,] = each.lag_ms / 1000
        for trouble in Trouble:
            troubles[each.provider, trouble.value] = int(each.trouble is trouble)
    return {
        "mailproof_feedback_mails": mails,
        "mailproof_webhook_requests": requests,
        "mailproof_webhook_last_event_age_seconds": ages,
        "mailproof_webhook_lag_seconds": lags,
        "mailproof_feedback_trouble": troubles,
    }


def _oldest(gauges: Gauges, known: Known) -> Samples:
    oldest: dict[tuple[str, ...], float] = {(name,): 0 for name in (*known.purposes, NONE)}
    for each in gauges.waiting:
        if each.state in _LATE and each.since is not None:
            key = (_purpose(each, known),)
            oldest[key] = max(oldest.get(key, 0.0), _age_s(gauges.now, each.since))
    return oldest


def _counted(totals: Iterable[Total], known: Known) -> dict[str, Samples]:
    """What has not happened yet stands at zero: Prometheus sees a rise only from one to another."""
    purposes = sorted({*known.purposes, NONE})
    found: dict[str, dict[tuple[str, ...], float]] = defaultdict(dict)
    found[ACCEPTED] = {(purpose,): 0 for purpose in purposes}
    found[EMAILS] = {(state, purpose): 0 for state in State for purpose in purposes}
    found[EVENTS] = {(event,): 0 for event in EventType}
    found[REFUSALS] = {(kind,): 0 for kind in RefusalKind}
    for total in totals:
        family = FAMILIES.get(total.name)
        if family is not None:
            found[total.name][tuple(total.labels.get(name, NONE) for name in family.labels)] = (
                total.value
            )
    return dict(found)


def _ages(totals: Iterable[Total]) -> dict[str, dict[tuple[str, ...], Buckets]]:
    """Histograms that are kept as totals, with their buckets summed up as Prometheus wants them."""
    counts: dict[tuple[str, tuple[str, ...]], dict[str, int]] = defaultdict(dict)
    sums: dict[tuple[str, tuple[str, ...]], float] = {}
    for total in totals:
        name = total.name.removesuffix(BUCKET).removesuffix(SUM_MS)
        family = FAMILIES.get(name)
        if family is None or family.kind != "histogram":
            continue
        labels = tuple(total.labels.get(each, NONE) for each in family.labels)
        if total.name.endswith(BUCKET):
            counts[name, labels][total.labels["le"]] = total.value
        else:
            sums[name, labels] = total.value / 1000
    ends = [*map(str, AGES_S), "+Inf"]
    found: dict[str, dict[tuple[str, ...], Buckets]] = defaultdict(dict)
    for (name, labels), each in counts.items():
        up_to = accumulate(each.get(end, 0) for end in ends)
        found[name][labels] = (list(zip(ends, up_to, strict=True)), sums.get((name, labels), 0.0))
    return found


def _spread(spread: Spread) -> Buckets:
    ends = [*map(str, spread.ends), "+Inf"]
    return list(zip(ends, accumulate(spread.counts), strict=True)), spread.sum_s


def _purpose(each: WaitingGauge, known: Known) -> str:
    if not each.purpose:
        return NONE
    return each.purpose if each.purpose in known.purposes else OTHER


def _age_s(now: int, at: int | None) -> float:
    return 0.0 if at is None else max(0, now - at) / 1000
